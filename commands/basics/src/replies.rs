//! Everything that these commands say, in one place, so that its wording is read together. Each line begins with what
//! it is about: on a busy channel others talk in between.

mod operations;
mod requests;

use countersign_core::approval::{Request, State};
use countersign_core::audit::Record;
use countersign_core::command::Ask;
use countersign_core::id::{CommandPath, TargetName};
use countersign_core::message::Assurance;
use countersign_core::operation::{self, Operation};
use countersign_core::reply::{Line, Reply};
use countersign_core::store::{Hold, Lock};
use countersign_core::text::{ago, list, span};
use countersign_core::time::{Timestamp, between};

pub(crate) use operations::{log, no_operation, not_unknown, operation, operations};
pub(crate) use requests::{no_request, pending, which, why};

/// Lines of a list before the rest is counted.
const SCREENFUL: usize = 12;

pub(crate) fn pong() -> Reply {
    Reply::line("pong")
}

/// What is open.
pub(crate) struct Open {
    pub(crate) requests: Vec<Request>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) holds: Vec<Hold>,
}

pub(crate) fn status(ask: &Ask<'_>, version: &str, open: &Open) -> Reply {
    let waiting = open
        .requests
        .iter()
        .filter(|request| request.state == State::Pending);
    let running = open
        .operations
        .iter()
        .filter(|operation| operation.state == operation::State::Running);
    let unknown = open
        .operations
        .iter()
        .filter(|operation| matches!(operation.state, operation::State::Unknown { .. }));
    let parts = [
        part(
            "request waits",
            "requests wait",
            waiting.map(|request| request.id.to_string()),
        ),
        part(
            "operation runs",
            "operations run",
            running.map(|operation| operation.id.to_string()),
        ),
        part(
            "operation is unknown",
            "operations are unknown",
            unknown.map(|operation| operation.id.to_string()),
        ),
        part(
            "target is locked",
            "targets are locked",
            open.locks.iter().map(|lock| lock.target.to_string()),
        ),
        part(
            "target is held",
            "targets are held",
            open.holds.iter().map(|hold| hold.target.to_string()),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let open = if parts.is_empty() {
        "nothing is open".to_owned()
    } else {
        parts.join(" · ")
    };
    let name = ask.settings.names.first().map_or("countersign", String::as_str);
    Reply::line(format!("{name} {version}: {open}."))
}

fn part(one: &str, many: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    let said = list(names.iter().take(SCREENFUL));
    match names.len() {
        0 => None,
        1 => Some(format!("1 {one} ({said})")),
        number => Some(format!(
            "{number} {many} ({said}{})",
            if number > SCREENFUL { ", …" } else { "" }
        )),
    }
}

pub(crate) fn whoami(ask: &Ask<'_>) -> Reply {
    let sender = &ask.message.sender;
    let (person, account) = match (ask.person, &sender.account) {
        (Some(person), Some(account)) => (person, account),
        (_, Some(account)) => {
            return Reply::line(Line::new("your account ").foreign(account.to_string()).then(
                " is nobody's that I know. Whoever runs the bot adds it to your name in the configuration.",
            ));
        }
        (_, None) => {
            return Reply::line(format!(
                "I can't tell who you are: your network proves no account for this nick, and anybody can take a nick. \
                 Log in (on IRC: /msg NickServ IDENTIFY …), then type {} again.",
                ask.type_("whoami")
            ));
        }
    };
    let known = match sender.assurance {
        Assurance::Nick => "by your nick alone",
        Assurance::Account => "by your account",
        Assurance::Device => "by a verified device",
        Assurance::Passkey => "by your passkey",
    };
    let reply = Reply::line(
        Line::new(format!("you are {}: ", person.id))
            .foreign(account.to_string())
            .then(format!(", known {known} (assurance {}).", sender.assurance)),
    );
    let roles = if person.roles.is_empty() {
        "none".to_owned()
    } else {
        list(&person.roles)
    };
    let reply = reply.detail("roles", roles);
    let others: Vec<_> = person.accounts.iter().filter(|other| *other != account).collect();
    if others.is_empty() {
        reply
    } else {
        reply.detail("also", list(others))
    }
}

/// What policy says of a use of a command: a line for each answer.
pub(crate) fn can(command: &CommandPath, target: Option<&TargetName>, answers: Vec<String>) -> Reply {
    let what = target.map_or_else(|| command.to_string(), |target| format!("{command} {target}"));
    answers.into_iter().fold(Reply::default(), |reply, answer| {
        reply.and(format!("{what}: {answer}."))
    })
}

/// Locks that have not ended by themselves.
pub(crate) fn in_force(locks: Vec<Lock>, now: Timestamp) -> Vec<Lock> {
    locks
        .into_iter()
        .filter(|lock| lock.until.is_none_or(|until| until > now))
        .collect()
}

pub(crate) fn locks(ask: &Ask<'_>, locks: &[Lock]) -> Reply {
    listed("nothing is locked.", locks, |lock| {
        let left = match lock.until {
            Some(until) => format!(" · ends by itself in {}", span(between(ask.now, until))),
            None => String::new(),
        };
        Line::new(format!(
            "{}: locked by {} {} (\"",
            lock.target,
            lock.holder,
            ago(lock.since, ask.now)
        ))
        .foreign(lock.reason.clone())
        .then(format!("\"){left}"))
    })
}

pub(crate) fn holds(ask: &Ask<'_>, holds: &[Hold]) -> Reply {
    listed("nothing is held.", holds, |hold| {
        let by = format!(
            "{}: held at {} since {} rolled it back {}",
            hold.target,
            hold.at,
            hold.by,
            ago(hold.since, ask.now)
        );
        let line = match &hold.reason {
            Some(reason) => Line::new(format!("{by} (\"")).foreign(reason.clone()).then("\")"),
            None => Line::new(by),
        };
        line.then(" · ")
            .code(ask.type_(&format!("release-hold {} <why>", hold.target)))
            .then(" ends that")
    })
}

pub(crate) fn audit(ask: &Ask<'_>, records: &[Record]) -> Reply {
    let line = |record: &Record| {
        let entry = &record.entry;
        let who = match &entry.person {
            Some(person) if !entry.words.starts_with(person.as_str()) => format!("{person} "),
            _ => String::new(),
        };
        Line::new(format!("#{} {}: {who}", record.seq, ago(entry.at, ask.now))).foreign(entry.words.clone())
    };
    if records.is_empty() {
        return Reply::line("nothing like that is recorded.");
    }
    records
        .iter()
        .fold(Reply::default(), |reply, record| reply.and(line(record)))
}

/// A line for each, or what to say if there is none.
fn listed<T>(none: &str, items: &[T], line: impl Fn(&T) -> Line) -> Reply {
    if items.is_empty() {
        return Reply::line(none);
    }
    let reply = items
        .iter()
        .take(SCREENFUL)
        .fold(Reply::default(), |reply, item| reply.and(line(item)));
    match items.len().saturating_sub(SCREENFUL) {
        0 => reply,
        more => reply.and(format!("and {more} more.")),
    }
}
