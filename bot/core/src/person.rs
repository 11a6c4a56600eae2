//! People, and which accounts are theirs. Only accounts lead to a person; a nick never does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::id::{NetworkId, PersonId, RoleName};
use crate::message::{Account, Sender};

/// A human.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name they are known by.
    pub id: PersonId,
    /// What they are allowed things for.
    pub roles: BTreeSet<RoleName>,
    /// Their accounts, on any number of networks.
    pub accounts: Vec<Account>,
}

impl Person {
    /// Their account on a network.
    pub fn account_on(&self, network: &NetworkId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.network == *network)
    }

    /// Where they hear of what was asked for on a network: there, else on the first network of theirs.
    pub fn reached_from(&self, network: &NetworkId) -> Option<&Account> {
        self.account_on(network).or(self.accounts.first())
    }
}

/// Everybody.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    people: Vec<Arc<Person>>,
    by_account: HashMap<Account, Arc<Person>>,
}

/// Two people have the same account or the same name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DirectoryError {
    /// An account leads to one person only.
    #[error("the account {account} belongs to both {first} and {second}; an account is one person's")]
    SharedAccount {
        /// The account.
        account: Account,
        /// One of them.
        first: PersonId,
        /// The other.
        second: PersonId,
    },
    /// A name is one person's.
    #[error("there are two people called {0}; give one of them another name")]
    SameName(PersonId),
}

impl Directory {
    /// Builds the directory.
    pub fn new(people: impl IntoIterator<Item = Person>) -> Result<Self, DirectoryError> {
        let mut directory = Self::default();
        for person in people {
            let person = Arc::new(person);
            if directory.person(&person.id).is_some() {
                return Err(DirectoryError::SameName(person.id.clone()));
            }
            for account in &person.accounts {
                if let Some(other) = directory.by_account.insert(account.clone(), Arc::clone(&person)) {
                    return Err(DirectoryError::SharedAccount {
                        account: account.clone(),
                        first: other.id.clone(),
                        second: person.id.clone(),
                    });
                }
            }
            directory.people.push(person);
        }
        Ok(directory)
    }

    /// Everybody, in the order of the configuration.
    pub fn people(&self) -> &[Arc<Person>] {
        &self.people
    }

    /// The person with this name.
    pub fn person(&self, id: &PersonId) -> Option<&Arc<Person>> {
        self.people.iter().find(|person| person.id == *id)
    }

    /// The person who owns the account that the network proves, if it proves one.
    pub fn who(&self, sender: &Sender) -> Option<&Arc<Person>> {
        self.by_account.get(sender.account.as_ref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Assurance;

    fn person(name: &str, account: &str) -> Person {
        let account = Account {
            network: "irc".into(),
            name: account.into(),
        };
        Person {
            id: name.into(),
            roles: BTreeSet::new(),
            accounts: vec![account],
        }
    }

    #[test]
    fn a_nick_leads_to_nobody() {
        let directory = Directory::new([person("alice", "alice")]).unwrap();
        let mut sender = Sender {
            nick: "alice".into(),
            account: None,
            assurance: Assurance::Nick,
        };
        assert_eq!(directory.who(&sender), None);
        sender.account = Some(Account {
            network: "irc".into(),
            name: "alice".into(),
        });
        assert_eq!(directory.who(&sender).unwrap().id, "alice".into());
    }

    #[test]
    fn whoever_is_not_on_a_network_is_reached_on_their_first() {
        let mut alice = person("alice", "alice");
        let local = Account {
            network: "local".into(),
            name: "1000".into(),
        };
        assert_eq!(alice.reached_from(&"local".into()), alice.accounts.first());
        alice.accounts.push(local.clone());
        assert_eq!(alice.reached_from(&"local".into()), Some(&local));
        alice.accounts.clear();
        assert_eq!(alice.reached_from(&"local".into()), None);
    }

    #[test]
    fn an_account_is_one_persons() {
        let error = Directory::new([person("alice", "a"), person("bob", "a")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the account a on irc belongs to both alice and bob; an account is one person's"
        );
    }
}
