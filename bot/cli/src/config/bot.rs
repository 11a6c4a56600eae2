//! `[bot]`: what the bot is called and how it is spoken to.

use countersign_core::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{Key, Problems};
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
}

impl Default for Bot {
    fn default() -> Self {
        Self {
            name: "countersign".to_owned(),
            prefix: "!".to_owned(),
            stale_after: Duration::from_mins(5),
        }
    }
}

impl Bot {
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
