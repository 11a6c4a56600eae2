//! `[[database.account]]`: accounts that the bot did not make and looks after.

use countersign_core::id::{PersonId, TargetName};
use countersign_heroku::is_config_var_name;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Around, OURS, app_called};
use crate::config::document::{Key, Problems, did_you_mean};

/// What a plain name is, for whoever wrote another.
pub(super) const PLAIN: &str = "write small letters, digits and _, a letter first, 32 at most, like \"redash\"; host parts are not written";

/// An account that the bot did not make and looks after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the server calls it.
    pub name: String,
    /// Whose it is.
    pub role: Role,
}

/// Whose an account is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A service that reads; this person looks after it.
    Service {
        /// The person.
        owner: PersonId,
    },
    /// An app logs in with it.
    App {
        /// The app.
        app: TargetName,
        /// The config var that holds its address with the password.
        var: String,
    },
}

/// An account that the bot did not make: that of a service, with an owner, or the one that an app logs in with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountSection {
    /// What the server calls it, without a host: it is the account for every host.
    #[schemars(example = &"activedata")]
    name: String,
    /// The person who looks after the service that reads with it: they hear when its password changes.
    #[serde(default)]
    #[schemars(with = "Option<String>", example = &"carol")]
    owner: Option<PersonId>,
    /// The app that logs in with it, instead of an owner.
    #[serde(default)]
    #[schemars(with = "Option<String>", example = &"prod")]
    app: Option<TargetName>,
    /// The config var of the app that holds the address with the password. `DATABASE_URL` if absent.
    #[serde(default)]
    #[schemars(example = &"DATABASE_URL")]
    var: Option<String>,
}

/// The accounts of a database. `user` is the bot's own.
pub(super) fn resolve(
    written: Vec<AccountSection>,
    user: &str,
    database: &Key,
    around: &Around<'_>,
    problems: &mut Problems<'_>,
) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for (index, section) in written.into_iter().enumerate() {
        let key = database.field("account").item(index);
        check(&section.name, user, &accounts, &key.field("name"), problems);
        if let Some(account) = section.resolve(&key, around, problems) {
            accounts.push(account);
        }
    }
    accounts
}

fn check(name: &str, user: &str, others: &[Account], key: &Key, problems: &mut Problems<'_>) {
    if !is_plain(name) {
        problems.add(key, format!("{name:?} is no plain name of an account"), PLAIN);
    } else if name == user {
        problems.add(
            key,
            format!("{name} is the bot's own account, the user of this database"),
            "make the bot an account of its own: whoever changed this password would shut the bot out",
        );
    } else if name.starts_with(OURS) {
        problems.add(
            key,
            format!("{name} looks like an account that the bot gave to somebody"),
            "names that begin with cs_ are the bot's; take it out, or rename the account",
        );
    } else if others.iter().any(|other| other.name == name) {
        problems.add(
            key,
            format!("there are two accounts called {name}"),
            "take one of them out",
        );
    }
}

impl AccountSection {
    fn resolve(self, key: &Key, around: &Around<'_>, problems: &mut Problems<'_>) -> Option<Account> {
        let role = match (self.owner, self.app, self.var) {
            (Some(owner), None, None) => {
                if around.people.iter().all(|person| person.id != owner) {
                    let known: Vec<&str> = around.people.iter().map(|person| person.id.as_str()).collect();
                    let help = did_you_mean(owner.as_str(), &known);
                    problems.add(&key.field("owner"), format!("there is no person {owner}"), help);
                }
                Role::Service { owner }
            }
            (None, Some(app), var) => {
                app_called(&app, &key.field("app"), around, problems);
                let var = var.unwrap_or_else(|| "DATABASE_URL".to_owned());
                if !is_config_var_name(&var) {
                    problems.add(
                        &key.field("var"),
                        format!("{var:?} is no name of a config var"),
                        "write letters, digits and _, like \"DATABASE_URL\"",
                    );
                }
                Role::App { app, var }
            }
            (Some(_), Some(_), _) => {
                problems.add(
                    &key.field("owner"),
                    format!("{} has an owner and an app", self.name),
                    "leave one of them out: a service has an owner, and an app logs in for itself",
                );
                return None;
            }
            (Some(_), None, Some(_)) => {
                problems.add(
                    &key.field("var"),
                    format!("{} has a config var and no app", self.name),
                    "take var out, or write app instead of owner",
                );
                return None;
            }
            (None, None, _) => {
                problems.add(
                    &key.field("name"),
                    format!("nobody looks after {}", self.name),
                    "write owner with a person's name, or app with the app that logs in with it",
                );
                return None;
            }
        };
        Some(Account {
            name: self.name,
            role,
        })
    }
}

/// `[a-z][a-z0-9_]{0,31}`: what needs no quotes and is the same on every server.
pub(super) fn is_plain(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(rest)
}
