//! A server, as whom it is asked, and the calls that change something.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use secrecy::SecretString;

use crate::{
    error::{Error, Kind, Result},
    flavour::Flavour,
    names::{Account, UserName},
    owed::Owed,
    pool::{Lease, Pool},
    statement::Statement,
    trust::Trust,
    unfinished::GoingOn,
    wire::Wire,
};

/// What a server is reached with.
#[derive(Clone)]
pub struct Settings {
    /// Its name, which its certificate must be for.
    pub host: String,
    /// Its port, as a rule 3306.
    pub port: u16,
    /// The account to ask as.
    pub user: UserName,
    /// Its password.
    pub password: SecretString,
    /// Who may have signed the server's certificate. Nobody else is believed.
    pub trust: Trust,
    /// How sessions are ended there.
    pub kill: Kill,
    /// How long a connection may take, the login included.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// How sessions of others are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// `KILL id`.
    Statement,
    /// `CALL mysql.rds_kill(id)`: on RDS nobody has the right to the statement.
    Rds,
}

/// A server, and the account that it is asked with. Copies share their connections.
///
/// Nothing is sent before the connection is secure and the server's certificate is verified. A call that is dropped
/// closes its connection.
#[derive(Clone)]
pub struct Server {
    pool: Arc<Pool>,
}

impl Server {
    /// Connects to nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            pool: Pool::new(settings),
        }
    }

    /// Its host and port.
    pub fn address(&self) -> (&str, u16) {
        (&self.settings().host, self.settings().port)
    }

    /// The account that it is used with.
    pub fn user(&self) -> &UserName {
        &self.settings().user
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.pool.settings()
    }

    pub(crate) fn owed(&self) -> &Owed {
        self.pool.owed()
    }

    pub(crate) async fn lease(&self) -> Result<Lease> {
        self.pool.lease().await
    }

    /// Runs the statements in order, on one session, and stops at the first that fails. The error's text begins with
    /// that one, as it is shown; those before it stay done. While an earlier change that nobody waits for any more is not
    /// done, and while the server has no room on its disk and somebody waits for some, nothing is sent: it would wait too, and
    /// be done whenever that is, wanted or not.
    pub async fn execute(&self, statements: &[Statement]) -> Result<()> {
        let Some(first) = statements.first() else {
            return Ok(());
        };
        let mut lease = self.lease().await?;
        let GoingOn { unfinished, is_full } = self.going_on(&mut lease).await?;
        let refused = match unfinished {
            Some(waits) => Some(Error::new(Kind::Unfinished, first.shown()).with_waits(waits)),
            None if is_full => Some(Error::new(Kind::Full, first.shown())),
            None => None,
        };
        if let Some(refused) = refused {
            lease.give_back();
            return Err(refused);
        }
        // On MySQL nobody gets in while a change hangs, to see why.
        if lease.wire.make.flavour == Flavour::MySql {
            self.pool.keep_a_spare().await;
        }
        let mut there = BTreeSet::new();
        for statement in statements {
            refuse_what_is_misunderstood(&mut lease.wire, statement, &mut there).await?;
            if let Err(error) = lease.wire.run(statement).await {
                drop(lease);
                return Err(self.explained(error).await);
            }
        }
        lease.give_back();
        Ok(())
    }

    /// Whether an account can have two passwords for a while; see [`Statement::SetPassword`].
    pub async fn has_dual_passwords(&self) -> Result<bool> {
        let lease = self.lease().await?;
        let has = lease.wire.make.has_dual_passwords();
        lease.give_back();
        Ok(has)
    }
}

/// Refuses what this server would misunderstand: a `GRANT` to nobody makes an account on MySQL 5.7, unless the session's
/// mode forbids it, which is seen to as well. `there` are the accounts that were seen already.
async fn refuse_what_is_misunderstood(
    wire: &mut Wire,
    statement: &Statement,
    there: &mut BTreeSet<Account>,
) -> Result<()> {
    let needs_two = matches!(
        statement,
        Statement::SetPassword { keep_old: true, .. } | Statement::DiscardOld { .. }
    );
    if needs_two && !wire.make.has_dual_passwords() {
        return Err(Error::new(Kind::Unsupported, statement.shown())
            .with_source("only MySQL from 8.0.14 on has two passwords for an account"));
    }
    let accounts = statement.accounts();
    if matches!(statement, Statement::Drop { .. }) {
        there.retain(|account| !accounts.contains(account));
    }
    let any_new = accounts.iter().any(|account| !there.contains(account));
    if statement.is_grant() && wire.make.may_create_by_grant() && any_new {
        there.extend(accounts_of(wire, accounts).await?);
        if let Some(missing) = accounts.iter().find(|account| !there.contains(*account)) {
            return Err(Error::new(Kind::NoSuchAccount, statement.shown())
                .with_source(format!("{missing} is not there")));
        }
    }
    Ok(())
}

/// Which of the accounts are there.
pub(crate) async fn accounts_of(wire: &mut Wire, accounts: &[Account]) -> Result<Vec<Account>> {
    let users = wire.literals(accounts.iter().map(|account| account.user.as_str()));
    let sql = format!("SELECT User, Host FROM mysql.user WHERE User IN ({users})");
    crate::accounts::read(wire, &sql).await
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { host, port, user, .. } = self.settings();
        write!(f, "Server({user} at {host}:{port})")
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, .. } = self;
        write!(f, "Settings({user} at {host}:{port})")
    }
}
