//! The databases as the configuration describes them, and what their commands work with. Shared by every command, action
//! and keeper of this crate.

use std::fmt;
use std::sync::Arc;

use countersign_core::command::closest;
use countersign_core::id::{NetworkId, PersonId, TargetName};
use countersign_core::link::{self, Links};
use countersign_core::message::{Place, Room};
use countersign_core::operation::Trouble;
use countersign_core::person::Person;
use countersign_core::plan::Plan;
use countersign_core::random::Random;
use countersign_core::refusal::Refusal;
use countersign_core::secret::{Scrubber, Secret};
use countersign_core::settings::Settings;
use countersign_core::store::Store;
use countersign_core::text::{list, visible};
use countersign_core::time::{Duration, Timestamp, before};
use countersign_mysql::{Account, Password, Schema, Server, Trust, UserName};

use crate::classes::Classes;
use crate::passwd::AppUrls;

/// A database: a MySQL or MariaDB primary, perhaps with a replica that people may read.
#[derive(Clone, Debug)]
pub struct Database {
    /// What people call it.
    pub target: TargetName,
    /// The app that uses it; people may type that too.
    pub app: Option<TargetName>,
    /// The rooms that hear of everything that changes it.
    pub rooms: Vec<Room>,
    /// The schema that accounts are given tables of.
    pub schema: Schema,
    /// Where accounts are made. Its address is said to nobody.
    pub primary: Server,
    /// Where accounts are used.
    pub replica: Option<Server>,
    /// The replica's address as people are given it.
    pub replica_address: Option<(String, u16)>,
    /// Whom the servers' certificates are checked against.
    pub ca: Trust,
    /// When the last of these authorities ends.
    pub ca_expires: Option<Timestamp>,
    /// How many days an access lasts if nobody says.
    pub days: u32,
    /// How many it lasts at most, renewals included.
    pub max_days: u32,
    /// How long before its end the owner of an access is reminded.
    pub remind: Duration,
    /// Which tables may be read.
    pub classes: Classes,
    /// Accounts that were there before the bot.
    pub accounts: Vec<Known>,
}

/// An account that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The account, at any host.
    pub name: UserName,
    /// What it is for.
    pub role: Role,
}

/// What an account that the configuration names is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A program reads with it.
    Service {
        /// Who looks after that.
        owner: PersonId,
    },
    /// An app works with it.
    App {
        /// The app.
        app: TargetName,
        /// The config var with its address and password: `DATABASE_URL`.
        var: String,
    },
}

/// All databases, and what their commands work with.
pub struct Databases {
    all: Vec<Database>,
    pub(crate) store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    scrubber: Arc<Scrubber>,
    pub(crate) settings: Arc<Settings>,
    /// What passwords are handed out by, if there is a web side for it.
    links: Option<Links>,
    pub(crate) apps: Option<Arc<dyn AppUrls>>,
}

impl Databases {
    /// Puts them together. Nothing is asked of anybody yet.
    pub fn new(
        all: Vec<Database>,
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
        scrubber: Arc<Scrubber>,
        settings: Arc<Settings>,
        links: Option<Links>,
        apps: Option<Arc<dyn AppUrls>>,
    ) -> Self {
        Self {
            all,
            store,
            random,
            scrubber,
            settings,
            links,
            apps,
        }
    }

