//! How a new password for an app's account is executed. Where the server knows two passwords for a while nothing ever
//! fails: the new one is set beside the old one, the config changes, and the old one goes once all dynos have the new one.
//! Elsewhere the config changes first, with the release phase left out, and the server right after it (trap 5).
//!
//! From the first effect on every step is tied to the one before, and none but the two that send something at most once
//! ever gives up: what may pass is waited out, what stays is written down, and the last step looks which password holds.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble, TroubleKind};
use countersign_core::plan::{Facts, Plan};
use countersign_core::secret::Secret;
use countersign_core::text::span;
use countersign_core::time::Duration;

use super::apps::AppUrls;
use super::kept::{Kept, is_ours};
use super::plan_app::{self, Wanted, urls};
use super::rotated::{Came, Stand, ended, settled};
use super::url::DatabaseUrl;
use crate::access::since_begun;
use crate::databases::{Database, Databases};

/// The action where the server knows two passwords for a while.
pub(super) const WITH_TWO: &str = "db-passwd-app-two";
/// The action where it knows only one at a time.
pub(super) const WITH_ONE: &str = "db-passwd-app-one";

/// The config var that makes the app's release phase do nothing.
pub(super) const SKIP: &str = "SKIP_PREDEPLOY";

pub(super) const PREPARE: &str = "make a new password";
pub(super) const BESIDE: &str = "set it beside the old one";
pub(super) const CHANGE: &str = "change the config";
pub(super) const SET: &str = "set the password";
pub(super) const FIND: &str = "find the release";
pub(super) const PHASE: &str = "release phase";
pub(super) const DYNOS: &str = "dynos up";
pub(super) const DISCARD: &str = "discard the old password";
pub(super) const BACK: &str = "put the release phase back";
const FIND_BACK: &str = "find the second release";
const PHASE_BACK: &str = "second release phase";
const DYNOS_BACK: &str = "dynos up again";
const FORGET: &str = "forget the new password";

/// What may pass is waited out for so long.
const PATIENCE: Duration = Duration::from_hours(6);
/// Between two tries of it.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// This long after it was begun a request whose reply was lost has arrived, or never will: the app's, and the server's,
/// whose statements wait for no lock longer than that.
const SETTLE: Duration = Duration::from_mins(3);
const SETTLE_SERVER: Duration = Duration::from_mins(1);
/// Between two looks at what became of it.
const LOOK: Duration = Duration::from_secs(5);

/// Executes new passwords for accounts that an app works with.
pub(crate) struct Rotate {
    databases: Arc<Databases>,
    two: bool,
}

/// What a step has to go on.
pub(super) struct Turn<'t> {
    pub(super) databases: &'t Databases,
    pub(super) database: &'t Database,
    pub(super) urls: &'t dyn AppUrls,
    pub(super) wanted: Wanted,
    pub(super) two: bool,
    pub(super) run: &'t Run<'t>,
}

/// Which of the two releases is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The one with the new password.
    New,
    /// The one that puts the release phase back, or everything.
    Back,
}

impl Rotate {
    /// The server knows two passwords for a while.
    pub(crate) fn with_two(databases: Arc<Databases>) -> Self {
        Self { databases, two: true }
    }

    /// The server knows one password at a time.
    pub(crate) fn with_one(databases: Arc<Databases>) -> Self {
        Self {
            databases,
            two: false,
        }
    }

    fn turn<'t>(&'t self, run: &'t Run<'t>) -> Result<Turn<'t>, Trouble> {
        let wanted = Wanted::of(run.plan())?;
        Ok(Turn {
            databases: &self.databases,
            database: self.databases.at(&wanted.database)?,
            urls: urls(&self.databases)?,
            wanted,
            two: self.two,
            run,
        })
    }
}

