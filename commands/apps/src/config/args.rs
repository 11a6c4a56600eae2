//! The grammar. What is to be done comes first (`config get prod DATABASE_URL`); the target may come first too
//! (`config prod get DATABASE_URL`, `config prod`), because that is how people think of it.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches};
use countersign_core::secret::Secret;
use countersign_heroku::is_config_var_name as is_name;

use crate::app::App;

/// What can be done.
pub(super) const WORDS: [&str; 6] = ["list", "get", "set", "unset", "diff", "check"];

/// The config vars of an app: names here, values only by secret link and drop box.
pub(crate) struct Args {
    pub(super) verb: Verb,
}

#[derive(clap::Args)]
struct Grammar {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Name the config vars of an app; those that add-ons own, and those that are missing.
    List {
        /// Which app.
        target: String,
    },
    /// Hand yourself the value of one, by a secret link.
    Get {
        /// Which app.
        target: String,
        /// Which config var.
        #[arg(long_help = "its names: config list <target>")]
        name: String,
        /// Why; those who sign and the audit say it.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Set one; a secret value through a form that you are sent, never here.
    Set(Setting),
    /// Remove one.
    Unset {
        /// Which app.
        target: String,
        /// Which config var.
        #[arg(long_help = "its names: config list <target>")]
        name: String,
        /// Why; those who sign and the audit say it.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Compare two apps: which names only one of them has, which differ.
    Diff {
        /// Which app.
        target: String,
        /// Compared with which.
        other: String,
    },
    /// Say whether everything is set that must be, of one app or of all.
    Check {
        /// Which app.
        target: Option<String>,
    },
    #[command(external_subcommand)]
    Other(Vec<String>),
}

impl Verb {
    /// How it is typed, wherever that stood.
    pub(super) fn word(&self) -> Option<&'static str> {
        let [list, get, set, unset, diff, check] = WORDS;
        match self {
            Self::List { .. } => Some(list),
            Self::Get { .. } => Some(get),
            Self::Set(_) => Some(set),
            Self::Unset { .. } => Some(unset),
            Self::Diff { .. } => Some(diff),
            Self::Check { .. } => Some(check),
            Self::Other(_) => None,
        }
    }
}

/// What is to be set. Printing it is not possible: it may hold what should not have been said.
#[derive(clap::Args)]
pub(super) struct Setting {
    /// Which app.
    pub(super) target: String,
    /// Which config var.
    #[arg(allow_hyphen_values = true)]
    name: String,
    /// The value, for names that the configuration calls plain; any other comes through the form.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    value: Vec<String>,
    /// The drop box that holds the value; you need not type it.
    #[arg(long = "box", value_name = "ID")]
    drop_box: Option<String>,
    /// Why; those who sign and the audit say it.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Setting {
    /// The name, without a value that was written behind it: `NAME=value`.
    pub(super) fn name(&self) -> &str {
        self.name
            .split_once('=')
            .map_or(self.name.as_str(), |(name, _)| name)
    }

    /// Everything that was said as the value.
    pub(super) fn value(&self) -> Option<Secret> {
        let behind = self.name.split_once('=').map(|(_, value)| value);
        let said: Vec<&str> = behind
            .into_iter()
            .chain(self.value.iter().map(String::as_str))
            .collect();
        (!said.is_empty()).then(|| said.join(" ").into())
    }

    /// The drop box.
    pub(super) fn drop_box(&self) -> Option<&str> {
        self.drop_box.as_deref()
    }

    /// Why.
    pub(super) fn reason(&self) -> Option<&String> {
        self.reason.as_ref()
    }

    /// Whether it holds what should not have been said in a room: a value of a name that is not plain, or a value where
    /// a name belongs.
    pub(super) fn says_a_secret(&self, app: &App) -> bool {
        self.value().is_some() && !app.is_plain(self.name()) || !is_name(self.name())
    }

    /// Options that were typed behind the value belong to us, not to it.
    fn sort_out(mut self) -> Self {
        let mut value = Vec::new();
        let mut words = std::mem::take(&mut self.value).into_iter();
        while let Some(word) = words.next() {
            match word.split_once('=') {
                _ if word == "--reason" => self.reason = words.next(),
                _ if word == "--box" => self.drop_box = words.next(),
                Some(("--reason", reason)) => self.reason = Some(reason.to_owned()),
                Some(("--box", id)) => self.drop_box = Some(id.to_owned()),
                _ => value.push(word),
            }
        }
        self.value = value;
        self
    }
}

impl From<Verb> for Args {
    fn from(verb: Verb) -> Self {
        let verb = match verb {
            Verb::Set(setting) => Verb::Set(setting.sort_out()),
            other => other,
        };
        Self { verb }
    }
}

impl clap::Args for Args {
    fn augment_args(cmd: clap::Command) -> clap::Command {
        // Given again, because a type without derive has no doc comment that clap could see.
        Grammar::augment_args(cmd)
            .about("The config vars of an app: names here, values only by secret link and drop box")
    }

