//! The binary: it prepares what every command needs, runs one, and says how that went.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use countersign::args::Args;
use countersign::{commands, logs, report};
use countersign_core::secret::Scrubber;

#[tokio::main]
async fn main() -> ExitCode {
    // Before anything speaks TLS. Fails only if it is set already, which is as good.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let args = Args::parse();
    let scrubber = Arc::new(Scrubber::default());
    let filter = environment("RUST_LOG").unwrap_or_else(|| args.command.logs().to_owned());
    logs::start(&filter, Arc::clone(&scrubber));
    match commands::run(args.command, scrubber).await {
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
