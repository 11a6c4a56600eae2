//! `db access refresh [<database>]`: the tables as they are now, compared with what every read-only account may read. Grants
//! that are missing are given; what is held too much is taken: tables that are gone or not for reading, whole tables where
//! only columns are meant (trap 1), schemas, everything, and all that is more than reading.

mod look;
mod run;
mod told;
mod words;

use countersign_core::command::{Ask, Outcome};
use countersign_core::plan::{Draft, Effect};
use countersign_core::refusal::Refusal;
use countersign_core::text::count;
use serde_json::json;

use crate::databases::Databases;

use look::{Look, accounts};
pub(crate) use run::Refresh;
use run::{MENDS, REFRESH};

/// Compare tables with accounts, and mend what differs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which database; not needed if only one has a replica.
    #[arg(id = "target", value_name = "DATABASE")]
    database: Option<String>,
    /// Why; those who sign and the audit say it.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Args {
    /// The database, as it was typed.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }
}

/// Plans it; or says that there is nothing to do.
pub(crate) async fn plan(databases: &Databases, _ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
    let database = databases.chosen(args.database())?;
    let look = Look::at(databases, database).await?;
    let mends = look.mends();
    if mends.is_empty() {
        return Ok(Outcome::Reply(words::nothing(database, &look)));
    }
    let summary = format!(
        "mend what {} may read on {}",
        count(accounts(&mends), "account"),
        database.target
    );
    let mends = serde_json::to_value(&mends).map_err(|_| Refusal::new("the plan can't be written down"))?;
    Ok(Outcome::Plan(Box::new(Draft {
        command: None,
        action: REFRESH.to_owned(),
        effect: Effect::Change,
        target: Some(database.target.clone()),
        resource: None,
        also: Vec::new(),
        summary,
        details: words::details(database, &look),
        parameters: [
            ("schema".to_owned(), json!(database.schema)),
            (MENDS.to_owned(), mends),
        ]
        .into(),
        fingerprint: look.facts(),
        reason: args.reason,
    })))
}
