//! What is said about accesses: to their owners alone, and to the rooms of the database. Twins are not spoken of.

use super::tend::News;
use super::way::{Want, Way};
use super::{Access, Kind, PREFIX, State, Why};
use crate::context::Context;
use crate::id::TargetName;
use crate::message::{Place, Room};
use crate::person::Person;
use crate::plan::Effect;
use crate::reply::{Line, Post, Reply, Tone, Urgency};
use crate::text::{count, span, visible};
use crate::time::{Timestamp, between};

/// What the owners of accesses are told to type.
const RENEW: &str = "db access renew";
const GRANT: &str = "db access grant";

/// Names that stand in one line; of more only their number is said.
const NAMES: usize = 3;

/// For its owner: they can log in.
pub(super) fn unlocked(context: &Context, access: &Access, now: Timestamp) -> Option<Post> {
    let owner = Owner::of(context, access)?;
    let account = &access.account;
    let line = Line::new(format!(
        "{} can be used now. In the folder with both files from the link: ",
        access.title()
    ))
    .code(format!("mysql --defaults-extra-file={account}.cnf"));
    let line = match access.ends {
        Some(ends) => owner.renew(
            line.then(format!(" · it ends by itself in {}; ", span(between(now, ends)))),
            "later: ",
        ),
        None => line,
    };
    Some(owner.post(Reply::line(line).toned(Tone::Good)))
}

/// For its owner: the new password is the one that counts.
pub(super) fn password_set(context: &Context, access: &Access) -> Option<Post> {
    let words = format!(
        "{}: the password from the link is in force; the one before it is not accepted any more.",
        access.title()
    );
    to_owner(context, access, Reply::line(words).toned(Tone::Good))
}

/// For its owner: its end is near.
pub(super) fn reminder(context: &Context, access: &Access, now: Timestamp) -> Option<Post> {
    let (ends, owner) = (access.ends?, Owner::of(context, access)?);
    let line = Line::new(format!(
        "{} ends in {}. ",
        access.title(),
        span(between(now, ends))
    ));
    let line = if access.latest_end.is_some_and(|latest| latest > ends) {
        owner.renew(line, "If you still need it: ")
    } else {
        owner.again(
            line.then("That is as long as it may last. "),
            "A new one, after that: ",
        )
    };
    Some(owner.post(Reply::line(line).toned(Tone::Waiting)))
}

/// For its owner: it is over. Who never could use it was told why by their link or their operation.
pub(super) fn ended(context: &Context, access: &Access) -> Option<Post> {
    let owner = Owner::of(context, access)?;
    let (how, who) = match access.state.why()? {
        Why::Expired => ("has ended: its time was over".to_owned(), ""),
        Why::Revoked { by } if owner.person.id == *by => ("has ended: you revoked it".to_owned(), ""),
        Why::Revoked { by } => (
            format!("has ended: {by} revoked it"),
            ", and who was logged in is not",
        ),
        Why::Gone => ("is gone: somebody removed it at the server".to_owned(), ""),
        Why::Unopened | Why::Burned | Why::Failed | Why::Done => return None,
    };
    let line = Line::new(format!(
        "{} {how}. Nobody can log in with it any more{who}. ",
        access.title()
    ));
    Some(owner.post(Reply::line(owner.again(line, "A new one: "))))
}

/// For its owner: what they wait for does not happen.
pub(super) fn ails(context: &Context, access: &Access, now: Timestamp) -> Option<Post> {
    let trouble = access.trouble.as_ref()?;
    let line = Line::new(format!(
        "{} {} for {}: ",
        access.title(),
        cannot(access),
        span(between(trouble.since, now))
    ))
    .foreign(trouble.words.clone())
    .then(" I keep trying.");
    to_owner(context, access, Reply::line(line).toned(Tone::Bad))
}

/// What the server does not do.
fn cannot(access: &Access) -> &'static str {
    match access.state {
        State::Ending { .. } => "could not be ended",
        State::Live { .. } => "could not get its new password",
        _ => "could not be unlocked",
    }
}

