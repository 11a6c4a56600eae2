//! One session with a server: made securely, put into a known mode, asked with a limit of time.

use std::time::Duration;

use mysql_async::{Conn, Opts, OptsBuilder, Row, SslOpts, prelude::Queryable};
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpStream, sync::mpsc, time::timeout};

use crate::{
    codes::{self, Doing},
    error::{Error, Kind, Result},
    flavour::{Flavour, Make},
    names::{Schema, UserName},
    owed::Owed,
    quote::{self, SqlMode},
    rows::{Cells, Rows},
    server::Settings,
    statement::Statement,
    trust::Trust,
};

/// How long a connection may be silent before the operating system asks whether the other end is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long it may take to see whether anybody is there at all.
const KNOCK: Duration = Duration::from_secs(2);

/// Rows that may have come and nobody has looked at.
const AHEAD: usize = 256;

/// One session. Dropping it closes the connection, if no answer is owed; else that is waited for.
pub(crate) struct Wire {
    /// Not there while an answer is waited for, nor after one that did not come in time.
    conn: Option<Conn>,
    /// Its number at the server.
    pub(crate) id: u32,
    owed: Owed,
    timeout: Duration,
    pub(crate) make: Make,
    pub(crate) mode: SqlMode,
    /// The whole of `@@sql_mode`.
    pub(crate) sql_mode: String,
}

/// As whom to log in.
pub(crate) struct Login<'a> {
    pub(crate) user: &'a UserName,
    pub(crate) password: &'a SecretString,
    pub(crate) schema: Option<&'a Schema>,
    /// Whom to trust; without it the login goes over the wire as it is.
    pub(crate) trust: Option<&'a Trust>,
}

impl Wire {
    /// Logs in and puts the session into a known mode.
    pub(crate) async fn open(settings: &Settings, login: &Login<'_>, owed: &Owed) -> Result<Self> {
        if owed.too_many() {
            return Err(silent(settings).await.with_source("too many answers are owed"));
        }
        let connecting = owed.answer(Conn::new(opts(settings, login)));
        let conn = match timeout(settings.connect_timeout, connecting).await {
            Ok(Some(Ok(conn))) => conn,
            Ok(Some(Err(error))) => return Err(codes::error(error, Doing::Connecting)),
            Ok(None) | Err(_) => {
                return Err(silent(settings).await.with_source("no answer in time"));
            }
        };
        let mut wire = Self {
            id: conn.id(),
            conn: Some(conn),
            owed: owed.clone(),
            timeout: settings.timeout,
            // Both are read in a moment; until then the careful assumption.
            make: Make::read(""),
            mode: SqlMode::default(),
            sql_mode: String::new(),
        };
        wire.prepare().await.map_err(Error::before_anything)?;
        Ok(wire)
    }

    /// Sets what the meaning of statements hangs on, and reads back what it is then.
    async fn prepare(&mut self) -> Result<()> {
        let version = self.rows("SELECT VERSION()").await?.one_text()?;
        self.make = Make::read(&version);
        for sql in settings_of_session(self.make, self.timeout) {
            self.rows(&sql).await?;
        }
        self.sql_mode = self.rows("SELECT @@SESSION.sql_mode").await?.one_text()?;
        self.mode = SqlMode::read(&self.sql_mode);
        Ok(())
    }

    /// Asks something that holds no password.
    pub(crate) async fn rows(&mut self, sql: &str) -> Result<Rows> {
        let doing = Doing::Running {
            shown: sql,
            secret: false,
            creating: false,
        };
        self.send(sql, doing).await
    }

    /// Runs a statement that changes accounts.
    pub(crate) async fn run(&mut self, statement: &Statement) -> Result<()> {
        let shown = statement.shown();
        let sql = statement
            .sql(self.mode, self.make.flavour)
            .map_err(|malformed| Error::new(Kind::Unsupported, malformed.to_string()))?;
        let doing = Doing::Running {
            shown: &shown,
            secret: statement.has_password(),
            creating: matches!(statement, Statement::CreateLocked { .. }),
        };
        self.send(sql.expose_secret(), doing).await.map(drop)
    }

