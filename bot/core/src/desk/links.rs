//! What people do with links and drop boxes from chat: ask for the phrase, burn one, have one made anew.

use super::{Desk, TRIES, answered, is_conflict, raced};
use crate::audit::{self, Event};
use crate::command::{Ask, Outcome};
use crate::drop_box::DropBox;
use crate::id::{BoxId, LinkId, PersonId};
use crate::link::{self, Link, State};
use crate::message::{Assurance, Place};
use crate::plan::Draft;
use crate::refusal::Refusal;
use crate::reply::{Post, Reply, Tone};
use crate::requests;
use crate::store::{Batch, Write};
use crate::text::ago;

impl Desk {
    /// Tells the recipient the pass phrase of a link, in answer to their own direct message and nowhere else.
    pub async fn phrase(&self, ask: &Ask<'_>, id: &LinkId) -> Result<Outcome, Refusal> {
        let link = self.link(ask, id).await?;
        if !matches!(ask.message.place, Place::Direct(_)) {
            let words = "a phrase is only told in a direct message";
            return Err(Refusal::new(words).hint(format!("Write to me directly: phrase {id}")));
        }
        if ask.message.sender.assurance < Assurance::Account || !is(ask, &link.recipient) {
            return Err(no_link(ask, id));
        }
        let Some(phrase) = link
            .phrase
            .clone()
            .filter(|_| link.state_at(ask.now) == State::Live)
        else {
            return Err(over(ask, &link));
        };
        let record = about(
            ask,
            &link,
            Event::Told,
            format!("was told the phrase of link {id}"),
        );
        let batch = answered(ask, link::phrase(&link, phrase)).record(record);
        self.context.store.commit(batch).await?;
        Ok(Outcome::Said)
    }

