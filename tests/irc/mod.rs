//! The bot on real networks.

mod servers;
