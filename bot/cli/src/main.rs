//! The binary: it prepares what every command needs, runs one, and says how that went.

use std::process::ExitCode;

use clap::Parser as _;
use countersign::args::Args;
use countersign::{commands, logs, report};

#[tokio::main]
async fn main() -> ExitCode {
    // Before anything speaks TLS. Fails only if it is set already, which is as good.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let args = Args::parse();
    logs::start(environment("RUST_LOG").as_deref());
    match commands::run(args.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::failure(&error),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment; everything else is given it"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
