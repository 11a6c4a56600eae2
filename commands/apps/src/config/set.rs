//! The plan of `config set <target> <name>`. A secret value is asked for by a drop box and comes with the plan as a
//! digest; a plain one is in the plan itself. A secret that was said in chat is refused, and not repeated.

use countersign_core::command::{Ask, Outcome, quote};
use countersign_core::drop_box::BoxDraft;
use countersign_core::id::BoxId;
use countersign_core::message::Place;
use countersign_core::plan::{Detail, Draft, Effect};
use countersign_core::refusal::Refusal;
use countersign_core::reply::Reply;
use countersign_core::text::{list, visible};
use countersign_heroku::is_config_var_name as is_name;
use secrecy::ExposeSecret;

use super::args::Setting;
use super::change::SET;
use super::names;
use super::vars::Present;
use super::wanted::{Value, Wanted};
use crate::app::{App, Apps};
use crate::trouble::Fault;

/// Longer plain values would not be read by those who sign them.
const LONGEST: usize = 400;

pub(super) async fn plan(apps: &Apps, ask: &Ask<'_>, setting: Setting) -> Result<Outcome, Refusal> {
    let app = match apps.get(&setting.target) {
        Ok(app) if setting.says_a_secret(app) => return Err(said(Some(app), ask, &setting)),
        Ok(app) => app,
        Err(_) if setting.value().is_some() || setting.target.contains('=') => {
            return Err(said(None, ask, &setting));
        }
        Err(refusal) => return Err(refusal),
    };
    let name = names::checked(setting.name())?.to_owned();
    let reason = setting.reason().cloned();
    match (setting.value(), setting.drop_box()) {
        (Some(_), Some(_)) => Err(Refusal::new(format!(
            "{name} can't have a value that is typed and one from a drop box"
        ))
        .hint("Leave one of them away.")),
        (Some(value), None) => plain(apps, app, ask, &name, value.expose_secret(), reason).await,
        (None, Some(id)) => {
            let id = BoxId::typed(id).ok_or_else(no_box)?;
            dropped(apps, app, ask, &name, &id, reason).await
        }
        (None, None) if app.is_plain(&name) => Err(no_value(app, ask, &name)),
        (None, None) => {
            names::not_an_add_ons(apps, app, &name).await?;
            super::reachable(apps, ask)?;
            Ok(Outcome::Box(wanted(app, &name, reason.as_deref())))
        }
    }
}

/// It is not repeated: it may be the value itself.
fn no_box() -> Refusal {
    Refusal::new("that is no drop box: its name has six characters, like K7QM2X")
        .hint("Leave --box away; then you are sent one.")
}

/// What everybody may read needs no form.
fn no_value(app: &App, ask: &Ask<'_>, name: &str) -> Refusal {
    let again = ask.type_(&format!("config set {} {name} <value>", app.target));
    Refusal::new("the value is missing").hint(format!("{name} is plain, so it may be typed here: {again}."))
}

/// The form that asks for a value, and what follows when it is filled in.
fn wanted(app: &App, name: &str, reason: Option<&str>) -> BoxDraft {
    let why = reason.map(|reason| format!(" --reason {}", quote(reason)));
    BoxDraft {
        purpose: format!("the value of {name} on {}", app.target),
        target: Some(app.target.clone()),
        then: format!(
            "config set {} {name} --box {{id}}{}",
            app.target,
            why.unwrap_or_default()
        ),
    }
}

async fn dropped(
    apps: &Apps,
    app: &App,
    ask: &Ask<'_>,
    name: &str,
    id: &BoxId,
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    let dropped = ask.dropped(id).await?;
    names::not_an_add_ons(apps, app, name).await?;
    let seen = Present::of(apps, app).await?;
    let line = format!(
        "from drop box {id}, filled from {}, fingerprint {} (the form showed the same)",
        dropped.by,
        dropped.short()
    );
    let value = Value::Dropped {
        drop_box: dropped.id.to_string(),
        sha256: dropped.sha256,
    };
    let draft = Proposal {
        name,
        value,
        summary: format!("set {name} on {}", app.target),
        line,
        effect: Effect::Destructive,
        reason,
    };
    draft.plan(apps, app, &seen).await
}

