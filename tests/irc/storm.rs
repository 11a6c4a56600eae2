//! Several people give orders, and repeat them when they hear nothing, as people do.
//!
//! A person knows an answer by something in it that is in no other order's answer, so that an answer which the bot says
//! twice, or late, is not taken for another one's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::irc::{Line, Person, password};
use crate::support::serve::ROOM;

/// After so long without an answer a person says it again.
const AGAIN: Duration = Duration::from_secs(12);
/// And after so many times something is wrong.
const PATIENCE: usize = 15;
/// What takes a while: a rollback, with the bot away in between.
const LONG: Duration = Duration::from_mins(2);

/// What was said by everybody.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Orders that were given, each time that they were.
    pub(super) said: AtomicUsize,
    /// Orders that were answered.
    pub(super) answered: AtomicUsize,
    /// Numbers that were used.
    numbers: AtomicUsize,
}

impl Tally {
    /// A number that was never used.
    pub(super) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Has the person give an order until it is answered. Each time the order is made with a number of its own; an
    /// answer to any of these is an answer.
    pub(super) async fn gives(
        &self,
        person: &Person,
        order: impl Fn(usize) -> String,
        is_answer: impl Fn(&str, usize) -> bool,
    ) -> Line {
        let mut numbers = Vec::new();
        for _ in 0..PATIENCE {
            let mark = person.mark();
            let number = self.number();
            numbers.push(number);
            person.says(ROOM, &order(number));
            self.said.fetch_add(1, Ordering::Relaxed);
            let is_answered = |line: &Line| numbers.iter().any(|number| is_answer(line.text(), *number));
            let is_it = |line: &Line| {
                line.is_speech()
                    && line.from.starts_with("bot")
                    && (is_answered(line) || is_unknown(line, person))
            };
            match person.sees_after(mark, AGAIN, is_it).await {
                Some(line) if is_answered(&line) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return line;
                }
                // Services that were killed know nobody when they are back; who is told so logs in again.
                Some(_) => {
                    person.says(
                        "NickServ",
                        &format!("IDENTIFY {0} {1}", person.nick(), password(&person.nick())),
                    );
                    person
                        .sees_after(mark, AGAIN, |line| {
                            line.is("900") || line.is_speech() && line.from == "NickServ"
                        })
                        .await;
                }
                None => {}
            }
        }
        panic!(
            "{} was never answered:\n{}",
            order(numbers[0]),
            person.conversation()
        );
    }

    /// Reserves a target, asks three things, and has somebody else give the target back.
    pub(super) async fn round(&self, holder: &Person, other: &Person, target: &str) {
        let lock = self.gives(
            holder,
            |n| format!("!lock {target} \"order {n}.\" --for {n}min"),
            |text, n| text.contains(&format!("{target} is yours for {}", span(n))) || held(text, n),
        );
        lock.await;
        for person in [holder, other, holder] {
            let asked = |n| format!("there is no request {}.", unknown(n));
            let why = self.gives(
                person,
                |n| format!("!why {}", unknown(n)),
                |text, n| text.contains(&asked(n)),
            );
            why.await;
        }
        // Repeated, it finds the target free: that is an answer too.
        let said_before = AtomicUsize::new(0);
        let unlock = self.gives(
            other,
            |_| {
                said_before.fetch_add(1, Ordering::Relaxed);
                format!("!unlock {target}")
            },
            |text, _| {
                text.contains(&format!("{target} is free again; "))
                    || said_before.load(Ordering::Relaxed) > 1
                        && text.contains(&format!("{target} is not locked"))
            },
        );
        unlock.await;
    }

    /// Asks for a rollback of production, has it signed, waits for its end, and ends the hold.
    pub(super) async fn roll_back(&self, asker: &Person, signer: &Person) {
        let mark = signer.mark();
        // Repeated because the answer was lost, it makes a second request; one of them is signed.
        let is_asked = |text: &str, n: usize| {
            text.trim_start().starts_with("why ") && text.ends_with(&format!(" order {n}."))
        };
        self.gives(
            asker,
            |n| format!("!rollback prod --reason \"order {n}.\""),
            is_asked,
        )
        .await;
        let is_request = |line: &Line| line.is_speech() && line.text().contains("asks for a signature on R-");
        let request = signer.sees_after(mark, LONG, is_request).await;
        let request = request.unwrap_or_else(|| panic!("no request\n{}", signer.conversation()));
        let id = request
            .text()
            .split_whitespace()
            .find(|word| word.starts_with("R-"))
            .unwrap()
            .to_owned();
        let mark = asker.mark();
        let is_signed = |text: &str, _| {
            text.contains(&format!("signed. {id} "))
                || text.contains(&format!(": {id} "))
                || text.contains(&format!("signed {id} "))
        };
        self.gives(signer, |_| format!("!approve {id}"), is_signed).await;
        let is_done = |line: &Line| line.is_speech() && line.text().starts_with("rollback prod: done");
        let done = asker.sees_after(mark, LONG, is_done).await;
        assert!(done.is_some(), "{id} has no end\n{}", asker.conversation());
        let is_free = |text: &str, _| text.contains("prod is not held");
        self.gives(asker, |n| format!("!release-hold prod order {n}."), is_free)
            .await;
    }
}

/// The network does not vouch for the person any more.
fn is_unknown(line: &Line, person: &Person) -> bool {
    line.text().starts_with(&format!("{}: ", person.nick()))
        && line.text().contains("your nick is not logged in")
}

/// An earlier try had taken effect, and its answer was lost.
fn held(text: &str, number: usize) -> bool {
    text.contains("was locked by") && text.contains(&format!("(\"order {number}.\")"))
}

/// The id of a request that there is not.
fn unknown(number: usize) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |place: u32| char::from(DIGITS[number / 32_usize.pow(place) % 32]);
    format!("R-{}{}{}{}", 'Z', digit(2), digit(1), digit(0))
}

/// So many minutes, as the bot writes them.
fn span(minutes: usize) -> String {
    countersign_core::text::span(Duration::from_secs(60 * minutes as u64)) + ":"
}
