//! How a command is typed, and what is wrong with how it was: clap's knowledge in the bot's words.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Ask, Registered, Token, closest, help_for};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::text::{clip, either, join, list, visible};

/// The arguments of a command, as people read them. Made from clap's, so that it can't differ from what is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What the command is for, in a sentence without its full stop.
    pub about: String,
    /// `deploy <target> [--ref SHA]` and what that is for; one for each subcommand, if it has any.
    pub usages: Vec<(String, String)>,
    /// `--ref SHA` and what it is for.
    pub arguments: Vec<(String, String)>,
    /// Whether it takes a target.
    pub has_target: bool,
    /// `ref`, `wait-ci`.
    flags: Vec<String>,
    /// Its subcommands: `list`, `get`.
    verbs: Vec<String>,
    /// Whether it takes a `value`. That may be secret, and may stand where nobody expects it: so what can't be understood
    /// is not repeated.
    discreet: bool,
    /// Where the values of an argument can be seen, as its long help says it: `<name>` and `its names: config list
    /// <target>`.
    seen_in: Vec<(String, String)>,
}

impl Shape {
    pub(super) fn of(name: &str, command: &clap::Command) -> Self {
        let mut shape = Self {
            about: sentence(command.get_about()),
            usages: Vec::new(),
            arguments: Vec::new(),
            has_target: false,
            flags: Vec::new(),
            verbs: Vec::new(),
            discreet: false,
            seen_in: Vec::new(),
        };
        shape.add(name.to_owned(), command);
        shape
    }

    fn add(&mut self, mut usage: String, command: &clap::Command) {
        let arguments = || {
            command
                .get_arguments()
                .filter(|argument| argument.get_id() != "help")
        };
        let positionals = arguments().filter(|argument| argument.is_positional());
        let options = arguments().filter(|argument| !argument.is_positional() && !argument.is_hide_set());
        for argument in positionals.chain(options) {
            let form = form(argument);
            usage.push_str(if argument.is_last_set() { " -- " } else { " " });
            if argument.is_required_set() || form.starts_with('[') {
                usage.push_str(&form);
            } else {
                usage.extend(["[", &form, "]"]);
            }
            self.flags.extend(argument.get_long().map(str::to_owned));
            self.has_target |= argument.get_id() == "target";
            self.discreet |= argument.get_id() == "value";
            if let Some(text) = argument.get_long_help() {
                self.seen_in.push((form.clone(), text.to_string()));
            }
            let help = sentence(argument.get_help());
            let known = self.arguments.iter().any(|(other, _)| *other == form);
            if !help.is_empty() && !known {
                self.arguments.push((form, help));
            }
        }
        if !command.has_subcommands() || !command.is_subcommand_required_set() {
            self.usages.push((usage.clone(), sentence(command.get_about())));
        }
        for subcommand in command.get_subcommands() {
            self.verbs.push(subcommand.get_name().to_owned());
            self.add(format!("{usage} {}", subcommand.get_name()), subcommand);
        }
    }

    /// The subcommand that was typed: before the target, or behind it.
    pub fn verb_of(&self, arguments: &[Token<'_>]) -> Option<&str> {
        Some(self.verb_and_other(arguments)?.0)
    }

    /// The subcommand, and the other one of the first two words.
    fn verb_and_other<'t>(&self, arguments: &'t [Token<'_>]) -> Option<(&str, Option<&'t str>)> {
        let verb = |word: Option<&Token<'_>>| {
            self.verbs
                .iter()
                .find(|verb| word.is_some_and(|it| it.as_str() == *verb))
        };
        let (first, second) = (arguments.first(), arguments.get(1));
        match (verb(first), verb(second)) {
            (Some(verb), _) => Some((verb, second.map(Token::as_str))),
            (None, Some(verb)) => Some((verb, first.map(Token::as_str))),
            (None, None) => None,
        }
    }

    /// How the subcommand is typed, without its options.
    fn usage_of(&self, verb: &str) -> Option<String> {
        let usages = self.usages.iter().map(|(usage, _)| usage);
        let usage = usages
            .into_iter()
            .find(|usage| usage.split(' ').nth(1) == Some(verb))?;
        Some(usage.split(" [--").next().unwrap_or(usage).to_owned())
    }

    /// All ways to type it, in one line.
    pub fn usage(&self) -> String {
        join(self.usages.iter().map(|(usage, _)| usage), " | ")
    }
}

