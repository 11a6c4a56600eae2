//! `db access renew`: a later end, never beyond the latest. It is a change of our own record alone; nothing is asked of the
//! servers.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::access::Access;
use countersign_core::audit::Event;
use countersign_core::command::{Ask, Outcome};
use countersign_core::id::AccessId;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble};
use countersign_core::plan::{Draft, Effect, Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::store::Write;
use countersign_core::time::Timestamp;
use serde_json::json;

use super::find::{find, recorded};
use super::grant::{count_days, in_days};
use super::made::record;
use super::told::{by, news};
use crate::args::Renew as Args;
use crate::databases::Databases;
use crate::words::{detail, moment, relative};

const RENEW: &str = "db-access-renew";

const ACCESS: &str = "access";
const ACCOUNT: &str = "account";
const ENDS: &str = "ends";

const STEP: &str = "write the later end down";

/// Proposes it.
pub(crate) async fn plan(databases: &Databases, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
    let found = find(databases, ask, &args.which).await?;
    let (database, access) = (found.database, recorded(ask, &found)?);
    let days = args.days.unwrap_or(database.days);
    let ends = access.renewal(in_days(days), ask.now)?;
    let is_latest = access.latest_end == Some(ends);
    let until = format!("{} ({})", moment(ends), relative(ends, ask.now));
    let draft = Draft {
        command: crate::db::NAME.to_owned(),
        action: RENEW.to_owned(),
        effect: Effect::Change,
        target: Some(access.database.clone()),
        resource: None,
        summary: format!("let {} last until {until}", access.title()),
        details: vec![
            detail(
                "until",
                if is_latest {
                    let most = count_days(database.max_days);
                    format!("{until}; that is the latest: it lasts {most} in all at most")
                } else {
                    until
                },
            ),
            detail("so far", access.ends.map_or_else(|| "no end".to_owned(), moment)),
        ],
        parameters: BTreeMap::from([
            (ACCESS.to_owned(), json!(access.id)),
            (ACCOUNT.to_owned(), json!(access.account)),
            (ENDS.to_owned(), json!(ends)),
        ]),
        fingerprint: facts(&access),
        reason: args.reason,
    };
    Ok(Outcome::Plan(Box::new(draft)))
}

/// What renewing relies on.
fn facts(access: &Access) -> Facts {
    Facts::from([
        ("state".to_owned(), json!(access.state.word())),
        ("ends".to_owned(), json!(access.ends.map(moment))),
    ])
}

/// Executes renewals.
pub(crate) struct Renew {
    databases: Arc<Databases>,
}

impl Renew {
    pub(crate) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    async fn access(&self, plan: &Plan) -> Result<Access, Trouble> {
        let id: AccessId = plan.parameter(ACCESS)?;
        record(&self.databases, &id).await
    }
}

#[async_trait]
impl Action for Renew {
    fn name(&self) -> &'static str {
        RENEW
    }

    fn title(&self, plan: &Plan) -> String {
        let account = plan.parameter::<String>(ACCOUNT).unwrap_or_default();
        format!("db access renew {account}")
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[Step::repeatable(STEP)];
        STEPS
    }

    /// It writes our own record down, and nothing else.
    fn needs_the_target(&self) -> bool {
        false
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        Ok(facts(&self.access(plan).await?))
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        let account = plan.parameter::<String>(ACCOUNT).unwrap_or_default();
        let said = |facts: &Facts, name: &str| {
            facts
                .get(name)
                .and_then(|fact| fact.as_str())
                .unwrap_or("never")
                .to_owned()
        };
        if plan.fingerprint.get("state") != found.get("state") {
            return format!("{account} is {} now", said(found, "state"));
        }
        format!("{account} ends {} now", said(found, "ends"))
    }

    async fn run(&self, _step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let (database, access) = (self.databases.of(run.plan())?, self.access(run.plan()).await?);
        let ends: Timestamp = run.plan().parameter(ENDS)?;
        let renewed = access.renewed(ends, database.reminder(ends, run.now), run.now);
        let renewed = renewed.map_err(|no| Trouble {
            hint: no.hint,
            ..Trouble::never(no.words)
        })?;
        let words = format!("{} ends {} now", access.title(), moment(ends));
        let mut entry = access.record(run.now, Event::Renewed, words);
        entry.person = Some(run.plan().requester.clone());
        Ok(Progress::Record {
            value: json!(null),
            writes: vec![Write::Access(Box::new(renewed))],
            audit: vec![entry],
        })
    }

    async fn reconcile(&self, step: &'static str, _run: &Run<'_>) -> Result<Reconciled, Trouble> {
        Err(Trouble::never(format!(
            "\"{step}\" may be repeated, so there is nothing to find out"
        )))
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let database = self.databases.of(run.plan())?;
        let (ends, account): (Timestamp, String) =
            (run.plan().parameter(ENDS)?, run.plan().parameter(ACCOUNT)?);
        let until = format!("{} ({})", moment(ends), relative(ends, run.now));
        let line = format!(
            "{}: {account} lasts until {until}, renewed by {}",
            database.target,
            by(run)
        );
        let key = format!("renewed/{}", run.operation.id);
        Ok(Ended {
            good: true,
            words: format!("done · {account} ends {until}"),
            announcement: Some(news(database, &key, line)),
        })
    }
}
