//! What the bot costs on IRC, and how fast it is: `countersign serve` as it is built for use, on a server of the bench's
//! own over loopback, and beside it a client that only echoes. Build the bot first:
//!
//! ```text
//! cargo build --release -p countersign
//! cargo bench -p countersign-tests --bench irc                   # all but the last, about two minutes
//! cargo bench -p countersign-tests --bench irc -- start memory   # some of: start memory ping ping64 chatter inspircd
//! ```
//!
//! `inspircd` starts the real server, so it needs the variables that `tests/run` sets: `INSPIRCD`, `INSPIRCD_MODULES` and
//! `OPENSSL`.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench measures time, prints, and breaks off where it cannot be set up"
)]

mod echo;
mod figures;
mod load;
mod process;
mod server;
#[expect(dead_code, unused_imports, reason = "made for tests; some of it serves here")]
mod support;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [name, port] if name == echo::ARGUMENT => echo::run(port.parse().unwrap()),
        _ => figures::take(&arguments),
    }
}
