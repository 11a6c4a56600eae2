//! `db access check`: what an account may and may not do, proven with a twin that is given what the account holds. It changes
//! nothing about the account itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::access::State;
use countersign_core::command::{Ask, Outcome};
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble};
use countersign_core::plan::{Draft, Effect, Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::text::list;
use countersign_mysql::{Table, UserName};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::find::find;
use super::made::Made;
use super::prove::{Proof, Trial};
use super::seen::{Seen, in_its_way, moved, tables_of};
use super::twin;
use crate::args::Checked;
use crate::databases::{Database, Databases, anywhere};
use crate::intended::{Intended, Present, Sorted, sorted};
use crate::words::detail;

const CHECK: &str = "db-access-check";

const ACCOUNT: &str = "account";
const LOCKED: &str = "locked";
const ONLY: &str = "only";

const LOOK: &str = "look at its grants";
const TWIN: &str = "write a twin down";
const PROVE: &str = "prove it on the replica";

/// Proposes it.
pub(crate) async fn plan(databases: &Databases, ask: &Ask<'_>, args: Checked) -> Result<Outcome, Refusal> {
    let found = find(databases, ask, &args.which).await?;
    let database = found.database;
    let target = &database.target;
    let user = UserName::try_from(found.account.clone());
    let user =
        user.map_err(|error| Refusal::new(format!("{} can't be looked at: {error}", found.account)))?;
    let seen = Seen::of(database, &user).await?;
    if !seen.accounts.contains(&anywhere(&user)) {
        return Err(Refusal::new(format!("there is no {user} on {target}")));
    }
    // Before its link is opened it is locked, and shall be.
    let usable = found
        .record
        .as_ref()
        .is_none_or(|record| matches!(record.state, State::Live { .. } | State::Opened { .. }));
    let only = found.record.and_then(|record| record.tables);
    let draft = Draft {
        command: None,
        action: CHECK.to_owned(),
        effect: Effect::Change,
        target: Some(target.clone()),
        resource: None,
        also: Vec::new(),
        summary: format!("check what {user} may do on {target}"),
        details: vec![detail(
            "how",
            format!(
                "a short-lived twin with {user}'s grants logs in on the replica and tries; {user} itself is left alone"
            ),
        )],
        parameters: BTreeMap::from([
            (ACCOUNT.to_owned(), json!(user)),
            (LOCKED.to_owned(), json!(!usable)),
            (ONLY.to_owned(), json!(only)),
        ]),
        fingerprint: seen.facts(),
        reason: args.reason,
    };
    Ok(Outcome::Plan(Box::new(draft)))
}

/// Executes checks.
pub(crate) struct Check {
    databases: Arc<Databases>,
}

/// What looking at the account leaves in the journal.
#[derive(Deserialize, Serialize)]
struct Looked {
    /// What its twin is given.
    holds: Intended,
    /// What is wrong with it, as far as that can be read.
    wrong: Vec<String>,
}

impl Check {
    pub(crate) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    async fn look(&self, database: &Database, run: &Run<'_>) -> Result<Progress, Trouble> {
        let user: UserName = run.plan().parameter(ACCOUNT)?;
        let locked: bool = run.plan().parameter(LOCKED)?;
        let present = tables_of(database).await?;
        let made = Made::of(database, &anywhere(&user)).await?;
        let shall = shall(database, &present, run.plan())?;
        let mut wrong = made.wrong(&shall, &database.schema, Some(locked));
        wrong.extend(in_its_way(database, &user).await?);
        let looked = Looked {
            wrong,
            holds: still_there(
                Intended::of_held(&made.held, &database.schema, &present),
                &present,
            ),
        };
        Ok(Progress::Done(json!(looked)))
    }

    async fn prove(&self, database: &Database, run: &Run<'_>) -> Result<Progress, Trouble> {
        let twin = twin::of(&self.databases, &run.result(TWIN)?).await?;
        let Looked { holds, .. } = run.result(LOOK)?;
        let present = tables_of(database).await?;
        let trial = Trial {
            password: self.databases.throw_away(),
            database,
            twin: &twin.account,
            holds: &holds,
            shall: &shall(database, &present, run.plan())?,
            present: &present,
        };
        let proof = trial.run().await?;
        twin.over(&self.databases, json!(proof), run.now).await
    }
}

/// What the account shall be able to read, by the configuration as it is now.
fn shall(database: &Database, present: &Present, plan: &Plan) -> Result<Intended, Trouble> {
    let only: Option<Vec<Table>> = plan.parameter(ONLY)?;
    let Sorted { intended, .. } = sorted(present, &database.classes, only.as_deref());
    Ok(intended)
}

/// Grants outlive their tables; there is nothing to try about those.
fn still_there(mut holds: Intended, present: &Present) -> Intended {
    holds.whole.retain(|table| present.tables.contains_key(table));
    holds.columns.retain(|table, columns| {
        if let Some(there) = present.columns.get(table) {
            columns.retain(|column| there.contains(column));
        }
        present.tables.contains_key(table) && !columns.is_empty()
    });
    holds
}

#[async_trait]
impl Action for Check {
    fn name(&self) -> &'static str {
        CHECK
    }

    fn title(&self, plan: &Plan) -> String {
        let account = plan.parameter::<String>(ACCOUNT).unwrap_or_default();
        format!("db access check {account}")
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[
            Step::repeatable(LOOK),
            Step::repeatable(TWIN),
            Step::repeatable(PROVE),
        ];
        STEPS
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        let (database, user) = (self.databases.of(plan)?, plan.parameter(ACCOUNT)?);
        Ok(Seen::of(database, &user).await?.facts())
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        moved(plan, found)
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let database = self.databases.of(run.plan())?;
        match step {
            LOOK => self.look(database, run).await,
            TWIN => Ok(twin::record(&self.databases, database, run)),
            _ => self.prove(database, run).await,
        }
    }

    async fn reconcile(&self, step: &'static str, _run: &Run<'_>) -> Result<Reconciled, Trouble> {
        Err(Trouble::never(format!(
            "\"{step}\" may be repeated, so there is nothing to find out"
        )))
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let (Looked { wrong, .. }, proof) = (run.result(LOOK)?, run.result::<Proof>(PROVE)?);
        let account: String = run.plan().parameter(ACCOUNT)?;
        let target = run.plan().target.as_ref().map_or("", |target| target.as_str());
        Ok(verdict(&account, target, &wrong, &proof))
    }
}

