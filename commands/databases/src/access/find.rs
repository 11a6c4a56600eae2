//! Which account is meant: by its name, by the name behind the prefix, or by the id of its access.

use countersign_core::access::{Access, Kind, PREFIX};
use countersign_core::command::{Ask, closest};
use countersign_core::id::{AccessId, TargetName};
use countersign_core::refusal::Refusal;
use countersign_core::store::AccessesWhere;
use countersign_core::text::{either, list, visible};

use crate::args::Which;
use crate::databases::{Database, Databases, Role};
use crate::db::may_look;

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
    Err(unknown(databases, ask, named, typed).await?)
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

/// What is like it is named, of what this person may look at.
async fn unknown(
    databases: &Databases,
    ask: &Ask<'_>,
    named: Option<&Database>,
    typed: &str,
) -> Result<Refusal, Refusal> {
    let is_seen = |target: &TargetName| {
        named.is_none_or(|named| named.target == *target) && may_look(ask, target).is_ok()
    };
    let open = ask.store.accesses(AccessesWhere::Open { database: None }).await?;
    let given = open
        .into_iter()
        .filter(|access| access.kind != Kind::Twin && is_seen(&access.database))
        .map(|access| access.account);
    let configured = databases
        .iter()
        .filter(|database| is_seen(&database.target))
        .flat_map(Database::services)
        .map(|(name, _)| name.to_string());
    let names: Vec<String> = given.chain(configured).collect();
    let refusal = Refusal::new(format!("I know of no account {}", visible(typed)));
    Ok(refusal.hint(match nearest(typed, &names).as_slice() {
        [] => format!("{} names them.", ask.type_("db access list")),
        near => format!("Did you mean {}?", either(near)),
    }))
}

/// The accounts whose names are like what was typed, with our prefix or without, in whatever case.
pub(crate) fn nearest<'n>(typed: &str, names: &'n [String]) -> Vec<&'n str> {
    let typed = typed.trim().to_lowercase();
    let bare = |name: &'n str| name.strip_prefix(PREFIX).unwrap_or(name);
    let near = closest(
        typed.strip_prefix(PREFIX).unwrap_or(&typed),
        names.iter().map(|name| bare(name)),
    );
    let is_it = |near: &&str| names.iter().map(String::as_str).find(|name| bare(name) == *near);
    near.iter().filter_map(is_it).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_another_case_and_spaces_lead_to_the_account_that_is_meant() {
        let names = ["cs_carol", "activedata", "cs_dave"].map(str::to_owned);
        for (typed, meant) in [
            ("carl", &["cs_carol"][..]),
            ("cs_carl", &["cs_carol"]),
            ("CS_Carol", &["cs_carol"]),
            (" carol ", &["cs_carol"]),
            ("ActiveDate", &["activedata"]),
            ("erin", &[]),
        ] {
            assert_eq!(nearest(typed, &names), meant, "{typed:?}");
        }
    }
}
