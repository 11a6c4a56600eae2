//! A line of IRC, read by other code than the bot's own: what the bot gets wrong is not got wrong here too.

use std::fmt;
use std::time::Duration;

/// A line, and when it came.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Since the person came.
    pub(crate) at: Duration,
    /// Whether the person sent it; else the server did.
    pub(crate) ours: bool,
    /// All of it.
    pub(crate) raw: String,
    pub(crate) tags: Vec<(String, String)>,
    /// Whose line it is: a nick, or a server's name.
    pub(crate) from: String,
    pub(crate) command: String,
    pub(crate) params: Vec<String>,
}

/// The command of the line that stands for the end of the connection.
pub(crate) const CLOSED: &str = "(closed)";

impl Line {
    pub(super) fn parse(at: Duration, ours: bool, raw: &str) -> Self {
        let (tags, rest) = match raw.strip_prefix('@') {
            Some(tagged) => tagged.split_once(' ').unwrap_or((tagged, "")),
            None => ("", raw),
        };
        let (from, rest) = match rest.trim_start().strip_prefix(':') {
            Some(prefixed) => prefixed.split_once(' ').unwrap_or((prefixed, "")),
            None => ("", rest),
        };
        let (words, last) = match rest.split_once(" :") {
            Some((words, last)) => (words, Some(last)),
            None => (rest, None),
        };
        let mut words = words.split_whitespace().map(ToOwned::to_owned);
        let command = words.next().unwrap_or_default();
        let tag = |tag: &str| match tag.split_once('=') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (tag.to_owned(), String::new()),
        };
        Self {
            at,
            ours,
            raw: raw.to_owned(),
            tags: tags.split(';').filter(|it| !it.is_empty()).map(tag).collect(),
            from: from.split('!').next().unwrap_or_default().to_owned(),
            command,
            params: words.chain(last.map(ToOwned::to_owned)).collect(),
        }
    }

    pub(super) fn closed(at: Duration, why: &str) -> Self {
        Self {
            command: CLOSED.to_owned(),
            ..Self::parse(at, false, &format!("{CLOSED} :{why}"))
        }
    }

    pub(crate) fn is(&self, command: &str) -> bool {
        !self.ours && self.command == command
    }

    /// Whether somebody said it, by message or notice.
    pub(crate) fn is_speech(&self) -> bool {
        self.is("PRIVMSG") || self.is("NOTICE")
    }

    /// Where it was said: a room or a nick.
    pub(crate) fn target(&self) -> &str {
        self.params.first().map_or("", String::as_str)
    }

    /// The last parameter: of speech, what was said.
    pub(crate) fn text(&self) -> &str {
        self.params.last().map_or("", String::as_str)
    }

    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        let found = self.tags.iter().find(|(it, _)| it == key);
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = if self.ours { '>' } else { '<' };
        write!(f, "{:8.3} {arrow} {}", self.at.as_secs_f64(), self.raw)
    }
}
