//! `[[rule]]` and `[[forbid]]`: who may do what to which target, where, and whose signatures it needs.

mod commands;

use std::collections::BTreeSet;

use countersign_core::id::{PersonId, RoleName, RuleName, TargetName};
use countersign_core::message::Assurance;
use countersign_core::person::{Directory, Person};
use countersign_core::plan::Effect;
use countersign_core::policy::{Names, Policy, Rule, Seat, Times, Who};
use countersign_core::time::Duration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::app::App;
use super::document::{Key, Problems, did_you_mean, halves};
use super::network::Networks;
use super::span;

pub(super) use self::commands::check_commands;

/// What some people may do, and whose signatures it needs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSection {
    /// What explanations call it.
    #[schemars(with = "String", example = &"deploys")]
    name: RuleName,
    /// The commands that it is about: `deploy`; `db` with all its subcommands, `db access` with those below it, `db access
    /// revoke` alone. `*` at the end stands for any rest, so `["*"]` is all of them. The first rule that matches decides: one
    /// about `db access revoke` has to stand before one about `db`.
    #[schemars(example = ["deploy", "db access revoke"])]
    commands: Vec<String>,
    /// The effects that it is about: read, decide, change, destructive. All if absent.
    #[serde(default)]
    #[schemars(schema_with = "effects")]
    effects: Vec<Effect>,
    /// The apps and databases that it is about; `*` at the end stands for any rest. All if absent; a rule that lists
    /// some is not about commands without one.
    #[serde(default)]
    #[schemars(example = ["prod"])]
    targets: Option<Vec<String>>,
    /// Whom it is for: holders of one of these roles.
    #[serde(default)]
    #[schemars(with = "Vec<String>", example = ["deployer"])]
    roles: Vec<RoleName>,
    /// Whom it is for besides: these people.
    #[serde(default)]
    #[schemars(with = "Vec<String>", example = ["alice"])]
    people: Vec<PersonId>,
    /// Whether it is for everybody, also for people whom the bot does not know.
    #[serde(default)]
    anyone: bool,
    /// Where: rooms (`#ops`, or `libera/#ops` if there are several networks), and `direct` for direct messages; `*` at
    /// the end stands for any rest. Everywhere if absent.
    #[serde(default)]
    #[schemars(example = ["#treeherder", "direct"])]
    rooms: Option<Vec<String>>,
    /// How strongly they must prove who they are: nick (not at all), account, device, passkey.
    #[serde(default = "account")]
    #[schemars(schema_with = "assurances")]
    assurance: Assurance,
    /// The signatures that a plan needs before it runs. None if absent: asking is enough.
    #[serde(default)]
    #[schemars(example = serde_json::json!([{ "count": 1, "roles": ["deployer"] }]))]
    seats: Vec<SeatSection>,
    /// When it holds. Always if absent.
    #[serde(default)]
    #[schemars(example = &"Mon-Fri 09:00-17:00 Europe/Berlin")]
    times: Option<String>,
    /// How long a request waits for signatures. A length of time.
    #[serde(default = "pending", with = "span")]
    #[schemars(with = "String")]
    pending: Duration,
    /// How long after its last signature a plan may begin. A length of time.
    #[serde(default = "valid", with = "span")]
    #[schemars(with = "String")]
    valid: Duration,
}

