//! Votes, and what people do to requests and operations.

use super::{Desk, TRIES, answered, by, is_conflict, no_operation, no_request, not_counted, raced};
use crate::approval::{Present, Request, State, Transition, VoteRefusal};
use crate::audit::Event;
use crate::command::{Ask, Outcome};
use crate::id::{OperationId, RequestId};
use crate::operation;
use crate::refusal::Refusal;
use crate::reply::{Block, Line, Post, Reply, Tone};
use crate::requests::{self, card};
use crate::store::Write;

impl Desk {
    /// Signs a request. `plan` is the beginning of the digest that a button (or a careful person) names.
    pub async fn approve(
        &self,
        ask: &Ask<'_>,
        id: &RequestId,
        plan: Option<&str>,
        note: Option<String>,
    ) -> Result<Outcome, Refusal> {
        let origin = ask.origin();
        for _ in 0..TRIES {
            let request = self.request(ask, id).await?;
            let digest = request.plan.digest();
            if let Some(plan) = plan.filter(|plan| !digest.begins_with(plan)) {
                let words = format!(
                    "the plan that you named ({plan}) is not that of {id}, which is {}; nothing was signed",
                    digest.short()
                );
                let hint = if plan.len() < 8 {
                    format!(
                        "Give all eight digits: --plan {}.",
                        digest.short().replace(' ', "")
                    )
                } else {
                    format!("Type {}", ask.type_(&format!("show {id}")))
                };
                return Err(Refusal::new(words).hint(hint));
            }
            let signed = match request.approve(by(ask, &origin)?, digest, note.clone(), &self.present(ask)) {
                Ok(signed) => signed,
                Err(VoteRefusal::NotShown(_)) => return self.show_first(ask, &request).await,
                Err(refusal) => return Err(not_counted(ask, &refusal)),
            };
            let words = match signed.request().state {
                State::Approved { .. } => format!("signed. {id} has its signatures; it begins."),
                _ => format!("signed. {id} {}.", signed.request().standing(&self.present(ask))),
            };
            let reply = Reply::line(words).toned(Tone::Good);
            if self.write(ask, &request, signed, "signed", reply).await? {
                return Ok(Outcome::Said);
            }
        }
        Err(raced())
    }

    /// Nobody signs what was not sent to them: it is sent now, and they sign again.
    async fn show_first(&self, ask: &Ask<'_>, request: &Request) -> Result<Outcome, Refusal> {
        let first = "not signed yet: you were not sent this plan before. Here is all of it; sign again if you want it.";
        self.send_whole(ask, &request.id, Some(first)).await
    }

    /// Refuses a request for good.
    pub async fn deny(&self, ask: &Ask<'_>, id: &RequestId, reason: String) -> Result<Outcome, Refusal> {
        let origin = ask.origin();
        for _ in 0..TRIES {
            let request = self.request(ask, id).await?;
            let denied = request.deny(by(ask, &origin)?, reason.clone(), &self.present(ask));
            let denied = denied.map_err(|refusal| not_counted(ask, &refusal))?;
            let reply = Reply::line(format!("denied. {id} will not run."));
            if self.write(ask, &request, denied, "denied", reply).await? {
                return Ok(Outcome::Said);
            }
        }
        Err(raced())
    }

    /// Takes the asker's signature back.
    pub async fn withdraw(&self, ask: &Ask<'_>, id: &RequestId) -> Result<Outcome, Refusal> {
        let origin = ask.origin();
        for _ in 0..TRIES {
            let request = self.request(ask, id).await?;
            let left = request
                .withdraw(by(ask, &origin)?, &self.present(ask))
                .map_err(|refusal| not_counted(ask, &refusal))?;
            let words = format!(
                "your signature is off. {id} {}.",
                left.request().standing(&self.present(ask))
            );
            let reply = Reply::line(words);
            if self.write(ask, &request, left, "no longer signs", reply).await? {
                return Ok(Outcome::Said);
            }
        }
        Err(raced())
    }

    /// Takes the asker's own request back.
    pub async fn cancel_request(&self, ask: &Ask<'_>, id: &RequestId) -> Result<Outcome, Refusal> {
        let origin = ask.origin();
        for _ in 0..TRIES {
            let request = self.request(ask, id).await?;
            let cancelled = request
                .cancel(by(ask, &origin)?, ask.now)
                .map_err(|refusal| not_counted(ask, &refusal))?;
            let reply = Reply::line(format!("{id} is taken back. Nothing was run."));
            if self.write(ask, &request, cancelled, "takes back", reply).await? {
                return Ok(Outcome::Said);
            }
        }
        Err(raced())
    }

