//! `db list`: the databases that this person may look at, from the configuration alone. The primary's address is said to nobody.

use countersign_core::id::TargetName;
use countersign_core::reply::{Line, Reply};
use countersign_core::text::list;

use crate::databases::{Database, Databases};
use crate::words::day;

/// The answer.
pub(crate) fn reply(databases: &Databases, may_look: impl Fn(&TargetName) -> bool) -> Reply {
    said(databases.all(), may_look)
}

fn said(all: &[Database], may_look: impl Fn(&TargetName) -> bool) -> Reply {
    let seen = all.iter().filter(|database| may_look(&database.target));
    let reply = seen.map(line).fold(Reply::default(), Reply::and);
    if !reply.blocks.is_empty() {
        return reply;
    }
    Reply::line(if all.is_empty() {
        "no databases are configured."
    } else {
        "there is no database that you may look at."
    })
}

/// `prod-db: treeherder of prod · read at treeherder-prod-ro…:3306 · activedata, th_admin · CA ends 2036-11-19`.
fn line(database: &Database) -> Line {
    let mut parts = vec![match &database.app {
        Some(app) => format!("{} of {app}", database.schema),
        None => database.schema.to_string(),
    }];
    parts.push(match &database.replica_address {
        Some((host, port)) => format!("read at {host}:{port}"),
        None => "no replica, nobody is given access".to_owned(),
    });
    if !database.accounts.is_empty() {
        parts.push(list(database.accounts.iter().map(|known| &known.name)));
    }
    if let Some(expires) = database.ca_expires {
        parts.push(format!("CA ends {}", day(expires)));
    }
    Line::default()
        .strong(database.target.to_string())
        .then(format!(": {}", parts.join(" · ")))
}

#[cfg(test)]
mod tests {
    use countersign_core::reply::plain_line;

    use super::*;
    use crate::databases::tests::{prod, stage};

    #[test]
    fn only_what_somebody_may_look_at_is_listed() {
        let all = [prod(), stage()];
        let seen = format!("{:?}", said(&all, |target| target.as_str() == "stage-db"));
        assert!(seen.contains("stage-db") && !seen.contains("prod-db"), "{seen}");
        let none = format!("{:?}", said(&all, |_| false));
        assert!(
            none.contains("there is no database that you may look at."),
            "{none}"
        );
    }

    #[test]
    fn where_people_read_is_said_and_where_accounts_are_made_is_not() {
        let said = plain_line(&line(&prod()));
        assert_eq!(
            said,
            "prod-db: treeherder of prod · read at replica.example.org:3306 · activedata, th_admin"
        );
        assert!(plain_line(&line(&stage())).contains("no replica, nobody is given access"));
    }
}
