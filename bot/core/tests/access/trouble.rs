//! Trouble: servers that do not answer or are late, accounts and records that do not fit, a great many at once.

use countersign_core::access::{Access, Kind, State, Why};
use countersign_core::store::{Store as _, Write};

use super::made;
use super::server::{Account, DATABASE};
use super::team::{DAY, MONTH, Team, by_bob, puts};
use super::world::at;

#[tokio::test]
async fn trouble_that_lasts_a_minute_is_told_once_and_its_end_too() {
    let team = Team::new();
    team.grants().await;
    team.ends("A1", by_bob()).await;
    team.rows(|rows| rows.down = true);
    for seconds in [1, 3, 7, 15, 31] {
        assert_eq!(team.hears_at(seconds).await, Vec::<String>::new());
    }
    assert_eq!(
        team.hears_at(63).await,
        [
            "[a direct message with carol] cs_carol on prod-db could not be ended for 1 min 2 s: the server does not answer. I keep trying.",
            "[#ops] prod-db: cs_carol could not be ended: the server does not answer. Until then somebody may still be able to use it. I keep trying.",
        ]
    );
    for hours in 1..50 {
        let heard = team.hears_at(63 + hours * 3600).await;
        let tells = |line: &&String| line.contains("cs_carol");
        assert_eq!(heard.iter().find(tells), None, "once");
    }
    team.rows(|rows| rows.down = false);
    let heard = team.hears_at(50 * 3600 + 363).await;
    assert_eq!(
        heard[..2],
        [
            "[a direct message with carol] cs_carol on prod-db has ended: bob revoked it. Nobody can log in with it any more, and who was logged in is not. A new one: db access grant carol",
            "[#ops] prod-db: cs_carol: ended after all.",
        ]
    );
}

#[tokio::test]
async fn a_late_replica_is_waited_for_and_told_of_when_it_is_very_late() {
    let team = Team::new();
    team.offers().await;
    team.rows(|rows| rows.late = true);
    team.opens().await;
    for seconds in 0..60 {
        assert_eq!(team.hears_at(seconds).await, Vec::<String>::new());
    }
    let heard = [team.hears_at(75).await, team.hears_at(95).await].concat();
    assert_eq!(
        heard[1],
        "[#ops] prod-db: cs_carol could not be unlocked: the replica is late. Until then nobody can use it. I keep trying."
    );
    team.rows(|rows| rows.late = false);
    let heard = team.hears_at(130).await;
    assert_eq!(heard[1], "[#ops] prod-db: cs_carol: done after all.");
    assert!(team.record("A1").usable());
}

#[tokio::test]
async fn an_account_that_nobody_knows_is_told_of_once_and_can_be_revoked() {
    let team = Team::new();
    let account = Account {
        locked: false,
        sessions: 1,
        of: None,
    };
    let names = ["cs_a", "cs_b", "cs_c", "cs_\u{202e}d", "activedata"];
    team.rows(|rows| {
        for name in names {
            rows.accounts.insert(name.into(), account.clone());
        }
    });
    let heard = team.hears_at(0).await;
    let strays = team.world.store.disk().accesses;
    assert_eq!(strays.len(), 4, "activedata is none of ours");
    let first = strays
        .values()
        .find(|access| access.account == "cs_a")
        .unwrap()
        .clone();
    assert_eq!((first.kind, first.ends, &first.owner), (Kind::Stray, None, &None));
    assert_eq!(
        heard,
        [format!(
            "[#ops] prod-db: there are 4 accounts that I did not make: cs_a, cs_b, cs_c and 1 more. Whoever needs none of it types: !db access revoke {}",
            first.id
        )]
    );
    assert_eq!(team.hears_at(DAY).await, Vec::<String>::new(), "once");
    team.ends(first.id.as_str(), by_bob()).await;
    team.hears_at(DAY + 1).await;
    assert!(!team.server.rows().accounts.contains_key("cs_a"));
    assert!(team.record(first.id.as_str()).state.is_final());
}

#[tokio::test]
async fn a_record_whose_account_somebody_removed_ends_and_goes_on_if_it_comes_back() {
    let team = Team::new();
    team.grants().await;
    let removed = team.server.rows().accounts["cs_carol"].clone();
    team.rows(|rows| rows.accounts.clear());
    assert_eq!(
        team.hears_at(119).await,
        Vec::<String>::new(),
        "it may be under way"
    );
    let handed = team.server.rows().rounds.len();
    assert_eq!(
        team.hears_at(120).await,
        [
            "[#ops] prod-db: cs_carol is not at the server any more: somebody else removed what I had made.",
            "[a direct message with carol] cs_carol on prod-db is gone: somebody removed it at the server. Nobody can log in with it any more. A new one: db access grant carol",
        ]
    );
    assert_eq!(
        team.server.rows().rounds.len(),
        handed + 1,
        "the keeper has thrown out who was logged in still"
    );
    let gone = team.record("A1");
    assert!(gone.state.is_final() && gone.state.why() == Some(&Why::Gone));

    let back = Account { of: None, ..removed };
    team.rows(|rows| {
        rows.accounts.insert("cs_carol".into(), back);
    });
    assert_eq!(
        team.hears_at(600).await,
        [
            "[#ops] prod-db: cs_carol is at the server again after having been gone; what was decided about its end holds."
        ]
    );
    let again = team
        .world
        .store
        .access_of(&DATABASE.into(), "cs_carol")
        .await
        .unwrap();
    let again = again.unwrap();
    assert_eq!(
        (again.kind, again.ends, again.owner),
        (Kind::Person, gone.ends, gone.owner)
    );
    team.hears_at(30 * DAY).await;
    assert!(team.server.rows().accounts.is_empty());
}