    /// All of them, in the order of the configuration.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Database> {
        self.all.iter()
    }

    /// The same, for those who look for one themselves.
    pub(crate) fn all(&self) -> &[Database] {
        &self.all
    }

    /// The database that people call this, by its own name or by its app's.
    pub(crate) fn get(&self, typed: &str) -> Result<&Database, Refusal> {
        chosen(&self.all, Some(typed))
    }

    /// The one that was named, or the usual one.
    pub(crate) fn chosen(&self, typed: Option<&str>) -> Result<&Database, Refusal> {
        chosen(&self.all, typed)
    }

    /// The database that a plan is about.
    pub(crate) fn of(&self, plan: &Plan) -> Result<&Database, Trouble> {
        let target = plan.target.as_ref().map_or("", |target| target.as_str());
        self.at(&TargetName::from(target))
    }

    /// The database that a record is about.
    pub(crate) fn at(&self, target: &TargetName) -> Result<&Database, Trouble> {
        let found = self.all.iter().find(|database| database.target == *target);
        found.ok_or_else(|| {
            Trouble::never(format!("{target} is no database in the configuration any more"))
                .hint("Whoever runs the bot puts it back, or ends its accounts by hand.")
        })
    }

    /// A new password for somebody, which no reply will ever hold.
    pub(crate) fn new_password(&self) -> Password {
        let password = self.throw_away();
        self.scrubber.learn(password.secret());
        password
    }

    /// A password that nobody is ever told. The scrubber does not remember it: it would remember one for every account
    /// that was ever made.
    pub(crate) fn throw_away(&self) -> Password {
        let mut bytes = zeroize::Zeroizing::new([0; 30]);
        self.random.fill(&mut *bytes);
        Password::hex(&bytes)
    }

    /// Where ids come from.
    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// Makes sure that no reply ever holds this.
    pub(crate) fn keep_secret(&self, secret: &Secret) {
        self.scrubber.learn(secret);
    }

    /// What secrets are handed out by; asked before anything is planned.
    pub(crate) fn links(&self) -> Result<&Links, Refusal> {
        self.links.as_ref().ok_or_else(link::unavailable)
    }

    /// The same for an operation, which began when there was one.
    pub(crate) fn links_still(&self) -> Result<&Links, Trouble> {
        self.links.as_ref().ok_or_else(|| {
            Trouble::never("the configuration has no web side any more, and nothing is handed out without it")
        })
    }

    /// Where somebody alone is reached most surely.
    pub(crate) fn directly(&self, person: &Person, asked_on: &NetworkId) -> Option<Place> {
        let surely = self
            .links
            .as_ref()
            .and_then(|links| links.place_of(person, asked_on));
        match surely {
            Some((place, _)) => Some(place),
            None => person.reached_from(asked_on).cloned().map(Place::Direct),
        }
    }

    /// Somebody whom the configuration names.
    pub(crate) fn person(&self, id: &PersonId) -> Result<&Arc<Person>, Trouble> {
        let person = self.settings.directory.person(id);
        person.ok_or_else(|| Trouble::never(format!("{id} is not in the configuration any more")))
    }
}

/// The database that people call this.
pub(crate) fn find<'d>(all: &'d [Database], typed: &str) -> Option<&'d Database> {
    let called = |database: &&Database| database.target.as_str() == typed;
    let used = |database: &&Database| database.app.as_ref().is_some_and(|app| app.as_str() == typed);
    all.iter().find(called).or_else(|| {
        let mut of_app = all.iter().filter(used);
        of_app.next().filter(|_| of_app.next().is_none())
    })
}

/// The one that is meant when none is named: the only one that people may read.
pub(crate) fn usual(all: &[Database]) -> Option<&Database> {
    let only = |database: &&Database| all.len() == 1 || database.replica.is_some();
    let mut readable = all.iter().filter(only);
    readable.next().filter(|_| readable.next().is_none())
}

/// The one that was named, or the usual one.
fn chosen<'d>(all: &'d [Database], typed: Option<&str>) -> Result<&'d Database, Refusal> {
    let names = || all.iter().map(|database| database.target.as_str());
    let Some(typed) = typed else {
        let which = || Refusal::new(format!("which database? There are: {}", list(names())));
        return usual(all).ok_or_else(|| which().hint("Add --db <database>."));
    };
    find(all, typed).ok_or_else(|| {
        let hint = match closest(typed, names()).first() {
            Some(near) => format!("Did you mean {near}?"),
            None if all.is_empty() => "None is configured.".to_owned(),
            None => format!("The databases are: {}.", list(names())),
        };
        Refusal::new(format!("there is no database {}", visible(typed))).hint(hint)
    })
}

impl Database {
    /// The account of this name that the configuration names.
    pub(crate) fn known(&self, name: &str) -> Option<&Known> {
        self.accounts.iter().find(|known| known.name.as_str() == name)
    }

    /// When the owner of an access is reminded of its end; not at all, if that would be at once.
    pub(crate) fn reminder(&self, ends: Timestamp, now: Timestamp) -> Option<Timestamp> {
        Some(before(ends, self.remind)).filter(|at| *at > now)
    }

    /// The programs' accounts, with their owners.
    pub(crate) fn services(&self) -> impl Iterator<Item = (&UserName, &PersonId)> {
        self.accounts.iter().filter_map(|known| match &known.role {
            Role::Service { owner } => Some((&known.name, owner)),
            Role::App { .. } => None,
        })
    }

    /// Both servers: the primary, and the replica if there is one.
    pub(crate) fn servers(&self) -> impl Iterator<Item = (Side, &Server)> {
        let replica = self.replica.as_ref().map(|replica| (Side::Replica, replica));
        std::iter::once((Side::Primary, &self.primary)).chain(replica)
    }
}

/// Which of a database's servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Where accounts are made.
    Primary,
    /// Where they are used.
    Replica,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        })
    }
}

/// An account of the bot's, which is one at every host.
pub(crate) fn anywhere(name: &UserName) -> Account {
    Account::anywhere(name.clone())
}

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.all.iter().map(|database| &database.target))
            .finish()
    }
}

#[cfg(test)]
pub(crate) mod tests;
