//! Names of config vars: which there can be, which are meant, and which of them others own.

use std::collections::BTreeMap;

use countersign_core::command::closest;
use countersign_core::refusal::Refusal;
use countersign_core::text::either;
use countersign_heroku::{ConfigVars, is_config_var_name as is_name};
use secrecy::ExposeSecret as _;

use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::one_line;

/// What is said of anything else, in place of the thing itself: it may be a value.
pub(super) const NO_NAME: &str =
    "what stands where the name belongs can't be the name of a config var (letters, digits and _)";

/// The name, if it can be one. It is not repeated: it may be a value.
pub(super) fn checked(name: &str) -> Result<&str, Refusal> {
    if is_name(name) {
        return Ok(name);
    }
    Err(Refusal::new(NO_NAME))
}

/// The name of a config var that is set.
pub(super) fn that_is_set<'n>(app: &App, vars: &ConfigVars, name: &'n str) -> Result<&'n str, Refusal> {
    let name = checked(name)?;
    if vars.get(name).is_some() {
        return Ok(name);
    }
    // What is near is found in lower case, and most names are in capitals.
    let small: Vec<(String, &str)> = vars.names().map(|name| (name.to_lowercase(), name)).collect();
    let near = closest(name, small.iter().map(|(small, _)| small.as_str()));
    let near: Vec<&str> = small
        .iter()
        .filter(|(small, _)| near.contains(&small.as_str()))
        .map(|(_, name)| *name)
        .collect();
    let hint = if near.is_empty() {
        format!("Its names: !config list {}", app.target)
    } else {
        format!("Did you mean {}?", either(near))
    };
    Err(Refusal::new(format!("{} has no {name}", app.target)).hint(hint))
}

/// The names that add-ons own, which nobody else changes, each with its add-on.
pub(super) async fn of_add_ons(apps: &Apps, app: &App) -> Result<BTreeMap<String, String>, Fault> {
    Ok(apps.heroku.config_vars_of_add_ons(&app.heroku).await?)
}

/// Refuses to change what an add-on owns. If that can't be found out now Heroku will say it.
pub(super) async fn not_an_add_ons(apps: &Apps, app: &App, name: &str) -> Result<(), Refusal> {
    match of_add_ons(apps, app).await {
        Ok(owned) => unless_owned(app, name, owned.get(name).map(String::as_str)),
        Err(_) => Ok(()),
    }
}

fn unless_owned(app: &App, name: &str, add_on: Option<&str>) -> Result<(), Refusal> {
    let Some(add_on) = add_on else {
        return Ok(());
    };
    Err(Refusal::new(format!(
        "{name} on {} belongs to an add-on ({}), which alone changes it",
        app.target,
        one_line(add_on)
    ))
    .hint(format!("Change it there: {}", app.dashboard("resources"))))
}

/// The names that must be set on an app and are not, and those that are set to nothing.
pub(super) fn wanting<'v>(app: &'v App, vars: &'v ConfigVars) -> (Vec<&'v str>, Vec<&'v str>) {
    let missing = app
        .must_be_set
        .iter()
        .filter(|name| vars.get(name).is_none())
        .map(String::as_str)
        .collect();
    let empty = vars
        .iter()
        .filter(|(_, value)| value.expose_secret().trim().is_empty())
        .map(|(name, _)| name)
        .collect();
    (missing, empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::prod;

    fn vars(pairs: &[(&str, &str)]) -> ConfigVars {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into()))
            .collect()
    }

    #[test]
    fn a_name_is_what_heroku_takes_and_nothing_else_is_repeated() {
        assert_eq!(checked("DATABASE_URL").unwrap(), "DATABASE_URL");
        for name in [
            "",
            "A-B",
            "A B",
            "A.B",
            "ÄRGER",
            "A=canary",
            "mysql://canary",
            "$A",
        ] {
            let refusal = checked(name).unwrap_err().sentence();
            assert!(!refusal.contains("canary"), "{refusal}");
        }
    }

    #[test]
    fn a_slip_in_a_name_is_understood() {
        let vars = vars(&[("DATABASE_URL", "canary"), ("REDIS_URL", "canary")]);
        assert_eq!(that_is_set(&prod(), &vars, "REDIS_URL").unwrap(), "REDIS_URL");
        let near = that_is_set(&prod(), &vars, "DATABSE_URL").unwrap_err();
        assert_eq!(
            near.sentence(),
            "prod has no DATABSE_URL. Did you mean DATABASE_URL?"
        );
        let far = that_is_set(&prod(), &vars, "NOTHING").unwrap_err();
        assert_eq!(
            far.sentence(),
            "prod has no NOTHING. Its names: !config list prod"
        );
    }

    #[test]
    fn what_an_add_on_owns_is_changed_there() {
        unless_owned(&prod(), "NEW_KEY", None).unwrap();
        let owned = unless_owned(&prod(), "CLOUDAMQP_URL", Some("cloudamqp-elliptical-36170")).unwrap_err();
        assert_eq!(
            owned.sentence(),
            "CLOUDAMQP_URL on prod belongs to an add-on (cloudamqp-elliptical-36170), which alone changes it. Change it \
             there: https://dashboard.heroku.com/apps/treeherder-prod/resources"
        );
    }

    #[test]
    fn what_is_missing_and_what_is_empty_is_wanting() {
        let app = App {
            must_be_set: vec!["DATABASE_URL".to_owned(), "SECRET_KEY".to_owned()],
            ..prod()
        };
        let vars = vars(&[("DATABASE_URL", "canary"), ("LANG", " "), ("SITE_URL", "")]);
        assert_eq!(
            wanting(&app, &vars),
            (vec!["SECRET_KEY"], vec!["LANG", "SITE_URL"])
        );
    }
}
