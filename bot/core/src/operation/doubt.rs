//! What is said while nobody can tell yet whether a step happened. As a rule that is known in a moment, and nothing is said.

use super::Operation;
use crate::reply::{Post, Reply, Tone};
use crate::time::Duration;

/// A doubt that lasts so long is told.
const LASTS: Duration = Duration::from_secs(20);
/// What the operation is at then. Who is told so once is not told again.
const PHASE: &str = "looking what became of it";

/// What is told of the doubt, if it is time to; and so it was told. What is tried again is told otherwise.
pub(super) fn told(operation: &mut Operation, in_step: Duration, title: &str) -> Option<Post> {
    if in_step < LASTS || operation.tries > 0 || operation.phase == PHASE {
        return None;
    }
    let doubt = operation.doubt.as_ref()?;
    let line = format!(
        "{title}: {doubt} I look what became of it, and go on when I know.  [op {}]",
        operation.id
    );
    PHASE.clone_into(&mut operation.phase);
    let mut post = Post::to(
        operation.origin.place.clone(),
        Reply::line(line).toned(Tone::Waiting),
    );
    post.thread = Some(operation.origin.message.clone());
    Some(post)
}
