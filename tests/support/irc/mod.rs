//! Real IRC servers, none of ours: InspIRCd with the services Atheme or Anope, and ngIRCd, each started for one test in a
//! folder and on ports of its own; and a small client for the people of a story.
//!
//! `tests/run` installs the programs and says where they are.

mod anope;
mod atheme;
mod certificates;
mod client;
mod connection;
mod inspircd;
mod line;
mod ngircd;
mod services;

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::process;
use certificates::Certificates;
pub(crate) use client::Person;
pub(crate) use inspircd::{InspIrcd, Limits, Options};
pub(crate) use line::Line;
pub(crate) use ngircd::Ngircd;
pub(crate) use process::{free_port, program, signal, until};
pub(crate) use services::Services;

/// Where a client connects.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) port: u16,
    /// The certificate of whoever vouches for the server, as a PEM file. Without it the connection is in clear.
    pub(crate) ca: Option<PathBuf>,
}

/// The password of an account that a test made.
pub(crate) fn password(account: &str) -> String {
    format!("{account}-knows-this")
}

/// What the server on this port offers to a client that asks (`CAP LS`); nothing while there is none.
async fn probe(port: u16) -> Option<String> {
    let mut socket = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.ok()?);
    socket.write_all(b"CAP LS 302\r\n").await.ok()?;
    let answer = async {
        let mut line = String::new();
        while !line.contains(" LS ") {
            line.clear();
            if socket.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
        }
        Some(line)
    };
    timeout(Duration::from_secs(5), answer).await.ok()?
}
