//! The echo example on a real terminal: a pair of pseudo-terminal ends, with the test at the far one.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use nix::pty::{Winsize, openpty};

const PATIENCE: Duration = Duration::from_secs(20);

/// A program on a terminal of 24 rows and 80 columns.
struct Terminal {
    keyboard: File,
    bytes: Receiver<Vec<u8>>,
    seen: String,
    program: Child,
}

impl Terminal {
    fn open() -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let ends = openpty(Some(&size), None).unwrap();
        let program = Command::new(echo())
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdin(Stdio::from(ends.slave.try_clone().unwrap()))
            .stdout(Stdio::from(ends.slave))
            .spawn()
            .unwrap();
        let keyboard = File::from(ends.master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Reading fails when the program has closed its end.
            while let Ok(read @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard,
            bytes,
            seen: String::new(),
            program,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this is written, and gives everything up to its end.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(start) = self.seen.find(text) {
                let rest = self.seen.split_off(start + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            match self.bytes.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("{error} while waiting for {text:?} after {:?}", self.seen),
            }
        }
    }

    /// Waits until the program has closed its end.
    fn exits_well(mut self) {
        loop {
            match self.bytes.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.program.kill().unwrap();
                    panic!("the program does not end");
                }
            }
        }
        assert!(self.program.wait().unwrap().success());
    }
}

/// The example is built beside the tests.
fn echo() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let echo = test.parent().unwrap().with_file_name("examples").join("echo");
    assert!(
        echo.exists(),
        "{} is missing: build the examples of countersign-console first",
        echo.display()
    );
    echo
}

const PROMPT: &str = "\x1b[1malice\x1b[0m \x1b[36m#treeherder\x1b[0m> ";

const BOB_IN_OPS: &str = "\x1b[1mbob\x1b[0m \x1b[36m#ops\x1b[0m> ";

#[test]
fn progress_is_redrawn_above_a_line_that_is_being_typed() {
    let mut terminal = Terminal::open();
    terminal.until(PROMPT);
    terminal.press("!progress\r");
    terminal.until(" 0/5 · 0 s");
    terminal.press("half a l");
    // Every change goes two rows up from the prompt, which was cleared before, and the typed text comes back.
    let redrawn = terminal.until("v813 live");
    assert_eq!(redrawn.matches("\x1b[2A\x1b[0J").count(), 5, "{redrawn:?}");
    terminal.until(&format!("{PROMPT}half a l"));
    terminal.press("ine\r");
    terminal.until("\x1b[1malice\x1b[0m: you said half a line");
    terminal.until(PROMPT);
    terminal.press("\x04");
    terminal.exits_well();
}

#[test]
fn what_is_typed_ahead_and_what_is_pasted_is_said_line_by_line() {
    let mut terminal = Terminal::open();
    terminal.until(PROMPT);
    terminal.press("one\rtwo\rthree\r");
    for word in ["one", "two", "three"] {
        terminal.until(&format!("you said {word}"));
    }
    terminal.press("\x1b[200~four\nfive\x1b[201~\r");
    for word in ["four", "five"] {
        terminal.until(&format!("you said {word}"));
    }
    terminal.press("/quit\r");
    terminal.exits_well();
}

#[test]
fn a_person_changes_names_and_rooms_and_leaves() {
    let mut terminal = Terminal::open();
    terminal.until(PROMPT);
    terminal.press("/as b\t\r");
    terminal.until("you are bob in #treeherder");
    terminal.press("/in ops\r");
    terminal.until(BOB_IN_OPS);
    terminal.press("!dm\r");
    terminal.until("\x1b[35m@bob\x1b[0m> \x1b[1mbob\x1b[0m: between you and me");
    terminal.press("never mind\x03");
    terminal.until("Ctrl-C again, Ctrl-D or /quit leaves");
    terminal.until(BOB_IN_OPS);
    terminal.press("\x03");
    terminal.exits_well();
}
