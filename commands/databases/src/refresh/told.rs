//! What the owners of accounts hear of a refresh: what was taken from them, so that nobody looks for the reason elsewhere.

use std::collections::BTreeMap;

use countersign_core::id::PersonId;
use countersign_core::operation::{Run, Trouble};
use countersign_core::reply::{Post, Reply, Urgency};
use countersign_core::store::AccessesWhere;
use countersign_core::text::{count, list};
use countersign_mysql::UserName;

use super::look::Mend;
use crate::access::by;
use crate::databases::{Database, Databases};
use crate::intended::{Change, OnOne};
use crate::trouble::unstored;
use crate::words::some;

/// Names in one clause.
const NAMES: usize = 6;

/// One post for each owner, however many accounts are theirs. Who asked for it has read it in the plan.
pub(super) async fn owners(
    databases: &Databases,
    database: &Database,
    signed: &[Mend],
    run: &Run<'_>,
) -> Result<Vec<Post>, Trouble> {
    let owners = owners_of(databases, database).await?;
    let mut told: BTreeMap<PersonId, Vec<(Vec<UserName>, String)>> = BTreeMap::new();
    for mend in signed {
        let Some(lost) = lost(&mend.changes) else { continue };
        let mut owned: BTreeMap<PersonId, Vec<UserName>> = BTreeMap::new();
        for account in &mend.accounts {
            if let Some(owner) = owners.get(account.as_str()) {
                owned.entry(owner.clone()).or_default().push(account.clone());
            }
        }
        for (owner, accounts) in owned {
            told.entry(owner).or_default().push((accounts, lost.clone()));
        }
    }
    told.remove(&run.plan().requester);
    let asked_on = run.operation.origin.place.network();
    let post = |(owner, lost): (PersonId, Vec<(Vec<UserName>, String)>)| {
        let person = databases.person(&owner).ok()?;
        let mut post = Post::to(
            databases.directly(person, asked_on)?,
            said(database, &lost, &by(run)),
        );
        post.urgency = Urgency::Result;
        Some(post)
    };
    Ok(told.into_iter().filter_map(post).collect())
}

/// By account. Who looks after a program's account is what the configuration says now.
async fn owners_of(
    databases: &Databases,
    database: &Database,
) -> Result<BTreeMap<String, PersonId>, Trouble> {
    let open = AccessesWhere::Open {
        database: Some(database.target.clone()),
    };
    let open = databases.store.accesses(open).await.map_err(unstored)?;
    let given = open
        .into_iter()
        .filter_map(|access| Some((access.account, access.owner?)));
    let programs = database
        .services()
        .map(|(name, owner)| (name.to_string(), owner.clone()));
    Ok(given.chain(programs).collect())
}

/// A line for all accounts of which the same was taken.
fn said(database: &Database, lost: &[(Vec<UserName>, String)], by: &str) -> Reply {
    let mut reply = Reply::default();
    for (accounts, lost) in lost {
        let accounts = match accounts.len() {
            0..=NAMES => list(accounts),
            many => format!("{} of yours ({})", count(many, "account"), some(accounts, NAMES)),
        };
        reply = reply.and(format!("{}: from {accounts} was taken: {lost}.", database.target));
    }
    reply
        .and(format!(
            "{}: that was more than the configuration allows, and was mended for {by}. Is something missing? Whoever runs the \
             bot adds it to the database's tables.",
            database.target
        ))
        .whole()
}

/// What these changes take and do not give back; nothing, if they only give.
fn lost(changes: &[Change]) -> Option<String> {
    let mut tables = Vec::new();
    let mut parts = Vec::new();
    for change in changes {
        match change {
            Change::TakeGlobal(rights) => parts.push(format!("{} on everything", list(rights))),
            Change::TakeSchema(schema, rights) => {
                parts.push(format!("{} on all of {schema}", list(rights)));
            }
            Change::On(_, table, OnOne::TakeOther(rights)) => {
                parts.push(format!("{} on {table}", list(rights)));
            }
            Change::On(schema, table, OnOne::Take) => {
                let given = changes.iter().find_map(|change| match change {
                    Change::On(in_schema, on, one) if (in_schema, on) == (schema, table) => match one {
                        OnOne::Give => Some(None),
                        OnOne::GiveColumns(columns) => Some(Some(columns)),
                        OnOne::Take | OnOne::TakeOther(_) => None,
                    },
                    _ => None,
                });
                match given {
                    None => tables.push(table.to_string()),
                    Some(None) => {}
                    Some(Some(columns)) => tables.push(format!("all of {table} but {}", list(columns))),
                }
            }
            Change::On(..) => {}
        }
    }
    if !tables.is_empty() {
        let number = if tables.len() > NAMES {
            format!("{}: ", count(tables.len(), "table"))
        } else {
            String::new()
        };
        parts.push(format!("reading {number}{}", some(&tables, NAMES)));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests {
    use countersign_core::reply::{Block, plain_line};
    use countersign_mysql::Schema;

    use super::*;
    use crate::classes::tests::{column, table};
    use crate::databases::tests::prod;

    fn on(name: &str, one: OnOne) -> Change {
        let schema: Schema = "treeherder".parse().unwrap();
        Change::On(schema, table(name), one)
    }

    #[test]
    fn only_what_is_not_given_back_was_taken() {
        assert_eq!(lost(&[on("job", OnOne::Give)]), None);
        assert_eq!(lost(&[on("job", OnOne::Take), on("job", OnOne::Give)]), None);
        let columns = OnOne::GiveColumns(["id", "email"].map(column).into());
        let changes = [
            Change::TakeGlobal(["PROCESS".to_owned()].into()),
            on("auth_user", OnOne::Take),
            on("auth_user", columns),
            on("django_session", OnOne::Take),
            on("push", OnOne::TakeOther(["INSERT".to_owned()].into())),
            on("repository", OnOne::Give),
        ];
        assert_eq!(
            lost(&changes).unwrap(),
            "PROCESS on everything; INSERT on push; reading all of auth_user but email, id, django_session"
        );
        let many: Vec<Change> = (10..20).map(|n| on(&format!("t{n}"), OnOne::Take)).collect();
        assert_eq!(
            lost(&many).unwrap(),
            "reading 10 tables: t10, t11, t12, t13, t14, t15 and 4 more"
        );
    }

    #[test]
    fn an_owner_hears_in_one_post_of_all_accounts_what_and_why() {
        let names = |from: u32, to: u32| -> Vec<UserName> {
            (from..to).map(|n| format!("cs_a{n}").parse().unwrap()).collect()
        };
        let lost = [
            (names(1, 2), "reading django_session".to_owned()),
            (names(10, 20), "INSERT on push".to_owned()),
        ];
        let reply = said(&prod(), &lost, "alice, signed by bob");
        let line = |block: &Block| match block {
            Block::Line(line) => plain_line(line),
            other => panic!("{other:?}"),
        };
        let lines: Vec<String> = reply.blocks.iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "prod-db: from cs_a1 was taken: reading django_session.",
                "prod-db: from 10 accounts of yours (cs_a10, cs_a11, cs_a12, cs_a13, cs_a14, cs_a15 and 4 more) was taken: \
                 INSERT on push.",
                "prod-db: that was more than the configuration allows, and was mended for alice, signed by bob. Is something \
                 missing? Whoever runs the bot adds it to the database's tables.",
            ]
        );
    }
}
