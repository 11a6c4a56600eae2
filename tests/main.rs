//! Tests.

mod architecture;
mod faults;
mod kill;
mod store;
mod support;
mod transcripts;
