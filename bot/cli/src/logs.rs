//! Logs: to stderr, so that stdout is for what was asked; scrubbed of every secret that the bot has seen.

use std::io::{self, Write};
use std::sync::Arc;

use countersign_core::secret::Scrubber;
use tracing_subscriber::EnvFilter;

/// Begins to log. The filter is written like `RUST_LOG`; one that makes no sense logs warnings and errors. What the
/// scrubber learns later is taken out as well.
pub fn start(filter: &str, scrubber: Arc<Scrubber>) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(move || Scrubbed {
            scrubber: Arc::clone(&scrubber),
            out: io::stderr(),
        })
        .init();
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
