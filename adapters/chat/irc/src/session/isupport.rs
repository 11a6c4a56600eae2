//! What the server says about itself (`005`): how names compare, how long things may be, what it can do.

/// Which letters of a name are the same letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaseMapping {
    /// `A` to `Z` and `a` to `z`.
    Ascii,
    /// Those, and `[]\^` and `{}|~`.
    Rfc1459,
    /// Those, without `^` and `~`.
    StrictRfc1459,
}

impl CaseMapping {
    /// A mapping that is not known here is taken for ASCII: every mapping in use folds at least ASCII, so two people
    /// or two rooms are never taken for one. What it folds beyond that is then told apart, which costs nothing,
    /// because a server names a user or room in one spelling.
    fn named(name: &str) -> Self {
        match name {
            "rfc1459" => Self::Rfc1459,
            "rfc1459-strict" | "strict-rfc1459" => Self::StrictRfc1459,
            _ => Self::Ascii,
        }
    }

    fn lower(self, byte: u8) -> u8 {
        match (self, byte) {
            (_, b'A'..=b'Z') => byte.to_ascii_lowercase(),
            (Self::Rfc1459 | Self::StrictRfc1459, b'[' | b'\\' | b']') | (Self::Rfc1459, b'^') => byte + 0x20,
            _ => byte,
        }
    }

    /// The one spelling that all spellings of a name have in common.
    pub(super) fn fold(self, name: &str) -> String {
        name.chars()
            .map(|c| {
                u8::try_from(c).map_or(c, |byte| {
                    char::from(if byte < 128 { self.lower(byte) } else { byte })
                })
            })
            .collect()
    }

    /// Whether two spellings name the same.
    pub(super) fn same(self, one: &str, other: &str) -> bool {
        one.len() == other.len()
            && one
                .bytes()
                .zip(other.bytes())
                .all(|(a, b)| self.lower(a) == self.lower(b))
    }
}

/// What the server says about itself. Until it says it, what every server can do; and names compare as with a mapping
/// that is not known, for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Support {
    pub(super) case: CaseMapping,
    /// What rooms begin with.
    pub(super) room_marks: String,
    /// What stands before a nick in a list of names.
    pub(super) rank_marks: String,
    /// Bytes of the longest nick, user name and host.
    pub(super) nick_bytes: Option<usize>,
    pub(super) user_bytes: usize,
    pub(super) host_bytes: usize,
    /// Bytes of the longest line, with its end.
    pub(super) line_bytes: usize,
    /// How many targets a command may have, and how many rooms a JOIN, if that is told.
    targets: usize,
    join_targets: Option<usize>,
    /// It can say which accounts are in a room.
    pub(super) whox: bool,
    /// The user mode that marks bots.
    pub(super) bot_mode: Option<char>,
}

impl Default for Support {
    fn default() -> Self {
        Self {
            case: CaseMapping::Ascii,
            room_marks: "#&".to_owned(),
            rank_marks: "@+".to_owned(),
            nick_bytes: None,
            user_bytes: 10,
            host_bytes: 64,
            line_bytes: 512,
            targets: 4,
            join_targets: None,
            whox: false,
            bot_mode: None,
        }
    }
}