/// `<target>`, `[note…]`, `--ref SHA`, `--wait-ci`.
fn form(argument: &clap::Arg) -> String {
    let choices: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    let many = argument
        .get_num_args()
        .is_some_and(|range| range.max_values() > 1);
    let dots = if many { "…" } else { "" };
    let value = || {
        argument
            .get_value_names()
            .and_then(|names| names.first())
            .map_or("value", |name| name.as_str())
    };
    match argument.get_long() {
        Some(long) if !argument.get_action().takes_values() => format!("--{long}"),
        Some(long) if choices.is_empty() => format!("--{long} {}{dots}", value()),
        Some(long) => format!("--{long} {}", choices.join("|")),
        None => {
            let name = value().to_lowercase().replace('_', "-");
            let inner = if choices.is_empty() {
                format!("{name}{dots}")
            } else {
                choices.join("|")
            };
            if argument.is_required_set() {
                format!("<{inner}>")
            } else {
                format!("[{inner}]")
            }
        }
    }
}

/// Help as it goes on after a dash: without the capital letter of its doc comment and without a full stop.
fn sentence(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

/// A command that was not typed as it is meant to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// `--help` was typed: the answer is [`super::help_for`].
    #[error("help was asked for")]
    Help,
    /// It can't be understood.
    #[error("{words}")]
    Wrong {
        /// What is wrong, in a sentence without its full stop.
        words: String,
        /// What was perhaps meant: a sentence.
        advice: Option<String>,
        /// How it is typed.
        usage: String,
        /// The word that is perhaps the target.
        target: Option<String>,
        /// Where what is missing can be seen: `its names: config list <target>`.
        seen_in: Option<String>,
    },
}

impl UsageError {
    pub(super) fn new(error: &clap::Error, shape: &Shape, arguments: &[Token<'_>]) -> Self {
        let help = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        if error.kind() == ErrorKind::DisplayHelp || error.kind() == help {
            return Self::Help;
        }
        let (words, advice) = explain(error, shape, arguments);
        let typed = shape.verb_and_other(arguments);
        let usage = typed.and_then(|(verb, _)| shape.usage_of(verb));
        let seen_in = shape.seen_in.iter().find(|(argument, _)| {
            error.kind() == ErrorKind::MissingRequiredArgument && words.starts_with(argument)
        });
        Self::Wrong {
            words,
            advice,
            seen_in: seen_in.map(|(_, text)| text.clone()),
            target: typed
                .and_then(|(_, other)| other.filter(|other| is_like_a_target(other)))
                .map(str::to_owned),
            usage: usage.unwrap_or_else(|| shape.usage()),
        }
    }

    /// For the person who typed it.
    pub fn answer(self, ask: &Ask<'_>, command: &Registered) -> Result<Reply, Refusal> {
        match self {
            Self::Help => Ok(help_for(ask, command)),
            Self::Wrong {
                words,
                advice,
                usage,
                target,
                seen_in,
            } => {
                let advice = advice.map(|advice| format!("{advice} ")).unwrap_or_default();
                // What is no target may be anything, and is not repeated.
                let target = target.filter(|target| ask.settings.targets.contains_key(target.as_str()));
                let filled = |line: &str| match &target {
                    Some(target) => ask.type_(&line.replace("<target>", target)),
                    None => ask.type_(line),
                };
                let mut hint = format!("{advice}Type: {}", filled(&usage));
                if let Some((label, command)) = seen_in.as_deref().and_then(|text| text.split_once(": ")) {
                    hint = format!("{hint}; {label}: {}", filled(command));
                }
                Err(Refusal::new(words).hint(hint))
            }
        }
    }
}

/// Whether a word could be the name of a target.
fn is_like_a_target(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
}

/// What is wrong, and what was perhaps meant.
fn explain(error: &clap::Error, shape: &Shape, arguments: &[Token<'_>]) -> (String, Option<String>) {
    let said = |kind| strings(error, kind);
    let one = |kind| said(kind).into_iter().next().unwrap_or_default();
    let argument = name_of(&one(ContextKind::InvalidArg));
    match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if shape.discreet => {
            (format!("that is not a value for {argument}"), None)
        }
        ErrorKind::UnknownArgument => unknown(&one(ContextKind::InvalidArg), shape, arguments),
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<String> = said(ContextKind::InvalidArg)
                .iter()
                .map(|name| name_of(name))
                .collect();
            let verb = if missing.len() == 1 { "is" } else { "are" };
            (format!("{} {verb} missing", list(missing)), None)
        }
        ErrorKind::InvalidValue => {
            let typed = quoted(&one(ContextKind::InvalidValue));
            let valid = either(said(ContextKind::ValidValue));
            let words = match (typed.is_empty(), valid == "nobody") {
                (true, true) => format!("{argument} needs a value"),
                (true, false) => format!("{argument} needs a value: {valid}"),
                (false, true) => format!("\"{typed}\" is not a value for {argument}"),
                (false, false) => format!("\"{typed}\" is not a value for {argument}: it is {valid}"),
            };
            let valid = said(ContextKind::ValidValue);
            (
                words,
                did_you_mean(closest(&typed, valid.iter().map(String::as_str))),
            )
        }
        ErrorKind::ValueValidation => {
            let typed = quoted(&one(ContextKind::InvalidValue));
            let why = std::error::Error::source(error)
                .map(|source| quoted(&source.to_string()))
                .unwrap_or_default();
            (format!("\"{typed}\" is not a value for {argument}: {why}"), None)
        }
        ErrorKind::ArgumentConflict => (conflict(&argument, &said(ContextKind::PriorArg)), None),
        ErrorKind::InvalidSubcommand => {
            let typed = quoted(&one(ContextKind::InvalidSubcommand));
            let known = said(ContextKind::SuggestedSubcommand);
            let advice = did_you_mean(known.iter().map(String::as_str).collect());
            (format!("there is nothing that \"{typed}\" could be here"), advice)
        }
        ErrorKind::MissingSubcommand => (
            format!(
                "one of these words is missing: {}",
                list(said(ContextKind::ValidSubcommand))
            ),
            None,
        ),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            (format!("{argument} has the wrong number of values"), None)
        }
        ErrorKind::NoEquals => (format!("{argument} needs its value after ="), None),
        _ => ("that can't be understood".to_owned(), None),
    }
}

