//! Access: read-only accounts that are given to people and programs, looked after, and taken away. What an access is and
//! when it is over are core's rules; here is what is planned, what is done at the servers, and what people read.

mod check;
mod content;
mod find;
mod going;
mod grant;
mod hand;
mod list;
mod made;
mod name;
mod prove;
mod renew;
mod revoke;
mod seen;
mod show;
mod tend;
mod told;
mod twin;

pub(crate) use check::{Check, plan as check};
pub(crate) use content::content;
pub(crate) use find::nearest;
pub(crate) use grant::plan as grant;
pub(crate) use hand::Hand;
pub(crate) use list::reply as list;
pub(crate) use made::since_begun;
pub(crate) use renew::{Renew, plan as renew};
pub(crate) use revoke::{Revoke, plan as revoke};
pub(crate) use seen::tables_of;
pub(crate) use show::reply as show;
pub(crate) use tend::{Tend, user_of};
pub(crate) use told::by;
