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
use countersign_core::text::span;
use countersign_core::time::{Timestamp, after, between};
use serde_json::json;

use super::find::{find, recorded};
use super::grant::{count_days, in_days, is_the_same};
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
    // Without a number it ends as late as usual, and at its latest end at the latest; who gives one gets that, or hears why not.
    if args.days.is_some() && ends < after(ask.now, in_days(days)) {
        let renew = ask.type_(&format!("db access renew {}", access.account));
        let longer = TooLong {
            days,
            latest: ends,
            usual: database.days,
        };
        return Err(longer.refusal(&access, ask.now, &renew));
    }
    let is_latest = access.latest_end == Some(ends);
    let until = format!("{} ({})", moment(ends), relative(ends, ask.now));
    let draft = Draft {
        command: None,
        action: RENEW.to_owned(),
        effect: Effect::Change,
        target: Some(access.database.clone()),
        resource: None,
        also: Vec::new(),
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
            detail("more", more(&access, ends)),
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

/// It is more of what was granted and signed before: how much more, and to whom, is said and recorded.
fn more(access: &Access, ends: Timestamp) -> String {
    let longer = access.ends.map_or_else(String::new, |before| {
        format!("{} more of what was granted", span(between(before, ends)))
    });
    match &access.owner {
        Some(owner) => format!("{longer}, to {owner}"),
        None => longer,
    }
}

/// More days than there may be.
struct TooLong {
    /// What was asked for.
    days: u32,
    /// It ends then at the latest.
    latest: Timestamp,
    /// So many days it is if nobody says.
    usual: u32,
}

impl TooLong {
    /// `renew`: how it is typed.
    fn refusal(&self, access: &Access, now: Timestamp, renew: &str) -> Refusal {
        let words = format!(
            "{} is longer than {} may last: it ends {} ({}) at the latest",
            count_days(self.days),
            access.title(),
            moment(self.latest),
            relative(self.latest, now)
        );
        let whole = between(now, self.latest).as_secs() / in_days(1).as_secs();
        let whole = u32::try_from(whole).unwrap_or(u32::MAX);
        let is_later = access.ends.is_none_or(|ends| after(now, in_days(whole)) > ends);
        Refusal::new(words).hint(if self.usual > whole {
            format!("Without --days it is renewed to that: {renew}")
        } else if is_later {
            format!("At most {}: {renew} --days {whole}", count_days(whole))
        } else {
            "It ends less than a day before that anyway.".to_owned()
        })
    }
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
    fn wants_the_same(&self, one: &Plan, other: &Plan) -> bool {
        is_the_same(one, other)
    }

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
        let words = format!(
            "{} ends {} now: {}",
            access.title(),
            moment(ends),
            more(&access, ends)
        );
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

#[cfg(test)]
mod tests {
    use countersign_core::access::{Kind, NewAccess};
    use countersign_core::time::from_millis;

    use super::*;

    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;

    fn access(ends: i64, latest: i64) -> Access {
        Access::found(NewAccess {
            id: "K7QM2X".into(),
            database: "prod-db".into(),
            account: "cs_dave".to_owned(),
            kind: Kind::Person,
            owner: Some("dave".into()),
            requester: None,
            request: None,
            operation: None,
            asked_in: None,
            tables: None,
            made: from_millis(0),
            ends: Some(from_millis(ends)),
            latest_end: Some(from_millis(latest)),
            remind_at: None,
        })
    }

    fn refused(access: &Access, usual: u32) -> String {
        let longer = TooLong {
            days: 60,
            latest: access.latest_end.unwrap(),
            usual,
        };
        let no = longer.refusal(access, from_millis(0), "!db access renew cs_dave");
        no.sentence()
    }

    #[test]
    fn who_asks_for_more_than_there_may_be_hears_of_the_latest_end_and_what_to_type() {
        let some_left = access(10 * DAY, 50 * DAY + 12 * HOUR);
        assert_eq!(
            refused(&some_left, 30),
            "60 days is longer than cs_dave on prod-db may last: it ends 1970-02-20 12:00 UTC (in 51 d) at the latest. At most \
             50 days: !db access renew cs_dave --days 50"
        );
        let no = refused(&some_left, 90);
        assert!(
            no.ends_with("at the latest. Without --days it is renewed to that: !db access renew cs_dave"),
            "{no}"
        );
        // No whole number of days lies between its end and its latest end.
        let no = refused(&access(50 * DAY + HOUR, 50 * DAY + 12 * HOUR), 30);
        assert!(
            no.ends_with("at the latest. It ends less than a day before that anyway."),
            "{no}"
        );
    }

    #[test]
    fn how_much_more_it_is_and_whose_is_said() {
        assert_eq!(
            more(&access(10 * DAY, 50 * DAY), from_millis(24 * DAY)),
            "14 d more of what was granted, to dave"
        );
    }
}
