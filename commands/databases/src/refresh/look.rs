//! What the read-only accounts of a database hold, what they should, and what lies between.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::access::{Access, Kind};
use countersign_core::digest::Digest;
use countersign_core::operation::Trouble;
use countersign_core::plan::Facts;
use countersign_core::store::AccessesWhere;
use countersign_mysql::{Account, Held, Schema, Table, UserName};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::tables_of;
use crate::databases::{Database, Databases, Side, anywhere};
use crate::intended::{Change, Intended, Present, Sorted, changes, sorted};

/// What is so at a database.
#[derive(Debug)]
pub(super) struct Look {
    present: Present,
    /// All that may be read, and all that may not.
    pub(super) sorted: Sorted,
    pub(super) readers: Vec<Reader>,
    /// Accounts that should be there and are not.
    pub(super) absent: Vec<Account>,
}

/// An account that reads.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) account: Account,
    pub(super) held: Held,
    pub(super) intended: Intended,
    /// From the one to the other.
    pub(super) changes: Vec<Change>,
}

/// The same changes for several accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mend {
    /// The accounts, at any host.
    pub(super) accounts: Vec<UserName>,
    /// In the order in which they are made.
    pub(super) changes: Vec<Change>,
}

/// Whom a refresh is about, and which tables alone they were given, if not all.
pub(super) type Scopes = BTreeMap<UserName, Option<Vec<Table>>>;

/// The programs' accounts of the configuration, and all that were given and are in use.
pub(super) async fn scopes(databases: &Databases, database: &Database) -> Result<Scopes, Trouble> {
    let open = AccessesWhere::Open {
        database: Some(database.target.clone()),
    };
    let open = databases.store.accesses(open).await;
    let open = open.map_err(|error| Trouble {
        words: error.to_string(),
        source: Some(Box::new(error)),
        ..Trouble::again("")
    })?;
    let mut scopes: Scopes = database
        .services()
        .map(|(name, _)| (name.clone(), None))
        .collect();
    for access in &open {
        let Ok(name) = UserName::try_from(access.account.clone()) else {
            continue;
        };
        if access.usable() && matches!(access.kind, Kind::Person | Kind::Service) {
            scopes.insert(name, only(access));
        } else {
            // One that is being made or taken away is not touched.
            scopes.remove(&name);
        }
    }
    Ok(scopes)
}

fn only(access: &Access) -> Option<Vec<Table>> {
    let tables = access.tables.as_ref()?;
    Some(tables.iter().filter_map(|table| table.parse().ok()).collect())
}

impl Look {
    pub(super) async fn at(databases: &Databases, database: &Database) -> Result<Self, Trouble> {
        let scopes = scopes(databases, database).await?;
        let present = tables_of(database).await?;
        let accounts: Vec<Account> = scopes.keys().map(anywhere).collect();
        let held = database.primary.held(&accounts).await;
        let held = held.map_err(|error| database.reading(Side::Primary).failed(error))?;
        Ok(Self::of(database, present, &scopes, held))
    }

    /// Whether the replica shows these accounts as they should be.
    pub(super) async fn is_on_the_replica(&self, database: &Database) -> Result<bool, Trouble> {
        let Some(replica) = &database.replica else {
            return Ok(true);
        };
        let accounts: Vec<Account> = self.readers.iter().map(|reader| reader.account.clone()).collect();
        let held = replica.held(&accounts).await;
        let held = held.map_err(|error| database.reading(Side::Replica).failed(error))?;
        Ok(self
            .readers
            .iter()
            .all(|reader| held.get(&reader.account) == Some(&reader.held)))
    }

    fn of(database: &Database, present: Present, scopes: &Scopes, mut held: BTreeMap<Account, Held>) -> Self {
        let (mut readers, mut absent) = (Vec::new(), Vec::new());
        let all = sorted(&present, &database.classes, None);
        for (name, only) in scopes {
            let account = anywhere(name);
            let Some(held) = held.remove(&account) else {
                absent.push(account);
                continue;
            };
            let intended = match only {
                Some(only) => sorted(&present, &database.classes, Some(only)).intended,
                None => all.intended.clone(),
            };
            readers.push(Reader {
                changes: changes(&held, &intended, &database.schema),
                account,
                held,
                intended,
            });
        }
        Self {
            present,
            sorted: all,
            readers,
            absent,
        }
    }

