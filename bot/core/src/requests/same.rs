//! Nobody is asked for two signatures where one does: what waits for signatures already is not asked for again.

use super::Requests;
use crate::approval::{Request, State};
use crate::command::Ask;
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::store::RequestsWhere;
use crate::text::ago;

impl Requests {
    /// Names the request that waits for the same, if there is one. Another person's is not in the way, nor is one under
    /// another rule, nor one that was made when the world was otherwise: any of these may come to another end.
    pub(super) async fn not_asked_already(&self, ask: &Ask<'_>, plan: &Plan) -> Result<(), Refusal> {
        let open = ask.store.requests(RequestsWhere::Open).await?;
        let waits = |request: &&Request| {
            request.state == State::Pending && request.end().is_none_or(|end| end > ask.now)
        };
        let Some(same) = open
            .iter()
            .filter(waits)
            .find(|request| self.is_the_same(&request.plan, plan))
        else {
            return Ok(());
        };
        let id = &same.id;
        let words = format!(
            "you have asked for that already, {}: {id} needs {}",
            ago(same.plan.created, ask.now),
            same.needs(&self.present(ask.now))
        );
        let (approve, cancel) = (format!("approve {id}"), format!("cancel {id}"));
        Err(Refusal::new(words).hint(format!(
            "They type {}; {} takes it back.",
            ask.type_(&approve),
            ask.type_(&cancel)
        )))
    }

    fn is_the_same(&self, one: &Plan, other: &Plan) -> bool {
        let of = |plan: &Plan| {
            (
                plan.requester.clone(),
                plan.policy,
                plan.command.clone(),
                plan.action.clone(),
                plan.target.clone(),
                plan.resource.clone(),
            )
        };
        let action = self.context.actions.get(&one.action);
        of(one) == of(other)
            && one.fingerprint == other.fingerprint
            && action.is_some_and(|action| action.wants_the_same(one, other))
    }
}