/// What is wrong first, then what is right.
fn verdict(account: &str, target: &str, wrong: &[String], proof: &Proof) -> Ended {
    let Proof { good, bad } = proof;
    if wrong.is_empty() && bad.is_empty() {
        return Ended {
            good: true,
            words: format!(
                "done · {account} is as it shall be: {} (seen by a twin)",
                list(good)
            ),
            announcement: None,
        };
    }
    let (own, twins) = (format!("{account} "), format!("{account}'s twin "));
    let seen = [(own, wrong), (twins, bad.as_slice())];
    let bad: Vec<String> = seen
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(who, words)| format!("{who}{}", list(words)))
        .collect();
    let right = match good.as_slice() {
        [] => String::new(),
        good => format!(". As they shall be: {}", list(good)),
    };
    let grants = |words: &String| words.starts_with("holds") || words.starts_with("lacks");
    let mend = if wrong.iter().any(grants) {
        format!(". To mend grants: !db access refresh {target}")
    } else {
        String::new()
    };
    Ended {
        good: false,
        words: format!("NOT as it shall be: {}{mend}{right}", bad.join("; ")),
        announcement: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|words| (*words).to_owned()).collect()
    }

    #[test]
    fn all_green_is_told_in_words() {
        let proof = Proof {
            good: words(&["logs in over TLS on the replica", "may read 42 tables"]),
            bad: Vec::new(),
        };
        assert_eq!(
            verdict("cs_dave", "prod-db", &[], &proof).words,
            "done · cs_dave is as it shall be: logs in over TLS on the replica, may read 42 tables (seen by a twin)"
        );
    }

    #[test]
    fn what_is_wrong_comes_first_with_what_to_type() {
        let proof = Proof {
            good: words(&["may not write"]),
            bad: words(&["may read auth_user.password"]),
        };
        let wrong = words(&["holds too much: all of auth_user instead of some columns"]);
        let found = verdict("redash", "prod-db", &wrong, &proof);
        assert!(!found.good, "what finds something wrong does not end well");
        assert_eq!(
            found.words,
            "NOT as it shall be: redash holds too much: all of auth_user instead of some columns; redash's twin may read \
             auth_user.password. To mend grants: !db access refresh prod-db. As they shall be: may not write"
        );
    }
}