impl Turn<'_> {
    /// What a step came to; nothing, if it was not there or a person went on without it.
    pub(super) fn came(&self, step: &str) -> Came {
        self.run.result(step).unwrap_or_default()
    }

    /// The app's URL as it is now, taken apart.
    pub(super) async fn url(&self) -> Result<DatabaseUrl, Trouble> {
        let Wanted {
            account, app, var, ..
        } = &self.wanted;
        let url = self.urls.url(app, var).await?;
        let url = url.ok_or_else(|| Trouble::never(format!("{app} has no {var} any more")))?;
        let url = DatabaseUrl::of(&url).map_err(|wrong| Trouble::never(format!("{app}'s {var} {wrong}")))?;
        if url.user() == account.as_str() {
            return Ok(url);
        }
        let words = format!("{app}'s {var} does not log in as {account} any more");
        Err(Trouble::never(words))
    }

    /// What is kept; it is there from the first step to the last.
    pub(super) async fn kept(&self) -> Result<Kept, Trouble> {
        let kept = Kept::read(self.databases, self.database, &self.wanted.account).await?;
        kept.ok_or_else(|| Trouble::never("the new password is not in the store any more"))
    }

    /// The URL with another password; no reply will ever hold it.
    pub(super) fn with(&self, url: &DatabaseUrl, password: &Secret) -> Secret {
        let url = url.with_password(password);
        self.databases.keep_secret(&url);
        url
    }

    /// What may pass is waited out, and said once: nothing else brings this to an end. `meanwhile` is what does not work as
    /// long as it lasts.
    fn patient(&self, came: Result<Progress, Trouble>, meanwhile: &str) -> Result<Progress, Trouble> {
        let trouble = match settled(came) {
            Err(trouble) => trouble,
            settled => return settled,
        };
        if self.run.in_step() > PATIENCE {
            let words = format!("{} for {}", trouble.words, span(PATIENCE));
            return Ok(Came::failed(words).done());
        }
        let pause = match trouble.kind {
            TroubleKind::Again { after: Some(asked) } => asked.max(TRY_AGAIN),
            _ => TRY_AGAIN,
        };
        Ok(Progress::Wait {
            pause,
            phase: format!("{}; {meanwhile}I keep trying", trouble.words),
            detail: None,
            usually: None,
        })
    }

    async fn step(&self, step: &'static str) -> Result<Progress, Trouble> {
        let app = &self.wanted.app;
        match step {
            PREPARE => self.prepare().await,
            BESIDE => settled(self.beside().await),
            CHANGE => settled(self.change().await),
            SET => {
                let meanwhile = format!("new connections of {app} fail until it is set; ");
                self.patient(self.set().await, &meanwhile)
            }
            FIND => self.patient(self.find(Which::New).await, ""),
            PHASE => self.patient(self.phase(Which::New).await, ""),
            DYNOS => self.patient(self.dynos(Which::New).await, ""),
            DISCARD => self.patient(self.discard().await, ""),
            BACK => self.patient(self.back().await, ""),
            FIND_BACK => self.patient(self.find(Which::Back).await, ""),
            PHASE_BACK => self.patient(self.phase(Which::Back).await, ""),
            DYNOS_BACK => self.patient(self.dynos(Which::Back).await, ""),
            _ => self.patient(self.forget().await, ""),
        }
    }
}

impl Which {
    pub(super) fn find(self) -> &'static str {
        match self {
            Self::New => FIND,
            Self::Back => FIND_BACK,
        }
    }

    pub(super) fn phase(self) -> &'static str {
        match self {
            Self::New => PHASE,
            Self::Back => PHASE_BACK,
        }
    }
}

const STEPS_WITH_TWO: &[Step] = &[
    Step::repeatable(PREPARE),
    Step::once(BESIDE).tied(),
    Step::once(CHANGE).tied(),
    Step::repeatable(FIND).tied(),
    Step::repeatable(PHASE).tied(),
    Step::repeatable(DYNOS).tied(),
    Step::repeatable(DISCARD).tied(),
    Step::repeatable(FORGET).tied(),
];

const STEPS_WITH_ONE: &[Step] = &[
    Step::repeatable(PREPARE),
    Step::once(CHANGE).tied(),
    Step::repeatable(SET).tied(),
    Step::repeatable(FIND).tied(),
    Step::repeatable(PHASE).tied(),
    Step::repeatable(DYNOS).tied(),
    Step::repeatable(BACK).tied(),
    Step::repeatable(FIND_BACK).tied(),
    Step::repeatable(PHASE_BACK).tied(),
    Step::repeatable(DYNOS_BACK).tied(),
    Step::repeatable(FORGET).tied(),
];

