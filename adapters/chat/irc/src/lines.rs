//! What a server sends, as lines. Any bytes are survived: a line may be of any length, in any encoding, and end in LF,
//! CR LF or more of them.

use std::borrow::Cow;
use std::io::BufRead as _;

/// The longest line that is read: 8191 bytes of tags and 512 of the rest. What is longer is skipped to its end.
const LONGEST: usize = 8_191 + 512;
/// How much is asked for at once.
const CHUNK: usize = 16 * 1024;

/// Bytes that were read and are no line yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// Where the first line that was not taken yet begins.
    start: usize,
    /// Up to where there is no end of a line.
    searched: usize,
    /// Whether what comes up to the next end of a line belongs to one that was too long.
    skipping: bool,
}

impl Lines {
    /// Where to read to; it always has room.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.reserve(CHUNK);
        &mut self.buffer
    }

    /// The next line, without its end. Empty ones are left out.
    pub(crate) fn next(&mut self) -> Option<Cow<'_, str>> {
        let (from, to) = loop {
            let rest = &self.buffer[self.searched..];
            let length = (&mut &*rest).skip_until(b'\n').unwrap_or(0);
            let complete = length > 0 && rest[length - 1] == b'\n';
            let (from, to) = (self.start, self.searched + length);
            self.searched = to;
            if !complete {
                self.overflow();
                return None;
            }
            self.start = to;
            let skipped = std::mem::take(&mut self.skipping);
            let end = self.buffer[from..to]
                .iter()
                .rposition(|byte| !b"\r\n".contains(byte));
            let to = end.map_or(from, |end| from + end + 1);
            if !skipped && from < to && to - from <= LONGEST {
                break (from, to);
            }
        };
        let line = &self.buffer[from..to];
        // Nearly all lines are UTF-8, and to see that is faster than to look for what is to be replaced.
        Some(std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed))
    }

    /// Forgets the beginning of a line that is already too long.
    fn overflow(&mut self) {
        if self.skipping || self.buffer.len() - self.start > LONGEST + 2 {
            self.skipping = true;
            self.buffer.clear();
            (self.start, self.searched) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads the bytes in pieces of this size.
    fn read(bytes: &[u8], piece: usize) -> Vec<String> {
        let mut lines = Lines::default();
        let mut read = Vec::new();
        for piece in bytes.chunks(piece) {
            lines.space().extend_from_slice(piece);
            while let Some(line) = lines.next() {
                read.push(line.into_owned());
            }
            assert!(
                lines.buffer.len() <= LONGEST + 2 + piece.len(),
                "memory is bounded"
            );
        }
        read
    }

    #[test]
    fn ends_of_lines_are_taken_as_they_come() {
        assert_eq!(
            read(b"PING :a\r\nPING :b\nPING :c\r\r\n\r\n\nPING :d", 3),
            ["PING :a", "PING :b", "PING :c"]
        );
    }

    #[test]
    fn what_is_no_utf8_is_read_all_the_same() {
        assert_eq!(
            read(b"PRIVMSG #ops :caf\xe9\r\nPING :a\r\n", 100),
            ["PRIVMSG #ops :caf\u{fffd}", "PING :a"]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_to_its_end() {
        for length in [LONGEST + 1, LONGEST + 3, 100_000, 3_000_000] {
            let mut bytes = vec![b'x'; length];
            bytes.extend_from_slice(b"\r\nPING :a\r\n");
            for piece in [1_000, LONGEST, 4_000_000] {
                assert_eq!(read(&bytes, piece), ["PING :a"], "{length} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn the_longest_line_is_read() {
        let line = "x".repeat(LONGEST);
        assert_eq!(read(format!("{line}\r\n").as_bytes(), 500), [line]);
    }

    proptest! {
        #[test]
        fn how_the_bytes_arrive_makes_no_difference(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400),
            piece in 1..50_usize,
        ) {
            prop_assert_eq!(read(&bytes, piece), read(&bytes, bytes.len().max(1)));
        }
    }
}
