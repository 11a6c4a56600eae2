//! From a filled box to a plan, and from the plan to the value. The command that asked for the box is run again, by itself,
//! as if whoever asked had said it; what it plans names the box and the digest of what is in it.

use countersign_secrets::drop_box::{Filling, open};
use zeroize::Zeroizing;

use super::{DropBox, State};
use crate::audit::Event;
use crate::command::Ask;
use crate::context::Context;
use crate::dispatch::Dispatcher;
use crate::id::{BoxId, MessageId};
use crate::link::{Links, Visitor};
use crate::message::{Kind, Message, Sender};
use crate::operation::Trouble;
use crate::refusal::Refusal;
use crate::reply::{Post, Reply, Tone};
use crate::secret::Secret;
use crate::store::{Batch, Conflict, StoreError, Write};
use crate::worker::Fruit;

/// The parameter of a plan that names the drop box which it uses: the end of the request empties that box.
pub const PARAMETER: &str = "drop_box";

/// What a command may know of a filled box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The box; goes into the plan as [`PARAMETER`].
    pub id: BoxId,
    /// The digest of what is in it, as 64 hexadecimal digits; goes into the plan too, as `sha256`.
    pub sha256: String,
    /// Who filled it; those who sign should see it.
    pub by: Visitor,
}

impl Dropped {
    /// The form that people compare by eye: `9c41 f0e2`, as the page showed it.
    pub fn short(&self) -> String {
        match (self.sha256.get(..4), self.sha256.get(4..8)) {
            (Some(first), Some(second)) => format!("{first} {second}"),
            _ => self.sha256.clone(),
        }
    }
}

impl Ask<'_> {
    /// The filled box that this command line names, if it is the asker's and was made for this very line.
    pub async fn dropped(&self, id: &BoxId) -> Result<Dropped, Refusal> {
        let drop_box = self.store.drop_box(id).await?;
        let drop_box =
            drop_box.filter(|drop_box| self.person.is_some_and(|person| person.id == drop_box.owner));
        let Some(drop_box) = drop_box else {
            return Err(Refusal::new(format!("you have no drop box {id}"))
                .hint("Leave --box away; then you are sent one."));
        };
        if self.line.split_whitespace().ne(drop_box.then.split_whitespace()) {
            return Err(Refusal::new(format!(
                "drop box {id} is for {}, and serves nothing else",
                drop_box.purpose
            )));
        }
        if let Some(request) = drop_box.request() {
            return Err(Refusal::new(format!("drop box {id} is in {request} already"))
                .hint("Say it without --box; then you are sent another."));
        }
        match (&drop_box.state, &drop_box.content) {
            (State::Filled { by, .. }, Some(content)) => Ok(Dropped {
                id: id.clone(),
                sha256: hex::encode(content.digest()),
                by: by.clone(),
            }),
            (State::Open, _) => Err(Refusal::new(format!("nothing is in drop box {id} yet"))
                .hint("Open the form that I sent you.")),
            (state, _) => Err(Refusal::new(format!("drop box {id} is {}", state.word()))
                .hint("Say it again without --box; then you are sent another.")),
        }
    }
}

impl Links {
    /// The value that a plan names, if it still is the one that was signed.
    pub async fn dropped(&self, plan: &crate::plan::Plan) -> Result<Secret, Trouble> {
        let (id, sha256): (String, String) = (plan.parameter(PARAMETER)?, plan.parameter("sha256")?);
        let id = BoxId::from(id);
        let found = self.store().drop_box(&id).await;
        let drop_box = found.map_err(|error| Trouble::again(error.to_string()))?;
        let gone = || Trouble::never(format!("what was in drop box {id} is gone")).hint("Ask again.");
        let Some((drop_box, content)) = drop_box.and_then(|found| {
            let content = found.content.clone()?;
            Some((found, content))
        }) else {
            return Err(gone());
        };
        if hex::encode(content.digest()) != sha256 {
            return Err(Trouble::never(format!(
                "what is in drop box {id} is not what was signed"
            )));
        }
        let value = self.open(&drop_box, &content)?;
        let text = std::str::from_utf8(&value)
            .map_err(|_| Trouble::never(format!("what is in drop box {id} is no text")))?;
        Ok(Secret::from(text.to_owned()))
    }

