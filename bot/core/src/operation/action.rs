//! What a command pack provides so that its plans can be executed: the steps, what each does, and for steps that
//! must not be repeated how to find out whether they happened. One file per action.

use async_trait::async_trait;
use serde_json::Value;

use super::{Entry, Operation};
use crate::audit;
use crate::message::Room;
use crate::plan::{Facts, Plan, PlanError};
use crate::reply::Line;
use crate::secret::Scrubber;
use crate::store::Write;
use crate::time::{Duration, Timestamp};

/// Whether a step may be done again when nobody knows whether it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice is the same as doing it once.
    Repeatable,
    /// It must be done at most once; after a doubt [`Action::reconcile`] finds out.
    Once,
}

/// A step of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the journal calls it. Must stay the same for operations in flight.
    pub name: &'static str,
    /// Whether it may be done again.
    pub repeat: Repeat,
    /// Whether it belongs to the step before: it is done also when somebody cancels in between.
    pub tied: bool,
}

impl Step {
    /// A step that may be repeated.
    pub const fn repeatable(name: &'static str) -> Self {
        Self {
            name,
            repeat: Repeat::Repeatable,
            tied: false,
        }
    }

    /// The same, and it belongs to the step before: it is done also when somebody cancels in between.
    #[must_use]
    pub const fn tied(self) -> Self {
        Self { tied: true, ..self }
    }

    /// A step that must not be repeated.
    pub const fn once(name: &'static str) -> Self {
        Self {
            name,
            repeat: Repeat::Once,
            tied: false,
        }
    }
}

/// What a step has to go on: the plan, what earlier steps returned, and the time.
#[derive(Debug)]
pub struct Run<'a> {
    /// The operation, with its plan.
    pub operation: &'a Operation,
    /// Its journal so far.
    pub journal: &'a [Entry],
    /// The present.
    pub now: Timestamp,
}

impl Run<'_> {
    /// The plan that is executed.
    pub fn plan(&self) -> &Plan {
        &self.operation.plan
    }

    /// What an earlier step returned.
    pub fn result<T: for<'de> serde::Deserialize<'de>>(&self, step: &str) -> Result<T, Trouble> {
        let value = super::journal::result(self.journal, step);
        let value = value
            .ok_or_else(|| Trouble::never(format!("the journal has no result of the step \"{step}\"")))?;
        serde_json::from_value(value.clone()).map_err(|_| {
            Trouble::never(format!(
                "the journal's result of the step \"{step}\" has an unexpected form"
            ))
        })
    }

    /// How long the present step has been going on.
    pub fn in_step(&self) -> Duration {
        crate::time::between(self.operation.step_began, self.now)
    }

    /// How long the operation has been going on.
    pub fn elapsed(&self) -> Duration {
        crate::time::between(self.operation.began, self.now)
    }
}

/// What a step came to when it was tried.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It is done; later steps may use the value.
    Done(Value),
    /// It is done by writing to our own store: the writes happen in the transaction that ends the step.
    Record {
        /// What later steps may use.
        value: Value,
        /// The writes.
        writes: Vec<Write>,
        /// What is recorded of them.
        audit: Vec<audit::Entry>,
    },
    /// It goes on: look again after `pause`.
    Wait {
        /// A durable timer, not a sleeping task.
        pause: Duration,
        /// What is going on, in words: "building". Said in the room when it changes.
        phase: String,
        /// How far that is: "8 of 14 up". Shown only where the progress is edited in place.
        detail: Option<String>,
        /// How long this usually takes, if that is known.
        usually: Option<Duration>,
    },
    /// The operation is over, and well, without the steps that follow.
    End(Ended),
}

/// What reconcile found out about a step that was in flight.
#[derive(Clone, Debug, PartialEq)]
pub enum Reconciled {
    /// It happened; this is what it would have returned.
    Happened(Value),
    /// It did not happen; it may be tried again.
    NotHappened,
    /// Not to be told yet: look again after the pause.
    Later(Duration),
    /// Nobody can tell; a person decides. What was seen, in words.
    CannotTell(String),
}

