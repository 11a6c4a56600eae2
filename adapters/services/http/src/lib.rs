#![doc = include_str!("../README.md")]

mod call;
mod client;
mod error;
mod service;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod wait;

pub use call::Call;
pub use client::{Answer, Client, Etag, Polled, Settings};
pub use error::{Error, ErrorKind, Retry, SetupError};
pub use service::{Refused, Service};
pub use wait::{answered_at, retry_after, wait_until};
