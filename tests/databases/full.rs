//! The primary's disk is full, truly. A server that finds no room for its binary log does not say so to whoever changes
//! something: it waits until there is some, looks for it once a minute, and then does what it was asked, however long ago
//! that was and whether or not anybody still wants it. On MySQL nobody gets in meanwhile, if it is an account that changes.
//!
//! So it is told in words, nothing more is asked for until it is done, and what was asked for comes to its end by itself.

use std::time::Duration;

use countersign_core::access::{Access, Kind, NewAccess, Tended, Why};
use countersign_core::id::AccessId;
use countersign_core::operation::{Reconciled, TroubleKind};
use countersign_core::store::Store as _;
use countersign_core::time::from_millis;
use countersign_databases::keeper;
use countersign_mysql::{Kind as Failure, Statement};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::hand::{DATABASE, Hands, server, user};
use super::place::{Place, gets_a_link, hears, hears_directly, is_sent_a_link, opens};
use crate::support::mysql::{ADMIN, Flavour, Pair, SCHEMA, Side};
use crate::web::asking::{asks, signs};

/// What is said of a change that hangs.
const HANGS: &str = "prod-db's primary has no room left on its disk and waits for some: what I asked for is done when there \
                     is room, not before; whoever runs it makes room";
/// What is said of the one after it.
const BEHIND: &str = "prod-db's primary has no room left on its disk, and an earlier change of mine waits there for some; I \
                      ask for nothing more until it is done; whoever runs the server makes room";
/// What is said where nobody gets in to see why.
const SILENT: &str = "prod-db's primary takes connections and answers nothing; is its disk full?";

/// A minute until the server looks whether there is room, and what it has to do then.
const GOES_ON: Duration = Duration::from_secs(90);

async fn on_a_small_disk(flavour: Flavour) -> Pair {
    // MySQL tells by its log of errors why it waits, where it shows that.
    let settings = match flavour {
        Flavour::MariaDb => "",
        Flavour::MySql => "performance-schema = ON\n",
    };
    Pair::on_a_small_disk(flavour, settings).await
}

/// How often the primary was asked for something that contains this.
fn asked_for(pair: &Pair, statement: &str) -> usize {
    let log = std::fs::read(pair.files(Side::Primary).general).unwrap();
    String::from_utf8_lossy(&log).matches(statement).count()
}

/// A grant hangs, and an access that is to end waits behind it.
async fn people_are_told(flavour: Flavour) {
    let place = Place::on(on_a_small_disk(flavour), |setup| setup).await;
    let [alice, bob, erin] = place.people(["alice", "bob", "erin"]).await;
    let letter = gets_a_link(&alice, &bob, "!db access grant alice").await;
    opens(&alice, &letter).await;
    hears_directly(&alice, "cs_alice on prod-db can be used now").await;
    place.has_only("cs_alice").await;
    let grant = asks(&bob, "!db access grant bob").await;
    let revoke = asks(&erin, "!db access revoke cs_alice").await;

    place.pair.fills_up().await;
    signs(&erin, &grant).await;
    let told = hears(&bob, HANGS).await;
    assert!(told.text().contains("I look what became of it"), "{told}");
    signs(&bob, &revoke).await;
    hears(&erin, "disk").await;
    // Somebody who asks now is told, too, and nothing is begun.
    alice.says(crate::support::serve::ROOM, "!db access grant erin");
    let told = hears(&alice, "alice: ").await;
    assert!(
        told.text().contains("prod-db") && !told.text().contains("request R-"),
        "{told}"
    );

    place.pair.has_room();
    // The account that was made long after it was asked for is the one that is handed out.
    is_sent_a_link(&bob).await;
    hears(&erin, "cs_alice is gone from both servers").await;
    place.has_only("cs_bob").await;
    assert_eq!(place.account(Side::Replica, "cs_bob").await, Some(true));
    assert_eq!(asked_for(&place.pair, "CREATE USER 'cs_bob'@'%' IDENTIFIED"), 1);
    let sessions = format!("SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{ADMIN}'");
    let left: u32 = place.pair.sql(Side::Primary, &sessions).await.parse().unwrap();
    assert!(left <= 5, "{left} sessions of the bot's are left");
}

