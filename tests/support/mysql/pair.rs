//! A primary and its replica.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::client::{self, Output, Session};
use super::schema::{ADMIN_PASSWORD, FOLLOWER, SCHEMA};
use super::server::{Part, Server};
use super::tls::{Authority, Cert, SOON};
use super::{Files, Flavour, Side, template};
use crate::support::process::{Home, free_port};

/// Two servers of one flavour. They are killed when this is dropped.
pub(crate) struct Pair {
    // They end before their folder goes.
    pub(super) servers: [Server; 2],
    ports: [u16; 2],
    pub(super) flavour: Flavour,
    authority: Authority,
    pub(super) home: Home,
}

impl Pair {
    /// Starts both, as small as they can be, and waits until one follows the other.
    pub(crate) async fn start(flavour: Flavour) -> Self {
        Self::with(flavour, "").await
    }

    /// The same with more lines in the configuration of both.
    pub(crate) async fn with(flavour: Flavour, settings: &str) -> Self {
        Self::made(flavour, settings, false).await
    }

    /// With a primary whose disk can be full.
    pub(crate) async fn on_a_small_disk(flavour: Flavour, settings: &str) -> Self {
        Self::made(flavour, settings, true).await
    }

    async fn made(flavour: Flavour, settings: &str, small_disk: bool) -> Self {
        let home = Home::new();
        let authority = Authority::new(&home);
        home.write("password", ADMIN_PASSWORD);
        let ports = [free_port(), free_port()];
        let lines = Authority::configuration(&home) + flavour.words().replicating;
        let server = |side: Side| {
            let folder = home.at(side.name());
            let lines = format!(
                "server-id = {id}\nlog-bin = {folder}/bin\nrelay-log = {folder}/relay\n{more}{lines}{settings}",
                id = side as usize + 1,
                folder = folder.display(),
                more = if side == Side::Replica {
                    "read-only = 1\n"
                } else {
                    ""
                },
            );
            let port = ports[side as usize];
            let part = Part {
                port,
                lines: &lines,
                small_disk: small_disk && side == Side::Primary,
            };
            Server::new(flavour, side.name(), &home, &part)
        };
        let mut servers = Side::BOTH.map(server);
        template::copy(flavour, &home, Side::BOTH.map(Side::name)).await;
        for server in &mut servers {
            server.spawn(&home);
        }
        for server in &mut servers {
            server.is_there(&home).await;
        }
        let pair = Self {
            servers,
            ports,
            flavour,
            authority,
            home,
        };
        let follow = (flavour.words().follow)
            .replace("{port}", &ports[0].to_string())
            .replace("{user}", FOLLOWER.0)
            .replace("{password}", FOLLOWER.1);
        pair.sql(Side::Replica, &follow).await;
        pair.replicates().await;
        pair
    }

    pub(crate) fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Where the primary is, by the name in its certificate.
    pub(crate) fn primary(&self) -> (&'static str, u16) {
        self.address(Side::Primary)
    }

    /// Where the replica is.
    pub(crate) fn replica(&self) -> (&'static str, u16) {
        self.address(Side::Replica)
    }

    pub(crate) fn address(&self, side: Side) -> (&'static str, u16) {
        ("localhost", self.ports[side as usize])
    }

    /// Who vouches for both, as a PEM file.
    pub(crate) fn ca(&self) -> PathBuf {
        Authority::ca(&self.home)
    }

