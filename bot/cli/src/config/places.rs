//! Where things are, without fetching a secret: for those who may read the configuration and not the bot's secrets.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::Document;
use super::local::LocalSection;
use super::{Bot, ConfigError};

/// Where things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The data folder.
    pub data: PathBuf,
    /// The local socket.
    pub socket: PathBuf,
}

/// What is read of the file.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sections {
    bot: BotSection,
    local: LocalSection,
}

#[derive(Deserialize)]
#[serde(default)]
struct BotSection {
    data: PathBuf,
}

impl Default for BotSection {
    fn default() -> Self {
        Self {
            data: Bot::default().data,
        }
    }
}

impl Places {
    /// Reads only this of a file. What else is in it may be wrong: the bot that runs has an older one.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(source) => return Err(ConfigError::Read { name, source }),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let written: Sections = Document::new(&name, &text).read()?;
        let data = folder.join(written.bot.data);
        Ok(Self {
            socket: written.local.resolve(folder, &data).socket,
            data,
        })
    }
}
