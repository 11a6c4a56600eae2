#![doc = include_str!("../README.md")]

mod about;
mod accounts;
mod codes;
mod error;
mod flavour;
mod held;
mod names;
mod owed;
mod password;
mod pool;
mod quote;
mod rows;
#[cfg(test)]
mod secure;
mod server;
mod sessions;
mod statement;
mod tables;
#[cfg(test)]
mod testing;
mod trust;
mod unfinished;
mod validity;
mod visit;
mod wire;

pub use about::{About, Replication};
pub use accounts::{AccountState, Print, TlsNeeded};
pub use error::{Error, Kind, Result, Retry, TlsTrouble};
pub use flavour::{Flavour, Version};
pub use held::{Held, OnTable};
pub use names::{Account, Column, Host, Invalid, Schema, Table, UserName};
pub use password::Password;
pub use quote::SqlMode;
pub use server::{Kill, Server, Settings};
pub use sessions::Session;
pub use statement::{Malformed, Statement};
pub use tables::TableKind;
pub use trust::{Trust, TrustError};
pub use unfinished::Waits;
pub use visit::{May, PROBE, Tls, Visit};
