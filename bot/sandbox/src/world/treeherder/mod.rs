//! The story everything begins with: Treeherder, three apps and a repository, on an ordinary day.
//!
//! Production is twelve commits by four people behind master, all of them green and without a migration. Stage runs
//! master; prototype tried to and failed, so that its newest release is not its current one.
//!
//! Every value that would be a secret contains the word `canary`, for tests that look for what leaked.

mod commits;
mod releases;

use jiff::{SignedDuration, Timestamp};

use super::app::{App, AutoDeploy};
use super::ci::Ci;
use super::dyno::{ProcessType, Size};
use super::release::{Build, BuildStatus, Config, ReleaseStatus};
use super::repository::{Draft, Repository};
use super::{abbreviated, id};

use self::commits::{COMMITS, Entry, FIRST_FILES, PRODUCTION};
use self::releases::{HISTORIES, History, Row, Step};

/// Whose token the bot has.
pub const BOT: &str = "countersign@example.org";

/// Who connected the apps with GitHub, in whose name Heroku therefore deploys automatically.
pub const GITHUB_DEPLOYS: &str = "ops@example.org";

/// The repository with its branches.
pub(super) fn repository(now: Timestamp) -> Repository {
    let mut repository = Repository::new("mozilla", "treeherder");
    let mut head: Option<String> = None;
    for (
        index,
        Entry {
            author,
            message,
            files,
            pinned,
        },
    ) in COMMITS.iter().enumerate()
    {
        let age = SignedDuration::from_hours(hours_ago(index));
        let files = if index == 0 { FIRST_FILES } else { files };
        let draft = Draft {
            author: (*author).to_owned(),
            message: (*message).to_owned(),
            files: files.iter().map(ToString::to_string).collect(),
            date: now - age,
            ci: Ci::green_since(now - age + SignedDuration::from_mins(10)),
        };
        let sha = repository.add(head.as_deref(), draft, pinned);
        if index == PRODUCTION {
            repository.set_branch("production", &sha);
        }
        repository.set_branch("master", &sha);
        head = Some(sha);
    }
    repository
}

/// Two commits and more a week, the newest one four hours ago.
fn hours_ago(index: usize) -> i64 {
    let behind = COMMITS.len() - 1 - index;
    let behind_production = behind.min(COMMITS.len() - 1 - PRODUCTION);
    let hours = 4 + 6 * behind_production + 60 * (behind - behind_production);
    i64::try_from(hours).unwrap_or(i64::MAX)
}

/// The three apps.
pub(super) fn apps(repository: &Repository, now: Timestamp) -> Vec<App> {
    HISTORIES
        .iter()
        .map(|history| app(history, repository, now))
        .collect()
}

fn app(history: &History, repository: &Repository, now: Timestamp) -> App {
    let mut app = App {
        id: id::uuid("app", history.app),
        name: history.app,
        web_url: history.web_url,
        maintenance: false,
        created_at: now - SignedDuration::from_hours(24 * 1500),
        auto_deploy: AutoDeploy {
            on: true,
            branch: history.branch,
            waiting: None,
        },
        config: config(history),
        builds: Vec::new(),
        slugs: Vec::new(),
        releases: Vec::new(),
        current: history.first_version - 1,
        formation: formation(history),
        dynos: Vec::new(),
        one_offs: Vec::new(),
        fail_next_build: false,
        fail_next_release_phase: false,
        next_exit_status: 0,
        started: 0,
    };
    let line = commits_oldest_first(repository);
    for (version, row) in (history.first_version..).zip(history.rows) {
        add_release(&mut app, version, row, &line, now);
    }
    app.expire_old_slugs(now);
    app.dynos.clear();
    let since = app.current_release().map_or(now, |release| release.updated_at);
    app.fill_formation(since);
    app
}

fn commits_oldest_first(repository: &Repository) -> Vec<(String, String)> {
    let Some(head) = repository.head("master") else {
        return Vec::new();
    };
    let history = repository.history(head).into_iter().rev();
    history
        .map(|commit| (commit.sha.clone(), commit.subject().to_owned()))
        .collect()
}

fn add_release(app: &mut App, version: u32, row: &Row, line: &[(String, String)], now: Timestamp) {
    let at = now - SignedDuration::from_hours(row.hours_ago);
    let slug_now = app
        .current_release()
        .map(|release| release.slug)
        .unwrap_or_default();
    let mut built = None;
    let (description, slug) = match row.step {
        Step::Code(index) | Step::CodeThatFails(index) => {
            let (commit, subject) = &line[index];
            let slug = app.add_slug(commit, subject, at);
            built = Some(commit.clone());
            (format!("Deploy {}", abbreviated(commit)), slug)
        }
        Step::Config(name, value) => {
            app.config.insert(name.to_owned(), value.to_owned());
            (format!("Set {name} config vars"), slug_now)
        }
        Step::AddOn(what, name, value) => {
            app.config.insert(name.to_owned(), value.to_owned());
            (format!("Update {what}"), slug_now)
        }
        Step::Back(to) => {
            let target = app
                .release_by_version(to)
                .map(|release| (release.slug, release.config.clone()));
            let (slug, config) = target.unwrap_or_default();
            app.config = config;
            (format!("Rollback to v{to}"), slug)
        }
    };
    let release = app.add_release(description, slug, row.user, at).id;
    if let Some(commit) = built {
        let id = id::uuid("build", &format!("{}/{}", app.name, app.builds.len()));
        let (user, status) = (row.user.to_owned(), BuildStatus::Succeeded { slug, release });
        let created_at = at - super::timeline::BUILD;
        app.builds.push(Build {
            id,
            commit,
            user,
            status,
            created_at,
            updated_at: at,
        });
    }
    if let Some(release) = app.releases.last_mut() {
        let failed = matches!(row.step, Step::CodeThatFails(_));
        release.status = if failed {
            ReleaseStatus::Failed
        } else {
            ReleaseStatus::Succeeded
        };
        release.updated_at = at + super::timeline::RELEASE_PHASE;
        app.current = if failed { app.current } else { version };
    }
}

