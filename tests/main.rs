//! Tests.

mod architecture;
mod faults;
mod kill;
mod support;
mod transcripts;
