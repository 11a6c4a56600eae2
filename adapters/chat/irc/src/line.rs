//! A line for a server, checked: it says exactly what its parts say, whatever strangers put into them.

use std::fmt;

/// A line as it goes to the server, without its line end. It holds no line break and no zero byte, and each word but
/// the last is one word, so no part of it can become another part or another line.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Line {
    wire: String,
    secret: bool,
    patient: bool,
}

/// What cannot be said in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    /// It would end early.
    #[error("it has a line break or a zero byte in it, which IRC cannot carry: take it out")]
    Break,
    /// It would be left out.
    #[error("a part of it is empty, which IRC cannot carry there")]
    Empty,
    /// It would become two.
    #[error("a part of it has a space or begins with a colon, which IRC cannot carry there: change it")]
    Word,
    /// It would go to several people, or to people chosen by a pattern.
    #[error("that is not one room and not one nick")]
    Target,
    /// It is not a command of IRC.
    #[error("that is not a command of IRC")]
    Command,
}

impl Line {
    /// A command and words, each of which is one word.
    pub(crate) fn new(command: &str, words: &[&str]) -> Result<Self, LineError> {
        if command.is_empty() || !command.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(LineError::Command);
        }
        let mut wire = command.to_owned();
        for word in words {
            wire.push(' ');
            wire.push_str(checked(word)?);
        }
        Ok(Self {
            wire,
            secret: false,
            patient: false,
        })
    }

    /// The same with a text at the end, which may be empty and may have spaces in it.
    pub(crate) fn with_text(command: &str, words: &[&str], text: &str) -> Result<Self, LineError> {
        let mut line = Self::new(command, words)?;
        if has_break(text) {
            return Err(LineError::Break);
        }
        line.wire.push_str(" :");
        line.wire.push_str(text);
        Ok(line)
    }

    /// Something said to one room or one nick. The text is what [`crate::session::Session::longest_text`] allows, or
    /// shorter; nothing here measures it.
    pub(crate) fn privmsg(target: &str, text: &str) -> Result<Self, LineError> {
        if target.contains([',', '*', '?']) || target.starts_with('$') {
            return Err(LineError::Target);
        }
        Self::with_text("PRIVMSG", &[target], text)
    }

    /// Asks the server to answer with this token.
    pub(crate) fn ping(token: &str) -> Result<Self, LineError> {
        Self::with_text("PING", &[], token)
    }

    /// Leaves the network.
    pub(crate) fn quit(words: &str) -> Result<Self, LineError> {
        Self::with_text("QUIT", &[], words)
    }

    /// The same line, which is never shown.
    #[must_use]
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The same line, which everything else may overtake.
    #[must_use]
    pub(crate) fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    /// Whether everything else that waits to be sent may overtake it: it asks for what is nice to know.
    pub(crate) fn is_patient(&self) -> bool {
        self.patient
    }

    /// Exactly what is sent, without the line end. It may be a password: for the socket only.
    pub(crate) fn wire(&self) -> &str {
        &self.wire
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret {
            let command = self.wire.split(' ').next().unwrap_or_default();
            write!(f, "Line({command} [secret])")
        } else {
            write!(f, "Line({:?})", self.wire)
        }
    }
}

fn checked(word: &str) -> Result<&str, LineError> {
    if word.is_empty() {
        Err(LineError::Empty)
    } else if has_break(word) {
        Err(LineError::Break)
    } else if word.starts_with(':') || word.contains(' ') {
        Err(LineError::Word)
    } else {
        Ok(word)
    }
}

fn has_break(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_its_parts() {
        let line = Line::privmsg("#ops", "one two: three").unwrap();
        assert_eq!(line.wire(), "PRIVMSG #ops :one two: three");
        assert_eq!(Line::privmsg("#ops", "").unwrap().wire(), "PRIVMSG #ops :");
        assert_eq!(
            Line::new("JOIN", &["#a,#b", "key"]).unwrap().wire(),
            "JOIN #a,#b key"
        );
    }

    #[test]
    fn nothing_becomes_another_line_or_another_word() {
        assert_eq!(Line::privmsg("#ops", "hi\r\nQUIT"), Err(LineError::Break));
        assert_eq!(Line::privmsg("#ops", "hi\0"), Err(LineError::Break));
        assert_eq!(Line::privmsg("#ops evil", "hi"), Err(LineError::Word));
        assert_eq!(Line::privmsg(":ops", "hi"), Err(LineError::Word));
        assert_eq!(Line::privmsg("", "hi"), Err(LineError::Empty));
        assert_eq!(Line::new("JOIN", &["#a\nQUIT"]), Err(LineError::Break));
        assert_eq!(Line::new("JOIN #a", &[]), Err(LineError::Command));
    }

    #[test]
    fn something_is_said_to_one_place_only() {
        for target in ["#a,#b", "$*.org", "$$irc", "ali*"] {
            assert_eq!(Line::privmsg(target, "hi"), Err(LineError::Target), "{target}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let line = Line::new("NICKSERV", &["IDENTIFY", "bot", "hunter2"])
            .unwrap()
            .secret();
        assert_eq!(format!("{line:?}"), "Line(NICKSERV [secret])");
        assert!(line.wire().ends_with("hunter2"));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_read_back_as_it_was_meant(target in "\\PC{0,20}|[#:a ,]{0,4}", text in "(?s).{0,80}") {
            if let Ok(line) = Line::privmsg(&target, &text) {
                let read: irc_proto::Message = line.wire().parse().unwrap();
                prop_assert_eq!(read.command, irc_proto::Command::PRIVMSG(target, text));
            }
        }
    }
}
