#![doc = include_str!("../README.md")]

mod adapter;
mod backoff;
mod dial;
mod driver;
mod ears;
mod lane;
mod line;
mod lines;
mod network;
mod online;
mod out;
mod pace;
mod patience;
mod post;
mod probe;
mod prompt;
mod queue;
mod session;
mod settings;
mod split;
#[cfg(test)]
mod tests;
mod tls;
mod watch;

pub use adapter::Irc;
pub use probe::{Probe, ProbeError, probe, reach};
pub use settings::{LONGEST_PAUSE, Login, Pace, RoomSettings, Server, Settings, Tls};
