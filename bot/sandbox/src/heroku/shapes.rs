//! What things look like in JSON. The fields are those of Heroku's schema (reference/domain.md §2.2 to 2.4).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::server::Shared;
use crate::world::{
    App, Build, BuildStatus, Dyno, ProcessType, Release, ReleaseStatus, Slug, Work, timeline, uuid_of,
};

/// A moment as both services write it: in UTC, without fractions of a second.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn user(email: &str) -> Value {
    json!({ "id": uuid_of("user", email), "email": email })
}

/// The team that owns the apps.
pub(super) fn team() -> Value {
    json!({ "id": uuid_of("team", "treeherder"), "name": "treeherder" })
}

pub(super) fn app_reference(app: &App) -> Value {
    json!({ "id": app.id, "name": app.name })
}

pub(super) fn app(app: &App) -> Value {
    let released_at = app.newest_release().map(|release| moment(release.created_at));
    let stack = json!({ "id": uuid_of("stack", "heroku-18"), "name": "heroku-18" });
    json!({
        "id": app.id,
        "name": app.name,
        "acm": true,
        "archived_at": null,
        "build_stack": stack,
        "buildpack_provided_description": "Python",
        "created_at": moment(app.created_at),
        "generation": { "id": uuid_of("generation", "cedar"), "name": "cedar" },
        "git_url": format!("https://git.heroku.com/{}.git", app.name),
        "internal_routing": null,
        "maintenance": app.maintenance,
        "owner": user("treeherder@herokumanager.com"),
        "region": { "id": uuid_of("region", "us"), "name": "us" },
        "released_at": released_at,
        "repo_size": null,
        "slug_size": 187_400_192,
        "space": null,
        "stack": stack,
        "team": team(),
        "updated_at": released_at,
        "web_url": app.web_url,
    })
}

pub(super) fn release(shared: &Shared, app: &App, release: &Release) -> Value {
    json!({
        "id": release.id,
        "addon_plan_names": ["heroku-redis:premium-3", "scheduler:standard"],
        "app": app_reference(app),
        "artifacts": [{ "type": "slug", "id": release.slug }],
        "created_at": moment(release.created_at),
        "current": release.version == app.current,
        "description": release.description,
        "eligible_for_rollback": release.is_eligible_for_rollback(),
        "output_stream_url": shared.url(&format!("/streams/releases/{}/{}", app.name, release.version)),
        "slug": { "id": release.slug },
        "status": release.status.as_str(),
        "updated_at": moment(release.updated_at),
        "user": user(&release.user),
        "version": release.version,
    })
}

pub(super) fn build(shared: &Shared, app: &App, build: &Build) -> Value {
    let (status, slug, release) = match build.status {
        BuildStatus::Pending { .. } => ("pending", None, None),
        BuildStatus::Failed => ("failed", None, None),
        BuildStatus::Succeeded { slug, release } => ("succeeded", Some(slug), Some(release)),
    };
    let source = format!(
        "https://codeload.github.com/mozilla/treeherder/legacy.tar.gz/{}",
        build.commit
    );
    json!({
        "id": build.id,
        "app": app_reference(app),
        "buildpacks": [{ "url": "https://github.com/heroku/heroku-buildpack-python.git", "name": "heroku/python" }],
        "created_at": moment(build.created_at),
        "output_stream_url": shared.url(&format!("/streams/builds/{}/{}", app.name, build.id)),
        "release": release.map(|id| json!({ "id": id })),
        "slug": slug.map(|id| json!({ "id": id })),
        "source_blob": {
            "checksum": null,
            "url": source,
            "version": build.commit,
            "version_description": null,
        },
        "stack": "heroku-18",
        "status": status,
        "updated_at": moment(build.updated_at),
        "user": user(&build.user),
    })
}

