//! Facts that plans rely on, and what people are told when they are not so any more.

use countersign_core::plan::{Facts, Plan};
use countersign_core::text::clip;
use countersign_heroku::Release;
use serde_json::Value;

use crate::words::{mail, one_line};

/// Which release is live: `v812`.
pub(crate) const RELEASE: &str = "release";
/// Who made it, and what it is. It changes only with the release; it is there for people.
pub(crate) const MADE_BY: &str = "made_by";

/// `erin@…: Deploy 8d07be4`.
pub(crate) fn made_by(release: &Release) -> String {
    let what = one_line(&release.description);
    format!("{}: {}", mail(&release.user.email), clip(&what, 60))
}

/// The facts that are not what the plan relies on: their names, and how they were and are in words.
pub(crate) fn changes<'f>(plan: &Plan, found: &'f Facts) -> Vec<(&'f str, String, String)> {
    let differs = |(name, value): &(&String, &Value)| plan.fingerprint.get(*name) != Some(*value);
    let said = |(name, value): (&'f String, &Value)| {
        let before = plan
            .fingerprint
            .get(name)
            .map_or_else(|| "nothing".to_owned(), text);
        (name.as_str(), before, text(value))
    };
    found.iter().filter(differs).map(said).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// `prod went from v812 to v813 (erin@…: Deploy 8d07be4)`.
pub(crate) fn release_moved(plan: &Plan, found: &Facts) -> String {
    let target = plan.target.as_ref().map_or("the app", |target| target.as_str());
    let said = |facts: &Facts, name: &str| facts.get(name).map_or_else(|| "nothing".to_owned(), text);
    format!(
        "{target} went from {} to {} ({})",
        said(&plan.fingerprint, RELEASE),
        said(found, RELEASE),
        said(found, MADE_BY)
    )
}
