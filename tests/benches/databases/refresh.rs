//! A refresh that has everything to do: no account holds anything yet.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::hand::Hands;
use crate::records::{access, as_installed, recorded};
use crate::support::mysql::{Flavour, Pair, Side};

/// How long the largest may take.
const WITHIN: Duration = Duration::from_mins(1);
/// Tables and accounts; the last is what must be done in time.
const SIZES: [(usize, usize); 4] = [(250, 50), (500, 100), (1000, 100), (1000, 200)];

pub(super) async fn figures(name: &str, flavour: Flavour, sizes: &[(usize, usize)]) {
    println!(
        "{name}: tables × accounts, grants: read | mend | replica has it | all of it | once more, nothing to do"
    );
    let sizes = if sizes.is_empty() { &SIZES } else { sizes };
    for &(tables, accounts) in sizes {
        let pair = Pair::with(flavour, as_installed(flavour)).await;
        let hands = Hands::new(&pair, None).await;
        prepared(&pair, &hands, tables, accounts).await;
        let parameters = json!({ "schema": "treeherder", "changes": signed(tables, accounts) });
        let mut going = hands.begin("db-refresh", parameters);
        let began = Instant::now();
        going.facts().await;
        let read = began.elapsed();
        going.up_to(Some("replica has it")).await;
        let mended = began.elapsed();
        let ended = going.ends().await;
        let all = began.elapsed();
        assert!(ended.good, "{}", ended.words);
        let began = Instant::now();
        going.facts().await;
        let again = began.elapsed();
        println!(
            "{tables} × {accounts}, {}: {} | {} | {} | {} | {}",
            tables * accounts,
            seconds(read),
            seconds(mended.saturating_sub(read)),
            seconds(all.saturating_sub(mended)),
            seconds(all),
            seconds(again)
        );
        if (tables, accounts) == SIZES[SIZES.len() - 1] {
            assert!(all < WITHIN, "{} is too long", seconds(all));
        }
    }
}

/// `1000x200`: tables and accounts.
pub(super) fn size(word: &str) -> Option<(usize, usize)> {
    let (tables, accounts) = word.split_once('x')?;
    Some((tables.parse().ok()?, accounts.parse().ok()?))
}

fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

fn table(number: usize) -> String {
    format!("bench_{number:04}")
}

fn account(number: usize) -> String {
    format!("cs_bench_{number:03}")
}

/// What is missing: everything.
fn signed(tables: usize, accounts: usize) -> Value {
    let give = |table: String| json!({ "on": ["treeherder", table, "give"] });
    let tables = (0..tables).map(table);
    let known = ["job", "push", "repository"].map(str::to_owned);
    let mut names: Vec<String> = tables.chain(known).collect();
    names.sort();
    let columns =
        json!({ "on": ["treeherder", "auth_user", { "give_columns": ["email", "id", "username"] }] });
    let changes: Vec<Value> = std::iter::once(columns)
        .chain(names.into_iter().map(give))
        .collect();
    let accounts: Vec<String> = (0..accounts).map(account).collect();
    json!([{ "accounts": accounts, "changes": changes }])
}

/// The tables, the accounts, and their records.
async fn prepared(pair: &Pair, hands: &Hands, tables: usize, accounts: usize) {
    let tables =
        (0..tables).map(|number| format!("CREATE TABLE treeherder.{} (id INT PRIMARY KEY);", table(number)));
    let users = (0..accounts).map(account);
    let users =
        users.map(|name| format!("CREATE USER {name}@'%' IDENTIFIED BY 'canary-{name}' REQUIRE SSL;"));
    let sql: String = tables.chain(users).collect();
    pair.sql(Side::Primary, &sql).await;
    pair.caught_up().await;
    recorded(hands, (0..accounts).map(|number| access(account(number), None))).await;
}
