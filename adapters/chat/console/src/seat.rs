//! The person at the terminal: who they are at the moment, where, and what the lines mean that begin with `/`.

use countersign_core::command::closest;
use countersign_core::text;

use crate::place::{Where, is_person, is_room};

/// What begins with `/`, and what it does.
pub(crate) const SLASH: [(&str, &str, &str); 7] = [
    ("/as", " NAME", "speak as somebody else"),
    (
        "/in",
        " #ROOM",
        "go to a room; /in alone goes back to the last one",
    ),
    ("/dm", "", "speak to the bot alone"),
    ("/who", "", "who you are, and where"),
    ("/rooms", "", "the rooms"),
    ("/help", "", "this"),
    ("/quit", "", "leave; Ctrl-D does it, too"),
];

/// What a typed line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Said, as the person and in the place of the seat.
    Said(String),
    /// Done; this is to be told.
    Done(Vec<String>),
    /// They leave.
    Leave,
}

/// Who speaks, and where.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) who: String,
    pub(crate) place: Where,
    room: String,
    people: Vec<String>,
    pub(crate) rooms: Vec<String>,
}

impl Seat {
    /// `who` in `room`. The rooms begin with that one.
    pub(crate) fn new(who: String, room: String, people: Vec<String>, mut rooms: Vec<String>) -> Self {
        if !rooms.contains(&room) {
            rooms.insert(0, room.clone());
        }
        Self {
            who,
            place: Where::Room(room.as_str().into()),
            room,
            people,
            rooms,
        }
    }

    pub(crate) fn typed(&mut self, line: &str) -> Typed {
        let line = line.trim();
        if line.is_empty() {
            return Typed::Done(Vec::new());
        }
        if !line.starts_with('/') {
            return Typed::Said(line.to_owned());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        Typed::Done(match words.as_slice() {
            ["/as", name] => vec![self.speak_as(name)],
            ["/in", room] => vec![self.go_to(room)],
            ["/in"] => vec![self.go_to(&self.room.clone())],
            ["/dm"] => vec![self.talk_to_bot()],
            ["/who"] => vec![self.whereabouts()],
            ["/rooms"] => self.rooms.iter().map(|room| self.marked(room)).collect(),
            ["/help"] => self.help(),
            ["/quit"] => return Typed::Leave,
            [word, ..] => vec![misunderstood(word)],
            [] => Vec::new(),
        })
    }

    fn speak_as(&mut self, name: &str) -> String {
        if !is_person(name) {
            return format!("nobody can be called {name}: a name is one word without #, @ and >");
        }
        name.clone_into(&mut self.who);
        if self.people.is_empty() || self.people.iter().any(|person| person == name) {
            self.whereabouts()
        } else {
            let people = text::list(&self.people);
            format!(
                "{}; the bot does not know {name}, it knows: {people}",
                self.whereabouts()
            )
        }
    }

    fn go_to(&mut self, room: &str) -> String {
        let room = if room.starts_with('#') {
            room.to_owned()
        } else {
            format!("#{room}")
        };
        if !is_room(&room) {
            return format!("no room can be called {room}: /in #ROOM, one word");
        }
        if !self.rooms.contains(&room) {
            self.rooms.push(room.clone());
        }
        self.place = Where::Room(room.as_str().into());
        self.room = room;
        self.whereabouts()
    }

    fn talk_to_bot(&mut self) -> String {
        self.place = Where::Direct;
        format!("{}; /in goes back to {}", self.whereabouts(), self.room)
    }

    fn whereabouts(&self) -> String {
        match &self.place {
            Where::Room(room) => format!("you are {} in {room}", self.who),
            Where::Direct => format!("you are {}, alone with the bot", self.who),
        }
    }

    fn marked(&self, room: &str) -> String {
        match &self.place {
            Where::Room(here) if here.as_str() == room => format!("{room} (you are here)"),
            _ => room.to_owned(),
        }
    }

    fn help(&self) -> Vec<String> {
        let said = match &self.place {
            Where::Room(room) => format!("what you type is said by {} in {room}", self.who),
            Where::Direct => format!("what you type is said by {} to the bot alone", self.who),
        };
        let mut lines = vec![format!("{said}; lines that begin with / are for this terminal:")];
        lines.extend(SLASH.iter().map(|(word, argument, meaning)| {
            let typed = format!("{word}{argument}");
            format!("  {typed:10}  {meaning}")
        }));
        if !self.people.is_empty() {
            lines.push(format!("known people: {}", text::list(&self.people)));
        }
        lines.push(format!("rooms: {}", text::list(&self.rooms)));
        lines
    }
}

/// One of ours with the wrong words after it, or none of ours.
fn misunderstood(word: &str) -> String {
    if let Some((word, argument, meaning)) = SLASH.iter().find(|(ours, ..)| *ours == word) {
        return format!("it is {word}{argument}: {meaning}");
    }
    let near = closest(word, SLASH.iter().map(|(word, ..)| *word));
    if near.is_empty() {
        format!("there is no {word}; type /help")
    } else {
        format!("there is no {word}; did you mean {}?", text::either(near))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Seat {
        let people = vec!["alice".into(), "bob".into()];
        Seat::new("alice".into(), "#treeherder".into(), people, vec!["#ops".into()])
    }

    /// What the terminal answers, on one line.
    fn told(seat: &mut Seat, line: &str) -> String {
        match seat.typed(line) {
            Typed::Done(lines) => lines.join(" | "),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_person_changes_who_and_where_they_are() {
        let mut seat = alice();
        assert_eq!(told(&mut seat, "/as bob"), "you are bob in #treeherder");
        assert_eq!(told(&mut seat, "/in ops"), "you are bob in #ops");
        assert_eq!(
            told(&mut seat, "/dm"),
            "you are bob, alone with the bot; /in goes back to #ops"
        );
        assert_eq!(told(&mut seat, "/who"), "you are bob, alone with the bot");
        assert_eq!(told(&mut seat, "/in"), "you are bob in #ops");
        assert_eq!(told(&mut seat, "/in #new"), "you are bob in #new");
        assert_eq!(
            told(&mut seat, "/rooms"),
            "#treeherder | #ops | #new (you are here)"
        );
    }

    #[test]
    fn everything_else_is_said() {
        let mut seat = alice();
        assert_eq!(
            seat.typed("  !deploy prod "),
            Typed::Said("!deploy prod".to_owned())
        );
        assert_eq!(seat.typed("   "), Typed::Done(vec![]));
        assert_eq!(seat.typed("/quit"), Typed::Leave);
    }

    #[test]
    fn strangers_may_speak_and_are_told_that_they_are() {
        let mut seat = alice();
        assert_eq!(
            told(&mut seat, "/as mallory"),
            "you are mallory in #treeherder; the bot does not know mallory, it knows: alice, bob"
        );
        assert!(told(&mut seat, "/as bot").starts_with("nobody can be called bot"));
        assert_eq!(seat.who, "mallory");
    }

    #[test]
    fn slips_are_answered_with_what_to_type() {
        let mut seat = alice();
        assert_eq!(told(&mut seat, "/sa bob"), "there is no /sa; did you mean /as?");
        assert_eq!(told(&mut seat, "/deploy prod"), "there is no /deploy; type /help");
        assert_eq!(told(&mut seat, "/as"), "it is /as NAME: speak as somebody else");
        let help = told(&mut seat, "/help");
        assert!(
            help.contains("known people: alice, bob") && help.contains("/in #ROOM"),
            "{help}"
        );
    }
}