/// What nobody whom it is for may do, whatever the rules allow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForbidSection {
    /// What explanations call it.
    #[schemars(with = "String", example = &"release week")]
    name: RuleName,
    /// The commands that it is about: `deploy`; `db` with all its subcommands, `db access` with those below it, `db access
    /// revoke` alone. `*` at the end stands for any rest, so `["*"]` is all of them.
    #[schemars(example = ["deploy"])]
    commands: Vec<String>,
    /// The effects that it is about: read, decide, change, destructive. All if absent.
    #[serde(default)]
    #[schemars(schema_with = "effects")]
    effects: Vec<Effect>,
    /// The apps and databases that it is about; `*` at the end stands for any rest. All if absent; a rule that lists
    /// some is not about commands without one.
    #[serde(default)]
    #[schemars(example = ["prod"])]
    targets: Option<Vec<String>>,
    /// Whom it is for: holders of one of these roles.
    #[serde(default)]
    #[schemars(with = "Vec<String>", example = ["deployer"])]
    roles: Vec<RoleName>,
    /// Whom it is for besides: these people.
    #[serde(default)]
    #[schemars(with = "Vec<String>", example = ["alice"])]
    people: Vec<PersonId>,
    /// Whether it is for everybody, also for people whom the bot does not know.
    #[serde(default)]
    anyone: bool,
    /// Where: rooms (`#ops`, or `libera/#ops` if there are several networks), and `direct` for direct messages; `*` at
    /// the end stands for any rest. Everywhere if absent.
    #[serde(default)]
    #[schemars(example = ["direct"])]
    rooms: Option<Vec<String>>,
    /// When it holds. Always if absent.
    #[serde(default)]
    #[schemars(example = &"Sat-Sun 00:00-24:00 Europe/Berlin")]
    times: Option<String>,
}

/// Signatures of different people, none of whom asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeatSection {
    /// How many.
    #[serde(default = "one")]
    count: u8,
    /// Of whom: holders of one of these roles.
    #[serde(default)]
    #[schemars(with = "Vec<String>", example = ["deployer"])]
    roles: Vec<RoleName>,
    /// Of whom besides: these people.
    #[serde(default)]
    #[schemars(with = "Vec<String>", example = ["bob"])]
    people: Vec<PersonId>,
    /// How strongly they must prove who they are: account, device, passkey.
    #[serde(default = "account")]
    #[schemars(schema_with = "assurances")]
    assurance: Assurance,
}

fn account() -> Assurance {
    Assurance::Account
}

fn pending() -> Duration {
    Duration::from_mins(30)
}

fn valid() -> Duration {
    Duration::from_mins(10)
}

fn one() -> u8 {
    1
}

fn effects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "enum": ["read", "decide", "change", "destructive"] } })
}

fn assurances(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["nick", "account", "device", "passkey"], "default": "account" })
}

/// The names that rules may use.
pub(super) struct Known<'c> {
    pub(super) targets: Vec<&'c str>,
    pub(super) databases: bool,
    pub(super) people: Vec<&'c str>,
    pub(super) roles: Vec<&'c str>,
    pub(super) networks: &'c Networks,
}

impl<'c> Known<'c> {
    pub(super) fn of(
        apps: &'c [App],
        databases: &'c [TargetName],
        people: &'c [Person],
        networks: &'c Networks,
    ) -> Self {
        let roles: BTreeSet<&str> = people
            .iter()
            .flat_map(|person| &person.roles)
            .map(RoleName::as_str)
            .collect();
        let names = apps.iter().map(|app| &app.name).chain(databases);
        Self {
            targets: names.map(TargetName::as_str).collect(),
            databases: !databases.is_empty(),
            people: people.iter().map(|person| person.id.as_str()).collect(),
            roles: roles.into_iter().collect(),
            networks,
        }
    }
}

/// All rules.
pub(super) fn policy(
    forbid: Vec<ForbidSection>,
    allow: Vec<RuleSection>,
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) -> Policy {
    let forbid = forbid.into_iter().map(RuleSection::from);
    Policy {
        forbid: build("forbid", forbid, known, problems),
        allow: build("rule", allow, known, problems),
    }
}

/// The rules of one section.
fn build(
    section: &str,
    written: impl IntoIterator<Item = RuleSection>,
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) -> Vec<Rule> {
    let rules = written.into_iter().enumerate();
    rules
        .map(|(index, rule)| rule.build(&Key::of(section).item(index), known, problems))
        .collect()
}

impl From<ForbidSection> for RuleSection {
    /// How somebody has proven who they are does not matter to what they may not do, nor does anybody sign it.
    fn from(written: ForbidSection) -> Self {
        Self {
            name: written.name,
            commands: written.commands,
            effects: written.effects,
            targets: written.targets,
            roles: written.roles,
            people: written.people,
            anyone: written.anyone,
            rooms: written.rooms,
            assurance: Assurance::Nick,
            seats: Vec::new(),
            times: written.times,
            pending: pending(),
            valid: valid(),
        }
    }
}

