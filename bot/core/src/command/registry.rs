//! All commands by name, and the way from the tokens of a command line to a command that can run.
//!
//! The `clap::Command` of each is built once, when it is registered. Parsing needs one for itself, so each command
//! keeps a few: a use takes one and gives it back, and only when several people type the same command in the same
//! instant is another cloned.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use clap::{ArgMatches, Args as _, FromArgMatches as _};
use futures_util::future::BoxFuture;

use super::usage::UsageError;
use super::{Ask, Command, Outcome, Part, Shape, Spec, Token, TokenError, split};
use crate::id::CommandPath;
use crate::plan::Effect;
use crate::refusal::Refusal;
use crate::settings::TargetKind;

/// All commands.
#[derive(Debug, Default)]
pub struct Registry {
    commands: Vec<Registered>,
    by_name: HashMap<&'static str, usize>,
}

/// A command that cannot be registered: a mistake in the program, told before the bot starts.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Two commands have the same name.
    #[error("two commands are called {0}; rename one")]
    Taken(&'static str),
    /// Commands are looked up in lower case.
    #[error("the command name {0:?} is not in lower case; people may type it in any case")]
    Case(&'static str),
    /// An example is the first thing that people copy.
    #[error("the example {example:?} of {name} does not parse; correct it")]
    Example {
        /// The command.
        name: &'static str,
        /// The example.
        example: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What a subcommand does is read off its examples.
    #[error("the subcommand {0} has no example; add one to those of its command")]
    NoExample(CommandPath),
}

impl Registry {
    /// No commands.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    pub fn add<C: Command>(&mut self, command: C) -> Result<(), RegistryError> {
        let mut registered = Registered::new(command);
        registered.learn_from_examples()?;
        let spec = registered.spec;
        for name in std::iter::once(spec.name).chain(spec.aliases.iter().copied()) {
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(RegistryError::Case(name));
            }
            if self.by_name.insert(name, self.commands.len()).is_some() {
                return Err(RegistryError::Taken(name));
            }
        }
        self.commands.push(registered);
        Ok(())
    }

    /// The command with this name or alias, in any case.
    pub fn find(&self, name: &str) -> Option<&Registered> {
        let place = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.by_name.get(name.to_ascii_lowercase().as_str())
        } else {
            self.by_name.get(name)
        };
        self.commands.get(*place?)
    }

    /// The part with this name of the command that it belongs to.
    pub fn part(&self, path: &CommandPath) -> Option<&Part> {
        self.find(path.command())?.shape.part(path)
    }

    /// Everything that a rule may name: commands, groups of subcommands, and these.
    pub fn paths(&self) -> impl Iterator<Item = &CommandPath> {
        let parts = self.iter().flat_map(|command| command.shape.parts());
        parts.map(|part| &part.path)
    }

    /// All commands, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Registered> {
        self.commands.iter()
    }
}

/// A command with everything that is known of it before it is used.
pub struct Registered {
    spec: Spec,
    shape: Shape,
    built: clap::Command,
    spare: Mutex<Vec<clap::Command>>,
    /// What typing nothing but the name comes to, if that is allowed: such a use is not parsed again.
    bare: Option<ArgMatches>,
    command: Box<dyn Erased>,
}

impl Registered {
    fn new<C: Command>(command: C) -> Self {
        let spec = command.spec();
        let mut built = C::Args::augment_args(clap::Command::new(spec.name))
            .no_binary_name(true)
            .disable_help_subcommand(true);
        built.build();
        let bare = built
            .clone()
            .try_get_matches_from_mut(std::iter::empty::<&str>())
            .ok();
        let mut shape = Shape::of(spec.name, &built);
        for part in shape.parts_mut() {
            part.needs_the_target = command.needs_the_target(&part.path);
        }
        Self {
            shape,
            spare: Mutex::new(vec![built.clone()]),
            spec,
            built,
            bare,
            command: Box::new(command),
        }
    }

    /// The effects that each way to use it can have: of a command without subcommands the declared one, and what its examples
    /// show; of a subcommand what its examples show, or what is declared of it. All examples must parse.
    fn learn_from_examples(&mut self) -> Result<(), RegistryError> {
        for example in self.spec.examples {
            let wrong = |source: Box<dyn std::error::Error + Send + Sync>| RegistryError::Example {
                name: self.spec.name,
                example,
                source,
            };
            let tokens = split(example).map_err(|error: TokenError| wrong(Box::new(error)))?;
            let arguments = tokens.get(1..).unwrap_or_default();
            let parsed = self.parse(arguments).map_err(|error| wrong(Box::new(error)))?;
            let (at, effect) = (parsed.at, parsed.effect());
            drop(parsed);
            if let Some(part) = self.shape.parts_mut().get_mut(at) {
                part.examples.push(example);
                part.effects.push(effect);
            }
        }
        for part in self.shape.parts_mut() {
            if part.usage.is_none() {
                continue;
            }
            let declared = self.command.effects(&part.path);
            if !part.path.is_subcommand() {
                part.effects.push(self.spec.effect);
                if self.spec.effect == Effect::Destructive {
                    part.effects.push(Effect::Change);
                }
            } else if part.examples.is_empty() {
                return Err(RegistryError::NoExample(part.path.clone()));
            } else if !declared.is_empty() {
                part.effects = declared.to_vec();
            }
            part.effects.sort_unstable();
            part.effects.dedup();
            part.effects.reverse();
        }
        Ok(())
    }

