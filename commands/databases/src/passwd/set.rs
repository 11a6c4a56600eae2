//! Setting a password at the server. One that is set already is left alone: a server that salts would make another account
//! of it each time, which no replica that lags would ever have.

use countersign_core::access::{Access, Tended, password_of};
use countersign_core::operation::{Progress, Trouble};
use countersign_core::secret::Secret;
use countersign_core::time::Duration;
use countersign_mysql::{Password, Statement, UserName};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::user_of;
use crate::databases::{Database, Databases, Side, anywhere};
use crate::replica::Looks;
use crate::trouble::Fault;

/// The replica is waited for so long; its owner waits for the password meanwhile, and the old one is over.
const PATIENCE: Duration = Duration::from_secs(75);
/// Between two looks at the replica.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How long a look at the replica waits before others are tended; then comes another round.
const A_WHILE: Duration = Duration::from_secs(4);

/// Sets the password of an access whose link was opened. Done once the server that people use has it.
pub(crate) async fn set(databases: &Databases, access: &Access) -> Result<Tended, Trouble> {
    let database = databases.at(&access.database)?;
    let (account, password) = (user_of(access)?, waiting(databases, access)?);
    apply(database, &account, &password).await?;
    let mut looks = Looks::within(A_WHILE);
    while !is_everywhere(database, &account).await? {
        if !looks.again().await {
            return Ok(Tended::NotYet {
                words: behind(database),
            });
        }
    }
    Ok(Tended::PasswordSet)
}

/// What is said of a replica that does not have it.
pub(super) fn behind(database: &Database) -> String {
    format!("{}'s replica does not have the new password yet", database.target)
}

/// The password that waits to be set.
pub(super) fn waiting(databases: &Databases, access: &Access) -> Result<Password, Trouble> {
    let links = databases.links_still()?;
    let none = || Trouble::never(format!("no new password of {} waits to be set", access.title()));
    let waiting = access.password.as_ref().ok_or_else(none)?;
    let opened = links.open_sealed(&password_of(&access.id), &waiting.sealed)?;
    let text = std::str::from_utf8(&opened).map_err(|_| none())?;
    let password = Password::given(Secret::from(text.to_owned())).map_err(|_| none())?;
    databases.keep_secret(password.secret());
    Ok(password)
}

/// Sets it on the primary, unless it is set there.
pub(super) async fn apply(database: &Database, account: &UserName, password: &Password) -> Result<(), Fault> {
    // Whatever else keeps it from logging in is no reason not to set it.
    if let Ok(true) = database.logs_in(account, password.secret()).await {
        // MariaDB lets in with it before it is written down for its replicas.
        return database.open().await?.map_or(Ok(()), Err);
    }
    let change = Statement::SetPassword {
        account: anywhere(account),
        password: password.clone(),
        keep_old: false,
    };
    let done = database.primary.execute(&[change]).await;
    done.map_err(|error| database.changing().failed(error))
}

/// Whether the replica, if there is one, has the account just as the primary has it.
pub(super) async fn is_everywhere(database: &Database, account: &UserName) -> Result<bool, Fault> {
    let Some(replica) = &database.replica else {
        return Ok(true);
    };
    let account = anywhere(account);
    let asked = futures_util::future::join(database.primary.account(&account), replica.account(&account));
    let (there, here) = asked.await;
    let there = there.map_err(|error| database.reading(Side::Primary).failed(error))?;
    let here = here.map_err(|error| database.reading(Side::Replica).failed(error))?;
    Ok(there.map(|state| state.print) == here.map(|state| state.print))
}

/// What setting it leaves: nothing, or what went wrong.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Set {
    /// Why the server refused it.
    pub(super) refused: Option<String>,
    /// It is set, and why the replica may not have it yet.
    pub(super) behind: Option<String>,
}

impl Set {
    /// What is added where it is said that the password changed.
    pub(super) fn behind_words(&self) -> String {
        let behind = self.behind.as_ref();
        behind.map_or_else(String::new, |why| {
            format!(". {why}: until the replica has it, the new one does not log in there")
        })
    }
}

/// What follows once the primary has it: the old one is over, so its owner gets the new one, whatever the replica does.
/// `there`: whether the replica has it, or why nobody can tell.
pub(super) fn is_set(there: Result<bool, String>, behind: impl Fn() -> String, waited: Duration) -> Progress {
    let behind = match there {
        Ok(true) => None,
        Ok(false) if waited < PATIENCE => {
            return Progress::Wait {
                pause: LOOK_AGAIN,
                phase: format!("{}; the old one does not hold any more", behind()),
                detail: None,
                usually: None,
            };
        }
        Ok(false) => Some(behind()),
        Err(why) => Some(why),
    };
    Progress::Done(json!(Set {
        refused: None,
        behind,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(there: Result<bool, &str>, waited: u64) -> Progress {
        let behind = || "prod-db's replica does not have the new password yet".to_owned();
        is_set(there.map_err(str::to_owned), behind, Duration::from_secs(waited))
    }

    fn handed_out(behind: Option<&str>) -> Progress {
        Progress::Done(json!(Set {
            refused: None,
            behind: behind.map(str::to_owned),
        }))
    }

    #[test]
    fn a_replica_that_lags_is_waited_for_and_no_longer_than_its_owner_can_wait() {
        let Progress::Wait { phase, .. } = after(Ok(false), 74) else {
            panic!("it is waited for");
        };
        assert!(
            phase.ends_with("yet; the old one does not hold any more"),
            "{phase}"
        );
        assert_eq!(after(Ok(true), 74), handed_out(None));
        let behind = "prod-db's replica does not have the new password yet";
        assert_eq!(after(Ok(false), 75), handed_out(Some(behind)));
    }

    #[test]
    fn a_replica_that_is_away_keeps_nobody_from_the_password_that_holds() {
        let away = "prod-db's replica can't be reached";
        assert_eq!(after(Err(away), 0), handed_out(Some(away)));
        let set = Set {
            refused: None,
            behind: Some(away.to_owned()),
        };
        assert_eq!(
            set.behind_words(),
            ". prod-db's replica can't be reached: until the replica has it, the new one does not log in there"
        );
        assert_eq!(Set::default().behind_words(), "");
    }
}
