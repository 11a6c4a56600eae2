//! `db <what> …`: the databases, who may read them, and their passwords. No password passes through chat: it leaves by a
//! secret link, or stays where it is used.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec, decide};
use countersign_core::id::TargetName;
use countersign_core::plan::Effect;
use countersign_core::policy::Decision;
use countersign_core::refusal::Refusal;

use crate::args::{AccessVerb, Args, Verb};
use crate::databases::Databases;
use crate::{access, list, passwd, refresh, show};

/// The command.
pub(crate) const NAME: &str = "db";

/// The command.
pub(crate) struct Db {
    databases: Arc<Databases>,
}

impl Db {
    pub(crate) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    /// The target that is meant by what was typed: a database has its app's name too.
    fn meant<'a>(&'a self, typed: &'a str) -> &'a str {
        let found = self.databases.find(typed);
        found.map_or(typed, |database| database.target.as_str())
    }

    fn meant_or_usual<'a>(&'a self, typed: Option<&'a str>) -> Option<&'a str> {
        match typed {
            Some(typed) => Some(self.meant(typed)),
            None => self.databases.usual().map(|database| database.target.as_str()),
        }
    }
}

#[async_trait]
impl Command for Db {
    type Args = Args;

    fn spec(&self) -> Spec {
        Spec {
            name: NAME,
            aliases: &[],
            effect: Effect::Destructive,
            examples: &[
                "db list",
                "db show prod-db",
                "db access grant dave --for dave --days 14",
                "db access list",
                "db access check cs_dave",
                "db access renew cs_dave --days 30",
                "db access revoke cs_dave",
                "db access refresh prod-db",
                "db passwd prod-db activedata",
            ],
            stopped_by_hold: false,
        }
    }

    fn effect(&self, args: &Args) -> Effect {
        match &args.verb {
            Verb::List {} | Verb::Show { .. } => Effect::Read,
            Verb::Passwd(_) => Effect::Destructive,
            Verb::Access { verb } => match verb {
                AccessVerb::List { .. } | AccessVerb::Show(_) => Effect::Read,
                AccessVerb::Check(_) | AccessVerb::Renew(_) | AccessVerb::Refresh(_) => Effect::Change,
                AccessVerb::Grant(_) | AccessVerb::Revoke(_) => Effect::Destructive,
            },
        }
    }

    fn target<'a>(&'a self, args: &'a Args) -> Option<&'a str> {
        match &args.verb {
            Verb::List {} => None,
            Verb::Show { target } => Some(self.meant(target)),
            Verb::Passwd(passwd) => Some(self.meant(passwd.database())),
            Verb::Access { verb } => match verb {
                AccessVerb::List { db } => db.as_deref().map(|db| self.meant(db)),
                AccessVerb::Grant(grant) => self.meant_or_usual(grant.db.as_deref()),
                AccessVerb::Show(which) => self.meant_or_usual(which.db.as_deref()),
                AccessVerb::Check(checked) | AccessVerb::Revoke(checked) => {
                    self.meant_or_usual(checked.which.db.as_deref())
                }
                AccessVerb::Renew(renew) => self.meant_or_usual(renew.which.db.as_deref()),
                AccessVerb::Refresh(refresh) => self.meant_or_usual(refresh.database()),
            },
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
        let databases = &*self.databases;
        match args.verb {
            Verb::List {} => Ok(Outcome::Reply(list::reply(databases, ask))),
            Verb::Show { target } => show::reply(databases, databases.get(&target)?, ask).await,
            Verb::Passwd(passwd) => passwd::plan(databases, ask, passwd).await,
            Verb::Access { verb } => match verb {
                AccessVerb::Grant(grant) => access::grant(databases, ask, grant).await,
                AccessVerb::List { db } => access::list(databases, ask, db.as_deref()).await,
                AccessVerb::Show(which) => access::show(databases, ask, &which).await,
                AccessVerb::Check(checked) => access::check(databases, ask, checked).await,
                AccessVerb::Renew(renew) => access::renew(databases, ask, renew).await,
                AccessVerb::Revoke(checked) => access::revoke(databases, ask, checked).await,
                AccessVerb::Refresh(refresh) => refresh::plan(databases, ask, refresh).await,
            },
        }
    }
}

/// Looking at an account is about its database, which may turn out to be another than the one that policy was asked about.
pub(crate) fn may_look(ask: &Ask<'_>, database: &TargetName) -> Result<(), Refusal> {
    match decide(ask, NAME, Some(Effect::Read), Some(database)) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => {
            let words = format!("you may not look at {database}: {}", denial.words);
            Err(Refusal::new(words))
        }
    }
}
