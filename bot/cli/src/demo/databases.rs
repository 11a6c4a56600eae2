//! A database and its read-only replica for the demo: a MariaDB that is installed here, in a folder that goes away.

mod files;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use countersign_core::random::Random;
use countersign_core::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use toml::{Table, Value};

/// How to come by one.
pub(super) const GET_ONE: &str = "install MariaDB's server (on Debian: apt install mariadb-server)";
/// Where servers are that are on nobody's path.
const ELSEWHERE: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];
/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(20);
/// What its certificate is for.
const HOST: &str = "localhost";
/// What the configuration calls the one that there is; the others have nobody to answer for them.
const NAME: &str = "prod-db";

/// The programs of a MariaDB.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    server: PathBuf,
    install: PathBuf,
}

impl Installed {
    /// On the path, or where servers are usually.
    pub(super) fn find(path: &str) -> Option<Self> {
        let folders = std::env::split_paths(path).chain(ELSEWHERE.map(PathBuf::from));
        let folders: Vec<PathBuf> = folders.collect();
        let find = |name: &str| {
            folders
                .iter()
                .map(|folder| folder.join(name))
                .find(|program| program.is_file())
        };
        Some(Self {
            server: find("mariadbd")?,
            install: find("mariadb-install-db")?,
        })
    }
}

/// Two servers, of which one follows the other. They end with it.
#[derive(Debug)]
pub(super) struct Pair {
    ports: [u16; 2],
    password: String,
    // They end before their folder goes.
    servers: [Child; 2],
    home: TempDir,
}

impl Pair {
    pub(super) async fn start(installed: &Installed, random: &dyn Random) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("countersign-demo-").tempdir();
        let home = home.context("no temporary folder can be made")?;
        let passwords = [drawn(random), drawn(random), drawn(random)];
        let ports = [free_port()?, free_port()?];
        files::certificates(home.path())?;
        install(installed, home.path()).await?;
        files::statements(home.path(), &passwords, ports[0])?;
        let mut servers = [
            spawn(installed, home.path(), files::PRIMARY, ports[0])?,
            spawn(installed, home.path(), files::REPLICA, ports[1])?,
        ];
        for (server, (name, port)) in servers
            .iter_mut()
            .zip([files::PRIMARY, files::REPLICA].into_iter().zip(ports))
        {
            listens(server, port)
                .await
                .with_context(|| files::last_words(home.path(), name))?;
        }
        let [password, ..] = passwords;
        Ok(Self {
            ports,
            password,
            servers,
            home,
        })
    }

    /// The password of the bot's account.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Makes a written configuration name these servers.
    pub(super) fn take_part(&self, written: &mut Table) -> anyhow::Result<()> {
        let databases = written.get_mut("database").and_then(Value::as_array_mut);
        let databases = databases.context("the demo's configuration has no databases")?;
        databases.retain(|database| database.get("name").and_then(Value::as_str) == Some(NAME));
        let only = databases.first_mut().and_then(Value::as_table_mut);
        let only = only.with_context(|| format!("the demo's configuration has no {NAME}"))?;
        let [primary, replica] = self.ports.map(|port| Value::from(format!("{HOST}:{port}")));
        let ca = files::ca(self.home.path()).display().to_string();
        only.extend([
            ("primary".to_owned(), primary),
            ("replica".to_owned(), replica),
            ("ca".to_owned(), ca.into()),
            ("kill".to_owned(), "statement".into()),
        ]);
        Ok(())
    }

    /// Ends both.
    pub(super) async fn end(mut self) {
        for server in &mut self.servers {
            // One that has ended already is what is wanted.
            server.kill().await.ok();
        }
    }
}

/// Makes the data of both: they begin the same.
async fn install(installed: &Installed, home: &Path) -> anyhow::Result<()> {
    let data = files::data(home, files::PRIMARY);
    let mut command = Command::new(&installed.install);
    command.args([
        "--no-defaults",
        "--skip-test-db",
        "--skip-name-resolve",
        "--auth-root-authentication-method=normal",
    ]);
    command
        .arg(format!("--datadir={}", data.display()))
        .args(files::owner(home)?);
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("{} cannot be run", installed.install.display()))?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        installed.install.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let replica = files::data(home, files::REPLICA);
    tokio::task::spawn_blocking(move || files::copy(&data, &replica)).await?
}

fn spawn(installed: &Installed, home: &Path, name: &str, port: u16) -> anyhow::Result<Child> {
    let mut command = Command::new(&installed.server);
    command
        .args(files::options(home, name, port))
        .args(files::owner(home)?);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // What is typed in the terminal to end the demo is not meant for the servers.
    command.process_group(0).kill_on_drop(true);
    let server = command.spawn();
    server.with_context(|| format!("{} cannot be started", installed.server.display()))
}

/// Waits until it greets.
async fn listens(server: &mut Child, port: u16) -> anyhow::Result<()> {
    let up = async {
        loop {
            if let Some(status) = server.try_wait()? {
                bail!("the database ended at once ({status})");
            }
            if greets(port).await {
                return Ok(());
            }
            sleep(LOOK).await;
        }
    };
    let up = timeout(PATIENCE, up).await;
    up.unwrap_or_else(|_| bail!("the database does not come up"))
}

async fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
        return false;
    };
    stream.read_u8().await.is_ok()
}

fn free_port() -> anyhow::Result<u16> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(free.local_addr()?.port())
}

fn drawn(random: &dyn Random) -> String {
    let mut bytes = [0; 20];
    random.fill(&mut bytes);
    hex::encode(bytes)
}