/// What that means meanwhile.
fn meanwhile(access: &Access) -> &'static str {
    match access.state {
        State::Ending { .. } => "Until then somebody may still be able to use it",
        State::Live { .. } => "Until then the password before it is in force",
        _ => "Until then nobody can use it",
    }
}

fn done(access: &Access) -> &'static str {
    match access.state {
        State::Ended { .. } => "ended after all",
        _ => "done after all",
    }
}

/// For the rooms: one line for each kind of news, however many accesses it is about.
pub(super) fn rooms(news: &[&News], database: &TargetName, rooms: &[Room]) -> Vec<Post> {
    let mut lines: Vec<(Line, Tone)> = Vec::new();
    let ailing = |access: &&Access| access.kind != Kind::Twin;
    let ails = news.iter().filter_map(|news| match news {
        News::Ails(access) => Some(access),
        News::Mended(_) => None,
    });
    let mended = news.iter().filter_map(|news| match news {
        News::Mended(access) => Some(access),
        News::Ails(_) => None,
    });
    for (_, group) in by(ails.filter(ailing), cannot) {
        let first = group[0];
        let Some(trouble) = &first.trouble else { continue };
        let line = names(Line::new(format!("{database}: ")), &group)
            .then(format!(" {}: ", cannot(first)))
            .foreign(trouble.words.clone())
            .then(format!(" {}. I keep trying.", meanwhile(first)));
        lines.push((line, Tone::Bad));
    }
    for (what, group) in by(mended.filter(ailing), done) {
        let line = names(Line::new(format!("{database}: ")), &group).then(format!(": {what}."));
        lines.push((line, Tone::Good));
    }
    let post = |room: &Room| {
        let place = Place::Room(room.clone());
        let replies = lines
            .iter()
            .map(|(line, tone)| Reply::line(line.clone()).toned(*tone));
        replies
            .map(|reply| urgent(place.clone(), reply))
            .collect::<Vec<_>>()
    };
    rooms.iter().flat_map(post).collect()
}

/// Accesses by what is said of them, in the order in which they come.
fn by<'a>(
    accesses: impl Iterator<Item = &'a Access>,
    what: fn(&Access) -> &'static str,
) -> Vec<(&'static str, Vec<&'a Access>)> {
    let mut groups: Vec<(&'static str, Vec<&Access>)> = Vec::new();
    for access in accesses {
        match groups.iter_mut().find(|(words, _)| *words == what(access)) {
            Some((_, group)) => group.push(access),
            None => groups.push((what(access), vec![access])),
        }
    }
    groups
}

/// `cs_alice, cs_bob, cs_carol and 497 more accounts`. They are text from a server.
fn names(line: Line, accesses: &[&Access]) -> Line {
    let mut line = line;
    for (n, access) in accesses.iter().take(NAMES).enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        line = line.then(comma).foreign(visible(&access.account).into_owned());
    }
    match accesses.len().saturating_sub(NAMES) {
        0 => line,
        more => line.then(format!(" and {more} more")),
    }
}

/// For the rooms: accounts that nobody knows.
pub(super) fn strays(strays: &[Access], database: &TargetName, rooms: &[Room], prefix: &str) -> Vec<Post> {
    let Some(first) = strays.first() else {
        return Vec::new();
    };
    let all: Vec<&Access> = strays.iter().collect();
    let number = match strays.len() {
        1 => "there is an account".to_owned(),
        many => format!("there are {}", count(many, "account")),
    };
    let line = Line::new(format!("{database}: {number} that I did not make: "));
    let line = names(line, &all)
        .then(". Whoever needs none of it types: ")
        .code(format!("{prefix}db access revoke {}", first.id));
    to_rooms(rooms, &Reply::line(line).toned(Tone::Waiting))
}

/// For the rooms: records of accounts that are not there.
pub(super) fn gone(gone: &[&Access], database: &TargetName, rooms: &[Room]) -> Vec<Post> {
    if gone.is_empty() {
        return Vec::new();
    }
    let verb = if gone.len() == 1 { "is" } else { "are" };
    let line = names(Line::new(format!("{database}: ")), gone).then(format!(
        " {verb} not at the server any more: somebody else removed what I had made."
    ));
    to_rooms(rooms, &Reply::line(line).toned(Tone::Bad))
}

