//! The statements that change accounts and their rights, as data: what is shown of them and what is sent come from one
//! value.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use crate::{
    flavour::Flavour,
    names::{Account, Column, Schema, Table},
    password::Password,
    quote::{self, SqlMode},
};

/// One statement. Several accounts in one are changed together.
#[derive(Debug, Clone)]
pub enum Statement {
    /// Makes an account that needs TLS and that nobody can use before it is unlocked.
    CreateLocked {
        /// Whose.
        account: Account,
        /// What it will log in with.
        password: Password,
    },
    /// The accounts can't log in without TLS any more.
    RequireTls {
        /// Whose.
        accounts: Vec<Account>,
    },
    /// A new password. TLS, lock and rights stay as they are, and so do open sessions.
    SetPassword {
        /// Whose.
        account: Account,
        /// The new one.
        password: Password,
        /// The one before it is good for logins as well, until [`Statement::DiscardOld`]; see
        /// [`crate::Server::has_dual_passwords`].
        keep_old: bool,
    },
    /// Ends the password before the newest.
    DiscardOld {
        /// Whose.
        account: Account,
    },
    /// No more logins. Open sessions stay.
    Lock {
        /// Whose.
        accounts: Vec<Account>,
    },
    /// Logins again.
    Unlock {
        /// Whose.
        accounts: Vec<Account>,
    },
    /// The accounts go, with their rights. One that is not there is no error. Open sessions stay.
    Drop {
        /// Whose.
        accounts: Vec<Account>,
    },
    /// The right to read whole tables. The accounts must be there.
    GrantTables {
        /// Of which schema.
        schema: Schema,
        /// The table.
        table: Table,
        /// To whom.
        to: Vec<Account>,
    },
    /// The right to read some columns of a table. The accounts must be there.
    ///
    /// It takes nothing away from a wider right: whoever may read the whole table still may.
    GrantColumns {
        /// Of which schema.
        schema: Schema,
        /// The table.
        table: Table,
        /// The columns, at least one.
        columns: Vec<Column>,
        /// To whom.
        to: Vec<Account>,
    },
    /// Takes the right to read a table, **and with it the rights to read single columns of it**.
    RevokeTables {
        /// Of which schema.
        schema: Schema,
        /// The table.
        table: Table,
        /// From whom.
        from: Vec<Account>,
    },
    /// Takes other rights on a table, by the names in [`crate::OnTable::whole`].
    RevokeOnTable {
        /// Of which schema.
        schema: Schema,
        /// The table.
        table: Table,
        /// What to take: `INSERT`, …
        privileges: BTreeSet<String>,
        /// From whom.
        from: Vec<Account>,
    },
    /// Takes every right, on all levels, and the right to pass rights on. Roles stay on MySQL.
    RevokeAll {
        /// From whom.
        accounts: Vec<Account>,
    },
    /// Takes rights on a whole schema, by the names in [`crate::Held::schemas`].
    RevokeSchema {
        /// The schema as it stands in [`crate::Held::schemas`], where `_` and `%` mean any characters.
        schema: Schema,
        /// What to take.
        privileges: BTreeSet<String>,
        /// From whom.
        from: Vec<Account>,
    },
    /// Takes rights on everything, by the names in [`crate::Held::global`].
    RevokeGlobal {
        /// What to take.
        privileges: BTreeSet<String>,
        /// From whom.
        from: Vec<Account>,
    },
}

/// A statement that can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A list is empty that needs something.
    #[error("a statement without {0}")]
    Without(&'static str),
    /// A privilege is no words in capitals.
    #[error("a statement with a privilege that is none")]
    Privilege,
}

/// What stands in place of a password in what is shown.
const HIDDEN: &str = "'…'";

impl Statement {
    /// The text to send to a server of this flavour, to a session that is in this mode. MariaDB writes what it gets into
    /// its logs, so it gets the hash that it would make itself.
    pub fn sql(&self, mode: SqlMode, flavour: Flavour) -> Result<SecretString, Malformed> {
        let said = |password: &Password| match flavour {
            Flavour::MySql => quote::literal(password.secret().expose_secret(), mode),
            Flavour::MariaDb => format!("PASSWORD '{}'", password.native_hash()),
        };
        self.write(mode, said).map(SecretString::from)
    }

    /// The text for people to read, with `'…'` for passwords.
    pub fn shown(&self) -> String {
        self.write(SqlMode::default(), |_| HIDDEN.to_owned())
            .unwrap_or_else(|malformed| malformed.to_string())
    }

    /// Whether there is a password in it.
    pub fn has_password(&self) -> bool {
        matches!(self, Self::CreateLocked { .. } | Self::SetPassword { .. })
    }

