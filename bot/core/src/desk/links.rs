//! What people do with links and drop boxes from chat: ask for the phrase, burn one, have one made anew.

use super::{Desk, TRIES, answered, is_conflict, raced};
use crate::access::{self, Undone};
use crate::audit::{self, Event};
use crate::command::{Ask, Outcome};
use crate::drop_box::DropBox;
use crate::id::{BoxId, LinkId, PersonId};
use crate::link::{self, Link, State};
use crate::message::{Assurance, Place};
use crate::plan::{Detail, Draft};
use crate::refusal::Refusal;
use crate::reply::{Line, Post, Reply, Tone};
use crate::requests;
use crate::store::{Batch, Write};
use crate::text::{ago, list};

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
        let links = self.context.links.as_ref().ok_or_else(link::unavailable)?;
        let phrase = links.phrase(&link, &phrase, &ask.message.place)?;
        let batch = answered(ask, link::phrase(&link, phrase)).record(record);
        self.context.store.commit(batch).await?;
        Ok(Outcome::Said)
    }

    /// Makes a link useless. If it was opened already, what it opened is taken away where that is ours to take, and those who
    /// signed for it are told that it was opened by somebody else.
    pub async fn burn(&self, ask: &Ask<'_>, id: &LinkId) -> Result<Outcome, Refusal> {
        for _ in 0..TRIES {
            let batch = match self.context.store.link(id).await? {
                Some(link) if ask.person.is_some_and(|person| link.concerns(&person.id)) => {
                    self.burnt(ask, &link).await?
                }
                _ => self.closed(ask, &BoxId::from(id.as_str())).await?,
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
                "link {id} ({}) is burned; nobody can open it. {}",
                link.title,
                anew(ask, link)
            ));
            let followed = access::with_link(&*self.context.store, &burned, ask.now).await?;
            let record = about(
                ask,
                link,
                Event::Burned,
                format!("burned link {id} ({})", link.title),
            );
            return Ok(answered(ask, reply)
                .write(Write::Link(Box::new(burned)))
                .record(record)
                .and(followed));
        }
        let State::Redeemed { at, by } = &link.state else {
            return Err(over(ask, link));
        };
        if let Some(before) = &link.disowned {
            return Err(Refusal::new(format!(
                "{before} said so before, and everybody concerned was told then; nothing was sent again"
            )));
        }
        let opened = ago(*at, ask.now);
        let told = self.concerned(link).await?;
        let undone = access::undo(&*self.context.store, link, &person.id, ask.now).await?;
        let (nothing, then, undone) = match undone {
            Undone::No => (
                ", so nothing can be taken back",
                self.remedy(ask, link).await?,
                Batch::default(),
            ),
            Undone::Ended(batch) => {
                let words = "the account is taken away: I lock it, throw out whoever is logged in with it, and drop it";
                ("", Some(words.to_owned()), batch)
            }
            Undone::Dropped { password_of, batch } => {
                let type_ = ask.type_(&format!(
                    "db passwd {} {}",
                    password_of.database, password_of.account
                ));
                let words = format!("I do not set that password any more. Have another made with {type_}");
                ("", Some(words), batch)
            }
        };
        let alarm = Reply::line(
            Line::new(format!(
                "{} says that link {id} ({}) was opened by somebody else: {opened} from ",
                person.id, link.title
            ))
            .foreign(by.to_string())
            .then(format!(
                ". What was in it is known to them: {}.",
                then.as_deref().unwrap_or("change it")
            )),
        )
        .toned(Tone::Bad);
        let whom = match told.as_slice() {
            [] => "Nobody signed for it".to_owned(),
            told => format!("I told {}", list(told.iter().map(|(signer, _)| signer))),
        };
        let reply = Reply::line(
            Line::new(format!("link {id} was opened {opened} from "))
                .foreign(by.to_string())
                .then(format!(
                    "{nothing}. {whom}. What was in it is known to whoever opened it: {}.",
                    then.as_deref().unwrap_or("have it changed")
                )),
        );
        let words = format!("disowned the opening of link {id} ({}) from {by}", link.title);
        let mut batch = answered(ask, reply)
            .write(Write::Link(Box::new(link.disowned_by(&person.id))))
            .record(about(ask, link, Event::Disowned, words))
            .and(undone);
        let room = Post::to(link.asked_in.clone(), alarm.clone());
        let places = told.into_iter().map(|(_, place)| Post::to(place, alarm.clone()));
        batch
            .writes
            .extend(std::iter::once(room).chain(places).map(Write::Enqueue));
        Ok(batch)
    }

    /// How to make what was in a link worth nothing, if it was an account.
    async fn remedy(&self, ask: &Ask<'_>, link: &Link) -> Result<Option<String>, Refusal> {
        let access = match &link.access {
            Some(id) => self.context.store.access(id).await?,
            None => None,
        };
        let theirs =
            access.filter(|access| access.kind == access::Kind::Person && access.state.why().is_none());
        Ok(theirs.map(|access| {
            let revoke = ask.type_(&format!("db access revoke {}", access.account));
            format!("take the account away with {revoke}")
        }))
    }

    /// Those who signed for a link, and where they are reached.
    async fn concerned(&self, link: &Link) -> Result<Vec<(PersonId, Place)>, Refusal> {
        let operation = self.context.store.operation(&link.operation).await?;
        let signers = operation.map(|operation| operation.signers).unwrap_or_default();
        let directory = &self.context.settings.directory;
        let reached = signers.into_iter().filter_map(|signer| {
            let account = directory.person(&signer)?.reached_from(link.asked_in.network())?;
            Some((signer, Place::Direct(account.clone())))
        });
        Ok(reached.collect())
    }

    async fn closed(&self, ask: &Ask<'_>, id: &BoxId) -> Result<Batch, Refusal> {
        let found = self.context.store.drop_box(id).await?;
        let Some(drop_box) = found.filter(|found| is(ask, &found.owner)) else {
            return Err(no_link(ask, &LinkId::from(id.as_str())));
        };
        if let Some(request) = drop_box.request() {
            let words = format!("drop box {id} belongs to {request}, which is under way");
            return Err(Refusal::new(words).hint(format!(
                "Take that back: {}",
                ask.type_(&format!("cancel {request}"))
            )));
        }
        let closed = drop_box.emptied(ask.now);
        if closed.state == drop_box.state {
            let words = format!(
                "drop box {id} is {} already; nothing is in it",
                drop_box.state.word()
            );
            return Err(Refusal::new(words).hint(format!("{} lists yours.", ask.type_("links"))));
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
        if link.access.is_some() {
            let words = format!("link {id} ({}) can't be made anew", link.title);
            return Err(Refusal::new(words).hint(link::UNUSED));
        }
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
            command: Some(plan.command.clone()),
            action: plan.action.clone(),
            effect: plan.effect,
            target: plan.target.clone(),
            resource: plan.resource.clone(),
            also: plan.also.clone(),
            summary: plan.summary.clone(),
            details: again(&plan.details, id),
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

/// What people read before they sign, and that it is not the first time.
fn again(details: &[Detail], id: &LinkId) -> Vec<Detail> {
    const AGAIN: &str = "again";
    let first = details.iter().filter(|detail| detail.label != AGAIN).cloned();
    let again = Detail {
        label: AGAIN.to_owned(),
        lines: vec![format!("in place of link {id}, which ends when this one is made")],
    };
    first.chain(std::iter::once(again)).collect()
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
        State::Redeemed { .. } => "was opened".to_owned(),
        State::Burned { by: Some(by), .. } => format!("was burned by {by}"),
        State::Burned { by: None, .. } => "burned itself after five wrong phrases".to_owned(),
        State::Expired { .. } | State::Live => "expired".to_owned(),
    };
    let when = state
        .ended()
        .map(|at| format!(" {}", ago(at, ask.now)))
        .unwrap_or_default();
    let over = Refusal::new(format!("link {} ({}) {how}{when}", link.id, link.title));
    match (&link.access, &state) {
        // What was in it is in their hands.
        (Some(_), State::Redeemed { .. }) => over,
        _ => over.hint(anew(ask, link)),
    }
}

/// How to have what was in it after all.
fn anew(ask: &Ask<'_>, link: &Link) -> String {
    match link.access {
        Some(_) => link::UNUSED.to_owned(),
        None => format!("A new one: {}", ask.type_(&format!("reissue {}", link.id))),
    }
}

fn about(ask: &Ask<'_>, link: &Link, event: Event, words: String) -> audit::Entry {
    audit::Entry {
        target: link.target.clone(),
        request: Some(link.request.clone()),
        operation: Some(link.operation.clone()),
        ..requests::entry(ask, event, words)
    }
}