    fn augment_args_for_update(cmd: clap::Command) -> clap::Command {
        Self::augment_args(cmd)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        let read = |matches: &mut ArgMatches| Grammar::from_arg_matches_mut(matches).map(|read| read.verb);
        let words = match read(matches)? {
            Verb::Other(words) => words,
            verb => return Ok(verb.into()),
        };
        let [target, rest @ ..] = words.as_slice() else {
            return Ok(Verb::Other(words).into());
        };
        match rest {
            [] if target == "help" => Err(clap::Error::new(ErrorKind::DisplayHelp)),
            [] => Ok(Verb::List {
                target: target.clone(),
            }
            .into()),
            [verb, rest @ ..] if WORDS.contains(&verb.as_str()) => {
                let words = [verb, target].into_iter().chain(rest).map(OsString::from);
                let grammar = clap::Command::new("config")
                    .no_binary_name(true)
                    .disable_help_subcommand(true);
                let mut matches = <Self as clap::Args>::augment_args(grammar).try_get_matches_from(words)?;
                Ok(read(&mut matches)?.into())
            }
            _ => Ok(Verb::Other(words).into()),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        let grammar = clap::Command::new("config").no_binary_name(true);
        let grammar = <Args as clap::Args>::augment_args(grammar);
        let mut matches = grammar.try_get_matches_from(line.split_whitespace())?;
        Args::from_arg_matches_mut(&mut matches)
    }

    /// What a line means, as it would be typed canonically.
    fn meant(line: &str) -> String {
        let and = |option: &str, text: Option<&String>| {
            text.map(|text| format!(" --{option} {text}")).unwrap_or_default()
        };
        match parse(line).unwrap().verb {
            Verb::List { target } => format!("list {target}"),
            Verb::Get { target, name, reason } => {
                format!("get {target} {name}{}", and("reason", reason.as_ref()))
            }
            Verb::Unset { target, name, reason } => {
                format!("unset {target} {name}{}", and("reason", reason.as_ref()))
            }
            Verb::Diff { target, other } => format!("diff {target} {other}"),
            Verb::Check { target } => format!("check {}", target.unwrap_or_default()),
            Verb::Set(setting) => format!(
                "set {} {} [{}]{}{}",
                setting.target,
                setting.name(),
                setting
                    .value()
                    .map(|value| value.expose_secret().to_owned())
                    .unwrap_or_default(),
                and("box", setting.drop_box.as_ref()),
                and("reason", setting.reason())
            ),
            Verb::Other(words) => format!("? {}", words.join(" ")),
        }
    }

    #[test]
    fn the_target_may_come_first() {
        for (line, same) in [
            ("prod", "list prod"),
            ("prod list", "list prod"),
            ("list prod", "list prod"),
            ("prod get DATABASE_URL", "get prod DATABASE_URL"),
            (
                "get prod DATABASE_URL --reason why",
                "get prod DATABASE_URL --reason why",
            ),
            ("stage diff prod", "diff stage prod"),
            ("diff stage prod", "diff stage prod"),
            ("prod check", "check prod"),
            ("check", "check "),
            ("stage set NEW_KEY", "set stage NEW_KEY []"),
            (
                "stage set NEW_KEY --box K7QM2X",
                "set stage NEW_KEY [] --box K7QM2X",
            ),
            ("stage unset OLD_KEY", "unset stage OLD_KEY"),
        ] {
            assert_eq!(meant(line), same, "{line}");
        }
    }

    #[test]
    fn everything_behind_the_name_is_its_value_but_our_options() {
        for (line, same) in [
            ("set stage A 6", "set stage A [6]"),
            ("set stage A=6", "set stage A [6]"),
            ("set stage A=", "set stage A []"),
            (
                "set stage A -----BEGIN KEY-----",
                "set stage A [-----BEGIN KEY-----]",
            ),
            ("set stage A --hunter2 x", "set stage A [--hunter2 x]"),
            ("set stage A 6 --reason why", "set stage A [6] --reason why"),
            ("set stage A --reason why 6", "set stage A [6] --reason why"),
            (
                "set stage A 6 --box X --reason=why",
                "set stage A [6] --box X --reason why",
            ),
            ("set stage --hunter2", "set stage --hunter2 []"),
        ] {
            assert_eq!(meant(line), same, "{line}");
        }
    }

    #[test]
    fn what_says_neither_is_a_puzzle_and_bare_is_help() {
        assert_eq!(meant("prod gett A"), "? prod gett A");
        assert_eq!(meant("gett prod A"), "? gett prod A");
        for line in ["help", ""] {
            let kind = parse(line).err().unwrap().kind();
            let help = [
                ErrorKind::DisplayHelp,
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
            ];
            assert!(help.contains(&kind), "{line}: {kind:?}");
        }
        let missing = parse("prod get").err().unwrap();
        assert_eq!(missing.kind(), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn what_should_not_have_been_said_is_recognised() {
        let app = App {
            plain_config: vec!["WEB_CONCURRENCY".to_owned()],
            ..crate::app::tests::stage()
        };
        let says = |line: &str| match parse(line).unwrap().verb {
            Verb::Set(setting) => setting.says_a_secret(&app),
            _ => panic!("{line}"),
        };
        for line in [
            "set stage NEW_KEY hunter2",
            "set stage NEW_KEY=hunter2",
            "set stage NEW_KEY=",
            "set stage NEW_KEY --box X hunter2",
            "set stage hunter-2",
            "stage set WEB_CONCURRENCY_ 6",
        ] {
            assert!(says(line), "{line}");
        }
        for line in [
            "set stage NEW_KEY",
            "set stage NEW_KEY --box K7QM2X",
            "set stage WEB_CONCURRENCY 6",
            "set stage WEB_CONCURRENCY=6",
        ] {
            assert!(!says(line), "{line}");
        }
    }
}
