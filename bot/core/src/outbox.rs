//! What must be said even if the bot goes down in between: posts are written in the transaction that they are a
//! consequence of, and sent from here. A post that a crash caught in the middle of sending is sent once more and
//! says so.

use crate::chat::SendError;
use crate::context::Context;
use crate::id::NetworkId;
use crate::message::Place;
use crate::reply::{Post, Urgency};
use crate::speaker::Speaker;
use crate::store::{Batch, Outgoing, OutgoingState, StoreError, Write};
use crate::time::{Duration, Timestamp, after};

/// Posts handled in one go.
const BATCH: u32 = 50;
/// The pause after a network did not take a post, doubled with every try.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// What is added to a post that may have been said already.
const AGAIN: &str = "(maybe said before: the bot was restarted while saying it)";

/// Sends the oldest post that is due to a place; what was said first is heard first. One at a time, so that nobody who
/// takes over waits for more than that.
pub(crate) async fn deliver(context: &Context, speaker: &Speaker, place: &Place) -> Result<(), StoreError> {
    let due = context.store.outgoing(Some(place), context.now(), 1).await?;
    for outgoing in due {
        send(context, speaker, outgoing).await?;
    }
    Ok(())
}

/// A network is back: what waits for it is due now.
pub(crate) async fn hurry(context: &Context, network: &NetworkId) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    for place in context.store.waiting_places(Timestamp::MAX).await? {
        if place.network() != network {
            continue;
        }
        for outgoing in context
            .store
            .outgoing(Some(&place), Timestamp::MAX, BATCH)
            .await?
        {
            if outgoing.state == OutgoingState::Queued && outgoing.due > context.now() {
                batch.writes.push(Write::Postpone {
                    id: outgoing.id,
                    due: context.now(),
                });
            }
        }
    }
    if !batch.writes.is_empty() {
        context.store.commit(batch).await?;
    }
    Ok(())
}

async fn send(context: &Context, speaker: &Speaker, outgoing: Outgoing) -> Result<(), StoreError> {
    let (id, urgency) = (outgoing.id, outgoing.post.urgency);
    let post = match outgoing.state {
        OutgoingState::Queued => outgoing.post,
        OutgoingState::Sending => marked(outgoing.post),
    };
    context.store.commit(Batch::of(Write::Sending(id))).await?;
    let next = match speaker.send(post).await {
        Ok(_) => Write::Sent(id),
        Err(SendError::Refused { network, reason }) => {
            tracing::error!(%network, reason, post = id, "a post was refused and is given up");
            Write::Sent(id)
        }
        Err(SendError::Slow { wait, .. }) => Write::Postpone {
            id,
            due: after(context.now(), wait),
        },
        Err(error @ SendError::Away { .. }) if outgoing.tries >= patience(urgency) => {
            tracing::error!(%error, post = id, tries = outgoing.tries, "a post is given up");
            Write::Sent(id)
        }
        Err(error @ SendError::Away { .. }) => {
            let pause = FIRST_PAUSE
                .saturating_mul(1 << outgoing.tries.min(10))
                .min(LONGEST_PAUSE);
            tracing::warn!(%error, post = id, pause_s = pause.as_secs(), "a post waits");
            Write::Postpone {
                id,
                due: after(context.now(), pause),
            }
        }
    };
    context.store.commit(Batch::of(next)).await?;
    Ok(())
}

/// How often a post is tried before it is given up, so that none holds back for ever what comes after it: with the
/// pauses between, for about ten minutes, an hour, a day.
fn patience(urgency: Urgency) -> u32 {
    match urgency {
        Urgency::Chatter => 10,
        Urgency::Normal => 20,
        Urgency::Result => 300,
    }
}

fn marked(mut post: Post) -> Post {
    post.reply = post.reply.and(AGAIN);
    post
}
