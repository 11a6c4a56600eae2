//! What is said about requests: cards, calls for signatures, reminders, ends.

use crate::approval::{Origin, Present, Request, State};
use crate::message::{Account, Place};
use crate::person::{Directory, Person};
use crate::plan::{SealedPlan, Whole};
use crate::policy::{Rule, words};
use crate::reply::{Addressee, Block, Button, Line, Post, Reply, Tone, Urgency};
use crate::text::span;
use crate::time::{Timestamp, between};

/// The card of a request: what people sign. A pure function of the plan, the seats and the time left.
pub(crate) fn card(request: &Request, present: &Present<'_>) -> (Reply, Whole) {
    let plan = &request.plan;
    let (details, whole) = crate::plan::card(plan);
    let id = request.id.as_str();
    let colon = if details.is_empty() { "." } else { ":" };
    let mut reply = Reply::line(
        Line::new("request ")
            .code(id)
            .then(" asks to ")
            .foreign(plan.summary.clone())
            .then(colon),
    );
    reply.blocks.extend(details);
    if whole == Whole::No {
        reply.blocks.push(note(
            "there is more: ",
            &format!("!show {id}"),
            " sends all of it, and only who was sent all of it can sign",
        ));
    }
    let valid = span(between(present.now, request.deadline));
    let line = Line::new(format!(
        "needs {}. Valid {valid}. They type: ",
        request.needs(present)
    ))
    .code(format!("!approve {id}"))
    .then(format!("  (plan {})", plan.digest().short()));
    (
        // All of it at once: a line that is left for later is a line that nobody read.
        buttons(reply.and(indented(line)).toned(Tone::Waiting), request).whole(),
        whole,
    )
}

fn note(before: &str, code: &str, after: &str) -> Block {
    Block::Line(indented(Line::new(before).code(code).then(after)))
}

fn indented(line: Line) -> Line {
    let mut spans = Line::new("  ").0;
    spans.extend(line.0);
    Line(spans)
}

fn buttons(reply: Reply, request: &Request) -> Reply {
    let id = &request.id;
    let prefix = &request.plan.digest().to_string()[..8];
    let approve = Button {
        label: "Sign".into(),
        command: format!("approve {id} --plan {prefix}"),
        ask: None,
        safe: false,
    };
    let deny = Button {
        label: "Deny".into(),
        command: format!("deny {id}"),
        ask: Some("Why not?".into()),
        safe: true,
    };
    reply.button(approve).button(deny)
}

/// What is said when it was asked for: the card for those who asked, and the call for those who can sign. Without
/// seats, only what is about to happen.
pub(super) fn asked(request: &Request, present: &Present<'_>) -> Vec<Post> {
    if request.state != State::Pending {
        return vec![to_requester(&request.origin, about_to(&request.plan))];
    }
    let (reply, _) = card(request, present);
    let signers = request.could_sign(present);
    let own = to_requester(&request.origin, reply.clone());
    match &request.origin.place {
        Place::Room(_) => {
            let words = format!("{} asks for a signature on ", request.plan.requester);
            vec![
                own,
                urgent(Post::to(
                    request.origin.place.clone(),
                    call(request, &signers, &words),
                )),
            ]
        }
        direct @ (Place::Direct(_) | Place::Nick { .. }) => {
            let to = signers
                .iter()
                .filter_map(|person| person.reached_from(direct.network()));
            let call = |account: &Account| urgent(Post::to(Place::Direct(account.clone()), reply.clone()));
            std::iter::once(own).chain(to.map(call)).collect()
        }
    }
}

/// "bob, erin: alice asks for a signature on R-4QX (roll back prod)."
fn call(request: &Request, signers: &[&Person], words: &str) -> Reply {
    let network = request.origin.place.network();
    let mut line = Line::default();
    for (n, person) in signers.iter().enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        line = line
            .then(comma)
            .mention(person.id.as_str(), person.account_on(network).cloned());
    }
    if signers.is_empty() {
        line = line.then("nobody");
    }
    let line = line
        .then(format!(": {words}"))
        .code(request.id.as_str())
        .then(" (")
        .foreign(request.plan.summary.clone())
        .then(").");
    Reply::line(line).toned(Tone::Waiting)
}

/// Once, when half of the time has passed.
pub(super) fn reminder(request: &Request, present: &Present<'_>) -> Post {
    let signers = request.could_sign(present);
    let left = span(between(present.now, request.deadline));
    let words = format!(
        "{left} are left to sign what {} asks for: ",
        request.plan.requester
    );
    urgent(Post::to(
        request.origin.place.clone(),
        call(request, &signers, &words),
    ))
}

/// An approved request cannot begin yet.
pub(super) fn waits(request: &Request, why: &str, now: Timestamp) -> Post {
    let left = request
        .end()
        .map(|end| span(between(now, end)))
        .unwrap_or_default();
    let id = &request.id;
    let line = Line::new(format!("{id} can't begin yet: {why} I keep trying for {left}; "))
        .code(format!("!cancel {id}"))
        .then(" stops that.");
    to_requester(&request.origin, Reply::line(line).toned(Tone::Waiting))
}

/// What is about to happen, for plans that need no signature.
fn about_to(plan: &SealedPlan) -> Reply {
    let (details, _) = crate::plan::card(plan);
    let mut reply = Reply::line(Line::default().foreign(plan.summary.clone()));
    reply.blocks.extend(details);
    reply
}

/// The plan alone: nothing was asked for.
pub(super) fn plan_only(plan: &SealedPlan, rule: &Rule, directory: &Directory) -> Reply {
    let mut reply =
        Reply::line(Line::new("only the plan, nothing was asked for: ").foreign(plan.summary.clone()));
    reply.blocks.extend(crate::plan::whole(plan));
    let needs = if rule.seats.is_empty() {
        "no signature".to_owned()
    } else {
        words::signatures(&rule.seats, directory, |person| person.id == plan.requester)
    };
    reply.and(format!("  needs {needs} (rule \"{}\")", rule.name))
}

/// A request is over without having begun, or waits again: those who asked are told, and those who were asked for a
/// signature in a direct message.
pub(crate) fn ended(request: &Request) -> Vec<Post> {
    let words = match &request.state {
        State::Superseded { why } => format!(
            "nothing was run: {why}. {} is superseded. Ask again if you still want it.",
            request.id
        ),
        State::Pending => format!(
            "{} waits for signatures again: those that still count do not fill its seats.",
            request.id
        ),
        _ => format!("{} {}. Nothing was run.", request.id, request.came_to()),
    };
    let tone = if request.state == State::Pending {
        Tone::Waiting
    } else {
        Tone::Bad
    };
    let reply = Reply::line(Line::default().foreign(words)).toned(tone);
    let elsewhere = request
        .shown
        .iter()
        .filter(|place| **place != request.origin.place);
    std::iter::once(to_requester(&request.origin, reply.clone()))
        .chain(elsewhere.map(|place| Post::to(place.clone(), reply.clone())))
        .map(urgent)
        .collect()
}

/// A post to those who asked, where they asked.
pub(super) fn to_requester(origin: &Origin, reply: Reply) -> Post {
    let mut post = Post::to(origin.place.clone(), reply);
    post.thread = Some(origin.message.clone());
    if matches!(origin.place, Place::Room(_)) {
        post.to = Some(Addressee {
            name: origin.nick.clone(),
            account: origin.account.clone(),
        });
    }
    post
}

fn urgent(mut post: Post) -> Post {
    post.urgency = Urgency::Result;
    post
}