async fn plain(
    apps: &Apps,
    app: &App,
    ask: &Ask<'_>,
    name: &str,
    value: &str,
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    if value.is_empty() {
        let unset = ask.type_(&format!("config unset {} {name}", app.target));
        return Err(Refusal::new("the value is empty").hint(format!("To remove it: {unset}")));
    }
    if value.chars().count() > LONGEST || visible(value) != value {
        return Err(Refusal::new(format!(
            "the value is longer than {LONGEST} characters, or has some that can't be seen; those who sign must read it"
        )));
    }
    names::not_an_add_ons(apps, app, name).await?;
    let seen = Present::of(apps, app).await?;
    let now = seen.vars.get(name).map(ExposeSecret::expose_secret);
    if now == Some(value) {
        let words = format!("{} has {name} {value} already; nothing to set.", app.target);
        return Ok(Outcome::Reply(Reply::line(words)));
    }
    let line = match now {
        Some(now) => format!("{value}, was {}", visible(now)),
        None => value.to_owned(),
    };
    let draft = Proposal {
        name,
        value: Value::Plain {
            value: value.to_owned(),
        },
        summary: format!("set {name} on {} to {value}", app.target),
        line,
        effect: Effect::Change,
        reason,
    };
    draft.plan(apps, app, &seen).await
}

/// What is proposed, before it is a draft.
struct Proposal<'p> {
    name: &'p str,
    value: Value,
    summary: String,
    /// The value in words.
    line: String,
    effect: Effect,
    reason: Option<String>,
}

impl Proposal<'_> {
    async fn plan(self, apps: &Apps, app: &App, seen: &Present) -> Result<Outcome, Refusal> {
        let resource = apps.heroku.app(&app.heroku).await.map_err(Fault::from)?.id;
        let draft = self.draft(app, seen, resource.to_string())?;
        Ok(Outcome::Plan(Box::new(draft)))
    }

    fn draft(self, app: &App, seen: &Present, resource: String) -> Result<Draft, Refusal> {
        let name = self.name;
        let is_set = seen.vars.get(name).is_some();
        let config = if is_set {
            format!("{name} is set already and changes")
        } else {
            format!("{name} is new")
        };
        let wanted = Wanted {
            app: app.heroku.clone(),
            name: name.to_owned(),
            newest: seen.newest(),
            value: self.value,
        };
        let mut details = vec![detail("config", config), detail("value", self.line)];
        details.extend(consequences(app, seen));
        Ok(Draft {
            command: None,
            action: SET.to_owned(),
            effect: self.effect,
            target: Some(app.target.clone()),
            resource: Some(resource),
            also: Vec::new(),
            summary: self.summary,
            details,
            parameters: wanted.parameters()?,
            fingerprint: seen.changed(name),
            reason: self.reason,
        })
    }
}

pub(super) fn detail(label: &str, line: String) -> Detail {
    Detail {
        label: label.to_owned(),
        lines: vec![line],
    }
}

/// What a change of config does to the app.
pub(super) fn consequences(app: &App, seen: &Present) -> Vec<Detail> {
    let then = format!(
        "Heroku makes a release of it, runs the release phase and restarts all dynos of {}",
        app.target
    );
    let mut details = vec![detail("then", then)];
    if seen.live().is_some_and(|live| live != seen.newest()) {
        let words = format!(
            "{} is not live; what it changed of the config goes live with this",
            seen.newest()
        );
        details.push(detail("note", words));
    }
    details
}

/// A secret was said where others read it. It is not repeated and not kept; from now on it is scrubbed like any other.
fn said(app: Option<&App>, ask: &Ask<'_>, setting: &Setting) -> Refusal {
    // It is not given to the scrubber: whoever may read could have any word taken out of what others sign.
    let name = Some(setting.name()).filter(|name| is_name(name));
    let words = said_words(name, matches!(ask.message.place, Place::Room(_)));
    let target = app.map_or("<target>", |app| app.target.as_str());
    let again = ask.type_(&format!("config set {target} {}", name.unwrap_or("<name>")));
    let plain = app.map_or(&[][..], |app| app.plain_config.as_slice());
    let exception = if plain.is_empty() {
        String::new()
    } else {
        format!(" Only these may be said here: {}.", list(plain))
    };
    Refusal::new(words).hint(format!(
        "Without the value I send you a form for it: {again}.{exception}"
    ))
}

