//! What is typed or piped in: read into memory that is wiped afterwards, and the phrase without an echo.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Read, Write as _};
use std::os::fd::AsFd as _;

use anyhow::{anyhow, bail};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Bytes of the longest line; links are shorter.
const LONGEST: usize = 2048;
/// What Ctrl-C types where it does not end the program.
const CTRL_C: u8 = 3;

/// Whether a terminal shows what is typed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    Shown,
    Hidden,
}

/// Whether somebody is there who can be asked again.
pub(super) fn somebody_types() -> bool {
    io::stdin().is_terminal()
}

/// One line from whoever is there.
pub(super) fn asked(prompt: &str, echo: Echo) -> anyhow::Result<Zeroizing<String>> {
    let mut quiet = None;
    if somebody_types() {
        if echo == Echo::Hidden {
            quiet = Some(Quiet::begin()?);
        }
        let mut stderr = io::stderr();
        write!(stderr, "{prompt}")?;
        stderr.flush()?;
    }
    // Not by way of the standard library's own buffer, which nobody wipes.
    let mut stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let line = line(&mut stdin);
    drop(quiet);
    line
}

fn line(input: &mut impl Read) -> anyhow::Result<Zeroizing<String>> {
    // Never reallocated, so that nothing is left behind where it grew.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0]);
    loop {
        match input.read(&mut *byte) {
            Ok(0) if line.is_empty() => {
                bail!(
                    "nothing was given and nothing was spent: the link belongs on the first line, the phrase on the second"
                )
            }
            Ok(0) => break,
            Ok(_) => match byte[0] {
                b'\n' => break,
                CTRL_C => bail!("stopped; nothing was spent"),
                _ if line.len() == LONGEST => {
                    bail!("that line is too long to be a link or a phrase; nothing was spent")
                }
                other => line.push(other),
            },
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    String::from_utf8(std::mem::take(&mut *line))
        .map(Zeroizing::new)
        .map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            anyhow!("that line is no text; nothing was spent")
        })
}

/// While it lives the terminal shows nothing that is typed. Ctrl-C ends the line instead of the program, which would leave
/// the terminal so.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
        quiet.local_flags.insert(LocalFlags::ICANON | LocalFlags::ECHONL);
        quiet.control_chars[SpecialCharacterIndices::VEOL as usize] = CTRL_C;
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that went away needs nothing back.
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one_and_what_follows_is_left_for_the_next() {
        let mut input = "https://ops.example.org/\nTR7K-09QF\nmore".as_bytes();
        assert_eq!(*line(&mut input).unwrap(), "https://ops.example.org/");
        assert_eq!(*line(&mut input).unwrap(), "TR7K-09QF");
        assert_eq!(*line(&mut input).unwrap(), "more");
        let nothing = line(&mut input).unwrap_err().to_string();
        assert!(nothing.contains("the phrase on the second"), "{nothing}");
    }

    #[test]
    fn what_is_no_line_is_not_quoted() {
        let long = "canary".repeat(LONGEST);
        for bad in [long.as_bytes(), b"canary\xff\n", b"canary\x03"] {
            let error = line(&mut &*bad).unwrap_err();
            let said = format!("{error:?}");
            assert!(
                said.contains("nothing was spent") && !said.contains("canary"),
                "{said}"
            );
        }
    }
}
