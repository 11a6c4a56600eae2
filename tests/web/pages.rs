//! The pages by themselves: every state they have, in Chromium; and that they compute what the vectors say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::asking::house;
use crate::support::browser::{Browser, node, scripts};
use crate::support::irc::program;

use serde_json::Value;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs a program to its end; it must end well. Says what it said.
async fn runs(mut command: Command) -> String {
    let output = tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

async fn every_state_of(page: &str) {
    let mut command = node(&scripts().join("states.mjs"), &format!("states-{page}"));
    command
        .arg("--pages")
        .arg(workspace().join("bot/web/pages"))
        .args(["--page", page]);
    let said = runs(command).await;
    let reached = format!("reached {page}: ");
    let reached = said.lines().find_map(|line| line.strip_prefix(&reached)).unwrap();
    let reached: BTreeSet<&str> = reached.split(' ').collect();
    let html = std::fs::read_to_string(workspace().join(format!("bot/web/pages/{page}.html"))).unwrap();
    assert_eq!(reached, states(&html), "{said}");
}

/// The states that a page has: the ids of its sections.
fn states(html: &str) -> BTreeSet<&str> {
    html.split("<section")
        .skip(1)
        .map(|section| section.strip_prefix(" id=\"").unwrap().split('"').next().unwrap())
        .collect()
}

#[tokio::test]
async fn every_state_of_the_page_of_links() {
    every_state_of("link").await;
}

#[tokio::test]
async fn every_state_of_the_page_of_drop_boxes() {
    every_state_of("drop_box").await;
}

#[tokio::test]
async fn the_vectors_hold_in_node() {
    let mut command = Command::new(program("NODE"));
    command.arg(workspace().join("bot/secrets/vectors/check.mjs"));
    let said = runs(command).await;
    let words: Vec<&str> = said.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "values:").unwrap();
    assert!(words[at - 1].parse::<usize>().unwrap() > 200, "{said}");
}

fn vectors(file: &str) -> Value {
    let path = workspace().join("bot/secrets/vectors").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The pages of the real server, under its policy.
#[tokio::test]
async fn the_vectors_hold_in_the_pages_themselves() {
    let house = house().await;
    let browser = Browser::launch("vectors").await;
    for (kind, page, file, least) in [("link", "s", "link.json", 30), ("box", "d", "drop_box.json", 11)] {
        let tab = browser.open(&format!("{}{page}/", house.bot.url()), &[]).await;
        tab.shows("no-secret", kind).await;
        let (compared, wrong) = tab.vectors(kind, &vectors(file)).await;
        assert_eq!(wrong, [""; 0]);
        assert!(compared >= least, "{compared} values were compared");
        // One that does not hold is found.
        let spoilt = vectors(file).to_string().replace("\"link\":\"", "\"link\":\"0");
        let (_, wrong) = tab.vectors(kind, &serde_json::from_str(&spoilt).unwrap()).await;
        assert!(!wrong.is_empty());
    }
    browser.has_no_complaints().await;
}
