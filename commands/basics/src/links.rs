//! `links`: what became of the asker's secret links and drop boxes.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::drop_box::{self, DropBox};
use countersign_core::id::LinkId;
use countersign_core::link::{Link, State};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_core::text::{ago, span};
use countersign_core::time::between;

/// List your secret links and drop boxes of the last 30 days: what is open, what was opened from where.
#[derive(Debug, Args)]
pub(crate) struct LinksArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links;

#[async_trait]
impl Command for Links {
    type Args = LinksArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "links",
            aliases: &[],
            effect: Effect::Read,
            examples: &["links"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _: LinksArgs) -> Result<Outcome, Refusal> {
        let (links, boxes) = ask.desk.own_links(ask).await?;
        let lines = links
            .iter()
            .map(|link| of_link(ask, link))
            .chain(boxes.iter().map(|drop_box| of_box(ask, drop_box)));
        let reply = lines.fold(Reply::default(), Reply::and);
        // From where somebody opened something is nobody else's business.
        Ok(Outcome::Reply(if reply.blocks.is_empty() {
            Reply::line("you have no links.")
        } else {
            reply.privately()
        }))
    }
}

/// What a command that names a link does: nothing, if that cannot be one.
pub(crate) fn effect(typed: &str) -> Effect {
    match LinkId::typed(typed) {
        Some(_) => Effect::Decide,
        None => Effect::Read,
    }
}

/// The link that was typed. What is none is not repeated: it may be the phrase itself.
pub(crate) fn typed(ask: &Ask<'_>, typed: &str) -> Result<LinkId, Refusal> {
    LinkId::typed(typed).ok_or_else(|| {
        Refusal::new("that is no link: its name has six characters, like K7QM2X")
            .hint(format!("{} lists yours.", ask.type_("links")))
    })
}

/// `K7QM2X: prod's DATABASE_URL for alice, opened 2 min ago from 10.2.3.4`.
fn of_link(ask: &Ask<'_>, link: &Link) -> Line {
    let line = Line::default()
        .code(link.id.as_str())
        .then(format!(": {} for {}, ", link.title, link.recipient));
    let state = link.state_at(ask.now);
    let when = state.ended().map(|at| ago(at, ask.now)).unwrap_or_default();
    match state {
        State::Live => line.then(format!(
            "can be opened for {}; wrong phrases left: {}",
            span(between(ask.now, link.expires)),
            link.attempts_left
        )),
        State::Redeemed { by, .. } => line.then(format!("opened {when} from ")).foreign(by.to_string()),
        State::Expired { .. } => line.then(format!("expired unopened {when}")),
        State::Burned { by: Some(by), .. } => line.then(format!("burned by {by} {when}")),
        State::Burned { by: None, .. } => line.then(format!("burned itself after five wrong phrases {when}")),
    }
}

/// `8T3KQZ: drop box for the value of NEW_KEY on stage, filled 2 min ago from 10.2.3.4`.
fn of_box(ask: &Ask<'_>, drop_box: &DropBox) -> Line {
    let line = Line::default()
        .code(drop_box.id.as_str())
        .then(format!(": drop box for {}, ", drop_box.purpose));
    let state = drop_box.state_at(ask.now);
    let when = state.since().map(|at| ago(at, ask.now)).unwrap_or_default();
    match state {
        drop_box::State::Open => line.then(format!(
            "can be filled for {}",
            span(between(ask.now, drop_box.expires))
        )),
        drop_box::State::Filled { by, .. } => {
            line.then(format!("filled {when} from ")).foreign(by.to_string())
        }
        drop_box::State::Closed { .. } => line.then(format!("emptied {when}")),
        drop_box::State::Expired { .. } => line.then(format!("expired {when}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Shelf, ago, ahead, drop_box, hear, link};

    #[tokio::test]
    async fn there_are_none() {
        insta::assert_snapshot!(hear("alice", "links").await, @"you have no links.");
    }

    #[tokio::test]
    async fn ones_own_are_listed_whatever_became_of_them() {
        let shelf = || Shelf {
            links: vec![link("alice", ahead(30)), link("alice", ago(5))],
            boxes: vec![drop_box("alice", ahead(10))],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf().hears("alice", "links").await, @r#"
        K7QM2X: prod's DATABASE_URL for alice, can be opened for 30 min; wrong phrases left: 5
        K7QM2X: prod's DATABASE_URL for alice, expired unopened 5 min ago
        8T3KQZ: drop box for the value of NEW_KEY on stage, can be filled for 10 min
        "#);
        insta::assert_snapshot!(shelf().hears("bob", "links").await, @"you have no links.");
    }
}
