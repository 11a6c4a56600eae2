//! The life of a request around the pure transitions of [`crate::approval`]: a draft becomes a plan and is asked for;
//! what is approved begins, at most once; what runs out of time ends; and everybody concerned is told.

mod begin;
mod free;
mod posts;
mod same;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::approval::{Claim, Present, Request, State, Transition};
use crate::audit::{self, Event};
use crate::command::{Ask, Registry, decide_draft, denied_use};
use crate::context::Context;
use crate::drop_box::{self, DropBox};
use crate::id::{BoxId, CommandPath, RequestId, TargetName};
use crate::message::Kind;
use crate::operation::{RETRY, SKIP};
use crate::person::Person;
use crate::plan::{Draft, Plan, SCHEMA, SealedPlan, Whole};
use crate::policy::{Decision, Denial, Rule};
use crate::refusal::Refusal;
use crate::reply::{Line, Post, Reply};
use crate::store::{Batch, Conflict, MessageKey, Require, StoreError, Write};
use crate::text::{clip, visible};
use crate::time::{Timestamp, after};
use crate::worker::Fruit;

pub(crate) use posts::{card, ended};

/// How often a new id is drawn before it is the store's fault that all are taken.
const DRAWS: usize = 8;

/// Asks, begins, reminds and ends.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    context: Context,
    registry: Arc<Registry>,
}

impl Requests {
    pub(crate) fn new(context: Context, registry: Arc<Registry>) -> Self {
        Self { context, registry }
    }