/// What kind of trouble a step met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// Nothing happened; the same again may work, after the pause if one is known.
    Again {
        /// How long the provider asks to wait.
        after: Option<Duration>,
    },
    /// Nothing happened, and the same again will not work either.
    Never,
    /// It is not known whether it happened: the reply was lost.
    Lost,
}

/// Why a step, or the reading of facts, did not work.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub struct Trouble {
    /// A sentence for the room: what happened. Without secrets.
    pub words: String,
    /// What a person can do, if there is something.
    pub hint: Option<String>,
    /// Whether to try again.
    pub kind: TroubleKind,
    /// The error beneath.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Trouble {
    /// Trouble that the same again may get over.
    pub fn again(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            hint: None,
            kind: TroubleKind::Again { after: None },
            source: None,
        }
    }

    /// Trouble that stays.
    pub fn never(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            hint: None,
            kind: TroubleKind::Never,
            source: None,
        }
    }

    /// Adds what a person can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Without any value that is known as a secret: providers' text may quote what was sent to them.
    #[must_use]
    pub(crate) fn scrubbed(mut self, scrubber: &Scrubber) -> Self {
        self.words = scrubber.scrub(&self.words).into_owned();
        self.hint = self.hint.map(|hint| scrubber.scrub(&hint).into_owned());
        self
    }

    /// What happened and what to do, as one text.
    pub fn sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}. {hint}", self.words),
            None => format!("{}.", self.words),
        }
    }
}

impl From<PlanError> for Trouble {
    fn from(error: PlanError) -> Self {
        Self {
            words: error.to_string(),
            hint: None,
            kind: TroubleKind::Never,
            source: Some(Box::new(error)),
        }
    }
}

/// News for rooms. The key makes it one announcement whoever finds it first: the operation, polling or a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// `release/treeherder-prod/v813`.
    pub key: String,
    /// The rooms.
    pub rooms: Vec<Room>,
    /// The news.
    pub line: Line,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whether it did what the plan said.
    pub good: bool,
    /// What came of it, without the name of the operation and who asked: "done · v813 live on 14 dynos".
    pub words: String,
    /// News for the rooms of the target.
    pub announcement: Option<Announcement>,
}

/// How the plans of one command are executed.
#[async_trait]
pub trait Action: Send + Sync {
    /// The name that plans call it by.
    fn name(&self) -> &'static str;

    /// What the progress and the results of a plan begin with: "deploy prod".
    fn title(&self, plan: &Plan) -> String;

    /// The steps, in order. The list for a plan never changes while operations are in flight.
    fn steps(&self) -> &'static [Step];

    /// Whether it does something to the plan's target. What only writes our own records down does not: it waits for nothing
    /// that goes on there and for nobody's lock, and keeps nobody else waiting.
    fn needs_the_target(&self) -> bool {
        true
    }

    /// Whether two plans of this action want the same, so that nobody needs both: by default, if all their parameters are
    /// equal. What an action reckons from the moment of asking it compares by that.
    fn wants_the_same(&self, one: &Plan, other: &Plan) -> bool {
        one.parameters == other.parameters
    }

    /// Reads the plan's fingerprint again.
    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble>;

    /// What moved between the plan and now, in words: "prod went from v813 to v814 (erin deployed 4 min ago)".
    fn moved(&self, plan: &Plan, found: &Facts) -> String;

    /// Does, or goes on with, a step.
    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble>;

    /// Finds out from the target whether a [`Repeat::Once`] step that was in flight happened. Never called for others.
    async fn reconcile(&self, step: &'static str, run: &Run<'_>) -> Result<Reconciled, Trouble>;

    /// What the operation says when all steps are done.
    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble>;
}
