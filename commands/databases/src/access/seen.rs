//! What is there when an account is asked for: the servers, the tables, and accounts of the same name. It is the
//! fingerprint of a grant and of a check.

use countersign_core::plan::{Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::text::{join, list};
use countersign_mysql::{Account, UserName};
use serde_json::{Value, json};

use crate::databases::{Database, Side};
use crate::intended::Present;
use crate::replica::Evidence;
use crate::trouble::Fault;

/// The tables and their kinds, as one value.
const TABLES: &str = "tables";
/// The accounts of that name.
const ACCOUNTS: &str = "accounts";
/// The primary: flavour, version, id.
const PRIMARY: &str = "primary";
/// The replica.
const REPLICA: &str = "replica";

/// What is there.
#[derive(Debug)]
pub(super) struct Seen {
    evidence: Evidence,
    pub(super) present: Present,
    /// At whatever host.
    pub(super) accounts: Vec<Account>,
    /// Accounts without a name: whoever comes from their hosts is taken for them.
    nameless: Vec<Account>,
}

impl Seen {
    pub(super) async fn of(database: &Database, user: &UserName) -> Result<Self, Fault> {
        let evidence = database.evidence().await?;
        let present = tables_of(database).await?;
        let accounts = database.primary.accounts_of(user).await;
        let accounts = accounts.map_err(|error| database.reading(Side::Primary).failed(error))?;
        Ok(Self {
            evidence,
            present,
            accounts,
            nameless: nameless(database).await?,
        })
    }

    /// What a plan relies on.
    pub(super) fn facts(&self) -> Facts {
        let (primary, replica) = self.evidence.in_words();
        let accounts: Vec<String> = self.accounts.iter().map(ToString::to_string).collect();
        Facts::from([
            (TABLES.to_owned(), json!(self.present.digest().to_string())),
            (ACCOUNTS.to_owned(), json!(accounts)),
            (PRIMARY.to_owned(), json!(primary)),
            (REPLICA.to_owned(), json!(replica)),
        ])
    }

    /// Nobody else may have the name: an account that is there is not ours, and one at another host would be taken in place
    /// of ours by whoever comes from there.
    pub(super) fn must_be_free(&self, database: &Database, user: &UserName) -> Result<(), Refusal> {
        let target = &database.target;
        if !self.nameless.is_empty() {
            let words = format!(
                "{target} has accounts without a name ({}), and whoever comes from there is taken for them",
                list(self.nameless.iter().map(shown))
            );
            return Err(Refusal::new(words).hint("Have them dropped by hand."));
        }
        if self.accounts.is_empty() {
            return Ok(());
        }
        if !self.accounts.contains(&Account::anywhere(user.clone())) {
            let words = format!(
                "{target} has {} already, which would be taken in place of {user}@% by whoever comes from there",
                list(&self.accounts)
            );
            return Err(
                Refusal::new(words).hint("Choose another name, or have that account dropped by hand.")
            );
        }
        let refusal = Refusal::new(format!(
            "{target} has {} already, and I have no record of it",
            list(&self.accounts)
        ));
        Err(refusal.hint(match database.known(user.as_str()) {
            Some(_) => {
                format!("Its password: !db passwd {target} {user}; its tables: !db access refresh {target}")
            }
            None => format!(
                "If it is to go: !db access revoke {user}, as soon as I have told of it (I look every 5 min)."
            ),
        }))
    }
}

/// Accounts without a name.
async fn nameless(database: &Database) -> Result<Vec<Account>, Fault> {
    let all = database.primary.accounts_like("").await;
    let mut all = all.map_err(|error| database.reading(Side::Primary).failed(error))?;
    all.retain(|account| account.user.as_str().is_empty() && !account.host.as_str().is_empty());
    Ok(all)
}

/// Which accounts are taken in place of `user@%` by whoever comes from their hosts, to go on after its name.
pub(super) async fn in_its_way(database: &Database, user: &UserName) -> Result<Option<String>, Fault> {
    let of_it = database.primary.accounts_of(user).await;
    let mut others = of_it.map_err(|error| database.reading(Side::Primary).failed(error))?;
    others.retain(|account| *account != Account::anywhere(user.clone()));
    others.extend(nameless(database).await?);
    if others.is_empty() {
        return Ok(None);
    }
    let others = list(others.iter().map(shown));
    Ok(Some(format!(
        "gives way to {others} for whoever comes from there"
    )))
}

/// `cs_dave@10.%`, `''@localhost`.
fn shown(account: &Account) -> String {
    match account.user.as_str() {
        "" => format!("''@{}", account.host),
        _ => account.to_string(),
    }
}

/// The tables of the database's schema, with the columns of those of which only some may be read.
pub(crate) async fn tables_of(database: &Database) -> Result<Present, Fault> {
    let reading = |error| database.reading(Side::Primary).failed(error);
    let tables = database.primary.tables(&database.schema).await.map_err(reading)?;
    let mut present = Present {
        tables: tables.into_iter().collect(),
        ..Present::default()
    };
    for table in database.classes.columns.keys() {
        if present.tables.contains_key(table) {
            let columns = database
                .primary
                .columns(&database.schema, table)
                .await
                .map_err(reading)?;
            present.columns.insert(table.clone(), columns);
        }
    }
    Ok(present)
}

/// What moved since the plan was made.
pub(super) fn moved(plan: &Plan, found: &Facts) -> String {
    let target = plan
        .target
        .as_ref()
        .map_or("the database", |target| target.as_str());
    let before = &plan.fingerprint;
    let mut moves = Vec::new();
    for (name, now) in found.iter().filter(|(name, now)| before.get(*name) != Some(now)) {
        let then = before.get(name).map_or_else(|| "nothing".to_owned(), text);
        moves.push(match name.as_str() {
            TABLES => format!("tables of {target} came, went or changed"),
            ACCOUNTS if text(now).is_empty() => format!("{then} went from {target}"),
            ACCOUNTS => format!("{} came to {target}", text(now)),
            PRIMARY | REPLICA => format!("{target}'s {name} went from {then} to {}", text(now)),
            other => format!("{other} went from {then} to {}", text(now)),
        });
    }
    if moves.is_empty() {
        return "something that it relies on changed".to_owned();
    }
    list(moves)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        Value::Array(items) => join(items.iter().map(text), ", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use countersign_mysql::{About, Flavour, Version};

    use super::*;
    use crate::databases::tests::prod;
    use crate::intended::tests::present;

    fn about(server_id: u64) -> About {
        About {
            flavour: Flavour::MySql,
            version: Version(8, 0, 36),
            read_only: server_id == 2,
            super_read_only: false,
            server_id,
            server_uuid: None,
            tls_version: "TLSv1.3".to_owned(),
            tls_cipher: String::new(),
            sql_mode: String::new(),
            host_name: "ip-10-0-0-1".to_owned(),
        }
    }

    fn seen(accounts: &[(&str, &str)]) -> Seen {
        let account = |(user, host): &(&str, &str)| Account {
            user: user.parse().unwrap(),
            host: host.parse().unwrap(),
        };
        Seen {
            evidence: Evidence {
                primary: about(1),
                replica: about(2),
            },
            present: present(),
            accounts: accounts.iter().map(account).collect(),
            nameless: Vec::new(),
        }
    }

    fn free(seen: &Seen, user: &str) -> String {
        match seen.must_be_free(&prod(), &user.parse().unwrap()) {
            Ok(()) => "free".to_owned(),
            Err(no) => no.sentence(),
        }
    }

    #[test]
    fn a_name_that_somebody_has_is_not_taken_over() {
        assert_eq!(free(&seen(&[]), "cs_dave"), "free");
        assert_eq!(
            free(&seen(&[("cs_dave", "%")]), "cs_dave"),
            "prod-db has cs_dave@% already, and I have no record of it. If it is to go: !db access revoke cs_dave, as soon as \
             I have told of it (I look every 5 min)."
        );
        assert_eq!(
            free(&seen(&[("activedata", "%")]), "activedata"),
            "prod-db has activedata@% already, and I have no record of it. Its password: !db passwd prod-db activedata; its \
             tables: !db access refresh prod-db"
        );
    }

    #[test]
    fn an_account_that_would_stand_in_the_way_is_told() {
        assert_eq!(
            free(&seen(&[("cs_dave", "10.%")]), "cs_dave"),
            "prod-db has cs_dave@10.% already, which would be taken in place of cs_dave@% by whoever comes from there. \
             Choose another name, or have that account dropped by hand."
        );
    }

    #[test]
    fn the_facts_are_what_signing_relies_on_and_name_no_host() {
        let facts = seen(&[("cs_dave", "%")]).facts();
        let names: Vec<&str> = facts.keys().map(String::as_str).collect();
        assert_eq!(names, ["accounts", "primary", "replica", "tables"]);
        let text = serde_json::to_string(&facts).unwrap();
        assert!(!text.contains("example.org") && !text.contains("ip-10"), "{text}");
        assert!(text.contains("MySQL 8.0.36 (server 1)"), "{text}");
    }
}
