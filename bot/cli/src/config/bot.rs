//! `[bot]`: what the bot is called and how it is spoken to.

use std::path::{Path, PathBuf};

use countersign_core::message::Room;
use countersign_core::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{Key, Problems};
use super::network::Networks;
use super::{check_name, span};

/// What the bot is called and how it is spoken to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bot {
    /// What the bot is called; a message that begins with it is a command.
    pub name: String,
    /// What commands begin with in rooms. In direct messages they need no prefix.
    pub prefix: String,
    /// A command older than this when it arrives, after an outage for example, is answered with "say it again" and
    /// not executed. A length of time.
    #[serde(with = "span")]
    #[schemars(with = "String")]
    pub stale_after: Duration,
    /// The rooms that hear of the bot's own troubles: that it was banned somewhere, that an operation waits for a
    /// person. Without any they are only logged.
    #[serde(rename = "tell")]
    #[schemars(example = ["#treeherder-ops"])]
    written_tell: Vec<String>,
    /// The rooms that hear of the bot's own troubles.
    #[serde(skip)]
    pub tell: Vec<Room>,
    /// The folder for what the bot must not lose: its store and its socket. A relative path starts at the folder of the
    /// configuration.
    #[schemars(with = "String")]
    pub data: PathBuf,
}

impl Default for Bot {
    fn default() -> Self {
        Self {
            name: "countersign".to_owned(),
            prefix: "!".to_owned(),
            stale_after: Duration::from_mins(5),
            written_tell: Vec::new(),
            tell: Vec::new(),
            data: PathBuf::from("data"),
        }
    }
}

impl Bot {
    /// Finds the rooms on their networks, and the folder.
    pub(super) fn resolve(&mut self, folder: &Path, networks: &Networks, problems: &mut Problems<'_>) {
        self.tell = networks.rooms(&self.written_tell, &Key::of("bot").field("tell"), problems);
        self.data = folder.join(&self.data);
    }

    pub(super) fn check(&self, problems: &mut Problems<'_>) {
        let bot = Key::of("bot");
        check_name("the bot", &self.name, &bot.field("name"), problems);
        if self.prefix.is_empty()
            || self
                .prefix
                .contains(|c: char| c.is_whitespace() || c.is_alphanumeric())
        {
            problems.add(
                &bot.field("prefix"),
                format!("{:?} is not a prefix", self.prefix),
                "use a sign that no sentence begins with, such as \"!\"",
            );
        }
    }
}
