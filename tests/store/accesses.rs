//! Accesses: compare-and-swap on the version, one that has not ended for an account, and which are found.

use std::sync::Arc;

use countersign_core::access::{Access, Why};
use countersign_core::store::{AccessesWhere, Batch, Conflict, Store, Write};
use countersign_core::time::Timestamp;

use super::sample::{DAY, access, at, new_password, record};
use super::{Fresh, done, each_store, refused};

fn new(access: &Access) -> Batch {
    Batch::of(Write::NewAccess(Box::new(access.clone())))
}

fn changed(access: Access) -> Batch {
    Batch::of(Write::Access(Box::new(access)))
}

fn revoked(access: &Access, seconds: i64) -> Access {
    access
        .to_end(Why::Revoked { by: "bob".into() }, at(seconds))
        .unwrap()
}

/// Takes an access, as it is in the store, to its end.
async fn ends(store: &Arc<dyn Store>, id: &str, seconds: i64) {
    for next in [
        |access: &Access, s| revoked(access, s),
        |access: &Access, s| access.ended(at(s)).unwrap(),
    ] {
        let access = store.access(&id.into()).await.unwrap().unwrap();
        done(store, changed(next(&access, seconds))).await;
    }
}

async fn ids(store: &Arc<dyn Store>, which: AccessesWhere) -> Vec<String> {
    let accesses = store.accesses(which).await.unwrap();
    accesses.iter().map(|access| access.id.to_string()).collect()
}

async fn waiting(store: &Arc<dyn Store>, now: Timestamp) -> Vec<String> {
    let databases = store.waiting_databases(now).await.unwrap();
    databases.iter().map(ToString::to_string).collect()
}

fn at_database(access: Access, database: &str) -> Access {
    Access {
        database: database.into(),
        ..access
    }
}

