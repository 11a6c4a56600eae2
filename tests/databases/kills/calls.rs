//! The bot dies within its calls to servers: what it says never arrives, or it is carried out and what comes of it is never
//! heard; so a call of several statements is left after any of them. And it dies at moments that have nothing to do with
//! what it does.
//!
//! A story is told to its end first, to see how many exchanges with servers it takes, and how long. The variable
//! `COUNTERSIGN_KILLS` says which of all possible deaths it then dies:
//!
//! - not set: a few of each kind, evenly spread. Where they begin is another place in every run, and the seed is printed.
//! - a number: the same, with this seed.
//! - `all`: before and after every exchange, and at fifty moments. That takes more than an hour, so it is asked for by name:
//!   `COUNTERSIGN_KILLS=all tests/run -p countersign-tests databases::kills::calls`
//! - `unsent 17`, `unheard 17`, `at 312`: this one alone, at exchange 17 or after 312 ms, as a failure has named it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use countersign::random::SystemRandom;
use countersign_core::random::Random as _;
use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::life::{End, World};
use super::stories::{Expiry, Grant, Passwd, Refresh, Revoke, Rotate};
use super::{Story, dies};
use crate::support::mysql::Flavour;
use crate::support::road::Fate;

const WHICH: &str = "COUNTERSIGN_KILLS";
/// So many of each kind, if not all.
const SOME: u64 = 5;
/// So many moments, if all: there is no end of them.
const MOMENTS: u64 = 50;
/// With fewer exchanges than this no story is what it was.
const LEAST: u64 = 20;

/// Which deaths it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    Some { seed: u32 },
    One(End),
}

/// Of so many deaths that there are of a kind, one.
type Kind = (u64, fn(u64) -> End);

impl Which {
    /// As the variable says it.
    fn read(words: Option<&str>) -> Self {
        let Some(words) = words else {
            let mut seed = [0; 4];
            SystemRandom.fill(&mut seed);
            return Self::Some {
                seed: u32::from_le_bytes(seed),
            };
        };
        if words == "all" {
            return Self::All;
        }
        let (how, number) = words.split_once(' ').unwrap_or(("seed", words));
        let number = number.parse().unwrap_or_else(|_| panic!("{WHICH} is {words}"));
        match how {
            "seed" => Self::Some {
                seed: u32::try_from(number).unwrap(),
            },
            "unsent" => Self::One(End::Call(Fate::Unsent(number))),
            "unheard" => Self::One(End::Call(Fate::Unheard(number))),
            "at" => Self::One(End::At(Duration::from_millis(number))),
            other => panic!("{WHICH} is {other} and a number"),
        }
    }

    /// The deaths in a story that takes so many exchanges and so long.
    fn deaths(self, story: &str, exchanges: u64, took: Duration) -> Vec<End> {
        let moments = u64::try_from(took.as_millis()).unwrap().max(1);
        let kinds: [(Kind, u64); 3] = [
            ((exchanges, |number| End::Call(Fate::Unsent(number))), exchanges),
            ((exchanges, |number| End::Call(Fate::Unheard(number))), exchanges),
            (
                (moments, |millis| End::At(Duration::from_millis(millis))),
                MOMENTS,
            ),
        ];
        let mut deaths = Vec::new();
        for (nth, ((of, death), all)) in kinds.into_iter().enumerate() {
            let (count, from) = match self {
                Self::One(end) => return vec![end],
                Self::All => (all.min(of), 0),
                Self::Some { seed } => {
                    let mut hasher = DefaultHasher::new();
                    (seed, story, nth).hash(&mut hasher);
                    (SOME.min(of), hasher.finish() % of)
                }
            };
            // Evenly spread, each in a part of its own, and all equally far from where that begins.
            deaths.extend((0..count).map(|part| death((part * of + from) / count)));
        }
        deaths
    }
}

/// As it is asked for.
fn words(end: End) -> String {
    match end {
        End::Call(Fate::Unsent(number)) => format!("unsent {number}"),
        End::Call(Fate::Unheard(number)) => format!("unheard {number}"),
        End::At(at) => format!("at {}", at.as_millis()),
        End::Write(death) => death.words(),
    }
}