#[async_trait]
impl Action for Rotate {
    fn name(&self) -> &'static str {
        if self.two { WITH_TWO } else { WITH_ONE }
    }

    fn title(&self, plan: &Plan) -> String {
        let database: Result<String, _> = plan.parameter("database");
        format!("passwd {}", database.unwrap_or_default())
    }

    fn steps(&self) -> &'static [Step] {
        if self.two { STEPS_WITH_TWO } else { STEPS_WITH_ONE }
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        plan_app::facts(&self.databases, plan).await
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        plan_app::moved(plan, found)
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        self.turn(run)?.step(step).await
    }

    async fn reconcile(&self, step: &'static str, run: &Run<'_>) -> Result<Reconciled, Trouble> {
        let turn = self.turn(run)?;
        let kept = turn.kept().await?;
        let (happened, settle) = if step == BESIDE {
            if turn.database.open().await?.is_some() {
                return Ok(Reconciled::Later(LOOK));
            }
            let logs_in = turn.database.logs_in(&turn.wanted.account, &kept.password);
            (logs_in.await?, SETTLE_SERVER)
        } else {
            (plan_app::has(&turn.url().await?, &kept.password), SETTLE)
        };
        Ok(if happened {
            Reconciled::Happened(serde_json::json!(Came::changed()))
        } else if since_begun(step, run) < settle {
            Reconciled::Later(LOOK)
        } else {
            Reconciled::NotHappened
        })
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let turn = self.turn(run)?;
        let came: Vec<Came> = self.steps().iter().map(|step| turn.came(step.name)).collect();
        let failed: Vec<String> = came.iter().filter_map(|came| came.failed.clone()).collect();
        let live = [DYNOS_BACK, DYNOS].map(|step| turn.came(step).words);
        let live = live.iter().find_map(Option::as_deref);
        let Came { stand, skips, .. } = turn.came(FORGET);
        let Some(stand) = stand else {
            let why = failed.join(". ");
            return Err(
                Trouble::never(format!("{why}. I don't know which password holds")).hint(format!(
                    "The new one is kept, sealed. To go on: !db passwd {} {}",
                    turn.database.target, turn.wanted.account
                )),
            );
        };
        Ok(ended(&turn.wanted, &failed, stand, skips, live))
    }
}

impl Turn<'_> {
    /// Looks which password holds. What is kept is erased if nobody can need it any more, and the rooms hear of the end.
    async fn forget(&self) -> Result<Progress, Trouble> {
        let kept = self.kept().await?;
        let (database, account) = (self.database, &self.wanted.account);
        let url = self.url().await;
        let in_app = told(url.map(|url| plan_app::has(&url, &kept.password)))?;
        let at_server = told(database.logs_in(account, &kept.password).await)?;
        let old_holds = match &kept.old {
            Some(old) if at_server == Some(false) => told(database.logs_in(account, old).await)?,
            _ => None,
        };
        let beside = self.two && !self.came(DISCARD).changed;
        let stand = Stand::of(at_server, in_app, beside, old_holds == Some(true));
        let skips = self.skips(&kept).await?;
        let mut writes = self.told(&self.over_words(stand, skips));
        if skips && !stand.keeps() {
            let left = Kept { over: true, ..kept };
            writes.push(left.write(self.databases.links_still()?, database, account)?);
        } else if !stand.keeps() {
            writes.push(super::kept::erased(database, account));
        }
        let came = Came {
            stand: Some(stand),
            skips,
            ..Came::default()
        };
        Ok(Progress::Record {
            value: serde_json::json!(came),
            writes,
            audit: Vec::new(),
        })
    }

    /// Whether the app's release phase still does nothing, because of us. If that can't be read, we know what we did.
    async fn skips(&self, kept: &Kept) -> Result<bool, Trouble> {
        if is_ours(kept.skip.as_ref()) {
            return Ok(false);
        }
        let now = told(self.urls.url(&self.wanted.app, SKIP).await)?;
        let in_doubt = self.came(BACK).failed.is_some();
        Ok(now.map_or(in_doubt, |now| is_ours(now.as_ref())))
    }
}

/// What was found; nothing if it will never be found.
fn told<T>(found: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(trouble) if trouble.kind == TroubleKind::Never => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::operation::Repeat;

    use super::*;

    fn names(steps: &[Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn trap_5_the_new_password_is_good_before_the_app_has_it_or_right_after() {
        let (two, one) = (names(STEPS_WITH_TWO), names(STEPS_WITH_ONE));
        let before = |steps: &[&str], first: &str, then: &str| {
            let place = |name: &str| steps.iter().position(|step| *step == name).unwrap();
            place(first) < place(then)
        };
        // With two passwords: never a moment in which a URL does not log in.
        assert!(before(&two, BESIDE, CHANGE) && before(&two, DYNOS, DISCARD));
        // With one: nothing is between the config and the server, and no release phase runs before both are done.
        let change = one.iter().position(|step| *step == CHANGE).unwrap();
        assert_eq!(one[change + 1], SET);
        assert!(before(&one, SET, PHASE) && before(&one, DYNOS, BACK));
        for steps in [two, one] {
            assert_eq!((steps[0], steps[steps.len() - 1]), (PREPARE, FORGET));
        }
    }

    #[test]
    fn nobody_stops_it_half_way() {
        for step in STEPS_WITH_TWO
            .iter()
            .chain(STEPS_WITH_ONE)
            .filter(|step| step.name != PREPARE)
        {
            assert!(step.tied, "{}", step.name);
            // A lock of somebody else's stops what must be done once, so there is none after the config.
            let once = step.repeat == Repeat::Once;
            assert_eq!(once, [BESIDE, CHANGE].contains(&step.name), "{}", step.name);
        }
    }
}