#[tokio::test]
async fn rooms_hear_when_nobody_can_tell_which_accounts_there_are() {
    let team = Team::new();
    team.rows(|rows| rows.down = true);
    let mut worker = team.world.bot.worker();
    let mut heard = Vec::new();
    for look in 0..6 {
        team.world.clock.set(at(look * 300));
        team.world.store.disk.lock().unwrap().posts.clear();
        worker.drain().await.unwrap();
        heard.push(team.said());
        if look == 4 {
            team.rows(|rows| rows.down = false);
        }
    }
    let blind =
        "[#ops] prod-db: I can't see which accounts there are: the server does not answer. I keep looking.";
    assert_eq!(heard[2], [blind]);
    assert_eq!(
        heard[5],
        ["[#ops] prod-db: I can see again which accounts there are."]
    );
    assert!(
        [0, 1, 3, 4].iter().all(|look| heard[*look].is_empty()),
        "{heard:?}"
    );
}

#[tokio::test]
async fn what_is_gone_has_not_ended_before_the_server_says_that_nobody_is_logged_in() {
    let team = Team::new();
    team.grants().await;
    team.rows(|rows| {
        rows.accounts.clear();
        rows.late = true;
    });
    team.hears_at(120).await;
    let state = team.record("A1").state;
    assert!(
        matches!(&state, State::Ending { why: Why::Gone, .. }),
        "{state:?}"
    );

    let team = Team::new();
    team.offers().await;
    team.opens().await;
    team.rows(|rows| rows.accounts.clear());
    team.hears_at(1).await;
    assert_eq!(team.record("A1").state.why(), Some(&Why::Gone));
    assert!(team.record("A1").state.is_final());
    assert_eq!(team.server.rows().rounds, [1, 1], "to unlock it, and to end it");
}

#[tokio::test]
async fn what_is_to_end_goes_first_and_is_on_disk_before_anything_else_is_done() {
    let team = Team::new();
    for (n, name) in (1..).zip(["alice", "bob", "carol"]) {
        let id = format!("A{n}");
        let access = made::access(&id, name, "7F3K", at(0), MONTH);
        let account = Account {
            locked: true,
            sessions: 0,
            of: Some(access.id.clone()),
        };
        team.rows(|rows| {
            rows.accounts.insert(access.account.clone(), account);
        });
        let opened = access.offered("K".into()).unwrap().opened(at(n)).unwrap();
        team.writes([Write::NewAccess(Box::new(opened))]).await;
    }
    team.world.clock.set(at(9));
    team.ends("A3", by_bob()).await;
    team.world.works().await;
    let mut rounds = team.server.rows().handed;
    for round in &mut rounds {
        round.sort();
    }
    assert_eq!(rounds[0], ["cs_carol"], "though it came last");
    assert_eq!(rounds[1], ["cs_alice", "cs_bob"]);
    let audit = team.world.store.disk().audit;
    let words: Vec<_> = audit.iter().map(|entry| entry.event.word()).collect();
    assert_eq!(words, ["revoked", "removed", "enabled", "enabled"]);
}

#[tokio::test]
async fn nobody_hears_of_twins() {
    let team = Team::new();
    let twin = Access {
        kind: Kind::Twin,
        account: "cs_probe_k7qm2x".into(),
        ..made::access("A1", "carol", "7F3K", at(0), MONTH)
    };
    team.rows(|rows| rows.down = true);
    team.writes([Write::NewAccess(Box::new(twin))]).await;
    team.ends("A1", Why::Done).await;
    for seconds in [0, 10, 100, 200] {
        assert_eq!(team.hears_at(seconds).await, Vec::<String>::new());
    }
    team.rows(|rows| rows.down = false);
    assert_eq!(team.hears_at(700).await, Vec::<String>::new());
    assert!(team.record("A1").state.is_final());
}

#[tokio::test]
async fn ten_thousand_that_end_in_the_same_minute_all_end_none_twice_in_rounds() {
    const MANY: usize = 10_000;
    let team = Team::new();
    {
        let mut disk = team.world.store.disk.lock().unwrap();
        let mut rows = team.server.0.lock().unwrap();
        for n in 0..MANY {
            let id = format!("A{n}");
            let made = made::access(
                &id,
                &n.to_string(),
                "7F3K",
                at(i64::try_from(n % 60).unwrap()),
                MONTH,
            );
            let access = made.offered("K".into()).unwrap().opened(at(0)).unwrap();
            let access = Access {
                remind_at: None,
                owner: Some("carol".into()),
                ..access.unlocked(at(0)).unwrap()
            };
            let account = Account {
                locked: false,
                sessions: 1,
                of: Some(access.id.clone()),
            };
            rows.accounts.insert(access.account.clone(), account);
            puts(&mut disk, access);
        }
    }
    team.hears_at(30 * DAY + 60).await;
    let rows = team.server.rows();
    assert!(rows.accounts.is_empty());
    assert_eq!(rows.drops.len(), MANY);
    assert!(rows.drops.values().all(|times| *times == 1), "none twice");
    assert_eq!(rows.rounds, vec![500; MANY / 500]);
    let disk = team.world.store.disk();
    assert!(disk.accesses.values().all(|access| access.state.is_final()));
}
