//! The bot on real networks.

mod deploying;
mod house;
mod servers;