    /// Asks something that holds no password, and looks at each row as it comes: for answers of many.
    pub(crate) async fn each(&mut self, sql: &str, mut look: impl FnMut(Cells) -> Result<()>) -> Result<()> {
        let doing = Doing::Running {
            shown: sql,
            secret: false,
            creating: false,
        };
        let mut conn = self.conn.take().ok_or_else(|| codes::broken(doing))?;
        let sql = sql.to_owned();
        let (tell, mut told) = mpsc::channel(AHEAD);
        let asked = self.owed.answer(async move {
            let answer = rows(&mut conn, &sql, &tell).await;
            (answer, conn)
        });
        // Whoever can't go on with the rows lets go of them, so that the answer is not waited for.
        let looked = async move {
            while let Some(row) = told.recv().await {
                look(Cells::new(row))?;
            }
            Ok(())
        };
        let both = async { tokio::join!(asked, looked) };
        let Ok((answer, looked)) = timeout(self.timeout, both).await else {
            return Err(codes::timed_out(doing));
        };
        looked?;
        let (answer, conn) = answer.ok_or_else(|| codes::broken(doing))?;
        self.conn = Some(conn);
        answer.map_err(|error| codes::error(error, doing))
    }

    async fn send(&mut self, sql: &str, doing: Doing<'_>) -> Result<Rows> {
        let mut conn = self.conn.take().ok_or_else(|| codes::broken(doing))?;
        let sql = SecretString::from(sql);
        let asked = self.owed.answer(async move {
            let rows = conn.query(sql.expose_secret()).await;
            (rows, conn)
        });
        let Ok(answer) = timeout(self.timeout, asked).await else {
            return Err(codes::timed_out(doing));
        };
        let (rows, conn) = answer.ok_or_else(|| codes::broken(doing))?;
        // What the server refuses leaves the session as it was.
        self.conn = Some(conn);
        rows.map(Rows::new).map_err(|error| codes::error(error, doing))
    }

    /// Whether the other end still answers.
    pub(crate) async fn is_alive(&mut self, limit: Duration) -> bool {
        let Some(conn) = &mut self.conn else {
            return false;
        };
        matches!(timeout(limit, conn.ping()).await, Ok(Ok(())))
    }

    /// Says good-bye, so that the server's log has nothing to complain about.
    pub(crate) async fn close(self) {
        if let Some(conn) = self.conn {
            // Whether the good-bye arrives changes nothing.
            drop(timeout(self.timeout, conn.disconnect()).await);
        }
    }

    /// Quotes a text for this session.
    pub(crate) fn literal(&self, text: &str) -> String {
        quote::literal(text, self.mode)
    }

    /// `'a', 'b', 'c'`, for `IN (…)`. Of nothing it is a text that no name can be.
    pub(crate) fn literals<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> String {
        let quoted: Vec<_> = texts.into_iter().map(|text| self.literal(text)).collect();
        if quoted.is_empty() {
            "NULL".to_owned()
        } else {
            quoted.join(", ")
        }
    }
}

/// Asks, and tells of each row.
async fn rows(conn: &mut Conn, sql: &str, tell: &mpsc::Sender<Row>) -> mysql_async::Result<()> {
    let mut answer = conn.query_iter(sql).await?;
    while let Some(row) = answer.next().await? {
        if tell.send(row).await.is_err() {
            break;
        }
    }
    answer.drop_result().await
}

/// Nothing came of connecting: by whether anybody listens there.
async fn silent(settings: &Settings) -> Error {
    let kind = if is_there(settings).await {
        Kind::Hangs
    } else {
        Kind::Unreachable
    };
    Error::new(kind, "connecting")
}

