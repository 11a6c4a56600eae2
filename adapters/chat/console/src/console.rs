//! The adapter: posts go out as lines, said lines become messages.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::chat::{Adapter, Capabilities, Reach, SendError};
use countersign_core::id::{NetworkId, PostId};
use countersign_core::message::{Assurance, Kind, Message, Place, Sender};
use countersign_core::reply::Post;
use countersign_core::time::Clock;

use crate::output::{Output, locked};
use crate::place::{Where, account};
use crate::render::{self, Painted};

/// A network in one terminal or one stream.
pub struct Console {
    network: NetworkId,
    output: Output,
    clock: Arc<dyn Clock>,
    next: AtomicU64,
    /// Where the person at the terminal is.
    here: Mutex<Option<Place>>,
}

impl Console {
    /// A network of this name. Ids of messages and posts are counted from `first`: on a store that has seen a console
    /// before, pass what was not used yet (the milliseconds since 1970 will do), because the same id is the same
    /// message.
    pub fn new(network: NetworkId, first: u64, clock: Arc<dyn Clock>, output: Output) -> Self {
        Self {
            network,
            output,
            clock,
            next: AtomicU64::new(first),
            here: Mutex::new(None),
        }
    }

    /// A message as if `who` had just said it. The account is taken for proven, because it is one person's terminal.
    pub fn message(&self, who: &str, place: &Where, text: &str) -> Message {
        Message {
            id: format!("c{}", self.count()).into(),
            place: place.place(&self.network, who),
            sender: Sender {
                nick: who.to_owned(),
                account: Some(account(&self.network, who)),
                assurance: Assurance::Account,
            },
            text: text.to_owned(),
            sent_at: self.clock.now(),
            kind: Kind::Said,
            thread: None,
        }
    }

    /// Prints lines of the console itself. To a stream they are comments, so that what it prints stays a script.
    pub fn note<T: AsRef<str>>(&self, lines: impl IntoIterator<Item = T>) -> io::Result<()> {
        self.output.print(self.notes(lines), None, None)
    }

    /// The same for whoever has just taken a typed line: it comes before everything else.
    pub(crate) fn answer(&self, lines: &[String]) -> io::Result<()> {
        self.output.print_first(self.notes(lines))
    }

    fn notes<T: AsRef<str>>(&self, lines: impl IntoIterator<Item = T>) -> Vec<Painted> {
        let mark = if self.output.edits() { "" } else { "# " };
        lines
            .into_iter()
            .map(|line| self.aside(&format!("{mark}{}", line.as_ref())))
            .collect()
    }

    /// Waits until everything that was sent so far is out. A stream is flushed with every post.
    pub async fn flush(&self) -> io::Result<()> {
        self.output.flush().await
    }

    /// Prints what somebody said, where nobody typed it.
    pub(crate) fn echo(&self, who: &str, place: &Where, text: &str) -> io::Result<()> {
        let said = render::said(who, place, text, self.output.look);
        self.output.print(vec![said], None, None)
    }

    /// Prints a line of a script as it is.
    pub(crate) fn copy(&self, text: &str) -> io::Result<()> {
        self.output.print(vec![self.aside(text)], None, None)
    }

    /// The person at the terminal is there now.
    pub(crate) fn look_at(&self, who: &str, place: &Where) {
        *locked(&self.here) = Some(place.place(&self.network, who));
    }

    pub(crate) fn output(&self) -> &Output {
        &self.output
    }

    fn aside(&self, text: &str) -> Painted {
        render::aside(text, self.output.look)
    }

    fn count(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

#[async_trait]
impl Adapter for Console {
    fn network(&self) -> &NetworkId {
        &self.network
    }

    /// No buttons, although a reply may have some: the line above them says what to type, and here one types.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            edits: self.output.edits(),
            threads: false,
            buttons: false,
            files: false,
            line_bytes: None,
            reach: Reach::Account,
        }
    }

    fn is_ready(&self) -> bool {
        true
    }

    /// An edited post keeps its id. It is redrawn if nothing was printed under it, else printed anew.
    async fn send(&self, post: &Post) -> Result<Option<PostId>, SendError> {
        let lines = {
            let here = locked(&self.here);
            render::post(post, here.as_ref(), self.output.look)
        };
        let replaces = post.replaces.clone().filter(|_| self.output.edits());
        let id = match &replaces {
            Some(id) => Some(id.clone()),
            None if self.output.edits() => Some(PostId::from(format!("p{}", self.count()))),
            None => None,
        };
        match self.output.print(lines, id.clone(), replaces) {
            Ok(()) => Ok(id),
            Err(error) => Err(SendError::Away {
                network: self.network.clone(),
                reason: error.to_string(),
            }),
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("network", &self.network)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Transcript;
    use countersign_core::reply::Reply;
    use countersign_core::time::{ManualClock, from_millis};

    fn console() -> (Console, Transcript) {
        let transcript = Transcript::new();
        let clock = Arc::new(ManualClock::new(from_millis(5_000)));
        let output = Output::stream(transcript.clone());
        (Console::new("console".into(), 7, clock, output), transcript)
    }

    #[test]
    fn a_said_line_is_a_message_with_a_proven_account_and_an_id_of_its_own() {
        let (console, _) = console();
        let first = console.message("alice", &Where::Room("#ops".into()), "!ping");
        assert_eq!(first.id.as_str(), "c7");
        assert_eq!(first.sender.account, Some(account(&"console".into(), "alice")));
        assert_eq!(first.sender.assurance, Assurance::Account);
        assert_eq!(first.sent_at, from_millis(5_000));
        let second = console.message("bob", &Where::Direct, "!ping");
        assert_eq!(second.id.as_str(), "c8");
        assert_eq!(second.place, Place::Direct(account(&"console".into(), "bob")));
    }

    #[tokio::test]
    async fn a_stream_gets_a_line_for_each_line_and_takes_nothing_back() {
        let (console, transcript) = console();
        assert!(!console.capabilities().edits);
        let place = Where::Room("#ops".into()).place(&"console".into(), "alice");
        let mut post = Post::to(place, Reply::line("building").and("half way"));
        assert_eq!(console.send(&post).await.unwrap(), None);
        post.replaces = Some("p1".into());
        post.reply = Reply::line("done");
        assert_eq!(console.send(&post).await.unwrap(), None);
        console.note(["it is one person's terminal"]).unwrap();
        assert_eq!(
            transcript.text(),
            "bot #ops> building\nbot #ops> half way\nbot #ops> done\n# it is one person's terminal\n"
        );
    }

    #[tokio::test]
    async fn a_post_to_a_closed_pipe_is_said_not_to_have_arrived() {
        struct Closed;
        impl io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let clock = Arc::new(ManualClock::new(from_millis(0)));
        let console = Console::new("console".into(), 1, clock, Output::stream(Closed));
        let place = Where::Direct.place(&"console".into(), "alice");
        let outcome = console.send(&Post::to(place, Reply::line("hello"))).await;
        assert!(matches!(outcome, Err(SendError::Away { .. })), "{outcome:?}");
    }
}
