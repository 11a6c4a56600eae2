//! Config vars: an app's settings, most of them secret. Names may be shown, values never.
//!
//! `reference/domain.md` §2.2.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use countersign_http::Call;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use crate::{
    apps::AppName,
    client::Heroku,
    error::{ErrorKind, Refusal, Result},
    releases::ReleaseId,
};

/// Longer names are no names.
const LONGEST_NAME: usize = 128;

/// Whether a config var can be called this: Heroku takes letters, digits and `_`.
pub fn is_config_var_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(fits)
}

/// Config vars by name. Printing them prints their names.
#[derive(Clone, Default)]
pub struct ConfigVars(BTreeMap<String, SecretString>);

/// What is to be set and unset, all in one release. Printing it prints names.
#[derive(Clone, Default)]
pub struct ConfigUpdate(BTreeMap<String, Option<SecretString>>);

/// The names that differ between two sets of config vars.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigChanges {
    /// Only in the second.
    pub added: BTreeSet<String>,
    /// Only in the first.
    pub removed: BTreeSet<String>,
    /// In both, with different values.
    pub changed: BTreeSet<String>,
}

impl Heroku {
    /// The config vars that the app has now. After a failed release phase the running dynos may still have older ones.
    pub async fn config_vars(&self, app: &AppName) -> Result<ConfigVars> {
        self.client
            .fetch(&Call::get(["apps", app.as_str(), "config-vars"]).confidential())
            .await
    }

    /// Sets and unsets config vars, all of them or none, and returns those that the app has now.
    ///
    /// Heroku makes a release of it and runs the release phase, unless nothing differs; the answer does not name that
    /// release. There is no compare-and-swap, and if the release phase fails the new values stay. Sent once: see
    /// [`crate::Error::maybe_done`].
    pub async fn update_config_vars(&self, app: &AppName, update: &ConfigUpdate) -> Result<ConfigVars> {
        let call = Call::patch(["apps", app.as_str(), "config-vars"], update.body()).confidential();
        let updated = self.client.fetch(&call).await;
        // Heroku's own words may quote a value, so they are not kept; what is wrong can only be one of few things.
        updated.map_err(|error| match error.kind() {
            ErrorKind::Invalid => error.understood_as(ErrorKind::Refused(Refusal::ConfigRefused)),
            _ => error,
        })
    }

    /// The config vars that a release was made with, and that rolling back to it brings back.
    pub async fn release_config_vars(&self, app: &AppName, release: &ReleaseId) -> Result<ConfigVars> {
        let path = ["apps", app.as_str(), "releases", release.as_str(), "config-vars"];
        self.client.fetch(&Call::get(path).confidential()).await
    }
}

impl ConfigVars {
    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All names and values, in order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What would have to change for these to become `then`.
    pub fn changes_to(&self, then: &Self) -> ConfigChanges {
        let only_in = |here: &Self, there: &Self| {
            here.0
                .keys()
                .filter(|name| !there.0.contains_key(*name))
                .cloned()
                .collect()
        };
        let differs = |name: &&String| {
            let (now, then) = (self.0.get(*name), then.0.get(*name));
            now.zip(then)
                .is_some_and(|(now, then)| now.expose_secret() != then.expose_secret())
        };
        ConfigChanges {
            added: only_in(then, self),
            removed: only_in(self, then),
            changed: self.0.keys().filter(differs).cloned().collect(),
        }
    }
}

impl ConfigUpdate {
    /// Sets one.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: SecretString) -> Self {
        self.0.insert(name.into(), Some(value));
        self
    }

    /// Unsets one.
    #[must_use]
    pub fn unset(mut self, name: impl Into<String>) -> Self {
        self.0.insert(name.into(), None);
        self
    }

    fn body(&self) -> serde_json::Value {
        let value = |value: &Option<SecretString>| value.as_ref().map(|value| value.expose_secret().into());
        let vars = self
            .0
            .iter()
            .map(|(name, new)| (name.clone(), value(new).unwrap_or(serde_json::Value::Null)));
        serde_json::Value::Object(vars.collect())
    }
}

impl fmt::Debug for ConfigUpdate {
    /// `+` is set, `-` is unset.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |(name, value): (&String, &Option<SecretString>)| {
            format!("{}{name}", if value.is_some() { '+' } else { '-' })
        };
        f.debug_set().entries(self.0.iter().map(mark)).finish()
    }
}

impl ConfigChanges {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl fmt::Debug for ConfigVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<S: Into<String>> FromIterator<(S, SecretString)> for ConfigVars {
    fn from_iter<I: IntoIterator<Item = (S, SecretString)>>(vars: I) -> Self {
        Self(
            vars.into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }
}

impl<'de> Deserialize<'de> for ConfigVars {
    /// A variable that is `null` is one that isn't set.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let vars = BTreeMap::<String, Option<String>>::deserialize(deserializer)?;
        Ok(vars
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.into())))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> ConfigVars {
        pairs
            .iter()
            .map(|&(name, value)| (name, SecretString::from(value)))
            .collect()
    }

    #[test]
    fn a_name_is_what_heroku_takes() {
        for name in ["A", "DATABASE_URL", "a1_", "_X", "1A", &"A".repeat(128)] {
            assert!(is_config_var_name(name), "{name}");
        }
        for name in ["", "A-B", "A B", "A.B", "ÄRGER", "A=1", "$A", &"A".repeat(129)] {
            assert!(!is_config_var_name(name), "{name}");
        }
    }

    #[test]
    fn changes_are_told_by_name() {
        let now = vars(&[("DATABASE_URL", "new"), ("LANG", "C"), ("NEW", "1")]);
        let then = vars(&[("DATABASE_URL", "old"), ("LANG", "C"), ("OLD", "1")]);
        let changes = now.changes_to(&then);
        assert_eq!(changes.added, BTreeSet::from(["OLD".to_owned()]));
        assert_eq!(changes.removed, BTreeSet::from(["NEW".to_owned()]));
        assert_eq!(changes.changed, BTreeSet::from(["DATABASE_URL".to_owned()]));
        assert!(now.changes_to(&now).is_empty());
    }

    #[test]
    fn printing_shows_names_only() {
        assert_eq!(
            format!("{:?}", vars(&[("A", "CANARY"), ("B", "CANARY")])),
            r#"{"A", "B"}"#
        );
        let update = ConfigUpdate::default().set("A", "CANARY".into()).unset("B");
        assert_eq!(format!("{update:?}"), r#"{"+A", "-B"}"#);
    }
}