    /// What was dropped.
    pub(crate) fn open(&self, drop_box: &DropBox, content: &Filling) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        let Some(private) = &drop_box.private else {
            return Err(Trouble::never(format!("drop box {} is closed", drop_box.id)));
        };
        let opened = self.settings().keys.open(&super::key_of(&drop_box.id), private);
        let bytes = opened.map_err(|error| Trouble::never(error.to_string()))?;
        let key = super::key(&bytes).ok_or_else(|| Trouble::never("the key of the drop box is damaged"))?;
        open(&key, &drop_box.header, content).map_err(|error| Trouble::never(error.to_string()))
    }
}

/// Runs the command that waits for a filled box. What it plans takes the box in the transaction that makes the request; so
/// it is run again after a crash, and never twice. Trouble that may pass is told once, and it is tried again.
pub(crate) async fn plan(
    context: &Context,
    dispatcher: &Dispatcher,
    id: &BoxId,
    tries: u32,
) -> Result<Fruit, StoreError> {
    let Some(drop_box) = waiting(context, id).await? else {
        return Ok(Fruit::Borne);
    };
    let message = message(&drop_box, context.now());
    let outcome = dispatcher.filled(&message).await;
    let Some(drop_box) = waiting(context, id).await? else {
        return Ok(Fruit::Borne);
    };
    let (reply, record, fruit) = match outcome {
        Ok(reply) => (reply, None, Fruit::Borne),
        Err(refusal) => {
            let words = format!("drop box {id} was filled, and then: {}", refusal.words);
            let reply = Reply::line(refusal.sentence()).toned(Tone::Bad);
            let fruit = if refusal.fault { Fruit::None } else { Fruit::Borne };
            (
                Some(reply),
                Some((
                    drop_box.record(context.now(), Event::Refused, words),
                    refusal.fault,
                )),
                fruit,
            )
        }
    };
    let again = matches!(fruit, Fruit::None);
    if again && tries > 0 {
        return Ok(fruit);
    }
    let mut batch = Batch::default();
    if !again {
        batch = batch.write(Write::Box(Box::new(drop_box.planned())));
    }
    if let Some(reply) = reply {
        let reply = if again {
            reply.and(format!("What is in drop box {id} is kept, and I try again."))
        } else {
            reply
        };
        batch = batch.write(Write::Enqueue(Post::answer(&message, reply)));
    }
    if let Some((record, false)) = record {
        batch = batch.record(record);
    }
    match context.store.commit(batch).await {
        // Its owner may have been faster.
        Ok(_) | Err(StoreError::Conflict(Conflict::Box(_))) => Ok(fruit),
        Err(other) => Err(other),
    }
}

/// The box, if its command is still to be run.
async fn waiting(context: &Context, id: &BoxId) -> Result<Option<DropBox>, StoreError> {
    let found = context.store.drop_box(id).await?;
    Ok(found.filter(|found| matches!(found.state, State::Filled { planned: false, .. })))
}

/// The command line as its owner would say it, where they asked first.
fn message(drop_box: &DropBox, now: crate::time::Timestamp) -> Message {
    let origin = &drop_box.origin;
    Message {
        id: MessageId::from(format!("drop box {}", drop_box.id)),
        place: origin.place.clone(),
        sender: Sender {
            nick: origin.nick.clone(),
            account: origin.account.clone(),
            assurance: origin.assurance,
        },
        text: drop_box.then.clone(),
        sent_at: now,
        kind: Kind::Filled,
        thread: None,
    }
}
