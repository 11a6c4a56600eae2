//! Facts that plans rely on, and what people are told when they are not so any more.

use std::collections::BTreeSet;

use countersign_core::plan::{Facts, Plan};
use countersign_core::text::{clip, list};
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
pub(crate) fn changes<'f>(plan: &'f Plan, found: &'f Facts) -> Vec<(&'f str, String, String)> {
    let before = &plan.fingerprint;
    let names: BTreeSet<&String> = before.keys().chain(found.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != found.get(*name))
        .map(|name| (name.as_str(), said(before, name), said(found, name)))
        .collect()
}

/// All that moved as one text, also if none of it has words of its own.
pub(crate) fn in_words(moves: Vec<String>) -> String {
    if moves.is_empty() {
        "something that it relies on changed".to_owned()
    } else {
        list(moves)
    }
}

fn said(facts: &Facts, name: &str) -> String {
    facts.get(name).map_or_else(|| "nothing".to_owned(), text)
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
    let made_by = found
        .get(MADE_BY)
        .map(|made_by| format!(" ({})", text(made_by)))
        .unwrap_or_default();
    format!(
        "{target} went from {} to {}{made_by}",
        said(&plan.fingerprint, RELEASE),
        said(found, RELEASE)
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use countersign_core::digest::Digest;
    use countersign_core::plan::Effect;
    use countersign_core::time::from_millis;
    use serde_json::json;

    use super::*;

    /// A plan of alice's for prod that relies on these facts.
    pub(crate) fn plan(fingerprint: Facts) -> Plan {
        Plan {
            schema: 1,
            command: "deploy".into(),
            action: "deploy".to_owned(),
            effect: Effect::Destructive,
            target: Some("prod".into()),
            resource: None,
            also: Vec::new(),
            summary: String::new(),
            details: Vec::new(),
            parameters: [].into(),
            fingerprint,
            requester: "alice".into(),
            reason: None,
            policy: Digest::of(b""),
            created: from_millis(0),
            not_after: from_millis(1),
            nonce: String::new(),
        }
    }

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect()
    }

    #[test]
    fn what_came_and_what_went_has_changed() {
        let plan = plan(facts(&[("gone", "a"), ("same", "b"), ("other", "c")]));
        let found = facts(&[("came", "e"), ("same", "b"), ("other", "d")]);
        let words = |(name, before, now)| format!("{name}: {before} → {now}");
        let changes: Vec<String> = changes(&plan, &found).into_iter().map(words).collect();
        assert_eq!(
            changes,
            ["came: nothing → e", "gone: a → nothing", "other: c → d"]
        );
    }

    #[test]
    fn what_moved_always_has_words() {
        assert_eq!(in_words(Vec::new()), "something that it relies on changed");
        let before = plan(facts(&[(RELEASE, "v812"), (MADE_BY, "erin@…: Deploy 8d07be4")]));
        assert_eq!(
            release_moved(&before, &Facts::new()),
            "prod went from v812 to nothing"
        );
    }
}
