//! Long answers on networks that have nothing but lines: the first page is said, the rest is kept for `more`.
//!
//! In memory only: a rest that a restart loses is asked for again. What somebody signs is never cut (see
//! [`Reply::whole`](crate::reply::Reply::whole)), nor are results and news.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::message::{Account, Place};
use crate::reply::{Block, Post, Reply, Urgency, plain};
use crate::text::count;

/// Lines of an answer that are said at once in a room, where others read along, and in a direct message.
const IN_A_ROOM: usize = 10;
const IN_PRIVATE: usize = 30;
/// Rests that are kept; the oldest goes first.
const KEPT: usize = 64;

/// The rests of long answers.
#[derive(Debug, Default)]
pub struct Pages {
    rests: Mutex<VecDeque<Rest>>,
}

#[derive(Debug)]
struct Rest {
    place: Place,
    asker: Option<Account>,
    lines: Vec<String>,
}

impl Pages {
    /// The post as it is said: its first page, if it is an answer that is too long for the place. `more` is what to type
    /// for the next page there.
    pub(crate) fn first(&self, post: Post, more: &str) -> Post {
        let most = if post.place.is_direct() {
            IN_PRIVATE
        } else {
            IN_A_ROOM
        };
        if post.reply.whole || post.urgency != Urgency::Normal || post.replaces.is_some() {
            return post;
        }
        let mut lines = plain(&post);
        // A page of one line more costs less than saying that there is one more.
        if lines.len() <= most + 1 {
            return post;
        }
        let rest = lines.split_off(most);
        let left = count(rest.len(), "more line");
        let hint = if post.place.is_direct() {
            format!("({left}: type more)")
        } else {
            format!("({left}: {more}, or type more to me alone)")
        };
        self.keep(Rest {
            place: post.place.clone(),
            asker: post.to.as_ref().and_then(|to| to.account.clone()),
            lines: rest,
        });
        Post {
            to: None,
            reply: Reply {
                buttons: Vec::new(),
                attachment: None,
                ..Reply::default()
                    .block(Block::Verbatim(lines.join("\n")))
                    .and(hint)
            }
            .toned(post.reply.tone),
            ..post
        }
    }

    /// What is left of the last long answer in a place, or, to somebody alone, of the last one that was given to them.
    pub fn rest(&self, place: &Place) -> Option<Reply> {
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        let is_here = |rest: &Rest| rest.place == *place;
        let is_theirs =
            |rest: &Rest| matches!(place, Place::Direct(account) if rest.asker.as_ref() == Some(account));
        let found = rests.iter().rposition(is_here);
        let at = found.or_else(|| rests.iter().rposition(is_theirs))?;
        let rest = rests.remove(at)?;
        Some(Reply::default().block(Block::Verbatim(rest.lines.join("\n"))))
    }

    fn keep(&self, rest: Rest) {
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.retain(|other| other.place != rest.place);
        if rests.len() == KEPT {
            rests.pop_front();
        }
        rests.push_back(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Room;
    use crate::reply::Addressee;

    fn alice() -> Account {
        Account {
            network: "irc".into(),
            name: "alice".into(),
        }
    }

    fn room(name: &str) -> Place {
        Place::Room(Room {
            network: "irc".into(),
            name: name.into(),
        })
    }

    fn answer(place: Place, lines: usize) -> Post {
        let text: Vec<String> = (1..=lines).map(|n| format!("line {n}")).collect();
        let mut post = Post::to(place, Reply::default().block(Block::Verbatim(text.join("\n"))));
        post.to = Some(Addressee {
            name: "alice".into(),
            account: Some(alice()),
        });
        post
    }

    fn said(pages: &Pages, post: Post) -> Vec<String> {
        plain(&pages.first(post, "!more"))
    }

    #[test]
    fn all_of_it_is_said_page_by_page_and_nothing_twice() {
        let pages = Pages::default();
        let mut all = said(&pages, answer(room("#ops"), 25));
        assert_eq!(
            all.pop().as_deref(),
            Some("(15 more lines: !more, or type more to me alone)")
        );
        let next = Post::to(room("#ops"), pages.rest(&room("#ops")).unwrap());
        all.extend(said(&pages, next));
        assert_eq!(
            all.pop().as_deref(),
            Some("(5 more lines: !more, or type more to me alone)")
        );
        let last = Post::to(room("#ops"), pages.rest(&room("#ops")).unwrap());
        all.extend(said(&pages, last));
        let expected: Vec<String> = (1..=25)
            .map(|n| {
                if n == 1 {
                    "alice: line 1".into()
                } else {
                    format!("line {n}")
                }
            })
            .collect();
        assert_eq!(all, expected);
        assert!(pages.rest(&room("#ops")).is_none());
    }

    #[test]
    fn who_asked_in_a_room_may_read_on_alone_and_nobody_else() {
        let pages = Pages::default();
        said(&pages, answer(room("#ops"), 25));
        let mut bob = alice();
        bob.name = "bob".into();
        assert!(pages.rest(&Place::Direct(bob)).is_none());
        assert!(pages.rest(&room("#else")).is_none());
        let rest = Post::to(
            Place::Direct(alice()),
            pages.rest(&Place::Direct(alice())).unwrap(),
        );
        assert_eq!(said(&pages, rest).len(), 15);
    }

    #[test]
    fn what_is_signed_and_what_came_of_it_is_never_cut() {
        let pages = Pages::default();
        let mut card = answer(room("#ops"), 40);
        card.reply = card.reply.whole();
        assert_eq!(said(&pages, card).len(), 40);
        let mut result = answer(room("#ops"), 40);
        result.urgency = Urgency::Result;
        assert_eq!(said(&pages, result).len(), 40);
        assert_eq!(said(&pages, answer(room("#ops"), 11)).len(), 11);
    }
}