/// Whether anybody listens there.
async fn is_there(settings: &Settings) -> bool {
    let knock = TcpStream::connect((settings.host.as_str(), settings.port));
    matches!(timeout(KNOCK, knock).await, Ok(Ok(_)))
}

/// Everything that mysql_async would otherwise decide for itself.
fn opts(settings: &Settings, login: &Login<'_>) -> Opts {
    let tls = login.trust.map(|trust| {
        let roots = trust.certificates().iter();
        SslOpts::default()
            .with_disable_built_in_roots(true)
            .with_root_certs(roots.map(|root| root.to_vec().into()).collect())
    });
    OptsBuilder::default()
        .ip_or_hostname(settings.host.as_str())
        .tcp_port(settings.port)
        .user(Some(login.user.as_str()))
        .pass(Some(login.password.expose_secret()))
        .db_name(login.schema.map(Schema::as_str))
        // With this the driver refuses a server that offers no TLS before it tells it anything.
        .ssl_opts(tls)
        // It would leave the connection that was verified for a socket that the server names.
        .prefer_socket(false)
        .secure_auth(true)
        .enable_cleartext_plugin(false)
        .stmt_cache_size(0)
        .tcp_keepalive(Some(KEEP_ALIVE))
        .into()
}

/// The statements that make a session what the rest of this crate takes for granted.
fn settings_of_session(make: Make, timeout: Duration) -> Vec<String> {
    // By default a statement waits a year for somebody else's lock. It gives up before we do, so that we are told
    // that nothing was done. (MariaDB does not heed this for its tables of accounts.)
    let patience = (timeout / 3).as_secs().max(1);
    let mut modes = vec!["STRICT_ALL_TABLES", "NO_ENGINE_SUBSTITUTION"];
    if make.may_create_by_grant() {
        modes.push("NO_AUTO_CREATE_USER");
    }
    let modes = modes.join(",");
    let mut statements = vec![
        "SET NAMES utf8mb4".to_owned(),
        format!("SET SESSION sql_mode = '{modes}', SESSION lock_wait_timeout = {patience}"),
    ];
    if make.has_hex_hashes() {
        statements.push("SET SESSION print_identified_with_as_hex = ON".to_owned());
    }
    if make.flavour == Flavour::MySql && make.has_roles() {
        // Rights that an account has only through a role must count.
        statements.push("SET ROLE ALL".to_owned());
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// MySQL 5.7 with the page's parameter group makes a passwordless account out of a misspelt one.
    #[test]
    fn trap_02_no_grant_makes_an_account() {
        let set = |version| settings_of_session(Make::read(version), Duration::from_secs(30)).join("; ");
        assert!(set("5.7.44-log").contains("NO_AUTO_CREATE_USER"));
        assert!(set("10.11.19-MariaDB").contains("NO_AUTO_CREATE_USER"));
        // MySQL 8 refuses the mode, and needs none.
        assert!(!set("8.0.35").contains("NO_AUTO_CREATE_USER"));
        assert!(set("9.7.4").contains("lock_wait_timeout = 10"));
    }

    /// What the driver prints of its options holds the password, so nothing here prints them.
    #[test]
    fn tls_is_asked_for_with_the_given_roots_alone() {
        let trust = testing::trust();
        let settings = testing::settings(3306, &trust);
        let login = |trust| Login {
            user: &settings.user,
            password: &settings.password,
            schema: None,
            trust,
        };
        let with = opts(&settings, &login(Some(&trust)));
        let tls = with.ssl_opts().unwrap();
        assert!(tls.disable_built_in_roots() && !tls.skip_domain_validation() && !tls.accept_invalid_certs());
        assert_eq!(tls.root_certs().len(), 1);
        assert!(!with.prefer_socket() && !with.enable_cleartext_plugin() && with.secure_auth());
        assert!(opts(&settings, &login(None)).ssl_opts().is_none());
    }
}