    /// Writes a transition. Who decides is answered; this tells the others: all of them if it is over, else the room
    /// where it was asked for if the decision was taken elsewhere.
    async fn write(
        &self,
        ask: &Ask<'_>,
        before: &Request,
        transition: Transition,
        verb: &str,
        reply: Reply,
    ) -> Result<bool, Refusal> {
        let after = transition.request();
        let here = &ask.message.place;
        let own = ask.person.is_some_and(|person| before.is_requester(person));
        let mut batch = answered(ask, reply);
        if after.state.is_final() {
            let others = requests::ended(after)
                .into_iter()
                .filter(|post| post.place != *here || !own);
            batch.writes.extend(others.map(Write::Enqueue));
        } else if *here != before.origin.place
            && let Some(person) = ask.person
        {
            let line = format!(
                "{}: {} {verb} it in {here}. It {}.",
                before.id,
                person.id,
                after.standing(&self.present(ask))
            );
            batch.writes.push(Write::Enqueue(Post::to(
                before.origin.place.clone(),
                Reply::line(line),
            )));
        }
        match self.context.store.commit(transition.join(batch)).await {
            Ok(_) => Ok(true),
            Err(error) if is_conflict(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends all of a plan to where it was asked for, and remembers that it was.
    pub async fn show(&self, ask: &Ask<'_>, id: &RequestId) -> Result<Outcome, Refusal> {
        self.send_whole(ask, id, None).await
    }

    async fn send_whole(
        &self,
        ask: &Ask<'_>,
        id: &RequestId,
        first: Option<&str>,
    ) -> Result<Outcome, Refusal> {
        for _ in 0..TRIES {
            let request = self.request(ask, id).await?;
            let mut reply = whole(&request, &self.present(ask));
            if let Some(first) = first {
                reply.blocks.insert(0, Block::Line(first.into()));
                reply = reply.toned(Tone::Waiting);
            }
            let place = ask.message.place.clone();
            if request.state != State::Pending || request.shown.contains(&place) {
                return Ok(Outcome::Reply(reply));
            }
            let batch = answered(ask, reply).write(Write::Request(request.sent_to(place)));
            match self.context.store.commit(batch).await {
                Ok(_) => return Ok(Outcome::Said),
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(raced())
    }

    /// Stops an operation at the next safe point.
    pub async fn cancel_operation(&self, ask: &Ask<'_>, id: &OperationId) -> Result<Outcome, Refusal> {
        for _ in 0..TRIES {
            let mut operation = self.operation(ask, id).await?;
            if operation.state != operation::State::Running {
                return Err(Refusal::new(format!(
                    "op {id} is not running: its state is {}",
                    operation.state.word()
                )));
            }
            operation.cancel = ask.person.map(|person| person.id.clone());
            operation.wake_at = None;
            let entry = crate::audit::Entry {
                target: operation.plan.target.clone(),
                operation: Some(id.clone()),
                request: Some(operation.request.clone()),
                ..requests::entry(
                    ask,
                    Event::Cancelled,
                    format!("asked to stop op {id}: {}", operation.plan.summary),
                )
            };
            let reply = Reply::line(format!("op {id} stops at the next safe point."));
            let batch = answered(ask, reply)
                .write(Write::Operation(operation))
                .record(entry);
            match self.context.store.commit(batch).await {
                Ok(_) => return Ok(Outcome::Said),
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(raced())
    }

    /// Gives up an operation whose outcome is unknown.
    pub async fn abandon(&self, ask: &Ask<'_>, id: &OperationId) -> Result<Outcome, Refusal> {
        for _ in 0..TRIES {
            let mut operation = self.operation(ask, id).await?;
            let (operation::State::Unknown { step, saw }, Some(person)) =
                (operation.state.clone(), ask.person)
            else {
                return Err(Refusal::new(format!(
                    "op {id} is not unknown: its state is {}",
                    operation.state.word()
                )));
            };
            operation.state = operation::State::Abandoned {
                by: person.id.clone(),
            };
            operation.ended = Some(ask.now);
            let entry = crate::audit::Entry {
                target: operation.plan.target.clone(),
                operation: Some(id.clone()),
                request: Some(operation.request.clone()),
                digest: Some(operation.plan.digest()),
                ..requests::entry(ask, Event::Ended, format!("gave up op {id} at \"{step}\": {saw}"))
            };
            let reply = Reply::line(format!(
                "op {id} is given up as it is. What \"{step}\" did is for you to find out."
            ));
            let mut batch = answered(ask, reply).record(entry);
            if let Some(request) = self.context.store.request(&operation.request).await?
                && let Ok(transition) = request.follow(&operation.state, ask.now)
            {
                batch = transition.join(batch);
            }
            match self
                .context
                .store
                .commit(batch.write(Write::Operation(operation)))
                .await
            {
                Ok(_) => return Ok(Outcome::Said),
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(raced())
    }

    async fn request(&self, ask: &Ask<'_>, id: &RequestId) -> Result<Request, Refusal> {
        self.context
            .store
            .request(id)
            .await?
            .ok_or_else(|| no_request(ask, id))
    }

    async fn operation(&self, ask: &Ask<'_>, id: &OperationId) -> Result<operation::Operation, Refusal> {
        self.context
            .store
            .operation(id)
            .await?
            .ok_or_else(|| no_operation(ask, id))
    }
}

/// All of a request's plan, and what is still needed to run it.
fn whole(request: &Request, present: &Present<'_>) -> Reply {
    let id = &request.id;
    let mut reply = Reply::line(
        Line::new(format!("request {id} by {}: ", request.plan.requester))
            .foreign(request.plan.summary.clone()),
    );
    reply.blocks.extend(crate::plan::whole(&request.plan));
    if request.state == State::Pending {
        let (card, _) = card(request, present);
        reply.blocks.extend(card.blocks.last().cloned());
        reply.buttons = card.buttons;
    } else {
        reply.blocks.push(Block::Line(
            Line::default().foreign(format!("{id} {}.", request.came_to())),
        ));
    }
    reply.whole()
}
