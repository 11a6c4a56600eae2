//! What other people and other systems do: commits, CI, deploys behind the bot's back, and failures to come.

use jiff::{SignedDuration, Timestamp};

use super::agenda::Event;
use super::ci::{Ci, Outcome};
use super::refusal::Refusal;
use super::repository::{Draft, MoveError, Sha};
use super::{ConfigChange, World, timeline};

/// How CI of a commit is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiState {
    /// There is none.
    None,
    /// It is green already.
    Green,
    /// It is red already.
    Red,
    /// It runs and never ends.
    Running,
    /// It runs, and ends after a time.
    Ending {
        /// After which time.
        after: SignedDuration,
        /// How.
        outcome: Outcome,
    },
}

impl CiState {
    fn starting(self, now: Timestamp) -> Ci {
        let run = |ends, outcome| Ci::Run {
            started: now,
            ends,
            outcome,
        };
        match self {
            Self::None => Ci::None,
            Self::Green => Ci::green_since(now),
            Self::Red => run(Some(now), Outcome::Red),
            Self::Running => run(None, Outcome::Green),
            Self::Ending { after, outcome } => run(Some(now + after), outcome),
        }
    }
}

/// A commit to push.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// First name of whoever wrote it.
    pub author: String,
    /// The whole message.
    pub message: String,
    /// The files it adds or changes.
    pub files: Vec<String>,
}

impl World {
    /// Pushes commits to a branch; CI starts to run for the last one, and is green for the others. The new head.
    pub fn push(&mut self, branch: &str, commits: Vec<NewCommit>, ci: CiState) -> Result<Sha, MoveError> {
        let mut head = self
            .repository()
            .head(branch)
            .ok_or(MoveError::NoReference)?
            .sha
            .clone();
        for NewCommit {
            author,
            message,
            files,
        } in commits
        {
            let draft = Draft {
                author,
                message,
                files,
                date: self.now,
                ci: Ci::green_since(self.now),
            };
            head = self.repository.add(Some(&head), draft, "");
        }
        if self.move_branch(branch, &head, false)? {
            self.set_ci(&head, ci)?;
        }
        Ok(head)
    }

    /// Says how CI of a commit is from now on.
    pub fn set_ci(&mut self, commit: &str, ci: CiState) -> Result<(), MoveError> {
        let now = self.now;
        let found = self.repository.commit_mut(commit).ok_or(MoveError::NoObject)?;
        found.ci = ci.starting(now);
        if let Ci::Run { ends: Some(ends), .. } = found.ci {
            self.agenda.add(
                ends,
                Event::CiEnds {
                    commit: commit.to_owned(),
                },
            );
        }
        self.changes += 1;
        Ok(())
    }

    /// Somebody deploys a commit by hand, whatever its CI says.
    pub fn deploy(&mut self, app: &str, commit: &str, user: &str) -> Result<(), Refusal> {
        let name = self.app_mut(app)?.name;
        let commit = self
            .repository
            .resolve(commit)
            .ok_or(Refusal::NoCommit)?
            .sha
            .clone();
        self.build(name, &commit, user);
        self.changes += 1;
        Ok(())
    }

    /// Somebody rolls back to the release with this number.
    pub fn roll_back_to(&mut self, app: &str, version: u32, user: &str) -> Result<(), Refusal> {
        let found = self
            .app_mut(app)?
            .release_by_version(version)
            .ok_or(Refusal::NoRelease)?;
        let id = found.id;
        self.roll_back(app, id, user).map(|_| ())
    }

    /// Somebody sets one config var.
    pub fn set_config(&mut self, app: &str, name: &str, value: &str, user: &str) -> Result<(), Refusal> {
        let change = ConfigChange::from([(name.to_owned(), Some(value.to_owned()))]);
        self.change_config(app, change, user)
    }

    /// Switches the automatic deploys of an app. Switching on deploys nothing until the branch moves again.
    pub fn set_auto_deploy(&mut self, app: &str, on: bool) -> Result<(), Refusal> {
        let app = self.app_mut(app)?;
        app.auto_deploy.on = on;
        app.auto_deploy.waiting = None;
        self.changes += 1;
        Ok(())
    }

    /// The next build of an app will fail.
    pub fn fail_next_build(&mut self, app: &str) -> Result<(), Refusal> {
        self.app_mut(app)?.fail_next_build = true;
        Ok(())
    }

    /// The next release phase of an app will fail, whatever makes the release.
    pub fn fail_next_release_phase(&mut self, app: &str) -> Result<(), Refusal> {
        self.app_mut(app)?.fail_next_release_phase = true;
        Ok(())
    }

    /// The next one-off dyno of an app will exit with this status.
    pub fn exit_next_one_off(&mut self, app: &str, status: u8) -> Result<(), Refusal> {
        self.app_mut(app)?.next_exit_status = status;
        Ok(())
    }

    /// CI that is green some time after a push.
    pub const USUAL_CI: CiState = CiState::Ending {
        after: timeline::CI,
        outcome: Outcome::Green,
    };
}
