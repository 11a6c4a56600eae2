//! The plan of `config get <target> <name>`: whoever asks is handed the value by a secret link. It is destructive: what
//! was shown can't be unshown.

use std::collections::BTreeMap;

use countersign_core::command::{Ask, Outcome};
use countersign_core::plan::{Draft, Effect};
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_heroku::ConfigVars;
use secrecy::ExposeSecret;
use serde_json::json;

use super::hand::{APP, HAND_OUT, NAME};
use super::names;
use super::reachable;
use super::set::detail;
use super::vars::Present;
use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::one_line;

pub(super) async fn plan(
    apps: &Apps,
    app: &App,
    ask: &Ask<'_>,
    name: &str,
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    let name = names::checked(name)?;
    if app.is_plain(name) {
        let vars = apps.heroku.config_vars(&app.heroku).await.map_err(Fault::from)?;
        apps.keep_secret(app, &vars);
        return Ok(Outcome::Reply(plain(app, &vars, name)?));
    }
    let person = reachable(apps, ask)?;
    let seen = Present::of(apps, app).await?;
    let name = names::that_is_set(app, &seen.vars, name)?;
    let resource = apps.heroku.app(&app.heroku).await.map_err(Fault::from)?.id;
    let draft = Draft {
        command: None,
        action: HAND_OUT.to_owned(),
        effect: Effect::Destructive,
        target: Some(app.target.clone()),
        resource: Some(resource.to_string()),
        also: Vec::new(),
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

/// What everybody may read is told at once.
fn plain(app: &App, vars: &ConfigVars, name: &str) -> Result<Reply, Refusal> {
    let name = names::that_is_set(app, vars, name)?;
    let line = Line::new(format!("{} on {} is ", name, app.target));
    Ok(Reply::line(
        match vars.get(name).map(ExposeSecret::expose_secret) {
            None | Some("") => line.then("set to nothing."),
            Some(value) => line.foreign(one_line(value)),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::{prod, said};

    #[test]
    fn a_plain_value_is_told_at_once() {
        let vars = [("WEB_CONCURRENCY", "6"), ("LANG", "")];
        let vars = vars
            .map(|(name, value)| (name, value.to_owned().into()))
            .into_iter()
            .collect();
        let told = |name| plain(&prod(), &vars, name).map(said).map_err(|no| no.sentence());
        assert_eq!(told("WEB_CONCURRENCY").unwrap(), "WEB_CONCURRENCY on prod is 6");
        assert_eq!(told("LANG").unwrap(), "LANG on prod is set to nothing.");
        assert!(told("NOTHING").unwrap_err().starts_with("prod has no NOTHING."));
    }
}
