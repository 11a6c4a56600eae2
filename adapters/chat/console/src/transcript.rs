//! A stream that can be read back: what tests compare and a script's output is kept in.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::output::locked;

/// Collects what is written to it. Clones share the text.
#[derive(Clone, Default)]
pub struct Transcript {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Transcript {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&locked(&self.bytes)).into_owned()
    }

    /// Everything since the last time.
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *locked(&self.bytes))).into_owned()
    }
}

impl Write for Transcript {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        locked(&self.bytes).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transcript({} bytes)", locked(&self.bytes).len())
    }
}
