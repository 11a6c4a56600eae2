//! Is it the replica? What people are given works on the primary too, so the address that they are given must be that of
//! another server, read-only, that follows the primary: by MySQL's own evidence, both servers asked (`domain.md` §6.4).

use countersign_core::text::span;
use countersign_core::time::Duration;
use countersign_mysql::{About, Account, Replication, Server};
use tokio::time::sleep;

use crate::databases::{Database, Side};
use crate::trouble::Fault;

/// A replica that is further behind is not handed out: nobody could tell whether what was made has arrived.
pub const BEHIND: Duration = Duration::from_mins(1);
/// How long one step waits for the replica to have what the primary has.
const PATIENCE: Duration = Duration::from_secs(75);
/// Between two looks: at first, and at most.
const FIRST_LOOK: Duration = Duration::from_millis(25);
const LAST_LOOK: Duration = Duration::from_millis(800);

/// Two servers that are what they are said to be.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// Where accounts are made.
    pub(crate) primary: About,
    /// Where they are used.
    pub(crate) replica: About,
}

impl Evidence {
    /// `MySQL 8.0.36 (server 1)`, of both: what a fingerprint says.
    pub(crate) fn in_words(&self) -> (String, String) {
        (server(&self.primary), server(&self.replica))
    }
}

/// `MySQL 8.0.36 (server 1)`.
pub(crate) fn server(about: &About) -> String {
    format!("{} {} (server {})", about.flavour, about.version, about.server_id)
}

impl Database {
    /// The replica; a database without one gives access to nobody.
    pub(crate) fn readable(&self) -> Result<(&Server, &(String, u16)), Fault> {
        match (&self.replica, &self.replica_address) {
            (Some(replica), Some(address)) => Ok((replica, address)),
            _ => Err(Fault::for_good(format!(
                "{} has no replica in the configuration, and nobody is given access to a primary",
                self.target
            ))),
        }
    }

    /// Asks both servers whether they are what the configuration says.
    pub(crate) async fn evidence(&self) -> Result<Evidence, Fault> {
        let (replica, _) = self.readable()?;
        let (primary, evidence) = futures_util::future::try_join(
            self.about(Side::Primary, &self.primary),
            self.about(Side::Replica, replica),
        )
        .await?;
        let replication = replica.replication().await;
        let replication = replication.map_err(|error| self.reading(Side::Replica).failed(error))?;
        proven(self, &primary, &evidence, replication.as_ref())?;
        Ok(Evidence {
            primary,
            replica: evidence,
        })
    }

    /// What a server says of itself.
    pub(crate) async fn about(&self, side: Side, server: &Server) -> Result<About, Fault> {
        let about = server.about().await;
        about.map_err(|error| self.reading(side).failed(error))
    }

    /// Waits until the replica has the account just as the primary has it. No clock of the servers' is asked: what is
    /// compared is the account.
    pub(crate) async fn arrived(&self, account: &Account) -> Result<(), Fault> {
        let (replica, _) = self.readable()?;
        let there = self.primary.account(account).await;
        let there = there.map_err(|error| self.reading(Side::Primary).failed(error))?;
        let wanted = there.map(|state| state.print);
        let mut looks = Looks::within(PATIENCE);
        loop {
            let here = replica.account(account).await;
            let here = here.map_err(|error| self.reading(Side::Replica).failed(error))?;
            if here.map(|state| state.print) == wanted {
                return Ok(());
            }
            if !looks.again().await {
                return Err(Fault::for_now(format!(
                    "{}'s replica does not have {} as the primary has it after {}",
                    self.target,
                    account.user,
                    span(PATIENCE)
                )));
            }
        }
    }
}

/// Looking again and again, with pauses that grow.
#[derive(Debug)]
pub(crate) struct Looks {
    patience: Duration,
    waited: Duration,
    pause: Duration,
}

impl Looks {
    /// For so long at most.
    pub(crate) fn within(patience: Duration) -> Self {
        Self {
            patience,
            waited: Duration::ZERO,
            pause: FIRST_LOOK,
        }
    }

    /// Waits a little; no, if it was long enough.
    pub(crate) async fn again(&mut self) -> bool {
        if self.waited >= self.patience {
            return false;
        }
        sleep(self.pause).await;
        self.waited += self.pause;
        self.pause = (self.pause * 2).min(LAST_LOOK);
        true
    }
}

