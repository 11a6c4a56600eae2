//! What goes from a server with an access, and what does not: of the names that only the bot gives, the accounts at every
//! host; of any other name the one account at `%`, and only if the bot can have made it.

use countersign_core::access::{Access, Kind, PREFIX, Why};
use countersign_core::operation::{Entry, Happening, Trouble};
use countersign_mysql::{Account, UserName};

use super::grant::GRANT;
use super::hand::{MAKE, RECORD};
use crate::databases::{Database, Databases, Side, anywhere};
use crate::trouble::{Fault, unstored};

/// The accounts of one name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Going {
    /// These go.
    pub(super) go: Vec<Account>,
    /// These stay: they are somebody else's.
    pub(super) stay: Vec<Account>,
    /// Why the primary could not be asked: then there is what the record says, and perhaps more of that name.
    pub(super) unseen: Option<String>,
}

impl Going {
    /// As the primary has them. One that is not there yet, or not any more, is at `%`; and so it is while nobody can tell,
    /// because what is over must not wait for a server to be written down.
    pub(super) async fn of(database: &Database, user: &UserName) -> Self {
        let there = database.primary.accounts_of(user).await;
        let there = there.map_err(|error| database.reading(Side::Primary).failed(error));
        Self::found(user, there)
    }

    pub(super) fn found(user: &UserName, there: Result<Vec<Account>, Fault>) -> Self {
        let (there, unseen) = match there {
            Ok(there) => (there, None),
            Err(fault) => (Vec::new(), Some(fault.words().to_owned())),
        };
        let (mut go, stay): (Vec<_>, Vec<_>) = there.into_iter().partition(goes);
        if go.is_empty() {
            go.push(anywhere(user));
        }
        Self { go, stay, unseen }
    }
}

/// Whether this account goes with those of its name.
pub(super) fn goes(account: &Account) -> bool {
    account.user.as_str().starts_with(PREFIX) || *account == anywhere(&account.user)
}

/// Whether the bot has made the account of an access that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Making {
    /// It did, or may have.
    Made,
    /// Its grant may still do it.
    May,
    /// It did not, and will not: whatever has the name now is somebody else's.
    Not,
}

impl Making {
    /// From the journal of the grant that the access comes from. A grant that is not known any more has made it.
    pub(super) async fn of(databases: &Databases, access: &Access) -> Result<Self, Trouble> {
        let broken_off = matches!(access.state.why(), Some(Why::Failed | Why::Revoked { .. }));
        let (true, Kind::Person | Kind::Service, Some(id)) = (broken_off, access.kind, &access.operation)
        else {
            return Ok(Self::Made);
        };
        let operation = databases.store.operation(id).await.map_err(unstored)?;
        let Some(operation) = operation.filter(|operation| operation.plan.action == GRANT) else {
            return Ok(Self::Made);
        };
        let journal = databases.store.journal(id).await.map_err(unstored)?;
        Ok(Self::by(&journal, operation.state.is_final()))
    }

    /// By the journal of a grant, and whether that is over.
    fn by(journal: &[Entry], is_over: bool) -> Self {
        match (may_have_made(journal), is_over) {
            (true, _) => Self::Made,
            (false, false) => Self::May,
            (false, true) => Self::Not,
        }
    }
}

/// Whether the step that makes the account was ever begun without a word that nothing had happened.
fn may_have_made(journal: &[Entry]) -> bool {
    let recorded = journal.iter().any(|entry| entry.step == RECORD);
    let made: Vec<&Happening> = journal
        .iter()
        .filter(|entry| entry.step == MAKE)
        .map(|entry| &entry.happening)
        .collect();
    let in_vain = |tried: &[&Happening]| matches!(tried, [Happening::Began, Happening::Failed(_)]);
    !recorded || !made.chunks(2).all(in_vain)
}

#[cfg(test)]
mod tests {
    use countersign_core::time::from_millis;
    use serde_json::json;

    use super::*;

    fn account(user: &str, host: &str) -> Account {
        Account {
            user: user.parse().unwrap(),
            host: host.parse().unwrap(),
        }
    }

    #[test]
    fn of_a_programs_name_only_the_account_at_any_host_goes() {
        let (any, office) = (account("activedata", "%"), account("activedata", "10.%"));
        let going = Going::found(&any.user, Ok(vec![office.clone(), any.clone()]));
        assert_eq!((going.go, going.stay), (vec![any], vec![office]));
        let ours = vec![account("cs_dave", "%"), account("cs_dave", "10.%")];
        assert_eq!(Going::found(&ours[0].user, Ok(ours.clone())).go, ours);
    }

    #[test]
    fn a_primary_that_is_away_keeps_no_account_from_being_named() {
        let dave = account("cs_dave", "%");
        let away = Fault::for_now("prod-db's primary can't be reached");
        let going = Going::found(&dave.user, Err(away));
        assert_eq!(going.go, [dave]);
        assert_eq!(
            going.unseen.as_deref(),
            Some("prod-db's primary can't be reached")
        );
    }

    fn journal(happenings: &[Happening]) -> Vec<Entry> {
        let entry = |step: &str, happening: &Happening| Entry {
            operation: "K7QM2X".into(),
            step: step.to_owned(),
            happening: happening.clone(),
            at: from_millis(0),
        };
        let recorded = [Happening::Began, Happening::Succeeded(json!(null))];
        let mut journal: Vec<Entry> = recorded
            .iter()
            .map(|happening| entry(RECORD, happening))
            .collect();
        journal.extend(happenings.iter().map(|happening| entry(MAKE, happening)));
        journal
    }

    fn made(happenings: &[Happening]) -> bool {
        may_have_made(&journal(happenings))
    }

    /// Somebody may have taken it away while its grant was still at work: then nothing is dropped before that has stopped,
    /// and nothing at all if it stopped before it made anything.
    #[test]
    fn what_has_the_name_of_an_account_that_was_never_made_is_waited_for_and_then_left_alone() {
        let in_vain = journal(&[Happening::Began, Happening::Failed("it is read-only".to_owned())]);
        assert_eq!(Making::by(&in_vain, false), Making::May);
        assert_eq!(Making::by(&in_vain, true), Making::Not);
        let not_begun = journal(&[]);
        assert_eq!(Making::by(&not_begun, false), Making::May);
        assert_eq!(Making::by(&not_begun, true), Making::Not);
        // What was begun may be there, whatever became of the grant.
        for is_over in [false, true] {
            assert_eq!(Making::by(&journal(&[Happening::Began]), is_over), Making::Made);
        }
    }

    #[test]
    fn what_a_grant_never_made_is_not_taken_from_whoever_made_it() {
        use Happening::{Began, Failed, Reconciled, Retried, Succeeded};
        let no = || Failed("it can't be reached".to_owned());
        assert!(!made(&[]));
        assert!(!made(&[Began, no()]));
        assert!(!made(&[Began, no(), Began, no()]));
        assert!(made(&[Began]));
        assert!(made(&[Began, no(), Began]));
        assert!(made(&[Began, Succeeded(json!(null))]));
        let doubt = Reconciled("it is not there".to_owned());
        assert!(made(&[Began, doubt, Began, no()]));
        assert!(made(&[Began, Retried, Began, no()]));
        assert!(may_have_made(&[]), "a journal that is gone tells nothing");
    }
}
