//! `db passwd <database> <account>`: another password for an account. Nobody sees it on the way: the owner of an account
//! gets it by a secret link, and an app gets it in the config var that holds its database's address.

mod apps;
mod at_app;
mod at_server;
mod kept;
mod login;
mod owned;
mod plan_app;
mod plan_owned;
mod rotate;
mod rotated;
mod set;
mod url;

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::command::{Ask, Outcome};
use countersign_core::id::TargetName;
use countersign_core::operation::{Action, Trouble};
use countersign_core::plan::Plan;
use countersign_core::refusal::Refusal;
use countersign_core::text::{list, visible};
use countersign_mysql::UserName;
use serde_json::Value;

use crate::access::nearest;
use crate::databases::{Database, Databases, Role};

pub use apps::{AppUrls, Current, Wanted};
pub(crate) use set::set;

/// Give an account another password.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// On which database.
    #[arg(id = "target", value_name = "DATABASE")]
    database: String,
    /// Whose: cs_dave, a program's account or an app's.
    account: String,
    /// Set it at once, and not when its owner opens the link.
    #[arg(long)]
    now: bool,
    /// Why; those who sign and the audit say it.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Args {
    /// The database, as it was typed.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }
}

/// How the plans are executed: for accounts with an owner when the link is opened or at once, for an app's account with
/// two passwords for a while or without.
pub(crate) fn actions(databases: &Arc<Databases>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(owned::Owned::when_opened(Arc::clone(databases))),
        Arc::new(owned::Owned::at_once(Arc::clone(databases))),
        Arc::new(rotate::Rotate::with_two(Arc::clone(databases))),
        Arc::new(rotate::Rotate::with_one(Arc::clone(databases))),
    ]
}

/// Plans it.
pub(crate) async fn plan(databases: &Databases, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
    let database = databases.get(&args.database)?;
    let known = database.known(&args.account).cloned();
    match known.as_ref().map(|known| (&known.name, &known.role)) {
        Some((name, Role::App { app, var })) => {
            if args.now {
                return Err(always_now(&database.target, name, app, var));
            }
            let asked = plan_app::Asked {
                database,
                account: name,
                app,
                var,
                reason: args.reason,
            };
            plan_app::plan(databases, asked).await
        }
        Some((_, Role::Service { owner })) => {
            plan_owned::plan(databases, ask, database, Some(owner), args).await
        }
        None => plan_owned::plan(databases, ask, database, None, args).await,
    }
}

/// An app's password has no owner whose link it could wait for, so there is no choice to be made.
fn always_now(target: &TargetName, account: &UserName, app: &TargetName, var: &str) -> Refusal {
    let words = format!(
        "--now means nothing for {account}: {app} works with it, and its password always changes at once, together with \
         {app}'s {var}"
    );
    Refusal::new(words).hint(format!("Type !db passwd {target} {account}"))
}

/// There is no such account that the bot could change.
async fn unknown(databases: &Databases, database: &Database, typed: &str) -> Result<Refusal, Refusal> {
    let target = &database.target;
    if typed == database.primary.user().as_str() {
        let words = format!("{typed} is my own account on {target}, and I don't change my own password");
        return Ok(Refusal::new(words).hint(
            "Whoever runs the bot changes it at the server and in the configuration's environment, then restarts me.",
        ));
    }
    let open = countersign_core::store::AccessesWhere::Open {
        database: Some(target.clone()),
    };
    let open = databases.store.accesses(open).await?;
    let known = database.accounts.iter().map(|known| known.name.to_string());
    let names: Vec<String> = known
        .chain(open.into_iter().map(|access| access.account))
        .collect();
    let words = format!("I know no account {} on {target}", visible(typed));
    Ok(Refusal::new(words).hint(match nearest(typed, &names).as_slice() {
        [] if names.is_empty() => format!("There is none on {target}; !db access grant makes one."),
        [] => format!("!db access list --db {target} names them."),
        near => format!("Did you mean {}?", list(near)),
    }))
}

/// What a plan of ours says, all of it.
fn wanted<T: serde::de::DeserializeOwned>(plan: &Plan) -> Result<T, Trouble> {
    let fields = plan.parameters.clone().into_iter().collect();
    serde_json::from_value(Value::Object(fields)).map_err(|error| Trouble {
        source: Some(Box::new(error)),
        ..Trouble::never("the plan was made by another version of the bot, and this one can't read it")
            .hint("Ask again.")
    })
}

/// The same, to be written into a plan.
fn parameters(wanted: &impl serde::Serialize) -> Result<BTreeMap<String, Value>, Refusal> {
    match serde_json::to_value(wanted) {
        Ok(Value::Object(fields)) => Ok(fields.into_iter().collect()),
        _ => Err(Refusal::new("the plan can't be written down")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_always_happens_at_once_is_not_asked_for_as_if_it_were_a_choice() {
        let account = "th_admin".parse().unwrap();
        let no = always_now(&"prod-db".into(), &account, &"prod".into(), "DATABASE_URL");
        assert_eq!(
            no.sentence(),
            "--now means nothing for th_admin: prod works with it, and its password always changes at once, together with \
             prod's DATABASE_URL. Type !db passwd prod-db th_admin"
        );
    }
}
