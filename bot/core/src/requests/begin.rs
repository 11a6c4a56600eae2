//! The beginning of an approved request: the fingerprint is read again, and one transaction claims the request,
//! records that, and makes the operation. Before it nothing has an effect; after it the request never begins again.

use super::{Claim, Requests, posts};
use crate::approval::Request;
use crate::context::Context;
use crate::id::OperationId;
use crate::operation::{Operation, RETRY, SKIP, State, Trouble, TroubleKind};
use crate::plan::Plan;
use crate::store::{Batch, Conflict, Require, StoreError, Write};
use crate::worker::Fruit;

impl Requests {
    /// Begins an approved request, or ends it if the world moved. If it can't be told, or the
    /// target is busy, it is tried again as long as the approval is valid; those who asked hear so once.
    pub(super) async fn begin(&self, request: &Request, tries: u32) -> Result<Fruit, StoreError> {
        let idle = match self.idle(&request.plan).await? {
            Ok(idle) => idle,
            Err(operation) => {
                let why = format!("op {operation} is going on.");
                self.say_once(request, tries, &why).await?;
                return Ok(Fruit::Waits);
            }
        };
        let facts = match self.facts(request).await {
            Ok(facts) => facts,
            Err(trouble) => {
                tracing::warn!(request = %request.id, %trouble, tries, "the facts cannot be read now");
                self.say_once(request, tries, &trouble.sentence()).await?;
                return Ok(Fruit::None);
            }
        };
        let id = OperationId::draw(&*self.context.random);
        let present = self.present(self.context.now());
        let (transition, operation) = match request.claim(id.clone(), facts, &present) {
            Claim::Begins(transition) => {
                let operation = operation(&self.context, id, transition.request());
                (transition, Some(operation))
            }
            Claim::Superseded(transition) | Claim::Expired(transition) | Claim::Back(transition) => {
                (transition, None)
            }
            Claim::No(words) => {
                tracing::debug!(request = %request.id, words, "nothing to begin");
                return Ok(Fruit::Borne);
            }
        };
        let Some(operation) = operation else {
            self.end(transition).await?;
            return Ok(Fruit::Borne);
        };
        let mut batch = transition.join(Batch::default());
        batch.require = self.conditions(request);
        batch.require.extend(idle);
        batch.writes.push(Write::NewOperation(operation));
        match self.context.store.commit(batch).await {
            Ok(_) | Err(StoreError::Conflict(Conflict::Request(_) | Conflict::Operation(_))) => {
                Ok(Fruit::Borne)
            }
            Err(StoreError::Conflict(Conflict::Busy { .. })) => Ok(Fruit::Waits),
            Err(StoreError::Conflict(conflict @ (Conflict::Locked(_) | Conflict::Held(_)))) => {
                self.supersede(request, conflict.to_string()).await?;
                Ok(Fruit::Borne)
            }
            Err(other) => Err(other),
        }
    }

    async fn say_once(&self, request: &Request, tries: u32, why: &str) -> Result<(), StoreError> {
        if tries > 0 {
            return Ok(());
        }
        let post = posts::waits(request, why, self.context.now());
        self.context.store.commit(Batch::of(Write::Enqueue(post))).await?;
        Ok(())
    }

    /// What moved since the plan was made, if anything did; trouble if that cannot be told now.
    async fn facts(&self, request: &Request) -> Result<Result<(), String>, Trouble> {
        let plan = &request.plan;
        let Some(action) = self.context.actions.get(&plan.action) else {
            return Ok(Err(format!(
                "this version of the bot has no action {}",
                plan.action
            )));
        };
        match action
            .facts(plan)
            .await
            .map_err(|trouble| trouble.scrubbed(&self.context.scrubber))
        {
            Ok(found) if found == plan.fingerprint => Ok(Ok(())),
            Ok(found) => Ok(Err(format!(
                "since {} asked, {}",
                plan.requester,
                action.moved(plan, &found)
            ))),
            Err(trouble) if trouble.kind == TroubleKind::Never => {
                Ok(Err(trouble.sentence().trim_end_matches('.').to_owned()))
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// That nothing else may go on on the plan's targets, if the plan needs them; or what does go on there. What is to be
    /// resumed does not count, and neither does what needs no target.
    async fn idle(&self, plan: &Plan) -> Result<Result<Vec<Require>, OperationId>, StoreError> {
        let mut idle = Vec::new();
        for target in plan.targets().filter(|_| self.needs_its_target(&plan.action)) {
            let open = self.open_on(target).await?;
            let mut except = open.beside;
            except.extend(resumed(plan));
            let mut busy = open.busy.into_iter().map(|operation| operation.id);
            if let Some(other) = busy.find(|id| !except.contains(id)) {
                return Ok(Err(other));
            }
            idle.push(Require::Idle {
                target: target.clone(),
                except,
            });
        }
        Ok(Ok(idle))
    }

    fn conditions(&self, request: &Request) -> Vec<Require> {
        let plan = &request.plan;
        let directory = &self.context.settings.directory;
        directory
            .person(&plan.requester)
            .map(|person| self.needs(plan, person))
            .unwrap_or_default()
    }

    async fn supersede(&self, request: &Request, why: String) -> Result<(), StoreError> {
        let id = OperationId::draw(&*self.context.random);
        match request.claim(id, Err(why), &self.present(self.context.now())) {
            Claim::Superseded(transition) | Claim::Expired(transition) | Claim::Back(transition) => {
                self.end(transition).await
            }
            Claim::Begins(_) | Claim::No(_) => Ok(()),
        }
    }
}

/// A plan to resume an operation is about a target on which that very operation is open.
fn resumed(plan: &Plan) -> Option<OperationId> {
    let resumes = plan.action == RETRY || plan.action == SKIP;
    resumes.then(|| plan.parameter("operation").ok()).flatten()
}

fn operation(context: &Context, id: OperationId, request: &Request) -> Operation {
    let now = context.now();
    Operation {
        id,
        request: request.id.clone(),
        plan: request.plan.clone(),
        origin: request.origin.clone(),
        signers: request.votes.iter().map(|vote| vote.person.clone()).collect(),
        state: State::Running,
        step: 0,
        tries: 0,
        step_began: now,
        began: now,
        ended: None,
        wake_at: None,
        phase: String::new(),
        doubt: None,
        progress: None,
        cancel: None,
        version: 0,
    }
}
