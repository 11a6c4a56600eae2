//! Who is connected, and what each of them is to hear.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::id::MessageId;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;

use crate::wire::{self, Tell};

/// Clients at once, in all and of one user: one of them must not keep the others out.
const MOST: usize = 128;
const MOST_OF_ONE: usize = 32;
/// Lines that may wait for a client. One that lets more than these gather does not read, and is let go.
const WAITING: usize = 1024;
/// Commands of one client that are under way at once. Its next line is read when one of them was answered.
pub(crate) const UNDER_WAY: u32 = 32;
/// Commands of one client whose consequences it still hears of: the latest.
const REMEMBERED: usize = 256;

/// Which client.
pub(crate) type Number = u64;

/// All clients.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next: Number,
    known: HashMap<Number, Client>,
}

#[derive(Debug)]
struct Client {
    uid: u32,
    lines: mpsc::Sender<String>,
    /// Commands that were not answered yet.
    unanswered: HashSet<MessageId>,
    /// Commands that it said, the latest last.
    said: VecDeque<MessageId>,
    turns: Arc<Semaphore>,
    task: Option<AbortHandle>,
}

/// What a new client needs.
pub(crate) struct Seat {
    pub(crate) number: Number,
    /// What it is to be sent; ends when the client is let go.
    pub(crate) lines: mpsc::Receiver<String>,
    /// One for each command that may be under way.
    pub(crate) turns: Arc<Semaphore>,
}

impl Clients {
    /// Takes a client in, if there is room for another.
    pub(crate) fn welcome(&self, uid: u32) -> Option<Seat> {
        let mut inner = self.inner();
        let of_this_user = inner.known.values().filter(|client| client.uid == uid).count();
        if inner.known.len() >= MOST || of_this_user >= MOST_OF_ONE {
            return None;
        }
        let (sender, lines) = mpsc::channel(WAITING);
        let turns = Arc::new(Semaphore::new(UNDER_WAY as usize));
        let number = inner.next;
        inner.next += 1;
        let client = Client {
            uid,
            lines: sender,
            unanswered: HashSet::new(),
            said: VecDeque::new(),
            turns: Arc::clone(&turns),
            task: None,
        };
        inner.known.insert(number, client);
        Some(Seat { number, lines, turns })
    }

    /// The task that serves a client, to be ended if it does not read.
    pub(crate) fn served_by(&self, number: Number, task: AbortHandle) {
        if let Some(client) = self.inner().known.get_mut(&number) {
            client.task = Some(task);
        }
    }

    /// The client is to hear nothing more; what it was sent before, it still gets.
    pub(crate) fn dismiss(&self, number: Number) {
        self.inner().known.remove(&number);
    }

    /// No client is to hear anything more.
    pub(crate) fn dismiss_all(&self) {
        self.inner().known.clear();
    }

    /// The client said something; false if it has said that already and waits for the answer.
    pub(crate) fn said(&self, number: Number, message: &MessageId) -> bool {
        let mut inner = self.inner();
        let Some(client) = inner.known.get_mut(&number) else {
            return false;
        };
        if !client.unanswered.insert(message.clone()) {
            return false;
        }
        if client.said.len() == REMEMBERED {
            client.said.pop_front();
        }
        client.said.push_back(message.clone());
        true
    }

    /// The message is dealt with: whoever said it may go on.
    pub(crate) fn answered(&self, message: &MessageId, goes_on: bool) {
        let mut inner = self.inner();
        let mut asked = inner.known.iter_mut();
        let Some((number, client)) = asked.find(|(_, client)| client.unanswered.contains(message)) else {
            return;
        };
        client.unanswered.remove(message);
        client.turns.add_permits(1);
        let tell = Tell::Answered {
            answered: wire::own_id(message).to_owned(),
            goes_on,
        };
        let number = *number;
        inner.tell(number, &tell);
    }

    /// Whether a client is there who said this.
    pub(crate) fn listens(&self, message: &MessageId) -> bool {
        self.inner().who_said(message).is_some()
    }

