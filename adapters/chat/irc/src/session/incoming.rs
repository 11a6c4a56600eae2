//! A line from the server, taken apart.
//!
//! `irc-proto` says what a command means. Of its typed commands only those are relied on that lose nothing; modes are
//! not, and numerics that it does not know come as raw commands, so [`Incoming::numeric`] makes the two one. Tags and
//! prefix are read where they stand: most lines are chatter, and copying their parts costs more than all else.

use std::borrow::Cow;

use irc_proto::message::Tag;
use irc_proto::{CapSubCommand, Command, Message};

/// A line from the server.
pub(super) struct Incoming<'l> {
    tags: Vec<(&'l str, Cow<'l, str>)>,
    prefix: &'l str,
    pub(super) command: Command,
}

/// Somebody who is connected, as the server names them. Nothing of it proves who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source<'l> {
    pub(super) nick: &'l str,
    pub(super) user: &'l str,
    pub(super) host: &'l str,
}

impl Source<'_> {
    /// `user@host`.
    pub(super) fn address(&self) -> String {
        format!("{}@{}", self.user, self.host)
    }
}

/// What a `CAP` line is about.
pub(super) struct CapLine<'l> {
    pub(super) sub: CapSubCommand,
    /// More lines of the same list follow.
    pub(super) more: bool,
    pub(super) list: &'l str,
}

impl<'l> Incoming<'l> {
    /// Takes a line apart; `None` for what is no line of IRC.
    pub(super) fn parse(line: &'l str) -> Option<Self> {
        let line = line.trim_end_matches(['\r', '\n']);
        let (tags, line) = marked(line, '@')?;
        let (prefix, line) = marked(line, ':')?;
        if line.starts_with(['@', ':']) {
            return None;
        }
        let message: Message = line.parse().ok()?;
        let tags = tags.split(';').filter(|tag| !tag.is_empty());
        Some(Self {
            tags: tags.map(tag).collect(),
            prefix,
            command: message.command,
        })
    }

    /// The value of a tag; the last one counts. A tag without a value has an empty one.
    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        self.tags
            .iter()
            .rev()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| &**value)
    }

    /// Who sent it, if that is a user and not a server: only users have a nick, a user name and a host.
    pub(super) fn source(&self) -> Option<Source<'l>> {
        let (nick, rest) = self.prefix.split_once('!')?;
        let (user, host) = rest.split_once('@')?;
        let is_user = !nick.contains('@') && [nick, user, host].iter().all(|part| !part.is_empty());
        is_user.then_some(Source { nick, user, host })
    }

    /// The name in front of the line, a user's or a server's; empty if there is none. Some servers leave out the user
    /// name and host of somebody who quits.
    pub(super) fn name(&self) -> &'l str {
        self.prefix.split(['!', '@']).next().unwrap_or_default()
    }

    /// The number and parameters of a numeric.
    pub(super) fn numeric(&self) -> Option<(u16, &[String])> {
        match &self.command {
            Command::Response(response, words) => Some((*response as u16, words)),
            Command::Raw(verb, words) if verb.len() == 3 => verb
                .parse()
                .ok()
                .filter(|_| verb.bytes().all(|byte| byte.is_ascii_digit()))
                .map(|number| (number, words.as_slice())),
            _ => None,
        }
    }

    /// The parts of a `CAP` line. The first word is the bot's nick, always; `irc-proto` takes a nick that is also the
    /// name of a sub-command for the sub-command.
    pub(super) fn cap(&self) -> Option<CapLine<'_>> {
        let Command::CAP(client, sub, first, second) = &self.command else {
            return None;
        };
        let (sub, first, second) = match (client, first) {
            (Some(_), _) => (*sub, first.as_deref(), second.as_deref()),
            (None, Some(sub)) => (sub.parse().ok()?, second.as_deref(), None),
            (None, None) => return None,
        };
        let (more, list) = match (first, second) {
            (Some("*"), list) => (list.is_some(), list.unwrap_or_default()),
            (Some(list), _) => (false, list),
            (None, _) => (false, ""),
        };
        Some(CapLine { sub, more, list })
    }
}

/// What stands in front of the line behind this mark, and the rest of the line; nothing if the line ends there.
fn marked(line: &str, mark: char) -> Option<(&str, &str)> {
    match line.strip_prefix(mark) {
        Some(marked) => marked.split_once(' '),
        None => Some(("", line)),
    }
}

