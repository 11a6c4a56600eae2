//! How a new password for an account with an owner is executed. Either it is handed out, and set by the keeper when its
//! link is opened; or it is set first and handed out then. In between it is in the account's record, sealed.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::access::{Access, Kind, NewAccess, NewPassword, password_of};
use countersign_core::audit::Event;
use countersign_core::id::{AccessId, LinkId};
use countersign_core::link::Issue;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble, TroubleKind};
use countersign_core::plan::{Facts, Plan};
use countersign_core::reply::{Post, Reply};
use countersign_core::store::Write;
use countersign_core::time::Duration;
use countersign_mysql::Password;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::plan_owned::{Look, Wanted, moved};
use super::set::{Set, apply, behind, is_everywhere, is_set, waiting};
use crate::access::content;
use crate::databases::{Database, Databases};
use crate::trouble::{unstored, with_state};

/// The action that sets it when the link is opened.
pub(super) const WHEN_OPENED: &str = "db-passwd";
/// The action that sets it first.
pub(super) const AT_ONCE: &str = "db-passwd-now";

const RECORD: &str = "keep a record";
const SET: &str = "set the password";
const HAND_OUT: &str = "hand it out";

/// What may pass is waited out for so long.
const PATIENCE: Duration = Duration::from_hours(6);
/// Between two tries of it.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Executes new passwords for accounts with an owner.
pub(crate) struct Owned {
    databases: Arc<Databases>,
    at_once: bool,
}

/// What the first step leaves in the journal.
#[derive(Serialize, Deserialize)]
struct Recorded {
    access: AccessId,
}

/// What handing it out leaves; nothing is handed out that the server has refused.
#[derive(Serialize, Deserialize)]
struct Handed {
    link: Option<LinkId>,
}

impl Owned {
    /// It is set when its link is opened.
    pub(crate) fn when_opened(databases: Arc<Databases>) -> Self {
        Self {
            databases,
            at_once: false,
        }
    }

    /// It is set at once.
    pub(crate) fn at_once(databases: Arc<Databases>) -> Self {
        Self {
            databases,
            at_once: true,
        }
    }

    fn sealed(
        &self,
        id: &AccessId,
        password: &Password,
        link: Option<LinkId>,
    ) -> Result<NewPassword, Trouble> {
        let links = self.databases.links_still()?;
        let secret = password.secret().expose_secret().as_bytes();
        Ok(NewPassword {
            sealed: links.seal(&password_of(id), secret),
            link,
            opened: None,
        })
    }

    /// The record of the account, which is one in use.
    async fn access(&self, run: &Run<'_>) -> Result<Access, Trouble> {
        let Recorded { access } = run.result(RECORD)?;
        let found = self.databases.store.access(&access).await.map_err(unstored)?;
        let in_use = found.filter(Access::usable);
        in_use.ok_or_else(|| Trouble::never("the account was taken away meanwhile"))
    }

    /// A program's account that was there before the bot gets its record; a password that is set at once is drawn.
    async fn record(&self, database: &Database, wanted: &Wanted, run: &Run<'_>) -> Result<Progress, Trouble> {
        let found = self
            .databases
            .store
            .access_of(&database.target, wanted.account.as_str());
        let found = found.await.map_err(unstored)?;
        let is_new = found.is_none();
        let mut access = found.unwrap_or_else(|| self.adopted(database, wanted, run));
        let id = access.id.clone();
        if self.at_once {
            let password = self.sealed(&id, &self.databases.new_password(), None)?;
            access = access
                .with_password(password)
                .ok_or_else(|| Trouble::never("the account was taken away meanwhile; nothing was changed"))?;
        }
        let (mut writes, mut audit) = (Vec::new(), Vec::new());
        if is_new {
            let words = format!("{} has a record now; it was there before", access.title());
            audit.push(access.record(run.now, Event::Granted, words));
            writes.push(Write::NewAccess(Box::new(access)));
        } else if self.at_once {
            writes.push(Write::Access(Box::new(access)));
        }
        Ok(Progress::Record {
            value: json!(Recorded { access: id }),
            writes,
            audit,
        })
    }

    fn adopted(&self, database: &Database, wanted: &Wanted, run: &Run<'_>) -> Access {
        Access::found(NewAccess {
            id: AccessId::draw(self.databases.random()),
            database: database.target.clone(),
            account: wanted.account.to_string(),
            kind: Kind::Service,
            owner: Some(wanted.owner.clone()),
            requester: Some(run.plan().requester.clone()),
            request: Some(run.operation.request.clone()),
            operation: Some(run.operation.id.clone()),
            asked_in: Some(run.operation.origin.place.clone()),
            tables: None,
            made: run.now,
            ends: None,
            latest_end: None,
            remind_at: None,
        })
    }

    /// Sets what the record holds: the same as often as it takes.
    async fn set(&self, database: &Database, wanted: &Wanted, run: &Run<'_>) -> Result<Progress, Trouble> {
        let password = waiting(&self.databases, &self.access(run).await?)?;
        let applied = apply(database, &wanted.account, &password)
            .await
            .map_err(Trouble::from);
        match applied {
            Ok(()) => {
                let there = is_everywhere(database, &wanted.account).await;
                let there = there.map_err(|fault| fault.words().to_owned());
                Ok(is_set(there, || behind(database), run.in_step()))
            }
            Err(trouble) if trouble.kind == TroubleKind::Never => Ok(Progress::Done(json!(Set {
                refused: Some(trouble.words),
                behind: None,
            }))),
            // The server is at it, and does it whenever it can: then nobody else would hand out what holds.
            Err(trouble) if run.in_step() < PATIENCE && database.may_be_at_it().await => Ok(Progress::Wait {
                pause: TRY_AGAIN,
                phase: format!("{}; I keep trying", trouble.words),
                detail: None,
                usually: None,
            }),
            Err(trouble) => Err(trouble),
        }
    }