/// A new password hangs, and a refresh comes behind it.
async fn a_password_that_was_not_answered_is_handed_out(flavour: Flavour) {
    let pair = on_a_small_disk(flavour).await;
    let make = format!(
        "CREATE USER activedata@'%' IDENTIFIED BY 'canary-old-1f3a' REQUIRE SSL; \
         GRANT SELECT ON {SCHEMA}.job TO activedata@'%'; GRANT SELECT ON {SCHEMA}.repository TO activedata@'%'; \
         GRANT SELECT (id, username, email) ON {SCHEMA}.auth_user TO activedata@'%'"
    );
    pair.sql(Side::Primary, &make).await;
    pair.caught_up().await;
    let hands = Hands::impatient(&pair).await;
    let wanted = json!({ "account": "activedata", "owner": "carol", "access": null });
    let mut passwd = hands.begin("db-passwd-now", wanted);
    passwd.up_to(Some("set the password")).await;
    let push = json!({ "on": [SCHEMA, "push", "give"] });
    let changes = json!([{ "accounts": ["activedata"], "changes": [push] }]);
    let mut refresh = hands.begin("db-refresh", json!({ "schema": SCHEMA, "changes": changes }));

    pair.fills_up().await;
    let waits = passwd.once().await.unwrap().unwrap();
    assert!(waits.starts_with(HANGS), "{waits}");
    let waits = passwd.once().await.unwrap().unwrap();
    assert!(waits.starts_with(BEHIND) || waits.starts_with(SILENT), "{waits}");
    // Not even reading grants is answered everywhere.
    let trouble = refresh.once().await.unwrap_err();
    assert_ne!(trouble.kind, TroubleKind::Never, "{trouble}");
    assert!(trouble.words.starts_with("prod-db's primary "), "{trouble}");
    assert_eq!(asked_for(&pair, "GRANT SELECT ON `treeherder`.`push`"), 0);

    pair.has_room();
    let ended = passwd.ends().await;
    assert!(ended.good, "{}", ended.words);
    // Whoever sees too late that it is set sets the same once more; that is no harm.
    assert!(asked_for(&pair, "ALTER USER 'activedata'@'%' IDENTIFIED") <= 2);
    let open = hands
        .store
        .access_of(&DATABASE.into(), "activedata")
        .await
        .unwrap()
        .unwrap();
    assert!(open.password.is_none(), "it is handed out, and kept no longer");
    let ended = refresh.ends().await;
    assert!(ended.good, "{}", ended.words);
}

/// An access as it is when it is to end.
fn ending(account: &str, why: Why) -> Access {
    let id: AccessId = "K7QM2X".into();
    let access = Access::found(NewAccess {
        id,
        database: DATABASE.into(),
        account: account.to_owned(),
        kind: Kind::Person,
        owner: Some("alice".into()),
        requester: Some("alice".into()),
        request: None,
        operation: None,
        asked_in: None,
        tables: None,
        made: from_millis(0),
        ends: None,
        latest_end: None,
        remind_at: None,
    });
    access.to_end(why, from_millis(1)).unwrap()
}

/// It is tried again and again until it has ended. Before that it is not called so.
async fn comes_to_its_end(hands: &Hands, pair: &Pair, access: &Access) {
    let (keeper, end) = (keeper(&hands.databases), Instant::now() + GOES_ON);
    loop {
        let came = keeper.tend(std::slice::from_ref(access), from_millis(2)).await;
        let [(_, came)] = came.try_into().unwrap_or_else(|came| panic!("{came:?}"));
        match came {
            Ok(Tended::Ended) => break,
            other => assert!(Instant::now() < end, "{other:?}"),
        }
        sleep(Duration::from_millis(500)).await;
    }
    pair.caught_up().await;
    for side in Side::BOTH {
        let there = format!(
            "SELECT COUNT(*) FROM mysql.user WHERE user = '{}'",
            access.account
        );
        assert_eq!(pair.sql(side, &there).await, "0");
    }
    assert_eq!(server(pair, Side::Primary).unfinished().await.unwrap(), None);
}

/// A grant hangs and is given up. The account that comes of it long after goes.
async fn an_account_that_nobody_wants_any_more_goes(flavour: Flavour) {
    let pair = on_a_small_disk(flavour).await;
    let hands = Hands::impatient(&pair).await;
    let mut grant = hands.begin("db-access-grant", dave());
    grant.up_to(Some("make the account")).await;
    pair.fills_up().await;
    let trouble = grant.once().await.unwrap_err();
    assert_eq!((trouble.kind, trouble.words.as_str()), (TroubleKind::Lost, HANGS));
    assert!(
        matches!(grant.reconciled().await, Reconciled::Later(_)),
        "it is not decided yet"
    );
    let access = ending("cs_dave", Why::Failed);
    let came = keeper(&hands.databases)
        .tend(std::slice::from_ref(&access), from_millis(2))
        .await;
    let words = came[0].1.as_ref().unwrap_err().words.clone();
    assert!(words == BEHIND || words == SILENT, "{words}");
    pair.has_room();
    comes_to_its_end(&hands, &pair, &access).await;
    assert_eq!(asked_for(&pair, "CREATE USER 'cs_dave'@'%' IDENTIFIED"), 1);
}

