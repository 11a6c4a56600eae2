//! The invariants of secret links (L1, L2, L4 to L7) over random interleavings: strangers, people with the wrong phrase and
//! with the right one, burning, the sweep, clocks that are set forward and back, a store that fails or whose answer is lost,
//! and crashes, between any two questions that any of them asks the store. Every change on disk and every answer is
//! compared with an oracle. And what becomes of drop boxes, as stories.
//!
//! L3 is about pages; L8 to L11 are about database accounts.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

#[path = "links/boxes.rs"]
mod boxes;
#[path = "links/game.rs"]
mod game;
#[path = "links/memory.rs"]
mod memory;
#[path = "links/reveal.rs"]
mod reveal;
#[path = "links/world.rs"]
mod world;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use game::Game;

const SEQUENCES: u32 = 3_000;

fn steps() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(any::<u64>(), 20..160)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(SEQUENCES)
    })]

    /// L1, L2, L4, L5 and L6: the game breaks off where one of them does not hold.
    #[test]
    fn every_interleaving_keeps_the_invariants(steps in steps()) {
        let mut game = Game::new();
        for step in steps {
            game.step(step);
        }
        game.ends();
    }
}

/// Nobody waits for ever for what a damaged store has lost.
#[test]
fn a_live_link_without_content_is_an_error() {
    let mut game = Game::new();
    game.loses_content();
    assert!(game.seen.contains("right: lost"));
}

/// Rules that nothing ever puts to the test would hold of anything.
#[test]
fn the_sequences_reach_every_corner() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..SEQUENCES {
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
        "changed by right: redeemed",
        "changed by wrong: live",
        "changed by wrong: burned",
        "changed by burn: burned",
        "changed by burn: disowned",
        "changed by sweep: expired",
        "changed by sweep: forgotten",
        "right: opened",
        "right: gone redeemed",
        "right: gone burned",
        "right: gone expired",
        "right: not found",
        "right: lost",
        "wrong: wrong phrase, 0 left",
        "wrong: gone redeemed",
        "wrong: lost",
        "stranger: not found",
        "status: live",
        "status: redeemed",
        "status: expired",
        "opened, and nobody got it",
        "crash with a right one under way",
    ];
    let rare: Vec<_> = corners
        .iter()
        .filter(|corner| seen.get(**corner).is_none_or(|times| *times < 10))
        .collect();
    assert!(rare.is_empty(), "{rare:?} of {seen:#?}");
}
