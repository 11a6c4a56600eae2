//! The release histories of the three apps.

use super::GITHUB_DEPLOYS;

/// What made a release.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// A deploy of the commit with this index.
    Code(usize),
    /// The same, and the release phase failed.
    CodeThatFails(usize),
    /// A change of a config var.
    Config(&'static str, &'static str),
    /// A change of a config var by the add-on that owns it.
    AddOn(&'static str, &'static str, &'static str),
    /// A rollback to that version.
    Back(u32),
}

/// A release of the past.
pub(super) struct Row {
    pub(super) hours_ago: i64,
    pub(super) user: &'static str,
    pub(super) step: Step,
}

/// An app and its past.
pub(super) struct History {
    pub(super) app: &'static str,
    pub(super) env: &'static str,
    pub(super) branch: &'static str,
    pub(super) web_url: &'static str,
    /// Which RDS instance it uses.
    pub(super) database: &'static str,
    /// Whose Redis it uses: prototype shares stage's.
    pub(super) redis: &'static str,
    pub(super) first_version: u32,
    /// How many dynos of each process type.
    pub(super) quantities: [u32; 9],
    pub(super) rows: &'static [Row],
}

/// All three.
pub(super) const HISTORIES: [History; 3] = [
    History {
        app: "treeherder-prototype",
        env: "prototype",
        branch: "master",
        web_url: "https://treeherder-prototype.herokuapp.com/",
        database: "dev",
        redis: "stage",
        first_version: 648,
        quantities: [1, 1, 1, 1, 1, 1, 0, 0, 1],
        rows: PROTOTYPE,
    },
    History {
        app: "treeherder-stage",
        env: "stage",
        branch: "master",
        web_url: "https://treeherder-stage.herokuapp.com/",
        database: "stage",
        redis: "stage",
        first_version: 694,
        quantities: [2, 1, 1, 1, 2, 1, 1, 1, 1],
        rows: STAGE,
    },
    History {
        app: "treeherder-prod",
        env: "prod",
        branch: "production",
        web_url: "https://treeherder-prod.herokuapp.com/",
        database: "prod",
        redis: "prod",
        first_version: 790,
        quantities: [3, 1, 1, 1, 3, 2, 1, 1, 1],
        rows: PROD,
    },
];

const fn code(hours_ago: i64, index: usize) -> Row {
    Row {
        hours_ago,
        user: GITHUB_DEPLOYS,
        step: Step::Code(index),
    }
}

const fn by(user: &'static str, hours_ago: i64, step: Step) -> Row {
    Row {
        hours_ago,
        user,
        step,
    }
}

const ALICE: &str = "alice@example.org";
const BOB: &str = "bob@example.org";
const ERIN: &str = "erin@example.org";

const PROTOTYPE: &[Row] = &[
    code(56, 20),
    code(45, 22),
    by(BOB, 44, Step::Config("LOGGING_LEVEL", "DEBUG")),
    code(39, 23),
    code(27, 25),
    by(BOB, 26, Step::Config("LOGGING_LEVEL", "INFO")),
    code(9, 28),
    Row {
        hours_ago: 3,
        user: GITHUB_DEPLOYS,
        step: Step::CodeThatFails(29),
    },
];

const STAGE: &[Row] = &[
    code(56, 20),
    code(45, 22),
    code(39, 23),
    by(
        ERIN,
        34,
        Step::Config("NEW_RELIC_LABEL", "env:stage;release:daily"),
    ),
    code(27, 25),
    code(21, 26),
    code(9, 28),
    code(3, 29),
];

/// 790 to 792 are expired: old, and not among the newest twenty. 802 rotated the password of `th_admin`, so that a
/// rollback to anything before it brings a revoked `DATABASE_URL` back.
const PROD: &[Row] = &[
    code(45 * 24, 0),
    code(43 * 24, 1),
    by(ALICE, 42 * 24, Step::Config("WEB_CONCURRENCY", "4")),
    code(40 * 24, 2),
    code(36 * 24, 3),
    code(33 * 24, 4),
    by(BOB, 31 * 24, Step::Config("LOGGING_LEVEL", "WARNING")),
    code(29 * 24, 5),
    code(27 * 24, 7),
    code(24 * 24, 8),
    by(BOB, 24 * 24 - 1, Step::Back(798)),
    code(22 * 24, 9),
    by(ERIN, 20 * 24, Step::Config("DATABASE_URL", PROD_DATABASE_URL)),
    code(18 * 24, 10),
    by(
        "heroku-redis@addons.heroku.com",
        16 * 24,
        Step::AddOn("REDIS by heroku-redis", "REDIS_URL", PROD_REDIS_URL),
    ),
    code(14 * 24, 11),
    code(12 * 24, 12),
    by(ALICE, 11 * 24, Step::Config("WEB_CONCURRENCY", "5")),
    code(9 * 24, 13),
    code(8 * 24, 14),
    code(5 * 24, 16),
    code(3 * 24, 17),
    by(
        ALICE,
        26,
        Step::Config("NEW_RELIC_LABEL", "env:prod;release:daily"),
    ),
];

const PROD_DATABASE_URL: &str =
    "mysql://th_admin:canary-prod-database-2@treeherder-prod.sandbox.us-east-1.rds.amazonaws.com/treeherder";
const PROD_REDIS_URL: &str = "rediss://:canary-prod-redis-2@redis-prod.example.net:16250";
