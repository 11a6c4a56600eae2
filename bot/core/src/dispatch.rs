//! From a message to a reply, the one way: addressed to us? → once → who → parse → policy → answer, decision or plan.
//! No command checks a permission, and nothing else does.
//!
//! The way of a read takes no global lock and waits for no disk.

mod addressed;

use std::sync::Arc;

use crate::audit::{Entry, Event};
use crate::command::{Ask, Outcome, Registry, decide, find, split};
use crate::context::Context;
use crate::desk::Desk;
use crate::drop_box::BoxDraft;
use crate::id::{CommandPath, TargetName};
use crate::link;
use crate::message::{Kind, Message};
use crate::plan::Effect;
use crate::policy::Decision;
use crate::refusal::Refusal;
use crate::reply::{Post, Reply, Tone};
use crate::requests::Requests;
use crate::seen::Seen;
use crate::store::{Batch, Conflict, MessageKey, Received, StoreError, Write};
use crate::text::ago;
use crate::time::between;
use crate::trace::Trace;

/// Asks for the plan only: nothing is asked for, nothing runs.
const PLAN_ONLY: &str = "--plan";

/// Turns messages into replies.
#[derive(Debug)]
pub struct Dispatcher {
    context: Context,
    registry: Arc<Registry>,
    desk: Desk,
    requests: Requests,
    seen: Seen,
}

impl Dispatcher {
    /// A dispatcher for these commands.
    pub fn new(context: Context, registry: Arc<Registry>) -> Self {
        let requests = Requests::new(context.clone(), Arc::clone(&registry));
        Self {
            desk: Desk::new(context.clone()),
            requests,
            seen: Seen::default(),
            context,
            registry,
        }
    }

    /// The highest effect that the command in a message may have, by its declaration; nothing if the message is not for
    /// the bot. What names no command is only answered.
    pub fn declared(&self, message: &Message) -> Option<Effect> {
        let line = addressed::command_line(&self.context.settings, message)?;
        let name = line.split_whitespace().next()?;
        let command = self.registry.find(name);
        Some(command.map_or(Effect::Read, |command| command.spec().effect))
    }

    /// The reply to a message: nothing for chatter, for what was heard before, and where the reply is in the outbox.
    pub async fn dispatch(&self, message: &Message) -> Option<Reply> {
        let line = addressed::command_line(&self.context.settings, message)?;
        if !self.seen.first(message) {
            return None;
        }
        if matches!(message.kind, Kind::Edit { .. }) {
            return Some(
                Reply::line("an edited message is not carried out; say it again as a new one.")
                    .toned(Tone::Bad),
            );
        }
        let ask = self.ask(message, line);
        let outcome = if message.kind == Kind::Replayed {
            self.replayed(&ask).await
        } else {
            self.answer(&ask).await
        };
        match outcome {
            Ok(reply) => reply,
            Err(refusal) => Some(refused(&ask, &refusal)),
        }
    }

    /// The command line that waited for a drop box. The box itself says whether it was run before, so that the message is
    /// in no inbox: whoever runs it marks the box.
    pub(crate) async fn filled(&self, message: &Message) -> Result<Option<Reply>, Refusal> {
        self.answer(&self.ask(message, &message.text)).await
    }

