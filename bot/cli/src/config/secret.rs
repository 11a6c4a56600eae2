//! Where secrets are. The file says where; the secret itself never stands in it.

use std::path::{Path, PathBuf};

use countersign_core::secret::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{Key, Problems};
use super::irc;

/// The environment, as the binary passes it: the value of a variable.
pub type Environment<'e> = dyn Fn(&str) -> Option<String> + 'e;

/// Where a secret is: `{ env = "NAME" }` or `{ file = "PATH" }`, one of the two. The secret itself never stands in
/// the configuration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretSource {
    /// The environment variable that holds it.
    #[serde(default)]
    #[schemars(example = &"HEROKU_TOKEN")]
    env: Option<String>,
    /// The file that holds it; one newline at its end is not part of it. A relative path starts at the folder of
    /// the configuration.
    #[serde(default)]
    #[schemars(example = &"/run/secrets/heroku")]
    file: Option<PathBuf>,
}

impl SecretSource {
    /// The file that it is in, if it is in one.
    pub(super) fn path(&self, folder: &Path) -> Option<PathBuf> {
        self.file.as_ref().map(|file| folder.join(file))
    }
}

/// What is needed to fetch secrets.
pub(super) struct Sources<'a, 'd> {
    pub(super) folder: &'a Path,
    pub(super) env: &'a Environment<'a>,
    pub(super) problems: &'a mut Problems<'d>,
}

impl Sources<'_, '_> {
    /// The secret, or an empty one and a problem.
    pub(super) fn fetch(&mut self, source: &SecretSource, key: &Key) -> Secret {
        let fetched = match (&source.env, &source.file) {
            (Some(name), None) => self.variable(name),
            (None, Some(path)) => self.contents(path),
            (Some(_), Some(_)) => Err("both env and file are given; leave one of them out".to_owned()),
            (None, None) => Err(
                "neither env nor file is given; write { env = \"NAME\" } or { file = \"PATH\" }".to_owned(),
            ),
        };
        fetched.unwrap_or_else(|wrong| {
            self.problems.say(key, wrong);
            Secret::default()
        })
    }

    /// A file of certificates, or an empty text and a problem.
    pub(super) fn certificates(&mut self, path: &Path, key: &Key) -> String {
        let path = self.folder.join(path);
        let shown = path.display();
        let read = std::fs::read_to_string(&path).map_err(|error| {
            format!("{shown} cannot be read ({error}); make it a file that this user may read")
        });
        let text = read.and_then(|text| {
            if irc::has_certificates(&text) {
                Ok(text)
            } else {
                Err(format!(
                    "{shown} has no certificates; name a PEM file, which begins with -----BEGIN CERTIFICATE-----"
                ))
            }
        });
        text.unwrap_or_else(|wrong| {
            self.problems.say(key, wrong);
            String::new()
        })
    }

    fn variable(&self, name: &str) -> Result<Secret, String> {
        let value = (self.env)(name).ok_or_else(|| {
            format!("the environment has no {name}; set it to the secret before the bot starts")
        })?;
        whole(value).ok_or_else(|| format!("{name} is empty in the environment; set it to the secret"))
    }

    fn contents(&self, path: &Path) -> Result<Secret, String> {
        let path = self.folder.join(path);
        let shown = path.display();
        let value = std::fs::read_to_string(&path).map_err(|error| {
            format!("{shown} cannot be read ({error}); make it a file that this user may read")
        })?;
        whole(value).ok_or_else(|| format!("{shown} is empty; put the secret into it"))
    }
}

/// The value without the newline that editors put at the end; nothing if that leaves nothing.
fn whole(mut value: String) -> Option<Secret> {
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    (!value.trim().is_empty()).then(|| Secret::from(value))
}
