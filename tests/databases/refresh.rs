//! Grants are mended on real servers: what the page's wrong statement gave, what is held too much, what is missing.

use serde_json::{Value, json};

use super::hand::{Hands, server, user};
use crate::support::mysql::{Flavour, Pair, Side};

/// The page's accounts, as somebody left them: with its mistake on auth_user, a schema too much, a table that is not for
/// reading, and the right to write; with one table that is missing.
const BEFORE: &str = "CREATE USER activedata@'%' IDENTIFIED BY 'canary-activedata' REQUIRE SSL;
    GRANT SELECT, SELECT (id, username, email) ON treeherder.auth_user TO activedata@'%';
    GRANT SELECT ON treeherder.job TO activedata@'%';
    GRANT SELECT ON treeherder.django_session TO activedata@'%';
    GRANT SELECT, INSERT ON treeherder.repository TO activedata@'%';
    GRANT SELECT, CREATE TEMPORARY TABLES ON treeherder.* TO activedata@'%';
    GRANT PROCESS ON *.* TO activedata@'%'";

/// What was signed, as it is in a plan: the order within a table matters, and is that of the list.
fn signed() -> Value {
    let on = |table: &str, one: Value| json!({ "on": ["treeherder", table, one] });
    let columns = json!({ "give_columns": ["email", "id", "username"] });
    json!([{
        "accounts": ["activedata"],
        "changes": [
            { "take_global": ["PROCESS"] },
            { "take_schema": ["treeherder", ["CREATE TEMPORARY TABLES", "SELECT"]] },
            on("auth_user", json!("take")),
            on("auth_user", columns),
            on("django_session", json!("take")),
            on("push", json!("give")),
            on("repository", json!({ "take_other": ["INSERT"] })),
        ],
    }])
}

/// What activedata holds: lines of schema, table, column, right.
async fn held(pair: &Pair, side: Side) -> Vec<String> {
    let account = countersign_mysql::Account::anywhere(user("activedata"));
    let held = server(pair, side)
        .held(std::slice::from_ref(&account))
        .await
        .unwrap();
    let held = &held[&account];
    let mut lines: Vec<String> = held.global.iter().map(|right| format!("* {right}")).collect();
    for (schema, rights) in &held.schemas {
        lines.extend(rights.iter().map(|right| format!("{schema}.* {right}")));
    }
    for ((_, table), on) in &held.tables {
        lines.extend(on.whole.iter().map(|right| format!("{table} {right}")));
        for (column, rights) in &on.columns {
            lines.extend(rights.iter().map(|right| format!("{table}.{column} {right}")));
        }
    }
    lines.sort();
    lines
}

const AFTER: [&str; 6] = [
    "auth_user.email SELECT",
    "auth_user.id SELECT",
    "auth_user.username SELECT",
    "job SELECT",
    "push SELECT",
    "repository SELECT",
];

async fn mended(flavour: Flavour) {
    let pair = Pair::start(flavour).await;
    pair.sql(Side::Primary, BEFORE).await;
    let hands = Hands::new(&pair, None).await;
    let before = hands.begin("db-refresh", parameters()).facts().await;
    let ended = hands.begin("db-refresh", parameters()).ends().await;
    assert!(ended.good, "{}", ended.words);
    let after = hands.begin("db-refresh", parameters()).facts().await;
    assert_ne!(after, before, "a plan from before is superseded");
    assert_eq!(held(&pair, Side::Primary).await, AFTER);
    assert_eq!(
        held(&pair, Side::Replica).await,
        AFTER,
        "the replica has it when it is called done"
    );
    // Once more is nothing more.
    let ended = hands.begin("db-refresh", parameters()).ends().await;
    assert!(ended.good, "{}", ended.words);
    assert_eq!(held(&pair, Side::Primary).await, AFTER);
}

fn parameters() -> Value {
    json!({ "schema": "treeherder", "changes": signed() })
}

#[tokio::test]
async fn trap_01_the_pages_grant_is_mended_on_mariadb() {
    mended(Flavour::MariaDb).await;
}

#[tokio::test]
async fn trap_01_the_pages_grant_is_mended_on_mysql() {
    mended(Flavour::MySql).await;
}

#[tokio::test]
async fn what_stopped_half_way_goes_on_and_what_was_not_signed_is_left() {
    let pair = Pair::start(Flavour::MariaDb).await;
    // Somebody, or an earlier try, has done half of it: the column grants went with the table's.
    let half = "REVOKE SELECT ON treeherder.auth_user FROM activedata@'%';
        REVOKE PROCESS ON *.* FROM activedata@'%'";
    pair.sql(Side::Primary, &format!("{BEFORE}; {half}")).await;
    let hands = Hands::new(&pair, None).await;
    let mut going = hands.begin("db-refresh", parameters());
    pair.sql(Side::Primary, "GRANT DELETE ON treeherder.job TO activedata@'%'")
        .await;
    let before = held(&pair, Side::Primary).await;
    let trouble = going.once().await.unwrap_err();
    assert!(
        trouble.words.contains("not as it was signed"),
        "{}",
        trouble.sentence()
    );
    assert_eq!(
        held(&pair, Side::Primary).await,
        before,
        "not even what was signed"
    );
    pair.sql(
        Side::Primary,
        "REVOKE DELETE ON treeherder.job FROM activedata@'%'",
    )
    .await;
    let ended = hands.begin("db-refresh", parameters()).ends().await;
    assert!(ended.good, "{}", ended.words);
    assert_eq!(held(&pair, Side::Primary).await, AFTER);
}

#[tokio::test]
async fn a_replica_that_stands_still_is_waited_for() {
    let pair = Pair::start(Flavour::MariaDb).await;
    pair.sql(Side::Primary, BEFORE).await;
    pair.caught_up().await;
    pair.stop_replication().await;
    let hands = Hands::new(&pair, None).await;
    let mut going = hands.begin("db-refresh", parameters());
    going.up_to(Some("replica has it")).await;
    assert_eq!(
        going.once().await.unwrap().as_deref(),
        Some("waiting for the replica")
    );
    pair.start_replication().await;
    let ended = going.ends().await;
    assert!(
        ended.good && ended.words.contains("the replica has it"),
        "{}",
        ended.words
    );
}
