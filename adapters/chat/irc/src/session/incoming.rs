//! A line from the server, taken apart.
//!
//! `irc-proto` does the parsing. Of its typed commands only those are relied on that lose nothing; modes are not, and
//! numerics that it does not know come as raw commands, so [`Incoming::numeric`] makes the two one.

use irc_proto::message::Tag;
use irc_proto::{CapSubCommand, Command, Message, Prefix};

/// A line from the server.
pub(super) struct Incoming {
    tags: Vec<Tag>,
    prefix: Option<Prefix>,
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

impl Incoming {
    /// Takes a line apart; `None` for what is no line of IRC.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let message: Message = line.trim_end_matches(['\r', '\n']).parse().ok()?;
        Some(Self {
            tags: message.tags.unwrap_or_default(),
            prefix: message.prefix,
            command: message.command,
        })
    }

    /// The value of a tag; the last one counts. A tag without a value has an empty one.
    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        self.tags
            .iter()
            .rev()
            .find(|Tag(key, _)| key == name)
            .map(|Tag(_, value)| value.as_deref().unwrap_or_default())
    }

    /// Who sent it, if that is a user and not a server: only users have a nick, a user name and a host.
    pub(super) fn source(&self) -> Option<Source<'_>> {
        match &self.prefix {
            Some(Prefix::Nickname(nick, user, host))
                if !nick.is_empty() && !user.is_empty() && !host.is_empty() =>
            {
                Some(Source { nick, user, host })
            }
            _ => None,
        }
    }

    /// The name in front of the line, a user's or a server's; empty if there is none. Some servers leave out the user
    /// name and host of somebody who quits.
    pub(super) fn name(&self) -> &str {
        match &self.prefix {
            Some(Prefix::Nickname(name, ..) | Prefix::ServerName(name)) => name,
            None => "",
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
