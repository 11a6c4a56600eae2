//! Stories: each file is a script and, at the same time, the transcript that it prints. They read like the manual,
//! and they are played with the whole bot over real HTTP against the sandbox, on a clock that leaps.
//!
//! After a change of wording: `UPDATE_TRANSCRIPTS=1 cargo nextest run -p countersign-tests transcripts`, then read the
//! difference.

use std::path::{Path, PathBuf};

use crate::support::play::{Played, play};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts")
}

/// Plays a story and compares it with itself. What the file says of the bot is left out when it is read as a script.
async fn story(name: &str) -> Played {
    let path = folder().join(name).with_extension("txt");
    let written = std::fs::read_to_string(&path).unwrap();
    let played = play(&written).await;
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(&path, &played.text).unwrap();
    } else {
        crate::support::same_text(&written, &played.text, &path.display().to_string());
    }
    played.leaks_nothing();
    played
}

#[tokio::test]
async fn deploying() {
    let played = story("deploying").await;
    assert_eq!(played.changes("PATCH /github"), 1, "the branch moves once");
}

#[tokio::test]
async fn rolling_back() {
    let played = story("rolling-back").await;
    assert_eq!(
        played.changes("POST /apps/treeherder-prod/releases"),
        1,
        "one rollback"
    );
}

#[tokio::test]
async fn signing() {
    story("signing").await;
}

#[tokio::test]
async fn the_world_moves() {
    let played = story("the-world-moves").await;
    assert_eq!(
        played.changes("POST /apps/treeherder-prod/releases"),
        0,
        "nothing of ours ran"
    );
}

#[tokio::test]
async fn what_cannot_start() {
    story("what-cannot-start").await;
}

#[tokio::test]
async fn what_others_do() {
    story("what-others-do").await;
}

#[tokio::test]
async fn what_fails() {
    story("what-fails").await;
}

#[tokio::test]
async fn looking_around() {
    story("looking-around").await;
}

#[tokio::test]
async fn locks_and_holds() {
    story("locks-and-holds").await;
}

#[tokio::test]
async fn restarts() {
    story("restarts").await;
}

#[tokio::test]
async fn not_to_be_told() {
    story("not-to-be-told").await;
}

#[tokio::test]
async fn it_had_happened() {
    let played = story("it-had-happened").await;
    assert_eq!(
        played.changes("POST /apps/treeherder-prod/releases"),
        2,
        "each rollback once"
    );
}

#[tokio::test]
async fn while_ci_runs() {
    let played = story("while-ci-runs").await;
    assert_eq!(
        played.changes("PATCH /github"),
        1,
        "moved once it was asked for again"
    );
}

#[tokio::test]
async fn given_up() {
    let played = story("given-up").await;
    assert_eq!(
        played.changes("POST /apps/treeherder-prod/releases"),
        0,
        "nothing was rolled back"
    );
}

#[tokio::test]
async fn handing_over() {
    let played = story("handing-over").await;
    assert_eq!(played.changes("PATCH"), 0, "nothing was changed");
}

#[tokio::test]
async fn changing_config() {
    let played = story("changing-config").await;
    assert_eq!(
        played.changes("PATCH /apps/treeherder-stage/config-vars"),
        2,
        "one set, one unset"
    );
}

#[test]
fn no_story_is_forgotten() {
    let source = std::fs::read_to_string(folder().join("mod.rs")).unwrap();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(
                source.contains(&format!("story(\"{name}\")")),
                "no test plays {name}.txt; add one to transcripts/mod.rs"
            );
        }
    }
}