pub(super) fn slug(app: &App, slug: &Slug) -> Value {
    let types = app
        .formation
        .iter()
        .map(|process| (process.name.to_owned(), json!(process.command)));
    let types: serde_json::Map<_, _> = types
        .chain([("release".to_owned(), json!("bin/pre_deploy"))])
        .collect();
    json!({
        "id": slug.id,
        "blob": { "method": "GET", "url": format!("https://sandbox.invalid/{}.tgz", slug.id) },
        "buildpack_provided_description": "Python",
        "checksum": null,
        "commit": slug.commit,
        "commit_description": slug.subject,
        "created_at": moment(slug.created_at),
        "deleted_at": slug.deleted_at.map(moment),
        "process_types": types,
        "size": 187_400_192,
        "stack": { "id": uuid_of("stack", "heroku-18"), "name": "heroku-18" },
        "updated_at": moment(slug.created_at),
    })
}

pub(super) fn process_type(app: &App, process: &ProcessType) -> Value {
    let size = process.size.as_str();
    let changed = app
        .current_release()
        .map_or(app.created_at, |release| release.updated_at);
    json!({
        "id": uuid_of("formation", &format!("{}/{}", app.name, process.name)),
        "app": app_reference(app),
        "command": process.command,
        "created_at": moment(app.created_at),
        "dyno_size": { "id": uuid_of("dyno-size", size), "name": size },
        "quantity": process.quantity,
        "size": size,
        "type": process.name,
        "updated_at": moment(changed),
    })
}

pub(super) fn dyno(app: &App, dyno: &Dyno, now: Timestamp) -> Value {
    let release = app.release_by_version(dyno.release);
    let release = release.map(|release| json!({ "id": release.id, "version": release.version }));
    json!({
        "id": dyno.id,
        "app": app_reference(app),
        "attach_url": null,
        "command": dyno.command,
        "created_at": moment(dyno.created_at),
        "name": dyno.name,
        "release": release,
        "size": dyno.size.as_str(),
        "state": dyno.state(now),
        "type": dyno.process_type,
        "updated_at": moment(dyno.updated_at(now)),
    })
}

/// What the release phase has printed by now; `None` while it has not begun.
pub(super) fn release_output(release: &Release, now: Timestamp) -> Option<String> {
    if now < release.created_at + timeline::ONE_OFF_UP
        && matches!(release.status, ReleaseStatus::Pending { .. })
    {
        return None;
    }
    let mut lines = vec![
        "System check identified no issues (0 silenced).",
        "Operations to perform:",
    ];
    lines.push("  Apply all migrations: auth, contenttypes, model, perf, sessions");
    match release.status {
        ReleaseStatus::Pending { .. } => {}
        ReleaseStatus::Failed => {
            lines.push(
                "django.db.utils.OperationalError: (1205, 'Lock wait timeout exceeded; try restarting')",
            );
        }
        ReleaseStatus::Succeeded | ReleaseStatus::Expired => lines.push("  No migrations to apply."),
    }
    Some(lines.join("\n") + "\n")
}

/// What the log of an app says about a one-off dyno by now, with the time of each line.
pub(super) fn one_off_log(dyno: &Dyno, now: Timestamp) -> Vec<(Timestamp, String)> {
    let Work::OneOff { ends, exit_status } = dyno.work else {
        return Vec::new();
    };
    let heroku = |text: String| format!("heroku[{}]: {text}", dyno.name);
    let end = if exit_status == 0 { "complete" } else { "crashed" };
    let mut lines = vec![
        (
            dyno.created_at,
            heroku(format!("Starting process with command `{}`", dyno.command)),
        ),
        (dyno.up_at, heroku("State changed from starting to up".to_owned())),
        (
            dyno.up_at,
            format!("app[{}]: the sandbox runs no commands", dyno.name),
        ),
    ];
    // The official CLI's way to learn the status (reference/domain.md §2.4).
    if dyno.command.contains("heroku-command-exit-status") {
        let sentinel = format!(
            "app[{}]: \u{ffff} heroku-command-exit-status: {exit_status}",
            dyno.name
        );
        lines.push((ends, sentinel));
    }
    lines.push((ends, heroku(format!("Process exited with status {exit_status}"))));
    lines.push((ends, heroku(format!("State changed from up to {end}"))));
    lines.retain(|(at, _)| *at <= now);
    lines
}