/// Whether the second server is a replica that follows, and not the first one.
fn proven(
    database: &Database,
    primary: &About,
    replica: &About,
    replication: Option<&Replication>,
) -> Result<(), Fault> {
    let name = &database.target;
    let same_uuid = primary.server_uuid.is_some() && primary.server_uuid == replica.server_uuid;
    if primary.server_id == replica.server_id || same_uuid {
        return Err(Fault::for_good(format!(
            "what the configuration calls {name}'s replica is its primary: both have the server id {}",
            primary.server_id
        ))
        .hint("Whoever runs the bot checks the two addresses."));
    }
    if primary.read_only {
        return Err(Fault::for_now(format!(
            "{name}'s primary is read-only, so nothing can be changed there"
        )));
    }
    if !replica.read_only {
        return Err(Fault::for_now(format!(
            "{name}'s replica is not read-only, so its address is not given to anybody"
        )));
    }
    let Some(replication) = replication else {
        return Err(Fault::for_good(format!(
            "what the configuration calls {name}'s replica follows no other server"
        ))
        .hint("Whoever runs the bot checks the two addresses."));
    };
    follows(name.as_str(), replication)
}

/// Whether replication goes on, and is not too far behind.
pub(crate) fn follows(name: &str, replication: &Replication) -> Result<(), Fault> {
    let stopped = |what: &str| {
        let error = replication.error.as_ref().map(|error| format!(": {error}"));
        Err(Fault::for_now(format!(
            "{name}'s replica does not replicate ({what} has stopped{})",
            error.unwrap_or_default()
        )))
    };
    match (replication.io, replication.sql, replication.behind) {
        (false, _, _) => stopped("its reader"),
        (_, false, _) => stopped("its applier"),
        (_, _, None) => Err(Fault::for_now(format!(
            "{name}'s replica does not say how far behind it is"
        ))),
        (_, _, Some(behind)) if behind > BEHIND => Err(Fault::for_now(format!(
            "{name}'s replica is {} behind, and nothing is handed out while that is more than {}",
            span(behind),
            span(BEHIND)
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use countersign_mysql::{Flavour, Version};

    use super::*;
    use crate::databases::tests::prod;

    fn about(server_id: u64, read_only: bool) -> About {
        About {
            flavour: Flavour::MySql,
            version: Version(8, 0, 36),
            read_only,
            super_read_only: read_only,
            server_id,
            server_uuid: Some(format!("uuid-{server_id}")),
            tls_version: "TLSv1.3".to_owned(),
            tls_cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
            sql_mode: String::new(),
            host_name: "ip-10-0-0-1".to_owned(),
        }
    }

    fn replication(behind: u64) -> Replication {
        Replication {
            io: true,
            sql: true,
            behind: Some(Duration::from_secs(behind)),
            source: "primary.example.org".to_owned(),
            error: None,
        }
    }

    fn told(primary: &About, replica: &About, replication: Option<&Replication>) -> String {
        match proven(&prod(), primary, replica, replication) {
            Ok(()) => "yes".to_owned(),
            Err(fault) => fault.words().to_owned(),
        }
    }

    #[test]
    fn a_replica_is_another_server_that_is_read_only_and_follows() {
        let (primary, replica) = (about(1, false), about(2, true));
        let follows = replication(60);
        assert_eq!(told(&primary, &replica, Some(&follows)), "yes");
        for (replica, replication, words) in [
            (
                about(1, true),
                Some(&follows),
                "is its primary: both have the server id 1",
            ),
            (
                about(2, false),
                Some(&follows),
                "is not read-only, so its address is not given to anybody",
            ),
            (about(2, true), None, "follows no other server"),
        ] {
            let told = told(&primary, &replica, replication);
            assert!(told.contains(words), "{told}");
        }
        let same = About {
            server_uuid: primary.server_uuid.clone(),
            ..replica.clone()
        };
        assert!(told(&primary, &same, Some(&follows)).contains("is its primary"));
        assert!(told(&about(1, true), &replica, Some(&follows)).contains("primary is read-only"));
    }

    #[test]
    fn a_replica_that_lags_or_stands_still_is_told_and_nothing_is_handed_out() {
        let (primary, replica) = (about(1, false), about(2, true));
        let told = |replication: Replication| told(&primary, &replica, Some(&replication));
        assert_eq!(
            told(replication(61)),
            "prod-db's replica is 1 min 1 s behind, and nothing is handed out while that is more than 1 min"
        );
        assert_eq!(
            told(Replication {
                sql: false,
                error: Some("error 1146 while applying changes".to_owned()),
                ..replication(0)
            }),
            "prod-db's replica does not replicate (its applier has stopped: error 1146 while applying changes)"
        );
        assert_eq!(
            told(Replication {
                io: false,
                behind: None,
                ..replication(0)
            }),
            "prod-db's replica does not replicate (its reader has stopped)"
        );
        assert_eq!(
            told(Replication {
                behind: None,
                ..replication(0)
            }),
            "prod-db's replica does not say how far behind it is"
        );
    }
}
