//! A command as people type it: its arguments, its subcommands and theirs. Made from clap's, so that it can't differ from
//! what is parsed.

use super::Token;
use crate::id::CommandPath;
use crate::plan::Effect;

/// A command with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The command first; everything before what is below it.
    parts: Vec<Part>,
    /// `ref`, `wait-ci`.
    pub(super) flags: Vec<String>,
    /// Whether it takes a `value`. That may be secret, and may stand where nobody expects it: so what can't be understood
    /// is not repeated.
    pub(super) discreet: bool,
}

/// A command, a group of subcommands, or a subcommand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is called.
    pub path: CommandPath,
    /// What it is for, in a sentence without its full stop.
    pub about: String,
    /// `deploy <target> [--ref SHA]`; nothing if a subcommand must follow.
    pub usage: Option<String>,
    /// `--ref SHA` and what it is for.
    pub arguments: Vec<(String, String)>,
    /// Whether it takes a target.
    pub has_target: bool,
    /// The effects that its uses can have, the most severe first. Of a group there are none.
    pub effects: Vec<Effect>,
    /// Command lines that show how it is used, without prefix.
    pub examples: Vec<&'static str>,
    /// Whether what it proposes does something to the target.
    pub(crate) needs_the_target: bool,
    /// Where the values of an argument can be seen, as its long help says it: `<name>` and `its names: config list
    /// <target>`.
    pub(super) seen_in: Vec<(String, String)>,
    /// Where in the shape the part is that this one is below.
    above: usize,
}

impl Part {
    /// The most that it can do.
    pub fn most(&self) -> Effect {
        self.effects.first().copied().unwrap_or(Effect::Read)
    }

    /// How it is typed, for somebody who mistyped it: a subcommand without its options.
    pub(super) fn to_type(&self) -> String {
        match &self.usage {
            Some(usage) if self.path.is_subcommand() => without_options(usage).to_owned(),
            Some(usage) => usage.clone(),
            None => format!("help {}", self.path),
        }
    }

    /// How it is typed, without its options, for a list of several.
    pub(super) fn short(&self) -> &str {
        self.usage.as_deref().map_or(self.path.as_str(), without_options)
    }

    /// The last word of its name.
    fn word(&self) -> &str {
        self.path.words().next_back().unwrap_or_default()
    }
}

fn without_options(usage: &str) -> &str {
    usage.split(" [--").next().unwrap_or(usage)
}

/// What rules may name of a command with these arguments: itself, its groups of subcommands, and these.
pub fn paths<A: clap::Args>(name: &'static str) -> Vec<CommandPath> {
    let shape = Shape::of(name, &A::augment_args(clap::Command::new(name)));
    shape.parts.into_iter().map(|part| part.path).collect()
}

impl Shape {
    pub(super) fn of(name: &str, command: &clap::Command) -> Self {
        let mut shape = Self {
            parts: Vec::new(),
            flags: Vec::new(),
            discreet: false,
        };
        shape.add(CommandPath::from(name), name.to_owned(), 0, command);
        shape
    }

    fn add(&mut self, path: CommandPath, mut usage: String, above: usize, command: &clap::Command) {
        let mut part = Part {
            path,
            about: sentence(command.get_about()),
            usage: None,
            arguments: Vec::new(),
            has_target: false,
            effects: Vec::new(),
            examples: Vec::new(),
            needs_the_target: true,
            seen_in: Vec::new(),
            above,
        };
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
            self.discreet |= argument.get_id() == "value";
            part.has_target |= argument.get_id() == "target";
            if let Some(text) = argument.get_long_help() {
                part.seen_in.push((form.clone(), text.to_string()));
            }
            let help = sentence(argument.get_help());
            if !help.is_empty() {
                part.arguments.push((form, help));
            }
        }
        if !command.has_subcommands() || !command.is_subcommand_required_set() {
            part.usage = Some(usage.clone());
        }
        let (at, path) = (self.parts.len(), part.path.clone());
        self.parts.push(part);
        for subcommand in command.get_subcommands() {
            let word = subcommand.get_name();
            self.add(path.below(word), format!("{usage} {word}"), at, subcommand);
        }
    }

    /// The command and everything below it: first the command, and everything before what is below it.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn parts_mut(&mut self) -> &mut [Part] {
        &mut self.parts
    }

    /// The part with this name.
    pub fn part(&self, path: &CommandPath) -> Option<&Part> {
        self.parts.iter().find(|part| part.path == *path)
    }

    /// Everything that can be used by itself: this part, or what is below it.
    pub fn ways<'s>(&'s self, under: &'s Part) -> impl Iterator<Item = &'s Part> {
        let is_under = |part: &&Part| part.path.is_among(under.path.as_str());
        self.parts
            .iter()
            .filter(|part| part.usage.is_some())
            .filter(is_under)
    }

    /// What is one word below a part.
    pub(super) fn next<'s>(&'s self, part: &'s Part) -> impl Iterator<Item = &'s Part> {
        let at = self.parts.iter().position(|other| other.path == part.path);
        self.parts
            .iter()
            .skip(1)
            .filter(move |below| Some(below.above) == at)
    }

    /// Where the part is that is this word below another.
    pub(super) fn below(&self, at: usize, word: &str) -> Option<usize> {
        let below = self.parts.iter().enumerate().skip(at + 1);
        let mut named = below.filter(|(_, part)| part.above == at && part.word() == word);
        named.next().map(|(at, _)| at)
    }

    /// What the words name, as far as they do, and those that are not part of that name.
    pub(super) fn named_by<'t, 'a>(&self, words: &'t [Token<'a>]) -> (&Part, &'t [Token<'a>]) {
        let (mut at, mut rest) = (0, words);
        while let Some((word, others)) = rest.split_first()
            && let Some(next) = self.below(at, word.as_str())
        {
            (at, rest) = (next, others);
        }
        (&self.parts[at], rest)
    }

    /// What a command line names behind the name of the command, where the target may come first, and the word that is not
    /// part of that name.
    pub fn named<'t>(&self, arguments: &'t [Token<'_>]) -> (&Part, Option<&'t str>) {
        let second = arguments.get(1).and_then(|word| self.below(0, word.as_str()));
        let (part, rest) = self.named_by(arguments);
        let (part, next) = match second {
            Some(second) if part.path == self.parts[0].path => (&self.parts[second], arguments.first()),
            _ => (part, rest.first()),
        };
        (part, next.map(Token::as_str))
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
