//! The bot on real networks.

mod checking;
mod deploying;
mod house;
mod impostors;
mod leaving;
mod servers;
