//! `countersign redeem` against the real server: a link is opened without a browser, over pipes.

use std::path::Path;
use std::process::Stdio;

use super::asking::{Letter, gets_a_link, hears_the_phrase, house_with, mistyped};
use crate::support::hunt::Hunt;
use crate::support::programs::binary;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

/// The sandbox has it.
const DATABASE_URL: &str = "mysql://th_admin:canary-stage-database-1@";

/// What came of it.
struct Came {
    good: bool,
    out: String,
    err: String,
}

/// Gives the link; when it was introduced the phrase, and before that everybody looks at the process.
async fn redeems(letter: &Letter, phrase: &str, args: &[&str]) -> Came {
    let mut child = Command::new(binary())
        .arg("redeem")
        .args(args)
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(format!("{}\n", letter.url).as_bytes())
        .await
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut err = String::new();
    let hunt = Hunt::default()
        .base64("the key", letter.fragment())
        .text("the phrase", phrase);
    let pid = child.id().unwrap();
    while let Some(line) = lines.next_line().await.unwrap() {
        err.push_str(&line);
        err.push('\n');
        if line.contains("It opens once, until ") {
            for of in ["cmdline", "environ"] {
                hunt.is_not_in(of, std::fs::read(format!("/proc/{pid}/{of}")).unwrap());
            }
            stdin.write_all(format!("{phrase}\n").as_bytes()).await.unwrap();
        }
    }
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .await
        .unwrap();
    let good = child.wait().await.unwrap().success();
    hunt.is_not_in("stderr, with all there is to log", &err);
    Came { good, out, err }
}

#[tokio::test]
async fn links_are_opened_in_a_terminal() {
    let house = house_with(|setup| setup.logging_all(true)).await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let value = house.config_var("stage", "DATABASE_URL").await.unwrap();
    assert!(value.starts_with(DATABASE_URL));
    let letter = gets_a_link(&alice, &bob, "stage", "DATABASE_URL").await;
    let phrase = hears_the_phrase(&alice, &letter).await;

    let wrong = redeems(&letter, &mistyped(&phrase), &[]).await;
    assert!(!wrong.good && wrong.out.is_empty(), "{}", wrong.out);
    assert!(
        wrong
            .err
            .contains("stage's DATABASE_URL for alice, from alice, signed by bob."),
        "{}",
        wrong.err
    );
    assert!(
        wrong
            .err
            .contains("that is not its phrase. Wrong phrases left: 4"),
        "{}",
        wrong.err
    );
    let unlike = redeems(&letter, "no phrase at all", &[]).await;
    assert!(!unlike.good && unlike.out.is_empty());
    assert_eq!(
        letter.status().await.json()["attempts_left"],
        4,
        "what is no phrase is not tried"
    );

    let right = redeems(&letter, &phrase.to_lowercase(), &[]).await;
    assert!(right.good, "{}", right.err);
    assert_eq!(right.out, format!("DATABASE_URL\n  {value}\n"));
    assert!(
        right.err.contains("The link is spent: this is the only copy."),
        "{}",
        right.err
    );
    alice
        .hears_in("alice", "was opened just now from 127.0.0.1")
        .await;
    let spent = redeems(&letter, &phrase, &[]).await;
    assert!(!spent.good && spent.out.is_empty());
    assert!(
        spent.err.contains("this link was opened already"),
        "{}",
        spent.err
    );

    let second = gets_a_link(&alice, &bob, "stage", "DATABASE_URL").await;
    let second_phrase = hears_the_phrase(&alice, &second).await;
    let came = redeems(&second, &second_phrase, &["--json"]).await;
    assert!(came.good, "{}", came.err);
    let content: Value = serde_json::from_str(&came.out).unwrap();
    assert_eq!(
        content,
        json!({ "fields": [{ "label": "DATABASE_URL", "value": value }], "files": [] })
    );

    let third = gets_a_link(&alice, &bob, "stage", "DATABASE_URL").await;
    let third_phrase = hears_the_phrase(&alice, &third).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("kept");
    let came = redeems(&third, &third_phrase, &["--to", to.to_str().unwrap()]).await;
    assert!(came.good && came.out.is_empty(), "{}", came.err);
    is_kept_alone(&to.join("DATABASE_URL"), &value);

    let hunt = [
        (&letter, &phrase),
        (&second, &second_phrase),
        (&third, &third_phrase),
    ]
    .into_iter()
    .fold(
        Hunt::default().text("the value", &value),
        |hunt, (letter, phrase)| hunt.base64("a key", letter.fragment()).text("a phrase", phrase),
    );
    house.keeps_nothing_of(&hunt).await;
}

/// Only its owner may read it.
fn is_kept_alone(path: &Path, value: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::read_to_string(path).unwrap(), value);
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