#[tokio::test]
async fn an_access_is_read_as_it_was_written_by_its_id_and_by_its_account() {
    for store in each_store().await {
        let carol = access("A7QM2X", "cs_carol", "carol");
        assert_eq!(store.access(&carol.id).await.unwrap(), None);
        assert_eq!(store.access_of(&carol.database, "cs_carol").await.unwrap(), None);
        done(&store, new(&carol)).await;
        assert_eq!(store.access(&carol.id).await.unwrap().as_ref(), Some(&carol));
        let read = store.access_of(&carol.database, "cs_carol").await.unwrap();
        assert_eq!(read.as_ref(), Some(&carol));
        assert_eq!(
            store.access_of(&"stage-db".into(), "cs_carol").await.unwrap(),
            None
        );
        assert_eq!(store.access_of(&carol.database, "cs_dave").await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_account_is_one_accesss_until_that_has_ended() {
    for store in each_store().await {
        let first = access("AAAAAA", "cs_carol", "carol");
        done(&store, new(&first)).await;
        let second = access("BBBBBB", "cs_carol", "carol");
        let conflict = Conflict::Access(second.id.clone());
        assert_eq!(refused(&store, new(&second)).await, conflict);
        done(&store, new(&at_database(second.clone(), "stage-db"))).await;
        let same_id = access("AAAAAA", "cs_dave", "dave");
        assert_eq!(
            refused(&store, new(&same_id)).await,
            Conflict::Access("AAAAAA".into())
        );

        done(&store, changed(revoked(&first, 60))).await;
        let third = access("CCCCCC", "cs_carol", "carol");
        assert_eq!(
            refused(&store, new(&third)).await,
            Conflict::Access("CCCCCC".into()),
            "it is there until it is gone"
        );
        let ending = store.access(&first.id).await.unwrap().unwrap();
        done(&store, changed(ending.ended(at(61)).unwrap())).await;
        done(&store, new(&third)).await;
        let read = store.access_of(&"prod-db".into(), "cs_carol").await.unwrap();
        assert_eq!(read.unwrap().id, third.id);
    }
}

#[tokio::test]
async fn only_the_newest_version_can_be_changed_and_each_change_counts() {
    for store in each_store().await {
        let first = access("A7QM2X", "cs_carol", "carol");
        let change = refused(&store, changed(first.clone())).await;
        assert_eq!(change, Conflict::Access(first.id.clone()), "it was never made");
        done(&store, new(&first)).await;
        done(&store, changed(first.offered("K7QM2X".into()).unwrap())).await;
        let read = store.access(&first.id).await.unwrap().unwrap();
        assert_eq!((read.state.word(), read.version), ("offered", 1));

        let late = changed(revoked(&first, 60)).record(record(60, "bob", "prod-db", "late"));
        assert_eq!(refused(&store, late).await, Conflict::Access(first.id.clone()));
        assert_eq!(store.access(&first.id).await.unwrap(), Some(read));
        assert_eq!(store.audit_head().await.unwrap(), None, "and left no record");
    }
}

/// prod-db: carol's, asked for by alice, ended; dave's and bob's. stage-db: carol's.
async fn some(store: &Fresh) {
    for (id, account, owner, database) in [
        ("AAAAAA", "cs_carol", "carol", "prod-db"),
        ("BBBBBB", "cs_dave", "dave", "prod-db"),
        ("CCCCCC", "cs_bob", "bob", "prod-db"),
        ("DDDDDD", "cs_carol", "carol", "stage-db"),
    ] {
        done(store, new(&at_database(access(id, account, owner), database))).await;
    }
    ends(store, "AAAAAA", 60).await;
}

#[tokio::test]
async fn those_that_have_not_ended_are_found_by_database_and_account() {
    for store in each_store().await {
        some(&store).await;
        let open = async |database: Option<&str>| {
            let database = database.map(Into::into);
            ids(&store, AccessesWhere::Open { database }).await
        };
        assert_eq!(open(None).await, ["CCCCCC", "BBBBBB", "DDDDDD"]);
        assert_eq!(open(Some("prod-db")).await, ["CCCCCC", "BBBBBB"]);
        assert_eq!(open(Some("stage-db")).await, ["DDDDDD"]);
        assert_eq!(open(Some("other")).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn those_of_a_person_are_what_they_have_and_what_they_asked_for_newest_first() {
    for store in each_store().await {
        some(&store).await;
        let stray = Access {
            owner: None,
            requester: None,
            ..access("EEEEEE", "cs_x", "nobody")
        };
        done(&store, new(&stray)).await;
        let of = async |person: &str, limit| {
            let person = person.into();
            ids(&store, AccessesWhere::Of { person, limit }).await
        };
        assert_eq!(of("carol", 9).await, ["DDDDDD", "AAAAAA"]);
        assert_eq!(of("alice", 9).await, ["DDDDDD", "CCCCCC", "BBBBBB", "AAAAAA"]);
        assert_eq!(of("alice", 2).await, ["DDDDDD", "CCCCCC"]);
        assert_eq!(of("erin", 9).await, Vec::<String>::new());
        let newest = ids(&store, AccessesWhere::Newest { limit: 2 }).await;
        assert_eq!(newest, ["EEEEEE", "DDDDDD"]);
    }
}

#[tokio::test]
async fn those_that_ever_had_an_account_are_found_newest_first() {
    for store in each_store().await {
        some(&store).await;
        done(&store, new(&access("EEEEEE", "cs_carol", "carol"))).await;
        let named = async |account: &str, limit| {
            let which = AccessesWhere::Named {
                database: "prod-db".into(),
                account: account.into(),
                limit,
            };
            ids(&store, which).await
        };
        assert_eq!(named("cs_carol", 9).await, ["EEEEEE", "AAAAAA"]);
        assert_eq!(named("cs_carol", 1).await, ["EEEEEE"]);
        assert_eq!(named("cs_erin", 9).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_longest_due_at_a_database_comes_first_and_databases_with_none_are_left_alone() {
    for store in each_store().await {
        assert_eq!(waiting(&store, at(90 * DAY)).await, Vec::<String>::new());
        for (n, (id, database)) in (1..).zip([
            ("AAAAAA", "prod-db"),
            ("BBBBBB", "stage-db"),
            ("CCCCCC", "prod-db"),
            ("DDDDDD", "test-db"),
        ]) {
            let mut access = at_database(access(id, &format!("cs_{n}"), "carol"), database);
            access.made = at(-100 * n);
            done(&store, new(&access)).await;
        }
        let due = async |database: &str, seconds, limit| {
            let which = AccessesWhere::Due {
                database: database.into(),
                now: at(seconds),
                limit,
            };
            ids(&store, which).await
        };
        // Whoever prepares an access is asked after a minute.
        assert_eq!(store.next_due().await.unwrap(), Some(at(60 - 400)));
        assert_eq!(waiting(&store, at(60 - 401)).await, Vec::<String>::new());
        assert_eq!(waiting(&store, at(60 - 400)).await, ["test-db"]);
        assert_eq!(
            waiting(&store, at(60 - 200)).await,
            ["prod-db", "stage-db", "test-db"]
        );
        assert_eq!(due("prod-db", 60 - 200, 9).await, ["CCCCCC"]);
        assert_eq!(due("prod-db", 0, 9).await, ["CCCCCC", "AAAAAA"]);
        assert_eq!(due("prod-db", 0, 1).await, ["CCCCCC"]);
        assert_eq!(due("other-db", 0, 9).await, Vec::<String>::new());

        ends(&store, "DDDDDD", 0).await;
        assert_eq!(waiting(&store, at(90 * DAY)).await, ["prod-db", "stage-db"]);
        assert_eq!(store.next_due().await.unwrap(), Some(at(60 - 300)));
    }
}

/// What becomes of an access next.
type Step = fn(&Access) -> Access;

#[tokio::test]
async fn an_access_waits_for_its_server_its_reminder_and_its_end() {
    for store in each_store().await {
        let first = access("A7QM2X", "cs_carol", "carol");
        done(&store, new(&first)).await;
        let steps: [(Step, Option<i64>); 6] = [
            (|access| access.offered("K7QM2X".into()).unwrap(), Some(300)),
            (|access| access.opened(at(50)).unwrap(), Some(50)),
            (|access| access.ailing("down.", at(50)), Some(52)),
            (|access| access.unlocked(at(55)).unwrap(), Some(27 * DAY)),
            (|access| revoked(access, 70), Some(70)),
            (|access| access.ended(at(75)).unwrap(), None),
        ];
        for (step, due) in steps {
            let access = store.access(&first.id).await.unwrap().unwrap();
            done(&store, changed(step(&access))).await;
            assert_eq!(store.next_due().await.unwrap(), due.map(at));
        }
    }
}

#[tokio::test]
async fn a_password_that_waits_is_known_by_its_key_until_it_is_forgotten() {
    for store in each_store().await {
        let mut service = access("A7QM2X", "activedata", "carol");
        service.password = Some(new_password());
        let key = new_password().sealed.key_id();
        done(&store, new(&service)).await;
        assert_eq!(store.sealed_with().await.unwrap(), [key].into());
        let read = store.access(&service.id).await.unwrap().unwrap();
        assert_eq!(read.password, service.password);
        done(&store, changed(read.password_set().unwrap())).await;
        assert!(store.sealed_with().await.unwrap().is_empty());
    }
}
