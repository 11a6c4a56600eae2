//! The plan of `db access grant`: who gets what on which database until when, table by table. What is signed is the list of
//! grants itself, so that a table which comes later is not in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::access::{Access, Kind, PREFIX, State};
use countersign_core::command::{Ask, Outcome};
use countersign_core::id::PersonId;
use countersign_core::operation::Trouble;
use countersign_core::person::Person;
use countersign_core::plan::{Detail, Draft, Effect, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::text::{count, list, visible};
use countersign_core::time::{Duration, Timestamp, after, between};
use countersign_mysql::UserName;
use serde_json::json;

use super::name::{Named, named};
use super::seen::Seen;
use crate::args::Grant;
use crate::databases::{Database, Databases};
use crate::intended::{self, Intended, Sorted, sorted};
use crate::words::{detail, group, some, until};

/// The action.
pub(super) const GRANT: &str = "db-access-grant";

const ACCOUNT: &str = "account";
const KIND: &str = "kind";
const OWNER: &str = "owner";
const ENDS: &str = "ends";
const LATEST_END: &str = "latest_end";
const ONLY: &str = "only";
const GRANTS: &str = "grants";

/// Names on one line of a card; all that is granted is among the plan's parameters.
const NAMES: usize = 8;

/// What is granted, out of the plan.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) account: UserName,
    pub(super) kind: Kind,
    pub(super) owner: PersonId,
    pub(super) ends: Option<Timestamp>,
    pub(super) latest_end: Option<Timestamp>,
    /// The tables that were asked for by name.
    pub(super) only: Option<Vec<String>>,
    pub(super) grants: Intended,
}

impl Wanted {
    pub(super) fn of(plan: &Plan) -> Result<Self, Trouble> {
        Ok(Self {
            account: plan.parameter(ACCOUNT)?,
            kind: plan.parameter(KIND)?,
            owner: plan.parameter(OWNER)?,
            ends: plan.parameter(ENDS)?,
            latest_end: plan.parameter(LATEST_END)?,
            only: plan.parameter(ONLY)?,
            grants: plan.parameter(GRANTS)?,
        })
    }
}

/// Proposes it.
pub(crate) async fn plan(databases: &Databases, ask: &Ask<'_>, args: Grant) -> Result<Outcome, Refusal> {
    let database = databases.chosen(args.db.as_deref())?;
    let (_, address) = database.readable()?;
    let named = named(database, &args.name)?;
    let owner = owner(databases, ask, &named, args.person.as_deref())?;
    let (ends, latest_end) = ends(database, named.kind, args.days, ask.now)?;
    if let Some(record) = ask.store.access_of(&database.target, named.user.as_str()).await? {
        return Err(taken(ask, &record));
    }
    let seen = Seen::of(database, &named.user).await?;
    seen.must_be_free(database, &named.user)?;
    let only = match args.tables.as_slice() {
        [] => None,
        names => Some(intended::named(&seen.present, &database.classes, names)?),
    };
    let sorted = sorted(&seen.present, &database.classes, only.as_deref());
    if sorted.intended.is_empty() {
        let words = format!(
            "nothing on {} may be read: none of its tables is classified so",
            database.target
        );
        return Err(Refusal::new(words).hint("Whoever runs the bot adds them to the database's tables."));
    }
    let (host, port) = address;
    let mut details = vec![
        detail("who", who(&named, &owner)),
        detail(
            "where",
            format!(
                "{host}:{port} (the replica of {}), over TLS only",
                database.target
            ),
        ),
    ];
    details.extend(tables(&sorted, only.is_some()));
    details.push(detail("until", lasting(database, ends, ask.now)));
    details.push(detail(
        "how",
        format!(
            "made locked, proven on the replica with a short-lived twin, handed out by a link that opens once; usable once \
             {} has opened it",
            owner.id
        ),
    ));
    let only: Option<Vec<String>> = only.map(|only| only.iter().map(ToString::to_string).collect());
    let draft = Draft {
        command: None,
        action: GRANT.to_owned(),
        effect: Effect::Destructive,
        target: Some(database.target.clone()),
        resource: Some(format!("{host}:{port}")),
        also: Vec::new(),
        summary: format!(
            "give {} read-only access to {} as {}",
            owner.id, database.target, named.user
        ),
        details,
        parameters: BTreeMap::from([
            (ACCOUNT.to_owned(), json!(named.user)),
            (KIND.to_owned(), json!(named.kind)),
            (OWNER.to_owned(), json!(owner.id)),
            (ENDS.to_owned(), json!(ends)),
            (LATEST_END.to_owned(), json!(latest_end)),
            (ONLY.to_owned(), json!(only)),
            (GRANTS.to_owned(), json!(sorted.intended)),
        ]),
        fingerprint: seen.facts(),
        reason: args.reason,
    };
    Ok(Outcome::Plan(Box::new(draft)))
}

