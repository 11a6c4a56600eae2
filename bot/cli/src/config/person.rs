//! `[[person]]`: whom the bot knows.

use countersign_core::id::{AccountName, NetworkId, PersonId, RoleName};
use countersign_core::message::Account;
use countersign_core::person::{Directory, DirectoryError, Person};
use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{Key, Problems, did_you_mean};
use super::{CONSOLE, check_name};

/// Somebody whom the bot knows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonSection {
    /// The name they are known by.
    #[schemars(with = "String", example = &"alice")]
    name: PersonId,
    /// What they are allowed things for. A role is any word that rules use.
    #[serde(default)]
    #[schemars(with = "Vec<String>", example = ["deployer"])]
    roles: Vec<RoleName>,
    /// Their accounts, as the networks prove them. A nick is no account.
    #[serde(default)]
    accounts: Vec<AccountSection>,
}

/// An account on a network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountSection {
    /// The network; `console` is the only one so far.
    #[schemars(with = "String", example = &"console")]
    network: NetworkId,
    /// The name of the account there.
    #[schemars(with = "String", example = &"alice")]
    name: AccountName,
}

/// Everybody; nobody if two of them cannot be told apart.
pub(super) fn directory(people: &[Person], problems: &mut Problems<'_>) -> Directory {
    check(people, problems);
    Directory::new(people.iter().cloned()).unwrap_or_else(|error| {
        let (person, field) = match &error {
            DirectoryError::SharedAccount { second, .. } => (second, "accounts"),
            DirectoryError::SameName(name) => (name, "name"),
        };
        let last = people
            .iter()
            .rposition(|other| other.id == *person)
            .unwrap_or_default();
        problems.say(&Key::of("person").item(last).field(field), &error);
        Directory::default()
    })
}

impl From<PersonSection> for Person {
    fn from(written: PersonSection) -> Self {
        let accounts = written.accounts.into_iter().map(|account| Account {
            network: account.network,
            name: account.name,
        });
        Self {
            id: written.name,
            roles: written.roles.into_iter().collect(),
            accounts: accounts.collect(),
        }
    }
}

fn check(people: &[Person], problems: &mut Problems<'_>) {
    for (index, person) in people.iter().enumerate() {
        let key = Key::of("person").item(index);
        check_name("a person", person.id.as_str(), &key.field("name"), problems);
        for (at, account) in person.accounts.iter().enumerate() {
            if account.network.as_str() != CONSOLE {
                problems.add(
                    &key.field("accounts").item(at).field("network"),
                    format!("there is no network {}", account.network),
                    did_you_mean(account.network.as_str(), &[CONSOLE]),
                );
            }
        }
    }
}
