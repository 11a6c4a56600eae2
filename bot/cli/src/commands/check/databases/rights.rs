//! Whether the bot's own account may do what it has to, and no more than is good for the replica.

use std::collections::BTreeSet;

use countersign_core::text::list;
use countersign_mysql::{About, Account, Flavour, Held, Server, Session};

use super::words;
use crate::commands::check::finding::Findings;
use crate::config::{self, Database};
use crate::wiring;

/// A session that there never is: nobody has counted so far.
const NOBODYS: u64 = 4_000_000_000;

pub(super) async fn check(database: &Database, server: &Server, about: &About, findings: &mut Findings) {
    let name = format!("{}, {}", database.name, database.user);
    match held(database, server).await {
        Ok(Some(held)) => judge(&name, database, about.flavour, &held, findings),
        Ok(None) => findings.fail(
            &name,
            "the account that the bot logs in with is not among the accounts",
        ),
        Err(words) => findings.fail(&name, words),
    }
    kill(&name, database, server, findings).await;
}

/// What the account may do: the one for every host, if there are several.
async fn held(database: &Database, server: &Server) -> Result<Option<Held>, String> {
    let user = wiring::user(&database.user).map_err(|error| format!("{error:#}"))?;
    let said = |error| words(&error, database);
    let all = server.accounts_of(&user).await.map_err(said)?;
    let everywhere = Account::anywhere(user);
    let Some(own) = all.iter().find(|account| **account == everywhere).or(all.first()) else {
        return Ok(None);
    };
    let mut held = server.held(std::slice::from_ref(own)).await.map_err(said)?;
    Ok(held.remove(own))
}

fn judge(about: &str, database: &Database, flavour: Flavour, held: &Held, findings: &mut Findings) {
    let lacking = lacking(database, flavour, held);
    let roles = held.others.iter().filter(|other| other.starts_with("role "));
    let roles: Vec<&String> = roles.collect();
    if lacking.is_empty() {
        findings.ok(about, "it may make accounts, and give them what they need");
    } else if roles.is_empty() {
        findings.fail(about, format!("it lacks {}; grant it", list(&lacking)));
    } else {
        findings.warn(
            about,
            format!(
                "it has not {} itself; look whether it has by {}",
                list(&lacking),
                list(roles)
            ),
        );
    }
    let beyond: Vec<&str> = writers(flavour)
        .iter()
        .copied()
        .filter(|right| held.global.contains(*right))
        .collect();
    if !beyond.is_empty() {
        findings.warn(
            about,
            format!(
                "it may write on the replica too ({}), and one change there ends its replication; take that from it, and do \
                 without root",
                list(beyond)
            ),
        );
    } else if database.user == "root" {
        findings.warn(about, "the bot works as root; make it an account of its own");
    }
}

/// Which rights are not there that the bot needs.
fn lacking(database: &Database, flavour: Flavour, held: &Held) -> Vec<String> {
    let has = |right: &str| held.global.contains(right);
    let mut lacking: Vec<String> = ["CREATE USER", "PROCESS"]
        .into_iter()
        .filter(|right| !has(right))
        .map(|right| format!("{right} ON *.*"))
        .collect();
    let passed_on =
        |rights: &BTreeSet<String>| ["SELECT", "GRANT OPTION"].map(|right| rights.contains(right));
    let [select, option] = passed_on(&held.global);
    let here = held
        .schemas
        .iter()
        .filter(|(schema, _)| schema.as_str().replace('\\', "") == database.schema);
    let [select, option] = here.fold([select, option], |[select, option], (_, rights)| {
        let [more_select, more_option] = passed_on(rights);
        [select || more_select, option || more_option]
    });
    if !select || !option {
        lacking.push(format!("SELECT ON {}.* WITH GRANT OPTION", database.schema));
    }
    if database.kill == config::Kill::Statement && !has("SUPER") {
        let right = match flavour {
            Flavour::MySql => "CONNECTION_ADMIN",
            Flavour::MariaDb => "CONNECTION ADMIN",
        };
        if !has(right) {
            lacking.push(format!("{right} ON *.*"));
        }
    }
    lacking
}

/// The rights that let somebody write where everybody may only read.
fn writers(flavour: Flavour) -> &'static [&'static str] {
    match flavour {
        Flavour::MySql => &["SUPER"],
        Flavour::MariaDb => &["SUPER", "READ_ONLY ADMIN"],
    }
}

/// Whether the procedure of Amazon RDS ends sessions: one that is not there is ended.
async fn kill(about: &str, database: &Database, server: &Server, findings: &mut Findings) {
    let (config::Kill::Rds, Ok(user)) = (database.kill, wiring::user(&database.user)) else {
        return;
    };
    let nobody = Session { id: NOBODYS, user };
    match server.kill(&[nobody]).await {
        Ok(()) => findings.ok(about, "it may end sessions with mysql.rds_kill"),
        Err(error) => findings.fail(
            about,
            format!(
                "it could not end a session: {error}; give it EXECUTE on that procedure, or write kill = \"statement\" where \
                 it is not Amazon RDS"
            ),
        ),
    }
}
