//! What every pair has from the beginning: the tables that Treeherder's page names and some that it does not, and the
//! accounts that RDS would have made.

use std::fmt::Write as _;

use super::Flavour;

pub(crate) const SCHEMA: &str = "treeherder";

/// An account like the one that RDS gives its customers: it may do much, but not write where everybody may only read, not
/// end others' sessions but through `mysql.rds_kill`, and nothing at all without TLS.
pub(crate) const ADMIN: &str = "admin";
pub(crate) const ADMIN_PASSWORD: &str = "canary-admin-3f0c9d7a51";

/// Through which the replica follows.
pub(super) const FOLLOWER: (&str, &str) = ("follower", "follower-knows-this");

/// The tables that the page lets people read, but for `auth_user`, of which they may read three columns. Some have names
/// that are words of SQL.
pub(crate) const TABLES: [&str; 41] = [
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

const RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, \
    SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, \
    SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER";

/// The statements that make all of it.
pub(super) fn statements(flavour: Flavour) -> String {
    let words = flavour.words();
    let mut sql = format!(
        "{born}
         CREATE USER '{ADMIN}'@'%' IDENTIFIED BY '{ADMIN_PASSWORD}' REQUIRE SSL;
         GRANT {RIGHTS} ON *.* TO '{ADMIN}'@'%' WITH GRANT OPTION;
         GRANT {more} ON *.* TO '{ADMIN}'@'%' WITH GRANT OPTION;
         CREATE USER '{follower}'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;
         GRANT REPLICATION SLAVE ON *.* TO '{follower}'@'%';
         CREATE DEFINER = 'root'@'localhost' PROCEDURE mysql.rds_kill(IN thread BIGINT) SQL SECURITY DEFINER KILL thread;
         CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4;
         USE {SCHEMA};\n",
        born = words.born,
        more = words.admin_rights,
        follower = FOLLOWER.0,
        password = FOLLOWER.1,
    );
    // `webhook` is a table that nobody thought of yet.
    for table in TABLES.into_iter().chain(["django_session", "webhook"]) {
        writeln!(
            sql,
            "CREATE TABLE `{table}` (id INT PRIMARY KEY, name VARCHAR(50)); INSERT INTO `{table}` VALUES (1, 'one');"
        )
        .unwrap();
    }
    sql + "CREATE TABLE auth_user (id INT PRIMARY KEY, username VARCHAR(50), email VARCHAR(80), password VARCHAR(128));
           INSERT INTO auth_user VALUES (1, 'mozilla-ldap/alice', 'alice@example.org', 'a hash that nobody may read');
           CREATE VIEW job_view AS SELECT id FROM job;\n"
}