    /// The accounts that it is about.
    pub fn accounts(&self) -> &[Account] {
        match self {
            Self::CreateLocked { account, .. }
            | Self::SetPassword { account, .. }
            | Self::DiscardOld { account } => std::slice::from_ref(account),
            Self::RequireTls { accounts }
            | Self::Lock { accounts }
            | Self::Unlock { accounts }
            | Self::Drop { accounts }
            | Self::RevokeAll { accounts } => accounts,
            Self::GrantTables { to, .. } | Self::GrantColumns { to, .. } => to,
            Self::RevokeTables { from, .. }
            | Self::RevokeOnTable { from, .. }
            | Self::RevokeSchema { from, .. }
            | Self::RevokeGlobal { from, .. } => from,
        }
    }

    /// Whether it gives rights. Before MySQL 8 such a statement may make an account that is not there.
    pub(crate) fn is_grant(&self) -> bool {
        matches!(self, Self::GrantTables { .. } | Self::GrantColumns { .. })
    }

    fn write(&self, mode: SqlMode, said: impl Fn(&Password) -> String) -> Result<String, Malformed> {
        if self.accounts().is_empty() {
            return Err(Malformed::Without("accounts"));
        }
        let who = join(self.accounts(), |account| quote::account(account, mode));
        Ok(match self {
            Self::CreateLocked { password, .. } => {
                let password = said(password);
                format!("CREATE USER {who} IDENTIFIED BY {password} REQUIRE SSL ACCOUNT LOCK")
            }
            Self::RequireTls { .. } => format!("ALTER USER {who} REQUIRE SSL"),
            Self::SetPassword {
                password, keep_old, ..
            } => {
                let retain = if *keep_old { " RETAIN CURRENT PASSWORD" } else { "" };
                format!("ALTER USER {who} IDENTIFIED BY {}{retain}", said(password))
            }
            Self::DiscardOld { .. } => format!("ALTER USER {who} DISCARD OLD PASSWORD"),
            Self::Lock { .. } => format!("ALTER USER {who} ACCOUNT LOCK"),
            Self::Unlock { .. } => format!("ALTER USER {who} ACCOUNT UNLOCK"),
            Self::Drop { .. } => format!("DROP USER IF EXISTS {who}"),
            Self::GrantTables { schema, table, .. } => {
                format!("GRANT SELECT ON {} TO {who}", path(schema, table))
            }
            Self::GrantColumns { columns, .. } if columns.is_empty() => {
                return Err(Malformed::Without("columns"));
            }
            Self::GrantColumns {
                schema,
                table,
                columns,
                ..
            } => {
                let columns = join(columns, |column| quote::identifier(column.as_str()));
                format!("GRANT SELECT ({columns}) ON {} TO {who}", path(schema, table))
            }
            Self::RevokeTables { schema, table, .. } => {
                format!("REVOKE SELECT ON {} FROM {who}", path(schema, table))
            }
            Self::RevokeOnTable {
                schema,
                table,
                privileges,
                ..
            } => {
                format!(
                    "REVOKE {} ON {} FROM {who}",
                    words(privileges)?,
                    path(schema, table)
                )
            }
            Self::RevokeAll { .. } => format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {who}"),
            Self::RevokeSchema {
                schema, privileges, ..
            } => {
                let schema = quote::identifier(schema.as_str());
                format!("REVOKE {} ON {schema}.* FROM {who}", words(privileges)?)
            }
            Self::RevokeGlobal { privileges, .. } => {
                format!("REVOKE {} ON *.* FROM {who}", words(privileges)?)
            }
        })
    }
}

fn join<T>(items: &[T], write: impl Fn(&T) -> String) -> String {
    items.iter().map(write).collect::<Vec<_>>().join(", ")
}

fn path(schema: &Schema, table: &Table) -> String {
    let (schema, table) = (
        quote::identifier(schema.as_str()),
        quote::identifier(table.as_str()),
    );
    format!("{schema}.{table}")
}

/// Names of privileges can't be quoted, so they must be words.
fn words(privileges: &BTreeSet<String>) -> Result<String, Malformed> {
    if privileges.is_empty() {
        return Err(Malformed::Without("privileges"));
    }
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte == b'_' || byte == b' ';
    if privileges
        .iter()
        .all(|name| !name.is_empty() && name.bytes().all(fits))
    {
        Ok(join(&privileges.iter().collect::<Vec<_>>(), |name| {
            (*name).clone()
        }))
    } else {
        Err(Malformed::Privilege)
    }
}

#[cfg(test)]
mod tests;
