//! The bot as a service: `serve`, `do` and `backup` as somebody on its machine uses them, without any chat network.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod house;
#[path = "serve/metrics.rs"]
mod metrics;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use countersign::args::{Args, Command as Subcommand};
use house::{House, countersign, files, output, text};

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_do_is_known_by_their_user_number_and_answered() {
    let mut house = House::open().await;
    let nobody = house.does(&["ping"]).await;
    assert_eq!(nobody.status.code(), Some(1));
    let said = text(&nobody.stderr);
    assert!(
        said.contains("nobody listens on") && said.contains("countersign serve"),
        "{said}"
    );

    house.serve().await;
    assert_eq!(house.say("ping").await, ("pong\n".to_owned(), true));
    let mut by_config = countersign();
    by_config
        .args(["do", "ping", "--config"])
        .arg(house.path("cs.toml"));
    assert_eq!(text(&output(by_config).await.stdout), "pong\n");
    let (who, good) = house.say("whoami").await;
    assert!(good && who.starts_with("you are alice: "), "{who}");
    let (said, good) = house.say("deplyo prod").await;
    assert!(!good && said.contains("Did you mean deploy?"), "{said}");
    let (said, good) = house.say("lock prod 'schema change'").await;
    assert!(good && said.contains("prod is yours"), "{said}");
    house.stop().await;
    assert_eq!(
        files(&house.path("data")),
        [
            "countersign.sock.lock",
            "countersign.sqlite",
            "countersign.sqlite.lock"
        ]
    );
    let mode = house.path("data").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_stdin_are_commands_in_their_order() {
    let mut house = House::open().await;
    house.serve().await;
    let config = house.path("cs.toml");
    let output = tokio::task::spawn_blocking(move || {
        let mut command = countersign();
        command.args(["do", "--config"]).arg(config);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = b"ping\n\nlock prod 'a reason'\nnonsense\nlocks\nunlock prod\n";
        child.stdin.take().unwrap().write_all(lines).unwrap();
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap();
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 5, "{said}");
    for (line, words) in lines.iter().zip([
        "pong",
        "prod is yours",
        "there is no nonsense",
        "a reason",
        "prod",
    ]) {
        assert!(line.contains(words), "{line:?} does not say {words:?}");
    }
    assert_eq!(text(&output.stderr), "error: 1 of the commands went badly\n");
    assert_eq!(output.status.code(), Some(1));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn following_prints_until_the_operation_has_ended() {
    let mut house = House::open().await;
    house.serve().await;
    let output = house.does(&["--follow", "deploy prod"]).await;
    let said = text(&output.stdout);
    let (first, last) = (said.lines().next().unwrap(), said.lines().last().unwrap());
    assert!(first.starts_with("deploy prod: 12 commits by 4 people"), "{said}");
    assert!(
        last.starts_with("deploy prod: done · v813 live") && last.contains("[op "),
        "{said}"
    );
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn following_a_request_goes_on_until_it_is_decided() {
    let mut house = House::open().await;
    house.serve().await;
    let config = house.path("cs.toml");
    let following = tokio::task::spawn_blocking(move || {
        let mut command = countersign();
        command
            .args(["do", "--config"])
            .arg(config)
            .args(["--follow", "rollback prod"]);
        command.output().unwrap()
    });
    let request = loop {
        let (pending, _) = house.say("pending").await;
        if let Some(at) = pending.find("R-") {
            break pending[at..at + 6].to_owned();
        }
    };
    assert!(!following.is_finished());
    let (said, good) = house.say(&format!("cancel {request}")).await;
    assert!(good, "{said}");
    let output = following.await.unwrap();
    let said = text(&output.stdout);
    assert!(said.starts_with(&format!("request {request} asks to ")), "{said}");
    let errors = text(&output.stderr);
    assert!(errors.starts_with("it is over"), "{errors}");
    assert_eq!(output.status.code(), Some(1));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_is_taken_whole_or_not() {
    let mut house = House::open().await;
    house.serve().await;
    let becomes = async |house: &House, who: &str| {
        house.reload().await;
        // The order is taken before what is said after it.
        let (said, _) = house.say("whoami").await;
        assert!(said.starts_with(&format!("you are {who}: ")), "{said}");
    };
    house.configure("bob", "");
    becomes(&house, "bob").await;
    house.configure("carol", "nonsense = 1");
    becomes(&house, "bob").await;
    house.configure("carol", "tell = [\"#nowhere\"]");
    becomes(&house, "bob").await;
    house.configure("carol", "");
    let text_of_carol = fs::read_to_string(house.path("cs.toml")).unwrap();
    let moved = text_of_carol.replace("data = \"data\"", "data = \"other\"");
    fs::write(house.path("cs.toml"), moved).unwrap();
    becomes(&house, "bob").await;
    assert!(!house.path("other").exists(), "another folder needs a restart");
    fs::write(house.path("cs.toml"), text_of_carol).unwrap();
    becomes(&house, "carol").await;
    let output = house.does(&["--follow", "deploy prod"]).await;
    assert!(
        text(&output.stdout).contains("asked by carol"),
        "the new worker works"
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_serves_a_store_and_after_it_the_next() {
    let mut house = House::open().await;
    house.serve().await;
    let mut second = countersign();
    second.args(["serve", "--config"]).arg(house.path("cs.toml"));
    let second = output(second).await;
    assert_eq!(second.status.code(), Some(1));
    let said = text(&second.stderr);
    assert!(said.contains("is in use by process"), "{said}");
    assert_eq!(house.say("ping").await, ("pong\n".to_owned(), true));
    house.stop().await;
    house.serve().await;
    assert_eq!(house.say("ping").await, ("pong\n".to_owned(), true));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_goes_on_after_a_stop_in_the_middle() {
    let mut house = House::open().await;
    house.serve().await;
    let (said, good) = house.say("deploy prod").await;
    assert!(good && said.starts_with("deploy prod: 12 commits"), "{said}");
    house.stop().await;
    house.serve().await;
    loop {
        let (audit, _) = house.say("audit").await;
        if audit.contains("deploy prod: done") || audit.contains("succeeded") || audit.contains("v813 live") {
            break;
        }
        tokio::task::yield_now().await;
    }
    house.stop().await;
    let moved = house.sandbox.calls();
    let moved = moved
        .iter()
        .filter(|call| format!("{call:?}").contains("refs/heads/production"));
    assert_eq!(moved.count(), 1, "production was moved once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_the_running_bot_is_a_store_that_serves() {
    let mut house = House::open().await;
    house.serve().await;
    let (_, good) = house.say("lock prod 'a reason'").await;
    assert!(good);
    let mut backup = countersign();
    backup.args(["backup", "--config"]).arg(house.path("cs.toml"));
    backup.arg("--to").arg(house.path("copy.sqlite"));
    let done = output(backup).await;
    let said = text(&done.stdout);
    assert!(
        said.ends_with(" chain whole\n") && said.contains(" KiB, 1 record,"),
        "{said}{}",
        text(&done.stderr)
    );
    let mut again = countersign();
    again
        .args(["backup", "--data"])
        .arg(house.path("data"))
        .arg("--to")
        .arg(house.path("copy.sqlite"));
    let again = output(again).await;
    assert!(
        text(&again.stderr).contains("exists already"),
        "{}",
        text(&again.stderr)
    );
    house.say("unlock prod").await;
    house.stop().await;

    fs::rename(house.path("copy.sqlite"), house.path("data/countersign.sqlite")).unwrap();
    house.serve().await;
    let (locks, _) = house.say("locks").await;
    assert!(locks.contains("a reason"), "{locks}");
    house.stop().await;
}

#[test]
fn serve_logs_more_than_other_commands_and_needs_one_thread() {
    let command = |args: &[&str]| <Args as clap::Parser>::try_parse_from(args).unwrap().command;
    let serve = command(&["countersign", "serve", "--config", "x"]);
    assert!(matches!(serve, Subcommand::Serve(_)));
    assert!(serve.logs().contains("info") && !serve.threads());
    assert!(command(&["countersign", "demo"]).threads());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_bot_that_goes_down_is_told_that_it_goes_on() {
    let mut house = House::open().await;
    house.serve().await;
    let socket = house.path("data/countersign.sock");
    let following = tokio::task::spawn_blocking(move || {
        let mut command = countersign();
        command
            .args(["do", "--socket"])
            .arg(socket)
            .args(["--follow", "rollback prod"]);
        command.output().unwrap()
    });
    while !house.say("pending").await.0.contains("R-") {}
    house.stop().await;
    let output = following.await.unwrap();
    assert!(text(&output.stdout).contains("They type: !approve R-"));
    let said = text(&output.stderr);
    assert!(said.starts_with("error: the bot went away"), "{said}");
    assert_eq!(output.status.code(), Some(1));
    house.serve().await;
    assert!(
        house.say("pending").await.0.contains("R-"),
        "the request is still there"
    );
    house.stop().await;
}
