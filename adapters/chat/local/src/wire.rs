//! The protocol: JSON objects, one a line, in both directions.

use std::borrow::Cow;

use countersign_core::id::MessageId;
use countersign_core::reply::{Tone, Urgency};
use serde::{Deserialize, Serialize};

/// The longest line, in bytes. A client that sends a longer one is let go.
pub const LONGEST_LINE: usize = 16 * 1024;

/// What a client sends: somebody says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// A command line, without prefix.
    pub say: String,
    /// The client's own id of it, new for every command. The same id again is the same command, which is not carried
    /// out twice.
    pub id: String,
}

/// What a client is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tell {
    /// The bot says something.
    Said {
        /// In these lines.
        said: Vec<String>,
        /// How it is meant.
        tone: Tone,
        /// How urgent it is. The end of something that took a while is a `result`.
        urgency: Urgency,
        /// The id of the command that it is about, if it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
    },
    /// The bot has dealt with a command, and what it had to say to it has been said.
    Answered {
        /// The id of the command.
        answered: String,
        /// Whether something that it began goes on, which the client will hear of.
        goes_on: bool,
    },
    /// What a command began, and went on after its answer, is over.
    Ended {
        /// The id of the command.
        ended: String,
        /// Whether it came to what was wanted.
        good: bool,
    },
    /// A line was not understood, or may not be said now.
    Wrong {
        /// What was wrong with it, and what to do.
        wrong: Cow<'static, str>,
    },
}

impl Tell {
    pub(crate) fn wrong(words: impl Into<Cow<'static, str>>) -> Self {
        Self::Wrong { wrong: words.into() }
    }

    /// The line that is sent, with its end.
    pub(crate) fn line(&self) -> String {
        // Strings and enums always have a JSON form.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// The longest id that a client may give.
const LONGEST_ID: usize = 64;

/// What a line asks, or what is wrong with it.
pub(crate) fn read(line: &[u8]) -> Result<Ask, Tell> {
    let ask: Ask = serde_json::from_slice(line).map_err(|error| {
        Tell::wrong(format!(
            "this line cannot be read ({error}); write it like {{\"say\":\"ping\",\"id\":\"1\"}}"
        ))
    })?;
    let is_id =
        !ask.id.is_empty() && ask.id.len() <= LONGEST_ID && ask.id.chars().all(|c| c.is_ascii_graphic());
    if !is_id {
        return Err(Tell::wrong(format!(
            "the id must have from 1 to {LONGEST_ID} characters, all of them visible ASCII"
        )));
    }
    Ok(ask)
}

/// The id of a command among all commands: one user's ids say nothing of another's.
pub(crate) fn message_id(uid: u32, id: &str) -> MessageId {
    MessageId::from(format!("{uid}.{id}"))
}

/// The client's own id of it.
pub(crate) fn own_id(message: &MessageId) -> &str {
    message.as_str().split_once('.').map_or("", |(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whole_or_said_to_be_wrong() {
        let ask = read(br#"{"say":"deploy prod","id":"7"}"#).unwrap();
        assert_eq!((ask.say.as_str(), ask.id.as_str()), ("deploy prod", "7"));
        for (line, words) in [
            ("", "cannot be read"),
            ("deploy prod", "cannot be read"),
            (r#"{"say":"x"}"#, "missing field `id`"),
            (r#"{"say":"x","id":"1","as":"root"}"#, "unknown field `as`"),
            (r#"{"say":"x","id":""}"#, "the id must have"),
            (r#"{"say":"x","id":"a b"}"#, "the id must have"),
            ("{\"say\":\"\u{fffd}", "cannot be read"),
        ] {
            let Err(Tell::Wrong { wrong }) = read(line.as_bytes()) else {
                panic!("{line} was taken");
            };
            assert!(wrong.contains(words), "{line}: {wrong}");
        }
        assert!(read(&[0xff, 0xfe]).is_err());
    }

    #[test]
    fn what_is_sent_is_one_line_that_reads_back() {
        let tells = [
            Tell::Said {
                said: vec!["one\ntwo".into()],
                tone: Tone::Good,
                urgency: Urgency::Result,
                about: Some("7".into()),
            },
            Tell::Answered {
                answered: "7".into(),
                goes_on: true,
            },
            Tell::Ended {
                ended: "7".into(),
                good: false,
            },
            Tell::wrong("no"),
        ];
        for tell in tells {
            let line = tell.line();
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(serde_json::from_str::<Tell>(&line).unwrap(), tell);
        }
    }

    #[test]
    fn ids_of_different_users_differ_and_lead_back() {
        assert_ne!(message_id(1, "1.1"), message_id(11, "1"));
        assert_eq!(own_id(&message_id(1000, "a.b")), "a.b");
    }
}
