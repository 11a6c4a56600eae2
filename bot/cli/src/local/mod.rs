//! The other end of the local socket: `countersign do` and whoever else has a command for the bot that runs here.

mod client;

pub use client::{Client, Unreachable};
