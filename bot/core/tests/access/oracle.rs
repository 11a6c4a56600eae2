//! What may become of records, links and accounts, from one instant to the next.

use std::collections::BTreeSet;

use countersign_core::access::{Access, Kind, State, Why};
use countersign_core::link;

use super::memory::Disk;
use super::server::Rows;

fn rank(access: &Access) -> u8 {
    match access.state {
        State::Preparing => 0,
        State::Offered { .. } => 1,
        State::Opened { .. } => 2,
        State::Live { .. } => 3,
        State::Ending { .. } => 4,
        State::Ended { .. } => 5,
    }
}

fn word(access: &Access) -> String {
    let why = match access.state.why() {
        None => return access.state.word().to_owned(),
        Some(Why::Expired) => "expired",
        Some(Why::Revoked { .. }) => "revoked",
        Some(Why::Unopened) => "unopened",
        Some(Why::Burned) => "burned",
        Some(Why::Failed) => "failed",
        Some(Why::Done) => "done",
        Some(Why::Gone) => "gone",
    };
    match access.state {
        State::Ended { .. } => "ended".to_owned(),
        _ => format!("{} {why}", access.state.word()),
    }
}

/// Compares what is on disk before and after one step of one of the players.
pub(crate) fn compare(before: &Disk, after: &Disk, seen: &mut BTreeSet<String>) {
    for (id, new) in &after.accesses {
        match before.accesses.get(id) {
            Some(old) if old == new => {}
            Some(old) => changed(old, new, after, seen),
            None => made(new, before, seen),
        }
    }
    assert!(
        before.accesses.keys().all(|id| after.accesses.contains_key(id)),
        "no record is lost"
    );
    for link in after.links.values() {
        let of = link.access.as_ref().map(|id| &after.accesses[id]);
        let waits = of.is_some_and(
            |access| matches!(&access.state, State::Offered { link: offered } if *offered == link.id),
        );
        let lives = link.state == link::State::Live;
        assert!(
            lives || !waits,
            "a link and what waits for it change in the same instant"
        );
        assert!(
            !lives || of.is_none_or(|access| access.state.why().is_none()),
            "what is over takes its link with it"
        );
    }
}

fn made(new: &Access, before: &Disk, seen: &mut BTreeSet<String>) {
    let has_the_account = |old: &&Access| old.account == new.account && !old.state.is_final();
    assert!(
        !before.accesses.values().any(|old| has_the_account(&old)),
        "an account is one's"
    );
    match (new.kind, &new.state) {
        (Kind::Stray, State::Live { .. }) => {
            seen.insert("a stray is found".into());
        }
        (_, State::Live { .. }) => {
            let was = |old: &&Access| {
                old.account == new.account
                    && old.state.why() == Some(&Why::Gone)
                    && (old.ends, old.latest_end, &old.owner) == (new.ends, new.latest_end, &new.owner)
            };
            assert!(before.accesses.values().any(|old| was(&old)), "L8");
            seen.insert("what was gone is back".into());
        }
        (_, state) => assert_eq!(*state, State::Preparing),
    }
}

fn changed(old: &Access, new: &Access, disk: &Disk, seen: &mut BTreeSet<String>) {
    assert!(!old.state.is_final(), "what has ended stays as it ended");
    assert_eq!(new.version, old.version + 1);
    let (from, to) = (rank(old), rank(new));
    assert!(from <= to, "nothing goes back: {} to {}", word(old), word(new));
    match &new.state {
        State::Opened { .. } if from != to => {
            assert_eq!(from, 1, "L8: what is opened was offered");
            let State::Offered { link } = &old.state else {
                panic!("{}", word(old))
            };
            let redeemed = matches!(disk.links[link].state, link::State::Redeemed { .. });
            assert!(redeemed, "L8: its link was opened");
        }
        State::Live { .. } if from != to => assert_eq!(from, 2, "L8: what is live was opened"),
        State::Ended { .. } => assert_eq!(from, 4, "what ended was ended"),
        _ => {}
    }
    lasts(old, new, seen);
    if from == to {
        if new.trouble.is_some() {
            seen.insert(format!("{}: ailing", old.state.word()));
        }
        return;
    }
    let word = word(new);
    if old.kind == Kind::Stray && word == "ending revoked" {
        seen.insert("a stray is revoked".into());
    }
    seen.insert(format!("{}: {word}", old.state.word()));
}

/// L11.
fn lasts(old: &Access, new: &Access, seen: &mut BTreeSet<String>) {
    assert_eq!((new.made, new.latest_end), (old.made, old.latest_end), "L11");
    assert!(
        new.ends
            .is_none_or(|ends| new.latest_end.is_some_and(|latest| ends <= latest)),
        "L11: never beyond its latest end"
    );
    if new.ends == old.ends {
        return;
    }
    assert!(matches!(old.state, State::Live { .. }) && old.state == new.state);
    assert!(new.ends > old.ends, "L11: nothing is shortened");
    seen.insert("live: renewed".into());
    if new.ends == new.latest_end {
        seen.insert("live: renewed as far as may be".into());
    }
}

/// L8: whatever was made for an access and can be used, was opened by somebody, and is not gone by the books.
pub(crate) fn usable(rows: &Rows, disk: &Disk) {
    for (name, account) in &rows.accounts {
        let Some(of) = &account.of else { continue };
        let access = disk.accesses.get(of);
        let access = access.unwrap_or_else(|| panic!("L9: {name} was made without a record"));
        if account.locked {
            continue;
        }
        assert!(
            matches!(
                access.state,
                State::Opened { .. } | State::Live { .. } | State::Ending { .. }
            ),
            "L8: {name} can be used and is {}",
            word(access)
        );
        let redeemed = |link: &&link::Link| {
            link.access.as_ref() == Some(of) && matches!(link.state, link::State::Redeemed { .. })
        };
        assert!(
            disk.links.values().any(|link| redeemed(&link)),
            "L8: nobody opened the link of {name}"
        );
    }
}

/// L8 to L10, once everybody has come to their end and the server has answered.
pub(crate) fn at_rest(rows: &Rows, disk: &Disk) {
    let open: Vec<&Access> = disk
        .accesses
        .values()
        .filter(|access| !access.state.is_final())
        .collect();
    let names: BTreeSet<_> = open.iter().map(|access| &access.account).collect();
    let there: BTreeSet<_> = rows.accounts.keys().collect();
    let offered = |name: &&String| {
        let of = open.iter().find(|access| access.account == **name);
        !of.is_some_and(|access| matches!(access.state, State::Offered { .. }))
    };
    let missing: Vec<_> = names.difference(&there).filter(|name| offered(name)).collect();
    assert!(
        missing.is_empty(),
        "L9: {missing:?} have a record and no account: {open:#?}"
    );
    let unknown: Vec<_> = there.difference(&names).collect();
    assert!(unknown.is_empty(), "L9: {unknown:?} have no record");
    for access in open {
        assert!(
            matches!(access.state, State::Live { .. } | State::Offered { .. }),
            "L10: {} is {} still",
            access.account,
            word(access)
        );
    }
    assert!(
        rows.drops.values().all(|times| *times == 1),
        "what is done is not done again"
    );
}
