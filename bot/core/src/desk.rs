//! Decisions: votes, locks, holds, and what becomes of operations. Each is one audited transaction; what is read
//! before is read again if somebody else was faster.

mod checkpoints;
mod links;
mod targets;
mod votes;

use crate::approval::{By, Present, VoteRefusal};
use crate::command::Ask;
use crate::context::Context;
use crate::id::{OperationId, RequestId};
use crate::refusal::Refusal;
use crate::reply::{Post, Reply};
use crate::store::{Batch, MessageKey, StoreError, Write};

/// How often a decision is taken anew because somebody else was faster.
const TRIES: usize = 16;

/// Takes decisions.
#[derive(Clone, Debug)]
pub struct Desk {
    context: Context,
}

impl Desk {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    fn present<'a>(&'a self, ask: &Ask<'_>) -> Present<'a> {
        let settings = &self.context.settings;
        Present {
            policy: &settings.policy,
            directory: &settings.directory,
            now: ask.now,
        }
    }
}

/// The message that asks for this is dealt with and answered, in the same transaction.
fn answered(ask: &Ask<'_>, reply: Reply) -> Batch {
    Batch::of(Write::Handled(MessageKey::of(ask.message)))
        .write(Write::Enqueue(Post::answer(ask.message, reply)))
}

fn no_request(ask: &Ask<'_>, id: &RequestId) -> Refusal {
    Refusal::new(format!("there is no request {id}"))
        .hint(format!("{} lists those that wait.", ask.type_("pending")))
}

fn no_operation(ask: &Ask<'_>, id: &OperationId) -> Refusal {
    Refusal::new(format!("there is no operation {id}")).hint(format!("{} lists them.", ask.type_("ops")))
}

fn not_counted(ask: &Ask<'_>, refusal: &VoteRefusal) -> Refusal {
    let refused = Refusal::new(refusal.to_string());
    match refusal.next() {
        Some(next) => refused.hint(format!("Type {}", ask.type_(&next))),
        None => refused,
    }
}

fn raced() -> Refusal {
    Refusal::new("others keep changing this at the same moment; nothing was done").hint("Say it again.")
}

fn is_conflict(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict(_))
}

fn by<'a>(ask: &Ask<'a>, origin: &'a crate::approval::Origin) -> Result<By<'a>, Refusal> {
    By::new(ask.person.map(|person| &**person), origin).map_err(|refusal| not_counted(ask, &refusal))
}
