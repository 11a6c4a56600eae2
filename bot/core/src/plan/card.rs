//! What people read before they sign: a pure function of the plan (invariant A12). Nothing is cut: a group that is
//! too long for a card shows its first lines and how many more there are, and [`whole`] has all of it.

use super::SealedPlan;
use crate::reply::{Block, Line};
use crate::text::{count, list, visible};

/// Lines of one group on a card.
const GROUP: usize = 5;

/// Whether a card said everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// Everything.
    Yes,
    /// There is more; nobody can sign before they were sent [`whole`].
    No,
}

/// The groups of the plan's card, after a line that names the plan's summary.
pub fn card(plan: &SealedPlan) -> (Vec<Block>, Whole) {
    let mut said_all = Whole::Yes;
    let mut blocks = Vec::with_capacity(plan.details.len() + 1);
    for detail in &plan.details {
        let lines = detail.lines.iter().take(GROUP).map(|line| shown(line));
        let mut block = group(&detail.label, lines.collect());
        let more = detail.lines.len().saturating_sub(GROUP);
        if let (1.., Block::Detail { lines, .. }) = (more, &mut block) {
            said_all = Whole::No;
            lines.push(Line::new(format!("and {more} more")));
        }
        blocks.push(block);
    }
    if let Some(reason) = &plan.reason {
        blocks.push(Block::Detail {
            label: "why".to_owned(),
            lines: vec![Line::default().foreign(reason.clone())],
        });
    }
    (blocks, said_all)
}

/// All of the plan: every line, every parameter, every fact, and the digest.
pub fn whole(plan: &SealedPlan) -> Vec<Block> {
    let mut blocks: Vec<Block> = plan
        .details
        .iter()
        .map(|detail| {
            group(
                &detail.label,
                detail.lines.iter().map(|line| shown(line)).collect(),
            )
        })
        .collect();
    if let Some(reason) = &plan.reason {
        blocks.push(Block::Detail {
            label: "why".to_owned(),
            lines: vec![Line::default().foreign(reason.clone())],
        });
    }
    blocks.push(values("exactly", &plan.parameters));
    blocks.push(values("if still", &plan.fingerprint));
    if let Some(target) = &plan.target {
        let resource = plan
            .resource
            .as_ref()
            .map_or(String::new(), |id| format!(" ({id})"));
        let first = std::iter::once(format!("{target}{resource}"));
        let all: Vec<String> = first.chain(plan.also.iter().map(ToString::to_string)).collect();
        blocks.push(group("on", vec![shown(&list(&all))]));
    }
    let action = format!("effect {}, action {}, digest ", plan.effect, plan.action);
    let asked = format!(
        "asked by {} as {} at {}, never begins at or after {}",
        plan.requester, plan.command, plan.created, plan.not_after
    );
    blocks.push(group(
        "plan",
        vec![Line::new(action).code(plan.digest().to_string()), shown(&asked)],
    ));
    blocks
}

fn values(label: &str, values: &std::collections::BTreeMap<String, serde_json::Value>) -> Block {
    let line = |(name, value): (&String, &serde_json::Value)| match value {
        serde_json::Value::String(text) => shown(&format!("{name} = {text}")),
        serde_json::Value::Array(items) if items.len() > 8 => {
            shown(&format!("{name} = {}: {value}", count(items.len(), "item")))
        }
        other => shown(&format!("{name} = {other}")),
    };
    group(label, values.iter().map(line).collect())
}

/// A labelled group; one without lines says so rather than vanish with its label.
fn group(label: &str, mut lines: Vec<Line>) -> Block {
    if lines.is_empty() {
        lines.push(Line::new("nothing"));
    }
    Block::Detail {
        label: label.to_owned(),
        lines,
    }
}

/// A line of a plan may quote strangers: made visible here already, so that every renderer shows the same.
fn shown(line: &str) -> Line {
    Line::default().foreign(visible(line).into_owned())
}
