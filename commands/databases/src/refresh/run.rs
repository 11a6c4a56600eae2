//! How a refresh is executed. What is left to do is read from the server again and again until nothing is: so it goes on
//! wherever it stopped, and it is read back before it is called done. Only what was signed is done.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble};
use countersign_core::plan::{Facts, Plan};
use countersign_core::store::Write;
use countersign_core::text::{count, span};
use countersign_core::time::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::look::{Look, Mend, accounts, still_to_do};
use super::told;
use crate::databases::{Database, Databases};
use crate::intended::statements;
use crate::trouble::with_state;

/// The action.
pub(super) const REFRESH: &str = "db-refresh";
/// The changes, in the plan.
pub(super) const MENDS: &str = "changes";

const MEND: &str = "mend the grants";
const REPLICA: &str = "replica has it";

/// So many statements are sent in one go, each for 200 accounts at most; then it is looked at what is left. A busy server
/// needs a millisecond for each grant: that is less than the time for which an operation is claimed.
const AT_ONCE: usize = 250;
/// What is not mended after this long is not mended by trying again.
const MENDS_WITHIN: Duration = Duration::from_mins(30);
/// A replica that does not have it after this long is told of.
const ARRIVES_WITHIN: Duration = Duration::from_mins(10);
/// Between two looks at the replica.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Executes refreshes.
pub(crate) struct Refresh {
    databases: Arc<Databases>,
}

/// What a step leaves in the journal.
#[derive(Serialize, Deserialize)]
struct Mended {
    accounts: usize,
}

impl Refresh {
    pub(crate) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    async fn mend(&self, database: &Database, run: &Run<'_>) -> Result<Progress, Trouble> {
        let signed: Vec<Mend> = run.plan().parameter(MENDS)?;
        let look = Look::at(&self.databases, database).await?;
        let moved = || {
            Trouble::never("tables or grants changed meanwhile, and not as it was signed")
                .hint(format!("Ask again: !db access refresh {}", database.target))
        };
        let to_do = still_to_do(&signed, &look.mends()).ok_or_else(moved)?;
        let statements = statements(to_do);
        if statements.is_empty() {
            let posts = told::owners(&self.databases, database, &signed, run).await?;
            return Ok(Progress::Record {
                value: json!(Mended {
                    accounts: accounts(&signed)
                }),
                writes: posts.into_iter().map(Write::Enqueue).collect(),
                audit: Vec::new(),
            });
        }
        if run.in_step() > MENDS_WITHIN {
            let words = format!(
                "{} are left after {}: the server takes them and nothing comes of it",
                count(statements.len(), "statement"),
                span(MENDS_WITHIN)
            );
            return Err(Trouble::never(words));
        }
        let now = &statements[..statements.len().min(AT_ONCE)];
        let done = database.primary.execute(now).await;
        done.map_err(|error| database.changing().failed(error))?;
        Ok(Progress::Wait {
            pause: Duration::ZERO,
            phase: "mending".to_owned(),
            detail: Some(count(statements.len() - now.len(), "statement") + " left"),
            usually: None,
        })
    }

    async fn arrived(&self, database: &Database, run: &Run<'_>) -> Result<Progress, Trouble> {
        let look = Look::at(&self.databases, database).await?;
        if look.is_on_the_replica(database).await? {
            return Ok(Progress::Done(json!(null)));
        }
        if run.in_step() > ARRIVES_WITHIN {
            return Err(Trouble::never(format!(
                "{}'s replica does not have it after {}",
                database.target,
                span(ARRIVES_WITHIN)
            ))
            .hint(
                "See !db show for how far behind it is; what the primary has arrives when it catches up.",
            ));
        }
        Ok(Progress::Wait {
            pause: LOOK_AGAIN,
            phase: "waiting for the replica".to_owned(),
            detail: None,
            usually: None,
        })
    }
}

#[async_trait]
impl Action for Refresh {
    fn name(&self) -> &'static str {
        REFRESH
    }

    fn title(&self, plan: &Plan) -> String {
        let target = plan.target.as_ref().map_or("", |target| target.as_str());
        format!("refresh {target}")
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[Step::repeatable(MEND), Step::repeatable(REPLICA)];
        STEPS
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        Ok(Look::at(&self.databases, self.databases.of(plan)?).await?.facts())
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        let target = plan
            .target
            .as_ref()
            .map_or("the database", |target| target.as_str());
        if plan.fingerprint.get("tables") == found.get("tables") {
            format!("what accounts may read on {target} changed")
        } else {
            format!("tables of {target} came, went or changed")
        }
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let database = self.databases.of(run.plan())?;
        if step == MEND {
            let came = self.mend(database, run).await;
            came.map_err(|trouble| with_state(trouble, "what was mended before stays so"))
        } else {
            let came = self.arrived(database, run).await;
            came.map_err(|trouble| with_state(trouble, "the primary has it"))
        }
    }

    async fn reconcile(&self, _step: &'static str, _run: &Run<'_>) -> Result<Reconciled, Trouble> {
        // Every step may be repeated.
        Ok(Reconciled::NotHappened)
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let Mended { accounts } = run.result(MEND)?;
        let replica = match &self.databases.of(run.plan())?.replica {
            Some(_) => "; the replica has it",
            None => "",
        };
        Ok(Ended {
            good: true,
            words: format!(
                "done · {} hold exactly what they should{replica}",
                count(accounts, "account")
            ),
            announcement: None,
        })
    }
}
