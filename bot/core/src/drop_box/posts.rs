//! What is said about drop boxes. The address stands in posts only sealed; the speaker opens it.

use countersign_secrets::at_rest::SealedText;

use super::{DropBox, State};
use crate::command::Ask;
use crate::message::Place;
use crate::reply::{Line, Post, Reply, Tone, Urgency};
use crate::settings::Settings;
use crate::text::span;
use crate::time::between;

/// The address, for its owner alone.
pub(super) fn invitation(drop_box: &DropBox, url: SealedText) -> Post {
    let valid = span(between(drop_box.made, drop_box.expires));
    let next = if drop_box.by_itself {
        "then the plan comes"
    } else {
        "then I tell you how to go on"
    };
    let line = Line::new(format!("to give me {}, open within {valid}: ", drop_box.purpose))
        .sealed(url)
        .then(format!(
            " (drop box {}; it takes one value, once, {next})",
            drop_box.id
        ));
    direct(drop_box, Reply::line(line))
}

/// Where it was asked for, when the address went elsewhere.
pub(super) fn elsewhere(ask: &Ask<'_>, drop_box: &DropBox) -> Post {
    let where_ = match &drop_box.sent_to {
        Place::Direct(account) if account.network != *ask.message.place.network() => {
            format!("by direct message on {}", account.network)
        }
        _ => "by direct message".to_owned(),
    };
    let valid = span(between(drop_box.made, drop_box.expires));
    let line = Line::new(format!(
        "nothing is set yet: I sent you a form for {} {where_} (drop box {}). Fill it in within {valid}.",
        drop_box.purpose, drop_box.id
    ));
    Post::answer(ask.message, Reply::line(line).toned(Tone::Waiting))
}

/// Something is in it: its owner hears from whom, and what comes now.
pub(crate) fn filled(drop_box: &DropBox, settings: &Settings) -> Option<Post> {
    let State::Filled { by, .. } = &drop_box.state else {
        return None;
    };
    let id = &drop_box.id;
    let line = Line::new(format!(
        "drop box {id} ({}) was filled just now from ",
        drop_box.purpose
    ))
    .foreign(by.to_string());
    let line = if drop_box.by_itself {
        line.then(". The plan comes now.")
    } else {
        let (place, prefix) = match &drop_box.origin.place {
            Place::Room(room) => (room.name.to_string(), settings.prefix.as_str()),
            Place::Direct(_) | Place::Nick { .. } => ("here".to_owned(), ""),
        };
        let place = if place == "here" {
            place
        } else {
            format!("in {place}")
        };
        line.then(format!(". Was that you? Then type {place}: "))
            .code(format!("{prefix}{}", drop_box.then))
            .then(".")
    };
    let line = line.then(" Not you? Type ").code(format!("burn {id}"));
    Some(direct(drop_box, Reply::line(line)))
}

/// Its time was over before anything was in it.
pub(super) fn expired(drop_box: &DropBox) -> Post {
    let words = format!(
        "drop box {} for {} has expired empty; nothing was set. If it is still wanted, ask again.",
        drop_box.id, drop_box.purpose
    );
    Post::to(drop_box.sent_to.clone(), Reply::line(words))
}

fn direct(drop_box: &DropBox, reply: Reply) -> Post {
    let mut post = Post::to(drop_box.sent_to.clone(), reply.whole());
    post.urgency = Urgency::Result;
    post
}