impl RuleSection {
    fn build(self, key: &Key, known: &Known<'_>, problems: &mut Problems<'_>) -> Rule {
        let who = Who {
            anyone: self.anyone,
            roles: self.roles,
            people: self.people,
        };
        check_who(&who, key, known, problems);
        for (at, target) in self.targets.iter().flatten().enumerate() {
            check_known(
                if known.databases { "app or database" } else { "app" },
                target,
                &known.targets,
                &key.field("targets").item(at),
                problems,
            );
        }
        let rooms = self.rooms.map(|rooms| {
            let rooms = rooms.iter().enumerate();
            let found = rooms.map(|(at, room)| {
                known
                    .networks
                    .pattern(room, &key.field("rooms").item(at), problems)
            });
            found.collect()
        });
        let seats = self.seats.into_iter().enumerate();
        let seats = seats.map(|(at, seat)| seat.build(&key.field("seats").item(at), known, problems));
        let seats = seats.collect();
        let times = self.times.and_then(|times| {
            let parsed = times.parse::<Times>();
            parsed
                .map_err(|error| problems.say(&key.field("times"), error))
                .ok()
        });
        Rule {
            name: self.name,
            commands: Names::Of(self.commands),
            effects: self.effects,
            targets: self.targets.map_or(Names::Any, Names::Of),
            who,
            rooms: rooms.map_or(Names::Any, Names::Of),
            assurance: self.assurance,
            seats,
            times,
            pending: self.pending,
            valid: self.valid,
        }
    }
}

impl SeatSection {
    fn build(self, key: &Key, known: &Known<'_>, problems: &mut Problems<'_>) -> Seat {
        let of = Who {
            anyone: false,
            roles: self.roles,
            people: self.people,
        };
        check_who(&of, key, known, problems);
        if self.assurance == Assurance::Nick {
            problems.add(
                &key.field("assurance"),
                "a nick proves nothing, so it signs nothing",
                "write \"account\" or stronger, or leave it out",
            );
        }
        Seat {
            count: self.count,
            of,
            assurance: self.assurance,
        }
    }
}

fn check_who(who: &Who, key: &Key, known: &Known<'_>, problems: &mut Problems<'_>) {
    for (at, role) in who.roles.iter().enumerate() {
        let key = key.field("roles").item(at);
        if !known.roles.contains(&role.as_str()) {
            problems.add(
                &key,
                format!("nobody has the role {role}"),
                did_you_mean(role.as_str(), &known.roles),
            );
        }
    }
    for (at, person) in who.people.iter().enumerate() {
        let key = key.field("people").item(at);
        check_known("person", person.as_str(), &known.people, &key, problems);
    }
}

/// A name that must be known. One that ends in `*` must be the beginning of one that is.
fn check_known(what: &str, name: &str, known: &[&str], key: &Key, problems: &mut Problems<'_>) {
    if !is_among(name, known) {
        problems.add(
            key,
            format!("there is no {what} {name}"),
            did_you_mean(name, known),
        );
    }
}

fn is_among(name: &str, known: &[&str]) -> bool {
    match name.strip_suffix('*') {
        Some(beginning) => known.iter().any(|other| other.starts_with(beginning)),
        None => known.contains(&name),
    }
}

/// Checks what core knows of policies: that each rule can be used by somebody, and that its name is its own.
pub(super) fn check(policy: &Policy, directory: &Directory, problems: &mut Problems<'_>) {
    for finding in policy.check(directory) {
        if !finding.is_error {
            tracing::warn!(rule = %finding.rule, "the rule {} {}", finding.rule, finding.words);
            continue;
        }
        let place = [("rule", &policy.allow), ("forbid", &policy.forbid)]
            .into_iter()
            .find_map(|(section, rules)| {
                let index = rules.iter().rposition(|rule| rule.name == finding.rule)?;
                Some(Key::of(section).item(index).field("name"))
            });
        let key = place.unwrap_or(Key::of("rule"));
        let (words, help) = halves(&finding.words, &Key::of("rule"));
        problems.add(&key, format!("the rule {} {words}", finding.rule), help);
    }
}
