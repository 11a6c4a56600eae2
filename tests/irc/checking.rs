//! `countersign check` on real networks: what is said before the bot is started, or while it runs.

use std::process::Command;

use crate::support::irc::{Address, InspIrcd, Limits, Ngircd, Services, password};
use crate::support::programs::{Sandbox, binary};
use crate::support::serve::{ROOM, Setup};

use super::house::House;

/// What the check says of this configuration, and whether it ended well.
async fn checked(configuration: String, password: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("countersign.toml");
    std::fs::write(&config, configuration).unwrap();
    let mut command = Command::new(binary());
    command
        .args(["check", "--config"])
        .arg(&config)
        .env("HEROKU_TOKEN", "HRKU-sandbox")
        .env("GITHUB_TOKEN", "ghp_sandbox")
        .env("IRC_PASSWORD", password)
        .env_remove("RUST_LOG");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!said.contains(password), "the password is shown\n{said}");
    (output.status.success(), said)
}

/// The lines about the network.
fn about_network(said: &str) -> Vec<&str> {
    said.lines()
        .filter(|line| line[6.min(line.len())..].starts_with("test"))
        .collect()
}

async fn check_beside_a_running_bot(services: Services) {
    let house = House::new(services).await;
    let (good, said) = house.bot.run("check", &[]).await;
    assert!(good, "{said}");
    for expected in [
        "ok    test: logged in as bot",
        "ok    test: it says who is logged in as whom",
        "warn  store: process ",
        "ok    local socket: a bot listens on ",
    ] {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
    // The bot has kept its nick and its place.
    let alice = house.person("alice").await;
    alice.says(ROOM, "!ping");
    let pong = alice.hears_in(ROOM, "alice: ").await;
    assert_eq!(pong.from, "bot");
}

#[tokio::test]
async fn a_running_bot_is_not_disturbed_with_atheme() {
    check_beside_a_running_bot(Services::Atheme).await;
}

#[tokio::test]
async fn a_running_bot_is_not_disturbed_with_anope() {
    check_beside_a_running_bot(Services::Anope).await;
}

#[tokio::test]
async fn a_password_that_the_network_refuses_fails() {
    let mut irc = InspIrcd::start(Services::Atheme).await;
    irc.accounts(&["bot"]).await;
    let sandbox = Sandbox::start(1);
    let configuration = Setup::on(irc.tls(), &sandbox).configuration();
    let (good, said) = checked(configuration.clone(), "not-the-password").await;
    assert!(!good);
    let refused = "FAIL  test: the network refused the password of the bot's account bot.";
    assert!(
        about_network(&said).iter().any(|line| line.starts_with(refused)),
        "{said}"
    );
    // The right one is taken a moment later.
    let (good, said) = checked(configuration, &password("bot")).await;
    assert!(good, "{said}");
}

#[tokio::test]
async fn without_services_the_bot_is_not_logged_in() {
    let irc = InspIrcd::start(Services::None).await;
    let sandbox = Sandbox::start(1);
    let (good, said) = checked(Setup::on(irc.tls(), &sandbox).configuration(), &password("bot")).await;
    assert!(!good);
    let fails = |line: &&str| line.starts_with("FAIL  test: the bot is not logged in: ");
    assert!(about_network(&said).iter().any(fails), "{said}");
}

#[tokio::test]
async fn where_nobody_has_an_account_that_is_a_warning() {
    let irc = Ngircd::start(Limits::Default).await;
    let sandbox = Sandbox::start(1);
    let configuration = Setup::on(irc.tls(), &sandbox).without_account().configuration();
    let (good, said) = checked(configuration, "unused-password").await;
    assert!(good, "{said}");
    let warns = |line: &&str| {
        line.starts_with("warn  test: ") && line.ends_with("nobody can do more there than read")
    };
    assert!(about_network(&said).iter().any(warns), "{said}");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_trusted() {
    let irc = InspIrcd::start(Services::None).await;
    let sandbox = Sandbox::start(1);
    let configuration = Setup::on(irc.tls(), &sandbox)
        .but(|config| {
            // Then the ones that the operating system trusts.
            let network = config["irc"][0].as_table_mut().unwrap();
            network.remove("ca").unwrap();
        })
        .configuration();
    let (good, said) = checked(configuration, &password("bot")).await;
    assert!(!good);
    let lines = about_network(&said);
    assert!(
        lines[0].starts_with("FAIL  test, localhost:") && lines[0].contains("not trusted"),
        "{said}"
    );
    assert!(
        lines[1].starts_with("skip  test: no server could be reached"),
        "{said}"
    );
}

#[tokio::test]
async fn one_server_that_is_away_is_a_warning_if_another_is_there() {
    let mut irc = InspIrcd::start(Services::Atheme).await;
    irc.accounts(&["bot"]).await;
    let sandbox = Sandbox::start(1);
    let Address { port, .. } = irc.tls();
    let configuration = Setup::on(irc.tls(), &sandbox).configuration().replace(
        &format!("\"localhost:{port}\""),
        &format!("\"localhost:9\", \"localhost:{port}\""),
    );
    let (good, said) = checked(configuration, &password("bot")).await;
    assert!(good, "{said}");
    assert!(
        said.contains("warn  test, localhost:9: localhost port 9 cannot be connected to"),
        "{said}"
    );
    assert!(said.contains("ok    test: logged in as bot"), "{said}");
}