    /// What the command declares about itself.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// What kind of target it takes, if not any.
    pub fn takes(&self) -> Option<TargetKind> {
        self.command.takes()
    }

    /// Its arguments and its subcommands.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Everything of it that can be used by itself: the command, or its subcommands.
    pub fn ways(&self) -> impl Iterator<Item = &Part> {
        self.shape.parts().iter().filter(|part| part.usage.is_some())
    }

    /// One use of it, from the tokens after its name.
    pub fn parse(&self, arguments: &[Token<'_>]) -> Result<Parsed<'_>, UsageError> {
        let read = match &self.bare {
            Some(bare) if arguments.is_empty() => self.read(bare.clone()),
            _ => self.matches(arguments).and_then(|matches| self.read(matches)),
        };
        read.map_err(|error| UsageError::new(&error, &self.shape, arguments))
    }

    fn read(&self, mut matches: ArgMatches) -> Result<Parsed<'_>, clap::Error> {
        let typed = self.typed(&matches);
        let ready = self.command.read(&mut matches)?;
        let meant = ready.subcommand().and_then(|word| self.shape.below(0, word));
        Ok(Parsed {
            registered: self,
            at: meant.unwrap_or(typed),
            ready,
        })
    }

    /// Where in the shape the part is that was typed.
    fn typed(&self, matches: &ArgMatches) -> usize {
        let (mut at, mut matches) = (0, matches);
        while let Some((word, below)) = matches.subcommand() {
            match self.shape.below(at, word) {
                Some(part) => (at, matches) = (part, below),
                None => break,
            }
        }
        at
    }

    fn matches(&self, arguments: &[Token<'_>]) -> Result<ArgMatches, clap::Error> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut clap = spare.unwrap_or_else(|| self.built.clone());
        let matches = clap.try_get_matches_from_mut(arguments.iter().map(Token::as_str));
        self.spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(clap);
        matches
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// One use of a command, ready to run.
pub struct Parsed<'r> {
    registered: &'r Registered,
    /// Where in the shape the part is that is used.
    at: usize,
    ready: Box<dyn Ready<'r> + 'r>,
}

impl<'r> Parsed<'r> {
    /// What the command declares about itself.
    pub fn spec(&self) -> &'r Spec {
        &self.registered.spec
    }

    /// The command, or the subcommand, that is used.
    pub fn part(&self) -> &'r Part {
        &self.registered.shape.parts()[self.at]
    }

    /// The effect of this use, if it is known before it runs.
    pub fn effect(&self) -> Effect {
        self.ready.effect()
    }

    /// The target that policy is asked about, as it was typed.
    pub fn target(&self) -> Option<&str> {
        self.ready.target()
    }

    /// Reads, decides or proposes.
    pub fn run<'a>(self, ask: &'a Ask<'_>) -> BoxFuture<'a, Result<Outcome, Refusal>>
    where
        'r: 'a,
    {
        self.ready.run(ask)
    }
}

impl fmt::Debug for Parsed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed")
            .field("path", &self.part().path)
            .finish_non_exhaustive()
    }
}

/// A command without the type of its arguments.
trait Erased: Send + Sync {
    fn takes(&self) -> Option<TargetKind>;
    fn effects(&self, subcommand: &CommandPath) -> &'static [Effect];
    fn read<'r>(&'r self, matches: &mut ArgMatches) -> Result<Box<dyn Ready<'r> + 'r>, clap::Error>;
}

impl<C: Command> Erased for C {
    fn takes(&self) -> Option<TargetKind> {
        Command::takes(self)
    }

    fn effects(&self, subcommand: &CommandPath) -> &'static [Effect] {
        Command::effects(self, subcommand)
    }

    fn read<'r>(&'r self, matches: &mut ArgMatches) -> Result<Box<dyn Ready<'r> + 'r>, clap::Error> {
        let args = C::Args::from_arg_matches_mut(matches)?;
        Ok(Box::new(Use { command: self, args }))
    }
}

/// A command with its arguments, without their type.
trait Ready<'r>: Send {
    fn effect(&self) -> Effect;
    fn target(&self) -> Option<&str>;
    fn subcommand(&self) -> Option<&'static str>;
    fn run<'a>(self: Box<Self>, ask: &'a Ask<'_>) -> BoxFuture<'a, Result<Outcome, Refusal>>
    where
        'r: 'a;
}

struct Use<'r, C: Command> {
    command: &'r C,
    args: C::Args,
}

impl<'r, C: Command> Ready<'r> for Use<'r, C> {
    fn effect(&self) -> Effect {
        self.command.effect(&self.args)
    }

    fn target(&self) -> Option<&str> {
        self.command.target(&self.args)
    }

    fn subcommand(&self) -> Option<&'static str> {
        self.command.subcommand(&self.args)
    }

    fn run<'a>(self: Box<Self>, ask: &'a Ask<'_>) -> BoxFuture<'a, Result<Outcome, Refusal>>
    where
        'r: 'a,
    {
        self.command.run(ask, self.args)
    }
}

#[cfg(test)]
mod tests;
