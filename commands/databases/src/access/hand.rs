//! How a grant is executed: written down, made locked, granted, read back, proven by a twin, handed out. Whatever breaks off
//! on the way is ended by the keeper, because its record is there before the account.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::access::{Access, NewAccess, State, Why};
use countersign_core::audit::Event;
use countersign_core::id::AccessId;
use countersign_core::link::Issue;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble, TroubleKind};
use countersign_core::plan::{Facts, Plan};
use countersign_core::store::{Batch, Write};
use countersign_core::time::Duration;
use countersign_mysql::{Account, Kind, Statement};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::content;
use super::grant::{GRANT, Wanted, is_the_same};
use super::made::{self, Made, since_begun};
use super::prove::Trial;
use super::seen::{Seen, moved, tables_of};
use super::told::handed;
use super::twin;
use crate::databases::{Database, Databases, Side, anywhere};
use crate::intended::Intended;
use crate::trouble::{unstored, with_state};

pub(super) const RECORD: &str = "write it down";
pub(super) const MAKE: &str = "make the account";
const GIVE: &str = "grant";
const READ_BACK: &str = "read it back";
const TWIN: &str = "write a twin down";
const PROVE: &str = "prove it on the replica";
const HAND_OUT: &str = "hand it out";

/// A statement that was sent and whose answer was lost has arrived, or never will, after this long.
const SETTLED: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);

/// Executes grants.
pub(crate) struct Hand {
    databases: Arc<Databases>,
}

/// What writing an access down leaves in the journal.
#[derive(Deserialize, Serialize)]
pub(super) struct Recorded {
    pub(super) access: AccessId,
}

/// What handing out leaves in the journal.
#[derive(Deserialize)]
struct Handed {
    link: String,
}

/// An operation and what it is about.
struct At<'a> {
    databases: &'a Databases,
    database: &'a Database,
    wanted: Wanted,
    account: Account,
    run: &'a Run<'a>,
}

impl Hand {
    pub(crate) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    fn at<'a>(&'a self, run: &'a Run<'a>) -> Result<At<'a>, Trouble> {
        let wanted = Wanted::of(run.plan())?;
        Ok(At {
            databases: &self.databases,
            database: self.databases.of(run.plan())?,
            account: anywhere(&wanted.account),
            wanted,
            run,
        })
    }
}

