//! What accounts may do, as the server's own tables have it.
//!
//! Not from `SHOW GRANTS`: MariaDB writes the hash of the password into it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    error::{Error, Kind, Result},
    flavour::Flavour,
    names::{Account, Column, Host, Schema, Table, UserName},
    rows::Cells,
    server::{self, Server},
    wire::Wire,
};

/// What one account may do. Names of privileges are those of `GRANT`, in capitals: `SELECT`, `GRANT OPTION`.
///
/// What everybody may do on MariaDB (`PUBLIC`) is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// On everything.
    pub global: BTreeSet<String>,
    /// On whole schemas. The name is as the server keeps it: `_` and `%` in it mean any characters, unless a backslash
    /// stands before.
    pub schemas: BTreeMap<Schema, BTreeSet<String>>,
    /// On single tables.
    pub tables: BTreeMap<(Schema, Table), OnTable>,
    /// Anything else, in words for people: roles, routines, proxies.
    pub others: Vec<String>,
}

/// What an account may do with one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnTable {
    /// With the whole table.
    pub whole: BTreeSet<String>,
    /// With single columns. Beside the same right on the whole table this means nothing.
    pub columns: BTreeMap<Column, BTreeSet<String>>,
}

/// So many accounts are asked about at a time.
const AT_A_TIME: usize = 500;

impl Held {
    /// Whether the account may do nothing at all but log in.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Server {
    /// What each of the accounts may do. An account that is not there has no entry.
    pub async fn held(&self, accounts: &[Account]) -> Result<BTreeMap<Account, Held>> {
        let mut all = BTreeMap::new();
        let mut lease = self.lease().await?;
        for some in accounts.chunks(AT_A_TIME) {
            all.extend(held(&mut lease.wire, some).await?);
        }
        lease.give_back();
        Ok(all)
    }
}

async fn held(wire: &mut Wire, accounts: &[Account]) -> Result<BTreeMap<Account, Held>> {
    let there = server::accounts_of(wire, accounts).await?;
    let mut held: BTreeMap<Account, Held> = there
        .into_iter()
        .filter(|account| accounts.contains(account))
        .map(|account| (account, Held::default()))
        .collect();
    if !held.is_empty() {
        let users = wire.literals(held.keys().map(|account| account.user.as_str()));
        global(wire, &mut held).await?;
        schemas(wire, &mut held).await?;
        tables(wire, &users, &mut held).await?;
        columns(wire, &users, &mut held).await?;
        others(wire, &users, &mut held).await?;
    }
    Ok(held)
}

/// Accounts as `information_schema` writes them: in quotes, with nothing escaped.
fn grantees(held: &BTreeMap<Account, Held>) -> HashMap<String, Account> {
    held.keys()
        .map(|account| (format!("'{}'@'{}'", account.user, account.host), account.clone()))
        .collect()
}

async fn global(wire: &mut Wire, held: &mut BTreeMap<Account, Held>) -> Result<()> {
    let grantees = grantees(held);
    let sql = format!(
        "SELECT GRANTEE, IS_GRANTABLE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE IN ({})",
        wire.literals(grantees.keys().map(String::as_str))
    );
    let is_mysql = wire.make.flavour == Flavour::MySql;
    let mut seen = BTreeSet::new();
    let each = wire.each(&sql, |row| {
        let Some(account) = grantees.get(&row.text(0)?) else {
            return Ok(());
        };
        seen.insert(account.clone());
        let privilege = row.text(2)?;
        // On MySQL those with `_` carry an option of their own, which goes with them.
        let has_own_option = is_mysql && privilege.contains('_');
        if let Some(entry) = held.get_mut(account) {
            if row.text(1)? == "YES" && !has_own_option {
                entry.global.insert("GRANT OPTION".to_owned());
            }
            add(&mut entry.global, privilege);
        }
        Ok(())
    });
    each.await?;
    // Every account has a row there, USAGE at least. Who may not see them is told nothing, not an error.
    if held.keys().any(|account| !seen.contains(account)) {
        return Err(Error::new(Kind::NotAllowed, "reading the rights of accounts")
            .with_said("SELECT on the schema mysql is needed"));
    }
    Ok(())
}

async fn schemas(wire: &mut Wire, held: &mut BTreeMap<Account, Held>) -> Result<()> {
    let grantees = grantees(held);
    let sql = format!(
        "SELECT GRANTEE, IS_GRANTABLE, PRIVILEGE_TYPE, TABLE_SCHEMA FROM information_schema.SCHEMA_PRIVILEGES \
         WHERE GRANTEE IN ({})",
        wire.literals(grantees.keys().map(String::as_str))
    );
    let each = wire.each(&sql, |row| {
        let account = grantees.get(&row.text(0)?);
        if let Some(entry) = account.and_then(|account| held.get_mut(account)) {
            let privileges = entry.schemas.entry(Schema::told(row.text(3)?)).or_default();
            if row.text(1)? == "YES" {
                privileges.insert("GRANT OPTION".to_owned());
            }
            add(privileges, row.text(2)?);
        }
        Ok(())
    });
    each.await
}

