//! Kill -9 at every step: the program runs in a process of its own against a sandbox in another, is killed at each
//! call that it makes (before the provider does anything, and after it did everything), and is started again on the
//! same store. Then the world is looked at.
//!
//! The call is made to hang, and the test waits until the sandbox says that it does: no step is guessed at by time.

use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::json;

use crate::support::programs::{Sandbox, demo, output};

/// What a story may do once, and what it says when it did it.
struct Story {
    /// So many times as fast as in real life everything goes. Starting the program again takes a second of real time,
    /// in which a signature must not run out.
    speed: u32,
    script: &'static str,
    once: &'static str,
    done: &'static str,
}

const DEPLOY: Story = Story {
    speed: 1000,
    script: "alice #treeherder> !deploy prod\n~ settle\n",
    once: "PATCH /github/repos/mozilla/treeherder/git/refs/heads/production",
    done: "deploy prod: done",
};

const ROLL_BACK: Story = Story {
    speed: 100,
    script: "alice #treeherder> !rollback prod\nbob #treeherder> !approve $last\n~ settle\n",
    once: "POST /apps/treeherder-prod/releases",
    done: "rollback prod: done",
};

/// After a kill: whatever is in progress goes on, and a signature that was given counts.
const RESUMED: &str = "~ settle\nalice #treeherder> !ops\nalice #treeherder> !pending\n";
/// The kill came before anybody had signed: the request still waits, and is signed now.
const SIGNED_LATER: &str = "bob #treeherder> !approve $last\n~ settle\n";

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Kills the program at its call number `call`. Says no if it makes fewer calls than that.
async fn killed_at(sandbox: &Sandbox, story: &Story, call: u32, fault: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let fault = sandbox.again_with("* /*", call, json!(fault)).await;
    let mut child = demo(
        &script(folder.path(), "story.txt", story.script),
        &data,
        &sandbox.url,
    );
    if !hangs(sandbox, fault, &mut child).await {
        return None;
    }
    child.kill().unwrap();
    let (_, before) = output(child).await;
    sandbox.clear_faults().await;

    let resumed = script(folder.path(), "resumed.txt", RESUMED);
    let (good, after) = output(demo(&resumed, &data, &sandbox.url)).await;
    let mut said = format!("--- killed at call {call} ({fault})\n{before}--- started again\n{after}");
    assert!(good, "it does not start again\n{said}");
    if after.contains("not signed") {
        assert!(!before.contains("bob: signed"), "a signature is lost\n{said}");
        let signed = script(folder.path(), "signed.txt", SIGNED_LATER);
        let (good, later) = output(demo(&signed, &data, &sandbox.url)).await;
        said = format!("{said}--- signed later\n{later}");
        assert!(good, "it does not start again\n{said}");
    }
    assert!(sandbox.changes(story.once).await <= 1, "done twice\n{said}");
    Some(said)
}

/// Waits until the fault is hit, or the program has ended.
async fn hangs(sandbox: &Sandbox, fault: u64, child: &mut Child) -> bool {
    loop {
        let state = sandbox.get(&format!("faults/{fault}/hit?wait=1")).await;
        if state["hits"].as_u64().unwrap() > 0 {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
    }
}

/// What the promises allow after a kill: it was done; or nothing was, and whoever asked is told; or it waits for a
/// signature as it did before; or nobody knows, and the room is told.
async fn keeps_its_word(sandbox: &Sandbox, story: &Story, said: &str) {
    let done = said.contains(story.done);
    let told = said.contains("nothing was done. Say it again") || said.contains("I don't know whether");
    let before_asking = !said
        .split("--- started again")
        .next()
        .unwrap()
        .contains("asks to")
        && sandbox.changes(story.once).await == 0;
    assert!(done || told || before_asking, "neither done nor told\n{said}");
    if sandbox.changes(story.once).await == 1 {
        assert!(
            done || said.contains("I don't know whether"),
            "done, and nobody was told\n{said}"
        );
    }
}

async fn at_every_call(story: &Story, fault: &str) {
    let sandbox = Sandbox::start(story.speed);
    let mut calls = 0;
    while let Some(said) = killed_at(&sandbox, story, calls, fault).await {
        keeps_its_word(&sandbox, story, &said).await;
        calls += 1;
    }
    assert!(
        calls > 10,
        "only {calls} calls were made: the story is not what it was"
    );
}

#[tokio::test]
async fn deploy_before_each_effect() {
    at_every_call(&DEPLOY, "hang_before").await;
}

#[tokio::test]
async fn deploy_after_each_effect() {
    at_every_call(&DEPLOY, "hang_after").await;
}

#[tokio::test]
async fn rollback_before_each_effect() {
    at_every_call(&ROLL_BACK, "hang_before").await;
}

#[tokio::test]
async fn rollback_after_each_effect() {
    at_every_call(&ROLL_BACK, "hang_after").await;
}
