//! Logs: to stderr, so that stdout is for what was asked; scrubbed of every secret that the bot has seen.

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;

use countersign_core::secret::Scrubber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::args::LogFormat;

/// Begins to log, panics too. The filter is written like `RUST_LOG`; one that makes no sense logs warnings and errors.
/// What the scrubber learns later is taken out as well.
pub fn start(filter: &str, format: LogFormat, scrubber: Arc<Scrubber>) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("warn"));
    let stderr = Stderr(scrubber);
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    match format {
        LogFormat::Text => log
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .with_writer(stderr.clone())
            .init(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_writer(stderr.clone())
            .init(),
    }
    std::panic::set_hook(Box::new(move |panic| told(panic, &stderr)));
}

/// A panic is logged. Where errors are not logged it is said all the same.
fn told(panic: &PanicHookInfo<'_>, stderr: &Stderr) {
    let words = panic.payload_as_str().unwrap_or("without words");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!(place, "a bug: the program panicked: {words}");
    } else {
        // If not even that can be said, the exit code still says it.
        writeln!(
            stderr.make_writer(),
            "a bug: the program panicked at {place}: {words}"
        )
        .ok();
    }
}

/// Makes writers to stderr.
#[derive(Clone)]
struct Stderr(Arc<Scrubber>);

impl MakeWriter<'_> for Stderr {
    type Writer = Scrubbed<io::Stderr>;

    fn make_writer(&self) -> Self::Writer {
        Scrubbed {
            scrubber: Arc::clone(&self.0),
            out: io::stderr(),
        }
    }
}

/// Takes secrets out of what is written. An event is written in one piece, so none is cut in two.
struct Scrubbed<W> {
    scrubber: Arc<Scrubber>,
    out: W,
}

impl<W: Write> Write for Scrubbed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out
            .write_all(self.scrubber.scrub(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::secret::Secret;

    #[test]
    fn a_secret_is_taken_out_of_a_line() {
        let scrubber = Arc::new(Scrubber::default());
        let mut log = Scrubbed {
            scrubber: Arc::clone(&scrubber),
            out: Vec::new(),
        };
        scrubber.learn(&Secret::from("hunter2hunter2"));
        log.write_all(b"WARN token=hunter2hunter2 refused\n").unwrap();
        assert_eq!(log.out, b"WARN token=[secret] refused\n");
    }
}
