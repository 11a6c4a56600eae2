#![doc = include_str!("../README.md")]

mod answers;
mod body;
mod boxes;
mod connection;
mod dressed;
mod error;
mod gauges;
mod guests;
mod headers;
mod health;
mod limits;
mod links;
mod listener;
mod memory;
mod metrics;
mod origin;
mod pages;
mod peer;
mod posted;
mod routes;
pub mod settings;
mod site;
mod tls;
mod vault;
mod web;

pub use error::{CertificateError, StartError};
pub use gauges::{Gauges, Labels, Reading};
pub use health::Readiness;
pub use pages::link_page;
pub use settings::Settings;
pub use tls::{certificate, validity};
pub use vault::Vault;
pub use web::{Parts, Web};