impl Support {
    /// Takes over the tokens of one `005`; what cannot be read changes nothing.
    pub(super) fn learn(&mut self, tokens: &[String]) {
        for token in tokens {
            let token = token.trim();
            if let Some(name) = token.strip_prefix('-') {
                self.forget(name);
            } else if let Some((name, value)) = token.split_once('=') {
                self.set(name, &unescaped(value));
            } else {
                self.set(token, "");
            }
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let number = value.parse::<usize>().ok();
        match name {
            "CASEMAPPING" => self.case = CaseMapping::named(&value.to_ascii_lowercase()),
            "CHANTYPES" => value.clone_into(&mut self.room_marks),
            "PREFIX" => {
                if let Some((_, marks)) = value.split_once(')') {
                    marks.clone_into(&mut self.rank_marks);
                }
            }
            "NICKLEN" => self.nick_bytes = number.filter(|bytes| (1..=512).contains(bytes)),
            "USERLEN" => self.user_bytes = number.unwrap_or(10).clamp(1, 128),
            "HOSTLEN" => self.host_bytes = number.unwrap_or(64).clamp(1, 255),
            "LINELEN" => self.line_bytes = number.unwrap_or(512).clamp(256, 8_192),
            "MAXTARGETS" => self.targets = number.unwrap_or(4).clamp(1, 100),
            "TARGMAX" => self.join_targets = join_limit(value),
            "WHOX" => self.whox = true,
            "BOT" => self.bot_mode = value.chars().next().filter(char::is_ascii_alphabetic),
            _ => {}
        }
    }

    fn forget(&mut self, name: &str) {
        let usual = Self::default();
        match name {
            "CASEMAPPING" => self.case = usual.case,
            "CHANTYPES" => self.room_marks = usual.room_marks,
            "PREFIX" => self.rank_marks = usual.rank_marks,
            "NICKLEN" => self.nick_bytes = usual.nick_bytes,
            "USERLEN" => self.user_bytes = usual.user_bytes,
            "HOSTLEN" => self.host_bytes = usual.host_bytes,
            "LINELEN" => self.line_bytes = usual.line_bytes,
            "MAXTARGETS" => self.targets = usual.targets,
            "TARGMAX" => self.join_targets = usual.join_targets,
            "WHOX" => self.whox = usual.whox,
            "BOT" => self.bot_mode = usual.bot_mode,
            _ => {}
        }
    }

    /// How many rooms one JOIN may name.
    pub(super) fn rooms_per_join(&self) -> usize {
        self.join_targets.unwrap_or(self.targets)
    }

    /// Whether this is the name of a room rather than a nick.
    pub(super) fn is_room(&self, name: &str) -> bool {
        name.starts_with(|mark| self.room_marks.contains(mark))
    }
}

/// How many rooms `TARGMAX` lets one JOIN name: `JOIN:4`, or `JOIN:` for any number.
fn join_limit(value: &str) -> Option<usize> {
    let (_, most) = value
        .split(',')
        .filter_map(|part| part.split_once(':'))
        .find(|(command, _)| command.eq_ignore_ascii_case("JOIN"))?;
    if most.is_empty() {
        Some(100)
    } else {
        most.parse().ok().map(|most: usize| most.clamp(1, 100))
    }
}

/// `\x20` and the like, which stand for bytes that a token cannot hold.
fn unescaped(value: &str) -> String {
    let mut parts = value.split("\\x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                plain.push(char::from(byte));
                plain.push_str(&part[2..]);
            }
            None => plain.extend(["\\x", part]),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tokens: &[&str]) -> Support {
        let mut support = Support::default();
        support.learn(&tokens.iter().map(|token| (*token).to_owned()).collect::<Vec<_>>());
        support
    }

    #[test]
    fn names_compare_as_the_server_compares_them() {
        for (mapping, one, other, same) in [
            ("ascii", "Alice", "aLICE", true),
            ("ascii", "al[ice]", "al{ice}", false),
            ("rfc1459", "al[ice]^", "al{ice}~", true),
            ("rfc1459-strict", "al[ice]", "al{ice}", true),
            ("rfc1459-strict", "alice^", "alice~", false),
            ("rfc8265", "al[ice]", "al{ice}", false),
            ("rfc8265", "ALICE", "alice", true),
        ] {
            let case = told(&[&format!("CASEMAPPING={mapping}")]).case;
            assert_eq!(case.same(one, other), same, "{mapping} {one} {other}");
            assert_eq!(
                case.fold(one) == case.fold(other),
                same,
                "{mapping} {one} {other}"
            );
        }
        assert!(!CaseMapping::Rfc1459.same("\u{e9}", "\u{c9}"));
    }

    #[test]
    fn limits_are_taken_over_and_taken_back() {
        let mut support = told(&[
            "NICKLEN=9",
            "LINELEN=2048",
            "TARGMAX=JOIN:7,PRIVMSG:4",
            "WHOX",
            "BOT=B ",
        ]);
        assert_eq!(
            (support.nick_bytes, support.line_bytes, support.rooms_per_join()),
            (Some(9), 2048, 7)
        );
        assert!(support.whox && support.bot_mode == Some('B'));
        support.learn(&["-NICKLEN", "-LINELEN", "-TARGMAX", "-WHOX", "-BOT"].map(str::to_owned));
        assert_eq!(support, Support::default());
    }

    #[test]
    fn what_makes_no_sense_changes_nothing_or_is_bounded() {
        let support = told(&[
            "NICKLEN=0",
            "LINELEN=1",
            "TARGMAX=JOIN:0",
            "BOT=",
            "=",
            "-",
            "\\x",
            "PREFIX=ov",
        ]);
        assert_eq!(
            (support.nick_bytes, support.line_bytes, support.rooms_per_join()),
            (None, 256, 1)
        );
        assert_eq!((support.bot_mode, support.rank_marks.as_str()), (None, "@+"));
        assert_eq!(unescaped("a\\x20b\\xzz\\x3"), "a b\\xzz\\x3");
        assert_eq!(unescaped("\\x\u{e9}\u{e9}"), "\\x\u{e9}\u{e9}");
    }

    #[test]
    fn rooms_are_told_from_nicks() {
        let support = told(&["CHANTYPES=#"]);
        assert!(support.is_room("#ops") && !support.is_room("&ops") && !support.is_room(""));
    }
}
