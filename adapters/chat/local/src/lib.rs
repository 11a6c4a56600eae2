#![doc = include_str!("../README.md")]

mod adapter;
mod client;
mod clients;
mod socket;
mod wire;

pub use adapter::{Local, Settings};
pub use socket::ListenError;
pub use wire::{Ask, LONGEST_LINE, Tell};