impl At<'_> {
    /// The record comes before the account (L9).
    async fn record(&self) -> Result<Progress, Trouble> {
        let Self {
            databases,
            database,
            wanted,
            run,
            ..
        } = self;
        let name = wanted.account.as_str();
        let open = databases.store.access_of(&database.target, name).await;
        if let Some(open) = open.map_err(unstored)? {
            return Err(
                Trouble::never(format!("{} is another access by now ({})", open.title(), open.id))
                    .hint(format!("See !db access show {}.", open.id)),
            );
        }
        let operation = run.operation;
        let access = Access::new(NewAccess {
            id: AccessId::draw(databases.random()),
            database: database.target.clone(),
            account: name.to_owned(),
            kind: wanted.kind,
            owner: Some(wanted.owner.clone()),
            requester: Some(operation.plan.requester.clone()),
            request: Some(operation.request.clone()),
            operation: Some(operation.id.clone()),
            asked_in: Some(operation.origin.place.clone()),
            tables: wanted.only.clone(),
            made: run.now,
            ends: wanted.ends,
            latest_end: wanted.latest_end,
            remind_at: wanted.ends.and_then(|ends| database.reminder(ends, run.now)),
        });
        let words = format!("{} is being made for {}", access.title(), wanted.owner);
        Ok(Progress::Record {
            value: json!(Recorded {
                access: access.id.clone()
            }),
            audit: vec![access.record(run.now, Event::Granted, words)],
            writes: vec![Write::NewAccess(Box::new(access))],
        })
    }

    /// Locked, with a password that nobody will ever know.
    async fn make(&self) -> Result<Progress, Trouble> {
        self.still_wanted("made").await?;
        let nothing = |trouble: Trouble| with_state(trouble, "nothing was made");
        let create = Statement::CreateLocked {
            account: self.account.clone(),
            password: self.databases.throw_away(),
        };
        match self.database.primary.execute(&[create]).await {
            Ok(()) => Ok(Progress::Done(json!(null))),
            Err(error) => {
                if error.kind() == Kind::Exists {
                    self.disown().await?;
                }
                Err(nothing(self.database.changing().failed(error).into()))
            }
        }
    }

    /// The account that is there is somebody else's: it must not be ended with our record, so the record ends without it.
    async fn disown(&self) -> Result<(), Trouble> {
        let Recorded { access } = self.run.result(RECORD)?;
        let access = made::record(self.databases, &access).await?;
        let now = self.run.now;
        let ended = access
            .to_end(Why::Failed, now)
            .and_then(|ending| ending.ended(now));
        let Some(ended) = ended else {
            return Ok(());
        };
        let words = format!("{} is not ours: somebody else made it", access.title());
        let entry = access.record(now, Event::Strayed, words);
        let batch = Batch::of(Write::Access(Box::new(ended))).record(entry);
        self.databases.store.commit(batch).await.map_err(unstored)?;
        Ok(())
    }

    /// Whether the replica has the account, too. A server whose wait is ended from outside may have made it and told no
    /// replica, ever; grants to it would stop the replica.
    async fn is_on_the_replica(&self) -> Result<bool, Trouble> {
        let Some(replica) = &self.database.replica else {
            return Ok(true);
        };
        let there = replica.account(&self.account).await;
        let there = there.map_err(|error| self.database.reading(Side::Replica).failed(error))?;
        Ok(there.is_some())
    }

    /// Somebody may have taken it away meanwhile.
    async fn still_wanted(&self, what: &str) -> Result<(), Trouble> {
        let access = made::record(self.databases, &self.run.result::<Recorded>(RECORD)?.access).await?;
        if access.state == State::Preparing {
            return Ok(());
        }
        let words = format!(
            "{} is {} by now; nothing is {what}",
            access.title(),
            access.state.word()
        );
        Err(Trouble::never(words))
    }

    async fn give(&self) -> Result<Progress, Trouble> {
        self.still_wanted("granted").await?;
        let to = std::slice::from_ref(&self.account);
        let grants = self.wanted.grants.grants(&self.database.schema, to);
        let granted = self.database.primary.execute(&grants).await;
        granted.map_err(|error| self.locked(self.database.changing().failed(error).into()))?;
        Ok(Progress::Done(json!(null)))
    }

    /// Statements are one thing, what the server made of them is another.
    async fn read_back(&self) -> Result<Progress, Trouble> {
        let made = Made::of(self.database, &self.account).await;
        let made = made.map_err(|fault| self.locked(fault.into()))?;
        let wrong = made.wrong(&self.wanted.grants, &self.database.schema, Some(true));
        if wrong.is_empty() {
            return Ok(Progress::Done(json!(null)));
        }
        Err(self.locked(Trouble::never(format!(
            "{} is not what was signed: {}",
            self.account.user,
            wrong.join(", ")
        ))))
    }

    async fn prove(&self) -> Result<Progress, Trouble> {
        let twin = twin::of(self.databases, &self.run.result(TWIN)?).await?;
        let present = tables_of(self.database)
            .await
            .map_err(|fault| self.locked(fault.into()))?;
        let trial = Trial {
            password: self.databases.throw_away(),
            database: self.database,
            twin: &twin.account,
            holds: &self.wanted.grants,
            shall: &self.wanted.grants,
            present: &present,
        };
        let proof = trial.run().await.map_err(|fault| self.locked(fault.into()))?;
        if !proof.bad.is_empty() {
            let words = format!("its twin {}", proof.bad.join(", "));
            return Err(self.locked(Trouble::never(words)));
        }
        twin.over(self.databases, json!(proof), self.run.now).await
    }

    /// The password that is handed out is set now, on the locked account. It leaves once the replica has it.
    async fn hand_out(&self) -> Result<Progress, Trouble> {
        let Self {
            databases,
            database,
            wanted,
            account,
            run,
        } = self;
        let (links, recipient) = (databases.links_still()?, databases.person(&wanted.owner)?);
        database
            .evidence()
            .await
            .map_err(|fault| self.locked(fault.into()))?;
        let password = databases.new_password();
        let set = Statement::SetPassword {
            account: account.clone(),
            password: password.clone(),
            keep_old: false,
        };
        let done = database.primary.execute(&[set]).await;
        done.map_err(|error| self.locked(database.changing().failed(error).into()))?;
        let made = Made::of(database, account)
            .await
            .map_err(|fault| self.locked(fault.into()))?;
        let wrong = made.wrong(&wanted.grants, &database.schema, Some(true));
        if !wrong.is_empty() {
            let words = format!("{} was changed meanwhile: {}", account.user, wrong.join(", "));
            return Err(self.locked(Trouble::never(words)));
        }
        database
            .arrived(account)
            .await
            .map_err(|fault| self.locked(fault.into()))?;
        let access = made::record(databases, &run.result::<Recorded>(RECORD)?.access).await?;
        let issue = Issue {
            run,
            recipient,
            title: access.title(),
            content: content(database, &wanted.account, &password)?,
            access: Some(access.id.clone()),
        };
        let issued = links.issue(issue).await?;
        let Some(offered) = access.offered(issued.link) else {
            let words = format!("{} is {} already", access.title(), access.state.word());
            return Err(Trouble::never(words));
        };
        let mut writes = issued.writes;
        writes.push(Write::Access(Box::new(offered)));
        Ok(Progress::Record {
            value: issued.value,
            writes,
            audit: issued.audit,
        })
    }

    /// What is so after everything that goes wrong once it is made: it is of no use to anybody.
    fn locked(&self, trouble: Trouble) -> Trouble {
        let state = format!("{} stays locked, and goes again", self.account.user);
        match trouble.kind {
            TroubleKind::Never => with_state(trouble, &state),
            TroubleKind::Again { .. } | TroubleKind::Lost => trouble,
        }
    }
}

