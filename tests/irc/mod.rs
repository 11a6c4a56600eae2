//! The bot on real networks.

mod checking;
mod cuts;
mod deploying;
mod floods;
pub(crate) mod house;
mod impostors;
mod leaving;
mod restarting;
mod servers;
mod storm;
