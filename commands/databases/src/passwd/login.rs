//! Does a password log in? That, and nothing else, tells which one is in force.

use countersign_core::operation::Trouble;
use countersign_core::secret::Secret;
use countersign_mysql::{Kind, Password, Tls, UserName};

use crate::databases::{Database, Side};

impl Database {
    /// Whether the account logs in on the primary with this password.
    pub(super) async fn logs_in(&self, account: &UserName, password: &Secret) -> Result<bool, Trouble> {
        let Ok(password) = Password::given(password.clone()) else {
            return Ok(false);
        };
        match self.primary.log_in(account, &password, None, Tls::Required).await {
            Ok(visit) => {
                visit.close().await;
                Ok(true)
            }
            Err(error) if error.kind() == Kind::Denied => Ok(false),
            Err(error) => Err(self.reading(Side::Primary).failed(error).into()),
        }
    }
}
