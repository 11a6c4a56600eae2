//! The versions of the schema, oldest first. They only go forward; what is in the list never changes again.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

const FILES: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../migrations/0001_first.sql")),
    (2, "secrets", include_str!("../migrations/0002_secrets.sql")),
    (3, "accesses", include_str!("../migrations/0003_accesses.sql")),
];

/// The version that this program reads and writes.
pub(crate) const NEWEST: i64 = FILES[FILES.len() - 1].0;

/// Brings a store up to [`NEWEST`].
pub(crate) fn migrator() -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(
            version,
            Cow::Borrowed(name),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(FILES.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use countersign_core::access;
    use countersign_core::audit::Verifier;
    use countersign_core::drop_box;
    use countersign_core::link;
    use countersign_core::operation::State;
    use countersign_core::reply::Reply;
    use countersign_core::store::{AccessesWhere, BoxesWhere, OperationsWhere, RequestsWhere, Store as _};
    use countersign_core::time::Timestamp;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

    use super::*;
    use crate::Sqlite;

    /// A store as the version `version` left it, with the data of `tests/data`.
    async fn of_version(version: i64, path: &std::path::Path) {
        let data = format!("{}/tests/data/{version:04}.sql", env!("CARGO_MANIFEST_DIR"));
        let data = std::fs::read_to_string(&data).unwrap_or_else(|error| {
            panic!("{data}: {error}; every version needs data that later ones must read")
        });
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut db = options.connect().await.unwrap();
        migrator().run_to(version, &mut db).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(data)).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    }

    /// What the data of every version says, in that version's words.
    async fn is_all_there(store: &Sqlite) {
        let open = store.requests(RequestsWhere::Open).await.unwrap();
        assert_eq!(
            open.iter().map(|request| request.id.as_str()).collect::<Vec<_>>(),
            ["R-0001"]
        );
        assert_eq!((open[0].votes.len(), open[0].version), (1, 1));
        let ended = store.requests(RequestsWhere::Ended { limit: 9 }).await.unwrap();
        assert_eq!(
            ended
                .iter()
                .map(|request| request.id.as_str())
                .collect::<Vec<_>>(),
            ["R-0002"]
        );

        let operations = store
            .operations(OperationsWhere::Newest {
                limit: 9,
                target: None,
            })
            .await
            .unwrap();
        assert_eq!(
            operations
                .iter()
                .map(|operation| operation.id.as_str())
                .collect::<Vec<_>>(),
            ["AAAA", "7F3K"]
        );
        assert_eq!(operations[1].state, State::Running);
        assert_eq!(store.journal(&"7F3K".into()).await.unwrap().len(), 2);

        assert_eq!(store.locks().await.unwrap()[0].target.as_str(), "stage");
        assert_eq!(store.holds().await.unwrap()[0].at, "v811");
        assert_eq!(store.unhandled().await.unwrap()[0].message.text, "!deploy prod");
        let posts = store.outgoing(None, Timestamp::MAX, 9).await.unwrap();
        assert_eq!(posts[0].post.reply, Reply::line("v813 is on prod"));
        assert_eq!(
            store.note("prod releases").await.unwrap().as_deref(),
            Some("v812")
        );
        assert!(store.announced("release/prod/v813").await.unwrap());

        let mut verifier = Verifier::default();
        let records = store.audit_from(1, 99).await.unwrap();
        records
            .iter()
            .try_for_each(|record| verifier.check(record))
            .unwrap();
        assert_eq!(records.len(), 3);
    }

    /// What version 2 added: secret links, drop boxes, and what is sealed.
    async fn secrets_are_there(store: &Sqlite) {
        let live = store.link(&"K7QM2X".into()).await.unwrap().unwrap();
        assert_eq!((&live.state, live.attempts_left), (&link::State::Live, 5));
        assert_eq!(store.link_at(&live.path).await.unwrap().as_ref(), Some(&live));
        let locked = store.link_content(&live.id).await.unwrap();
        assert_eq!(locked.as_deref(), Some(&b"what is locked in it"[..]));
        let opened = store.link(&"W3HD9P".into()).await.unwrap().unwrap();
        assert_eq!((opened.state.word(), opened.phrase), ("redeemed", None));
        assert_eq!(store.link_content(&opened.id).await.unwrap(), None);

        let open = store.drop_box(&"D4T8RE".into()).await.unwrap().unwrap();
        assert_eq!((&open.state, &open.content), (&drop_box::State::Open, &None));
        let unplanned = store.drop_boxes(BoxesWhere::Unplanned).await.unwrap();
        assert_eq!(unplanned[0].id.as_str(), "F6Y2WM");
        assert_eq!(
            unplanned[0].content.as_ref().unwrap().ciphertext,
            b"what was dropped"
        );

        let posts = store.outgoing(None, Timestamp::MAX, 9).await.unwrap();
        assert!(
            posts
                .iter()
                .any(|post| post.post.sealed_with() == Some(live.phrase.as_ref().unwrap().key_id()))
        );
        let keys = [live.phrase.unwrap().key_id(), open.private.unwrap().key_id()];
        assert_eq!(store.sealed_with().await.unwrap(), keys.into());
    }

    /// What version 3 added: accesses, and links that they wait for.
    async fn accesses_are_there(store: &Sqlite) {
        let open = AccessesWhere::Open {
            database: Some("prod-db".into()),
        };
        let open = store.accesses(open).await.unwrap();
        let words = open
            .iter()
            .map(|access| (access.account.as_str(), access.state.word()));
        assert_eq!(
            words.collect::<Vec<_>>(),
            [
                ("activedata", "live"),
                ("cs_carol", "live"),
                ("cs_dave", "offered")
            ]
        );
        let (service, offered) = (&open[0], &open[2]);
        let password = service.password.as_ref().unwrap();
        assert!(password.opened.is_some() && service.waits_for_the_server());
        assert!(
            store
                .sealed_with()
                .await
                .unwrap()
                .contains(&password.sealed.key_id())
        );
        assert_eq!(
            store.next_due().await.unwrap(),
            Some(Timestamp::UNIX_EPOCH),
            "a post"
        );
        let due = service.due().unwrap();
        assert_eq!(store.waiting_databases(due).await.unwrap(), ["prod-db".into()]);
        let ended = store.access(&"D6Y2WM".into()).await.unwrap().unwrap();
        let why = access::Why::Revoked { by: "bob".into() };
        assert_eq!((ended.state.why(), ended.due()), (Some(&why), None));
        let link = store.link(&"K7QM2X".into()).await.unwrap().unwrap();
        assert_eq!(link.access, Some(offered.id.clone()));
    }

    #[tokio::test]
    async fn a_store_of_any_version_is_brought_up_to_date_with_all_that_is_in_it() {
        for &(version, ..) in FILES {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("store.db");
            of_version(version, &path).await;
            let store = Sqlite::open(&path).await.unwrap();
            is_all_there(&store).await;
            if version >= 2 {
                secrets_are_there(&store).await;
            }
            if version >= 3 {
                accesses_are_there(&store).await;
            }
            store.close().await;
            Sqlite::open(&path).await.unwrap().close().await;
        }
    }
}
