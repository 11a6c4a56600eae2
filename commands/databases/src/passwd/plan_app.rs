//! The plan of a new password for an account that an app works with: the server and the app's config change together.

use std::collections::BTreeMap;

use countersign_core::command::Outcome;
use countersign_core::id::TargetName;
use countersign_core::operation::Trouble;
use countersign_core::plan::{Detail, Draft, Effect, Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::secret::Secret;
use countersign_core::text::list;
use countersign_mysql::{Account, AccountState, UserName};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::apps::{AppUrls, Current};
use super::kept::Kept;
use super::rotate::{SKIP, WITH_ONE, WITH_TWO};
use super::url::DatabaseUrl;
use super::{parameters, wanted};
use crate::databases::{Database, Databases, Side, anywhere};
use crate::words::{detail, group, some};

/// How many releases are named that carry an old password.
const RELEASES: usize = 8;

/// What was asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) database: &'a Database,
    pub(super) account: &'a UserName,
    pub(super) app: &'a TargetName,
    pub(super) var: &'a str,
    pub(super) reason: Option<String>,
}

/// The parameters of such a plan, each with its final value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The database. The plan's target is the app: while it is executed nothing else may be released there.
    pub(super) database: TargetName,
    /// The account, without its host.
    pub(super) account: UserName,
    /// The app.
    pub(super) app: TargetName,
    /// The config var with the database's address.
    pub(super) var: String,
    /// The number of the newest release when it was asked for.
    pub(super) newest: u64,
}

impl Wanted {
    pub(super) fn of(plan: &Plan) -> Result<Self, Trouble> {
        wanted(plan)
    }

    fn parameters(&self) -> Result<BTreeMap<String, Value>, Refusal> {
        parameters(self)
    }
}

/// What binds apps and databases together in this configuration.
pub(super) fn urls(databases: &Databases) -> Result<&dyn AppUrls, Trouble> {
    let urls = databases.apps.as_deref();
    urls.ok_or_else(|| Trouble::never("no apps are configured, and this account is an app's"))
}

/// The server, the app, and what an earlier change may have left.
struct Look {
    now: Current,
    /// Whether an account can have two passwords for a while.
    two: bool,
    there: Option<AccountState>,
    /// Other accounts of the same user, which keep their passwords.
    others: Vec<Account>,
    url: Result<DatabaseUrl, String>,
    kept: Option<Kept>,
    /// Whether the app's release phase does nothing now.
    skips: bool,
}

impl Look {
    async fn at(
        databases: &Databases,
        database: &Database,
        account: &UserName,
        app: &TargetName,
        var: &str,
    ) -> Result<Self, Trouble> {
        let (urls, primary) = (urls(databases)?, &database.primary);
        let reading = |error| database.reading(Side::Primary).failed(error);
        let there = primary.account(&anywhere(account)).await.map_err(reading)?;
        let of_user = primary.accounts_of(account).await.map_err(reading)?;
        let url = match urls.url(app, var).await? {
            Some(url) => DatabaseUrl::of(&url).map_err(|wrong| wrong.to_string()),
            None => Err("is not set".to_owned()),
        };
        Ok(Self {
            now: urls.now(app).await?,
            two: primary.has_dual_passwords().await.map_err(reading)?,
            there,
            others: of_user
                .into_iter()
                .filter(|other| *other != anywhere(account))
                .collect(),
            url,
            kept: Kept::read(databases, database, account).await?,
            skips: urls.url(app, SKIP).await?.is_some(),
        })
    }

    fn facts(&self, account: &UserName) -> Facts {
        let at_the_server = match &self.there {
            None => "not there",
            Some(state) if state.locked => "locked",
            Some(_) => "there",
        };
        let user = match &self.url {
            Ok(url) if url.user() == account.as_str() => json!("fits"),
            Ok(_) => json!("names another user"),
            Err(wrong) => json!(wrong),
        };
        Facts::from([
            ("release".to_owned(), json!(self.now.release)),
            ("newest".to_owned(), json!(format!("v{}", self.now.newest))),
            ("two passwords".to_owned(), json!(self.two)),
            ("account".to_owned(), json!(at_the_server)),
            ("url".to_owned(), user),
            ("left over".to_owned(), json!(self.kept.is_some())),
            (SKIP.to_owned(), json!(if self.skips { "set" } else { "not set" })),
        ])
    }

    /// Why it can't be done, if it can't.
    async fn refusal(&self, asked: &Asked<'_>) -> Result<Option<Refusal>, Trouble> {
        let Asked {
            database,
            account,
            app,
            var,
            ..
        } = asked;
        let target = &database.target;
        match &self.there {
            None => return Ok(Some(Refusal::new(format!("{account} is not at {target}")))),
            Some(state) if state.locked => {
                let refusal = Refusal::new(format!("{account} is locked at {target}"));
                return Ok(Some(refusal.hint("Whoever locked it unlocks it first.")));
            }
            Some(_) => {}
        }
        let url = match &self.url {
            Ok(url) => url,
            Err(wrong) => return Ok(Some(Refusal::new(format!("{app}'s {var} {wrong}")))),
        };
        if url.user() != account.as_str() {
            let words = format!("{app}'s {var} does not log in as {account}, so I leave both alone");
            let refusal = Refusal::new(words);
            return Ok(Some(
                refusal.hint("Whoever runs the bot checks the account in the configuration."),
            ));
        }
        if url.is_at(database.primary.address()) {
            return Ok(None);
        }
        // By another name for the same server, perhaps: then what is in the URL logs in there.
        let same = match url.password() {
            Some(password) => database.logs_in(account, password).await?,
            None => false,
        };
        Ok((!same).then(|| {
            Refusal::new(format!(
                "{app}'s {var} is of another server than {target}'s primary"
            ))
        }))
    }
}

