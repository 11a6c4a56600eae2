//! `db access revoke`: an account is taken away. That it is over is written down at once; the keeper locks it, ends its
//! sessions and drops it, for as long as that takes, and the operation tells how far that is.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::access::{self, Access, PREFIX, State, Why};
use countersign_core::command::{Ask, Outcome};
use countersign_core::id::AccessId;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble};
use countersign_core::plan::{Detail, Draft, Effect, Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::text::{ago, list, span};
use countersign_core::time::{Duration, Timestamp, between};
use serde_json::json;

use super::find::{find, recorded};
use super::going::Going;
use super::made::record;
use super::tend::user_of;
use super::told::{by, news};
use crate::args::Checked;
use crate::databases::Databases;
use crate::trouble::unstored;
use crate::words::{detail, until};

const REVOKE: &str = "db-access-revoke";

const ACCESS: &str = "access";
const ACCOUNT: &str = "account";

const IS_OVER: &str = "over";
const GOING: &str = "accounts";

const OVER: &str = "write down that it is over";
const GONE: &str = "wait until it is gone";

const SOON: Duration = Duration::from_secs(1);
/// After this long the operation ends and says so; the keeper goes on.
const PATIENCE: Duration = Duration::from_mins(5);

/// Proposes it.
pub(crate) async fn plan(databases: &Databases, ask: &Ask<'_>, args: Checked) -> Result<Outcome, Refusal> {
    let found = find(databases, ask, &args.which).await?;
    let access = recorded(ask, &found)?;
    let is_over = |words: String| Err(Refusal::new(format!("{} {words}", access.title())));
    match &access.state {
        State::Ending { since, .. } => {
            return is_over(format!(
                "is ending already, for {}",
                span(between(*since, ask.now))
            ));
        }
        State::Ended { at, .. } => return is_over(format!("has ended already, {}", ago(*at, ask.now))),
        _ => {}
    }
    let going = Going::of(found.database, &user_of(&access)?).await;
    let draft = Draft {
        command: None,
        action: REVOKE.to_owned(),
        effect: Effect::Destructive,
        target: Some(access.database.clone()),
        resource: None,
        also: Vec::new(),
        summary: format!("take {} away", access.title()),
        details: details(&access, &going, ask.now),
        parameters: BTreeMap::from([
            (ACCESS.to_owned(), json!(access.id)),
            (ACCOUNT.to_owned(), json!(access.account)),
        ]),
        fingerprint: facts(&access, Some(&going)),
        reason: args.reason,
    };
    Ok(Outcome::Plan(Box::new(draft)))
}

fn details(access: &Access, going: &Going, now: Timestamp) -> Vec<Detail> {
    let owner = access.owner.as_ref();
    let mut who = list(&going.go);
    if going.unseen.is_some() && access.account.starts_with(PREFIX) {
        who = format!("{who}, and {} at whatever other host it is", access.account);
    }
    let mut details = vec![
        detail(
            "whose",
            owner.map_or("nobody that I know of", |owner| owner.as_str()),
        ),
        detail("lasting", until(access.ends, now)),
        detail(
            "then",
            format!(
                "{who}: locked, whoever is logged in is thrown out on both servers, dropped; gone for good"
            ),
        ),
    ];
    if !going.stay.is_empty() {
        details.push(detail(
            "stays",
            format!(
                "{}: not mine; whoever is logged in with it is thrown out too, once, because servers do not tell them apart",
                list(&going.stay)
            ),
        ));
    }
    if let Some(why) = &going.unseen {
        details.push(detail(
            "now",
            format!(
                "{why}. That it is over is written down all the same, and it ends as soon as the server answers; until then \
                 whoever has its password may still use it"
            ),
        ));
    }
    details
}

/// What taking it away relies on: that it is not over, and which accounts go if that could be seen. Everything else about it
/// may change meanwhile.
fn facts(access: &Access, going: Option<&Going>) -> Facts {
    let mut facts = Facts::from([(IS_OVER.to_owned(), json!(access.state.why().is_some()))]);
    if let Some(going) = going.filter(|going| going.unseen.is_none()) {
        let accounts: Vec<String> = going.go.iter().map(ToString::to_string).collect();
        facts.insert(GOING.to_owned(), json!(accounts));
    }
    facts
}

/// The same when it begins. A plan that was made without a look at the server goes by the name alone, whatever is there; and
/// one that was made with it is not held up by a server that can't be asked now.
fn facts_again(signed: &Facts, access: &Access, going: &Going) -> Facts {
    let mut found = facts(access, Some(going));
    match signed.get(GOING) {
        None => {
            found.remove(GOING);
        }
        Some(accounts) if going.unseen.is_some() => {
            found.insert(GOING.to_owned(), accounts.clone());
        }
        Some(_) => {}
    }
    found
}

/// Executes it.
pub(crate) struct Revoke {
    databases: Arc<Databases>,
}

impl Revoke {
    pub(crate) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    async fn access(&self, plan: &Plan) -> Result<Access, Trouble> {
        let id: AccessId = plan.parameter(ACCESS)?;
        record(&self.databases, &id).await
    }

    /// To say twice that it is over is the same as to say it once.
    async fn over(&self, run: &Run<'_>) -> Result<Progress, Trouble> {
        let access = self.access(run.plan()).await?;
        let why = Why::Revoked {
            by: run.plan().requester.clone(),
        };
        let ended = access::end(&*self.databases.store, &access, why, run.now).await;
        let batch = ended.map_err(unstored)?.unwrap_or_default();
        Ok(Progress::Record {
            value: json!(null),
            writes: batch.writes,
            audit: batch.audit,
        })
    }

    async fn gone(&self, run: &Run<'_>) -> Result<Progress, Trouble> {
        let access = self.access(run.plan()).await?;
        if access.state.is_final() {
            return Ok(Progress::Done(json!(null)));
        }
        let waits = access
            .trouble
            .as_ref()
            .map(|trouble| trouble.words.trim_end_matches('.'));
        if run.in_step() > PATIENCE {
            let waits = waits.map(|words| format!(" ({words})")).unwrap_or_default();
            return Ok(Progress::End(Ended {
                good: false,
                words: format!(
                    "{} is not gone yet{waits}. I keep trying, and tell when it is",
                    access.title()
                ),
                announcement: None,
            }));
        }
        Ok(Progress::Wait {
            pause: SOON,
            phase: waits.unwrap_or("locking it, and ending its sessions").to_owned(),
            detail: None,
            usually: None,
        })
    }
}

#[async_trait]
impl Action for Revoke {
    fn name(&self) -> &'static str {
        REVOKE
    }

    fn title(&self, plan: &Plan) -> String {
        let account = plan.parameter::<String>(ACCOUNT).unwrap_or_default();
        format!("db access revoke {account}")
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[Step::repeatable(OVER), Step::repeatable(GONE)];
        STEPS
    }

    /// It writes down that it is over; what then goes on at the database is the keeper's, whatever else does.
    fn needs_the_target(&self) -> bool {
        false
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        let access = self.access(plan).await?;
        if access.state.why().is_some() {
            return Ok(facts(&access, None));
        }
        let going = Going::of(self.databases.of(plan)?, &user_of(&access)?).await;
        Ok(facts_again(&plan.fingerprint, &access, &going))
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        let account = plan.parameter::<String>(ACCOUNT).unwrap_or_default();
        if found.get(IS_OVER) == plan.fingerprint.get(IS_OVER) {
            return format!("accounts of the name {account} came or went");
        }
        format!("{account} came to its end by itself")
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        match step {
            OVER => self.over(run).await,
            _ => self.gone(run).await,
        }
    }

    async fn reconcile(&self, step: &'static str, _run: &Run<'_>) -> Result<Reconciled, Trouble> {
        Err(Trouble::never(format!(
            "\"{step}\" may be repeated, so there is nothing to find out"
        )))
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let database = self.databases.of(run.plan())?;
        let account: String = run.plan().parameter(ACCOUNT)?;
        let line = format!("{}: {account} was taken away by {}", database.target, by(run));
        let key = format!("revoked/{}", run.operation.id);
        Ok(Ended {
            good: true,
            words: format!("done · {account} is gone from both servers, and nobody is logged in with it"),
            announcement: Some(news(database, &key, line)),
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::access::{Kind, NewAccess};
    use countersign_core::time::from_millis;
    use countersign_mysql::Account;

    use super::*;

    fn going(go: &[(&str, &str)], stay: &[(&str, &str)]) -> Going {
        let account = |(user, host): &(&str, &str)| Account {
            user: user.parse().unwrap(),
            host: host.parse().unwrap(),
        };
        Going {
            go: go.iter().map(account).collect(),
            stay: stay.iter().map(account).collect(),
            unseen: None,
        }
    }

    fn unseen() -> Going {
        Going {
            unseen: Some("prod-db's primary can't be reached".to_owned()),
            ..going(&[("cs_dave", "%")], &[])
        }
    }

    fn access() -> Access {
        Access::found(NewAccess {
            id: "K7QM2X".into(),
            database: "prod-db".into(),
            account: "activedata".to_owned(),
            kind: Kind::Service,
            owner: Some("carol".into()),
            requester: None,
            request: None,
            operation: None,
            asked_in: None,
            tables: None,
            made: from_millis(0),
            ends: None,
            latest_end: None,
            remind_at: None,
        })
    }

    #[test]
    fn the_card_names_what_goes_and_what_stays() {
        let card = |going: &Going| {
            let details = details(&access(), going, from_millis(0));
            details
                .iter()
                .map(|detail| format!("{}: {}", detail.label, detail.lines.concat()))
                .collect::<Vec<_>>()
        };
        let of_both = card(&going(&[("cs_dave", "%"), ("cs_dave", "10.%")], &[]));
        assert!(
            of_both[2].starts_with("then: cs_dave@%, cs_dave@10.%: locked, "),
            "{of_both:?}"
        );
        assert_eq!(of_both.len(), 3);
        let shared = card(&going(&[("activedata", "%")], &[("activedata", "10.%")]));
        assert!(
            shared[2].starts_with("then: activedata@%: locked, "),
            "{shared:?}"
        );
        assert!(
            shared[3].starts_with("stays: activedata@10.%: not mine"),
            "{shared:?}"
        );
    }

    #[test]
    fn while_the_primary_is_away_the_card_says_what_goes_by_its_name_and_that_it_waits() {
        let dave = Access {
            account: "cs_dave".to_owned(),
            ..access()
        };
        let card = details(&dave, &unseen(), from_millis(0));
        let lines: Vec<String> = card.iter().map(|detail| detail.lines.concat()).collect();
        assert!(
            lines[2].starts_with("cs_dave@%, and cs_dave at whatever other host it is: locked, "),
            "{lines:?}"
        );
        assert!(
            lines[3].starts_with(
                "prod-db's primary can't be reached. That it is over is written down all the same"
            ),
            "{lines:?}"
        );
        // A program's name may be somebody else's elsewhere: those stay.
        let card = details(&access(), &unseen(), from_millis(0));
        assert!(!card[2].lines.concat().contains("whatever other host"));
    }

    #[test]
    fn a_primary_that_goes_or_comes_back_between_plan_and_execution_moves_nothing() {
        let seen = going(&[("cs_dave", "%")], &[]);
        let more = going(&[("cs_dave", "%"), ("cs_dave", "10.%")], &[]);
        let again = |signed: &Going, found: &Going| {
            let signed = facts(&access(), Some(signed));
            facts_again(&signed, &access(), found) == signed
        };
        for (signed, found, holds) in [
            (&unseen(), &unseen(), true),
            (&unseen(), &seen, true),
            (&unseen(), &more, true),
            (&seen, &unseen(), true),
            (&seen, &seen, true),
            (&seen, &more, false),
        ] {
            assert_eq!(again(signed, found), holds, "{signed:?} {found:?}");
        }
    }

    #[test]
    fn another_account_of_the_name_is_not_what_was_signed() {
        let (one, two) = (
            going(&[("cs_dave", "%")], &[]),
            going(&[("cs_dave", "%"), ("cs_dave", "10.%")], &[]),
        );
        assert_eq!(facts(&access(), Some(&one)), facts(&access(), Some(&one)));
        assert_ne!(facts(&access(), Some(&one)), facts(&access(), Some(&two)));
    }
}
