//! A twin: a short-lived account of the bot's own with the grants of another, to prove what that one may. It is written down
//! like any access, so that whatever breaks off it is ended.

use countersign_core::access::{self, Access, Kind, NewAccess, Why};
use countersign_core::id::AccessId;
use countersign_core::operation::{Progress, Run, Trouble};
use countersign_core::store::Write;
use countersign_core::time::Timestamp;
use countersign_mysql::{Account, UserName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{made, name};
use crate::databases::{Database, Databases, anywhere};
use crate::trouble::unstored;

/// What writing it down leaves in the journal.
#[derive(Deserialize, Serialize)]
pub(super) struct Recorded {
    access: AccessId,
}

/// A twin that was written down.
pub(super) struct Twin {
    pub(super) account: Account,
    access: Access,
}

/// Writes it down.
pub(super) fn record(databases: &Databases, database: &Database, run: &Run<'_>) -> Progress {
    let operation = run.operation;
    let access = Access::new(NewAccess {
        id: AccessId::draw(databases.random()),
        database: database.target.clone(),
        account: name::of_twin(databases.random()),
        kind: Kind::Twin,
        owner: None,
        requester: Some(operation.plan.requester.clone()),
        request: Some(operation.request.clone()),
        operation: Some(operation.id.clone()),
        asked_in: None,
        tables: None,
        made: run.now,
        ends: None,
        latest_end: None,
        remind_at: None,
    });
    Progress::Record {
        value: json!(Recorded {
            access: access.id.clone()
        }),
        writes: vec![Write::NewAccess(Box::new(access))],
        audit: Vec::new(),
    }
}

/// The twin that was written down, if it has not been ended meanwhile.
pub(super) async fn of(databases: &Databases, recorded: &Recorded) -> Result<Twin, Trouble> {
    let access = made::record(databases, &recorded.access).await?;
    if access.state.why().is_some() {
        return Err(Trouble::never(format!(
            "the twin {} was ended before it could prove anything",
            access.account
        ))
        .hint("Ask again."));
    }
    let user = UserName::try_from(access.account.clone());
    let user = user.map_err(|error| Trouble::never(error.to_string()))?;
    Ok(Twin {
        account: anywhere(&user),
        access,
    })
}

impl Twin {
    /// It has served. The step that it served is done in the same transaction.
    pub(super) async fn over(
        self,
        databases: &Databases,
        value: Value,
        now: Timestamp,
    ) -> Result<Progress, Trouble> {
        let ended = access::end(&*databases.store, &self.access, Why::Done, now).await;
        let batch = ended.map_err(unstored)?.unwrap_or_default();
        Ok(Progress::Record {
            value,
            writes: batch.writes,
            audit: batch.audit,
        })
    }
}
