//! Setting a password at the server. To set the same one twice is the same as to set it once.

use countersign_core::access::{Access, Tended, password_of};
use countersign_core::operation::Trouble;
use countersign_core::secret::Secret;
use countersign_mysql::{Password, Statement, UserName};

use crate::databases::{Database, Databases, Side, anywhere};
use crate::trouble::Fault;

/// Sets the password of an access whose link was opened. Done once the server that people use has it.
pub(crate) async fn set(databases: &Databases, access: &Access) -> Result<Tended, Trouble> {
    let database = databases.at(&access.database)?;
    let (account, password) = (name_of(access)?, waiting(databases, access)?);
    apply(database, &account, &password).await?;
    Ok(if is_everywhere(database, &account).await? {
        Tended::PasswordSet
    } else {
        Tended::NotYet {
            words: format!("{}'s replica does not have the new password yet", database.target),
        }
    })
}

/// The account of an access, as servers know it.
pub(super) fn name_of(access: &Access) -> Result<UserName, Trouble> {
    let name = UserName::try_from(access.account.clone());
    name.map_err(|_| Trouble::never(format!("{} can't be the name of an account", access.account)))
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

/// Sets it on the primary.
pub(super) async fn apply(database: &Database, account: &UserName, password: &Password) -> Result<(), Fault> {
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
