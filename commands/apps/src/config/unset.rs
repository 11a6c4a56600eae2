//! The plan of `config unset <target> <name>`.

use countersign_core::command::{Ask, Outcome};
use countersign_core::plan::{Draft, Effect};
use countersign_core::refusal::Refusal;

use super::change::UNSET;
use super::names;
use super::set::{consequences, detail};
use super::vars::Present;
use super::wanted::{Value, Wanted};
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
    // Before anything else: what an add-on owns is not set here either.
    names::not_an_add_ons(apps, app, name).await?;
    if app.must_be_set.iter().any(|must| must == name) {
        let set = ask.type_(&format!("config set {} {name}", app.target));
        return Err(Refusal::new(format!(
            "{} does not work without {name}: the configuration has it under must_be_set",
            app.target
        ))
        .hint(format!(
            "Give it another value: {set}. Or have it taken off that list first."
        )));
    }
    let seen = Present::of(apps, app).await?;
    let name = names::that_is_set(app, &seen.vars, name)?;
    let resource = apps.heroku.app(&app.heroku).await.map_err(Fault::from)?.id;
    let draft = draft(app, &seen, name, resource.to_string(), reason)?;
    Ok(Outcome::Plan(Box::new(draft)))
}

fn draft(
    app: &App,
    seen: &Present,
    name: &str,
    resource: String,
    reason: Option<String>,
) -> Result<Draft, Refusal> {
    let mut config = format!("{name} goes away, and its value with it");
    if let Some(live) = seen.live() {
        config = format!("{config}; only a rollback to {live} would bring it back");
    }
    let mut details = vec![detail("config", config)];
    details.extend(consequences(app, seen));
    let wanted = Wanted {
        app: app.heroku.clone(),
        name: name.to_owned(),
        newest: seen.newest(),
        value: Value::Nothing {},
    };
    Ok(Draft {
        command: None,
        action: UNSET.to_owned(),
        effect: Effect::Destructive,
        target: Some(app.target.clone()),
        resource: Some(resource),
        also: Vec::new(),
        summary: format!("remove {name} from {}", app.target),
        details,
        parameters: wanted.parameters()?,
        fingerprint: seen.changed(name),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::super::vars::tests::present;
    use super::*;
    use crate::app::tests::stage;

    #[test]
    fn that_the_value_is_gone_is_said_before() {
        let seen = present(&[("OLD_KEY", "canary")], "702 a current", 702);
        let draft = draft(&stage(), &seen, "OLD_KEY", "id".to_owned(), None).unwrap();
        assert_eq!(draft.summary, "remove OLD_KEY from stage");
        assert_eq!(
            draft.details[0].lines,
            ["OLD_KEY goes away, and its value with it; only a rollback to v702 would bring it back"]
        );
        assert!(!format!("{draft:?}").contains("canary"));
    }
}