    #[expect(clippy::unused_self, reason = "whoever has no pair has no use for it")]
    pub(crate) fn admin_password(&self) -> &'static str {
        ADMIN_PASSWORD
    }

    /// A file with the password of the account `admin` in it.
    pub(crate) fn password_file(&self) -> PathBuf {
        self.home.at("password")
    }

    /// As root, who may do anything: rows in lines, columns between tabs.
    pub(crate) async fn sql(&self, side: Side, statements: &str) -> String {
        self.root(side, &[], statements).await
    }

    async fn root(&self, side: Side, args: &[&str], statements: &str) -> String {
        let socket = self.servers[side as usize].socket(&self.home);
        client::root(self.flavour, &socket, args, statements).await
    }

    /// The real client of this flavour with an option file, run to its end.
    pub(crate) async fn client(&self, options: &Path, args: &[&str]) -> Output {
        client::run(client::client(self.flavour, Some(options), args), "").await
    }

    /// The client of any flavour.
    pub(crate) async fn client_of(&self, flavour: Flavour, options: &Path, args: &[&str]) -> Output {
        client::run(client::client(flavour, Some(options), args), "").await
    }

    /// The same, staying.
    pub(crate) fn session(&self, options: &Path, args: &[&str]) -> Session {
        Session::begin(client::client(self.flavour, Some(options), args))
    }

    /// Waits until the replica has carried out whatever the primary has.
    pub(crate) async fn caught_up(&self) {
        let words = self.flavour.words();
        let position = self.sql(Side::Primary, words.position).await;
        let wait = words.wait.replace("{position}", &position);
        assert_eq!(
            self.sql(Side::Replica, &wait).await,
            "0",
            "{}",
            self.status().await
        );
    }

    /// The replica's own account of how it follows.
    pub(crate) async fn status(&self) -> String {
        self.root(
            Side::Replica,
            &["--vertical", "--column-names"],
            self.flavour.words().status,
        )
        .await
    }

    /// Waits until the replica follows.
    async fn replicates(&self) {
        let running = self.flavour.words().running;
        self.status_says(|status| running.iter().all(|thread| field(status, thread) == "Yes"))
            .await;
    }

    async fn status_says(&self, is_so: impl Fn(&str) -> bool) {
        for _ in 0..600 {
            let status = self.status().await;
            if is_so(&status) {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the replica does not come to it\n{}", self.status().await);
    }

    /// The replica hears and does nothing more.
    pub(crate) async fn stop_replication(&self) {
        self.sql(Side::Replica, self.flavour.words().stop).await;
    }

    pub(crate) async fn start_replication(&self) {
        self.sql(Side::Replica, self.flavour.words().start).await;
        self.replicates().await;
    }

    /// The replica is so many seconds behind, and gets further. With 0 it catches up.
    pub(crate) async fn lag(&self, seconds: u32) {
        let words = self.flavour.words();
        let delay = if seconds == 0 { 0 } else { seconds + 3600 };
        self.sql(Side::Replica, &words.delay.replace("{delay}", &delay.to_string()))
            .await;
        if seconds == 0 {
            return self.caught_up().await;
        }
        let late = format!(
            "SET timestamp = UNIX_TIMESTAMP() - {seconds}; REPLACE INTO {SCHEMA}.webhook VALUES (99, 'late')"
        );
        self.sql(Side::Primary, &late).await;
        let behind = |status: &str| field(status, words.behind).parse().unwrap_or(0);
        self.status_says(|status| behind(status) >= seconds).await;
    }

    /// The replica stops at a statement that it can't carry out.
    pub(crate) async fn break_replication(&self) {
        // A row is there already. (A table would do no harm: MariaDB replaces it.)
        let insert = format!("INSERT INTO {SCHEMA}.webhook VALUES (100, 'in the way')");
        self.sql(Side::Replica, &format!("SET sql_log_bin = 0; {insert}"))
            .await;
        self.sql(Side::Primary, &insert).await;
        let [_, carries_out] = self.flavour.words().running;
        self.status_says(|status| field(status, carries_out) == "No")
            .await;
    }

    /// What broke it is mended.
    pub(crate) async fn mend_replication(&self) {
        let delete = format!("SET sql_log_bin = 0; DELETE FROM {SCHEMA}.webhook WHERE id = 100");
        self.sql(Side::Replica, &delete).await;
        self.start_replication().await;
    }

    /// Kill -9.
    pub(crate) fn kill(&mut self, side: Side) {
        self.servers[side as usize].kill();
    }

    /// Starts one again that was killed, and waits until it is there and the replica follows.
    pub(crate) async fn start_again(&mut self, side: Side) {
        let server = &mut self.servers[side as usize];
        server.spawn(&self.home);
        server.is_there(&self.home).await;
        self.replicates().await;
    }

    /// Whether everybody but root may only read.
    pub(crate) async fn read_only(&self, side: Side, only: bool) {
        let value = u8::from(only);
        self.sql(side, &format!("SET GLOBAL read_only = {value}")).await;
    }

    /// Whether the server itself refuses everybody without TLS, as some do.
    pub(crate) async fn requires_tls(&self, requires: bool) {
        let value = u8::from(requires);
        for side in Side::BOTH {
            let set = format!("SET GLOBAL require_secure_transport = {value}");
            self.sql(side, &set).await;
        }
    }

    /// So many come that nobody else is let in but root, until they are dropped. Who is there already stays.
    pub(crate) async fn crowd(&self, side: Side) -> Crowd {
        // Who connects and says nothing is let be for a while.
        self.sql(
            side,
            "SET GLOBAL connect_timeout = 600; SET GLOBAL max_connections = 10",
        )
        .await;
        let mut crowd = Vec::new();
        loop {
            let mut stream = TcpStream::connect(("127.0.0.1", self.ports[side as usize]))
                .await
                .unwrap();
            // Three bytes of length, one of the packet's number; then a greeting, or 0xFF and an error.
            let mut begin = [0; 5];
            stream.read_exact(&mut begin).await.unwrap();
            if begin[4] == 0xFF {
                break;
            }
            crowd.push(stream);
            assert!(crowd.len() < 100, "everybody is let in");
        }
        // One place is root's, and whoever has not said yet who they are may be root.
        crowd.pop();
        self.root_gets_in(side).await;
        Crowd { _there: crowd }
    }

    /// They go, and others come again.
    pub(crate) async fn disperses(&self, side: Side, crowd: Crowd) {
        drop(crowd);
        self.root_gets_in(side).await;
        self.sql(side, "SET GLOBAL max_connections = 200").await;
    }

    /// A server takes a moment to see that somebody left.
    async fn root_gets_in(&self, side: Side) {
        let socket = self.servers[side as usize].socket(&self.home);
        let args = ["--user=root", &format!("--socket={}", socket.display())];
        for _ in 0..100 {
            let command = client::client(self.flavour, None, &args);
            if client::run(command, "SELECT 1").await.good {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("root is not let in");
    }

    /// Ends every session of an account, so that it has to come anew.
    pub(crate) async fn throw_out(&self, side: Side, user: &str) {
        let theirs = format!(
            "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE user = '{user}'"
        );
        let kills = self.sql(side, &theirs).await;
        // One may have gone by itself meanwhile.
        self.root(side, &["--force"], &kills).await;
    }

    /// Both servers show this certificate from now on.
    pub(crate) async fn certificate(&self, cert: Cert) {
        self.authority.shows(&self.home, cert);
        for side in Side::BOTH {
            self.sql(side, self.flavour.words().reload_tls).await;
        }
        if cert == Cert::Expired {
            // It does not count below seconds.
            sleep(SOON + Duration::from_secs(1)).await;
        }
    }

    /// What a server wrote down.
    pub(crate) fn files(&self, side: Side) -> Files {
        let errors = self.home.at(&format!("{}.log", side.name()));
        Files::of(&self.home.at(side.name()), errors)
    }
}

impl Drop for Pair {
    #[expect(clippy::print_stderr, reason = "who looks at a failure wants to see it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the logs of {:?}\n{}", self.flavour, self.home.logs());
        }
    }
}

/// Many connections to one server.
pub(crate) struct Crowd {
    _there: Vec<TcpStream>,
}

/// A line of what `SHOW … STATUS` says.
fn field<'s>(status: &'s str, name: &str) -> &'s str {
    let value = |line: &'s str| line.trim_start().strip_prefix(name)?.strip_prefix(':');
    status.lines().find_map(value).unwrap_or_default().trim()
}