/// Name and value of a tag. What is escaped in it, which is rare, is left to `irc-proto`.
fn tag(tag: &str) -> (&str, Cow<'_, str>) {
    let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
    if !value.contains('\\') {
        return (name, Cow::Borrowed(value));
    }
    let message: Option<Message> = format!("@{tag} PING").parse().ok();
    let tags = message.and_then(|message| message.tags).unwrap_or_default();
    let value = tags.into_iter().find_map(|Tag(_, value)| value);
    (name, Cow::Owned(value.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use irc_proto::Prefix;
    use proptest::prelude::*;

    #[test]
    fn a_user_is_told_from_a_server() {
        let heard = Incoming::parse(":alice!a@host.test PRIVMSG #x :hi").unwrap();
        assert_eq!(heard.source().unwrap().nick, "alice");
        for line in [
            ":irc.test PRIVMSG #x :hi",
            ":localhost PRIVMSG #x :hi",
            "PRIVMSG #x :hi",
        ] {
            assert_eq!(Incoming::parse(line).unwrap().source(), None, "{line}");
        }
    }

    #[test]
    fn known_and_unknown_numerics_read_the_same() {
        for (line, number) in [
            (":s 354 bot 1 #x", 354),
            (":s 001 bot :hi", 1),
            (":s 904 bot :no", 904),
        ] {
            let heard = Incoming::parse(line).unwrap();
            let (read, words) = heard.numeric().unwrap();
            assert_eq!((read, words[0].as_str()), (number, "bot"));
        }
        assert!(Incoming::parse(":s +54 bot").unwrap().numeric().is_none());
    }

    #[test]
    fn a_capability_list_is_read_whatever_the_bot_is_called() {
        for line in [
            ":s CAP bot NEW :sasl batch",
            ":s CAP ls NEW :sasl batch",
            ":s CAP * NEW :sasl batch",
        ] {
            let heard = Incoming::parse(line).unwrap();
            let cap = heard.cap().unwrap();
            assert_eq!(
                (cap.sub, cap.more, cap.list),
                (CapSubCommand::NEW, false, "sasl batch")
            );
        }
        let heard = Incoming::parse(":s CAP * LS * :sasl").unwrap();
        let cap = heard.cap().unwrap();
        assert_eq!((cap.sub, cap.more, cap.list), (CapSubCommand::LS, true, "sasl"));
    }

    #[test]
    fn the_last_of_two_tags_counts() {
        let heard = Incoming::parse("@account=a;account=b;bot :s NOTICE x :y").unwrap();
        assert_eq!(heard.tag("account"), Some("b"));
        assert_eq!(heard.tag("bot"), Some(""));
        assert_eq!(heard.tag("time"), None);
    }

    #[test]
    fn escapes_in_tags_are_undone() {
        let heard = Incoming::parse("@a=one\\stwo\\:;b=\\\\;c=x\\ :s PING x").unwrap();
        let tags = ["a", "b", "c"].map(|name| heard.tag(name).unwrap());
        assert_eq!(tags, ["one two;", "\\", "x"]);
    }

    proptest! {
        #[test]
        fn a_line_is_read_as_irc_proto_reads_it(
            tags in "(@[ab=;\\\\:é]{0,12} ?)?",
            prefix in "(:[a.!@é]{0,9} ?)?",
            rest in "[@:]?(PRIVMSG|JOIN|354|CAP|[a-c]{0,3})( [:a#]{0,3}){0,4}",
        ) {
            let line = tags + &prefix + &rest;
            let Some(heard) = Incoming::parse(&line) else { return Ok(()) };
            let read: Message = line.parse().unwrap();
            prop_assert_eq!(&heard.command, &read.command);
            let (name, source) = match &read.prefix {
                Some(Prefix::ServerName(name)) => (name.as_str(), None),
                Some(Prefix::Nickname(nick, user, host)) => {
                    let known = [nick, user, host].iter().all(|part| !part.is_empty());
                    (nick.as_str(), known.then_some(Source { nick, user, host }))
                }
                None => ("", None),
            };
            prop_assert_eq!((heard.name(), heard.source()), (name, source));
            for Tag(name, _) in read.tags.iter().flatten() {
                let last = read.tags.iter().flatten().rfind(|tag| tag.0 == *name).unwrap();
                prop_assert_eq!(heard.tag(name), Some(last.1.as_deref().unwrap_or_default()));
            }
        }
    }
}
