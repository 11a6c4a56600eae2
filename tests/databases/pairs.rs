//! What the other stories rely on: that the servers are as they are at RDS, and can be brought into trouble.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::mysql::{ADMIN, ADMIN_PASSWORD, Cert, Flavour, Pair, SCHEMA, Side, TABLES};

/// Somebody who has an option file.
struct Login {
    folder: TempDir,
}

impl Login {
    /// With the words of either client for: TLS, and only with whom the authority vouches for.
    fn of(user: &str, password: &str, pair: &Pair, side: Side) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (host, port) = pair.address(side);
        let text = format!(
            "[client]\nuser={user}\npassword={password}\nhost={host}\nport={port}\nprotocol=tcp\nssl-ca={ca}\n\
             loose-ssl-mode=VERIFY_IDENTITY\nloose-ssl-verify-server-cert\n",
            ca = pair.ca().display(),
        );
        std::fs::write(folder.path().join("options.cnf"), text).unwrap();
        Self { folder }
    }

    fn admin(pair: &Pair, side: Side) -> Self {
        Self::of(ADMIN, ADMIN_PASSWORD, pair, side)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("options.cnf")
    }
}

async fn follows_and_only_reads(flavour: Flavour) {
    let pair = Pair::start(flavour).await;
    let [primary, replica] = Side::BOTH.map(|side| Login::admin(&pair, side));
    let tables = format!("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{SCHEMA}'");
    let found = pair.client(&replica.file(), &["-e", &tables]).await.rows();
    // Those of the page, auth_user, django_session, webhook, and a view.
    assert_eq!(found, (TABLES.len() + 4).to_string());
    let tls = "SELECT @@read_only; SHOW STATUS LIKE 'Ssl_version'";
    let said = pair.client(&replica.file(), &["-e", tls]).await.rows();
    assert!(said.starts_with("1\nSsl_version\tTLSv1."), "{said}");

    let make = "CREATE USER cs_alice@'%' IDENTIFIED BY 'alice-knows-this' REQUIRE SSL; GRANT SELECT ON treeherder.job TO cs_alice@'%'";
    pair.client(&replica.file(), &["-e", make])
        .await
        .failed_with(1290);
    pair.client(&primary.file(), &["-e", make]).await.rows();
    pair.caught_up().await;
    let alice = Login::of("cs_alice", "alice-knows-this", &pair, Side::Replica);
    let ask = ["-e", "SELECT name FROM treeherder.job"];
    assert_eq!(pair.client(&alice.file(), &ask).await.rows(), "one");
    // MySQL's own has forgotten how passwords are proved to MariaDB.
    let other = pair.client_of(Flavour::MariaDb, &alice.file(), &ask).await;
    assert_eq!(other.rows(), "one");
    let hidden = ["-e", "SELECT password FROM treeherder.auth_user"];
    pair.client(&alice.file(), &hidden).await.failed_with(1142);
    let without = [flavour.without_tls(), &ask].concat();
    pair.client(&alice.file(), &without).await.failed_with(1045);

    // Nobody ends somebody else's session but through the procedure.
    let mut session = pair.session(&alice.file(), &[]);
    session.asks("SELECT CONNECTION_ID()").await;
    let id = session.hears().await;
    pair.client(&replica.file(), &["-e", &format!("KILL {id}")])
        .await
        .failed_with(1095);
    pair.client(&replica.file(), &["-e", &format!("CALL mysql.rds_kill({id})")])
        .await
        .rows();
    session.asks("SELECT 1").await;
    let error = session.ends_within(Duration::from_secs(5)).await;
    assert!(error.contains("ERROR 20"), "{error}");
}

async fn comes_into_trouble(flavour: Flavour) {
    let mut pair = Pair::start(flavour).await;
    let [primary, replica] = Side::BOTH.map(|side| Login::admin(&pair, side));
    let one = ["-e", "SELECT 1"];
    pair.lag(90).await;
    pair.sql(Side::Primary, "CREATE TABLE treeherder.late (id INT)")
        .await;
    let late = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'late'";
    assert_eq!(pair.sql(Side::Replica, late).await, "0");
    pair.lag(0).await;
    assert_eq!(pair.sql(Side::Replica, late).await, "1");
    pair.break_replication().await;
    pair.mend_replication().await;
    pair.caught_up().await;
    pair.stop_replication().await;
    pair.start_replication().await;

    for cert in [Cert::Expired, Cert::OtherName, Cert::OtherAuthority] {
        pair.certificate(cert).await;
        pair.client(&primary.file(), &one).await.failed_with(2026);
    }
    pair.certificate(Cert::Good).await;
    assert_eq!(pair.client(&primary.file(), &one).await.rows(), "1");

    let crowd = pair.crowd(Side::Replica).await;
    let refused = pair.client(&replica.file(), &one).await;
    assert!(refused.error.contains("Too many connections"), "{refused:?}");
    pair.disperses(Side::Replica, crowd).await;
    assert_eq!(pair.client(&replica.file(), &one).await.rows(), "1");

    pair.read_only(Side::Primary, true).await;
    let make = ["-e", "CREATE USER cs_bob@'%'"];
    pair.client(&primary.file(), &make).await.failed_with(1290);
    pair.read_only(Side::Primary, false).await;
    pair.client(&primary.file(), &make).await.rows();
    for side in Side::BOTH {
        pair.kill(side);
        let login = Login::admin(&pair, side);
        let refused = pair.client(&login.file(), &one).await;
        assert!(refused.error.contains("ERROR 200"), "{refused:?}");
        pair.start_again(side).await;
    }
    let there = "SELECT COUNT(*) FROM mysql.user WHERE user = 'cs_bob'";
    pair.caught_up().await;
    for side in Side::BOTH {
        assert_eq!(
            pair.sql(side, there).await,
            "1",
            "a kill loses nothing that was said to be done"
        );
    }
}

/// It is said in the clear what the servers write down, because stories about secrets rely on it.
async fn writes_down(flavour: Flavour) -> [bool; 2] {
    let pair = Pair::start(flavour).await;
    let login = Login::admin(&pair, Side::Primary);
    let make = "CREATE USER cs_canary@'%' IDENTIFIED BY 'canary-5d1c7e90'";
    pair.client(&login.file(), &["-e", make]).await.rows();
    pair.caught_up().await;
    let files = pair.files(Side::Primary);
    assert!(!pair.files(Side::Replica).relay.is_empty());
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(holds("cs_canary"), "{}", path.display());
        holds("canary-5d1c7e90")
    };
    [holds(&files.general), holds(files.binary.last().unwrap())]
}

#[tokio::test]
async fn a_mariadb_replica_follows_and_only_reads() {
    follows_and_only_reads(Flavour::MariaDb).await;
}

#[tokio::test]
async fn a_mysql_replica_follows_and_only_reads() {
    follows_and_only_reads(Flavour::MySql).await;
}

#[tokio::test]
async fn mariadb_comes_into_trouble() {
    comes_into_trouble(Flavour::MariaDb).await;
}

#[tokio::test]
async fn mysql_comes_into_trouble() {
    comes_into_trouble(Flavour::MySql).await;
}

/// Trap 4.
#[tokio::test]
async fn trap_04_mariadb_writes_passwords_down_and_mysql_does_not() {
    assert_eq!(writes_down(Flavour::MariaDb).await, [true, true]);
    assert_eq!(writes_down(Flavour::MySql).await, [false, false]);
}
