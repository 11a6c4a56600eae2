//! What the file says: whether it can be used at all, and what in it nobody can want.

use std::io::IsTerminal as _;
use std::sync::Arc;

use countersign_core::policy::Names;
use countersign_core::text::{count, list};

use super::finding::Findings;
use crate::commands::Surroundings;
use crate::config::{Config, ConfigError};
use crate::wiring;

/// A file that cannot be used: with its lines for people, or a finding for each problem.
pub(super) fn unusable(error: &ConfigError, json: bool) -> Findings {
    let mut findings = Findings::default();
    match error {
        ConfigError::Wrong { name, problems } if json => {
            for problem in problems {
                let (line, column) = problem.at;
                let words = format!("{problem}; {}", problem.help);
                findings.fail(format!("configuration, {name}:{line}:{column}"), words);
            }
        }
        ConfigError::Read { source, .. } if json => {
            findings.fail("configuration", format!("{error}: {source}"));
        }
        _ => {
            let report = error.report(std::io::stdout().is_terminal());
            findings.fail(
                "configuration",
                format!("it cannot be used\n{}", report.trim_end()),
            );
        }
    }
    findings
}

pub(super) fn check(config: &Config, json: bool, surroundings: &Surroundings) -> Findings {
    let mut findings = Findings::default();
    let settings = config.settings();
    match commands(config, surroundings) {
        Ok(()) => {
            let networks: Vec<&str> = config.irc.iter().map(|irc| irc.network.as_str()).collect();
            let networks = if networks.is_empty() {
                "no network".to_owned()
            } else {
                format!("on {}", list(networks))
            };
            let databases = match config.databases.len() {
                0 => String::new(),
                number => format!("{}, ", count(number, "database")),
            };
            findings.ok(
                "configuration",
                format!(
                    "{}, {databases}{}, {}, {networks}",
                    count(config.apps.len(), "app"),
                    people(settings.directory.people().len()),
                    count(settings.policy.allow.len() + settings.policy.forbid.len(), "rule"),
                ),
            );
        }
        Err(error) => match error.downcast_ref::<ConfigError>() {
            Some(wrong) => findings = unusable(wrong, json),
            None => findings.fail("configuration", format!("{error:#}")),
        },
    }
    if config.irc.is_empty() {
        findings.warn(
            "networks",
            "there is no [[irc]] section, so commands come only through countersign do",
        );
    }
    for doubt in config.doubts() {
        findings.warn("rules", doubt);
    }
    rooms(config, &mut findings);
    for person in settings.directory.people() {
        if person.accounts.is_empty() {
            findings.warn(
                format!("person {}", person.id),
                "there is no account of theirs, so the bot never knows them; write it into accounts",
            );
        }
    }
    findings
}

fn people(number: usize) -> String {
    if number == 1 {
        "1 person".to_owned()
    } else {
        format!("{number} people")
    }
}

/// The apps' names as the services know them, and the commands that rules name.
fn commands(config: &Config, surroundings: &Surroundings) -> anyhow::Result<()> {
    let apps = Arc::new(wiring::apps(config, &surroundings.scrubber)?);
    let registry = wiring::registry(&apps)?;
    Ok(wiring::check_commands(config, &registry)?)
}

/// Rules about rooms that the bot is not in.
fn rooms(config: &Config, findings: &mut Findings) {
    let known: Vec<(String, &str)> = config
        .irc
        .iter()
        .flat_map(|irc| {
            irc.rooms
                .iter()
                .map(move |room| (irc.network.to_string(), room.name.as_str()))
        })
        .collect();
    let policy = config.settings().policy;
    for rule in policy.forbid.iter().chain(&policy.allow) {
        let Names::Of(listed) = &rule.rooms else { continue };
        for room in listed
            .iter()
            .filter(|room| room.contains('#') && !room.ends_with('*'))
        {
            let is_there =
                |(network, name): &(String, &str)| room == name || *room == format!("{network}/{name}");
            if !known.iter().any(is_there) {
                findings.warn(
                    "rules",
                    format!(
                        "the rule {} is about {room}, where the bot is not; correct it, or write it into irc.rooms",
                        rule.name
                    ),
                );
            }
        }
    }
}
