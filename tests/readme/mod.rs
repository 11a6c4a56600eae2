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
