#![doc = include_str!("../README.md")]

pub mod args;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod core_dumps;
pub mod demo;
pub mod local;
pub mod logs;
mod private_file;
pub mod random;
pub mod report;
#[cfg(test)]
mod sealed_sample;
pub mod serve;
pub mod signing;
mod web_side;
pub mod wiring;

/// The file in a data folder that is the store.
pub const STORE_FILE: &str = "countersign.sqlite";