    /// The changes, those that are the same for several accounts together.
    pub(super) fn mends(&self) -> Vec<Mend> {
        grouped(
            self.readers
                .iter()
                .map(|reader| (reader.account.user.clone(), reader.changes.clone())),
        )
    }

    /// What a plan relies on.
    pub(super) fn facts(&self) -> Facts {
        let mends = serde_json::to_vec(&self.mends()).unwrap_or_default();
        Facts::from([
            ("tables".to_owned(), json!(self.present.digest().to_string())),
            ("changes".to_owned(), json!(Digest::of(&mends).to_string())),
        ])
    }
}

/// Accounts with the same changes together; those without any are left out.
fn grouped(wanted: impl IntoIterator<Item = (UserName, Vec<Change>)>) -> Vec<Mend> {
    let mut groups: BTreeMap<Vec<Change>, Vec<UserName>> = BTreeMap::new();
    for (account, changes) in wanted.into_iter().filter(|(_, changes)| !changes.is_empty()) {
        groups.entry(changes).or_default().push(account);
    }
    let mend = |(changes, accounts)| Mend { accounts, changes };
    groups.into_iter().map(mend).collect()
}

/// What of the changes is still to be made: all of it was signed, or nothing is made.
pub(super) fn still_to_do(signed: &[Mend], now: &[Mend]) -> Option<Vec<(Account, Vec<Change>)>> {
    let mut allowed: BTreeMap<&UserName, BTreeSet<&Change>> = BTreeMap::new();
    for mend in signed {
        for account in &mend.accounts {
            allowed.entry(account).or_default().extend(&mend.changes);
        }
    }
    let mut to_do = Vec::new();
    for mend in now {
        for account in &mend.accounts {
            let signed = allowed.get(account)?;
            if !mend.changes.iter().all(|change| signed.contains(change)) {
                return None;
            }
            to_do.push((anywhere(account), mend.changes.clone()));
        }
    }
    Some(to_do)
}

/// How many accounts change.
pub(super) fn accounts(mends: &[Mend]) -> usize {
    mends.iter().map(|mend| mend.accounts.len()).sum()
}