    /// What the message began is over.
    pub(crate) fn ended(&self, message: &MessageId, good: bool) {
        let mut inner = self.inner();
        let tell = Tell::Ended {
            ended: wire::own_id(message).to_owned(),
            good,
        };
        if let Some(number) = inner.who_said(message) {
            inner.tell(number, &tell);
        }
    }

    /// Tells a client alone.
    pub(crate) fn tell(&self, number: Number, tell: &Tell) {
        self.inner().tell(number, tell);
    }

    /// Tells those clients of a user whom it concerns: who said what it is about, all if it is about nothing that was
    /// said. Says whether anybody was told.
    pub(crate) fn tell_user(&self, uid: u32, about: Option<&MessageId>, tell: &Tell) -> bool {
        let mut inner = self.inner();
        let concerned: Vec<Number> = inner
            .known
            .iter()
            .filter(|(_, client)| client.uid == uid)
            .filter(|(_, client)| about.is_none_or(|about| client.said.contains(about)))
            .map(|(number, _)| *number)
            .collect();
        let mut told = false;
        for number in concerned {
            told |= inner.tell(number, tell);
        }
        told
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn who_said(&self, message: &MessageId) -> Option<Number> {
        let mut known = self.known.iter();
        let found = known.find(|(_, client)| client.said.contains(message));
        found.map(|(number, _)| *number)
    }

    fn tell(&mut self, number: Number, tell: &Tell) -> bool {
        let Some(client) = self.known.get(&number) else {
            return false;
        };
        if client.lines.try_send(tell.line()).is_ok() {
            return true;
        }
        tracing::warn!(
            uid = client.uid,
            "a client does not read what it is sent, and is let go"
        );
        if let Some(client) = self.known.remove(&number)
            && let Some(task) = client.task
        {
            task.abort();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Tell {
        Tell::wrong(line.to_owned())
    }

    #[test]
    fn one_user_cannot_keep_the_others_out() {
        let clients = Clients::default();
        let seats: Vec<Seat> = std::iter::from_fn(|| clients.welcome(1000)).collect();
        assert_eq!(seats.len(), MOST_OF_ONE);
        assert!(clients.welcome(1001).is_some());
        clients.dismiss(seats[0].number);
        assert!(clients.welcome(1000).is_some());
    }

    #[test]
    fn news_go_to_who_asked_or_to_all_of_the_user_and_to_nobody_else() {
        let clients = Clients::default();
        let (mut first, mut second) = (clients.welcome(1).unwrap(), clients.welcome(1).unwrap());
        let mut other = clients.welcome(2).unwrap();
        assert!(clients.said(first.number, &"1.a".into()));
        assert!(clients.tell_user(1, Some(&"1.a".into()), &said("yours")));
        assert!(clients.tell_user(1, None, &said("everybody's")));
        assert!(!clients.tell_user(1, Some(&"1.gone".into()), &said("nobody's")));
        assert!(!clients.tell_user(3, None, &said("nobody's")));
        clients.dismiss_all();
        let heard = |seat: &mut Seat| std::iter::from_fn(|| seat.lines.try_recv().ok()).collect::<String>();
        assert_eq!(
            heard(&mut first),
            said("yours").line() + &said("everybody's").line()
        );
        assert_eq!(heard(&mut second), said("everybody's").line());
        assert_eq!(heard(&mut other), "");
    }

    #[test]
    fn who_does_not_read_is_let_go() {
        let clients = Clients::default();
        let seat = clients.welcome(1).unwrap();
        for _ in 0..WAITING {
            assert!(clients.tell_user(1, None, &said("x")));
        }
        assert!(!clients.tell_user(1, None, &said("one too many")));
        drop(seat);
        assert!(!clients.tell_user(1, None, &said("x")), "it is gone");
    }

    #[test]
    fn an_answer_gives_the_turn_back_once() {
        let clients = Clients::default();
        let seat = clients.welcome(1).unwrap();
        seat.turns.try_acquire().unwrap().forget();
        assert!(clients.said(seat.number, &"1.a".into()));
        assert!(
            !clients.said(seat.number, &"1.a".into()),
            "it waits for that answer already"
        );
        clients.answered(&"1.a".into(), false);
        clients.answered(&"1.a".into(), false);
        assert_eq!(seat.turns.available_permits(), UNDER_WAY as usize);
    }
}
