//! What is said about operations.

use countersign_core::command::Ask;
use countersign_core::id::OperationId;
use countersign_core::operation::{Entry, Happening, Operation, State};
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Attachment, Block, Line, Reply};
use countersign_core::text::{ago, count, list, span};
use countersign_core::time::between;

use super::{SCREENFUL, listed};

pub(crate) fn no_operation(ask: &Ask<'_>, id: &OperationId) -> Refusal {
    Refusal::new(format!("there is no operation {id}"))
        .hint(format!("{} lists the newest.", ask.type_("ops")))
}

pub(crate) fn not_unknown(ask: &Ask<'_>, operation: &Operation) -> Refusal {
    let id = &operation.id;
    let words = format!(
        "op {id} is {}: only an operation of which nobody can tell what a step did is retried or skipped",
        operation.state.word()
    );
    Refusal::new(words).hint(format!("{} shows how it stands.", ask.type_(&format!("op {id}"))))
}

pub(crate) fn operations(ask: &Ask<'_>, operations: &[Operation]) -> Reply {
    listed("there are no operations.", operations, |operation| {
        let when = match operation.ended {
            Some(ended) => ago(ended, ask.now),
            None => format!("began {}", ago(operation.began, ask.now)),
        };
        Line::new("op ")
            .code(operation.id.as_str())
            .then(": ")
            .foreign(operation.plan.summary.clone())
            .then(format!(
                " · {} · {when} · asked by {}",
                operation.state.word(),
                operation.plan.requester
            ))
    })
}

/// How far it is: what it is doing, or what came of it.
pub(crate) fn operation(ask: &Ask<'_>, operation: &Operation, journal: &[Entry]) -> Reply {
    let signed = match operation.signers.as_slice() {
        [] => String::new(),
        signers => format!(", signed by {}", list(signers)),
    };
    let head = Line::new("op ")
        .code(operation.id.as_str())
        .then(" (")
        .foreign(operation.plan.summary.clone())
        .then(format!(
            ") {}",
            if operation.state.is_final() { "" } else { "is " }
        ))
        .then(operation.state.word());
    let took = span(between(operation.began, operation.ended.unwrap_or(ask.now)));
    let reply = Reply::line(came_to(head, operation).then(format!(
        " · {took} · asked by {}{signed}",
        operation.plan.requester
    )));
    match (&operation.state, journal.last()) {
        (State::Running, Some(last)) => {
            let step = format!(
                "\"{}\", for {}",
                last.step,
                span(between(operation.step_began, ask.now))
            );
            reply.detail(
                "step",
                if operation.tries > 0 {
                    format!("{step}, {} in vain", tries(operation))
                } else {
                    step
                },
            )
        }
        (State::Unknown { step, saw }, _) => reply
            .detail("step", format!("\"{step}\": nobody can tell what it did"))
            .detail("saw", Line::default().foreign(saw.clone()))
            .detail("then", ways_out(ask, operation)),
        _ => reply,
    }
}

fn tries(operation: &Operation) -> String {
    if operation.tries == 1 {
        "1 try".to_owned()
    } else {
        format!("{} tries", operation.tries)
    }
}

fn came_to(head: Line, operation: &Operation) -> Line {
    match &operation.state {
        State::Running if operation.phase.is_empty() => head,
        State::Running => head.then(": ").foreign(operation.phase.clone()),
        State::Unknown { .. } => head,
        State::Succeeded { words } | State::Failed { words } => head.then(": ").foreign(words.clone()),
        State::Cancelled { by, words } => head.then(format!(" by {by}: ")).foreign(words.clone()),
        State::Abandoned { by } => head.then(format!(" by {by}")),
    }
}

fn ways_out(ask: &Ask<'_>, operation: &Operation) -> Line {
    let way = |word: &str| ask.type_(&format!("op {} {word}", operation.id));
    Line::default()
        .code(way("retry"))
        .then(" does it again, ")
        .code(way("skip"))
        .then(" takes it as done, ")
        .code(way("abandon"))
        .then(" leaves it as it is")
}

/// The journal, with absolute times. What steps returned is for machines and stays out of it.
pub(crate) fn log(operation: &Operation, journal: &[Entry]) -> Reply {
    let reply = Reply::line(
        Line::new("op ")
            .code(operation.id.as_str())
            .then(" (")
            .foreign(operation.plan.summary.clone())
            .then(format!(
                "): {}, times in UTC",
                if journal.is_empty() {
                    "nothing yet".to_owned()
                } else {
                    count(journal.len(), "line")
                }
            )),
    );
    let when = |entry: &Entry| entry.at.strftime("%F %T").to_string();
    if journal.len() <= SCREENFUL {
        let row = |entry: &Entry| {
            let happened = Line::default().foreign(happened(&entry.happening));
            vec![Line::new(when(entry)), Line::new(entry.step.clone()), happened]
        };
        let rows = journal.iter().map(row).collect();
        return if journal.is_empty() {
            reply
        } else {
            reply.block(Block::Table {
                head: Vec::new(),
                rows,
            })
        };
    }
    let lines = journal
        .iter()
        .map(|entry| format!("{}  {}  {}", when(entry), entry.step, happened(&entry.happening)));
    let text = lines.collect::<Vec<_>>().join("\n");
    Reply {
        attachment: Some(Attachment {
            name: format!("op-{}.txt", operation.id),
            text,
        }),
        ..reply
    }
}

fn happened(happening: &Happening) -> String {
    match happening {
        Happening::Began => "began".to_owned(),
        Happening::Succeeded(_) => "done".to_owned(),
        Happening::Failed(why) => format!("failed: {why}"),
        Happening::Reconciled(saw) => format!("looked: {saw}"),
        Happening::Retried => "to be done again, a person decided".to_owned(),
        Happening::Skipped => "taken as done, a person decided".to_owned(),
    }
}
