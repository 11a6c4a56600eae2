//! Posts and said lines as lines of a terminal. Every line stands alone, because rooms are shown between each other:
//! `bot #treeherder> alice: …`. Colours repeat what the words say.

use countersign_core::message::Place;
use countersign_core::reply::{Post, Tone, plain};
use countersign_core::text::visible;
use unicode_width::UnicodeWidthStr as _;

use crate::place::{BOT, Where};

/// How a terminal may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// One line after the other, as to a file: for terminals that can do nothing else (`TERM=dumb`).
    Lines,
    /// Line editing and redrawing, without colours (`NO_COLOR`).
    Monochrome,
    /// Everything.
    Coloured,
}

/// A line, and how many columns it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Painted {
    pub(crate) text: String,
    pub(crate) width: usize,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const ELSEWHERE: &str = "35";
const HERE: &str = "36";

/// The lines of a post. `here` is where the person at the terminal is: the other rooms stand out.
pub(crate) fn post(post: &Post, here: Option<&Place>, look: Look) -> Vec<Painted> {
    let place = match &post.place {
        Place::Room(room) => room.name.to_string(),
        Place::Direct(account) => format!("@{}", account.name),
        Place::Nick { nick, .. } => format!("@{nick}"),
    };
    let place = visible(&place);
    let lines = plain(post);
    let tone = match post.reply.tone {
        Tone::Neutral => None,
        Tone::Good => Some(GREEN),
        Tone::Bad => Some(RED),
        Tone::Waiting => Some(YELLOW),
    };
    let place_colour = if here == Some(&post.place) { DIM } else { ELSEWHERE };
    let painted = |(index, text): (usize, &String)| {
        let bare = format!("{BOT} {place}> {text}");
        let bare = bare.trim_end();
        let text = if look == Look::Coloured {
            let text = if index == 0 {
                first(post, text, tone)
            } else {
                text.clone()
            };
            let (bot, place) = (sgr(BOLD, BOT), sgr(place_colour, &place));
            format!("{bot} {place}> {text}").trim_end().to_owned()
        } else {
            bare.to_owned()
        };
        Painted {
            text,
            width: bare.width(),
        }
    };
    lines.iter().enumerate().map(painted).collect()
}

/// The first line says how the reply is meant; the addressee stands out from it.
fn first(post: &Post, line: &str, tone: Option<&str>) -> String {
    let toned = |text: &str| tone.map_or_else(|| text.to_owned(), |colour| sgr(colour, text));
    let Some(to) = &post.to else { return toned(line) };
    let name = visible(&to.name);
    match line.strip_prefix(&*name) {
        Some(rest) => format!("{}{}", sgr(BOLD, &name), toned(rest)),
        None => toned(line),
    }
}

/// `alice #treeherder> `, without and with colours.
pub(crate) fn prompt(who: &str, place: &Where, look: Look) -> (String, String) {
    let bare = format!("{who} {place}> ");
    let shown = if look == Look::Coloured {
        format!("{} {}> ", sgr(BOLD, who), sgr(HERE, &place.to_string()))
    } else {
        bare.clone()
    };
    (bare, shown)
}

/// What somebody said, as a line.
pub(crate) fn said(who: &str, place: &Where, text: &str, look: Look) -> Painted {
    let (bare, shown) = prompt(who, place, look);
    Painted {
        text: format!("{shown}{text}"),
        width: bare.width() + text.width(),
    }
}

/// A line of a script, or of the console itself.
pub(crate) fn aside(text: &str, look: Look) -> Painted {
    Painted {
        text: if look == Look::Coloured && !text.is_empty() {
            sgr(DIM, text)
        } else {
            text.to_owned()
        },
        width: text.width(),
    }
}

fn sgr(code: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::account;
    use countersign_core::reply::{Addressee, Block, Line, Reply};

    fn room(name: &str) -> Place {
        Where::Room(name.into()).place(&"console".into(), "alice")
    }

    fn card() -> Post {
        let reply = Reply::line("request R-4QX asks to roll back prod:")
            .detail("code", "8d07be4 → 3f2a91c")
            .toned(Tone::Waiting);
        let mut card = Post::to(room("#treeherder"), reply);
        card.to = Some(Addressee {
            name: "alice".into(),
            account: None,
        });
        card
    }

    fn texts(painted: &[Painted]) -> Vec<&str> {
        painted.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn every_line_says_whose_it_is_and_where() {
        assert_eq!(
            texts(&post(&card(), None, Look::Lines)),
            [
                "bot #treeherder> alice: request R-4QX asks to roll back prod:",
                "bot #treeherder>   code  8d07be4 → 3f2a91c",
            ]
        );
    }

    #[test]
    fn a_dm_names_the_person_and_an_empty_line_ends_without_a_space() {
        let reply = Reply::line("its phrase:").block(Block::Verbatim("\nTR7K-09QF".into()));
        let dm = Post::to(Place::Direct(account(&"console".into(), "alice")), reply);
        assert_eq!(
            texts(&post(&dm, None, Look::Monochrome)),
            ["bot @alice> its phrase:", "bot @alice>", "bot @alice> TR7K-09QF"]
        );
    }

    #[test]
    fn colours_set_off_the_bot_the_room_the_addressee_and_the_tone() {
        let here = room("#treeherder");
        let seen = post(&card(), Some(&here), Look::Coloured);
        assert_eq!(
            texts(&seen),
            [
                "\x1b[1mbot\x1b[0m \x1b[2m#treeherder\x1b[0m> \x1b[1malice\x1b[0m\x1b[33m: request R-4QX asks to roll back prod:\x1b[0m",
                "\x1b[1mbot\x1b[0m \x1b[2m#treeherder\x1b[0m>   code  8d07be4 → 3f2a91c",
            ]
        );
        assert_eq!(
            seen[1].width,
            "bot #treeherder>   code  8d07be4 → 3f2a91c".chars().count()
        );
        let elsewhere = post(&card(), Some(&room("#ops")), Look::Coloured);
        assert!(elsewhere[1].text.contains("\x1b[35m#treeherder\x1b[0m"));
    }

    #[test]
    fn strangers_text_cannot_steer_the_terminal() {
        let reply = Reply::line(Line::new("last commit: ").foreign("\x1b[2Jgone\rbot #ops> done"));
        let seen = post(&Post::to(room("#ops"), reply), None, Look::Lines);
        assert_eq!(
            texts(&seen),
            ["bot #ops> last commit: <U+001B>[2Jgone<U+000D>bot #ops> done"]
        );
    }
}
