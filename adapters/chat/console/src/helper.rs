//! What the line editor asks while somebody types: how a word goes on.

use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use crate::output::Turn;
use crate::seat::SLASH;

/// Knows the words that Tab completes.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) people: Vec<String>,
    pub(crate) rooms: Vec<String>,
    /// As they are typed: `!deploy`.
    pub(crate) commands: Vec<String>,
    pub(crate) turn: Arc<Turn>,
}

impl Words {
    /// Where the word before the cursor begins, and what it can become.
    fn completions(&self, before: &str) -> (usize, Vec<&str>) {
        let start = before.rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let (lead, word) = before.split_at(start);
        let candidates = match (lead.trim(), word.chars().next()) {
            ("", Some('/')) => SLASH.iter().map(|(word, ..)| *word).collect(),
            ("", _) => names(&self.commands),
            ("/as", _) => names(&self.people),
            ("/in", _) | (_, Some('#')) => names(&self.rooms),
            (slash, _) if slash.starts_with('/') => Vec::new(),
            (_, Some(_)) => names(&self.people),
            (_, None) => Vec::new(),
        };
        let begins = candidates
            .into_iter()
            .filter(|candidate| candidate.starts_with(word));
        (start, begins.collect())
    }
}

fn names(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, words) = self.completions(&line[..pos]);
        let pair = |word: &str| Pair {
            display: word.to_owned(),
            replacement: format!("{word} "),
        };
        Ok((start, words.into_iter().map(pair).collect()))
    }
}

/// There are no hints. It is the one thing that the editor asks before it draws the prompt and after it has taken the
/// terminal over: the moment from which it can print for others.
impl Hinter for Words {
    type Hint = String;

    fn hint(&self, _: &str, _: usize, _: &Context<'_>) -> Option<String> {
        self.turn.editing();
        None
    }
}

impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_knows_commands_people_and_rooms() {
        let words = Words {
            people: vec!["alice".into(), "bob".into()],
            rooms: vec!["#ops".into(), "#treeherder".into()],
            commands: vec!["!deploy".into(), "!deployed".into(), "!help".into()],
            turn: Arc::default(),
        };
        for (before, start, candidates) in [
            ("/i", 0, vec!["/in"]),
            ("/as ", 4, vec!["alice", "bob"]),
            ("/as b", 4, vec!["bob"]),
            ("/in #t", 4, vec!["#treeherder"]),
            ("!dep", 0, vec!["!deploy", "!deployed"]),
            ("tell al", 5, vec!["alice"]),
            ("see #o", 4, vec!["#ops"]),
            ("hello ", 6, vec![]),
            ("/quit a", 6, vec![]),
        ] {
            assert_eq!(words.completions(before), (start, candidates), "{before}");
        }
    }
}
