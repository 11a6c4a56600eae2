//! The invariants of approvals (A1 to A20), each over random sequences of events: votes of anybody under any account,
//! of the wrong plan, late or replayed; denials, withdrawals, cancellations; clocks set forward and back; people,
//! roles, accounts and policies that change; targets that move; claims by processes with old copies; crashes.
//! In every sequence every step is compared with an oracle that decides by brute force.
//!
//! A12 is tested in `plan.rs`. A11, A13, A14 and A17 are about other parts.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "approvals/oracle.rs"]
mod oracle;
#[path = "approvals/play.rs"]
mod play;
#[path = "approvals/stories.rs"]
mod stories;
#[path = "approvals/types.rs"]
mod types;
#[path = "approvals/world.rs"]
mod world;

use std::cell::Cell;
use std::collections::BTreeMap;

use countersign_core::approval::{Claim, Request, State};
use countersign_core::audit::Event as Recorded;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{TestCaseError, TestRunner};

use oracle::Is;
use play::{Change, Checked, Game};
use types::time;
use world::{By, Event, PEOPLE};

/// Fourteen properties of so many sequences each: more than 10^5 sequences.
const SEQUENCES: u32 = 8_000;

fn sequences() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(SEQUENCES)
    }
}

fn steps() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(any::<u64>(), 6..32)
}

/// Plays, compares with the oracle, and looks at each change.
fn play(world: u128, steps: &[u64], mut watch: impl FnMut(&Change<'_>) -> Checked) -> Checked {
    let mut game = Game::new(world);
    for step in steps {
        game.step(*step, &mut watch)?;
    }
    Ok(())
}

/// Rules that nothing ever puts to the test would hold of anything.
#[test]
fn the_sequences_reach_every_corner() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..SEQUENCES {
        let strategy = (any::<u128>(), steps());
        let (world, steps) = strategy.new_tree(&mut runner).unwrap().current();
        let watch = |change: &Change<'_>| {
            let (before, after) = (change.before.state.word(), change.after.state.word());
            *seen.entry(format!("{before} -> {after}")).or_default() += 1;
            let model = &change.game.model;
            if change.begins() && change.after.votes.len() > 1 {
                *seen.entry("begins with several signatures".into()).or_default() += 1;
            }
            if change.begins()
                && model.in_force.as_ref().map(|rule| &rule.seats) != Some(&change.asked().rule.seats)
            {
                *seen.entry("begins under another rule".into()).or_default() += 1;
            }
            Ok(())
        };
        play(world, &steps, watch).unwrap();
    }
    let corners = [
        "pending -> pending",
        "pending -> approved",
        "pending -> denied",
        "pending -> cancelled",
        "pending -> expired",
        "approved -> executing",
        "approved -> revoked",
        "approved -> cancelled",
        "approved -> expired",
        "approved -> superseded",
        "approved -> pending",
        "executing -> succeeded",
        "executing -> failed",
        "executing -> unknown",
        "unknown -> executing",
        "unknown -> failed",
        "begins with several signatures",
        "begins under another rule",
    ];
    let rare: Vec<_> = corners
        .iter()
        .filter(|corner| seen.get(**corner).is_none_or(|times| *times < 10))
        .collect();
    assert!(rare.is_empty(), "{rare:?} of {seen:#?}");
}