/// For the rooms: accounts that were gone are there again.
pub(super) fn back(back: &[Access], database: &TargetName, rooms: &[Room]) -> Vec<Post> {
    if back.is_empty() {
        return Vec::new();
    }
    let all: Vec<&Access> = back.iter().collect();
    let (verb, whose) = if back.len() == 1 {
        ("is", "its")
    } else {
        ("are", "their")
    };
    let line = names(Line::new(format!("{database}: ")), &all).then(format!(
        " {verb} at the server again after having been gone; what was decided about {whose} end holds."
    ));
    to_rooms(rooms, &Reply::line(line).toned(Tone::Waiting))
}

/// For the rooms: nobody can tell which accounts there are.
pub(super) fn blind(database: &TargetName, words: &str, rooms: &[Room]) -> Vec<Post> {
    let line = Line::new(format!("{database}: I can't see which accounts there are: "))
        .foreign(words.to_owned())
        .then(" I keep looking.");
    to_rooms(rooms, &Reply::line(line).toned(Tone::Bad))
}

/// For the rooms: that is over.
pub(super) fn sees(database: &TargetName, rooms: &[Room]) -> Vec<Post> {
    let words = format!("{database}: I can see again which accounts there are.");
    to_rooms(rooms, &Reply::line(words).toned(Tone::Good))
}

fn to_rooms(rooms: &[Room], reply: &Reply) -> Vec<Post> {
    let post = |room: &Room| urgent(Place::Room(room.clone()), reply.clone());
    rooms.iter().map(post).collect()
}

fn to_owner(context: &Context, access: &Access, reply: Reply) -> Option<Post> {
    Some(Owner::of(context, access)?.post(reply))
}

/// Whose it is, and where they alone are reached most surely.
struct Owner<'a> {
    context: &'a Context,
    access: &'a Access,
    person: &'a Person,
    place: Place,
}

impl<'a> Owner<'a> {
    fn of(context: &'a Context, access: &'a Access) -> Option<Self> {
        if access.kind == Kind::Twin {
            return None;
        }
        let person = context.settings.directory.person(access.owner.as_ref()?)?;
        let asked_on = access.asked_in.as_ref().map(Place::network);
        let asked_on = asked_on.or_else(|| person.accounts.first().map(|account| &account.network))?;
        let surely = context
            .links
            .as_ref()
            .and_then(|links| links.place_of(person, asked_on));
        let place = match surely {
            Some((place, _)) => place,
            None => Place::Direct(person.reached_from(asked_on)?.clone()),
        };
        Some(Self {
            context,
            access,
            person,
            place,
        })
    }

    /// How it comes to last longer.
    fn renew(&self, line: Line, words: &str) -> Line {
        let renew = format!("{RENEW} {}", self.access.account);
        let way = self.way(RENEW, Effect::Change);
        way.said(line, words, &self.context.settings.prefix, &renew, &renew)
    }

    /// How there comes to be another one.
    fn again(&self, line: Line, words: &str) -> Line {
        let (Kind::Person, Some(name)) = (self.access.kind, self.access.account.strip_prefix(PREFIX)) else {
            return line;
        };
        let own = format!("{GRANT} {name}");
        let others = format!("{own} --for {}", self.person.id);
        let way = self.way(GRANT, Effect::Destructive);
        way.said(line, words, &self.context.settings.prefix, &own, &others)
    }

    fn way(&self, command: &str, effect: Effect) -> Way {
        let keeper = self.context.keeper.as_ref();
        let rooms = keeper.map(|keeper| keeper.rooms(&self.access.database));
        let want = Want {
            command: &command.into(),
            effect,
            database: &self.access.database,
            rooms: &rooms.unwrap_or_default(),
            now: self.context.now(),
        };
        Way::of(&self.context.settings, self.person, &self.place, want)
    }

    fn post(&self, reply: Reply) -> Post {
        urgent(self.place.clone(), reply.whole())
    }
}

fn urgent(place: Place, reply: Reply) -> Post {
    let mut post = Post::to(place, reply);
    post.urgency = Urgency::Result;
    post
}
