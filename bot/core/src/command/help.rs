//! Help, made from what clap and the specs know and policy says: what this person may do here.

use super::{Ask, Registered, Spec};
use crate::id::TargetName;
use crate::policy::{Decision, Question};
use crate::reply::Reply;

/// What policy says of the command on this target, asked here by this person.
pub fn decide<'a>(ask: &Ask<'a>, command: &str, target: Option<&TargetName>) -> Decision<'a> {
    let question = Question {
        command,
        effect: None,
        target,
        person: ask.person.map(|person| &**person),
        assurance: ask.message.sender.assurance,
        place: &ask.message.place,
        now: ask.now,
    };
    ask.settings.policy.decide(&question, &ask.settings.directory)
}

/// Whether this person may use the command here, on at least one target.
pub fn may(ask: &Ask<'_>, command: &Spec) -> bool {
    let allowed = |target| matches!(decide(ask, command.name, target), Decision::Allowed(_));
    allowed(None) || ask.settings.targets.keys().any(|target| allowed(Some(target)))
}

/// The commands that this person may use here.
pub fn overview(_ask: &Ask<'_>) -> Reply {
    Reply::default()
}

/// How one command is used, and what of it this person may do here.
pub fn help_for(_ask: &Ask<'_>, _command: &Registered) -> Reply {
    Reply::default()
}
