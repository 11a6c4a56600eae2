//! What the README shows is what happens: its transcript is played, and its files exist.

use std::path::{Path, PathBuf};

use crate::support::play::play;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The first block of text after the remark that names this test.
fn transcript(readme: &str) -> &str {
    let after = readme.split_once("tests/readme. -->").unwrap().1;
    after
        .split_once("```text\n")
        .unwrap()
        .1
        .split_once("```")
        .unwrap()
        .0
}

#[tokio::test]
async fn the_transcript_is_what_is_said() {
    let readme = readme();
    let written = transcript(&readme);
    let played = play(written).await;
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(root().join("README.md"), readme.replace(written, &played.text)).unwrap();
    } else {
        crate::support::same_text(written, &played.text, "the transcript in README.md");
    }
}

/// What is shown of secrets is a piece of a story, with the middle of the address left out.
#[test]
fn what_is_shown_of_secrets_is_said_in_a_story() {
    let story = include_str!("../transcripts/handing-over.txt");
    let readme = readme();
    let shown = readme.split_once("alice #treeherder> !config get").unwrap().1;
    let shown = shown.split_once("```").unwrap().0;
    for line in format!("alice #treeherder> !config get{shown}").lines() {
        for piece in line.split('…') {
            assert!(story.contains(piece), "no story says {piece:?}");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for link in readme()
        .split("](")
        .skip(1)
        .map(|rest| rest.split_once(')').unwrap().0)
    {
        assert!(
            root().join(link).exists(),
            "README.md links to {link}, which is not there"
        );
    }
}
