//! The history of master. Names are made up; the subjects look like Treeherder's.

/// A commit of the story. Each builds on the one before.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) author: &'static str,
    pub(super) message: &'static str,
    pub(super) files: &'static [&'static str],
    /// How its name begins; the rest is computed.
    pub(super) pinned: &'static str,
}

const fn by(author: &'static str, message: &'static str, files: &'static [&'static str]) -> Entry {
    Entry {
        author,
        message,
        files,
        pinned: "",
    }
}

const fn pinned(entry: Entry, pinned: &'static str) -> Entry {
    Entry { pinned, ..entry }
}

/// Where production stands: twelve commits before the end.
pub(super) const PRODUCTION: usize = 17;

/// The files of the first commit.
pub(super) const FIRST_FILES: &[&str] = &[
    ".circleci/config.yml",
    "Procfile",
    "bin/post_compile",
    "bin/pre_deploy",
    "docs/infrastructure/administration.md",
    "manage.py",
    "package.json",
    "requirements/common.in",
    "requirements/common.txt",
    "tests/etl/test_taskcluster.py",
    "tests/model/test_push.py",
    "treeherder/config/settings.py",
    "treeherder/etl/jobs.py",
    "treeherder/etl/push.py",
    "treeherder/log_parser/failureline.py",
    "treeherder/model/migrations/0015_add_repository_index.py",
    "treeherder/model/migrations/0016_group_status.py",
    "treeherder/model/models.py",
    "treeherder/perf/alerts.py",
    "treeherder/perf/migrations/0032_rename_tags.py",
    "treeherder/perf/models.py",
    "treeherder/webapp/api/push.py",
    "ui/job-view/App.jsx",
    "ui/push-health/Health.jsx",
    "yarn.lock",
];

/// Oldest first.
pub(super) const COMMITS: [Entry; 30] = [
    by("alice", "Update the deployment documentation", &[]),
    by(
        "bob",
        "Bump Celery to 4.4.7",
        &["requirements/common.in", "requirements/common.txt"],
    ),
    by(
        "erin",
        "Store the duration of a task (Bug 1596423)",
        &[
            "treeherder/model/migrations/0017_job_duration.py",
            "treeherder/model/models.py",
        ],
    ),
    by(
        "carol",
        "Show the duration in the details panel (Bug 1596423)",
        &["ui/job-view/App.jsx"],
    ),
    by(
        "alice",
        "Do not parse logs over 20 MB (Bug 1601118)",
        &["treeherder/log_parser/failureline.py"],
    ),
    by(
        "bob",
        "Add an index to performance alerts (Bug 1602994)",
        &[
            "treeherder/perf/migrations/0033_alert_index.py",
            "treeherder/perf/models.py",
        ],
    ),
    by(
        "erin",
        "Fix a race when two pushes share a revision (Bug 1603377)",
        &["treeherder/etl/push.py"],
    ),
    by("carol", "Bump React to 16.13.1", &["package.json", "yarn.lock"]),
    by(
        "alice",
        "Remove the legacy alerts view (Bug 1588871)",
        &["ui/job-view/App.jsx"],
    ),
    by(
        "bob",
        "Run the Python tests in parallel",
        &[".circleci/config.yml"],
    ),
    by(
        "erin",
        "Retry when Taskcluster answers 503 (Bug 1605020)",
        &["treeherder/etl/jobs.py"],
    ),
    by(
        "carol",
        "Make the push health summary keyboard accessible",
        &["ui/push-health/Health.jsx"],
    ),
    by(
        "alice",
        "Bump Django to 3.0.8",
        &["requirements/common.in", "requirements/common.txt"],
    ),
    by(
        "bob",
        "Keep commit data per performance tag (Bug 1606481)",
        &[
            "treeherder/perf/migrations/0034_multicommitdatum.py",
            "treeherder/perf/models.py",
        ],
    ),
    by(
        "erin",
        "Log how long storing a push takes",
        &["treeherder/etl/push.py"],
    ),
    by(
        "carol",
        "Fix the filter menu on narrow screens (Bug 1607752)",
        &["ui/job-view/App.jsx"],
    ),
    by(
        "bob",
        "Raise the gunicorn time-out to 20 s (Bug 1608003)",
        &["Procfile"],
    ),
    pinned(
        by(
            "alice",
            "Sort pushes by push time, not by id (Bug 1608310)",
            &["treeherder/webapp/api/push.py"],
        ),
        "3f2a91c",
    ),
    by(
        "erin",
        "Accept task groups without a decision task (Bug 1609144)",
        &["treeherder/etl/jobs.py"],
    ),
    by(
        "carol",
        "Show who classified a failure (Bug 1609376)",
        &["ui/push-health/Health.jsx"],
    ),
    by(
        "bob",
        "Bump newrelic to 5.16.1",
        &["requirements/common.in", "requirements/common.txt"],
    ),
    by(
        "alice",
        "Cache the list of repositories (Bug 1610027)",
        &["treeherder/webapp/api/repository.py"],
    ),
    by(
        "erin",
        "Test pushes with more than 100 revisions",
        &["tests/model/test_push.py"],
    ),
    by("carol", "Bump lodash to 4.17.20", &["package.json", "yarn.lock"]),
    by(
        "alice",
        "Answer 404 for an unknown revision (Bug 1611590)",
        &["treeherder/webapp/api/push.py"],
    ),
    by(
        "bob",
        "Compare alerts with the right base (Bug 1611822)",
        &["treeherder/perf/alerts.py"],
    ),
    pinned(
        by(
            "erin",
            "Fix task graph (Bug 1612345)",
            &["treeherder/etl/jobs.py", "tests/etl/test_taskcluster.py"],
        ),
        "5d6b1f0",
    ),
    by(
        "carol",
        "Move the log viewer to a hook",
        &["ui/logviewer/Logviewer.jsx"],
    ),
    by(
        "bob",
        "Stop counting retried jobs twice (Bug 1612781)",
        &["treeherder/push_health/tests.py"],
    ),
    pinned(
        by(
            "alice",
            "Do not load all jobs for a summary (Bug 1613006)",
            &["treeherder/webapp/api/push.py"],
        ),
        "8d07be4",
    ),
];
