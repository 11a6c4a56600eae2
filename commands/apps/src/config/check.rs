//! `config check [target]`: whether everything is set that the configuration says must be.

use countersign_core::command::{Ask, Outcome};
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply, Tone};
use countersign_core::text::{count, list};
use countersign_heroku::ConfigVars;

use super::{may_look, names};
use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::one_line;

pub(super) async fn reply(apps: &Apps, target: Option<&str>, ask: &Ask<'_>) -> Result<Outcome, Refusal> {
    let all: Vec<&App> = match target {
        Some(target) => vec![apps.get(target)?],
        None => apps
            .iter()
            .filter(|app| may_look(ask, &app.target).is_ok())
            .collect(),
    };
    let mut reply = Reply::default();
    for app in &all {
        let said = match apps.heroku.config_vars(&app.heroku).await.map_err(Fault::from) {
            Ok(vars) => {
                apps.keep_secret(app, &vars);
                checked(app, &vars)
            }
            // The others are checked all the same.
            Err(fault) if all.len() > 1 => (
                Line::new(format!("{}: not checked: {}", app.target, fault.words())),
                false,
            ),
            Err(fault) => return Err(fault.into()),
        };
        reply = reply.and(said.0);
        if !said.1 {
            reply = reply.toned(Tone::Bad);
        }
    }
    if all.is_empty() {
        reply = Reply::line("there is no app whose config you may look at here.");
    }
    Ok(Outcome::Reply(reply))
}

/// In words, and whether it is good.
fn checked(app: &App, vars: &ConfigVars) -> (Line, bool) {
    let (missing, empty) = names::wanting(app, vars);
    let line = Line::new(format!("{}: ", app.target));
    if missing.is_empty() && empty.is_empty() {
        let words = match app.must_be_set.len() {
            0 => "no config var is empty; which must be set the configuration does not say (must_be_set)"
                .to_owned(),
            1 => "good · the 1 config var that must be set is set".to_owned(),
            many => format!("good · all {many} config vars that must be set are set"),
        };
        return (line.then(words), true);
    }
    let line = line.strong("BAD").then(" · ");
    let mut parts = Vec::new();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        parts.push(format!("{} {verb} missing", list(missing)));
    }
    if !empty.is_empty() {
        let names = list(empty.iter().map(|name| one_line(name)));
        parts.push(format!("{} set to nothing: {names}", count(empty.len(), "name")));
    }
    (line.foreign(parts.join("; ")), false)
}

#[cfg(test)]
mod tests {
    use countersign_core::reply::plain_line;

    use super::*;
    use crate::app::tests::prod;

    fn said(must: &[&str], vars: &[(&str, &str)]) -> (String, bool) {
        let app = App {
            must_be_set: must.iter().map(|name| (*name).to_owned()).collect(),
            ..prod()
        };
        let vars = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into()))
            .collect();
        let (line, good) = checked(&app, &vars);
        (plain_line(&line), good)
    }

    #[test]
    fn good_and_bad_in_words() {
        let vars = [("DATABASE_URL", "canary"), ("SECRET_KEY", "canary")];
        assert_eq!(
            said(&["DATABASE_URL", "SECRET_KEY"], &vars),
            (
                "prod: good · all 2 config vars that must be set are set".to_owned(),
                true
            )
        );
        assert_eq!(
            said(&["DATABASE_URL", "PULSE_URL", "REDIS_URL"], &vars),
            ("prod: BAD · PULSE_URL, REDIS_URL are missing".to_owned(), false)
        );
        assert_eq!(
            said(&["PULSE_URL"], &[("A", ""), ("B", " ")]),
            (
                "prod: BAD · PULSE_URL is missing; 2 names set to nothing: A, B".to_owned(),
                false
            )
        );
        assert_eq!(
            said(&[], &vars),
            (
                "prod: no config var is empty; which must be set the configuration does not say (must_be_set)"
                    .to_owned(),
                true
            )
        );
    }
}
