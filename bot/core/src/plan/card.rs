//! What people read before they sign: a pure function of the plan (invariant A12). Nothing is cut: a group that is
//! too long for a card shows its first lines and how many more there are, and [`whole`] has all of it.

use super::SealedPlan;
use crate::reply::{Block, Line};
use crate::text::{count, visible};

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
        let mut lines: Vec<Line> = detail.lines.iter().take(GROUP).map(|line| shown(line)).collect();
        let more = detail.lines.len().saturating_sub(GROUP);
        if more > 0 {
            said_all = Whole::No;
            lines.push(Line::new(format!("and {more} more: see the whole plan")));
        }
        blocks.push(Block::Detail {
            label: detail.label.clone(),
            lines,
        });
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
        .map(|detail| Block::Detail {
            label: detail.label.clone(),
            lines: detail.lines.iter().map(|line| shown(line)).collect(),
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
    let plan_line = Line::new(format!(
        "{} of effect, action {}, digest ",
        plan.effect, plan.action
    ))
    .code(plan.digest().to_string());
    blocks.push(Block::Detail {
        label: "plan".to_owned(),
        lines: vec![plan_line],
    });
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
    let mut lines: Vec<Line> = values.iter().map(line).collect();
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
