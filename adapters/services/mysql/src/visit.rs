//! A session of somebody else's, to see with one's own eyes what an account may do.

use std::fmt;

use crate::{
    about,
    codes::is_refusal,
    error::{Error, Kind, Result},
    names::{Column, Schema, Table, UserName},
    password::Password,
    quote,
    server::Server,
    wire::{Login, Wire},
};

/// How to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Over a connection that is secure, with a server that is verified.
    Required,
    /// Over the wire as it is, to see that it is refused. Only for accounts whose name begins with [`PROBE`], which have
    /// throw-away passwords and live for a moment.
    Without,
}

/// How the names of accounts begin that may try to log in without TLS.
pub const PROBE: &str = "cs_probe_";

/// `ER_NO_DEFAULT_FOR_FIELD`.
const FIELD_WITHOUT_DEFAULT: u16 = 1364;

/// A session of somebody else's. Dropping it closes the connection.
pub struct Visit {
    wire: Wire,
    user: UserName,
    current_user: String,
    tls: Option<String>,
}

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// It is.
    Yes,
    /// It is refused, with this error of the server's. A server that is read-only says 1290 or 1836 whether or not the
    /// account has the right.
    No {
        /// The error's number.
        code: u16,
    },
}

impl Server {
    /// Logs in as somebody else.
    pub async fn log_in(
        &self,
        account: &UserName,
        password: &Password,
        schema: Option<&Schema>,
        tls: Tls,
    ) -> Result<Visit> {
        let settings = self.settings();
        let trust = match tls {
            Tls::Required => Some(&settings.trust),
            Tls::Without if account.as_str().starts_with(PROBE) => None,
            Tls::Without => {
                return Err(
                    Error::new(Kind::Unsupported, format!("logging in as {account} without TLS"))
                        .with_source("only a twin's throw-away password goes over the wire like that"),
                );
            }
        };
        let login = Login {
            user: account,
            password: password.secret(),
            schema,
            trust,
        };
        let mut wire = Wire::open(settings, &login, self.owed()).await?;
        let current_user = wire.rows("SELECT CURRENT_USER()").await?.one_text()?;
        let (version, _) = about::tls(&mut wire).await?;
        Ok(Visit {
            wire,
            user: account.clone(),
            current_user,
            tls: Some(version).filter(|version| !version.is_empty()),
        })
    }
}

impl Visit {
    /// The account that the server takes it for: `cs_alice@%`. Another host than expected means that another account
    /// stands in the way.
    pub fn current_user(&self) -> &str {
        &self.current_user
    }

    /// The version of TLS, as the server says; `None` without TLS.
    pub fn tls(&self) -> Option<String> {
        self.tls.clone()
    }

    /// Whether it may read a table, or one column of it. No row is read.
    pub async fn may_select(
        &mut self,
        schema: &Schema,
        table: &Table,
        column: Option<&Column>,
    ) -> Result<May> {
        let what = column.map_or_else(|| "1".to_owned(), |column| quote::identifier(column.as_str()));
        self.may(&format!("SELECT {what} FROM {} LIMIT 0", path(schema, table)))
            .await
    }

    /// Whether it may change a table, in any way, if only one column. Nothing is changed: every statement is about no row.
    pub async fn may_write(&mut self, schema: &Schema, table: &Table) -> Result<May> {
        let path = path(schema, table);
        let delete = self.may(&format!("DELETE FROM {path} WHERE FALSE")).await?;
        if delete == May::Yes {
            return Ok(delete);
        }
        for column in self.writable_columns(schema, table).await? {
            let update = format!("UPDATE {path} SET {column} = NULL WHERE FALSE");
            let insert = format!("INSERT INTO {path} ({column}) SELECT NULL FROM DUAL WHERE FALSE");
            for sql in [update, insert] {
                if self.may(&sql).await? == May::Yes {
                    return Ok(May::Yes);
                }
            }
        }
        Ok(delete)
    }

    /// The columns, quoted, of which the server says that the account may write them.
    async fn writable_columns(&mut self, schema: &Schema, table: &Table) -> Result<Vec<String>> {
        let (schema, table) = (
            self.wire.literal(schema.as_str()),
            self.wire.literal(table.as_str()),
        );
        let sql = format!(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = {table} \
             AND (FIND_IN_SET('insert', PRIVILEGES) OR FIND_IN_SET('update', PRIVILEGES))"
        );
        let rows = self.wire.rows(&sql).await?;
        rows.into_iter()
            .map(|row| Ok(quote::identifier(&row.text(0)?)))
            .collect()
    }

    async fn may(&mut self, sql: &str) -> Result<May> {
        match self.wire.rows(sql).await {
            Ok(_) => Ok(May::Yes),
            Err(error) => match error.code() {
                Some(code) if is_refusal(code) => Ok(May::No { code }),
                // Allowed; it is the row that would lack something.
                Some(FIELD_WITHOUT_DEFAULT) => Ok(May::Yes),
                _ => Err(error),
            },
        }
    }

    /// Logs out.
    pub async fn close(self) {
        self.wire.close().await;
    }
}

fn path(schema: &Schema, table: &Table) -> String {
    format!(
        "{}.{}",
        quote::identifier(schema.as_str()),
        quote::identifier(table.as_str())
    )
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visit(of {})", self.user)
    }
}
