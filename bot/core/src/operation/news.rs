//! What is said about an operation while it runs and at its end.

use super::{Operation, Run, Trouble};
use crate::id::PostId;
use crate::reply::{Block, Line, Post, Reply, Tone, Urgency};
use crate::settings::Settings;
use crate::speaker::Speaker;
use crate::text::{list, span};
use crate::time::Duration;

/// Progress in two forms: networks that can edit see it grow, the others get a line when the phase changes.
pub(super) struct Progress {
    growing: Reply,
    line: Reply,
}

/// What a step that waits says of itself.
pub(super) struct Going<'a> {
    pub(super) phase: &'a str,
    pub(super) detail: Option<&'a str>,
    pub(super) usually: Option<Duration>,
}

/// What is going on now.
pub(super) fn progress(run: &Run<'_>, title: &str, of: usize, going: &Going<'_>) -> Progress {
    let Going {
        phase,
        detail,
        usually,
    } = *going;
    let detail = detail.map(|detail| format!(", {detail}")).unwrap_or_default();
    let usual = usually
        .map(|usually| format!(" · usually {}", span(usually)))
        .unwrap_or_default();
    let id = &run.operation.id;
    let since = if run.in_step().is_zero() {
        String::new()
    } else {
        format!(" ({})", span(run.in_step()))
    };
    let growing = Reply::line(Line::new(format!(
        "{title}: {phase}{detail}{since}{usual}  [op {id}]"
    )))
    .block(Block::Progress {
        done: run.operation.step,
        of,
        elapsed: run.elapsed(),
    });
    Progress {
        growing,
        line: Reply::line(format!("{title}: {phase}{usual}")),
    }
}

/// Says it. That nobody hears it changes nothing (invariant A15).
pub(super) async fn say(
    speaker: &Speaker,
    operation: &Operation,
    progress: Progress,
    changed: bool,
) -> Option<PostId> {
    let place = &operation.origin.place;
    let edits = speaker.capabilities(place.network()).is_some_and(|can| can.edits);
    if !edits && !changed {
        return operation.progress.clone();
    }
    let mut post = post(operation, if edits { progress.growing } else { progress.line });
    post.replaces = operation.progress.clone().filter(|_| edits);
    post.urgency = Urgency::Chatter;
    match speaker.send(post).await {
        Ok(id) => id.or_else(|| operation.progress.clone()),
        Err(error) => {
            tracing::warn!(operation = %operation.id, %error, "progress was not heard");
            operation.progress.clone()
        }
    }
}

fn post(operation: &Operation, reply: Reply) -> Post {
    let mut post = Post::to(operation.origin.place.clone(), reply);
    post.thread = Some(operation.origin.message.clone());
    post
}

/// The provider makes trouble, and the bot keeps trying.
pub(super) fn trouble(operation: &Operation, title: &str, trouble: &Trouble) -> Post {
    let id = &operation.id;
    let line = Line::new(format!(
        "{title}: {} I keep trying for 10 min; ",
        trouble.sentence()
    ))
    .code(format!("!cancel {id}"))
    .then(" stops that.");
    post(operation, Reply::line(line).toned(Tone::Waiting))
}

/// Nobody knows what happened; somebody has to decide.
pub(super) fn unknown(operation: &Operation, title: &str, saw: &str) -> Post {
    let id = &operation.id;
    let doubt = operation
        .doubt
        .as_ref()
        .map(|doubt| format!("{doubt} "))
        .unwrap_or_default();
    let line = Line::new(format!("{title}: {doubt}I don't know whether it happened: "))
        .foreign(saw.to_owned())
        .then(". Look for yourself, then ")
        .code(format!("!op {id} retry"))
        .then(", ")
        .code(format!("!op {id} skip"))
        .then(" or ")
        .code(format!("!op {id} abandon"))
        .then(match &operation.plan.target {
            Some(target) => format!(". Nothing else runs on {target} until then."),
            None => ".".to_owned(),
        });
    let mut post = post(operation, Reply::line(line).toned(Tone::Waiting));
    post.urgency = Urgency::Result;
    post
}

/// The result, for those who asked.
pub(super) fn result(run: &Run<'_>, title: &str, words: &str, good: bool, settings: &Settings) -> Post {
    let operation = run.operation;
    let requester = &operation.plan.requester;
    let account = settings
        .directory
        .person(requester)
        .and_then(|person| person.account_on(operation.origin.place.network()).cloned());
    let how_long = if good {
        format!(" after {}", span(run.elapsed()))
    } else {
        String::new()
    };
    // What was done, and found something wrong, says so itself.
    let verdict = if good || words.starts_with("NOT ") {
        ""
    } else {
        "not done: "
    };
    let mut line = Line::new(format!("{title}: {verdict}{words}{how_long} · asked by "))
        .mention(requester.as_str(), account);
    if !operation.signers.is_empty() {
        line = line.then(format!(", signed by {}", list(&operation.signers)));
    }
    line = line.then(format!("  [op {}]", operation.id));
    let mut post = post(
        operation,
        Reply::line(line).toned(if good { Tone::Good } else { Tone::Bad }),
    );
    post.urgency = Urgency::Result;
    post
}
