//! The invariants of accesses (L8 to L11) over random interleavings: grants, links that are opened, guessed at and burned,
//! renewals, revocations, the worker and its keeper, strangers who make and remove accounts, a server that goes down, loses
//! answers and has a late replica, a store that fails or whose answer is lost, clocks that are set forward and back, and
//! crashes, between any two questions that any of them asks. Every change of every record is compared with what may become
//! of it. And what people hear, as stories.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

#[path = "access/game.rs"]
mod game;
#[path = "access/made.rs"]
mod made;
#[path = "links/memory.rs"]
mod memory;
#[path = "access/oracle.rs"]
mod oracle;
#[path = "access/rules.rs"]
mod rules;
#[path = "access/server.rs"]
mod server;
#[path = "access/stories.rs"]
mod stories;
#[path = "access/table.rs"]
mod table;
#[path = "access/team.rs"]
mod team;
#[path = "access/trouble.rs"]
mod trouble;
#[path = "links/world.rs"]
mod world;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use game::Game;

const SEQUENCES: u32 = 2_000;

fn steps() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(any::<u64>(), 40..400)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::with_cases(SEQUENCES)
    })]

    /// L8 to L11: the game breaks off where one of them does not hold.
    #[test]
    fn every_interleaving_keeps_the_invariants(steps in steps()) {
        let mut game = Game::new();
        for step in steps {
            game.step(step);
        }
        game.ends();
    }
}

/// Rules that nothing ever puts to the test would hold of anything.
#[test]
fn the_sequences_reach_every_corner() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..SEQUENCES / 2 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut game = Game::new();
        for step in steps {
            game.step(step);
        }
        game.ends();
        for corner in game.seen {
            *seen.entry(corner).or_default() += 1;
        }
    }
    let corners = [
        "preparing: offered",
        "preparing: ending failed",
        "preparing: ending revoked",
        "offered: opened",
        "offered: ending unopened",
        "offered: ending revoked",
        "opened: live",
        "opened: ending revoked",
        "opened: ending gone",
        "live: ending expired",
        "live: ending revoked",
        "live: ending gone",
        "live: renewed",
        "live: renewed as far as may be",
        "ending: ended",
        "ending: ailing",
        "opened: ailing",
        "a stray is found",
        "a stray is revoked",
        "what was gone is back",
        "somebody logs in",
        "somebody is cut off",
        "a crash with the worker at work",
        "the store lost an answer",
        "not granted: the account is there",
    ];
    let rare: Vec<_> = corners
        .iter()
        .filter(|corner| seen.get(**corner).is_none_or(|times| *times < 3))
        .collect();
    assert!(rare.is_empty(), "{rare:?} of {seen:#?}");
}