fn config(history: &History) -> Config {
    let env = history.env;
    let database = format!(
        "treeherder-{}.sandbox.us-east-1.rds.amazonaws.com",
        history.database
    );
    let mut config: Config = [
        ("LOGGING_LEVEL", "INFO".to_owned()),
        ("NEW_RELIC_APP_NAME", history.app.to_owned()),
        ("NEW_RELIC_CONFIG_FILE", "newrelic.ini".to_owned()),
        ("NEW_RELIC_LABEL", format!("env:{env};release:weekly")),
        ("NEW_RELIC_LICENSE_KEY", format!("canary-{env}-new-relic-key")),
        (
            "CLOUDAMQP_URL",
            format!("amqps://treeherder:canary-{env}-amqp@rabbit-{env}.example.net/treeherder"),
        ),
        (
            "DATABASE_URL",
            format!("mysql://th_admin:canary-{env}-database-1@{database}/treeherder"),
        ),
        (
            "PULSE_URL",
            format!("amqps://treeherder-{env}:canary-{env}-pulse@pulse.mozilla.org:5671/"),
        ),
        (
            "REDIS_URL",
            format!(
                "rediss://:canary-{}-redis-1@redis-{0}.example.net:16250",
                history.redis
            ),
        ),
        ("SECRET_KEY", format!("canary-{env}-secret-key-0f8a2c6d4b")),
        ("SITE_HOSTNAME", format!("{}.herokuapp.com", history.app)),
        ("SITE_URL", format!("https://{}.herokuapp.com", history.app)),
        ("WEB_CONCURRENCY", "4".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    config.insert(
        "BUGZILLA_API_KEY".to_owned(),
        format!("canary-{env}-bugzilla-key"),
    );
    config
}

/// The process types of Treeherder's Procfile (reference/domain.md §0.2).
fn formation(history: &History) -> Vec<ProcessType> {
    // How many tasks a worker does at once is in its command: changing it is a change of code.
    let commands = [
        (
            "web",
            "newrelic-admin run-program gunicorn treeherder.config.wsgi:application --timeout 20".to_owned(),
        ),
        (
            "celery_scheduler",
            "newrelic-admin run-program celery beat -A treeherder".to_owned(),
        ),
        (
            "pulse_listener_pushes",
            "newrelic-admin run-program ./manage.py pulse_listener_pushes".to_owned(),
        ),
        (
            "pulse_listener_tasks",
            "newrelic-admin run-program ./manage.py pulse_listener_tasks".to_owned(),
        ),
        (
            "worker_store_pulse_data",
            worker("store_pulse_pushes,store_pulse_tasks", 3),
        ),
        ("worker_log_parser", worker("log_parser", 7)),
        ("worker_log_parser_fail", worker("log_parser_fail", 1)),
        ("worker_autoclassify", worker("log_autoclassify", 3)),
        (
            "worker_misc",
            worker("default,generate_perf_alerts,pushlog,seta_analyze_failures", 3),
        ),
    ];
    let size = if history.env == "prod" {
        Size::Standard2X
    } else {
        Size::Standard1X
    };
    let types = commands.into_iter().zip(history.quantities);
    types
        .map(|((name, command), quantity)| ProcessType {
            name,
            command,
            quantity,
            size,
        })
        .collect()
}

fn worker(queues: &str, concurrency: u32) -> String {
    format!("newrelic-admin run-program celery worker -A treeherder -Q {queues} --concurrency={concurrency}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000)
    }

    #[test]
    fn the_past_makes_sense() {
        let repository = repository(now());
        for app in apps(&repository, now()) {
            for build in &app.builds {
                let commit = repository.commit(&build.commit).unwrap();
                assert!(
                    commit.ci.is_green(build.created_at),
                    "{} {}",
                    app.name,
                    commit.message
                );
            }
            assert!(
                app.releases.is_sorted_by_key(|release| release.created_at),
                "{}",
                app.name
            );
            let runs = app.current_commit().unwrap();
            let head = repository.head(app.auto_deploy.branch).unwrap();
            assert_eq!(
                *runs == head.sha,
                app.name != "treeherder-prototype",
                "{}",
                app.name
            );
        }
    }

    #[test]
    fn what_the_manual_says_about_prod_is_so() {
        let apps = apps(&repository(now()), now());
        let prod = apps.iter().find(|app| app.name == "treeherder-prod").unwrap();
        let config = |version| &prod.release_by_version(version).unwrap().config;
        let changed_since = |version| -> Vec<&str> {
            let names = prod
                .config
                .iter()
                .filter(|(name, value)| config(version).get(*name) != Some(value));
            names.map(|(name, _)| name.as_str()).collect()
        };
        assert_eq!(changed_since(811), ["NEW_RELIC_LABEL"]);
        assert_eq!(changed_since(810), ["NEW_RELIC_LABEL"]);
        assert!(changed_since(801).contains(&"DATABASE_URL"));
        let expired = prod
            .releases
            .iter()
            .filter(|release| release.status == ReleaseStatus::Expired);
        assert_eq!(
            expired.map(|release| release.version).collect::<Vec<_>>(),
            [790, 791, 792]
        );
        assert_eq!(prod.dynos.len(), 14);
    }
}
