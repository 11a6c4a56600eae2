//! `countersign check`, against the sandbox: what is right, and everything that can be wrong with what the
//! configuration names.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod program;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use countersign::clock::SpeedClock;
use countersign_sandbox::{Sandbox, Tokens};
use program::{countersign, run, said};
use tempfile::TempDir;

const APP: &str = r#"
[[app]]
name = "prod"
heroku = "treeherder-prod"
repository = "mozilla/treeherder"
branch = "production"
deploys_from = "master"
site = "https://treeherder.mozilla.org/"
"#;

const TEAM: &str = r#"
[[person]]
name = "alice"
roles = ["deployer"]
accounts = [{ network = "local", name = "1000" }]

[[rule]]
name = "deploys"
commands = ["deploy"]
roles = ["deployer"]
"#;

/// A folder with a configuration.
struct Place(TempDir);

impl Place {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("bot.toml"), text).unwrap();
        Self(folder)
    }

    /// One that asks this sandbox.
    fn at(sandbox: &Sandbox, text: &str) -> Self {
        Self::new(&services(&sandbox.heroku_url(), text))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A sealing key that nobody else may read.
    fn add_key(&self) {
        let file = self.path().join("sealing-key");
        std::fs::write(&file, "5a".repeat(32)).unwrap();
        std::fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    }

    /// Runs the check with these tokens.
    async fn check_with(&self, tokens: Tokens, args: &[&str]) -> Output {
        let mut command = countersign();
        command
            .arg("check")
            .arg("--config")
            .arg(self.path().join("bot.toml"))
            .args(args)
            .env("HEROKU_TOKEN", tokens.heroku)
            .env("GITHUB_TOKEN", tokens.github)
            .env_remove("RUST_LOG");
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    async fn check(&self, args: &[&str]) -> Output {
        self.check_with(Tokens::default(), args).await
    }

    /// What was said, without what differs from one machine to another.
    fn shown(&self, output: &Output) -> String {
        let text = said(output).replace(&self.path().display().to_string(), "FOLDER");
        let lines = text.lines().map(|line| match line.split_once("  ") {
            Some((_, words)) if words.trim_start().starts_with("TLS: ") => "TLS".to_owned(),
            Some((_, words)) if words.trim_start().starts_with("disk: ") => "disk".to_owned(),
            _ => line.split(". SQLite").next().unwrap_or_default().to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn services(url: &str, text: &str) -> String {
    format!(
        "[heroku]\nurl = \"{url}/\"\ntoken = {{ env = \"HEROKU_TOKEN\" }}\n\n\
         [github]\nurl = \"{url}/github/\"\ntoken = {{ env = \"GITHUB_TOKEN\" }}\n{text}"
    )
}

async fn sandbox() -> Sandbox {
    let time = Arc::new(SpeedClock::starting_now(1.0));
    let listen = "127.0.0.1:0".parse().unwrap();
    Sandbox::start(listen, time, Tokens::default()).await.unwrap()
}

#[tokio::test]
async fn what_is_right_is_said_line_by_line() {
    let sandbox = sandbox().await;
    let place = Place::at(&sandbox, &format!("{APP}{TEAM}"));
    let output = place.check(&[]).await;
    insta::assert_snapshot!(place.shown(&output), @r#"
    ok    configuration: 1 app, 1 person, 1 rule, no network
    warn  networks: there is no [[irc]] section, so commands come only through countersign do
    TLS
    ok    data folder: FOLDER/data is not there yet; countersign serve makes it
    disk
    ok    store: none yet; the first start makes it
    ok    local socket: FOLDER/data/countersign.sock; no bot listens on it now
    skip  web: there is no [web]: secrets cannot be handed over
    ok    Heroku: the token is that of countersign@example.org
    ok    Heroku, treeherder-prod: it can be read
    ok    GitHub, mozilla/treeherder: it can be read and pushed to
    ok    GitHub, mozilla/treeherder, master: at 8d07be4
    ok    GitHub, mozilla/treeherder, production: at 3f2a91c
    ok    clock: it agrees with Heroku's

    12 ok, 1 warning
    "#);
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn tokens_that_are_refused_fail_and_are_not_shown() {
    let sandbox = sandbox().await;
    let place = Place::at(&sandbox, &format!("{APP}{TEAM}"));
    let tokens = Tokens {
        heroku: "HRKU-of-somebody-else".to_owned(),
        github: "ghp_of_somebody_else".to_owned(),
    };
    let output = place.check_with(tokens, &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let shown = said(&output);
    assert!(
        !shown.contains("of-somebody") && !shown.contains("of_somebody"),
        "{shown}"
    );
    let failures: Vec<&str> = shown.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert_eq!(failures.len(), 2, "{shown}");
    assert!(
        failures[0].starts_with("FAIL  Heroku: Heroku answered 401"),
        "{shown}"
    );
    assert!(
        failures[1].starts_with("FAIL  GitHub, mozilla/treeherder: GitHub answered 401"),
        "{shown}"
    );
    for failure in failures {
        assert!(
            failure.ends_with("token was refused; put a new one in place and run countersign check"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn what_a_service_does_not_have_fails_and_the_rest_is_checked() {
    let sandbox = sandbox().await;
    let elsewhere = APP
        .replace("\"prod\"", "\"other\"")
        .replace("treeherder-prod", "treeherder-prd")
        .replace("mozilla/treeherder", "mozilla/treeherd");
    let branch = APP
        .replace("\"prod\"", "\"third\"")
        .replace("\"production\"", "\"prodution\"");
    let odd = APP
        .replace("\"prod\"", "\"odd\"")
        .replace("treeherder-prod", "Treeherder Prod");
    let place = Place::at(&sandbox, &format!("{APP}{elsewhere}{branch}{odd}{TEAM}"));
    let output = place.check(&[]).await;
    assert_eq!(output.status.code(), Some(1));
    let shown = said(&output);
    for expected in [
        "FAIL  configuration: heroku of the app odd is no name that the provider knows: ",
        "ok    Heroku, treeherder-prod: it can be read",
        "FAIL  Heroku, treeherder-prd: Heroku answered 404",
        "FAIL  Heroku, Treeherder Prod: ",
        "FAIL  GitHub, mozilla/treeherd: GitHub answered 404",
        "ok    GitHub, mozilla/treeherder: it can be read and pushed to",
        "ok    GitHub, mozilla/treeherder, master: at ",
        "FAIL  GitHub, mozilla/treeherder, prodution: GitHub answered 404",
        "ok    GitHub, mozilla/treeherder, production: at ",
        "ok    clock: it agrees with Heroku's",
        "\n5 failures",
    ] {
        assert!(
            shown.contains(expected.trim_start_matches('\n')),
            "{expected}\n---\n{shown}"
        );
    }
}

#[tokio::test]
async fn services_that_are_not_there_fail_and_do_not_hold_up_for_ever() {
    let place = Place::new(&services("http://127.0.0.1:9", &format!("{APP}{TEAM}")));
    let output = place.check(&[]).await;
    assert_eq!(output.status.code(), Some(1));
    let shown = said(&output);
    assert!(
        shown.contains(
            "FAIL  Heroku: the connection to Heroku failed during GET /account (Connection refused"
        ),
        "{shown}"
    );
    assert!(
        shown.contains("FAIL  GitHub, mozilla/treeherder: the connection to GitHub failed"),
        "{shown}"
    );
    assert!(shown.contains("skip  clock: "), "{shown}");
}

#[tokio::test]
async fn offline_nothing_is_asked() {
    let network = "[[irc]]\nnetwork = \"libera\"\nservers = [\"127.0.0.1:9\"]\n";
    let place = Place::new(&services("http://127.0.0.1:9", &format!("{APP}{TEAM}{network}")));
    let output = place.check(&["--offline"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    insta::assert_snapshot!(place.shown(&output), @r#"
    ok    configuration: 1 app, 1 person, 1 rule, on libera
    TLS
    ok    data folder: FOLDER/data is not there yet; countersign serve makes it
    disk
    ok    store: none yet; the first start makes it
    ok    local socket: FOLDER/data/countersign.sock; no bot listens on it now
    skip  web: there is no [web]: secrets cannot be handed over
    skip  Heroku, GitHub, libera: not asked, because of --offline; the clock was not compared either

    6 ok
    "#);
}

#[tokio::test]
async fn what_nobody_can_want_is_a_warning() {
    let more = r##"
[[irc]]
network = "libera"
servers = ["127.0.0.1:9"]
rooms = ["#ops"]

[[person]]
name = "bob"
roles = ["admin"]

[[rule]]
name = "rollbacks"
commands = ["rollback"]
roles = ["deployer", "admin"]
rooms = ["#ops", "#opps", "direct"]
seats = [{ count = 1, roles = ["admin"] }]
"##;
    let place = Place::new(&services("http://127.0.0.1:9", &format!("{APP}{TEAM}{more}")));
    let output = place.check(&["--offline"]).await;
    assert_eq!(output.status.code(), Some(0), "a warning is no failure");
    let shown = said(&output);
    let warnings: Vec<&str> = shown.lines().filter(|line| line.starts_with("warn  ")).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"
    warn  rules: the rule rollbacks is of no use to bob: not enough others could fill its seats
    warn  rules: the rule rollbacks is about #opps, where the bot is not; correct it, or write it into irc.rooms
    warn  person bob: there is no account of theirs, so the bot never knows them; write it into accounts
    ");
}

#[tokio::test]
async fn a_command_that_there_is_not_is_shown_in_the_file() {
    let place = Place::new(&services(
        "http://127.0.0.1:9",
        &TEAM.replace("[\"deploy\"]", "[\"deplyo\"]"),
    ));
    let output = place.check(&["--offline"]).await;
    assert_eq!(output.status.code(), Some(1));
    let shown = said(&output);
    assert!(
        shown.contains("× rule.commands: there is no command deplyo"),
        "{shown}"
    );
    assert!(shown.contains("did you mean deploy?"), "{shown}");
    assert!(
        shown.contains("ok    local socket: "),
        "the rest is checked\n{shown}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_said_as_a_whole() {
    let text = services("http://127.0.0.1:9", &format!("rooms = 3\n{APP}{TEAM}"));
    let place = Place::new(&text);
    let output = place.check(&[]).await;
    assert_eq!(output.status.code(), Some(1));
    let shown = said(&output);
    assert!(
        shown.starts_with("FAIL  configuration: it cannot be used\n"),
        "{shown}"
    );
    assert!(shown.contains("github.rooms: there is no rooms here"), "{shown}");
    assert!(shown.contains("skip  the rest: "), "{shown}");
}

#[tokio::test]
async fn as_json_each_thing_is_a_line() {
    let wrong = TEAM
        .replace("roles = [\"deployer\"]\n\n", "roles = [\"deploier\"]\n\n")
        .replace("1000", "alice");
    let place = Place::new(&services("http://127.0.0.1:9", &format!("{APP}{wrong}")));
    let output = place.check(&["--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let failures: Vec<&serde_json::Value> = lines.iter().filter(|line| line["level"] == "fail").collect();
    assert!(
        failures
            .iter()
            .all(|failure| failure["about"].as_str().unwrap().contains("bot.toml:"))
    );
    assert!(
        failures[0]["words"]
            .as_str()
            .unwrap()
            .contains("is not the number of a user"),
        "{failures:?}"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = run(&["check", "--config", "no/such.toml", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(
        said.contains("no/such.toml cannot be read: No such file"),
        "{said}"
    );
}

/// The web side, at an address where somebody or nobody answers, with a key in a file.
fn web(url: &str, more: &str) -> String {
    format!("[web]\nurl = \"{url}\"\n{more}\n[secrets]\nkey = {{ file = \"sealing-key\" }}\n")
}

#[tokio::test]
async fn who_answers_at_the_public_address_is_told() {
    let sandbox = sandbox().await;
    let mut said = String::new();
    // The sandbox is somebody else; nobody listens on port 1.
    for url in [
        format!("{}/", sandbox.heroku_url()),
        "http://127.0.0.1:1/".to_owned(),
    ] {
        let place = Place::at(&sandbox, &format!("{APP}{TEAM}{}", web(&url, "")));
        place.add_key();
        let output = place.check(&[]).await;
        let text = place.shown(&output).replace(&url, "URL");
        for line in text
            .lines()
            .filter(|line| line.contains("web") || line.contains("secrets:"))
        {
            said.push_str(line);
            said.push('\n');
        }
    }
    insta::assert_snapshot!(said, @r#"
    ok    web: plain HTTP, for this machine alone
    ok    secrets: nothing is sealed yet
    FAIL  web, URL: something else answers there, or another version of countersign: look where the name leads, and what the proxy hands on
    ok    web: plain HTTP, for this machine alone
    ok    secrets: nothing is sealed yet
    warn  web, URL: nobody answers there from here (Connection refused (os error 111)); that is well if the bot does not run yet
    "#);
}

#[tokio::test]
async fn a_certificate_that_is_not_there_is_told_before_the_start() {
    let sandbox = sandbox().await;
    let files = "certificate = \"web.pem\"\nkey = \"web.key\"";
    let text = format!("{APP}{TEAM}{}", web("https://ops.example.org/", files));
    let place = Place::at(&sandbox, &text);
    place.add_key();
    let output = place.check(&["--offline"]).await;
    let text = place.shown(&output);
    let said: Vec<&str> = text.lines().filter(|line| line.contains("web")).collect();
    insta::assert_snapshot!(said.join("\n"), @"FAIL  web: can't read FOLDER/web.pem: it is not there");
    assert_eq!(output.status.code(), Some(1));
}
