//! What is said about links. The address and the phrase stand in posts only sealed; the speaker opens them.

use countersign_secrets::at_rest::SealedText;

use super::{Link, State};
use crate::message::Place;
use crate::reply::{Line, Post, Reply, Tone, Urgency};
use crate::text::span;
use crate::time::between;

/// What was in a link that an access waited for.
pub(crate) const UNUSED: &str = "What was in it is good for nothing now. Ask for it again as you did then.";

/// The address, for whoever may open it.
pub(super) fn delivery(link: &Link, url: SealedText, phrase_follows: bool) -> Post {
    let id = &link.id;
    let line = Line::new(format!("{}: ", link.title)).sealed(url).then(format!(
        " opens once, within {} (link {id}). ",
        span(between(link.made, link.expires))
    ));
    let line = if phrase_follows {
        line.then("Its phrase follows.")
    } else {
        line.then("For its phrase type here: ")
            .code(format!("phrase {id}"))
    };
    direct(link, Reply::line(line))
}

/// The phrase, in a message of its own.
pub(crate) fn phrase(link: &Link, phrase: SealedText) -> Reply {
    let line = Line::new(format!("the phrase of link {}: ", link.id)).sealed(phrase);
    Reply::line(line).whole()
}

pub(super) fn phrase_post(link: &Link, sealed: SealedText) -> Post {
    direct(link, phrase(link, sealed))
}

/// It was opened: whoever it was for hears by whom, and so does who asked for it.
pub(crate) fn opened(link: &Link) -> Vec<Post> {
    let State::Redeemed { by, .. } = &link.state else {
        return Vec::new();
    };
    let line = Line::new(format!(
        "link {} ({}) was opened just now from ",
        link.id, link.title
    ))
    .foreign(by.to_string())
    .then(". Not you? Type ")
    .code(format!("burn {}", link.id));
    told(link, &Reply::line(line))
}

/// Its guesses are used up: somebody has the address and not the phrase.
pub(crate) fn guessed_away(link: &Link, by: &super::Visitor) -> Vec<Post> {
    let line = Line::new(format!(
        "link {} ({}) burned itself: five wrong phrases, the last from ",
        link.id, link.title
    ))
    .foreign(by.to_string())
    .then(". Nobody has seen what was in it. If that was not you, somebody else has the address. ");
    told(link, &Reply::line(anew(line, link)).toned(Tone::Bad))
}

/// It ended unopened.
pub(crate) fn ended(link: &Link) -> Vec<Post> {
    let how = match &link.state {
        State::Expired { .. } => "has expired".to_owned(),
        State::Burned { by: Some(by), .. } => format!("was burned by {by}"),
        _ => return Vec::new(),
    };
    let line = Line::new(format!(
        "link {} ({}) {how}; nobody opened it. ",
        link.id, link.title
    ));
    told(link, &Reply::line(anew(line, link)))
}

/// How to have what was in it after all.
fn anew(line: Line, link: &Link) -> Line {
    match link.access {
        Some(_) => line.then(UNUSED),
        None => line.then("A new one: ").code(format!("reissue {}", link.id)),
    }
}

/// For whoever it was sent to, and where it was asked for if somebody else did.
fn told(link: &Link, reply: &Reply) -> Vec<Post> {
    let mut posts = vec![direct(link, reply.clone())];
    if link.requester != link.recipient {
        posts.push(Post::to(link.asked_in.clone(), reply.clone()));
    }
    posts
}

fn direct(link: &Link, reply: Reply) -> Post {
    let place: Place = link.sent_to.clone();
    let mut post = Post::to(place, reply.whole());
    post.urgency = Urgency::Result;
    post
}