async fn tables(wire: &mut Wire, users: &str, held: &mut BTreeMap<Account, Held>) -> Result<()> {
    let sql = format!(
        "SELECT User, Host, Db, Table_name, Table_priv FROM mysql.tables_priv WHERE User IN ({users})"
    );
    let each = wire.each(&sql, |row| {
        let privileges = set(&row.text(4)?);
        if privileges.is_empty() {
            // Only columns, which have rows of their own.
            return Ok(());
        }
        if let Some(entry) = owner(held, &row)? {
            entry.tables.entry(table_of(&row)?).or_default().whole = privileges;
        }
        Ok(())
    });
    each.await
}

async fn columns(wire: &mut Wire, users: &str, held: &mut BTreeMap<Account, Held>) -> Result<()> {
    let sql = format!(
        "SELECT User, Host, Db, Table_name, Column_name, Column_priv FROM mysql.columns_priv WHERE User IN ({users})"
    );
    let each = wire.each(&sql, |row| {
        let privileges = set(&row.text(5)?);
        if let Some(entry) = owner(held, &row)? {
            let on_table = entry.tables.entry(table_of(&row)?).or_default();
            on_table.columns.insert(Column::told(row.text(4)?), privileges);
        }
        Ok(())
    });
    each.await
}

/// What is granted beside tables. Each query answers a user, a host and the rest in words.
async fn others(wire: &mut Wire, users: &str, held: &mut BTreeMap<Account, Held>) -> Result<()> {
    let roles = match wire.make.flavour {
        Flavour::MariaDb => {
            Some("SELECT User, Host, CONCAT('role ', Role) FROM mysql.roles_mapping WHERE User")
        }
        Flavour::MySql if wire.make.has_roles() => Some(
            "SELECT TO_USER, TO_HOST, CONCAT('role ', FROM_USER, '@', FROM_HOST) FROM mysql.role_edges WHERE TO_USER",
        ),
        Flavour::MySql => None,
    };
    let routines = "SELECT User, Host, CONCAT(UPPER(Proc_priv), ' ON ', Routine_type, ' ', Db, '.', Routine_name) \
                    FROM mysql.procs_priv WHERE User";
    let proxies = "SELECT User, Host, CONCAT('PROXY ON ', Proxied_user, '@', Proxied_host) \
                   FROM mysql.proxies_priv WHERE User";
    for query in roles.into_iter().chain([routines, proxies]) {
        let sql = format!("{query} IN ({users})");
        let each = wire.each(&sql, |row| {
            if let Some(entry) = owner(held, &row)? {
                entry.others.push(row.text(2)?);
            }
            Ok(())
        });
        each.await?;
    }
    for entry in held.values_mut() {
        entry.others.sort();
    }
    Ok(())
}

/// Whose row it is: its first two columns are a user and a host.
fn owner<'a>(held: &'a mut BTreeMap<Account, Held>, row: &Cells) -> Result<Option<&'a mut Held>> {
    let account = Account {
        user: UserName::told(row.text(0)?),
        host: Host::told(row.text(1)?),
    };
    Ok(held.get_mut(&account))
}

/// The third column is a schema, the fourth a table.
fn table_of(row: &Cells) -> Result<(Schema, Table)> {
    Ok((Schema::told(row.text(2)?), Table::told(row.text(3)?)))
}

fn add(privileges: &mut BTreeSet<String>, privilege: String) {
    if privilege != "USAGE" {
        privileges.insert(privilege);
    }
}

/// Reads a `SET` of privileges: `Select,Create View,Grant`.
fn set(text: &str) -> BTreeSet<String> {
    let names = text.split(',').filter(|name| !name.is_empty());
    names
        .map(|name| match name {
            "Grant" => "GRANT OPTION".to_owned(),
            "Delete versioning rows" => "DELETE HISTORY".to_owned(),
            name => name.to_ascii_uppercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_privileges_are_named_as_in_grant() {
        let read = |text| set(text).into_iter().collect::<Vec<_>>().join("|");
        assert_eq!(read("Select"), "SELECT");
        assert_eq!(
            read("Select,Create View,Grant"),
            "CREATE VIEW|GRANT OPTION|SELECT"
        );
        assert_eq!(read("Delete versioning rows"), "DELETE HISTORY");
        assert_eq!(read(""), "");
    }

    #[test]
    fn an_account_with_any_right_is_not_nothing() {
        assert!(Held::default().is_nothing());
        let role = Held {
            others: vec!["role r@%".to_owned()],
            ..Held::default()
        };
        assert!(!role.is_nothing());
    }
}
