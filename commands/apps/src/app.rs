//! The apps as the configuration describes them, and the clients that talk about them. Shared by every command,
//! action and watcher of this crate.

use std::fmt;
use std::sync::Arc;

use countersign_core::id::TargetName;
use countersign_core::link::Links;
use countersign_core::message::Room;
use countersign_core::operation::Trouble;
use countersign_core::plan::Plan;
use countersign_core::refusal::Refusal;
use countersign_core::secret::{Scrubber, Secret};
use countersign_core::settings::Settings;
use countersign_core::text::list;
use countersign_core::time::Duration;
use countersign_github::{Branch, GitHub, Repo, Sha};
use countersign_heroku::{AppName, ConfigVars, Heroku, Release, Slug};
use secrecy::ExposeSecret as _;

use crate::trouble::Fault;

/// How code gets onto an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A deploy moves the app's branch forward to the head of this one.
    Pushed {
        /// The branch that work is merged into.
        from: Branch,
    },
    /// People push to the app's branch themselves; a deploy only follows what Heroku makes of it.
    Followed,
}

/// An app on Heroku that is deployed from a branch on GitHub.
#[derive(Clone, Debug)]
pub struct App {
    /// What people call it.
    pub target: TargetName,
    /// What Heroku calls it.
    pub heroku: AppName,
    /// Where its code is.
    pub repository: Repo,
    /// The branch that deploys it.
    pub branch: Branch,
    /// How that branch moves.
    pub source: Source,
    /// Whether Heroku deploys every push to the branch by itself.
    pub auto_deploy: bool,
    /// The address of the site that it serves.
    pub site: String,
    /// The rooms that hear of everything that changes it.
    pub rooms: Vec<Room>,
    /// After this long without any sign of Heroku a deploy is reported as not started.
    pub starts_within: Duration,
    /// Where database migrations are in the repository; `*` stands for one folder. Empty: nothing is said of them.
    pub migrations: Vec<String>,
    /// The config vars without which it does not work.
    pub must_be_set: Vec<String>,
    /// The config vars whose values everybody may read and say.
    pub plain_config: Vec<String>,
}

impl App {
    /// The branch whose head a deploy brings.
    pub(crate) fn source_branch(&self) -> &Branch {
        match &self.source {
            Source::Pushed { from } => from,
            Source::Followed => &self.branch,
        }
    }

    /// A page of the app's dashboard: `activity`, `deploy/github`.
    pub(crate) fn dashboard(&self, page: &str) -> String {
        format!("https://dashboard.heroku.com/apps/{}/{page}", self.heroku)
    }

    /// Whether everybody may read and say the value of this config var.
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        self.plain_config.iter().any(|plain| plain == name)
    }

    /// Texts about the app that everybody may see.
    fn public_texts(&self) -> [String; 4] {
        [
            format!("https://{}.herokuapp.com/", self.heroku),
            self.site.clone(),
            self.repository.to_string(),
            self.branch.to_string(),
        ]
    }
}

/// All apps, with the clients that talk about them.
pub struct Apps {
    all: Vec<App>,
    pub(crate) heroku: Heroku,
    pub(crate) github: GitHub,
    scrubber: Arc<Scrubber>,
    /// What values of config vars are handed out and taken in by, if there is a web side for it.
    pub(crate) handing: Option<Handing>,
}

/// What secrets are handed out and taken in by.
pub(crate) struct Handing {
    pub(crate) links: Links,
    /// For the people.
    pub(crate) settings: Arc<Settings>,
}

impl Apps {
    /// Puts them together. Nothing is asked of anybody yet.
    pub fn new(all: Vec<App>, heroku: Heroku, github: GitHub, scrubber: Arc<Scrubber>) -> Self {
        Self {
            all,
            heroku,
            github,
            scrubber,
            handing: None,
        }
    }

    /// Hands values of config vars out by these links, and takes them in by their drop boxes.
    #[must_use]
    pub fn with_links(mut self, links: Links, settings: Arc<Settings>) -> Self {
        self.handing = Some(Handing { links, settings });
        self
    }