/// Somebody ends the wait, and the server has made the account and never tells its replica.
async fn what_the_replica_never_hears_of_is_not_built_upon(flavour: Flavour) {
    let pair = Pair::start(flavour).await;
    let hands = Hands::new(&pair, None).await;
    let mut grant = hands.begin("db-access-grant", dave());
    grant.up_to(Some("make the account")).await;
    let make = "CREATE USER cs_dave@'%' IDENTIFIED BY 'canary-dave-12ef' REQUIRE SSL ACCOUNT LOCK";
    pair.sql(Side::Primary, &format!("SET sql_log_bin = 0; {make}"))
        .await;
    assert!(grant.once().await.is_err(), "it is there already");
    assert!(matches!(grant.reconciled().await, Reconciled::Later(_)));
    pair.sql(Side::Replica, &format!("SET sql_log_bin = 0; {make}"))
        .await;
    assert!(matches!(grant.reconciled().await, Reconciled::Happened(_)));
}

fn dave() -> serde_json::Value {
    json!({
        "account": "cs_dave", "kind": "person", "owner": "alice", "ends": null, "latest_end": null, "only": null,
        "grants": { "whole": ["job"], "columns": {} },
    })
}

/// The lock hangs with which an access ends.
async fn an_access_ends_when_there_is_room(flavour: Flavour) {
    let pair = on_a_small_disk(flavour).await;
    pair.sql(
        Side::Primary,
        "CREATE USER cs_dave@'%' IDENTIFIED BY 'canary-dave-77c1' REQUIRE SSL",
    )
    .await;
    pair.caught_up().await;
    let hands = Hands::impatient(&pair).await;
    let access = ending("cs_dave", Why::Expired);
    let tend = async || {
        let came = keeper(&hands.databases)
            .tend(std::slice::from_ref(&access), from_millis(2))
            .await;
        came[0].1.as_ref().unwrap_err().words.clone()
    };
    pair.fills_up().await;
    assert_eq!(tend().await, HANGS);
    let words = tend().await;
    assert!(words == BEHIND || words == SILENT, "{words}");
    pair.has_room();
    comes_to_its_end(&hands, &pair, &access).await;
    assert_eq!(asked_for(&pair, "DROP USER IF EXISTS 'cs_dave'@'%'"), 1);
}

/// If somebody else's change hangs already nothing is sent that would hang too.
async fn nothing_is_sent_that_would_hang(flavour: Flavour) {
    let pair = on_a_small_disk(flavour).await;
    pair.fills_up().await;
    let _stuck = pair.app_gets_stuck().await;
    let account = countersign_mysql::Account::anywhere(user("cs_nobody"));
    let drop = Statement::Drop {
        accounts: vec![account],
    };
    let error = server(&pair, Side::Primary).execute(&[drop]).await.unwrap_err();
    assert_eq!(error.kind(), Failure::Full, "{error}");
    assert_eq!(asked_for(&pair, "cs_nobody"), 0);
}

/// Each on a pair of its own, since each takes the minute after which a server looks for room.
async fn what_hung_comes_to_its_end(flavour: Flavour) {
    tokio::join!(
        a_password_that_was_not_answered_is_handed_out(flavour),
        an_account_that_nobody_wants_any_more_goes(flavour),
        an_access_ends_when_there_is_room(flavour),
        nothing_is_sent_that_would_hang(flavour),
    );
}

#[tokio::test]
async fn people_are_told_that_mariadbs_disk_is_full() {
    people_are_told(Flavour::MariaDb).await;
}

#[tokio::test]
async fn people_are_told_that_mysqls_disk_is_full() {
    people_are_told(Flavour::MySql).await;
}

#[tokio::test]
async fn what_hung_for_want_of_room_on_mariadb_comes_to_its_end() {
    Box::pin(what_hung_comes_to_its_end(Flavour::MariaDb)).await;
}

#[tokio::test]
async fn what_hung_for_want_of_room_on_mysql_comes_to_its_end() {
    Box::pin(what_hung_comes_to_its_end(Flavour::MySql)).await;
}

#[tokio::test]
async fn what_mariadbs_replica_never_hears_of_is_not_built_upon() {
    what_the_replica_never_hears_of_is_not_built_upon(Flavour::MariaDb).await;
}

#[tokio::test]
async fn what_mysqls_replica_never_hears_of_is_not_built_upon() {
    what_the_replica_never_hears_of_is_not_built_upon(Flavour::MySql).await;
}
