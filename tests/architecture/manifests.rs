//! Who may depend on whom, and on what.

use super::nobody;
use super::workspace::{Member, manifest, members, read};

/// What clients of HTTP services have in common.
const HTTP: &str = "adapters/services/http";

/// The kinds of crate. What each may use of ours is all there is to the direction of dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// How secrets are locked: bytes in, bytes out.
    Secrets,
    Core,
    /// The store, the web server and the chat adapters: core's other side.
    Edge,
    Commands,
    /// Clients of services: they know nothing of the bot.
    Service,
    /// What those have in common, and the sandbox that pretends to be some services.
    Stranger,
    Binary,
    Tests,
}

impl Layer {
    fn of(folder: &str) -> Option<Self> {
        match folder {
            "bot/secrets" => Some(Self::Secrets),
            "bot/core" => Some(Self::Core),
            "bot/store" | "bot/web" => Some(Self::Edge),
            "bot/sandbox" | HTTP => Some(Self::Stranger),
            "bot/cli" => Some(Self::Binary),
            "tests" => Some(Self::Tests),
            _ => match folder.rsplit_once('/')?.0 {
                "adapters/chat" => Some(Self::Edge),
                "adapters/services" => Some(Self::Service),
                "commands" => Some(Self::Commands),
                _ => None,
            },
        }
    }

    fn may_use(self, other: Self, other_folder: &str) -> bool {
        match self {
            Self::Secrets | Self::Stranger => false,
            Self::Core => other == Self::Secrets,
            Self::Edge => matches!(other, Self::Core | Self::Secrets),
            Self::Service => other_folder == HTTP,
            Self::Commands => {
                matches!(other, Self::Core | Self::Secrets) || other_folder.starts_with("adapters/services/")
            }
            Self::Binary => !matches!(other, Self::Binary | Self::Tests),
            Self::Tests => other != Self::Tests,
        }
    }
}

fn layer(member: &Member) -> Layer {
    Layer::of(&member.folder).unwrap_or_else(|| {
        panic!(
            "{} is in none of the folders that the layout knows: bot, adapters/chat, adapters/services, commands, tests",
            member.folder
        )
    })
}

#[test]
fn dependencies_point_to_core() {
    let members = members();
    let mut offenders = Vec::new();
    for member in &members {
        for dependency in member.dependencies() {
            let Some(used) = members.iter().find(|other| other.name() == dependency.name) else {
                continue;
            };
            if !layer(member).may_use(layer(used), &used.folder) {
                offenders.push(format!("{} depends on {}", member.folder, used.folder));
            }
        }
    }
    nobody(
        &offenders,
        "secrets, sandbox and adapters/services/http use nothing of ours; core uses secrets; other adapters/services/* use \
         that one; store, web and adapters/chat/* use core and secrets; commands/* use core, secrets and adapters/services/*; only bot/cli knows them all, and only \
         tests know bot/cli. Put what both need into core, or hand it over in bot/cli's wiring.",
    );
}

#[test]
fn every_member_takes_the_workspaces_lints() {
    let offenders: Vec<String> = members()
        .iter()
        .filter(|member| {
            let lints = member
                .manifest
                .get("lints")
                .and_then(|lints| lints.get("workspace"));
            lints.and_then(toml::Value::as_bool) != Some(true)
        })
        .map(|member| format!("{}/Cargo.toml", member.folder))
        .collect();
    nobody(&offenders, "Write: [lints] workspace = true");
}

#[test]
fn every_version_is_said_once() {
    let mut offenders = Vec::new();
    for member in members() {
        for dependency in member.dependencies() {
            let of_workspace = dependency.value.get("workspace").and_then(toml::Value::as_bool);
            if of_workspace != Some(true) {
                offenders.push(format!("{}/Cargo.toml: {}", member.folder, dependency.name));
            }
        }
    }
    nobody(
        &offenders,
        "Write the version into the root's [workspace.dependencies], and here: name.workspace = true",
    );
}

#[test]
fn every_dependency_says_why() {
    let text = read("Cargo.toml");
    let section = text.split("[workspace.dependencies]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let paths = manifest("");
    let declared = paths["workspace"]["dependencies"].as_table().unwrap();
    let mut offenders = Vec::new();
    for (name, value) in declared {
        let line = section
            .lines()
            .find(|line| line.starts_with(&format!("{name} = ")));
        let why = line
            .and_then(|line| line.rsplit_once('#'))
            .map_or("", |(_, why)| why.trim());
        if value.get("path").is_none() && why.is_empty() {
            offenders.push(name.clone());
        }
    }
    nobody(
        &offenders,
        "Say in the root's Cargo.toml what it is for, on its line: name = \"1\" # why",
    );
}

#[test]
fn every_crates_readme_is_its_documentation() {
    let offenders: Vec<String> = members()
        .iter()
        .map(|member| member.folder.as_str())
        .filter(|folder| *folder != "tests")
        .filter(|folder| {
            let library = read(&format!("{folder}/src/lib.rs"));
            !library.starts_with("#![doc = include_str!(\"../README.md\")]")
                || read(&format!("{folder}/README.md")).lines().count() < 3
        })
        .map(ToOwned::to_owned)
        .collect();
    nobody(
        &offenders,
        "Write its README.md, and begin its src/lib.rs with #![doc = include_str!(\"../README.md\")]",
    );
}
