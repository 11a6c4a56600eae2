//! Operations and their journals.

use std::sync::Arc;

use countersign_core::operation::{Happening, Operation, State};
use countersign_core::plan::{Plan, SealedPlan};
use countersign_core::store::{Batch, Conflict, OperationsWhere, Require, Store, Write};
use serde_json::json;

use super::sample::{entry, operation, plan};
use super::{done, each_store, refused};

async fn ids(store: &Arc<dyn Store>, which: OperationsWhere) -> Vec<String> {
    let operations = store.operations(which).await.unwrap();
    operations
        .iter()
        .map(|operation| operation.id.to_string())
        .collect()
}

#[tokio::test]
async fn an_operation_is_read_as_it_was_written() {
    for store in each_store().await {
        assert_eq!(store.operation(&"7F3K".into()).await.unwrap(), None);
        let written = operation("7F3K", "prod");
        done(&store, Batch::of(Write::NewOperation(written.clone()))).await;
        assert_eq!(store.operation(&"7F3K".into()).await.unwrap(), Some(written));
    }
}

#[tokio::test]
async fn an_id_is_given_once_and_only_the_newest_version_changes() {
    for store in each_store().await {
        let new = operation("7F3K", "prod");
        done(&store, Batch::of(Write::NewOperation(new.clone()))).await;
        let taken = Conflict::Operation("7F3K".into());
        assert_eq!(
            refused(&store, Batch::of(Write::NewOperation(new.clone()))).await,
            taken
        );

        let mut next = new.clone();
        next.step = 1;
        done(&store, Batch::of(Write::Operation(next.clone()))).await;
        assert_eq!(refused(&store, Batch::of(Write::Operation(next))).await, taken);
        let read = store.operation(&"7F3K".into()).await.unwrap().unwrap();
        assert_eq!((read.step, read.version), (1, new.version + 1));
    }
}

#[tokio::test]
async fn a_journal_keeps_its_order_and_belongs_to_one_operation() {
    for store in each_store().await {
        let lines = [
            entry("7F3K", Happening::Began),
            entry("AAAA", Happening::Began),
            entry(
                "7F3K",
                Happening::Succeeded(json!({"release": "v813", "dynos": 14})),
            ),
        ];
        let mut batch = Batch::of(Write::NewOperation(operation("7F3K", "prod")))
            .write(Write::NewOperation(operation("AAAA", "stage")));
        batch.writes.extend(lines.iter().cloned().map(Write::Journal));
        done(&store, batch).await;
        done(&store, Batch::of(Write::Journal(entry("7F3K", Happening::Began)))).await;
        let journal = store.journal(&"7F3K".into()).await.unwrap();
        assert_eq!(
            journal,
            [
                lines[0].clone(),
                lines[2].clone(),
                entry("7F3K", Happening::Began)
            ]
        );
    }
}

#[tokio::test]
async fn a_target_with_an_open_operation_is_busy() {
    for store in each_store().await {
        done(&store, Batch::of(Write::NewOperation(operation("7F3K", "prod")))).await;
        let idle = |target: &str, except: Option<&str>| {
            Batch::default().require(Require::Idle {
                target: target.into(),
                except: except.map(Into::into).into_iter().collect(),
            })
        };
        done(&store, idle("stage", None)).await;
        done(&store, idle("prod", Some("7F3K"))).await;
        let busy = Conflict::Busy {
            target: "prod".into(),
            operation: "7F3K".into(),
        };
        assert_eq!(refused(&store, idle("prod", None)).await, busy);
        assert_eq!(refused(&store, idle("prod", Some("AAAA"))).await, busy);

        let mut ended = operation("7F3K", "prod");
        ended.state = State::Failed { words: "no".into() };
        done(&store, Batch::of(Write::Operation(ended))).await;
        done(&store, idle("prod", None)).await;
    }
}

#[tokio::test]
async fn what_an_operation_changes_besides_its_target_is_busy_too() {
    for store in each_store().await {
        let plan = Plan {
            also: vec!["prod-db".into(), "it's".into()],
            ..Plan::clone(&plan("prod"))
        };
        let both = Operation {
            plan: SealedPlan::seal(&plan).unwrap(),
            ..operation("7F3K", "prod")
        };
        done(&store, Batch::of(Write::NewOperation(both))).await;
        for target in ["prod", "prod-db", "it's"] {
            let idle = |except: Option<&str>| {
                Batch::default().require(Require::Idle {
                    target: target.into(),
                    except: except.map(Into::into).into_iter().collect(),
                })
            };
            let busy = Conflict::Busy {
                target: target.into(),
                operation: "7F3K".into(),
            };
            assert_eq!(refused(&store, idle(None)).await, busy);
            done(&store, idle(Some("7F3K"))).await;
        }
    }
}

#[tokio::test]
async fn lists_are_in_the_order_of_beginning() {
    for store in each_store().await {
        for (id, target) in [("000C", "prod"), ("000A", "stage"), ("000B", "prod")] {
            done(&store, Batch::of(Write::NewOperation(operation(id, target)))).await;
        }
        let mut unknown = operation("000A", "stage");
        unknown.state = State::Unknown {
            step: "move".into(),
            saw: "nothing".into(),
        };
        let mut ended = operation("000C", "prod");
        ended.state = State::Succeeded { words: "done".into() };
        done(
            &store,
            Batch::of(Write::Operation(unknown)).write(Write::Operation(ended)),
        )
        .await;

        let newest = |limit, target: Option<&str>| OperationsWhere::Newest {
            limit,
            target: target.map(Into::into),
        };
        assert_eq!(ids(&store, OperationsWhere::Open).await, ["000A", "000B"]);
        assert_eq!(ids(&store, newest(9, None)).await, ["000B", "000A", "000C"]);
        assert_eq!(ids(&store, newest(1, None)).await, ["000B"]);
        assert_eq!(ids(&store, newest(9, Some("prod"))).await, ["000B", "000C"]);
    }
}
