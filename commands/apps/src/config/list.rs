//! `config list <target>`: the names, never a value.

use std::collections::BTreeMap;

use countersign_core::command::{Ask, Outcome, decide};
use countersign_core::id::CommandPath;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply, Tone};
use countersign_core::text::{count, list};
use countersign_heroku::ConfigVars;

use super::names;
use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::one_line;

pub(super) async fn reply(apps: &Apps, app: &App, ask: &Ask<'_>) -> Result<Outcome, Refusal> {
    let vars = apps.heroku.config_vars(&app.heroku).await.map_err(Fault::from)?;
    apps.keep_secret(app, &vars);
    // That a name belongs to an add-on is good to know, and not needed.
    let owned = names::of_add_ons(apps, app).await;
    let get = CommandPath::from("config get");
    // Handing out is destructive; those who may not are not told how.
    let may_get = decide(ask, &get, Some(Effect::Destructive), Some(&app.target))
        .rule()
        .is_some();
    let get = may_get.then(|| ask.type_(&format!("{get} {} <name>", app.target)));
    Ok(Outcome::Reply(named(app, &vars, owned.as_ref(), get)))
}

fn named(
    app: &App,
    vars: &ConfigVars,
    owned: Result<&BTreeMap<String, String>, &Fault>,
    get: Option<String>,
) -> Reply {
    let is_owned = |name: &&str| owned.is_ok_and(|owned| owned.contains_key(*name));
    let (theirs, ours): (Vec<&str>, Vec<&str>) = vars.names().partition(is_owned);
    let (missing, empty) = names::wanting(app, vars);
    let how_many = count(vars.names().count(), "config var");
    let first = Line::new(format!("{} has {how_many}", app.target));
    let first = match get {
        Some(get) => first.then("; a value by link: ").code(get),
        None => first.then(":"),
    };
    let mut reply = Reply::line(first);
    for (label, names) in [
        ("own", ours),
        ("add-ons", theirs),
        ("empty", empty),
        ("MISSING", missing.clone()),
    ] {
        if !names.is_empty() {
            reply = reply.detail(
                label,
                Line::default().foreign(list(names.into_iter().map(one_line))),
            );
        }
    }
    if let Err(fault) = owned {
        reply = reply.detail(
            "note",
            format!("which of them add-ons own can't be told: {}", fault.words()),
        );
    }
    if missing.is_empty() {
        reply
    } else {
        reply.toned(Tone::Bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::{prod, said};

    #[test]
    fn names_are_told_with_whose_they_are_and_what_is_missing() {
        let app = App {
            must_be_set: vec!["DATABASE_URL".to_owned(), "SECRET_KEY".to_owned()],
            ..prod()
        };
        let vars: ConfigVars = [
            ("DATABASE_URL", "canary-1"),
            ("REDIS_URL", "canary-2"),
            ("LANG", ""),
        ]
        .map(|(name, value)| (name, value.to_owned().into()))
        .into_iter()
        .collect();
        let owned = BTreeMap::from(
            ["REDIS_URL", "CLOUDAMQP_URL"].map(|name| (name.to_owned(), "an-add-on".to_owned())),
        );
        let told = |get: Option<&str>| said(named(&app, &vars, Ok(&owned), get.map(str::to_owned)));
        assert!(
            told(None).starts_with("prod has 3 config vars:\n"),
            "{}",
            told(None)
        );
        let said = told(Some("!config get prod <name>"));
        for words in [
            "prod has 3 config vars; a value by link: !config get prod <name>",
            "DATABASE_URL, LANG",
            "REDIS_URL",
            "SECRET_KEY",
        ] {
            assert!(said.contains(words), "{said}");
        }
        assert!(
            !said.contains("canary") && !said.contains("CLOUDAMQP_URL"),
            "{said}"
        );
    }
}
