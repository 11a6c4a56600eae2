//! What is said about requests.

use countersign_core::approval::{Present, Request, State, Vote};
use countersign_core::command::Ask;
use countersign_core::id::RequestId;
use countersign_core::operation::Operation;
use countersign_core::policy::words;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Block, Line, Reply};
use countersign_core::text::{ago, list, span};
use countersign_core::time::between;

use super::listed;

pub(crate) fn no_request(ask: &Ask<'_>, id: &RequestId) -> Refusal {
    Refusal::new(format!("there is no request {id}"))
        .hint(format!("{} lists those that wait.", ask.type_("pending")))
}

/// An id of four characters can be a request's and an operation's.
pub(crate) fn which(ask: &Ask<'_>, request: &Request, operation: &Operation) -> Refusal {
    let words = format!(
        "{} is both a request ({}) and an operation ({})",
        operation.id, request.plan.summary, operation.plan.summary
    );
    let cancel_request = ask.type_(&format!("cancel {}", request.id));
    let cancel_operation = ask.type_(&format!("cancel {} --operation", operation.id));
    Refusal::new(words).hint(format!("Type {cancel_request} or {cancel_operation}"))
}

/// Those that wait, for signatures or to begin. What runs is an operation.
pub(crate) fn pending(ask: &Ask<'_>, open: &[Request]) -> Reply {
    let waits = |request: &&Request| matches!(request.state, State::Pending | State::Approved { .. });
    let waiting: Vec<&Request> = open.iter().filter(waits).collect();
    listed("no request waits.", &waiting, |request| {
        let wanted: usize = request.seats.iter().map(|seat| usize::from(seat.count)).sum();
        let signed = match request.votes.as_slice() {
            [] => "not signed".to_owned(),
            votes => format!("signed by {}", list(votes.iter().map(|vote| &vote.person))),
        };
        let until = match request.state {
            State::Approved { until } => format!("begins within {}", span(between(ask.now, until))),
            _ => format!("{} left", span(between(ask.now, request.deadline))),
        };
        Line::default()
            .code(request.id.as_str())
            .then(": ")
            .foreign(request.plan.summary.clone())
            .then(format!(
                " · asked by {} {} · {signed} ({} of {wanted}) · {until}",
                request.plan.requester,
                ago(request.plan.created, ask.now),
                request.votes.len(),
            ))
    })
}

/// The rule, the seats, the votes, what is missing and until when.
pub(crate) fn why(ask: &Ask<'_>, request: &Request) -> Reply {
    let settings = ask.settings;
    let present = Present {
        policy: &settings.policy,
        directory: &settings.directory,
        now: ask.now,
    };
    let plan = &request.plan;
    let head = Line::new("request ")
        .code(request.id.as_str())
        .then(" (")
        .foreign(plan.summary.clone())
        .then(") ")
        .foreign(request.standing(&present))
        .then(".");
    let seats = words::seats(&request.seats, &settings.directory, &plan.requester);
    let reply = Reply::line(head)
        .detail(
            "asked",
            format!(
                "by {}, {}, in {}",
                plan.requester,
                ago(plan.created, ask.now),
                request.origin.place
            ),
        )
        .detail("rule", format!("\"{}\" wants {seats}", request.rule));
    let reply = match request.votes.as_slice() {
        [] => reply,
        votes => reply.block(Block::Detail {
            label: "signed".to_owned(),
            lines: votes.iter().map(|vote| signature(ask, vote)).collect(),
        }),
    };
    match &request.state {
        State::Pending => {
            let left = span(between(ask.now, request.deadline));
            reply
                .detail("missing", request.needs(&present))
                .detail("until", format!("{left} from now; then it runs out"))
        }
        State::Approved { until } => {
            let left = span(between(ask.now, *until));
            reply.detail(
                "until",
                format!("{left} from now; if it has not begun by then, it runs out"),
            )
        }
        _ => reply,
    }
}

fn signature(ask: &Ask<'_>, vote: &Vote) -> Line {
    let when = ago(vote.at, ask.now);
    let line = Line::new(format!("by {} ({}, {when})", vote.person, vote.assurance));
    match &vote.note {
        Some(note) => line.then(": \"").foreign(note.clone()).then("\""),
        None => line,
    }
}