#[async_trait]
impl Action for Hand {
    fn name(&self) -> &'static str {
        GRANT
    }

    fn title(&self, plan: &Plan) -> String {
        let account =
            Wanted::of(plan).map_or_else(|_| String::new(), |wanted| format!(" {}", wanted.account));
        format!("db access grant{account}")
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[
            Step::repeatable(RECORD),
            Step::once(MAKE),
            Step::repeatable(GIVE),
            Step::repeatable(READ_BACK),
            Step::repeatable(TWIN),
            Step::repeatable(PROVE),
            Step::repeatable(HAND_OUT),
        ];
        STEPS
    }

    fn wants_the_same(&self, one: &Plan, other: &Plan) -> bool {
        is_the_same(one, other)
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        let (database, wanted) = (self.databases.of(plan)?, Wanted::of(plan)?);
        Ok(Seen::of(database, &wanted.account).await?.facts())
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        moved(plan, found)
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let at = self.at(run)?;
        match step {
            RECORD => at.record().await,
            MAKE => at.make().await,
            GIVE => at.give().await,
            READ_BACK => at.read_back().await,
            TWIN => Ok(twin::record(&self.databases, at.database, run)),
            PROVE => at.prove().await,
            _ => at.hand_out().await,
        }
    }

    /// Whether the account is there, once the server is not at it any more. It is ours only if it is as we make it: locked,
    /// with TLS, and without any right.
    async fn reconcile(&self, step: &'static str, run: &Run<'_>) -> Result<Reconciled, Trouble> {
        let at = self.at(run)?;
        if at.database.open().await?.is_some() {
            return Ok(Reconciled::Later(SOON));
        }
        let made = Made::of(at.database, &at.account).await?;
        Ok(match made.state {
            None if since_begun(step, run) < SETTLED => Reconciled::Later(SOON),
            None => Reconciled::NotHappened,
            Some(_) => match made
                .wrong(&Intended::default(), &at.database.schema, Some(true))
                .as_slice()
            {
                [] if !at.is_on_the_replica().await? => Reconciled::Later(SOON),
                [] => Reconciled::Happened(json!(null)),
                wrong => {
                    at.disown().await?;
                    let words = format!(
                        "{} is there, but {}. I leave it alone",
                        at.account,
                        wrong.join(", ")
                    );
                    Reconciled::CannotTell(words)
                }
            },
        })
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let at = self.at(run)?;
        let Handed { link } = run.result(HAND_OUT)?;
        let Recorded { access } = run.result(RECORD)?;
        Ok(handed(at.database, &at.wanted, &access, &link, run))
    }
}