    /// Locks it into a link for the owner. What is waiting to be set is kept in the record until then.
    async fn hand_out(
        &self,
        database: &Database,
        wanted: &Wanted,
        run: &Run<'_>,
    ) -> Result<Progress, Trouble> {
        let access = self.access(run).await?;
        let changed = || Trouble::never("the account was taken away meanwhile");
        let (password, set) = if self.at_once {
            (waiting(&self.databases, &access)?, run.result(SET)?)
        } else {
            (self.databases.new_password(), Set::default())
        };
        if set.refused.is_some() {
            let forgotten = access.password_set().ok_or_else(changed)?;
            return Ok(Progress::Record {
                value: json!(Handed { link: None }),
                writes: vec![Write::Access(Box::new(forgotten))],
                audit: Vec::new(),
            });
        }
        let issue = Issue {
            run,
            recipient: self.databases.person(&wanted.owner)?,
            title: format!("the new password of {}", access.title()),
            content: content(database, &wanted.account, &password)?,
            // What is in force already waits for nobody: such a link may be made anew, with another password in it.
            access: (!self.at_once).then(|| access.id.clone()),
        };
        let mut issued = self.databases.links_still()?.issue(issue).await?;
        let told = Reply::line(format!(
            "{}{}.",
            told(&wanted.account, database, &issued.link, self.at_once),
            set.behind_words()
        ));
        issued
            .writes
            .push(Write::Enqueue(Post::to(issued.sent_to.clone(), told)));
        let next = if self.at_once {
            let words = format!("{} has a new password", access.title());
            issued.audit.push(access.record(run.now, Event::Rekeyed, words));
            access.password_set()
        } else {
            let sealed = self.sealed(&access.id, &password, Some(issued.link.clone()))?;
            access.with_password(sealed)
        };
        issued
            .writes
            .push(Write::Access(Box::new(next.ok_or_else(changed)?)));
        Ok(Progress::Record {
            value: json!(Handed {
                link: Some(issued.link)
            }),
            writes: issued.writes,
            audit: issued.audit,
        })
    }

    /// What is so as long as it is not done.
    fn state(&self, step: &str) -> &'static str {
        match step {
            HAND_OUT if self.at_once => "the new password is set, and nobody has it; ask again for another",
            SET => "",
            _ => "the old password stays",
        }
    }
}

/// What the owner hears with the link.
fn told(account: &impl std::fmt::Display, database: &Database, link: &LinkId, at_once: bool) -> String {
    let target = &database.target;
    if at_once {
        format!(
            "{account} on {target} has a new password, in link {link}: the old one does not log in any more. Sessions that \
             are open go on"
        )
    } else {
        format!(
            "link {link} holds a new password of {account} on {target}. It is set when you open the link: from then on the \
             old one does not log in any more, so have its place at hand. Sessions that are open go on"
        )
    }
}

#[async_trait]
impl Action for Owned {
    fn name(&self) -> &'static str {
        if self.at_once { AT_ONCE } else { WHEN_OPENED }
    }

    fn title(&self, plan: &Plan) -> String {
        let target = plan.target.as_ref().map_or("", |target| target.as_str());
        format!("passwd {target}")
    }

    fn steps(&self) -> &'static [Step] {
        const WHEN_OPENED: &[Step] = &[Step::repeatable(RECORD), Step::repeatable(HAND_OUT)];
        const AT_ONCE: &[Step] = &[
            Step::repeatable(RECORD),
            Step::repeatable(SET).tied(),
            Step::repeatable(HAND_OUT).tied(),
        ];
        if self.at_once { AT_ONCE } else { WHEN_OPENED }
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        let wanted = Wanted::of(plan)?;
        let look = Look::at(&self.databases, self.databases.of(plan)?, &wanted.account).await?;
        Ok(look.facts())
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        moved(plan, found)
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let (database, wanted) = (self.databases.of(run.plan())?, Wanted::of(run.plan())?);
        let came = match step {
            RECORD => self.record(database, &wanted, run).await,
            SET => self.set(database, &wanted, run).await,
            _ => self.hand_out(database, &wanted, run).await,
        };
        came.map_err(|trouble| with_state(trouble, self.state(step)))
    }

    async fn reconcile(&self, _step: &'static str, _run: &Run<'_>) -> Result<Reconciled, Trouble> {
        // Every step may be repeated.
        Ok(Reconciled::NotHappened)
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let wanted = Wanted::of(run.plan())?;
        let Wanted { account, owner, .. } = &wanted;
        let Handed { link } = run.result(HAND_OUT)?;
        let set: Set = if self.at_once {
            run.result(SET)?
        } else {
            Set::default()
        };
        let behind = set.behind_words();
        let (good, words) = match (link, set.refused, self.at_once) {
            (Some(link), None, true) => (
                true,
                format!(
                    "done · {account} has a new password, {owner} gets it by link {link}; the old one does not log in any \
                     more, sessions that are open go on{behind}"
                ),
            ),
            (Some(link), None, false) => (
                true,
                format!(
                    "done · {owner} gets link {link}; the password of {account} changes when it is opened"
                ),
            ),
            (_, why, _) => (
                false,
                format!(
                    "{}; the old password of {account} stays",
                    why.unwrap_or_else(|| "it was not handed out".to_owned())
                ),
            ),
        };
        Ok(Ended {
            good,
            words,
            announcement: None,
        })
    }
}