fn conflict(argument: &str, others: &[String]) -> String {
    let others: Vec<String> = others.iter().map(|name| name_of(name)).collect();
    match others.as_slice() {
        [] => format!("{argument} goes alone"),
        [other] if other == argument => format!("{argument} is given twice"),
        _ => format!("{argument} does not go together with {}", list(others)),
    }
}

/// A flag, or a word too many.
fn unknown(invalid: &str, shape: &Shape, arguments: &[Token<'_>]) -> (String, Option<String>) {
    if !invalid.starts_with('-') && shape.discreet {
        return ("that is more than it takes".to_owned(), None);
    }
    if !invalid.starts_with('-') {
        return (
            format!("there is nothing that \"{}\" could be here", quoted(invalid)),
            None,
        );
    }
    // Of `-ref` clap says only `-r`.
    let is_it = |token: &&Token<'_>| !invalid.starts_with("--") && token.as_str().starts_with(invalid);
    let typed = arguments.iter().find(is_it).map_or(invalid, Token::as_str);
    let near = closest(
        typed.trim_start_matches('-'),
        shape.flags.iter().map(String::as_str),
    );
    let near: Vec<String> = near.iter().map(|flag| format!("--{flag}")).collect();
    let advice = did_you_mean(near.iter().map(String::as_str).collect());
    if shape.discreet {
        return ("there is no such option here".to_owned(), advice);
    }
    (format!("there is no {} here", quoted(typed)), advice)
}

fn strings(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// `--ref <SHA>` is called `--ref`, and `[NOTE]...` is called `<note>`.
fn name_of(shown: &str) -> String {
    let name = shown.split([' ', '=']).next().unwrap_or(shown);
    if name.starts_with('-') {
        return quoted(name);
    }
    let bare = name.trim_matches(|c| matches!(c, '<' | '>' | '[' | ']' | '.'));
    quoted(&format!("<{}>", bare.to_lowercase().replace('_', "-")))
}

/// Text that a stranger typed, made safe to show and not too long.
fn quoted(text: &str) -> String {
    clip(&visible(text), 60).into_owned()
}

fn did_you_mean(names: Vec<&str>) -> Option<String> {
    (!names.is_empty()).then(|| format!("Did you mean {}?", either(names)))
}
