//! In which order messages are dealt with.
//!
//! What only reads is dealt with at once, whatever else goes on. What decides or plans waits until what the same sender
//! said before in the same place is dealt with: so two orders of one person are carried out in the order in which they
//! were said, and nobody waits for somebody else's slow one.

use std::collections::{HashMap, VecDeque};

use countersign_core::message::{Message, Place};
use countersign_core::plan::Effect;

/// Who waits for whom: a sender in a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Turn {
    place: Place,
    sender: String,
}

/// A message whose turn it is. When it is dealt with, its turn is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) message: Message,
    pub(super) turn: Option<Turn>,
}

/// Messages that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// A sender who is in here has a message that is being dealt with, and perhaps others that wait.
    waiting: HashMap<Turn, VecDeque<Message>>,
}

impl Turns {
    /// The message, if it is its turn; else it is kept until it is.
    pub(super) fn take(&mut self, message: Message, effect: Effect) -> Option<Next> {
        if effect == Effect::Read {
            return Some(Next { message, turn: None });
        }
        let turn = Turn {
            place: message.place.clone(),
            sender: match &message.sender.account {
                Some(account) => account.name.to_string(),
                // A space is in no account's name.
                None => format!("{} (nick)", message.sender.nick),
            },
        };
        if let Some(waiting) = self.waiting.get_mut(&turn) {
            waiting.push_back(message);
            return None;
        }
        self.waiting.insert(turn.clone(), VecDeque::new());
        Some(Next {
            message,
            turn: Some(turn),
        })
    }

    /// The turn is over: the message that is next, if there is one.
    pub(super) fn over(&mut self, turn: Turn) -> Option<Next> {
        let message = self.waiting.get_mut(&turn)?.pop_front();
        if message.is_none() {
            self.waiting.remove(&turn);
        }
        message.map(|message| Next {
            message,
            turn: Some(turn),
        })
    }

    /// All that wait, which are not waited for any more.
    pub(super) fn give_up(&mut self) -> Vec<Message> {
        let waiting = self.waiting.values_mut();
        waiting.flat_map(|waiting| waiting.drain(..)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::message::{Account, Assurance, Kind, Room, Sender};
    use countersign_core::time::from_millis;

    fn said(who: &str, room: &str, text: &str) -> Message {
        Message {
            id: text.into(),
            place: Place::Room(Room {
                network: "irc".into(),
                name: room.into(),
            }),
            sender: Sender {
                nick: who.to_owned(),
                account: Some(Account {
                    network: "irc".into(),
                    name: who.into(),
                }),
                assurance: Assurance::Account,
            },
            text: text.to_owned(),
            sent_at: from_millis(0),
            kind: Kind::Said,
            thread: None,
        }
    }

    fn text(next: Option<&Next>) -> Option<&str> {
        next.map(|next| next.message.text.as_str())
    }

    #[test]
    fn orders_of_one_person_in_one_place_wait_for_each_other() {
        let mut turns = Turns::default();
        let order = |turns: &mut Turns, who, room, text| turns.take(said(who, room, text), Effect::Change);
        let first = order(&mut turns, "alice", "#ops", "1").unwrap();
        assert_eq!(order(&mut turns, "alice", "#ops", "2"), None);
        assert_eq!(order(&mut turns, "alice", "#ops", "3"), None);
        let second = turns.over(first.turn.unwrap());
        assert_eq!(text(second.as_ref()), Some("2"));
        let third = turns.over(second.unwrap().turn.unwrap());
        assert_eq!(text(third.as_ref()), Some("3"));
        assert_eq!(turns.over(third.unwrap().turn.unwrap()), None);
        assert!(turns.waiting.is_empty(), "nothing is kept of who has no turn");
        assert!(order(&mut turns, "alice", "#ops", "4").is_some());
    }

    #[test]
    fn nobody_waits_for_others_or_for_another_room_or_to_read() {
        let mut turns = Turns::default();
        let slow = turns.take(said("alice", "#ops", "slow"), Effect::Destructive);
        assert!(slow.is_some());
        for (who, room, effect) in [
            ("bob", "#ops", Effect::Decide),
            ("alice", "#other", Effect::Change),
            ("alice", "#ops", Effect::Read),
        ] {
            assert!(turns.take(said(who, room, "x"), effect).is_some(), "{who} {room}");
        }
        let mut nick = said("alice", "#ops", "x");
        nick.sender.account = None;
        assert!(
            turns.take(nick, Effect::Change).is_some(),
            "a nick is not the account"
        );
        assert_eq!(turns.take(said("alice", "#ops", "waits"), Effect::Change), None);
        let given_up = turns.give_up();
        assert_eq!(given_up.len(), 1);
        assert_eq!(given_up[0].text, "waits");
    }
}
