//! `countersign check` on real servers: what is right, and each thing that can be wrong with them.

use std::process::Command;

use crate::support::mysql::{ADMIN, ADMIN_PASSWORD, Cert, Flavour, Pair, Side};
use crate::support::programs::{Sandbox, binary};

/// What the check says of databases, which are on these servers.
struct Checked {
    good: bool,
    lines: Vec<String>,
}

/// The least that a bot with a database needs. `localhost` and `127.0.0.1` are both in the servers' certificates.
fn configuration(sandbox: &Sandbox, pair: &Pair) -> String {
    let url = &sandbox.url;
    format!(
        "[heroku]\nurl = \"{url}/\"\ntoken = {{ env = \"HEROKU_TOKEN\" }}\n\
         [github]\nurl = \"{url}/github/\"\ntoken = {{ env = \"GITHUB_TOKEN\" }}\n\
         [web]\nurl = \"http://127.0.0.1:9/\"\nlisten = \"127.0.0.1:9\"\n\
         [secrets]\nkey = {{ env = \"SEALING_KEY\" }}\n\
         [[person]]\nname = \"carol\"\naccounts = [{{ network = \"local\", name = \"1000\" }}]\n\
         [[database]]\nname = \"prod-db\"\nschema = \"treeherder\"\nprimary = \"localhost:{}\"\nreplica = \"localhost:{}\"\n\
         user = \"{ADMIN}\"\npassword = {{ env = \"DB_PASSWORD\" }}\nca = \"{}\"\nkill = \"rds\"\n\
         [[database.account]]\nname = \"activedata\"\nowner = \"carol\"\n",
        pair.primary().1,
        pair.replica().1,
        pair.ca().display(),
    )
}

async fn check(configuration: String, pair: &Pair, password: &str) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("countersign.toml");
    std::fs::write(&config, configuration).unwrap();
    let mut command = Command::new(binary());
    command
        .args(["check", "--config"])
        .arg(&config)
        .env("HEROKU_TOKEN", "HRKU-sandbox")
        .env("GITHUB_TOKEN", "ghp_sandbox")
        .env("SEALING_KEY", "5a".repeat(32))
        .env("DB_PASSWORD", password)
        .env_remove("RUST_LOG");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let primary = format!("localhost:{}", pair.primary().1);
    for secret in [password, primary.as_str()] {
        assert!(!said.contains(secret), "{secret} is shown\n{said}");
    }
    let about = said.lines().filter(|line| line.contains("prod-db"));
    Checked {
        good: output.status.success(),
        lines: about.map(str::to_owned).collect(),
    }
}

impl Checked {
    /// Each of these is the beginning of a line.
    fn says(&self, expected: &[&str]) {
        for expected in expected {
            let found = self.lines.iter().any(|line| line.starts_with(expected));
            assert!(found, "{expected:?} is not said\n{}", self.lines.join("\n"));
        }
    }
}

async fn says_what_is_right(flavour: Flavour) {
    let (pair, sandbox) = (Pair::start(flavour).await, Sandbox::start(1));
    let make = "CREATE USER 'activedata'@'%' IDENTIFIED BY 'x-knows-this-1' REQUIRE SSL;";
    pair.sql(Side::Primary, make).await;
    pair.caught_up().await;
    let checked = check(configuration(&sandbox, &pair), &pair, ADMIN_PASSWORD).await;
    let name = match flavour {
        Flavour::MariaDb => "MariaDB",
        Flavour::MySql => "MySQL",
    };
    checked.says(&[
        "ok    prod-db, ca: 1 certificate, the last good until ",
        &format!("ok    prod-db, primary: {name} "),
        "ok    prod-db, primary: its certificate is good until ",
        "ok    prod-db, admin: it may make accounts, and give them what they need",
        "ok    prod-db, admin: it may end sessions with mysql.rds_kill",
        "warn  prod-db, treeherder: 44 tables; ",
        "ok    prod-db, activedata: it is there, and needs TLS",
        &format!("ok    prod-db, replica: {name} "),
        "ok    prod-db, replica: it is one: read-only, and 0 s behind the primary",
    ]);
    assert!(checked.good, "{}", checked.lines.join("\n"));
}

