//! How long it takes to mend the grants of many accounts on many tables, and to end a great many accesses at once, on a
//! real pair of servers with TLS:
//!
//! ```text
//! cargo bench -p countersign-tests --bench databases                        # all of it
//! cargo bench -p countersign-tests --bench databases -- mariadb 1000x200    # on one of the two: tables and accounts
//! cargo bench -p countersign-tests --bench databases -- mysql 10000         # so many that expire in one minute
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

mod expiry;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../databases/hand.rs"]
mod hand;
mod records;
mod refresh;
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod support;

use support::mysql::Flavour;

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let sizes: Vec<(usize, usize)> = asked.iter().filter_map(|word| refresh::size(word)).collect();
    let many: Vec<usize> = asked.iter().filter_map(|word| word.parse().ok()).collect();
    let all = sizes.is_empty() && many.is_empty();
    let one = asked.iter().any(|word| word == "mariadb" || word == "mysql");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for (name, flavour) in [("mariadb", Flavour::MariaDb), ("mysql", Flavour::MySql)] {
            if one && !asked.iter().any(|word| word == name) {
                continue;
            }
            if all || !sizes.is_empty() {
                refresh::figures(name, flavour, &sizes).await;
            }
            if all || !many.is_empty() {
                expiry::figures(name, flavour, &many).await;
            }
        }
    });
}
