//! `[[app]]`: what plans can act on.

use countersign_core::id::TargetName;
use countersign_core::message::Room;
use countersign_core::time::Duration;
use countersign_heroku::is_config_var_name;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::document::{Key, Problems};
use super::network::Networks;
use super::{address, check_name, span};

/// An app on Heroku that is deployed from a branch on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// What people call it: `!deploy prod`.
    #[schemars(with = "String", example = &"prod")]
    pub name: TargetName,
    /// What Heroku calls it.
    #[schemars(example = &"treeherder-prod")]
    pub heroku: String,
    /// Its repository on GitHub: owner and name.
    #[schemars(example = &"mozilla/treeherder")]
    pub repository: String,
    /// The branch that deploys it.
    #[schemars(example = &"production")]
    pub branch: String,
    /// The branch whose head a deploy moves `branch` to. Without it `branch` is never moved: whoever pushes to it
    /// deploys, and the bot follows.
    #[serde(default)]
    #[schemars(example = &"master")]
    pub deploys_from: Option<String>,
    /// Whether Heroku deploys every push to `branch` by itself, as set on the app's deploy tab.
    #[serde(default = "yes")]
    pub auto_deploy: bool,
    /// The address of the site that it serves.
    #[serde(with = "address")]
    #[schemars(with = "String", example = &"https://treeherder.mozilla.org/")]
    pub site: Url,
    /// The rooms that hear of everything that changes it: `#treeherder`, or `libera/#treeherder` if there are
    /// several networks.
    #[serde(default, rename = "rooms")]
    #[schemars(example = ["#treeherder"])]
    written_rooms: Vec<String>,
    /// The rooms that hear of everything that changes it.
    #[serde(skip)]
    pub rooms: Vec<Room>,
    /// After this long without any sign of Heroku a deploy is reported as not started: CI, build and release each
    /// are such a sign. A length of time.
    #[serde(default = "starts_within", with = "span")]
    #[schemars(with = "String")]
    pub starts_within: Duration,
    /// Paths of database migrations in the repository; `*` stands for one folder. A deploy that changes a file
    /// below one of them says so. Without any, deploys say nothing about migrations.
    #[serde(default)]
    #[schemars(example = ["treeherder/*/migrations/"])]
    pub migrations: Vec<String>,
    /// The names of config vars without which the app does not work. `!config check` and `!config list` miss them, and
    /// `!config unset` refuses to remove them.
    #[serde(default)]
    #[schemars(example = ["DATABASE_URL"])]
    pub must_be_set: Vec<String>,
    /// The names of config vars whose values are no secrets: everybody may read them in rooms and on cards, and
    /// `!config set` takes them from the command line. All others are given through a drop box.
    #[serde(default)]
    #[schemars(example = ["WEB_CONCURRENCY"])]
    pub plain_config: Vec<String>,
}

fn yes() -> bool {
    true
}

fn starts_within() -> Duration {
    Duration::from_mins(10)
}

impl App {
    /// Whether deploys of it are only followed: its branch is what people push to.
    pub fn followed_only(&self) -> bool {
        self.deploys_from.is_none()
    }
}

pub(super) fn check(apps: &[App], problems: &mut Problems<'_>) {
    for (index, app) in apps.iter().enumerate() {
        let key = Key::of("app").item(index);
        check_name("an app", app.name.as_str(), &key.field("name"), problems);
        if apps[..index].iter().any(|other| other.name == app.name) {
            problems.add(
                &key.field("name"),
                format!("there are two apps called {}", app.name),
                "give one of them another name",
            );
        }
        let parts: Vec<&str> = app.repository.split('/').collect();
        if parts.len() != 2 || parts.contains(&"") {
            problems.add(
                &key.field("repository"),
                format!("{:?} is not a repository", app.repository),
                "write owner and name, like \"mozilla/treeherder\"",
            );
        }
        if app.deploys_from.as_ref() == Some(&app.branch) {
            problems.add(
                &key.field("deploys_from"),
                format!("{} would be moved to its own head", app.branch),
                "leave deploys_from out: pushes to the branch deploy the app, and the bot follows them",
            );
        }
        for (field, names) in [
            ("must_be_set", &app.must_be_set),
            ("plain_config", &app.plain_config),
        ] {
            for name in names.iter().filter(|name| !is_config_var_name(name)) {
                problems.add(
                    &key.field(field),
                    format!("{name:?} is no name of a config var"),
                    "write exact names of letters, digits and _, like \"WEB_CONCURRENCY\"",
                );
            }
        }
    }
}

/// Finds the rooms on their networks.
pub(super) fn resolve(apps: &mut [App], networks: &Networks, problems: &mut Problems<'_>) {
    for (index, app) in apps.iter_mut().enumerate() {
        let key = Key::of("app").item(index).field("rooms");
        app.rooms = networks.rooms(&app.written_rooms, &key, problems);
    }
}
