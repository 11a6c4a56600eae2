//! The program, as somebody starts it.

use std::process::{Command, Output};

pub(crate) fn countersign() -> Command {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
}

pub(crate) fn run(args: &[&str]) -> Output {
    countersign().args(args).output().unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    format!("{stdout}{}", String::from_utf8_lossy(&output.stderr))
}
