//! What people hear of accesses, and when: the owner alone, and the rooms of the database.

use countersign_core::access::{self, NewPassword, State, Why};
use countersign_core::link;
use countersign_core::store::Write;
use countersign_core::time::before;

use super::made::{self, operation, over};
use super::team::{DAY, MONTH, Team, by_bob, puts};
use super::world::{World, at};

#[tokio::test]
async fn the_account_is_locked_until_its_link_is_opened_and_then_its_owner_hears_what_to_type() {
    let team = Team::new();
    team.offers().await;
    assert_eq!(team.hears_at(0).await, Vec::<String>::new());
    assert!(team.server.rows().accounts["cs_carol"].locked);
    team.opens().await;
    assert_eq!(team.record("A1").state, State::Opened { at: at(0) });
    assert_eq!(
        team.hears_at(0).await,
        [
            "[a direct message with carol] cs_carol on prod-db can be used now. In the folder with both files from the link: mysql --defaults-extra-file=cs_carol.cnf · it ends by itself in 30 d; later: db access renew cs_carol"
        ]
    );
    assert!(!team.server.rows().accounts["cs_carol"].locked);
    assert_eq!(team.hears_at(60).await, Vec::<String>::new(), "once");
}

#[tokio::test]
async fn its_owner_is_reminded_once_and_hears_when_it_has_ended() {
    let team = Team::new();
    team.grants().await;
    let reminder = before(at(30 * DAY), MONTH / 4);
    let seconds = (reminder.as_millisecond() - at(0).as_millisecond()) / 1000;
    assert_eq!(team.hears_at(seconds - 1).await, Vec::<String>::new());
    assert_eq!(
        team.hears_at(seconds).await,
        [
            "[a direct message with carol] cs_carol on prod-db ends in 7 d 12 h. If you still need it: db access renew cs_carol"
        ]
    );
    assert_eq!(team.hears_at(30 * DAY - 1).await, Vec::<String>::new());
    team.rows(|rows| rows.accounts.get_mut("cs_carol").unwrap().sessions = 2);
    assert_eq!(
        team.hears_at(30 * DAY).await,
        [
            "[a direct message with carol] cs_carol on prod-db has ended: its time was over. Nobody can log in with it any more. A new one: db access grant carol"
        ]
    );
    assert!(team.server.rows().accounts.is_empty());
    let audit = team.world.store.disk().audit;
    let words: Vec<_> = audit
        .iter()
        .map(|entry| (entry.event.word(), entry.words.as_str()))
        .collect();
    assert_eq!(
        words[1..],
        [
            ("enabled", "cs_carol on prod-db can be used"),
            ("expired", "the time of cs_carol on prod-db is over"),
            ("removed", "cs_carol on prod-db is gone"),
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_renewed_any_more_is_said_with_the_reminder() {
    let team = Team::new();
    team.grants().await;
    team.changes("A1", |access| {
        let latest = access.latest_end.unwrap();
        access.renewed(latest, Some(at(59 * DAY)), at(0)).unwrap()
    })
    .await;
    assert_eq!(team.hears_at(30 * DAY).await, Vec::<String>::new());
    assert_eq!(
        team.hears_at(59 * DAY).await,
        [
            "[a direct message with carol] cs_carol on prod-db ends in 1 d. That is as long as it may last. A new one, after that: db access grant carol"
        ]
    );
}

#[tokio::test]
async fn revoking_ends_who_is_logged_in_burns_the_link_and_is_done_once() {
    let team = Team::new();
    team.grants().await;
    team.rows(|rows| rows.accounts.get_mut("cs_carol").unwrap().sessions = 3);
    assert!(team.ends("A1", by_bob()).await);
    assert!(!team.ends("A1", by_bob()).await, "L10: it is over already");
    assert_eq!(
        team.hears_at(1).await,
        [
            "[a direct message with carol] cs_carol on prod-db has ended: bob revoked it. Nobody can log in with it any more, and who was logged in is not. A new one: db access grant carol"
        ]
    );
    assert!(team.server.rows().accounts.is_empty());
    assert!(!team.ends("A1", by_bob()).await);

    let team = Team::new();
    team.offers().await;
    assert!(team.ends("A1", by_bob()).await);
    let link = team.world.store.disk().links["K7QM01"].clone();
    assert!(matches!(link.state, link::State::Burned { .. }));
    team.opens().await;
    team.hears_at(1).await;
    assert!(team.record("A1").state.is_final() && team.server.rows().accounts.is_empty());
}

#[tokio::test]
async fn a_link_that_nobody_opens_takes_its_account_with_it() {
    for burned in [true, false] {
        let team = Team::new();
        team.offers().await;
        let heard = if burned {
            let heard = team.world.says("carol", "burn K7QM01").await;
            team.hears_at(1).await;
            heard
        } else {
            team.hears_at(3600).await.join("\n")
        };
        assert!(
            heard.contains("What was in it is good for nothing now. Ask for it again as you did then."),
            "{heard}"
        );
        assert!(!heard.contains("reissue"), "{heard}");
        let state = team.record("A1").state;
        let why = if burned { Why::Burned } else { Why::Unopened };
        assert!(state.is_final() && state.why() == Some(&why), "{state:?}");
        assert!(team.server.rows().accounts.is_empty());
    }
}

#[tokio::test]
async fn what_nobody_prepares_any_more_ends_and_what_somebody_prepares_does_not() {
    let team = Team::new();
    let access = made::access("A1", "carol", "7F3K", at(0), MONTH);
    let running = operation(&"7F3K".into());
    team.writes([
        Write::NewOperation(running.clone()),
        Write::NewAccess(Box::new(access)),
    ])
    .await;
    team.hears_at(600).await;
    assert_eq!(team.record("A1").state, State::Preparing);
    team.writes([Write::Operation(over(&running, false))]).await;
    assert_eq!(
        team.hears_at(700).await,
        Vec::<String>::new(),
        "its operation said so"
    );
    assert_eq!(team.record("A1").state.why(), Some(&Why::Failed));
    assert!(team.record("A1").state.is_final());
}

#[tokio::test]
async fn a_new_password_is_set_when_its_link_was_opened() {
    let team = Team::new();
    team.grants().await;
    let issued = made::link(1, &"A1".into(), "carol", at(0));
    let sealed = team.world.links.seal(&access::password_of(&"A1".into()), b"new");
    // The link of the grant has served; another with the same halves takes its place.
    let link = link::Link {
        id: "W3HD9P".into(),
        ..issued
    };
    team.writes([Write::ForgetLink("K7QM01".into())]).await;
    let password = NewPassword {
        sealed,
        link: Some(link.id.clone()),
        opened: None,
    };
    let with_password = team.record("A1").with_password(password).unwrap();
    team.writes([
        Write::NewLink {
            link: Box::new(link),
            content: b"new".to_vec(),
        },
        Write::Access(Box::new(with_password)),
    ])
    .await;
    team.hears_at(600).await;
    assert_eq!(
        team.server.rows().set,
        [],
        "not before somebody has opened the link"
    );
    team.opens().await;
    assert_eq!(
        team.hears_at(601).await,
        [
            "[a direct message with carol] cs_carol on prod-db: the password from the link is in force; the one before it is not accepted any more."
        ]
    );
    assert_eq!(team.server.rows().set, ["A1".into()]);
    assert_eq!(team.record("A1").password, None);
}

#[tokio::test]
async fn a_password_whose_link_nobody_opens_is_forgotten() {
    let team = Team::new();
    team.grants().await;
    let sealed = team.world.links.seal("new", b"new");
    let link = made::link(2, &"A1".into(), "carol", at(0));
    let password = NewPassword {
        sealed,
        link: Some(link.id.clone()),
        opened: None,
    };
    let with_password = team.record("A1").with_password(password).unwrap();
    team.writes([
        Write::NewLink {
            link: Box::new(link),
            content: b"new".to_vec(),
        },
        Write::Access(Box::new(with_password)),
    ])
    .await;
    team.hears_at(3600).await;
    assert_eq!(team.record("A1").password, None);
    assert!(
        team.record("A1").usable(),
        "the password before it is in force still"
    );
    assert_eq!(team.server.rows().set, []);
}

#[tokio::test]
async fn a_bot_without_databases_leaves_its_records_alone_and_does_not_spin() {
    let world = World::new(1);
    let access = made::access("A1", "carol", "7F3K", at(0), MONTH);
    puts(&mut world.store.disk.lock().unwrap(), access.clone());
    world.clock.set(at(60 * DAY));
    world.works().await;
    assert_eq!(world.store.disk().accesses["A1"], access);
}

#[tokio::test]
async fn whoever_did_not_open_the_link_themselves_takes_away_what_it_opened() {
    for is_live in [false, true] {
        let team = Team::new();
        team.offers().await;
        team.opens().await;
        if is_live {
            team.hears_at(0).await;
            team.rows(|rows| rows.accounts.get_mut("cs_carol").unwrap().sessions = 2);
        }
        let heard = team.world.says("carol", "burn K7QM01").await;
        assert!(
            heard.contains("known to whoever opened it: the account is taken away: I lock it, throw out whoever is logged in with it, and drop it."),
            "{heard}"
        );
        let revoked = Why::Revoked { by: "carol".into() };
        assert_eq!(team.record("A1").state.why(), Some(&revoked), "at once");
        team.hears_at(1).await;
        assert!(team.server.rows().accounts.is_empty());
        assert!(team.record("A1").state.is_final());
    }
}

#[tokio::test]
async fn a_new_password_whose_link_a_stranger_opened_is_not_set() {
    let team = Team::new();
    team.grants().await;
    let link = link::Link {
        id: "W3HD9P".into(),
        operation: "9Q2R".into(),
        ..made::link(1, &"A1".into(), "carol", at(0))
    };
    team.writes([Write::ForgetLink("K7QM01".into())]).await;
    let password = NewPassword {
        sealed: team.world.links.seal("new", b"new"),
        link: Some(link.id.clone()),
        opened: None,
    };
    let with_password = team.record("A1").with_password(password).unwrap();
    team.writes([
        Write::NewLink {
            link: Box::new(link),
            content: b"new".to_vec(),
        },
        Write::Access(Box::new(with_password)),
    ])
    .await;
    team.opens().await;
    let heard = team.world.says("carol", "burn W3HD9P").await;
    assert!(
        heard.contains("opened it: I do not set that password any more. Have another made with !db passwd prod-db cs_carol."),
        "{heard}"
    );
    team.hears_at(600).await;
    assert_eq!(team.record("A1").password, None);
    assert_eq!(team.server.rows().set, []);
    assert!(
        team.record("A1").usable(),
        "the password before it is in force still"
    );
}

#[tokio::test]
async fn a_password_of_a_strangers_that_is_in_force_already_is_said_to_be() {
    let team = Team::new();
    team.grants().await;
    team.changes("A1", |access| access::Access {
        operation: Some("9Q2R".into()),
        ..access.clone()
    })
    .await;
    let heard = team.world.says("carol", "burn K7QM01").await;
    assert!(
        heard.contains("known to whoever opened it: take the account away with !db access revoke cs_carol."),
        "{heard}"
    );
    assert!(team.record("A1").usable());
}
