//! `[database.tables]`: which tables accounts may read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::document::{Key, Problems};

/// What Treeherder's administration page lists as without sensitive data; `group` was lost from it.
const READ: [&str; 41] = [
    "backfill_record",
    "backfill_report",
    "bug_job_map",
    "bugscache",
    "build_platform",
    "changelog_entry",
    "changelog_file",
    "classified_failure",
    "commit",
    "failure_classification",
    "failure_line",
    "group",
    "group_failure_lines",
    "issue_tracker",
    "job",
    "job_group",
    "job_log",
    "job_note",
    "job_type",
    "machine",
    "machine_platform",
    "option",
    "option_collection",
    "perf_multicommitdatum",
    "performance_alert",
    "performance_alert_summary",
    "performance_bug_template",
    "performance_datum",
    "performance_framework",
    "performance_signature",
    "product",
    "push",
    "reference_data_signatures",
    "repository",
    "repository_group",
    "seta_jobpriority",
    "taskcluster_metadata",
    "text_log_error",
    "text_log_error_match",
    "text_log_error_metadata",
    "text_log_step",
];
/// What its generator leaves out.
const NEVER: [&str; 2] = ["django_*", "auth_*"];
/// The table of which it gives some columns, and those.
const COLUMNS: (&str, [&str; 3]) = ("auth_user", ["id", "username", "email"]);
/// How long names are at servers.
const LONGEST: usize = 64;

/// Which tables accounts may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Those that they may, as names or patterns.
    pub read: Vec<String>,
    /// Those that they may not, whatever `read` says.
    pub never: Vec<String>,
    /// Those of which they may read some columns, whatever the other two say.
    pub columns: BTreeMap<String, Vec<String>>,
}

/// As Treeherder's page has it.
impl Default for Tables {
    fn default() -> Self {
        let (table, columns) = COLUMNS;
        Self {
            read: READ.map(str::to_owned).to_vec(),
            never: NEVER.map(str::to_owned).to_vec(),
            columns: BTreeMap::from([(table.to_owned(), columns.map(str::to_owned).to_vec())]),
        }
    }
}

/// Which tables accounts may read. `*` stands for any part of a name. A table that none of these names is not given to
/// anybody, and `!db show` tells of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TablesSection {
    /// Tables that may be read, whole.
    #[serde(default)]
    #[schemars(example = ["job", "push", "perf_*"])]
    read: Vec<String>,
    /// Tables that may not be read, whatever `read` says.
    #[serde(default)]
    #[schemars(example = ["django_*", "auth_*"])]
    never: Vec<String>,
    /// Tables of which only some columns may be read, by exact name, whatever `read` and `never` say.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "auth_user": ["id", "username", "email"] }))]
    columns: BTreeMap<String, Vec<String>>,
}

impl TablesSection {
    pub(super) fn resolve(self, key: &Key, problems: &mut Problems<'_>) -> Tables {
        for (field, patterns) in [("read", &self.read), ("never", &self.never)] {
            for (at, pattern) in patterns.iter().enumerate() {
                check_pattern(pattern, &key.field(field).item(at), problems);
            }
        }
        for (table, columns) in &self.columns {
            let at = key.field("columns").field(table);
            if !is_name(table) {
                let words = format!("{table:?} is not the name of a table");
                problems.add(&at, words, "write one exact name, like auth_user");
            }
            if columns.is_empty() {
                let help = "name the columns that may be read, or take the table out";
                problems.add(&at, format!("{table} has no columns here"), help);
            }
            for (n, column) in columns.iter().enumerate().filter(|(_, column)| !is_name(column)) {
                let words = format!("{column:?} is not the name of a column");
                problems.add(&at.item(n), words, "write exact names, like \"username\"");
            }
        }
        Tables {
            read: self.read,
            never: self.never,
            columns: self.columns,
        }
    }
}

fn check_pattern(pattern: &str, key: &Key, problems: &mut Problems<'_>) {
    if !pattern.is_empty() && pattern.chars().all(|c| c == '*') {
        problems.add(
            key,
            format!("{pattern:?} would be every table that there will ever be"),
            "name the tables, or what their names begin with: \"perf_*\"",
        );
    } else if !is_name(&pattern.replace('*', "x")) {
        problems.add(
            key,
            format!("{pattern:?} is neither a table nor a pattern"),
            "write a table's name without its schema; * stands for any part of it, like \"perf_*\"",
        );
    }
}

/// What tables, columns and schemas are called in configurations. Servers allow more, but a name with a dot, a quote or a
/// `%` in it was meant otherwise.
pub(super) fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "_$-".contains(c);
    !name.is_empty() && name.chars().count() <= LONGEST && name.chars().all(is_part)
}