    /// All of them, in the order of the configuration.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &App> {
        self.all.iter()
    }

    /// The app that people call this.
    pub(crate) fn get(&self, target: &str) -> Result<&App, Refusal> {
        let found = self.all.iter().find(|app| app.target.as_str() == target);
        found.ok_or_else(|| {
            let names = list(self.all.iter().map(|app| &app.target));
            Refusal::new(format!("{target} is no app on Heroku")).hint(format!("The apps are: {names}."))
        })
    }

    /// The app that a plan is about.
    pub(crate) fn of(&self, plan: &Plan) -> Result<&App, Trouble> {
        let target = plan.target.as_ref().map_or("", |target| target.as_str());
        self.get(target).map_err(|refusal| Trouble::never(refusal.words))
    }

    /// The slug of a release; none before the first deploy.
    pub(crate) async fn slug_of(&self, app: &App, release: &Release) -> Result<Option<Slug>, Fault> {
        match &release.slug {
            Some(slug) => Ok(Some(self.heroku.slug(&app.heroku, slug).await?)),
            None => Ok(None),
        }
    }

    /// Makes sure that no reply ever holds one of these values of an app. Values that everybody may see, like the app's
    /// own name, are let through: scrubbing them would take addresses apart.
    pub(crate) fn keep_secret(&self, app: &App, vars: &ConfigVars) {
        for (_, value) in vars.iter().filter(|(name, _)| !app.is_plain(name)) {
            self.keep_one(value);
        }
    }

    /// The same for one value that came by another way: out of a drop box, or said where it should not have been.
    pub(crate) fn keep_one(&self, value: &Secret) {
        let mut public = self.all.iter().flat_map(App::public_texts);
        if !public.any(|text| text.contains(value.expose_secret())) {
            self.scrubber.learn(value);
        }
    }
}

/// The commit that a slug was built of, if it says one that GitHub could know.
pub(crate) fn sha_of(slug: &Slug) -> Option<Sha> {
    slug.commit.as_ref()?.as_str().parse().ok()
}

impl fmt::Debug for Apps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.all.iter().map(|app| &app.target))
            .finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use countersign_core::message::Place;
    use countersign_core::reply::{Post, Reply, plain};
    use countersign_core::secret::REDACTED;

    use super::*;

    pub(crate) fn prod() -> App {
        App {
            target: "prod".into(),
            heroku: "treeherder-prod".parse().unwrap(),
            repository: "mozilla/treeherder".parse().unwrap(),
            branch: "production".parse().unwrap(),
            source: Source::Pushed {
                from: "master".parse().unwrap(),
            },
            auto_deploy: true,
            site: "https://treeherder.example.org/".to_owned(),
            rooms: Vec::new(),
            starts_within: Duration::from_mins(10),
            migrations: vec!["treeherder/*/migrations/".to_owned()],
            must_be_set: Vec::new(),
            plain_config: Vec::new(),
        }
    }

    pub(crate) fn stage() -> App {
        App {
            target: "stage".into(),
            heroku: "treeherder-stage".parse().unwrap(),
            branch: "master".parse().unwrap(),
            source: Source::Followed,
            ..prod()
        }
    }

    /// A reply as people read it.
    pub(crate) fn said(reply: Reply) -> String {
        let room = Room {
            network: "libera".into(),
            name: "#treeherder".into(),
        };
        plain(&Post::to(Place::Room(room), reply)).join("\n")
    }

    /// Stage and prod, with clients that reach nobody.
    pub(crate) fn apps(scrubber: Arc<Scrubber>) -> Apps {
        apps_of(vec![prod(), stage()], scrubber)
    }

    /// The same for other apps.
    pub(crate) fn apps_of(all: Vec<App>, scrubber: Arc<Scrubber>) -> Apps {
        let token = || Secret::from("canary-token".to_owned());
        let heroku = Heroku::new(countersign_heroku::Settings::new(token())).unwrap();
        let github = GitHub::new(countersign_github::Settings::new(token())).unwrap();
        Apps::new(all, heroku, github, scrubber)
    }

    #[test]
    fn config_values_are_kept_secret_but_for_what_everybody_may_see() {
        let scrubber = Arc::new(Scrubber::default());
        let vars = [
            ("DATABASE_URL", "mysql://u:canary@db/treeherder"),
            ("NEW_RELIC_APP_NAME", "treeherder-prod"),
            ("SITE_URL", "https://treeherder.example.org"),
            ("DATABASE_NAME", "treeherder"),
            ("NEW_RELIC_LABEL", "env:prod;release:weekly"),
        ];
        let prod = App {
            plain_config: vec!["NEW_RELIC_LABEL".to_owned()],
            ..prod()
        };
        apps(Arc::clone(&scrubber)).keep_secret(
            &prod,
            &vars
                .map(|(name, value)| (name, Secret::from(value.to_owned())))
                .into_iter()
                .collect(),
        );
        let public = "https://dashboard.heroku.com/apps/treeherder-prod env:prod;release:weekly";
        let said = format!("mysql://u:canary@db/treeherder {public}");
        assert_eq!(scrubber.scrub(&said), format!("{REDACTED} {public}"));
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_known_ones() {
        let refusal = apps(Arc::default()).get("db").unwrap_err();
        assert_eq!(
            refusal.sentence(),
            "db is no app on Heroku. The apps are: prod, stage."
        );
    }
}
