//! Where things are, without fetching a secret: for those who may read the configuration and not the bot's secrets.

use std::path::{Path, PathBuf};

use super::document::Document;
use super::{ConfigError, Sections};

/// Where things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The data folder.
    pub data: PathBuf,
    /// The local socket.
    pub socket: PathBuf,
}

impl Places {
    /// Reads only this of a file. The rest must be there and be of the right types, and is not checked further.
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