pub(super) async fn plan(databases: &Databases, asked: Asked<'_>) -> Result<Outcome, Refusal> {
    // What is between two steps is kept sealed, which needs the keys.
    databases.links()?;
    let Asked {
        database,
        account,
        app,
        var,
        ..
    } = asked;
    let look = Look::at(databases, database, account, app, var).await?;
    if let Some(no) = look.refusal(&asked).await? {
        return Err(no);
    }
    let works = match look.url.as_ref().ok().and_then(DatabaseUrl::password) {
        Some(password) => database.logs_in(account, password).await?,
        None => false,
    };
    let carry = urls(databases)?.rollback_targets(app).await?;
    let wanted = Wanted {
        database: database.target.clone(),
        account: account.clone(),
        app: app.clone(),
        var: var.to_owned(),
        newest: look.now.newest,
    };
    let mut details = order(&wanted, look.two);
    details.extend(notes(&wanted, &look, works, &carry));
    let summary = format!(
        "change the password of {account} on {}, and {app}'s {var} with it",
        database.target
    );
    Ok(Outcome::Plan(Box::new(Draft {
        command: None,
        action: if look.two { WITH_TWO } else { WITH_ONE }.to_owned(),
        effect: Effect::Destructive,
        target: Some(app.clone()),
        resource: None,
        also: vec![database.target.clone()],
        summary,
        details,
        parameters: wanted.parameters()?,
        fingerprint: look.facts(account),
        reason: asked.reason,
    })))
}

/// In which order it is done, and what fails meanwhile.
fn order(wanted: &Wanted, two: bool) -> Vec<Detail> {
    let Wanted { app, var, .. } = wanted;
    let config = format!("{var} of {app} gets the new password; user, host and database in it stay");
    if two {
        vec![
            detail("config", config),
            group(
                "order",
                vec![
                    "the new password is set beside the old one, which stays good".to_owned(),
                    format!("{var} changes; Heroku runs the release phase and restarts all dynos of {app}"),
                    "once all of them are up the old password is discarded".to_owned(),
                ],
            ),
            detail("window", "none: both passwords log in meanwhile"),
        ]
    } else {
        vec![
            detail("config", config),
            group(
                "order",
                vec![
                    format!(
                        "{var} and {SKIP}=1 change at once, so that no release phase runs before the dynos start"
                    ),
                    "right after that the new password is set at the server, which knows only one at a time"
                        .to_owned(),
                    format!(
                        "once all dynos are up {SKIP} goes back to what it was; that is a second release, with its \
                             release phase"
                    ),
                ],
            ),
            detail(
                "window",
                format!(
                    "until the new dynos are up, new connections of {app} fail; open ones go on, for up to 5 min"
                ),
            ),
        ]
    }
}

fn notes(wanted: &Wanted, look: &Look, works: bool, carry: &[String]) -> Vec<Detail> {
    let Wanted {
        account, app, var, ..
    } = wanted;
    let mut notes = Vec::new();
    if !carry.is_empty() {
        let words = format!(
            "{} carry an old {var}: after this, going back to one of them brings back a password that does not log in",
            some(carry, RELEASES)
        );
        notes.push(detail("rollback", words));
    }
    if !works {
        notes.push(detail(
            "now",
            format!("{app}'s {var} does not log in as it is; this mends it"),
        ));
    }
    if look.skips {
        let words = format!("{SKIP} is set now, so {app}'s release phase does nothing");
        let before = if look.kept.is_some() {
            "an earlier change set it; in the end it is as it was before that, unless somebody has changed it since"
        } else {
            "in the end it is as it is now"
        };
        notes.push(detail("release phase", format!("{words}; {before}")));
    }
    if look.kept.as_ref().is_some_and(|kept| !kept.over) {
        let words = "an earlier change was not finished; this goes on with its password where the server or the app has it";
        notes.push(detail("left", words));
    }
    if !look.others.is_empty() {
        let words = format!(
            "{} are other accounts, and keep their passwords",
            list(&look.others)
        );
        notes.push(detail("others", format!("{words}; only {account}@% changes")));
    }
    notes
}

/// Reads the fingerprint again.
pub(super) async fn facts(databases: &Databases, plan: &Plan) -> Result<Facts, Trouble> {
    let wanted = Wanted::of(plan)?;
    let database = databases.at(&wanted.database)?;
    let look = Look::at(databases, database, &wanted.account, &wanted.app, &wanted.var).await?;
    Ok(look.facts(&wanted.account))
}

/// What moved, in words.
pub(super) fn moved(plan: &Plan, found: &Facts) -> String {
    let text = |facts: &Facts, name: &str| {
        let value = facts.get(name).and_then(Value::as_str);
        value.unwrap_or("something else").to_owned()
    };
    let differs = |name: &str| plan.fingerprint.get(name) != found.get(name);
    let (app, var) = (text(&plan.parameters, "app"), text(&plan.parameters, "var"));
    if differs("newest") || differs("release") {
        let (then, now) = (text(&plan.fingerprint, "newest"), text(found, "newest"));
        format!("{app} went from {then} to {now}")
    } else if differs("url") {
        format!("{app}'s {var} changed: it {}", text(found, "url"))
    } else if differs(SKIP) {
        format!("{SKIP} of {app} is {} now", text(found, SKIP))
    } else if differs("account") {
        format!(
            "{} is {} now",
            text(&plan.parameters, "account"),
            text(found, "account")
        )
    } else {
        "what the server can do, or what an earlier change left, is not the same any more".to_owned()
    }
}

/// Whether a URL has this password.
pub(super) fn has(url: &DatabaseUrl, password: &Secret) -> bool {
    url.password().map(Secret::expose_secret) == Some(password.expose_secret())
}

#[cfg(test)]
mod tests;