/// The schema that a change is in, if it is about one table.
pub(super) fn table_of<'c>(change: &'c Change, schema: &Schema) -> Option<&'c Table> {
    match change {
        Change::On(in_schema, table, _) if in_schema == schema => Some(table),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use countersign_mysql::OnTable;
    use proptest::prelude::*;

    use super::*;
    use crate::classes::tests::{column, table};
    use crate::intended::OnOne;

    pub(in crate::refresh) fn user(name: &str) -> UserName {
        UserName::try_from(name.to_owned()).unwrap()
    }

    fn schema() -> Schema {
        "treeherder".parse().unwrap()
    }

    fn on(name: &str, one: OnOne) -> Change {
        Change::On(schema(), table(name), one)
    }

    fn rights(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_same_for_several_is_one_group_and_nothing_is_none() {
        let give = vec![on("job", OnOne::Give)];
        let mends = grouped([
            (user("activedata"), give.clone()),
            (user("cs_dave"), Vec::new()),
            (user("redash"), give.clone()),
        ]);
        assert_eq!(
            mends,
            [Mend {
                accounts: vec![user("activedata"), user("redash")],
                changes: give,
            }]
        );
        assert_eq!(accounts(&mends), 2);
        let text = serde_json::to_string(&mends).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Mend>>(&text).unwrap(), mends);
    }

    #[test]
    fn what_was_not_signed_is_not_done() {
        let signed = grouped([(
            user("redash"),
            vec![on("job", OnOne::Give), on("push", OnOne::Give)],
        )]);
        let now = |changes: Vec<Change>| grouped([(user("redash"), changes)]);
        let half = still_to_do(&signed, &now(vec![on("push", OnOne::Give)])).unwrap();
        assert_eq!(half, [(anywhere(&user("redash")), vec![on("push", OnOne::Give)])]);
        assert_eq!(still_to_do(&signed, &[]), Some(Vec::new()));
        assert_eq!(still_to_do(&signed, &now(vec![on("machine", OnOne::Give)])), None);
        let global = Change::TakeGlobal(rights(&["SELECT"]));
        assert_eq!(still_to_do(&signed, &now(vec![global])), None);
        let other = grouped([(user("cs_dave"), vec![on("push", OnOne::Give)])]);
        assert_eq!(still_to_do(&signed, &other), None);
    }

    /// What a server makes of a change.
    fn apply(held: &mut Held, change: &Change) {
        match change {
            Change::TakeGlobal(taken) => held.global.retain(|right| !taken.contains(right)),
            Change::TakeSchema(schema, taken) => {
                if let Some(held) = held.schemas.get_mut(schema) {
                    held.retain(|right| !taken.contains(right));
                }
                held.schemas.retain(|_, rights| !rights.is_empty());
            }
            Change::On(schema, table, one) => {
                let place = (schema.clone(), table.clone());
                let on = held.tables.entry(place).or_default();
                match one {
                    OnOne::TakeOther(taken) => {
                        on.whole.retain(|right| !taken.contains(right));
                        for rights in on.columns.values_mut() {
                            rights.retain(|right| !taken.contains(right));
                        }
                        on.columns.retain(|_, rights| !rights.is_empty());
                    }
                    OnOne::Take => {
                        on.whole.remove("SELECT");
                        on.columns.clear();
                    }
                    OnOne::Give => {
                        on.whole.insert("SELECT".to_owned());
                    }
                    OnOne::GiveColumns(columns) => {
                        let given = columns.iter().map(|column| (column.clone(), rights(&["SELECT"])));
                        on.columns.extend(given);
                    }
                }
                held.tables.retain(|_, on| *on != OnTable::default());
            }
        }
    }

    fn held() -> impl Strategy<Value = Held> {
        let right = prop::sample::select(vec!["SELECT", "INSERT", "GRANT OPTION"]);
        let names = prop::sample::select(vec!["job", "push", "auth_user", "gone", "auth_group"]);
        let columns = prop::sample::subsequence(vec!["id", "email", "password"], 0..3);
        let tables = prop::collection::btree_map(
            names,
            (prop::collection::btree_set(right.clone(), 0..2), columns),
            0..5,
        );
        let global = prop::collection::btree_set(right.clone(), 0..2);
        let schemas = prop::collection::btree_set(right, 0..2);
        (global, schemas, tables).prop_map(|(global, schemas, tables)| {
            let owned = |rights: BTreeSet<&str>| rights.into_iter().map(str::to_owned).collect();
            let schemas: BTreeSet<String> = owned(schemas);
            Held {
                global: owned(global),
                schemas: Some((schema(), schemas))
                    .filter(|(_, rights)| !rights.is_empty())
                    .into_iter()
                    .collect(),
                tables: tables
                    .into_iter()
                    .map(|(name, (whole, columns))| {
                        let columns = columns
                            .into_iter()
                            .map(|name| (column(name), rights(&["SELECT"])));
                        let on = OnTable {
                            whole: owned(whole),
                            columns: columns.collect(),
                        };
                        ((schema(), table(name)), on)
                    })
                    .filter(|(_, on)| *on != OnTable::default())
                    .collect(),
                others: Vec::new(),
            }
        })
    }

    proptest! {
        /// Whatever was held before, and after whichever change it stopped: what is left to do was signed, and once it is
        /// done nothing is.
        #[test]
        fn trap_1_it_ends_at_what_is_intended_wherever_it_stopped(held in held(), stop in 0..12_usize) {
            let intended = Intended {
                whole: ["job", "push"].map(table).into(),
                columns: [(table("auth_user"), ["id", "email"].map(column).into())].into(),
            };
            let name = user("redash");
            let signed = changes(&held, &intended, &schema());
            let plan = grouped([(name.clone(), signed.clone())]);
            let mut held = held;
            signed.iter().take(stop).for_each(|change| apply(&mut held, change));
            let left = changes(&held, &intended, &schema());
            let to_do = still_to_do(&plan, &grouped([(name, left)]));
            for (_, changes) in to_do.expect("only what was signed is left") {
                for change in &changes {
                    apply(&mut held, change);
                }
            }
            prop_assert_eq!(&held, &intended.held(&schema()));
            prop_assert!(changes(&held, &intended, &schema()).is_empty());
        }
    }
}