/// What is wrong with what was said. What stands where a name belongs was perhaps only mistyped.
fn said_words(name: Option<&str>, in_room: bool) -> String {
    let others = if in_room { ", where others read it" } else { "" };
    let Some(name) = name else {
        return format!(
            "{}. If it was a value it stands in chat now{others}: take it for known, and change it where it comes from",
            names::NO_NAME
        );
    };
    let stays = if in_room {
        format!("{others} and where it stays")
    } else {
        ", where it stays".to_owned()
    };
    format!(
        "the value of {name} was said in chat{stays}. If it is a secret take it for known, and change it where it comes \
         from"
    )
}

#[cfg(test)]
mod tests {
    use super::super::vars::tests::present;
    use super::*;
    use crate::app::tests::stage;

    fn draft(vars: &[(&str, &str)], value: Value, line: &str) -> Draft {
        let seen = present(vars, "702 a current", 702);
        let proposal = Proposal {
            name: "NEW_KEY",
            value,
            summary: "set NEW_KEY on stage".to_owned(),
            line: line.to_owned(),
            effect: Effect::Destructive,
            reason: None,
        };
        proposal.draft(&stage(), &seen, "id".to_owned()).unwrap()
    }

    #[test]
    fn those_who_sign_see_whose_value_it_is_and_what_restarts() {
        let value = Value::Dropped {
            drop_box: "K7QM2X".to_owned(),
            sha256: "9c41f0e2".repeat(8),
        };
        let draft = draft(
            &[("OTHER", "canary")],
            value,
            "from drop box K7QM2X, fingerprint 9c41 f0e2 (the form showed the same)",
        );
        let lines: Vec<String> = draft
            .details
            .iter()
            .map(|detail| format!("{}: {}", detail.label, detail.lines.join("; ")))
            .collect();
        assert_eq!(
            lines,
            [
                "config: NEW_KEY is new",
                "value: from drop box K7QM2X, fingerprint 9c41 f0e2 (the form showed the same)",
                "then: Heroku makes a release of it, runs the release phase and restarts all dynos of stage",
            ]
        );
        assert_eq!(draft.parameters["drop_box"], "K7QM2X");
        assert_eq!(draft.parameters["sha256"], "9c41f0e2".repeat(8));
        assert_eq!(draft.fingerprint["set"], false);
        assert!(!format!("{draft:?}").contains("canary"));
    }

    #[test]
    fn what_was_said_is_told_from_what_was_mistyped_and_a_room_from_a_direct_message() {
        assert_eq!(
            said_words(Some("NEW_KEY"), true),
            "the value of NEW_KEY was said in chat, where others read it and where it stays. If it is a secret take it \
             for known, and change it where it comes from"
        );
        assert_eq!(
            said_words(None, true),
            "what stands where the name belongs can't be the name of a config var (letters, digits and _). If it was a \
             value it stands in chat now, where others read it: take it for known, and change it where it comes from"
        );
        for name in [Some("NEW_KEY"), None] {
            assert!(!said_words(name, false).contains("others"), "{name:?}");
        }
    }

    #[test]
    fn a_release_that_failed_has_left_its_config() {
        let seen = present(&[], "702 a current", 703);
        let details = consequences(&stage(), &seen);
        assert_eq!(
            details[1].lines,
            ["v703 is not live; what it changed of the config goes live with this"]
        );
    }

    #[test]
    fn the_form_runs_the_same_line_again_with_its_reason() {
        let asked = wanted(&stage(), "NEW_KEY", Some("it leaked on \"Monday\""));
        assert_eq!(asked.purpose, "the value of NEW_KEY on stage");
        assert_eq!(
            asked.then,
            r#"config set stage NEW_KEY --box {id} --reason "it leaked on \"Monday\"""#
        );
        assert_eq!(
            wanted(&stage(), "NEW_KEY", None).then,
            "config set stage NEW_KEY --box {id}"
        );
    }
}