    /// Makes a link useless. If it was opened already, those who signed for it are told that it was by somebody else.
    pub async fn burn(&self, ask: &Ask<'_>, id: &str) -> Result<Outcome, Refusal> {
        for _ in 0..TRIES {
            let batch = match self.context.store.link(&LinkId::typed(id)).await? {
                Some(link) if ask.person.is_some_and(|person| link.concerns(&person.id)) => {
                    self.burnt(ask, &link).await?
                }
                _ => self.closed(ask, &BoxId::typed(id)).await?,
            };
            match self.context.store.commit(batch).await {
                Ok(_) => return Ok(Outcome::Said),
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(raced())
    }

    async fn burnt(&self, ask: &Ask<'_>, link: &Link) -> Result<Batch, Refusal> {
        let id = &link.id;
        let Some(person) = ask.person else {
            return Err(no_link(ask, id));
        };
        if let Some(burned) = link.burn(&person.id, ask.now) {
            let reply = Reply::line(format!(
                "link {id} ({}) is burned; nobody can open it. A new one: {}",
                link.title,
                ask.type_(&format!("reissue {id}"))
            ));
            let record = about(
                ask,
                link,
                Event::Burned,
                format!("burned link {id} ({})", link.title),
            );
            return Ok(answered(ask, reply)
                .write(Write::Link(Box::new(burned)))
                .record(record));
        }
        let State::Redeemed { at, by } = &link.state else {
            return Err(over(ask, link));
        };
        let words = format!(
            "{} says that link {id} ({}) was opened by somebody else: {} from {by}. What was in it is known to them: \
             change it.",
            person.id,
            link.title,
            ago(*at, ask.now)
        );
        let signers = self.signers(link).await?;
        let alarm = Reply::line(words.clone()).toned(Tone::Bad);
        let reply = Reply::line(format!(
            "link {id} was opened {} from {by}, so nothing can be taken back. Everybody who signed for it is told. What \
             was in it is known to whoever opened it: have it changed.",
            ago(*at, ask.now)
        ));
        let mut batch = answered(ask, reply).record(about(ask, link, Event::Burned, words));
        batch = batch.write(Write::Enqueue(Post::to(link.asked_in.clone(), alarm.clone())));
        for signer in signers {
            let person = self.context.settings.directory.person(&signer);
            let account = person.and_then(|person| person.reached_from(link.asked_in.network()));
            if let Some(account) = account {
                let place = Place::Direct(account.clone());
                batch = batch.write(Write::Enqueue(Post::to(place, alarm.clone())));
            }
        }
        Ok(batch)
    }

    async fn signers(&self, link: &Link) -> Result<Vec<PersonId>, Refusal> {
        let operation = self.context.store.operation(&link.operation).await?;
        Ok(operation.map(|operation| operation.signers).unwrap_or_default())
    }

    async fn closed(&self, ask: &Ask<'_>, id: &BoxId) -> Result<Batch, Refusal> {
        let found = self.context.store.drop_box(id).await?;
        let Some(drop_box) = found.filter(|found| is(ask, &found.owner)) else {
            return Err(no_link(ask, &LinkId::from(id.as_str())));
        };
        let closed = drop_box.emptied(ask.now);
        if closed.state == drop_box.state {
            let words = format!("drop box {id} is {} already", drop_box.state.word());
            return Err(Refusal::new(words));
        }
        let reply = Reply::line(format!(
            "drop box {id} for {} is closed, and what was in it is gone.",
            drop_box.purpose
        ));
        let words = format!("closed drop box {id} ({})", drop_box.purpose);
        let record = audit::Entry {
            target: drop_box.target.clone(),
            ..requests::entry(ask, Event::Burned, words)
        };
        Ok(answered(ask, reply)
            .write(Write::Box(Box::new(closed)))
            .record(record))
    }

    /// Plans a link anew: what was asked for is asked for again, under its own rule. If the first is live still, it ends
    /// when the new one is made.
    pub async fn reissue(&self, ask: &Ask<'_>, id: &LinkId) -> Result<Outcome, Refusal> {
        let link = self.link(ask, id).await?;
        let gone = || {
            Refusal::new(format!("I don't remember any more how link {id} was asked for"))
                .hint("Ask for it as you did then.")
        };
        if !is(ask, &link.requester) {
            return Err(
                Refusal::new(format!("{} asked for link {id}, not you", link.requester))
                    .hint(format!("Ask {}.", link.requester)),
            );
        }
        let operation = self
            .context
            .store
            .operation(&link.operation)
            .await?
            .ok_or_else(gone)?;
        let plan = &operation.plan;
        let action = self.context.actions.get(&plan.action).ok_or_else(gone)?;
        let facts = action.facts(plan).await?;
        let mut parameters = plan.parameters.clone();
        parameters.insert(link::REISSUES.to_owned(), serde_json::json!(id));
        Ok(Outcome::Plan(Box::new(Draft {
            command: plan.command.clone(),
            action: plan.action.clone(),
            effect: plan.effect,
            target: plan.target.clone(),
            resource: plan.resource.clone(),
            summary: format!("{} again, in place of link {id}", plan.summary),
            details: plan.details.clone(),
            parameters,
            fingerprint: facts,
            reason: plan.reason.clone(),
        })))
    }

    /// The asker's own links, and their own drop boxes, newest first.
    pub async fn own_links(&self, ask: &Ask<'_>) -> Result<(Vec<Link>, Vec<DropBox>), Refusal> {
        const MOST: u32 = 50;
        let Some(person) = ask.person.map(|person| person.id.clone()) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let store = &self.context.store;
        let of = crate::store::LinksWhere::Of {
            person: person.clone(),
            limit: MOST,
        };
        let boxes = crate::store::BoxesWhere::Of { person, limit: MOST };
        Ok((store.links(of).await?, store.drop_boxes(boxes).await?))
    }

    /// A link that the asker may know of. To others there is none.
    async fn link(&self, ask: &Ask<'_>, id: &LinkId) -> Result<Link, Refusal> {
        let found = self.context.store.link(id).await?;
        found
            .filter(|link| ask.person.is_some_and(|person| link.concerns(&person.id)))
            .ok_or_else(|| no_link(ask, id))
    }
}

fn is(ask: &Ask<'_>, person: &PersonId) -> bool {
    ask.person.is_some_and(|asker| asker.id == *person)
}

fn no_link(ask: &Ask<'_>, id: &LinkId) -> Refusal {
    Refusal::new(format!("there is no link {id} of yours"))
        .hint(format!("{} lists them.", ask.type_("links")))
}

fn over(ask: &Ask<'_>, link: &Link) -> Refusal {
    let state = link.state_at(ask.now);
    let how = match &state {
        State::Redeemed { by, .. } => format!("was opened from {by}"),
        State::Burned { by: Some(by), .. } => format!("was burned by {by}"),
        State::Burned { by: None, .. } => "burned itself after five wrong phrases".to_owned(),
        State::Expired { .. } | State::Live => "expired".to_owned(),
    };
    let when = state
        .ended()
        .map(|at| format!(" {}", ago(at, ask.now)))
        .unwrap_or_default();
    Refusal::new(format!("link {} ({}) {how}{when}", link.id, link.title)).hint(format!(
        "A new one: {}",
        ask.type_(&format!("reissue {}", link.id))
    ))
}

fn about(ask: &Ask<'_>, link: &Link, event: Event, words: String) -> audit::Entry {
    audit::Entry {
        target: link.target.clone(),
        request: Some(link.request.clone()),
        operation: Some(link.operation.clone()),
        ..requests::entry(ask, event, words)
    }
}