proptest! {
    #![proptest_config(sequences())]

    #[test]
    fn a1_what_begins_has_different_people_in_all_seats(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            if change.begins() {
                prop_assert!(change.oracle().quorum(change.asked(), &change.game.model));
                let seats = change.after.seats.iter().map(|seat| usize::from(seat.count)).sum();
                let mut people: Vec<_> = change.after.votes.iter().map(|vote| &vote.person).collect();
                people.dedup();
                prop_assert!(people.len() >= seats);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a2_the_requester_never_signs_under_any_account(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            if let Event::Approve { by, .. } = change.event {
                prop_assert_ne!(by.person, change.asked().requester);
                prop_assert_ne!(by.person, change.game.model.owner[change.asked().account]);
            }
            prop_assert!(change.after.votes.iter().all(|vote| vote.person != change.after.plan.requester));
            Ok(())
        })?;
    }

    #[test]
    fn a3_a_vote_counts_for_the_plan_it_names_and_the_plan_stays(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            let of_another = matches!(change.event, Event::Approve { right_plan: false, .. });
            prop_assert!(!of_another);
            prop_assert_eq!(&change.before.plan, &change.after.plan);
            prop_assert!(change.after.votes.iter().all(|vote| vote.digest == change.after.plan.digest()));
            Ok(())
        })?;
    }

    #[test]
    fn a4_nothing_begins_on_a_target_that_moved(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            if matches!(change.event, Event::Claim { moved: true, .. }) {
                let over = matches!(change.after.state, State::Superseded { .. } | State::Expired);
                prop_assert!(over);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a5_a_request_begins_at_most_once(world: u128, steps in steps()) {
        let begun = [Cell::new(0), Cell::new(0)];
        play(world, &steps, |change| {
            let begun = &begun[change.on];
            begun.set(begun.get() + usize::from(change.begins()));
            prop_assert!(begun.get() <= 1);
            Ok(())
        })?;
    }

    #[test]
    fn a6_no_deadline_is_missed_or_moves_away(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            let (before, after) = (change.before, change.after);
            let now = time(change.game.model.now);
            prop_assert!(after.deadline <= before.deadline && after.not_after <= before.not_after);
            if matches!(change.event, Event::Approve { .. }) {
                prop_assert!(now < before.deadline);
            }
            match (&before.state, &after.state) {
                (State::Approved { until }, State::Executing { .. }) => prop_assert!(now < *until),
                (_, State::Approved { until }) => prop_assert!(*until <= before.not_after),
                _ => {}
            }
            Ok(())
        })?;
    }

    #[test]
    fn a7_what_is_over_stays_over(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            if change.before.state.is_final() {
                prop_assert_eq!(&change.before.state, &change.after.state);
                prop_assert_eq!(&change.before.votes, &change.after.votes);
            }
            if matches!(change.event, Event::Deny { .. }) {
                let over = matches!(change.after.state, State::Denied { .. } | State::Revoked { .. });
                prop_assert!(over);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a8_signing_again_changes_nothing_and_a_signature_can_be_taken_back(world: u128, steps in steps()) {
        // That a replay of any event changes nothing is checked in every sequence.
        play(world, &steps, |change| {
            let votes = |request: &Request, person: usize| {
                request.votes.iter().filter(|vote| vote.person.as_str() == format!("p{person}")).count()
            };
            match change.event {
                Event::Approve { by, .. } => prop_assert_eq!(votes(change.after, by.person), 1),
                Event::Withdraw { by, .. } => prop_assert_eq!(votes(change.after, by.person), 0),
                _ => prop_assert_eq!(&change.before.votes, &change.after.votes),
            }
            Ok(())
        })?;
    }

    #[test]
    fn a9_policy_and_people_are_asked_again_at_the_claim(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            if !change.begins() {
                return Ok(());
            }
            let model = &change.game.model;
            let in_force = model.allowed(change.asked());
            prop_assert!(in_force.is_some());
            let here = |vote: &&countersign_core::approval::Vote| {
                (0..PEOPLE).any(|person| !model.gone[person] && vote.person.as_str() == format!("p{person}"))
            };
            let signers = change.after.votes.iter().filter(here).count();
            let wanted: u8 = in_force.unwrap().seats.iter().map(|seat| seat.count).sum();
            prop_assert!(signers >= usize::from(wanted));
            Ok(())
        })?;
    }

    #[test]
    fn a10_neither_time_nor_absence_lowers_what_is_wanted(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            prop_assert_eq!(&change.before.seats, &change.after.seats);
            prop_assert_eq!(change.before.valid, change.after.valid);
            Ok(())
        })?;
    }

    #[test]
    fn a15_a16_a_change_comes_with_its_record_and_waits_for_no_post(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            let Some(entry) = change.entry else {
                // Being shown or reminded decides nothing.
                prop_assert_eq!(&change.before.state, &change.after.state);
                prop_assert_eq!(&change.before.votes, &change.after.votes);
                return Ok(());
            };
            prop_assert_eq!(entry.request.as_ref(), Some(&change.after.id));
            prop_assert_eq!(entry.digest, Some(change.after.plan.digest()));
            prop_assert!(!entry.words.is_empty());
            let by_a_person = matches!(
                entry.event,
                Recorded::Signed | Recorded::Denied | Recorded::Cancelled
            );
            prop_assert!(!by_a_person || entry.person.is_some() && entry.account.is_some());
            prop_assert_eq!(entry.event == Recorded::Signed, matches!(change.event, Event::Approve { .. }));
            if change.begins() {
                prop_assert_eq!(entry.event, Recorded::Began);
                prop_assert!(entry.operation.is_some());
            }
            Ok(())
        })?;
    }

    #[test]
    fn a18_what_has_its_signatures_can_begin(world: u128, steps in steps()) {
        play(world, &steps, |change| {
            let (oracle, model) = (change.oracle(), &change.game.model);
            if oracle.is == Is::Approved && model.now < oracle.end && oracle.quorum(change.asked(), model) {
                let claim = change.after.claim("7F3K".into(), Ok(()), &change.game.present());
                prop_assert!(matches!(claim, Claim::Begins(_)), "{:?}", claim);
            }
            // And those who are named as able to sign are those whose signature would help.
            if oracle.is == Is::Pending {
                let could = change.after.could_sign(&change.game.present());
                for person in (0..PEOPLE).filter(|person| !model.gone[*person]) {
                    let named = could.iter().any(|other| other.id.as_str() == format!("p{person}"));
                    prop_assert_eq!(named, oracle.could_sign(person, change.asked(), model));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a19_the_order_of_signatures_does_not_matter(
        world: u128, order in Just((0..PEOPLE).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let sign = |order: &[usize]| {
            let mut game = Game::new(world);
            for &person in order {
                let by = By { person, account: person, assurance: 3, place: game.asked[0].account % 2 };
                game.act(&Event::Approve { on: 0, by, right_plan: true })?;
            }
            Ok::<_, TestCaseError>(game.oracles[0].is)
        };
        let sorted: Vec<usize> = (0..PEOPLE).collect();
        prop_assert_eq!(sign(&order)?, sign(&sorted)?);
    }

    #[test]
    fn a20_what_happens_to_one_request_does_not_touch_another(world: u128, steps in steps()) {
        let mut alone = Game::new(world);
        let mut together = Game::new(world);
        let mut nothing = |_: &Change<'_>| Ok(());
        for step in &steps {
            if Event::of(*step).on() != Some(1) {
                alone.step(*step, &mut nothing)?;
            }
            together.step(*step, &mut nothing)?;
        }
        prop_assert_eq!(&alone.requests[0].state, &together.requests[0].state);
        prop_assert_eq!(&alone.requests[0].votes, &together.requests[0].votes);
    }
}
