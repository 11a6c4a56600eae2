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

use super::usage::{Shape, UsageError};
use super::{Ask, Command, Outcome, Spec, Token, TokenError, split};
use crate::plan::Effect;
use crate::refusal::Refusal;

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
}

impl Registry {
    /// No commands.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    pub fn add<C: Command>(&mut self, command: C) -> Result<(), RegistryError> {
        let mut registered = Registered::new(command);
        registered.effects = registered.shown_effects()?;
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
    effects: Vec<Effect>,
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
        Self {
            shape: Shape::of(spec.name, &built),
            spare: Mutex::new(vec![built.clone()]),
            spec,
            built,
            bare,
            effects: Vec::new(),
            command: Box::new(command),
        }
    }

    /// The effects that its plans can have, and those of its examples, all of which must parse.
    fn shown_effects(&self) -> Result<Vec<Effect>, RegistryError> {
        let mut effects = vec![self.spec.effect];
        if self.spec.effect == Effect::Destructive {
            effects.push(Effect::Change);
        }
        for example in self.spec.examples {
            let wrong = |source: Box<dyn std::error::Error + Send + Sync>| RegistryError::Example {
                name: self.spec.name,
                example,
                source,
            };
            let tokens = split(example).map_err(|error: TokenError| wrong(Box::new(error)))?;
            let arguments = tokens.get(1..).unwrap_or_default();
            effects.push(
                self.parse(arguments)
                    .map_err(|error| wrong(Box::new(error)))?
                    .effect(),
            );
        }
        effects.sort_unstable();
        effects.dedup();
        effects.reverse();
        Ok(effects)
    }

    /// What the command declares about itself.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The effects that its uses can have, the most severe first. Which of them are reads, its examples show.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Its arguments, for help.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// One use of it, from the tokens after its name.
    pub fn parse(&self, arguments: &[Token<'_>]) -> Result<Parsed<'_>, UsageError> {
        let read = match &self.bare {
            Some(bare) if arguments.is_empty() => self.command.read(&mut bare.clone()),
            _ => self
                .matches(arguments)
                .and_then(|mut matches| self.command.read(&mut matches)),
        };
        match read {
            Ok(ready) => Ok(Parsed {
                spec: &self.spec,
                ready,
            }),
            Err(error) => Err(UsageError::new(&error, &self.shape, arguments)),
        }
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
    spec: &'r Spec,
    ready: Box<dyn Ready<'r> + 'r>,
}

impl<'r> Parsed<'r> {
    /// What the command declares about itself.
    pub fn spec(&self) -> &'r Spec {
        self.spec
    }

    /// The effect of this use, if it is known before it runs.
    pub fn effect(&self) -> Effect {
        self.ready.effect()
    }

    /// The target that policy is asked about, as it was typed.
    pub fn target(&self) -> Option<&str> {
        self.ready.target()
    }

    /// Whether what it proposes does something to the target.
    pub(crate) fn needs_the_target(&self) -> bool {
        self.ready.needs_the_target()
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
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// A command without the type of its arguments.
trait Erased: Send + Sync {
    fn read<'r>(&'r self, matches: &mut ArgMatches) -> Result<Box<dyn Ready<'r> + 'r>, clap::Error>;
}

impl<C: Command> Erased for C {
    fn read<'r>(&'r self, matches: &mut ArgMatches) -> Result<Box<dyn Ready<'r> + 'r>, clap::Error> {
        let args = C::Args::from_arg_matches_mut(matches)?;
        Ok(Box::new(Use { command: self, args }))
    }
}

/// A command with its arguments, without their type.
trait Ready<'r>: Send {
    fn effect(&self) -> Effect;
    fn target(&self) -> Option<&str>;
    fn needs_the_target(&self) -> bool;
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

    fn needs_the_target(&self) -> bool {
        self.command.needs_the_target(&self.args)
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
