//! `config diff <target> <other>`: which names only one of two apps has and which differ. Never values, not even how long
//! they are.

use countersign_core::command::Outcome;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_core::text::{count, list};
use countersign_heroku::{ConfigChanges, ConfigVars};
use futures_util::future::try_join;

use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::one_line;

pub(super) async fn reply(apps: &Apps, one: &App, other: &App) -> Result<Outcome, Refusal> {
    if one.target == other.target {
        return Err(Refusal::new(format!(
            "{} does not differ from itself",
            one.target
        )));
    }
    let asked = try_join(
        apps.heroku.config_vars(&one.heroku),
        apps.heroku.config_vars(&other.heroku),
    );
    let (ours, theirs) = asked.await.map_err(Fault::from)?;
    apps.keep_secret(one, &ours);
    apps.keep_secret(other, &theirs);
    Ok(Outcome::Reply(compared(one, &ours, other, &theirs)))
}

fn compared(one: &App, ours: &ConfigVars, other: &App, theirs: &ConfigVars) -> Reply {
    let ConfigChanges {
        added,
        removed,
        changed,
    } = ours.changes_to(theirs);
    let same = ours.names().count() - removed.len() - changed.len();
    let mut reply = Reply::line(format!(
        "config of {} and {}: {} in both with the same value",
        one.target,
        other.target,
        count(same, "name")
    ));
    for (label, names) in [
        (format!("only {}", one.target), removed),
        (format!("only {}", other.target), added),
        ("differ".to_owned(), changed),
    ] {
        if !names.is_empty() {
            let names = list(names.iter().map(|name| one_line(name)));
            reply = reply.detail(label, Line::default().foreign(names));
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::{prod, said, stage};

    #[test]
    fn names_are_compared_and_values_stay_unseen() {
        let vars = |pairs: &[(&str, &str)]| -> ConfigVars {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into()))
                .collect()
        };
        let ours = vars(&[("A", "canary"), ("B", "canary-1"), ("OLD", "canary"), ("X", "1")]);
        let theirs = vars(&[("A", "canary"), ("B", "canary-22"), ("NEW", "canary"), ("X", "1")]);
        let said = said(compared(&stage(), &ours, &prod(), &theirs));
        assert!(
            said.starts_with("config of stage and prod: 2 names in both with the same value"),
            "{said}"
        );
        let of = |label: &str| {
            let line = said.lines().find(|line| line.trim().starts_with(label)).unwrap();
            line.trim().trim_start_matches(label).trim().to_owned()
        };
        assert_eq!(
            (of("only stage"), of("only prod"), of("differ")),
            ("OLD".to_owned(), "NEW".to_owned(), "B".to_owned())
        );
        assert!(!said.contains("canary"), "{said}");
    }
}
