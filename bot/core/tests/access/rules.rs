//! The rules of one access, put to the test one by one.

use countersign_core::access::{Access, NewPassword, State, Why};
use countersign_core::time::{Duration, Timestamp, after, before, between};
use countersign_secrets::at_rest::{SealingKey, SealingKeys};
use proptest::prelude::*;

use super::made::access;
use super::world::at;

const LASTS: Duration = Duration::from_hours(30 * 24);

fn preparing() -> Access {
    access("A7QM2X", "carol", "7F3K", at(0), LASTS)
}

fn live() -> Access {
    let offered = preparing().offered("K7QM2X".into()).unwrap();
    offered.opened(at(10)).unwrap().unlocked(at(20)).unwrap()
}

fn password() -> NewPassword {
    let key = SealingKey::of(&"a".repeat(64).into()).unwrap();
    NewPassword {
        sealed: SealingKeys::new(key, Vec::new()).seal("new password", [7; 12], b"secret"),
        link: Some("W3HD9P".into()),
        opened: None,
    }
}

fn revoked() -> Why {
    Why::Revoked { by: "bob".into() }
}

#[test]
fn l8_there_is_one_way_to_live_and_none_back() {
    let preparing = preparing();
    assert_eq!((preparing.opened(at(1)), preparing.unlocked(at(1))), (None, None));
    let offered = preparing.offered("K7QM2X".into()).unwrap();
    assert_eq!(offered.unlocked(at(1)), None);
    assert_eq!(offered.offered("AAAAAA".into()), None, "there is one link");
    let opened = offered.opened(at(10)).unwrap();
    assert_eq!(opened.opened(at(11)), None);
    assert!(!opened.usable());
    let live = opened.unlocked(at(20)).unwrap();
    assert!(live.usable());
    let ending = live.to_end(revoked(), at(30)).unwrap();
    let ended = ending.ended(at(31)).unwrap();
    for over in [&ending, &ended] {
        assert!(!over.usable());
        assert_eq!(over.offered("AAAAAA".into()), None);
        assert_eq!((over.opened(at(40)), over.unlocked(at(40))), (None, None));
        assert_eq!(over.with_password(password()), None);
    }
}

#[test]
fn l10_what_is_over_keeps_its_reason_and_ends_once() {
    for access in [preparing(), preparing().offered("K7QM2X".into()).unwrap(), live()] {
        let ending = access.to_end(Why::Expired, at(30)).unwrap();
        assert_eq!(ending.to_end(revoked(), at(31)), None);
        assert_eq!(access.ended(at(31)), None, "it goes from the server first");
        let ended = ending.ended(at(32)).unwrap();
        assert_eq!(
            (ended.ended(at(33)), ended.to_end(revoked(), at(33))),
            (None, None)
        );
        assert_eq!(
            ended.state,
            State::Ended {
                why: Why::Expired,
                at: at(32)
            }
        );
        assert_eq!(ended.due(), None);
    }
}

#[test]
fn a_new_password_is_used_once_its_link_was_opened_and_forgotten_with_the_access() {
    let waiting = live().with_password(password()).unwrap();
    assert!(!waiting.waits_for_the_server());
    let opened = waiting.password_opened(at(100)).unwrap();
    assert!(opened.waits_for_the_server());
    assert_eq!(opened.due(), Some(at(100)));
    assert_eq!(opened.password_opened(at(101)), None);
    let set = opened.password_set().unwrap();
    assert_eq!((&set.password, set.password_set()), (&None, None));
    assert_eq!(opened.to_end(revoked(), at(102)).unwrap().password, None);
    assert_eq!(preparing().with_password(password()), None);
    let of_an_operation = live()
        .with_password(NewPassword {
            link: None,
            ..password()
        })
        .unwrap();
    assert_eq!(of_an_operation.due(), live().due(), "nobody else touches it");
}

