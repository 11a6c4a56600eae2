//! The plan of `config get <target> <name>`: whoever asks is handed the value by a secret link. It is destructive: what
//! was shown can't be unshown.

use std::collections::BTreeMap;

use countersign_core::command::{Ask, Outcome};
use countersign_core::link;
use countersign_core::plan::{Detail, Draft, Effect};
use countersign_core::refusal::Refusal;
use serde_json::json;

use super::hand::{APP, HAND_OUT, NAME};
use super::names;
use super::vars::Present;
use crate::app::{App, Apps};
use crate::trouble::Fault;

pub(super) async fn plan(
    apps: &Apps,
    app: &App,
    ask: &Ask<'_>,
    name: &str,
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    let name = names::checked(name)?;
    let (Some(handing), Some(person)) = (&apps.handing, ask.person) else {
        return Err(link::unavailable());
    };
    handing
        .links
        .reaches(person, ask.message.place.network())
        .map_err(Refusal::new)?;
    let seen = Present::of(apps, app).await?;
    let name = names::that_is_set(app, &seen.vars, name)?;
    let resource = apps.heroku.app(&app.heroku).await.map_err(Fault::from)?.id;
    let detail = |label: &str, line: String| Detail {
        label: label.to_owned(),
        lines: vec![line],
    };
    let draft = Draft {
        command: "config".to_owned(),
        action: HAND_OUT.to_owned(),
        effect: Effect::Destructive,
        target: Some(app.target.clone()),
        resource: Some(resource.to_string()),
        summary: format!("show {} {}'s {name}", person.id, app.target),
        details: vec![
            detail(
                "how",
                format!(
                    "a link that opens once goes to {}; nobody else gets it",
                    person.id
                ),
            ),
            detail(
                "then",
                format!(
                    "nothing changes on {}; what was shown can't be unshown",
                    app.target
                ),
            ),
        ],
        parameters: BTreeMap::from([
            (APP.to_owned(), json!(app.heroku)),
            (NAME.to_owned(), json!(name)),
        ]),
        fingerprint: seen.shown(name),
        reason,
    };
    Ok(Outcome::Plan(Box::new(draft)))
}
