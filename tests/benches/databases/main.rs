//! How long it takes to mend the grants of many accounts on many tables, on a real pair of servers with TLS:
//!
//! ```text
//! cargo bench -p countersign-tests --bench databases                        # all of it
//! cargo bench -p countersign-tests --bench databases -- mariadb 1000x200    # on one of the two, one size
//! ```
//!
//! The servers are those of the tests, so the variables that `tests/run` sets must be there: `MARIADBD`,
//! `MARIADB_INSTALL_DB`, `MARIADB`, `COUNTERSIGN_TEST_DIR`; for MySQL `MYSQL_ROOT`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench measures, prints, and breaks off where it cannot be set up"
)]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../databases/hand.rs"]
mod hand;
mod refresh;
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod support;

use support::mysql::Flavour;

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let sizes: Vec<(usize, usize)> = asked.iter().filter_map(|word| size(word)).collect();
    let wants =
        |name: &str| asked.iter().all(|word| size(word).is_some()) || asked.iter().any(|word| word == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for (name, flavour) in [("mariadb", Flavour::MariaDb), ("mysql", Flavour::MySql)] {
            if wants(name) {
                refresh::figures(name, flavour, &sizes).await;
            }
        }
    });
}

/// `1000x200`: tables and accounts.
fn size(word: &str) -> Option<(usize, usize)> {
    let (tables, accounts) = word.split_once('x')?;
    Some((tables.parse().ok()?, accounts.parse().ok()?))
}