/// Who gets the link: whoever was named, whoever asks, or whoever looks after the program. They must be reachable where
/// nobody else reads.
fn owner(
    databases: &Databases,
    ask: &Ask<'_>,
    named: &Named,
    typed: Option<&str>,
) -> Result<Arc<Person>, Refusal> {
    let links = databases.links()?;
    let id = match (&named.owner, typed) {
        (None, None) => {
            let asker = ask.person.ok_or_else(|| {
                Refusal::new("I can't tell who you are").hint(format!("Type {}", ask.type_("whoami")))
            })?;
            let people = ask.settings.directory.people();
            if let Some(other) = somebody_else(named, &asker.id, people) {
                return Err(whose(named, other, &asker.id, |line| ask.type_(line)));
            }
            asker.id.clone()
        }
        (None, Some(typed)) => typed.into(),
        (Some(owner), Some(typed)) if typed != owner.as_str() => {
            return Err(Refusal::new(format!(
                "{} is looked after by {owner}, who would get the link, not {}",
                named.user,
                visible(typed)
            ))
            .hint("Leave --for away."));
        }
        (Some(owner), _) => owner.clone(),
    };
    let Some(person) = ask.settings.directory.person(&id) else {
        let people = ask
            .settings
            .directory
            .people()
            .iter()
            .map(|person| person.id.as_str());
        let refusal = Refusal::new(format!("I know nobody called {}", visible(id.as_str())));
        return Err(
            match countersign_core::command::closest(id.as_str(), people).as_slice() {
                [] => refusal.hint("People are named in the configuration."),
                near => refusal.hint(format!("Did you mean {}?", list(near))),
            },
        );
    };
    links
        .reaches(person, ask.message.place.network())
        .map_err(Refusal::new)?;
    Ok(Arc::clone(person))
}

/// Whether two plans give the same for as long: their ends are reckoned from when they were asked for.
pub(super) fn is_the_same(one: &Plan, other: &Plan) -> bool {
    let lasting = |plan: &Plan| {
        let mut parameters = plan.parameters.clone();
        for name in [ENDS, LATEST_END] {
            let at: Option<Timestamp> = plan.parameter(name).ok().flatten();
            let lasts = at.map(|at| between(plan.created, at).as_secs());
            parameters.insert(name.to_owned(), json!(lasts));
        }
        parameters
    };
    lasting(one) == lasting(other)
}

/// Whoever the account is called after, if that is not who asks: nobody is given what has another's name by a slip.
fn somebody_else<'p>(named: &Named, asker: &PersonId, people: &'p [Arc<Person>]) -> Option<&'p PersonId> {
    let name = named.user.as_str().strip_prefix(PREFIX)?;
    let ids = people.iter().map(|person| &person.id);
    ids.into_iter()
        .find(|id| id.as_str().eq_ignore_ascii_case(name) && *id != asker)
}

fn whose(named: &Named, other: &PersonId, asker: &PersonId, type_: impl Fn(&str) -> String) -> Refusal {
    let name = named.user.as_str();
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    Refusal::new(format!(
        "{} has {other}'s name, and without --for you would get it yourself",
        named.user
    ))
    .hint(format!(
        "Type {}, or --for {asker} if it is yours",
        type_(&format!("db access grant {name} --for {other}"))
    ))
}