#[tokio::test]
async fn what_is_right_is_said_of_mariadb() {
    says_what_is_right(Flavour::MariaDb).await;
}

#[tokio::test]
async fn what_is_right_is_said_of_mysql() {
    says_what_is_right(Flavour::MySql).await;
}

async fn finds_what_is_wrong(flavour: Flavour) {
    let (pair, sandbox) = (Pair::start(flavour).await, Sandbox::start(1));
    let plain = configuration(&sandbox, &pair);

    // Accounts that are not as they should be, and a form of KILL that the account has not.
    pair.sql(
        Side::Primary,
        "CREATE USER 'activedata'@'10.%' IDENTIFIED BY 'x-knows-this-1'",
    )
    .await;
    let checked = check(plain.replace("\"rds\"", "\"statement\""), &pair, ADMIN_PASSWORD).await;
    let right = match flavour {
        Flavour::MariaDb => "CONNECTION ADMIN",
        Flavour::MySql => "CONNECTION_ADMIN",
    };
    checked.says(&[
        &format!("FAIL  prod-db, admin: it lacks {right} ON *.*; grant it"),
        "FAIL  prod-db, activedata: there is only activedata@10.%, and activedata@% is what the configuration names",
    ]);
    assert!(!checked.good);
    pair.sql(
        Side::Primary,
        "CREATE USER 'activedata'@'%' IDENTIFIED BY 'x-knows-this-2'",
    )
    .await;
    pair.sql(Side::Primary, "DROP PROCEDURE mysql.rds_kill").await;
    check(plain.clone(), &pair, ADMIN_PASSWORD).await.says(&[
        "FAIL  prod-db, admin: it could not end a session: CALL mysql.rds_kill(4000000000): ",
        "warn  prod-db, activedata: there is activedata@10.% too, which comes before activedata@%",
        "warn  prod-db, activedata: it may log in without TLS",
    ]);

    // A replica that is none.
    let twice = plain.replace(
        &format!("replica = \"localhost:{}\"", pair.replica().1),
        &format!("replica = \"127.0.0.1:{}\"", pair.primary().1),
    );
    check(twice, &pair, ADMIN_PASSWORD).await.says(&[
        "FAIL  prod-db, replica: it is the primary, or looks like it (both have the server id 1)",
        "FAIL  prod-db, replica: it is not read-only",
        "FAIL  prod-db, replica: it follows no other server",
    ]);
    pair.stop_replication().await;
    let stopped = check(plain.clone(), &pair, ADMIN_PASSWORD).await;
    stopped.says(&["FAIL  prod-db, replica: its replication has stopped"]);
    pair.start_replication().await;

    // Servers that let nobody in, or that nobody should trust.
    let refused = check(plain.clone(), &pair, "not-the-password-4711").await;
    refused.says(&["FAIL  prod-db, primary: ", "FAIL  prod-db, replica: "]);
    assert!(
        refused
            .lines
            .iter()
            .any(|line| line.contains("look too whether admin may come from here"))
    );
    for (cert, words) in [
        (Cert::Expired, "the server's certificate has expired"),
        (Cert::OtherName, "the server's certificate is for another name"),
        (
            Cert::OtherAuthority,
            "is signed by nobody in the configured CA bundle",
        ),
    ] {
        pair.certificate(cert).await;
        let checked = check(plain.clone(), &pair, ADMIN_PASSWORD).await;
        let found = checked
            .lines
            .iter()
            .filter(|line| line.starts_with("FAIL") && line.contains(words));
        assert_eq!(found.count(), 2, "{cert:?}\n{}", checked.lines.join("\n"));
        assert!(!checked.good);
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_of_mariadb() {
    finds_what_is_wrong(Flavour::MariaDb).await;
}

#[tokio::test]
async fn what_is_wrong_is_said_of_mysql() {
    finds_what_is_wrong(Flavour::MySql).await;
}