    fn ask<'a>(&'a self, message: &'a Message, line: &'a str) -> Ask<'a> {
        Ask {
            message,
            person: self.context.settings.directory.who(&message.sender),
            line,
            path: CommandPath::unknown(),
            now: self.context.now(),
            settings: &self.context.settings,
            registry: &self.registry,
            store: &*self.context.store,
            desk: &self.desk,
            pages: &self.context.pages,
        }
    }

    /// A replayed command is not carried out. Whoever wanted something decided or changed is told so, once; what would
    /// only have been read, or not even that, was answered or missed then, and nobody waits for it now.
    async fn replayed(&self, ask: &Ask<'_>) -> Result<Option<Reply>, Refusal> {
        let Ok(tokens) = split(ask.line) else {
            return Ok(None);
        };
        let known = tokens.split_first().and_then(|(name, rest)| {
            let command = find(ask, &name.text).ok()?;
            Some(command.parse(rest).ok()?.effect())
        });
        match known {
            Some(effect) if effect >= Effect::Decide => {
                self.journaled(ask, std::future::ready(Err(away(ask)))).await
            }
            _ => Ok(None),
        }
    }

    async fn answer(&self, ask: &Ask<'_>) -> Result<Option<Reply>, Refusal> {
        let tokens = split(ask.line)?;
        let Some((name, rest)) = tokens.split_first() else {
            return Ok(None);
        };
        let command = find(ask, &name.text)?;
        let flags = rest
            .iter()
            .take_while(|token| token.text != "--")
            .position(|token| token.text == PLAN_ONLY);
        let plan_only = flags.filter(|_| command.spec().effect >= Effect::Change);
        let parsed = match plan_only {
            None => command.parse(rest),
            Some(at) => {
                let rest: Vec<_> = rest
                    .iter()
                    .enumerate()
                    .filter(|(n, _)| *n != at)
                    .map(|(_, token)| token.clone())
                    .collect();
                command.parse(&rest)
            }
        };
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return error.answer(ask, command).map(Some),
        };
        let target = parsed
            .target()
            .map(|typed| ask.settings.target_of(command.takes(), typed))
            .transpose()?;
        let (effect, part) = (parsed.effect(), parsed.part());
        let ask = &Ask {
            path: &part.path,
            ..*ask
        };
        self.permitted(ask, effect, target).await?;
        let propose = async |draft| self.requests.propose(ask, draft, plan_only.is_some()).await;
        if effect == Effect::Read {
            return match parsed.run(ask).await? {
                Outcome::Reply(reply) => Ok(Some(reply)),
                Outcome::Said => Ok(None),
                Outcome::Box(draft) => self.journaled(ask, self.invite(ask, &draft)).await,
                // `op … retry` and the like look like reads until they have looked.
                Outcome::Plan(draft) => self.journaled(ask, propose(*draft)).await,
            };
        }
        let run = async {
            if effect >= Effect::Change && plan_only.is_none() && part.needs_the_target {
                // Nobody waits for providers only to hear that somebody else has the target.
                self.requests.free(ask, ask.path, target, false).await?;
            }
            match parsed.run(ask).await? {
                Outcome::Reply(reply) => Ok(Some(reply)),
                Outcome::Said => Ok(None),
                Outcome::Box(draft) => self.invite(ask, &draft).await,
                Outcome::Plan(draft) => propose(*draft).await,
            }
        };
        self.journaled(ask, run).await
    }

    /// Asks for a secret, by a drop box.
    async fn invite(&self, ask: &Ask<'_>, draft: &BoxDraft) -> Result<Option<Reply>, Refusal> {
        let (Some(links), Some(person)) = (&self.context.links, ask.person) else {
            return Err(link::unavailable());
        };
        let batch = links.invite(ask, person, draft)?;
        self.context.store.commit(batch).await?;
        Ok(None)
    }

    async fn permitted(
        &self,
        ask: &Ask<'_>,
        effect: Effect,
        target: Option<&TargetName>,
    ) -> Result<(), Refusal> {
        // What a plan does is known when it is made; then policy is asked again.
        let known = (effect <= Effect::Decide).then_some(effect);
        let Decision::Denied(denial) = decide(ask, ask.path, known, target) else {
            return Ok(());
        };
        let refusal = Requests::denied(ask, ask.path, target, &denial);
        if effect >= Effect::Decide {
            self.record_refusal(ask, target, &refusal).await?;
        }
        Err(refusal)
    }

    async fn record_refusal(
        &self,
        ask: &Ask<'_>,
        target: Option<&TargetName>,
        refusal: &Refusal,
    ) -> Result<(), Refusal> {
        let entry = Entry {
            target: target.cloned(),
            ..crate::requests::entry(ask, Event::Refused, format!("was refused: {}", refusal.words))
        };
        self.context.store.commit(Batch::default().record(entry)).await?;
        Ok(())
    }

    /// Runs what decides or plans: the message is on disk before, and marked as dealt with after. The answer is put into
    /// the outbox with that mark, so that a crash cannot swallow it.
    async fn journaled(
        &self,
        ask: &Ask<'_>,
        run: impl Future<Output = Result<Option<Reply>, Refusal>>,
    ) -> Result<Option<Reply>, Refusal> {
        if ask.message.kind == Kind::Filled {
            return run.await;
        }
        let settings = &self.context.settings;
        if between(ask.message.sent_at, ask.now) > settings.stale_after && ask.message.kind != Kind::Replayed
        {
            return Err(away(ask));
        }
        let received = Received {
            message: ask.message.clone(),
            at: ask.now,
        };
        match self
            .context
            .store
            .commit(Batch::of(Write::Receive(received)))
            .await
        {
            Ok(_) => {}
            Err(StoreError::Conflict(Conflict::Received(_))) => return Ok(None),
            Err(other) => return Err(other.into()),
        }
        let mut over = Batch::of(Write::Handled(MessageKey::of(ask.message)));
        let reply = match run.await {
            Ok(reply) => reply,
            Err(refusal) => {
                if !refusal.fault {
                    over.audit.push(crate::requests::entry(
                        ask,
                        Event::Refused,
                        format!("was refused: {}", refusal.words),
                    ));
                }
                Some(refused(ask, &refusal))
            }
        };
        if let Some(reply) = &reply {
            let answer = Post::answer(ask.message, reply.clone());
            over.writes.push(Write::Enqueue(answer));
        }
        match self.context.store.commit(over).await {
            Ok(_) => Ok(None),
            // What was decided is decided: a store that fails now must not turn the answer into a "no".
            Err(error) => {
                tracing::error!(%error, message = %ask.message.id, "a message stays marked as not dealt with");
                Ok(reply)
            }
        }
    }
}

fn refused(ask: &Ask<'_>, refusal: &Refusal) -> Reply {
    let mut sentence = refusal.sentence();
    if refusal.fault {
        let trace = Trace::of(ask.message);
        tracing::warn!(%trace, command = ask.line.split_whitespace().next(), error = ?refusal.source, "{refusal}");
        sentence = format!("{sentence}  [trace {trace}]");
    }
    Reply::line(sentence).toned(Tone::Bad)
}

fn away(ask: &Ask<'_>) -> Refusal {
    let when = ago(ask.message.sent_at, ask.now);
    Refusal::new(format!(
        "I was away when you said that ({when}), and nothing was done"
    ))
    .hint("Say it again.")
}