/// When it ends, and when at the latest. A program's has no end unless one is asked for.
pub(super) fn ends(
    database: &Database,
    kind: Kind,
    days: Option<u32>,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Option<Timestamp>), Refusal> {
    let most = database.max_days;
    let days = match (days, kind) {
        (None, Kind::Service) => return Ok((None, None)),
        (None, _) => database.days.min(most),
        (Some(0), _) => {
            return Err(Refusal::new("0 days is no access").hint(format!("It lasts 1 to {most} days.")));
        }
        (Some(days), _) if days > most => {
            let words = format!(
                "{} is longer than access to {} may last",
                count_days(days),
                database.target
            );
            return Err(Refusal::new(words).hint(format!("At most {}: --days {most}.", count_days(most))));
        }
        (Some(days), _) => days,
    };
    Ok((Some(after(now, in_days(days))), Some(after(now, in_days(most)))))
}

pub(super) fn in_days(days: u32) -> Duration {
    Duration::from_hours(u64::from(days) * 24)
}

pub(super) fn count_days(days: u32) -> String {
    count(usize::try_from(days).unwrap_or(usize::MAX), "day")
}

/// There is a record of that name that has not ended.
fn taken(ask: &Ask<'_>, record: &Access) -> Refusal {
    let whose = record
        .owner
        .as_ref()
        .map(|owner| format!(" ({owner}'s)"))
        .unwrap_or_default();
    let (state, hint) = match &record.state {
        State::Preparing => (
            "is being made",
            format!("See {}.", ask.type_(&format!("db access show {}", record.id))),
        ),
        State::Offered { link } => (
            "is there already, and waits for its link to be opened",
            format!("That is link {link}; it ends with its link."),
        ),
        State::Opened { .. } | State::Live { .. } => (
            "is there already",
            format!(
                "Longer: {}; other tables: {} first.",
                ask.type_(&format!("db access renew {}", record.account)),
                ask.type_(&format!("db access revoke {}", record.account))
            ),
        ),
        State::Ending { .. } | State::Ended { .. } => {
            ("is just ending", "Ask again when it is gone.".to_owned())
        }
    };
    Refusal::new(format!("{}{whose} {state}", record.title())).hint(hint)
}

fn who(named: &Named, owner: &Person) -> String {
    match named.kind {
        Kind::Service => format!(
            "{} (a program's account; {} looks after it and gets the link)",
            named.user, owner.id
        ),
        _ => format!("{} gets {}", owner.id, named.user),
    }
}

/// What is granted, and what is not, with why.
fn tables(sorted: &Sorted, chosen: bool) -> Vec<Detail> {
    let Sorted {
        intended,
        never,
        unclassified,
        views,
        missing,
    } = sorted;
    let mut may = Vec::new();
    if !intended.whole.is_empty() {
        may.push(if chosen {
            list(&intended.whole)
        } else {
            counted(&intended.whole.iter().collect::<Vec<_>>(), "table")
        });
    }
    for (table, columns) in &intended.columns {
        may.push(format!("of {table} only {}", list(columns)));
    }
    let mut not = Vec::new();
    if !unclassified.is_empty() {
        let whom = if unclassified.len() == 1 { "it" } else { "them" };
        not.push(format!(
            "{}: nobody classified {whom}",
            counted(unclassified, "table")
        ));
    }
    if !missing.is_empty() {
        not.push(format!("{}: configured, and not there", list(missing)));
    }
    if !views.is_empty() {
        not.push(format!("{}: no base table", counted(views, "view")));
    }
    if !never.is_empty() {
        not.push(format!("{}: by the configuration", counted(never, "table")));
    }
    let details = [("may read", may), ("left out", not)];
    details
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(label, lines)| group(label, lines))
        .collect()
}

/// `42 tables (a, b, c and 39 more)`; one alone by its name.
fn counted<T: std::fmt::Display>(names: &[T], noun: &str) -> String {
    match names {
        [one] => one.to_string(),
        names => format!("{} ({})", count(names.len(), noun), some(names, NAMES)),
    }
}

fn lasting(database: &Database, ends: Option<Timestamp>, now: Timestamp) -> String {
    match ends {
        None => "no end; !db access revoke ends it".to_owned(),
        Some(_) => format!(
            "{}; then it ends by itself; renewed to {} in all at most",
            until(ends, now).trim_start_matches("until "),
            count_days(database.max_days)
        ),
    }
}

#[cfg(test)]
mod tests;
