//! Who is logged in, and ending that.

use crate::{
    error::{Error, Kind, Result},
    names::UserName,
    server::{Kill, Server},
    wire::Wire,
};

/// Somebody's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number at the server.
    pub id: u64,
    /// Who is logged in.
    pub user: UserName,
}

/// `ER_NO_SUCH_THREAD`.
const GONE: Kind = Kind::Other(1094);

impl Server {
    /// The sessions of these users, wherever they come from.
    ///
    /// An account without the right PROCESS is shown its own sessions alone, without a word; so that is an error here.
    pub async fn sessions(&self, accounts: &[UserName]) -> Result<Vec<Session>> {
        let mut lease = self.lease().await?;
        may_see_all(&mut lease.wire).await?;
        // Not information_schema.PROCESSLIST, which MySQL is about to give up.
        let mut sessions = Vec::new();
        let each = lease.wire.each("SHOW PROCESSLIST", |row| {
            let user = row.text(1)?;
            if let Some(user) = accounts.iter().find(|account| account.as_str() == user) {
                let id = row.text(0)?.parse().map_err(|_| crate::rows::nonsense())?;
                sessions.push(Session {
                    id,
                    user: user.clone(),
                });
            }
            Ok(())
        });
        each.await?;
        lease.give_back();
        Ok(sessions)
    }

    /// Ends sessions. One that is gone already is no error.
    pub async fn kill(&self, sessions: &[Session]) -> Result<()> {
        if sessions.is_empty() {
            return Ok(());
        }
        let mut lease = self.lease().await?;
        for Session { id, .. } in sessions {
            let sql = match self.settings().kill {
                Kill::Statement => format!("KILL {id}"),
                Kill::Rds => format!("CALL mysql.rds_kill({id})"),
            };
            match lease.wire.rows(&sql).await {
                Err(error) if error.kind() == GONE => {}
                other => drop(other?),
            }
        }
        lease.give_back();
        Ok(())
    }
}

async fn may_see_all(wire: &mut Wire) -> Result<()> {
    let me = wire.rows("SELECT CURRENT_USER()").await?.one_text()?;
    let (user, host) = me.rsplit_once('@').unwrap_or((&me, "%"));
    let mut grantees = vec![format!("'{user}'@'{host}'")];
    if wire.make.has_roles() {
        let row = wire.rows("SELECT CURRENT_ROLE()").await?.into_iter().next();
        grantees.extend(row.iter().flat_map(|row| roles(row.bytes(0).unwrap_or_default())));
    }
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES \
         WHERE PRIVILEGE_TYPE IN ('PROCESS', 'SUPER') AND GRANTEE IN ({})",
        wire.literals(grantees.iter().map(String::as_str))
    );
    if wire.rows(&sql).await?.one_text()? == "0" {
        return Err(Error::new(Kind::NotAllowed, "looking for open sessions")
            .with_said("the right PROCESS is needed"));
    }
    Ok(())
}

/// Reads `CURRENT_ROLE()`: `` `a`@`%`,`b`@`%` `` on MySQL, `a` on MariaDB, `NONE` or nothing without roles. Answers them
/// as grantees.
fn roles(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let roles = text.split(',').map(|role| role.replace('`', "'"));
    roles
        .filter(|role| !role.is_empty() && role != "NONE")
        .map(|role| {
            if role.starts_with('\'') {
                role
            } else {
                format!("'{role}'@''")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_servers_write_them() {
        assert_eq!(
            roles(b"`rds_superuser_role`@`%`,`b`@`%`"),
            ["'rds_superuser_role'@'%'", "'b'@'%'"]
        );
        assert_eq!(roles(b"watchers"), ["'watchers'@''"]);
        assert!(roles(b"NONE").is_empty() && roles(b"").is_empty());
    }
}
