//! What people do, and what must be so at the end whatever happened in between.

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use super::a_moment;
use super::lane::{Came, Life};
use super::world::OnDisk;
use crate::support::play::CANARIES;
use crate::support::programs::binary;
use crate::support::serve::ROOM;

/// How long it may take until nothing goes on any more.
const REST: Duration = Duration::from_secs(90);
/// How often somebody says a command again that was lost.
const TRIES: usize = 4;

/// What every new release of production is announced with.
const ANNOUNCED: &str = "prod: v81";
/// What is added to a post that may have been said before.
const REPEATED: &str = "(maybe said before";

/// Something that may be done once.
pub(super) struct Story {
    /// What alice says.
    pub(super) command: &'static str,
    /// Whether bob has to sign it.
    signed: bool,
    /// What the bot says when it begins: the request's card, or what is about to happen.
    begins: &'static str,
    /// What it says when it is done.
    done: &'static str,
    /// What the provider is asked to do.
    once: &'static str,
}

pub(super) const DEPLOY: Story = Story {
    command: "!deploy prod",
    signed: false,
    begins: "alice: deploy prod: ",
    done: "deploy prod: done",
    once: "PATCH /github/repos/mozilla/treeherder/git/refs/heads/production",
};

pub(super) const ROLL_BACK: Story = Story {
    command: "!rollback prod",
    signed: true,
    begins: "asks for a signature on R-",
    done: "rollback prod: done",
    once: "POST /apps/treeherder-prod/releases",
};

impl Story {
    /// Tells it until its end, or the bot's.
    pub(super) async fn play(&self, life: &mut Life<'_>) -> Came {
        let alice = &life.lane.alice;
        if life.comes(alice.mark()).await == Came::Death {
            return Came::Death;
        }
        let mark = alice.mark();
        alice.says(ROOM, self.command);
        let Came::Line(_, begun) = life.hears(mark, &[self.begins]).await else {
            return Came::Death;
        };
        if self.signed {
            sign(life, request(&begun));
        }
        let end = life.hears(mark, &[self.done]).await;
        if end == Came::Death || !self.rests(life).await {
            return Came::Death;
        }
        end
    }

    /// Waits until nothing goes on by itself; says no if the bot dies before.
    async fn rests(&self, life: &mut Life<'_>) -> bool {
        let end = Instant::now() + REST;
        while life.bot.is_dead().is_none() {
            if life.on_disk().await.is_some_and(|disk| disk.is_at_rest()) {
                return true;
            }
            assert!(Instant::now() < end, "it comes to no rest\n{}", life.told());
            a_moment().await;
        }
        false
    }

    /// The bot is dead: another goes on with what it kept, and people do what they do then.
    pub(super) async fn goes_on(&self, life: &mut Life<'_>) {
        let died = life.lane.alice.mark();
        let was_signed = life.said().contains("bob: signed.");
        life.again();
        assert_ne!(
            life.comes(died).await,
            Came::Death,
            "it does not start again\n{}",
            life.told()
        );
        for _ in 0..TRIES {
            let disk = self.at_rest(life).await;
            if disk.succeeded() + disk.unknown() > 0 {
                return;
            }
            let mark = life.lane.alice.mark();
            if let Some((id, votes)) = disk.pending.first() {
                assert!(*votes > 0 || !was_signed, "a signature is lost\n{}", life.told());
                sign(life, id.as_str());
                life.hears(mark, &["bob: signed.", self.done]).await;
                continue;
            }
            assert_eq!(
                life.lane.sandbox.changes(self.once).await,
                0,
                "it was done, and nothing knows of it\n{}",
                life.told()
            );
            life.lane.alice.says(ROOM, self.command);
            life.hears(mark, &[self.begins]).await;
        }
        panic!("it comes to no end\n{}", life.told());
    }

    /// Waits until nothing goes on by itself.
    async fn at_rest(&self, life: &Life<'_>) -> OnDisk {
        let end = Instant::now() + REST;
        loop {
            let disk = life.on_disk().await;
            if let Some(disk) = disk.filter(OnDisk::is_at_rest) {
                return disk;
            }
            if Instant::now() > end {
                let disk = life.on_disk().await;
                panic!("it comes to no rest\n{}\n{disk:#?}", life.told());
            }
            a_moment().await;
        }
    }

    /// What is promised: it was done once, and the room was told; or nobody knows, and the room was told that.
    pub(super) async fn kept_its_word(&self, life: &Life<'_>) {
        let disk = self.at_rest(life).await;
        let effects = life.lane.sandbox.changes(self.once).await;
        let told = life.told();
        let said = life.said();
        assert!(effects <= 1, "done {effects} times\n{told}");
        // Providers answer in these stories, so it can always be found out what happened.
        assert_eq!(disk.unknown(), 0, "nobody knows what happened\n{told}");
        assert_eq!(effects, 1, "not done\n{told}");
        assert_eq!(disk.succeeded(), 1, "not done by one operation\n{told}");
        assert_eq!(disk.operations.len(), 1, "more than one operation\n{told}");
        let repeats = said.matches(REPEATED).count();
        for words in [self.done, ANNOUNCED] {
            let times = said.matches(words).count();
            assert!(times >= 1, "{words:?} was not said\n{told}");
            assert!(
                times <= 1 + repeats,
                "{words:?} was said {times} times, unmarked\n{told}"
            );
        }
        for canary in CANARIES.into_iter().chain(["bot-knows-this"]) {
            assert!(!told.contains(canary), "{canary} was told");
        }
        verified(life);
    }
}

/// The id in a line about a request.
fn request(line: &str) -> &str {
    let at = line.find("R-").unwrap();
    &line[at..at + 6]
}

fn sign(life: &Life<'_>, id: &str) {
    life.lane.bob.says(ROOM, &format!("!approve {id}"));
}

/// `countersign audit verify`, as somebody would after a crash.
fn verified(life: &Life<'_>) {
    let output = Command::new(binary())
        .args(["audit", "verify", "--data"])
        .arg(life.folder().join("data"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        life.told()
    );
}
