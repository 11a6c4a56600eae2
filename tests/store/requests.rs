//! Requests: compare-and-swap on the version, and the order of lists.

use countersign_core::approval::State;
use countersign_core::store::{Batch, Conflict, RequestsWhere, Write};

use super::sample::request;
use super::{done, each_store, refused};

#[tokio::test]
async fn a_request_is_read_as_it_was_written() {
    for store in each_store().await {
        assert_eq!(store.request(&"R-0001".into()).await.unwrap(), None);
        let written = request("R-0001");
        done(&store, Batch::of(Write::NewRequest(written.clone()))).await;
        assert_eq!(store.request(&"R-0001".into()).await.unwrap(), Some(written));
    }
}

#[tokio::test]
async fn an_id_is_given_once() {
    for store in each_store().await {
        let new = Batch::of(Write::NewRequest(request("R-0001")));
        done(&store, new.clone()).await;
        assert_eq!(refused(&store, new).await, Conflict::Request("R-0001".into()));
    }
}

#[tokio::test]
async fn only_the_newest_version_can_be_changed_and_each_change_counts() {
    for store in each_store().await {
        let first = request("R-0001");
        done(&store, Batch::of(Write::NewRequest(first.clone()))).await;
        let mut reminded = first.clone();
        reminded.reminded = true;
        done(&store, Batch::of(Write::Request(reminded))).await;
        let read = store.request(&first.id).await.unwrap().unwrap();
        assert!(read.reminded);
        assert_eq!(read.version, first.version + 1);

        let mut late = first.clone();
        late.state = State::Expired;
        let conflict = refused(&store, Batch::of(Write::Request(late))).await;
        assert_eq!(conflict, Conflict::Request(first.id.clone()));
        assert_eq!(store.request(&first.id).await.unwrap(), Some(read));
    }
}

#[tokio::test]
async fn what_was_never_made_cannot_be_changed() {
    for store in each_store().await {
        let conflict = refused(&store, Batch::of(Write::Request(request("R-0001")))).await;
        assert_eq!(conflict, Conflict::Request("R-0001".into()));
    }
}

#[tokio::test]
async fn open_ones_come_oldest_first_and_ended_ones_newest_first() {
    for store in each_store().await {
        // Ids say nothing about the order; the order of making does.
        for id in ["R-000C", "R-000A", "R-000D", "R-000B"] {
            done(&store, Batch::of(Write::NewRequest(request(id)))).await;
        }
        for id in ["R-000A", "R-000B"] {
            let mut ended = store.request(&id.into()).await.unwrap().unwrap();
            ended.state = State::Expired;
            done(&store, Batch::of(Write::Request(ended))).await;
        }
        let ids = async |which| -> Vec<String> {
            let requests = store.requests(which).await.unwrap();
            requests.iter().map(|request| request.id.to_string()).collect()
        };
        assert_eq!(ids(RequestsWhere::Open).await, ["R-000C", "R-000D"]);
        assert_eq!(ids(RequestsWhere::Ended { limit: 5 }).await, ["R-000B", "R-000A"]);
        assert_eq!(ids(RequestsWhere::Ended { limit: 1 }).await, ["R-000B"]);
    }
}

#[tokio::test]
async fn the_newest_is_the_one_that_was_made_last() {
    for store in each_store().await {
        assert_eq!(store.newest_request().await.unwrap(), None);
        for id in ["R-ZZZZ", "R-0001"] {
            done(&store, Batch::of(Write::NewRequest(request(id)))).await;
        }
        let mut older = request("R-ZZZZ");
        older.reminded = true;
        done(&store, Batch::of(Write::Request(older))).await;
        assert_eq!(store.newest_request().await.unwrap(), Some("R-0001".into()));
    }
}
