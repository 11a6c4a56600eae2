//! How a command is typed, and what is wrong with how it was: clap's knowledge in the bot's words.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::shape::Shape;
use super::{Ask, Registered, Token, closest, help_for};
use crate::id::CommandPath;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::text::{clip, either, list, visible};

/// A command that was not typed as it is meant to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// `--help` was typed: the answer is [`super::help_for`].
    #[error("help was asked for")]
    Help {
        /// With what.
        with: CommandPath,
    },
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
        let (part, next) = shape.named(arguments);
        let help = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        if error.kind() == ErrorKind::DisplayHelp || error.kind() == help {
            return Self::Help {
                with: part.path.clone(),
            };
        }
        let (words, advice) = explain(error, shape, arguments);
        let seen_in = part.seen_in.iter().find(|(argument, _)| {
            error.kind() == ErrorKind::MissingRequiredArgument && words.starts_with(argument)
        });
        Self::Wrong {
            words,
            advice,
            seen_in: seen_in.map(|(_, text)| text.clone()),
            target: next
                .filter(|next| part.path.is_subcommand() && is_like_a_target(next))
                .map(str::to_owned),
            usage: part.to_type(),
        }
    }

    /// For the person who typed it.
    pub fn answer(self, ask: &Ask<'_>, command: &Registered) -> Result<Reply, Refusal> {
        match self {
            Self::Help { with } => Ok(help_for(ask, command, &with)),
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