/// Tells a story to its end, and then again and again with a death in its calls.
async fn killed_in_its_calls(story: &dyn Story, flavour: Flavour) {
    let which = Which::read(std::env::var(WHICH).ok().as_deref());
    let name = format!("{} with {flavour:?}", story.name());
    let world = World::new(flavour, story.reaches_apps()).await;
    let whole = dies(&world, story, None).await;
    let deaths = which.deaths(&name, whole.exchanges, whole.took);
    eprintln!(
        "{name}: {} exchanges in {:?}; {} deaths of {which:?}",
        whole.exchanges,
        whole.took,
        deaths.len()
    );
    assert!(whole.exchanges >= LEAST, "only {} exchanges", whole.exchanges);

    let began = Instant::now();
    let (mut died, mut wrong) = (0, Vec::new());
    for end in &deaths {
        // One that goes wrong says little about the others.
        match AssertUnwindSafe(dies(&world, story, Some(*end)))
            .catch_unwind()
            .await
        {
            Ok(lived) => died += usize::from(lived.died),
            Err(_) => wrong.push(words(*end)),
        }
    }
    let took = began.elapsed();
    eprintln!("{name}: died {died} times of {} in {took:?}", deaths.len());
    assert!(
        wrong.is_empty(),
        "{name}: wrong after {WHICH}={}",
        wrong.join(", ")
    );
    // How often one waits for the replica differs, so some come to their end first.
    assert!(died * 4 >= deaths.len() * 3, "{name}: only {died} died");
}

#[tokio::test]
async fn grant() {
    killed_in_its_calls(&Grant, Flavour::MariaDb).await;
}

#[tokio::test]
async fn grant_on_mysql() {
    killed_in_its_calls(&Grant, Flavour::MySql).await;
}

#[tokio::test]
async fn revoke() {
    killed_in_its_calls(&Revoke, Flavour::MariaDb).await;
}

#[tokio::test]
async fn revoke_on_mysql() {
    killed_in_its_calls(&Revoke, Flavour::MySql).await;
}

#[tokio::test]
async fn expiry() {
    killed_in_its_calls(&Expiry, Flavour::MariaDb).await;
}

#[tokio::test]
async fn refresh() {
    killed_in_its_calls(&Refresh, Flavour::MariaDb).await;
}

#[tokio::test]
async fn passwd_of_a_service() {
    killed_in_its_calls(&Passwd, Flavour::MariaDb).await;
}

#[tokio::test]
async fn passwd_of_a_service_on_mysql() {
    killed_in_its_calls(&Passwd, Flavour::MySql).await;
}

#[tokio::test]
async fn passwd_of_th_admin() {
    killed_in_its_calls(&Rotate, Flavour::MariaDb).await;
}

#[tokio::test]
async fn passwd_of_th_admin_on_mysql() {
    killed_in_its_calls(&Rotate, Flavour::MySql).await;
}

#[test]
fn a_sample_is_spread_evenly_and_told_again_by_its_seed() {
    let deaths = |seed| Which::Some { seed }.deaths("a story", 100, Duration::from_secs(3));
    let (some, again, others) = (deaths(1), deaths(1), deaths(2));
    assert_eq!(some, again);
    assert_ne!(some, others);
    let unsent: Vec<u64> = some
        .iter()
        .filter_map(|end| match end {
            End::Call(Fate::Unsent(number)) => Some(*number),
            _ => None,
        })
        .collect();
    assert_eq!(unsent.len(), usize::try_from(SOME).unwrap());
    assert!(
        unsent.windows(2).all(|two| two[1] - two[0] == 100 / SOME),
        "{unsent:?}"
    );
    assert_eq!(some.len(), unsent.len() * 3);
    // Another story begins elsewhere.
    assert_ne!(
        some,
        Which::Some { seed: 1 }.deaths("another", 100, Duration::from_secs(3))
    );
}

#[test]
fn all_is_all_and_one_is_one() {
    let all = Which::read(Some("all")).deaths("a story", 40, Duration::from_secs(4));
    assert_eq!(all.len(), 40 + 40 + 50);
    for number in 0..40 {
        for fate in [Fate::Unsent(number), Fate::Unheard(number)] {
            assert!(all.contains(&End::Call(fate)), "{fate:?}");
        }
    }
    assert!(all.contains(&End::At(Duration::from_millis(3920))));
    for one in ["unsent 17", "unheard 0", "at 312"] {
        let deaths = Which::read(Some(one)).deaths("a story", 40, Duration::from_secs(4));
        assert_eq!(deaths.iter().map(|end| words(*end)).collect::<Vec<_>>(), [one]);
    }
    assert_eq!(Which::read(Some("7")), Which::Some { seed: 7 });
}
