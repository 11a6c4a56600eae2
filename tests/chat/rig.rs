//! One network for the suite: the bot's adapter, and people who speak and listen.

use std::time::Duration;

use countersign_core::chat::{Adapter, Heard};
use countersign_core::message::{Message, Place};
use countersign_core::reply::{Post, Reply, Urgency};
use tokio::time::timeout;

/// How long something that must happen may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// The room that everybody is in.
pub(super) const ROOM: &str = "#treeherder";
/// Another one.
pub(super) const OTHER: &str = "#ops";

/// Who speaks. Alice and bob have accounts of their names; the stranger is called alice too, as far as that goes, and has
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Alice,
    Bob,
    Stranger,
}

/// Where it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    Room(&'static str),
    Alone,
}

/// A network, with the bot in both rooms.
pub(super) trait Rig: Sized {
    async fn start() -> Self;

    fn adapter(&self) -> &dyn Adapter;

    /// Somebody says something to the bot.
    async fn say(&mut self, who: Who, place: Where, text: &str);

    /// What the adapter hands over next.
    async fn next(&mut self) -> Heard;

    /// The next line of the bot's that is read in a room, or that alice reads in a direct message.
    async fn read(&mut self, place: Where) -> String;

    /// The post's place on this network.
    fn place(&self, place: Where) -> Place;

    /// Waits for a message.
    async fn message(&mut self) -> Message {
        let next = async {
            loop {
                if let Heard::Message(message) = self.next().await {
                    return message;
                }
            }
        };
        timeout(PATIENCE, next).await.expect("the bot hears nothing")
    }

    /// Waits for a line of the bot's.
    async fn line(&mut self, place: Where) -> String {
        timeout(PATIENCE, self.read(place))
            .await
            .unwrap_or_else(|_| panic!("nothing is read in {place:?}"))
    }

    fn post(&self, place: Where, reply: Reply) -> Post {
        Post::to(self.place(place), reply)
    }

    fn chatter(&self, place: Where, reply: Reply) -> Post {
        Post {
            urgency: Urgency::Chatter,
            ..self.post(place, reply)
        }
    }
}

/// A network whose connection can be lost.
pub(super) trait Cuttable: Rig {
    /// The connection ends, without a word.
    async fn cut(&mut self);

    /// Somebody logs out.
    async fn log_out(&mut self, who: Who);

    /// The network delivers what is said from now on twice.
    async fn echo(&mut self);

    /// A program that says that it is one says something, and so does the bot's own account from elsewhere.
    async fn bots_say(&mut self, text: &str);
}
