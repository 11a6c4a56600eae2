//! The app whose URL the stories change: its config, and what it does with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::id::TargetName;
use countersign_core::operation::{Announcement, Progress, Run, Trouble};
use countersign_core::reply::Line;
use countersign_core::secret::Secret;
use countersign_databases::{AppUrls, Current, Wanted};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::VAR;
use crate::support::mysql::Pair;

/// An app's config, and the releases that came of it.
#[derive(Debug, Default)]
pub(super) struct App {
    pub(super) vars: Mutex<BTreeMap<String, String>>,
    /// The names that each release changed; the first is number 815.
    releases: Mutex<Vec<Vec<String>>>,
    /// What is the matter with Heroku.
    trouble: Mutex<Option<fn() -> Trouble>>,
}

impl App {
    pub(super) fn with(vars: &[(&str, &str)]) -> Arc<Self> {
        let vars = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Arc::new(Self {
            vars: Mutex::new(vars.collect()),
            ..Self::default()
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.vars.lock().unwrap().get(name).cloned()
    }

    /// The password in the URL; the rest of it must be what it was.
    pub(super) fn password(&self, pair: &Pair) -> String {
        let url = self.get(VAR).unwrap();
        let (_, port) = pair.primary();
        let rest = url.strip_prefix("mysql://th_admin:").unwrap();
        let password = rest.strip_suffix(&format!("@localhost:{port}/treeherder?x=%2F"));
        password.unwrap_or_else(|| panic!("{url}")).to_owned()
    }

    pub(super) fn released(&self) -> Vec<String> {
        let releases = self.releases.lock().unwrap();
        releases.iter().map(|names| names.join("+")).collect()
    }

    pub(super) fn has_trouble(&self, trouble: Option<fn() -> Trouble>) {
        *self.trouble.lock().unwrap() = trouble;
    }
}

#[async_trait]
impl AppUrls for App {
    async fn url(&self, _: &TargetName, var: &str) -> Result<Option<Secret>, Trouble> {
        Ok(self.get(var).map(Secret::from))
    }

    async fn now(&self, _: &TargetName) -> Result<Current, Trouble> {
        let newest = 814 + self.releases.lock().unwrap().len() as u64;
        Ok(Current {
            release: format!("v{newest}"),
            newest,
        })
    }

    async fn change(&self, _: &TargetName, set: &[Wanted], _: u64) -> Result<(), Trouble> {
        if let Some(trouble) = *self.trouble.lock().unwrap() {
            return Err(trouble());
        }
        let mut vars = self.vars.lock().unwrap();
        for (name, value) in set {
            match value {
                Some(value) => vars.insert(name.clone(), value.expose_secret().to_owned()),
                None => vars.remove(name),
            };
        }
        let names = set.iter().map(|(name, _)| name.clone()).collect();
        self.releases.lock().unwrap().push(names);
        Ok(())
    }

    async fn holds(&self, _: &TargetName, set: &[Wanted]) -> Result<bool, Trouble> {
        let is_so =
            |(name, value): &Wanted| self.get(name).as_deref() == value.as_ref().map(Secret::expose_secret);
        Ok(set.iter().all(is_so))
    }

    async fn made(&self, _: &TargetName, newest: u64, vars: &[&str]) -> Result<Option<u64>, Trouble> {
        let releases = self.releases.lock().unwrap();
        let ours = (815..).zip(releases.iter()).filter(|(number, names)| {
            *number > newest && names.iter().any(|name| vars.contains(&name.as_str()))
        });
        Ok(ours.last().map(|(number, _)| number))
    }

    async fn released(&self, _: &TargetName, _: u64, _: &str) -> Result<Progress, Trouble> {
        Ok(Progress::Done(json!(null)))
    }

    async fn live(&self, _: &TargetName, release: u64, _: &Run<'_>) -> Result<Progress, Trouble> {
        Ok(Progress::Done(
            json!({ "words": format!("v{release} live on 2 dynos") }),
        ))
    }

    async fn rollback_targets(&self, _: &TargetName) -> Result<Vec<String>, Trouble> {
        Ok(Vec::new())
    }

    fn news(&self, _: &TargetName, release: u64, what: &str, _: &Run<'_>) -> Result<Announcement, Trouble> {
        Ok(Announcement {
            key: format!("release/treeherder-prod/v{release}"),
            rooms: Vec::new(),
            line: Line::new(what),
        })
    }
}
