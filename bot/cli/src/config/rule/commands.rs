//! Whether the commands and subcommands that rules name are there, and what was perhaps meant.

use countersign_core::command::closest;
use countersign_core::policy::{Names, Policy};
use countersign_core::text::{either, list};

use super::is_among;
use crate::config::document::{Key, Problems, did_you_mean};

/// Checks that rules name only commands and subcommands that there are.
pub(in crate::config) fn check_commands(policy: &Policy, known: &[&str], problems: &mut Problems<'_>) {
    for (section, rules) in [("forbid", &policy.forbid), ("rule", &policy.allow)] {
        for (index, rule) in rules.iter().enumerate() {
            let key = Key::of(section).item(index).field("commands");
            let Names::Of(commands) = &rule.commands else {
                continue;
            };
            for (at, command) in commands.iter().enumerate() {
                if !is_among(command, known) {
                    let words = format!("there is no command {command}");
                    problems.add(&key.item(at), words, perhaps(command, known));
                }
            }
        }
    }
}

/// The commands that are perhaps meant: what is typed alike; what has the same last word; else what there is below the command
/// that is named, or all commands.
fn perhaps(typed: &str, known: &[&str]) -> String {
    if !closest(typed, known.iter().copied()).is_empty() {
        return did_you_mean(typed, known);
    }
    let last = |name: &str| name.rsplit(' ').next().map(str::to_owned);
    let elsewhere = known.iter().filter(|name| last(name) == last(typed));
    let elsewhere: Vec<&&str> = elsewhere.collect();
    if !elsewhere.is_empty() {
        return format!("did you mean {}?", either(elsewhere));
    }
    let mut above = typed;
    while let Some((shorter, _)) = above.rsplit_once(' ') {
        above = shorter;
        let below: Vec<&&str> = known
            .iter()
            .filter(|name| name.rsplit_once(' ').is_some_and(|(group, _)| group == above))
            .collect();
        if !below.is_empty() {
            return format!("there are: {}", list(below));
        }
    }
    let commands = known.iter().filter(|name| !name.contains(' '));
    format!("there are: {}", list(commands))
}
