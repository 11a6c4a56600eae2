//! `more`: the next page of a long answer.

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Read on where a long answer was cut
#[derive(Debug, clap::Args)]
pub(crate) struct MoreArgs {}

/// The command.
#[derive(Debug)]
pub(crate) struct More;

#[async_trait]
impl Command for More {
    type Args = MoreArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "more",
            aliases: &[],
            effect: Effect::Read,
            examples: &["more"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _: MoreArgs) -> Result<Outcome, Refusal> {
        let rest = ask.pages.rest(&ask.message.place);
        rest.map(Outcome::Reply)
            .ok_or_else(|| Refusal::new("there is nothing more to read here"))
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::hear;

    #[tokio::test]
    async fn there_may_be_nothing_more() {
        assert_eq!(hear("carol", "more").await, "there is nothing more to read here.");
    }
}
