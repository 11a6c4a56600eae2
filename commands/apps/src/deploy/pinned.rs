//! What a deploy was pinned to when it was asked for: the parameters of its plan, and the facts that it relies on.

use std::collections::BTreeMap;

use countersign_core::operation::Trouble;
use countersign_core::plan::{Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_github::{Branch, Ci, Repo, Sha};
use countersign_heroku::{AppName, BuildId, Release};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::facts;

/// The parameters of a deploy, each with its final value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pinned {
    /// The app at Heroku.
    pub(super) app: AppName,
    pub(super) repository: Repo,
    /// The branch that deploys it.
    pub(super) branch: Branch,
    /// Where the branch was; nothing if it is not moved.
    pub(super) from: Option<Sha>,
    /// What is deployed.
    pub(super) sha: Sha,
    /// The subject of that commit: a stranger's text.
    pub(super) subject: String,
    /// `12 commits by 4 people, no migrations`; nothing if that can't be told.
    pub(super) size: Option<String>,
    /// Where the change can be read.
    pub(super) compare: Option<String>,
    /// Whether CI must become green first.
    pub(super) wait_ci: bool,
    /// The newest build that has nothing to do with this deploy.
    pub(super) after_build: Option<BuildId>,
}

impl Pinned {
    /// As the parameters of a plan.
    pub(super) fn parameters(&self) -> Result<BTreeMap<String, Value>, Refusal> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => Ok(fields.into_iter().collect()),
            _ => Err(Refusal::new("the plan can't be written down")),
        }
    }

    /// Back from them.
    pub(super) fn of(plan: &Plan) -> Result<Self, Trouble> {
        let fields = plan.parameters.clone().into_iter().collect();
        serde_json::from_value(Value::Object(fields)).map_err(|error| Trouble {
            source: Some(Box::new(error)),
            ..Trouble::never("the plan was made by another version of the bot, and this one can't read it")
                .hint("Ask again.")
        })
    }
}

const BRANCH: &str = "branch_at";
const CI: &str = "ci";

/// What a deploy that moves a branch relies on. What CI says does not matter to who waits for it.
pub(super) fn facts(branch_at: &Sha, release: Option<&Release>, ci: Option<&Ci>) -> Facts {
    let mut facts = Facts::from([(BRANCH.to_owned(), json!(branch_at))]);
    if let Some(release) = release {
        facts.insert(facts::RELEASE.to_owned(), json!(release.version.to_string()));
        facts.insert(facts::MADE_BY.to_owned(), json!(facts::made_by(release)));
    }
    if let Some(ci) = ci {
        facts.insert(CI.to_owned(), json!(ci_word(ci)));
    }
    facts
}

fn ci_word(ci: &Ci) -> &'static str {
    match ci {
        Ci::Green { .. } => "green",
        Ci::Red { .. } => "red",
        Ci::Running { .. } => "running",
        Ci::None => "none",
    }
}

/// What moved: "production went from 3f2a91c to 8d07be4".
pub(super) fn moved(plan: &Plan, pinned: &Pinned, found: &Facts) -> String {
    let short = |sha: String| sha.chars().take(7).collect::<String>();
    let mut moves = Vec::new();
    for (name, before, now) in facts::changes(plan, found) {
        moves.push(match name {
            facts::RELEASE => facts::release_moved(plan, found),
            facts::MADE_BY => continue,
            BRANCH => format!("{} went from {} to {}", pinned.branch, short(before), short(now)),
            CI => format!("CI on {} went from {before} to {now}", pinned.sha.short()),
            other => format!("{other} went from {before} to {now}"),
        });
    }
    facts::in_words(moves)
}
