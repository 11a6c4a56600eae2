//! What a command has to go on: who asks, where, and the parts of the bot that commands may use.

use std::fmt;
use std::sync::Arc;

use crate::approval::Origin;
use crate::command::Registry;
use crate::desk::Desk;
use crate::id::CommandPath;
use crate::message::Message;
use crate::pages::Pages;
use crate::person::Person;
use crate::settings::Settings;
use crate::store::Store;
use crate::time::Timestamp;

/// One use of a command.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The message.
    pub message: &'a Message,
    /// Who asks, if the bot knows them.
    pub person: Option<&'a Arc<Person>>,
    /// The command line, without prefix.
    pub line: &'a str,
    /// What it names: the command, or its subcommand. Nothing before the line is parsed.
    pub path: &'a CommandPath,
    /// The present.
    pub now: Timestamp,
    /// The configuration.
    pub settings: &'a Settings,
    /// All commands.
    pub registry: &'a Registry,
    /// For reading.
    pub store: &'a dyn Store,
    /// For deciding.
    pub desk: &'a Desk,
    /// The rests of long answers.
    pub pages: &'a Pages,
}

impl Ask<'_> {
    /// Where and by whom this was asked.
    pub fn origin(&self) -> Origin {
        let sender = &self.message.sender;
        Origin {
            place: self.message.place.clone(),
            account: sender.account.clone(),
            assurance: sender.assurance,
            nick: sender.nick.clone(),
            message: self.message.id.clone(),
        }
    }

    /// How to type a command here: with the prefix in a room, without in a direct message.
    pub fn type_(&self, command: &str) -> String {
        match self.message.place {
            crate::message::Place::Room(_) => format!("{}{command}", self.settings.prefix),
            crate::message::Place::Direct(_) | crate::message::Place::Nick { .. } => command.to_owned(),
        }
    }
}

impl fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("message", self.message)
            .field("person", &self.person)
            .finish_non_exhaustive()
    }
}