#[test]
fn trouble_is_tried_again_after_two_seconds_and_never_later_than_five_minutes_for_ever() {
    let mut ending = live().to_end(revoked(), at(0)).unwrap();
    let mut now = at(0);
    let mut pauses = Vec::new();
    for _ in 0..5_000 {
        ending = ending.ailing("the server does not answer.", now);
        let again = ending.due().unwrap();
        pauses.push(between(now, again).as_secs());
        now = again;
    }
    assert_eq!(pauses[..9], [2, 4, 8, 16, 32, 64, 128, 256, 300]);
    assert!(pauses[9..].iter().all(|pause| *pause == 300));
    let trouble = ending.trouble.as_ref().unwrap();
    assert_eq!((trouble.tries, trouble.since), (5_000, at(0)));
}

#[test]
fn whoever_has_it_or_asked_for_it_may_know_of_it() {
    let access = preparing();
    assert!(access.concerns(&"carol".into()) && access.concerns(&"bob".into()));
    assert!(!access.concerns(&"alice".into()));
}

#[test]
fn l11_what_can_not_be_renewed_says_why() {
    let words = |access: &Access, by, now| access.renewal(by, now).unwrap_err().sentence();
    let day = Duration::from_hours(24);
    let live = live();
    assert_eq!(
        words(&live, day, at(0)),
        "cs_carol on prod-db ends in 30 d anyway; that would not be later. Give a longer time with --days."
    );
    assert_eq!(
        words(&preparing(), day * 60, at(0)),
        "cs_carol on prod-db can't be used yet. Renew it when it can."
    );
    let over = live.to_end(revoked(), at(30)).unwrap();
    assert_eq!(
        words(&over, day * 60, at(40)),
        "cs_carol on prod-db is over. Ask for a new one."
    );
    let endless = Access {
        ends: None,
        ..live.clone()
    };
    assert_eq!(
        words(&endless, day, at(0)),
        "cs_carol on prod-db has no end. There is nothing to renew."
    );
    let latest = live.latest_end.unwrap();
    let longest = live
        .renewed(live.renewal(day * 365, at(0)).unwrap(), None, at(0))
        .unwrap();
    assert_eq!(longest.ends, Some(latest));
    assert_eq!(
        words(&longest, day, before(latest, day)),
        "cs_carol on prod-db ends in 1 d and can't be renewed any more: that is as long as it may last. Ask for a new one when it has ended."
    );
    assert_eq!(
        words(&live, day, live.ends.unwrap()),
        "cs_carol on prod-db is over. Ask for a new one."
    );
}

/// A renewal: when, in milliseconds before the end there is then (or after it), and by how much.
fn renewal() -> impl Strategy<Value = (i64, Duration)> {
    let when = prop_oneof![-2_000_i64..2_000, 0_i64..90 * 24 * 3_600_000];
    let by = prop_oneof![
        Just(Duration::MAX),
        Just(Duration::ZERO),
        (0_u64..100 * 24 * 3_600_000).prop_map(Duration::from_millis),
    ];
    (when, by)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(20_000)
    })]

    /// L11: however often, by however much and however near to the end it is renewed.
    #[test]
    fn l11_no_number_of_renewals_passes_the_latest_end(
        renewals in proptest::collection::vec(renewal(), 0..12),
        asked in proptest::collection::vec(any::<i64>(), 0..12),
    ) {
        let mut access = live();
        let latest = access.latest_end.unwrap();
        for ((when, by), asked) in renewals.iter().zip(asked.iter().chain(std::iter::repeat(&0))) {
            let ends = access.ends.unwrap();
            let now = countersign_core::time::from_millis(ends.as_millisecond().saturating_sub(*when));
            let renewed = access.renewal(*by, now);
            prop_assert!(now < ends || renewed.is_err(), "nothing is revived");
            if let Ok(new) = renewed {
                prop_assert!(new > ends && new <= latest);
                prop_assert!(new <= after(now, *by));
                access = access.renewed(new, Some(before(new, LASTS / 10)), now).unwrap();
            }
            // Somebody who does not ask what may be.
            let wild = Timestamp::from_millisecond(*asked).unwrap_or(Timestamp::MAX);
            if let Ok(next) = access.renewed(wild, None, now) {
                access = next;
            }
            prop_assert!(access.ends.unwrap() >= ends && access.ends.unwrap() <= latest);
            prop_assert_eq!(access.latest_end, Some(latest));
            prop_assert!(access.remind_at.is_none_or(|at| at < access.ends.unwrap()));
        }
    }
}
