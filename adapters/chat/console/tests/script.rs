//! Scripts on a stage with a bot of five lines: what is printed, in which order, and that it prints itself again.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;

use async_trait::async_trait;
use countersign_console::{Console, Output, RunError, Script, Stage, StageError, Transcript, run_script};
use countersign_core::chat::Adapter as _;
use countersign_core::message::{Account, Message, Place};
use countersign_core::reply::{Post, Reply};
use countersign_core::time::{Duration, ManualClock, from_millis};

/// A bot that numbers what is asked, and does it when it is left to settle.
struct Bot {
    console: Arc<Console>,
    requests: usize,
    signed: Vec<(Place, String)>,
}

impl Bot {
    async fn post(&self, place: &Place, text: String) -> Result<(), StageError> {
        self.console
            .send(&Post::to(place.clone(), Reply::line(text)))
            .await?;
        Ok(())
    }
}

#[async_trait]
impl Stage for Bot {
    async fn say(&mut self, message: Message) -> Result<(), StageError> {
        let nick = &message.sender.nick;
        if let Some(id) = message.text.strip_prefix("!approve ") {
            self.signed.push((message.place.clone(), id.to_owned()));
            return self.post(&message.place, format!("{nick}: signed {id}")).await;
        }
        self.requests += 1;
        let answer = format!("{nick}: request R-{} is waiting", self.requests);
        self.post(&message.place, answer).await
    }

    async fn settle(&mut self) -> Result<(), StageError> {
        for (place, id) in std::mem::take(&mut self.signed) {
            self.post(&place, format!("{id}: done")).await?;
        }
        Ok(())
    }

    async fn advance(&mut self, span: Duration) -> Result<(), StageError> {
        let alice = Account {
            network: "console".into(),
            name: "alice".into(),
        };
        self.post(&Place::Direct(alice), format!("{} s have passed", span.as_secs()))
            .await
    }

    async fn restart(&mut self) -> Result<(), StageError> {
        self.signed.clear();
        Ok(())
    }

    async fn last_request(&mut self) -> Result<Option<String>, StageError> {
        Ok((self.requests > 0).then(|| format!("R-{}", self.requests)))
    }

    async fn sandbox(&mut self, words: &[String]) -> Result<(), StageError> {
        match words {
            [word] if word == "calm" => Ok(()),
            other => Err(format!("the sandbox has no {}; it has calm", other.join(" ")).into()),
        }
    }
}

async fn run(text: &str) -> (String, Result<(), RunError>) {
    let transcript = Transcript::new();
    let clock = Arc::new(ManualClock::new(from_millis(0)));
    let output = Output::stream(transcript.clone());
    let console = Arc::new(Console::new("console".into(), 1, clock, output));
    let mut bot = Bot {
        console: Arc::clone(&console),
        requests: 0,
        signed: Vec::new(),
    };
    let outcome = run_script(&Script::parse(text).unwrap(), &console, &mut bot).await;
    (transcript.text(), outcome)
}

const STORY: &str = "\
# bob signs what alice asked for, in private
~ sandbox calm

alice #treeherder> !rollback prod
bob @bot> !approve $last
~ settle
alice #ops> !rollback stage
bob #ops> !approve $last
~ restart
~ settle
~ advance 2h
";

const TOLD: &str = "\
# bob signs what alice asked for, in private
~ sandbox calm

alice #treeherder> !rollback prod
bot #treeherder> alice: request R-1 is waiting
bob @bot> !approve R-1
bot @bob> bob: signed R-1
~ settle
bot @bob> R-1: done
alice #ops> !rollback stage
bot #ops> alice: request R-2 is waiting
bob #ops> !approve R-2
bot #ops> bob: signed R-2
~ restart
~ settle
~ advance 2h
bot @alice> 7200 s have passed
";

#[tokio::test]
async fn a_script_becomes_a_transcript() {
    let (told, outcome) = run(STORY).await;
    outcome.unwrap();
    assert_eq!(told, TOLD);
}

#[tokio::test]
async fn a_transcript_is_a_script_that_prints_itself() {
    let (told, outcome) = run(TOLD).await;
    outcome.unwrap();
    assert_eq!(told, TOLD);
}

#[tokio::test]
async fn last_stands_for_nothing_before_anybody_asked() {
    let (told, outcome) = run("# too early\nbob #ops> !approve $last\n").await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, RunError::NoRequest { number: 2, .. }), "{error}");
    assert_eq!(told, "# too early\n");
}

#[tokio::test]
async fn a_step_that_fails_ends_the_script_and_is_named() {
    let (told, outcome) = run("alice #ops> !deploy\n~ sandbox earthquake\nalice #ops> !deploy\n").await;
    let error = outcome.unwrap_err();
    assert_eq!(error.to_string(), "line 2 (~ sandbox earthquake) failed");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the sandbox has no earthquake; it has calm");
    assert!(told.ends_with("R-1 is waiting\n~ sandbox earthquake\n"), "{told}");
}
