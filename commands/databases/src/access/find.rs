//! Which account is meant: by its name, by the name behind the prefix, or by the id of its access.

use countersign_core::access::{Access, PREFIX};
use countersign_core::command::Ask;
use countersign_core::id::AccessId;
use countersign_core::refusal::Refusal;
use countersign_core::store::AccessesWhere;
use countersign_core::text::{list, visible};

use crate::args::Which;
use crate::databases::{Database, Databases, Role};

/// An account that was named.
pub(super) struct Found<'d> {
    pub(super) database: &'d Database,
    /// The account, without its host.
    pub(super) account: String,
    /// What is known of it.
    pub(super) record: Option<Access>,
}

/// The account that is meant. One that only the configuration knows has no record.
pub(super) async fn find<'d>(
    databases: &'d Databases,
    ask: &Ask<'_>,
    which: &Which,
) -> Result<Found<'d>, Refusal> {
    let typed = which.account.trim();
    let named = which.db.as_deref().map(|db| databases.get(db)).transpose()?;
    let among = |database: &&Database| named.is_none_or(|named| named.target == database.target);
    let mut found = Vec::new();
    for database in databases.iter().filter(among) {
        for account in spellings(typed) {
            let record = ask.store.access_of(&database.target, &account).await?;
            if record.is_some() || is_service(database, &account) {
                found.push(Found {
                    database,
                    account,
                    record,
                });
                break;
            }
        }
    }
    if found.len() > 1 {
        let places = list(found.iter().map(|found| &found.database.target));
        return Err(Refusal::new(format!("{} is on {places}", visible(typed))).hint("Add --db <database>."));
    }
    if let Some(found) = found.pop() {
        return Ok(found);
    }
    match by_id(databases, ask, typed).await? {
        Some(found) if among(&found.database) => return Ok(found),
        _ => {}
    }
    for database in databases.iter().filter(among) {
        if let Some(found) = ended(ask, database, typed).await? {
            return Ok(found);
        }
    }
    Err(unknown(ask, typed))
}

/// The last of this name, if all have ended.
async fn ended<'d>(ask: &Ask<'_>, database: &'d Database, typed: &str) -> Result<Option<Found<'d>>, Refusal> {
    for account in spellings(typed) {
        let which = AccessesWhere::Named {
            database: database.target.clone(),
            account: account.clone(),
            limit: 1,
        };
        if let Some(record) = ask.store.accesses(which).await?.pop() {
            return Ok(Some(Found {
                database,
                account,
                record: Some(record),
            }));
        }
    }
    Ok(None)
}

/// The record of what was found; a program's account that the bot did not make has none.
pub(super) fn recorded(ask: &Ask<'_>, found: &Found<'_>) -> Result<Access, Refusal> {
    found.record.clone().ok_or_else(|| {
        let target = &found.database.target;
        Refusal::new(format!(
            "{} on {target} was there before me, and I keep no record of it",
            found.account
        ))
        .hint(format!(
            "Its password: {}; its tables: {}",
            ask.type_(&format!("db passwd {target} {}", found.account)),
            ask.type_(&format!("db access refresh {target}"))
        ))
    })
}

async fn by_id<'d>(
    databases: &'d Databases,
    ask: &Ask<'_>,
    typed: &str,
) -> Result<Option<Found<'d>>, Refusal> {
    let Some(id) = AccessId::typed(typed) else {
        return Ok(None);
    };
    let Some(access) = ask.store.access(&id).await? else {
        return Ok(None);
    };
    let database = databases.at(&access.database)?;
    Ok(Some(Found {
        database,
        account: access.account.clone(),
        record: Some(access),
    }))
}

/// `dave` may be a program's account, or a person's behind the prefix.
fn spellings(typed: &str) -> [String; 2] {
    [typed.to_owned(), format!("{PREFIX}{typed}")]
}

fn is_service(database: &Database, account: &str) -> bool {
    let known = database.known(account);
    known.is_some_and(|known| matches!(known.role, Role::Service { .. }))
}

fn unknown(ask: &Ask<'_>, typed: &str) -> Refusal {
    Refusal::new(format!("I know of no account {}", visible(typed)))
        .hint(format!("{} names them.", ask.type_("db access list")))
}