    /// A draft becomes a request, under the rule that allows it. What needs no signature is approved at once.
    /// What is said about it goes through the outbox, in the transaction that makes the request.
    pub(crate) async fn propose(
        &self,
        ask: &Ask<'_>,
        draft: Draft,
        plan_only: bool,
    ) -> Result<Option<Reply>, Refusal> {
        let Some(person) = ask.person else {
            return Err(
                Refusal::new("I can't tell who you are").hint(format!("Type {}", ask.type_("whoami")))
            );
        };
        let command = draft.command.clone().unwrap_or_else(|| ask.path.clone());
        let rule = Self::allowed(ask, &command, &draft)?;
        if !plan_only && self.needs_its_target(&draft.action) {
            let resumes = draft.action == RETRY || draft.action == SKIP;
            for target in draft.target.iter().chain(&draft.also) {
                self.free(ask, &command, Some(target), resumes).await?;
            }
        }
        let plan = self.sealed(person, command, draft, rule, ask.now)?;
        if plan_only {
            return Ok(Some(posts::plan_only(
                &plan,
                rule,
                &self.context.settings.directory,
            )));
        }
        if !rule.seats.is_empty() {
            self.not_asked_already(ask, &plan).await?;
        }
        let dropped = self.dropped(&plan).await?;
        // What a drop box says was in no inbox.
        let heard = ask.message.kind != Kind::Filled;
        for _ in 0..DRAWS {
            let id = RequestId::draw(&*self.context.random);
            let (transition, posts) = self.asked(ask, &id, &plan, rule);
            let taken = dropped
                .iter()
                .map(|found| Write::Box(Box::new(found.used_by(&id))));
            let batch = Batch {
                require: self.needs(&plan, person),
                writes: heard
                    .then(|| Write::Handled(MessageKey::of(ask.message)))
                    .into_iter()
                    .chain(taken)
                    .chain(posts.into_iter().map(Write::Enqueue))
                    .collect(),
                audit: Vec::new(),
            };
            match self.context.store.commit(transition.join(batch)).await {
                Ok(_) => return Ok(None),
                Err(StoreError::Conflict(Conflict::Request(_))) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::new("I could not find a free id for the request").hint("Say it again."))
    }

    /// The drop box that the plan uses: it becomes this request's in the transaction that makes it.
    async fn dropped(&self, plan: &Plan) -> Result<Option<DropBox>, Refusal> {
        let Some(id) = plan
            .parameters
            .get(drop_box::PARAMETER)
            .and_then(|id| id.as_str())
        else {
            return Ok(None);
        };
        let found = self.context.store.drop_box(&BoxId::from(id)).await?;
        match found.filter(|found| found.content.is_some() && found.request().is_none()) {
            Some(found) => Ok(Some(found)),
            None => Err(
                Refusal::new("what was in the drop box is gone, or in another request already")
                    .hint("Say it again without --box; then you are sent another."),
            ),
        }
    }

    /// The new request and what is said about it: those who are sent all of the plan may sign it.
    fn asked(
        &self,
        ask: &Ask<'_>,
        id: &RequestId,
        plan: &SealedPlan,
        rule: &Rule,
    ) -> (Transition, Vec<Post>) {
        let made = |shown| Request::new(id.clone(), plan.clone(), ask.origin(), rule, shown, ask.now);
        let transition = made(BTreeSet::new());
        let posts = posts::asked(transition.request(), &self.present(ask.now));
        let (_, whole) = crate::plan::card(plan);
        match whole {
            Whole::Yes => (made(posts.iter().map(|post| post.place.clone()).collect()), posts),
            Whole::No => (transition, posts),
        }
    }

    fn allowed<'a>(ask: &Ask<'a>, command: &CommandPath, draft: &Draft) -> Result<&'a Rule, Refusal> {
        let target = draft.target.as_ref();
        match decide_draft(ask, command, draft) {
            Decision::Allowed(rule) => Ok(rule),
            Decision::Denied(denial) => Err(Self::denied(ask, command, target, &denial)),
        }
    }

    /// "you may not deploy prod: it needs the role deployer. See !can deploy prod."
    pub(crate) fn denied(
        ask: &Ask<'_>,
        command: &CommandPath,
        target: Option<&TargetName>,
        denial: &Denial,
    ) -> Refusal {
        let (what, line) = denied_use(ask, command, target);
        let can = format!("can {line}");
        let hint = if ask.person.is_none() && ask.message.sender.account.is_none() {
            "Log in to your account on this network and say it again.".to_owned()
        } else {
            format!("See {}.", ask.type_(&can))
        };
        Refusal::new(format!("you may not {what}: {}", denial.words)).hint(hint)
    }

    fn sealed(
        &self,
        person: &Person,
        command: CommandPath,
        draft: Draft,
        rule: &Rule,
        now: Timestamp,
    ) -> Result<SealedPlan, Refusal> {
        let mut nonce = [0; 16];
        self.context.random.fill(&mut nonce);
        let plan = Plan {
            schema: SCHEMA,
            command,
            action: draft.action,
            effect: draft.effect,
            target: draft.target,
            resource: draft.resource,
            also: draft.also,
            summary: draft.summary,
            details: draft.details,
            parameters: draft.parameters,
            fingerprint: draft.fingerprint,
            requester: person.id.clone(),
            reason: draft.reason,
            policy: rule.digest(),
            created: now,
            not_after: after(after(now, rule.pending), rule.valid),
            nonce: hex::encode(nonce),
        };
        Ok(SealedPlan::seal(&plan)?)
    }

    /// What must be so in the store, when it is asked for and again when it begins.
    fn needs(&self, plan: &Plan, person: &Person) -> Vec<Require> {
        if !self.needs_its_target(&plan.action) {
            return Vec::new();
        }
        let is_held_up = self.stopped_by_hold(&plan.command);
        let of = |target: &TargetName| {
            let not_locked = Require::NotLocked {
                target: target.clone(),
                except: person.id.clone(),
                now: self.context.now(),
            };
            let not_held = is_held_up.then(|| Require::NotHeld(target.clone()));
            std::iter::once(not_locked).chain(not_held)
        };
        plan.targets().flat_map(of).collect()
    }

    fn stopped_by_hold(&self, command: &CommandPath) -> bool {
        self.registry
            .find(command.command())
            .is_some_and(|command| command.spec().stopped_by_hold)
    }

    fn present(&self, now: Timestamp) -> Present<'_> {
        let settings = &self.context.settings;
        Present {
            policy: &settings.policy,
            directory: &settings.directory,
            now,
        }
    }

    /// Whether something is to be done about a request now: a reminder, its end, or its beginning.
    pub(crate) fn is_due(request: &Request, now: Timestamp) -> bool {
        matches!(request.state, State::Approved { .. }) || request.due().is_some_and(|due| due <= now)
    }

    /// Does what is to be done about a request, which was tried in vain so many times.
    pub(crate) async fn attend(&self, id: &RequestId, tries: u32) -> Result<Fruit, StoreError> {
        let Some(request) = self.context.store.request(id).await? else {
            return Ok(Fruit::Borne);
        };
        let now = self.context.now();
        let done = if let Some(expired) = request.expire(now) {
            self.end(expired).await
        } else if let Some(reminded) = request.remind(now) {
            self.remind(reminded).await
        } else {
            return self.begin(&request, tries).await;
        };
        match done {
            // Somebody signed or denied in the same instant: what is true now is looked at next time.
            Err(StoreError::Conflict(Conflict::Request(_))) => Ok(Fruit::Borne),
            other => other.map(|()| Fruit::Borne),
        }
    }

    async fn remind(&self, request: Request) -> Result<(), StoreError> {
        let post = posts::reminder(&request, &self.present(self.context.now()));
        self.context
            .store
            .commit(Batch::of(Write::Request(request)).write(Write::Enqueue(post)))
            .await?;
        Ok(())
    }

    /// A request is over without having begun: those who asked are told.
    async fn end(&self, transition: Transition) -> Result<(), StoreError> {
        let posts = ended(transition.request());
        let batch = Batch {
            writes: posts.into_iter().map(Write::Enqueue).collect(),
            ..Batch::default()
        };
        self.context.store.commit(transition.join(batch)).await?;
        Ok(())
    }

    /// Locks that have run out are taken off, and their holders told.
    pub(crate) async fn end_locks(&self) -> Result<(), StoreError> {
        let now = self.context.now();
        for lock in self.context.store.locks().await? {
            if lock.until.is_none_or(|until| until > now) {
                continue;
            }
            let words = format!("the lock of {} on {} has run out", lock.holder, lock.target);
            let entry = audit::Entry {
                target: Some(lock.target.clone()),
                person: Some(lock.holder.clone()),
                ..audit::Entry::new(now, Event::Unlocked, words.clone())
            };
            let post = Post::to(
                lock.place.clone(),
                Reply::line(Line::new(format!("{}: {words}.", lock.target))),
            );
            let batch = Batch::of(Write::Unlock {
                target: lock.target,
                since: lock.since,
            })
            .write(Write::Enqueue(post))
            .record(entry);
            match self.context.store.commit(batch).await {
                Ok(_) | Err(StoreError::Conflict(Conflict::NotLocked(_))) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

/// An audit entry about what somebody asks.
pub(crate) fn entry(ask: &Ask<'_>, event: Event, words: impl Into<String>) -> audit::Entry {
    let sender = &ask.message.sender;
    let words = words.into();
    let words = match ask.person {
        Some(_) => words,
        // Nothing is proven of them, but what they called themselves can be searched for.
        None => format!("somebody called {} {words}", clip(&visible(&sender.nick), 40)),
    };
    audit::Entry {
        person: ask.person.map(|person| person.id.clone()),
        account: sender.account.clone(),
        assurance: Some(sender.assurance),
        place: Some(ask.message.place.clone()),
        ..audit::Entry::new(ask.now, event, words)
    }
}
