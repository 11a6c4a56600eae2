//! Runs a script on a stage: whatever the caller has built that hears messages and has a clock.

use std::io;

use async_trait::async_trait;
use countersign_core::message::Message;
use countersign_core::time::Duration;

use crate::console::Console;
use crate::script::{Script, Step};

/// Why a step failed, as the stage says it.
pub type StageError = Box<dyn std::error::Error + Send + Sync>;

/// What a script runs on. What the bot answers does not come back from here: it is sent to the [`Console`].
#[async_trait]
pub trait Stage: Send {
    /// The bot hears this, and has done so on return.
    async fn say(&mut self, message: Message) -> Result<(), StageError>;

    /// Runs what is due until no operation and no reply is in progress. Requests that wait for signatures do not
    /// count.
    async fn settle(&mut self) -> Result<(), StageError>;

    /// Lets this much time pass.
    async fn advance(&mut self, span: Duration) -> Result<(), StageError>;

    /// Stops the bot and starts it again on the same store.
    async fn restart(&mut self) -> Result<(), StageError>;

    /// The id of the newest request, for `$last`.
    async fn last_request(&mut self) -> Result<Option<String>, StageError>;

    /// `~ sandbox …`: does something to the world outside. The words after `sandbox`, at least one.
    async fn sandbox(&mut self, words: &[String]) -> Result<(), StageError>;
}

/// A step that failed. What came before it has happened.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The stage could not do it.
    #[error("line {number} ({text}) failed")]
    Step {
        /// Which line of the script.
        number: usize,
        /// The line.
        text: String,
        /// What the stage says.
        #[source]
        source: StageError,
    },
    /// `$last` stands for nothing.
    #[error(
        "line {number} ({text}): nobody has asked for anything yet, so $last is nothing; let somebody ask first"
    )]
    NoRequest {
        /// Which line of the script.
        number: usize,
        /// The line.
        text: String,
    },
    /// The transcript could not be written.
    #[error("the transcript cannot be written")]
    Write(#[source] io::Error),
}

const LAST: &str = "$last";

/// Runs a script. Every line of it is printed before it takes effect, said lines as they were said: with the id that
/// `$last` stood for. So what is printed is a script that prints the same again. Nothing happens that the script does
/// not say; one that wants to see how an operation ends says `~ settle`.
pub async fn run_script(script: &Script, console: &Console, stage: &mut dyn Stage) -> Result<(), RunError> {
    for line in &script.lines {
        let failed = |source| RunError::Step {
            number: line.number,
            text: line.text.clone(),
            source,
        };
        let Step::Say { who, place, text } = &line.step else {
            console.copy(&line.text).map_err(RunError::Write)?;
            control(&line.step, stage).await.map_err(failed)?;
            continue;
        };
        let text = if text.contains(LAST) {
            let id = stage.last_request().await.map_err(failed)?;
            let id = id.ok_or_else(|| RunError::NoRequest {
                number: line.number,
                text: line.text.clone(),
            })?;
            text.replace(LAST, &id)
        } else {
            text.clone()
        };
        console.echo(who, place, &text).map_err(RunError::Write)?;
        stage
            .say(console.message(who, place, &text))
            .await
            .map_err(failed)?;
    }
    console.flush().await.map_err(RunError::Write)
}

async fn control(step: &Step, stage: &mut dyn Stage) -> Result<(), StageError> {
    match step {
        Step::Settle => stage.settle().await,
        Step::Advance(span) => stage.advance(*span).await,
        Step::Restart => stage.restart().await,
        Step::Sandbox(words) => stage.sandbox(words).await,
        Step::Say { .. } | Step::Comment => Ok(()),
    }
}
