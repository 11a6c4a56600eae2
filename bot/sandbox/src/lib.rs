#![doc = include_str!("../README.md")]

mod connection;
mod control;
mod etag;
mod exchange;
mod fault;
mod github;
mod heroku;
mod server;
pub mod world;

pub use crate::exchange::Call;
pub use crate::fault::{Answer, Break, Fault, FaultRule, FaultState, Faults, Route, RouteError};
pub use crate::server::{Sandbox, StartError, Time, Tokens, WorldGuard};
