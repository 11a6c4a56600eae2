//! What a command or one of its subcommands is called, word by word: `deploy`, `db access revoke`. Plans, rules, help and
//! refusals all name it by this.

use std::sync::LazyLock;

use crate::id::CommandPath;

/// Before a line is parsed nobody knows what it names.
static UNKNOWN: LazyLock<CommandPath> = LazyLock::new(|| CommandPath::from(""));

impl CommandPath {
    /// Of a line that is not parsed yet. Only rules about all commands are about it.
    pub(crate) fn unknown() -> &'static Self {
        &UNKNOWN
    }

    /// The subcommand with this name.
    #[must_use]
    pub fn below(&self, word: &str) -> Self {
        Self::from(format!("{self} {word}"))
    }

    /// The command that it belongs to: `db` of `db access revoke`.
    pub fn command(&self) -> &str {
        self.words().next().unwrap_or_default()
    }

    /// Its words: `db`, `access`, `revoke`.
    pub fn words(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.as_str().split(' ')
    }

    /// Whether it is a subcommand.
    pub fn is_subcommand(&self) -> bool {
        self.as_str().contains(' ')
    }

    /// Whether it is among what a rule calls `listed`: that command with everything below it, or `*` at the end for any
    /// rest.
    pub fn is_among(&self, listed: &str) -> bool {
        match listed.strip_suffix('*') {
            Some(beginning) => self.as_str().starts_with(beginning),
            None => ends_a_word(self.as_str().strip_prefix(listed)),
        }
    }

    /// Whether what a rule calls `listed` is one of its subcommands.
    pub(crate) fn is_above(&self, listed: &str) -> bool {
        listed
            .strip_prefix(self.as_str())
            .is_some_and(|rest| rest.starts_with(' '))
    }
}

/// Whether what is left after a beginning begins with another word, or is nothing.
fn ends_a_word(rest: Option<&str>) -> bool {
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_about_a_command_is_about_everything_below_it() {
        let revoke = CommandPath::from("db").below("access").below("revoke");
        assert_eq!(revoke.as_str(), "db access revoke");
        assert_eq!(revoke.command(), "db");
        for listed in [
            "db",
            "db access",
            "db access revoke",
            "db *",
            "db access *",
            "db*",
            "d*",
            "*",
            "db access re*",
        ] {
            assert!(revoke.is_among(listed), "{listed}");
        }
        for listed in [
            "d",
            "db acc",
            "db list",
            "db access revoke all",
            "access revoke",
            "revoke",
            "dba *",
            "",
            "DB",
        ] {
            assert!(!revoke.is_among(listed), "{listed}");
        }
        assert!(!CommandPath::from("dbx").is_among("db"));
        assert!(!CommandPath::from("db").is_among("db *"));
    }

    #[test]
    fn what_is_not_parsed_is_only_among_everything() {
        assert!(CommandPath::unknown().is_among("*"));
        assert!(!CommandPath::unknown().is_among("db"));
    }
}
