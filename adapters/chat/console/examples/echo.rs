//! A bot that repeats what it hears, to try the console with. `!progress` shows a post that is edited in place,
//! `!card` one of several lines, `!dm` answers in private. With a file as its argument it runs that script.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_console::{Console, Look, Output, Script, Session, Stage, StageError, run_script};
use countersign_core::chat::Adapter as _;
use countersign_core::message::{Message, Place};
use countersign_core::reply::{Addressee, Block, Line, Post, Reply, Tone};
use countersign_core::time::{ManualClock, from_millis};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), StageError> {
    let clock = Arc::new(ManualClock::new(from_millis(0)));
    let output = Output::stdout(Look::Coloured);
    let console = Arc::new(Console::new("console".into(), 1, clock, output));
    let mut bot = Echo {
        console: Arc::clone(&console),
    };
    if let Some(path) = std::env::args().nth(1) {
        let script = Script::parse(&std::fs::read_to_string(path)?)?;
        return Ok(run_script(&script, &console, &mut bot).await?);
    }
    let (heard, mut messages) = mpsc::channel(16);
    let session = Session {
        who: "alice".into(),
        room: "#treeherder".into(),
        people: ["alice", "bob", "erin"].map(String::from).into(),
        rooms: ["#treeherder", "#ops"].map(String::from).into(),
        commands: ["!progress", "!card", "!dm"].map(String::from).into(),
        history: None,
    };
    console.note(["an echo of what you say; /help explains this terminal"])?;
    let session = tokio::spawn(session.run(Arc::clone(&console), heard));
    while let Some(message) = messages.recv().await {
        bot.say(message).await?;
    }
    session.await??;
    Ok(console.flush().await?)
}

struct Echo {
    console: Arc<Console>,
}

#[async_trait]
impl Stage for Echo {
    async fn say(&mut self, message: Message) -> Result<(), StageError> {
        let mut place = message.place.clone();
        let reply = match message.text.as_str() {
            "!progress" => {
                tokio::spawn(progress(Arc::clone(&self.console), place));
                return Ok(());
            }
            "!card" => Reply::line("request R-4QX asks to roll back prod:")
                .detail("code", "8d07be4 → 3f2a91c")
                .detail("needs", Line::new("1 signature; type ").code("!approve R-4QX"))
                .toned(Tone::Waiting),
            "!dm" => {
                place = message.sender.account.clone().map_or(place, Place::Direct);
                Reply::line("between you and me")
            }
            text => Reply::line(Line::new("you said ").foreign(text)),
        };
        let mut post = Post::to(place, reply);
        post.to = Some(Addressee {
            name: message.sender.nick,
            account: message.sender.account,
        });
        self.console.send(&post).await?;
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), StageError> {
        Ok(())
    }

    async fn advance(&mut self, _: Duration) -> Result<(), StageError> {
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), StageError> {
        Ok(())
    }

    async fn last_request(&mut self) -> Result<Option<String>, StageError> {
        Ok(Some("R-4QX".to_owned()))
    }

    async fn sandbox(&mut self, words: &[String]) -> Result<(), StageError> {
        Err(format!("an echo has no {}", words.join(" ")).into())
    }
}

/// One post, changed until it is done.
async fn progress(console: Arc<Console>, place: Place) -> Result<(), StageError> {
    const STEPS: usize = 5;
    let mut id = None;
    for done in 0..=STEPS {
        let elapsed = Duration::from_secs(done as u64 * 20);
        let mut post = Post::to(
            place.clone(),
            Reply::line("deploy prod: building · usually 4 min"),
        );
        post.reply = post.reply.block(Block::Progress {
            done,
            of: STEPS,
            elapsed,
        });
        if done == STEPS {
            post.reply = Reply::line("deploy prod: done · v813 live").toned(Tone::Good);
        }
        post.replaces = id;
        id = console.send(&post).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
