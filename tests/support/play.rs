//! Plays scripts with the whole bot in this process: real clients, real HTTP, a sandbox of its own, a clock that leaps.

use std::path::Path;

use countersign::demo;
use countersign_sandbox::Call;

/// Values that must never be seen: the sandbox's tokens, and what it keeps in config vars.
pub(crate) const CANARIES: [&str; 3] = ["HRKU-sandbox", "ghp_sandbox", "canary"];

/// What came of a script.
pub(crate) struct Played {
    /// The transcript.
    pub(crate) text: String,
    /// What was asked of the sandbox that was meant to change something.
    pub(crate) calls: Vec<Call>,
    data: tempfile::TempDir,
}

/// Plays a script on a store of its own.
pub(crate) async fn play(script: &str) -> Played {
    let data = tempfile::tempdir().unwrap();
    let played = demo::transcript(script, data.path()).await.unwrap();
    Played {
        text: played.text,
        calls: played.calls,
        data,
    }
}

impl Played {
    /// How many calls of this kind changed something.
    pub(crate) fn changes(&self, call: &str) -> usize {
        let of = |it: &&Call| it.effect && format!("{} {}", it.method, it.path).starts_with(call);
        self.calls.iter().filter(of).count()
    }

    /// No canary is in the transcript or in the store.
    pub(crate) fn leaks_nothing(&self) {
        for canary in CANARIES {
            assert!(!self.text.contains(canary), "{canary} is in the transcript");
            for file in std::fs::read_dir(self.data.path()).unwrap() {
                let path = file.unwrap().path();
                assert!(!holds(&path, canary), "{canary} is in {}", path.display());
            }
        }
    }
}

fn holds(path: &Path, canary: &str) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes
        .windows(canary.len())
        .any(|window| window == canary.as_bytes())
}
