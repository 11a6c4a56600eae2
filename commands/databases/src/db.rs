//! `db <what> …`: the databases, who may read them, and their passwords. No password passes through chat: it leaves by a
//! secret link, or stays where it is used.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec, decide};
use countersign_core::id::{CommandPath, TargetName};
use countersign_core::plan::Effect;
use countersign_core::policy::Decision;
use countersign_core::refusal::Refusal;
use countersign_core::settings::TargetKind;

use crate::args::{AccessVerb, Args, Verb};
use crate::databases::{Database, Databases, find, usual};
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
                "db access grant redash --reason \"dashboards\"",
                "db access list",
                "db access list --db prod-db",
                "db access show cs_dave",
                "db access check cs_dave",
                "db access renew cs_dave --days 30",
                "db access revoke cs_dave",
                "db access refresh prod-db",
                "db passwd prod-db activedata",
            ],
            stopped_by_hold: false,
        }
    }

    fn takes(&self) -> Option<TargetKind> {
        Some(TargetKind::Database)
    }

    fn effect(&self, args: &Args) -> Effect {
        effect(args)
    }

    fn target<'a>(&'a self, args: &'a Args) -> Option<&'a str> {
        target(self.databases.all(), args)
    }

    /// What renews and revokes writes our own records down; the keeper follows them.
    fn needs_the_target(&self, path: &CommandPath) -> bool {
        !matches!(path.as_str(), "db access renew" | "db access revoke")
    }

    async fn run(&self, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
        let databases = &*self.databases;
        match args.verb {
            Verb::List {} => Ok(Outcome::Reply(list::reply(databases, |target| {
                may_look(ask, target).is_ok()
            }))),
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

/// What a use of it does.
fn effect(args: &Args) -> Effect {
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

/// The database that is meant, by the name that policy knows it by.
fn target<'a>(all: &'a [Database], args: &'a Args) -> Option<&'a str> {
    let named = |typed: &'a str| Some(find(all, typed).map_or(typed, |database| database.target.as_str()));
    let usual = || usual(all).map(|database| database.target.as_str());
    let named_or_usual = |typed: Option<&'a str>| typed.map_or_else(usual, named);
    match &args.verb {
        Verb::List {} => None,
        Verb::Show { target } => named(target),
        Verb::Passwd(passwd) => named(passwd.database()),
        Verb::Access { verb } => match verb {
            AccessVerb::List { db } => db.as_deref().and_then(named),
            AccessVerb::Grant(grant) => named_or_usual(grant.db.as_deref()),
            AccessVerb::Show(which) => named_or_usual(which.db.as_deref()),
            AccessVerb::Check(checked) | AccessVerb::Revoke(checked) => {
                named_or_usual(checked.which.db.as_deref())
            }
            AccessVerb::Renew(renew) => named_or_usual(renew.which.db.as_deref()),
            AccessVerb::Refresh(refresh) => named_or_usual(refresh.database()),
        },
    }
}

/// Looking at an account is about its database, which may turn out to be another than the one that policy was asked about.
pub(crate) fn may_look(ask: &Ask<'_>, database: &TargetName) -> Result<(), Refusal> {
    match decide(ask, ask.path, Some(Effect::Read), Some(database)) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => {
            let words = format!("you may not look at {database}: {}", denial.words);
            Err(Refusal::new(words))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;
    use crate::databases::tests::{prod, stage};

    fn args(line: &str) -> Args {
        let grammar = clap::Command::new(NAME).no_binary_name(true);
        let grammar = <Args as clap::Args>::augment_args(grammar);
        let mut matches = grammar.try_get_matches_from(line.split_whitespace()).unwrap();
        Args::from_arg_matches_mut(&mut matches).unwrap()
    }

    #[test]
    fn policy_is_asked_about_the_database_that_is_meant() {
        let all = [prod(), stage()];
        for (line, does, on) in [
            ("list", Effect::Read, None),
            ("show prod", Effect::Read, Some("prod-db")),
            ("show prodd", Effect::Read, Some("prodd")),
            ("access list", Effect::Read, None),
            ("access list --db prod", Effect::Read, Some("prod-db")),
            ("access grant dave", Effect::Destructive, Some("prod-db")),
            (
                "access grant dave --db stage",
                Effect::Destructive,
                Some("stage-db"),
            ),
            ("access show cs_dave", Effect::Read, Some("prod-db")),
            ("access check cs_dave", Effect::Change, Some("prod-db")),
            ("access renew K7QM2X --days 3", Effect::Change, Some("prod-db")),
            (
                "access revoke cs_dave --db stage-db",
                Effect::Destructive,
                Some("stage-db"),
            ),
            ("access refresh stage", Effect::Change, Some("stage-db")),
            ("passwd prod th_admin", Effect::Destructive, Some("prod-db")),
        ] {
            let args = args(line);
            assert_eq!(effect(&args), does, "{line}");
            assert_eq!(target(&all, &args), on, "{line}");
        }
    }

    #[test]
    fn tables_are_named_with_commas_in_between() {
        let Verb::Access {
            verb: AccessVerb::Grant(grant),
        } = args("access grant dave --tables job,push --for erin").verb
        else {
            panic!("it is a grant");
        };
        assert_eq!(grant.tables, ["job", "push"]);
        assert_eq!(grant.person.as_deref(), Some("erin"));
    }
}
