//! The binary: it prepares what every command needs, runs one, and says how that went.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use countersign::args::Args;
use countersign::clock::SpeedClock;
use countersign::commands::{self, Surroundings};
use countersign::{core_dumps, logs, report};
use countersign_core::secret::Scrubber;
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    // Before anything speaks TLS. Fails only if it is set already, which is as good.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let args = Args::parse();
    let scrubber = Arc::new(Scrubber::default());
    let filter = environment("RUST_LOG").unwrap_or_else(|| args.command.logs().to_owned());
    logs::start(&filter, args.log_format, Arc::clone(&scrubber));
    core_dumps::forbid();
    let surroundings = Surroundings {
        scrubber,
        environment: Arc::new(environment),
        time: Arc::new(SpeedClock::starting_now(1.0)),
    };
    let outcome = runtime(args.command.threads())
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(commands::run(args.command, surroundings)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::failure(&error),
    }
}

fn runtime(threads: bool) -> std::io::Result<Runtime> {
    let mut builder = if threads {
        Builder::new_multi_thread()
    } else {
        Builder::new_current_thread()
    };
    builder.enable_all().build()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment; everything else is given it"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
