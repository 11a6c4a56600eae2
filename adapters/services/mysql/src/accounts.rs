//! Which accounts there are, and in what state each is.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{
    error::{Kind, Result},
    flavour::Flavour,
    names::{Account, Host, UserName},
    quote,
    rows::nonsense,
    server::Server,
    wire::Wire,
};

/// How an account must log in, and whether it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// What it needs of TLS.
    pub tls: TlsNeeded,
    /// It can't log in.
    pub locked: bool,
    /// It can log in, but do nothing except set another password.
    pub expired: bool,
    /// What the account is made of, password included, as a fingerprint.
    pub print: Print,
}

/// What an account needs of TLS to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsNeeded {
    /// Nothing: it may send its password over the wire as it is.
    None,
    /// Some TLS.
    Any,
    /// A certificate of its own.
    X509,
    /// A certificate of its own of a certain issuer, subject or cipher.
    Specified,
}

/// The SHA-256 of an account's definition. A primary and its replica have the same once the replica has caught up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Print([u8; 32]);

impl Server {
    /// The state of an account; `None` where there is no such account.
    pub async fn account(&self, account: &Account) -> Result<Option<AccountState>> {
        let mut lease = self.lease().await?;
        let state = state(&mut lease.wire, account).await?;
        lease.give_back();
        Ok(state)
    }

    /// Every account of this user. One with a narrower host than `%` stands in the way of the one with `%`.
    pub async fn accounts_of(&self, user: &UserName) -> Result<Vec<Account>> {
        let mut lease = self.lease().await?;
        let name = lease.wire.literal(user.as_str());
        let sql = format!("SELECT User, Host FROM mysql.user WHERE User = {name} ORDER BY Host");
        let accounts = read(&mut lease.wire, &sql).await?;
        lease.give_back();
        Ok(accounts)
    }

    /// Every account whose user begins with `prefix`, in the order of names.
    pub async fn accounts_like(&self, prefix: &str) -> Result<Vec<Account>> {
        let mut lease = self.lease().await?;
        // Not with LIKE, in which `_` is any character.
        let (length, name) = (prefix.chars().count(), lease.wire.literal(prefix));
        let sql = format!(
            "SELECT User, Host FROM mysql.user WHERE LEFT(User, {length}) = {name} ORDER BY User, Host"
        );
        let mut accounts = read(&mut lease.wire, &sql).await?;
        lease.give_back();
        accounts.retain(|account| account.user.as_str().starts_with(prefix));
        Ok(accounts)
    }
}

/// Reads rows of a user and a host.
pub(crate) async fn read(wire: &mut Wire, sql: &str) -> Result<Vec<Account>> {
    let rows = wire.rows(sql).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Account {
                user: UserName::told(row.text(0)?),
                host: Host::told(row.text(1)?),
            })
        })
        .collect()
}

async fn state(wire: &mut Wire, account: &Account) -> Result<Option<AccountState>> {
    let row = wire.rows(&query(wire, account)).await?.into_iter().next();
    let Some(row) = row else { return Ok(None) };
    let tls = row.text(0)?;
    let (locked, expired) = (row.text(1)? == "Y", row.text(2)? == "Y");
    let attributes = row.bytes(3).unwrap_or_default().to_vec();
    Ok(print(wire, account, &attributes)
        .await?
        .map(|print| AccountState {
            tls: tls_needed(&tls),
            locked,
            expired,
            print,
        }))
}

/// TLS, lock, expiry, and what `SHOW CREATE USER` leaves out: a second password.
fn query(wire: &Wire, account: &Account) -> String {
    let (user, host) = (
        wire.literal(account.user.as_str()),
        wire.literal(account.host.as_str()),
    );
    match wire.make.flavour {
        Flavour::MySql => {
            let attributes = if wire.make.has_dual_passwords() {
                "CAST(User_attributes AS CHAR)"
            } else {
                "NULL"
            };
            format!(
                "SELECT ssl_type, account_locked, password_expired, {attributes} FROM mysql.user \
                 WHERE User = {user} AND Host = {host}"
            )
        }
        // Its `mysql.user` is a view that knows nothing of locks.
        Flavour::MariaDb => format!(
            "SELECT u.ssl_type, IF(JSON_VALUE(g.Priv, '$.account_locked') IN ('1', 'true'), 'Y', 'N'), \
             u.password_expired, NULL FROM mysql.user u \
             JOIN mysql.global_priv g ON g.User = u.User AND g.Host = u.Host \
             WHERE u.User = {user} AND u.Host = {host}"
        ),
    }
}

fn tls_needed(text: &str) -> TlsNeeded {
    match text {
        "ANY" => TlsNeeded::Any,
        "X509" => TlsNeeded::X509,
        "SPECIFIED" => TlsNeeded::Specified,
        _ => TlsNeeded::None,
    }
}

/// `None` when the account has gone since. The definition holds the password's hash: it is hashed here and goes no
/// further.
async fn print(wire: &mut Wire, account: &Account, attributes: &[u8]) -> Result<Option<Print>> {
    let who = quote::account(account, wire.mode);
    let rows = match wire.rows(&format!("SHOW CREATE USER {who}")).await {
        Err(error) if matches!(error.kind(), Kind::NoSuchAccount | Kind::NoSuchGrant) => return Ok(None),
        other => other?,
    };
    let row = rows.into_iter().next().ok_or_else(nonsense)?;
    let mut hash = Sha256::new();
    hash.update(row.bytes(0).ok_or_else(nonsense)?);
    hash.update([0]);
    hash.update(attributes);
    Ok(Some(Print(hash.finalize().into())))
}

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Print({})", hex::encode(&self.0[..4]))
    }
}
