//! `[[person]]`: whom the bot knows.

use countersign_core::id::{AccountName, NetworkId, PersonId, RoleName};
use countersign_core::message::Account;
use countersign_core::person::{Directory, DirectoryError, Person};
use schemars::JsonSchema;
use serde::Deserialize;

use super::check_name;
use super::document::{Key, Problems, did_you_mean};
use super::network::{CONSOLE, LOCAL, Networks};

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
    /// The network: the name of an `[[irc]]` section, or `local` for this machine.
    #[schemars(with = "String", example = &"libera")]
    network: NetworkId,
    /// The name of the account there; on `local` the number of the user, as `id -u` says it.
    #[schemars(with = "String", example = &"alice")]
    name: AccountName,
}

/// Everybody; nobody if two of them cannot be told apart.
pub(super) fn directory(people: &[Person], networks: &Networks, problems: &mut Problems<'_>) -> Directory {
    check(people, networks, problems);
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

/// The same people, each with the one account of their own name in the terminal.
pub(super) fn in_terminal(directory: &Directory) -> Directory {
    let people = directory.people().iter().map(|person| Person {
        accounts: vec![Account {
            network: CONSOLE.into(),
            name: person.id.as_str().into(),
        }],
        ..Person::clone(person)
    });
    // The names are different already, so the accounts are.
    Directory::new(people).unwrap_or_default()
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

fn check(people: &[Person], networks: &Networks, problems: &mut Problems<'_>) {
    let known = networks.with_accounts();
    for (index, person) in people.iter().enumerate() {
        let key = Key::of("person").item(index);
        check_name("a person", person.id.as_str(), &key.field("name"), problems);
        for (at, account) in person.accounts.iter().enumerate() {
            let key = key.field("accounts").item(at);
            let (network, name) = (account.network.as_str(), account.name.as_str());
            if !known.contains(&network) {
                problems.add(
                    &key.field("network"),
                    format!("there is no network {network}"),
                    did_you_mean(network, &known),
                );
            } else if network == LOCAL && !is_user(name) {
                problems.add(
                    &key.field("name"),
                    format!("{name:?} is not the number of a user"),
                    "on this machine an account is a number, like \"1000\": id -u says it",
                );
            } else {
                check_name("an account", name, &key.field("name"), problems);
            }
        }
    }
}

/// Written as the operating system writes it: `01000` would be an account that nobody has.
fn is_user(name: &str) -> bool {
    name.parse::<u32>().is_ok_and(|number| number.to_string() == name)
}
