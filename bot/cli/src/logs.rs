//! Logs: to stderr, so that stdout is for what was asked.

use std::io;

use tracing_subscriber::EnvFilter;

/// Begins to log. The filter is written like `RUST_LOG`; without one, warnings and errors are logged.
pub fn start(filter: Option<&str>) {
    let filter = EnvFilter::try_new(filter.unwrap_or("warn")).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}
