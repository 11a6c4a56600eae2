//! What a check found, and how it is said: a line each, `ok`, `warn`, `FAIL` or `skip` first.

use std::fmt::Display;
use std::io::{self, Write as _};

use countersign_core::text::{count, list};
use serde::Serialize;

use super::Failed;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// The bot can run; somebody should look at it.
    Warn,
    /// The bot cannot run, or not do all that it is there for.
    Fail,
    /// It was not checked.
    Skip,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    level: Level,
    about: String,
    words: String,
}

/// What one part of the check found.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// It is as it should be.
    pub(super) fn ok(&mut self, about: impl Display, words: impl Display) {
        self.add(Level::Ok, about, words);
    }

    /// Somebody should look at it: the words say what to do.
    pub(super) fn warn(&mut self, about: impl Display, words: impl Display) {
        self.add(Level::Warn, about, words);
    }

    /// It is wrong: the words say what to do.
    pub(super) fn fail(&mut self, about: impl Display, words: impl Display) {
        self.add(Level::Fail, about, words);
    }

    /// It was not checked, and why.
    pub(super) fn skip(&mut self, about: impl Display, words: impl Display) {
        self.add(Level::Skip, about, words);
    }

    /// Everything that another part found comes after what this one has.
    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many things are wrong.
    pub(super) fn failures(&self) -> usize {
        self.0
            .iter()
            .filter(|finding| finding.level == Level::Fail)
            .count()
    }

    fn add(&mut self, level: Level, about: impl Display, words: impl Display) {
        self.0.push(Finding {
            level,
            about: about.to_string(),
            words: words.to_string(),
        });
    }

    /// What was found, as people read it.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        let lines = self.0.iter().map(Finding::line);
        lines.flat_map(|line| [line, "\n".to_owned()]).collect()
    }
}

impl Finding {
    fn line(&self) -> String {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
            Level::Skip => "skip",
        };
        format!("{level:<4}  {}: {}", self.about, self.words)
    }
}

/// Prints findings as they come, and counts them.
#[derive(Debug)]
pub(super) struct Printer {
    json: bool,
    seen: Vec<Level>,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        let seen = Vec::new();
        Self { json, seen }
    }

    pub(super) fn print(&mut self, findings: &Findings) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        for finding in &findings.0 {
            self.seen.push(finding.level);
            if self.json {
                serde_json::to_writer(&mut stdout, finding)?;
                writeln!(stdout)?;
            } else {
                writeln!(stdout, "{}", finding.line())?;
            }
        }
        Ok(stdout.flush()?)
    }

    /// How it went in all; an error if something is wrong.
    pub(super) fn sum_up(self) -> anyhow::Result<()> {
        let number = |level| self.seen.iter().filter(|seen| **seen == level).count();
        let (warnings, failures) = (number(Level::Warn), number(Level::Fail));
        if !self.json {
            let mut said = vec![format!("{} ok", number(Level::Ok))];
            said.extend((warnings > 0).then(|| count(warnings, "warning")));
            said.extend((failures > 0).then(|| count(failures, "failure")));
            writeln!(io::stdout(), "\n{}", list(said))?;
        }
        if failures > 0 {
            return Err(Failed.into());
        }
        Ok(())
    }
}
