#![doc = include_str!("../README.md")]

mod adapter;
mod settings;

pub use adapter::Irc;
pub use settings::{Login, Pace, RoomSettings, Server, Settings, Tls};
