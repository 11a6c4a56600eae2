//! What a rotation does at the server.

use std::collections::BTreeSet;

use countersign_core::message::{Place, Room};
use countersign_core::operation::{Progress, Trouble, TroubleKind};
use countersign_core::reply::{Post, Reply, Tone};
use countersign_core::store::Write;
use countersign_mysql::{AccountState, Password, Statement, UserName};
use serde_json::json;

use super::kept::{Kept, skip_before};
use super::plan_app::has;
use super::rotate::{BESIDE, CHANGE, DYNOS, FIND, PHASE, SKIP, Turn};
use super::rotated::{Came, Stand, next};
use super::set::apply;
use super::url::DatabaseUrl;
use crate::databases::{Database, Side, anywhere};

impl Turn<'_> {
    /// Draws the password and keeps it, sealed, before anything else; or takes up one that an earlier change left. That the
    /// bot may change the account is tried with a statement that changes nothing: after the config it would be too late.
    pub(super) async fn prepare(&self) -> Result<Progress, Trouble> {
        let Self {
            databases, database, ..
        } = self;
        let account = &self.wanted.account;
        let url = self.url().await?;
        // What is tried next would unlock it.
        let there = database.primary.account(&anywhere(account)).await;
        let there = there.map_err(|error| database.reading(Side::Primary).failed(error))?;
        may_change(database, account, there.as_ref())?;
        let tried = Statement::Unlock {
            accounts: vec![anywhere(account)],
        };
        let tried = database.primary.execute(&[tried]).await;
        tried.map_err(|error| database.changing().failed(error))?;
        let mut writes = Vec::new();
        if !self.two {
            writes = self.told(&Reply::line(self.begun_words()));
        }
        let left = Kept::read(databases, database, account).await?;
        let goes_on = match &left {
            Some(left) if !left.over => self.is_somewhere(left, &url).await?,
            _ => false,
        };
        if !goes_on {
            let skip = self.urls.url(&self.wanted.app, SKIP).await?;
            let password = databases.new_password();
            let kept = Kept {
                password: password.secret().clone(),
                old: url.password().cloned(),
                skip: skip_before(skip, left.as_ref()),
                over: false,
            };
            writes.push(kept.write(databases.links_still()?, database, account)?);
        }
        Ok(Progress::Record {
            value: json!(Came::default()),
            writes,
            audit: Vec::new(),
        })
    }

    /// Whether the server or the app has what an earlier change left. If not nobody needs it.
    async fn is_somewhere(&self, left: &Kept, url: &DatabaseUrl) -> Result<bool, Trouble> {
        if has(url, &left.password) {
            return Ok(true);
        }
        self.database.logs_in(&self.wanted.account, &left.password).await
    }

    /// Sets the new password so that the old one stays good.
    pub(super) async fn beside(&self) -> Result<Progress, Trouble> {
        let account = &self.wanted.account;
        let kept = self.kept().await?;
        // A second time would make the new one the old one, and the one that the app has would be gone.
        if self.database.logs_in(account, &kept.password).await? {
            return Ok(Came::default().done());
        }
        let set = Statement::SetPassword {
            account: anywhere(account),
            password: as_password(&kept)?,
            keep_old: true,
        };
        let done = self.database.primary.execute(&[set]).await;
        done.map_err(|error| self.database.changing().failed(error))?;
        // From here on it has happened; what a look at it meets is no word against that.
        let lost = |trouble| Trouble {
            kind: TroubleKind::Lost,
            ..trouble
        };
        let good = self.database.logs_in(account, &kept.password).await;
        Ok(if good.map_err(lost)? {
            Came::changed().done()
        } else {
            self.not_let_in()
        })
    }

    /// Sets the new password in place of the old one. The same as often as it takes: the app has it already.
    pub(super) async fn set(&self) -> Result<Progress, Trouble> {
        let (account, app) = (&self.wanted.account, &self.wanted.app);
        if self.came(CHANGE).failed.is_some() {
            return Ok(Came::default().done());
        }
        let kept = self.kept().await?;
        match self.url().await {
            Ok(url) if !has(&url, &kept.password) => {
                let words = format!(
                    "{app}'s {} does not have the new password, so it was not set at the server",
                    self.wanted.var
                );
                return Ok(Came::failed(words).done());
            }
            // It was put there a moment ago; that it can't be read now is no reason to leave the app outside.
            Err(trouble) if !self.came(CHANGE).changed => return Err(trouble),
            _ => {}
        }
        let set = apply(self.database, account, &as_password(&kept)?).await;
        let trouble = match set.map_err(Trouble::from) {
            Ok(()) => {
                let good = self.database.logs_in(account, &kept.password).await?;
                return Ok(if good {
                    Came::changed().done()
                } else {
                    self.not_let_in()
                });
            }
            Err(trouble) => trouble,
        };
        if trouble.kind != TroubleKind::Never {
            return Err(trouble);
        }
        // An earlier try may have come through; else, if the old one is good still, the app gets it back.
        if self.database.logs_in(account, &kept.password).await? {
            return Ok(Came::changed().done());
        }
        let back = match &kept.old {
            Some(old) => self.database.logs_in(account, old).await?,
            None => false,
        };
        Ok(Came {
            put_back: back,
            ..Came::failed(trouble.words)
        }
        .done())
    }

    fn not_let_in(&self) -> Progress {
        Came::failed(format!(
            "{} took the new password and does not let {} in with it",
            self.database.target, self.wanted.account
        ))
        .done()
    }

    /// Discards the old password, once the app is up with the new one.
    pub(super) async fn discard(&self) -> Result<Progress, Trouble> {
        let steps = [BESIDE, CHANGE, FIND, PHASE, DYNOS];
        if steps.iter().any(|step| self.came(step).failed.is_some()) || self.came(DYNOS).words.is_none() {
            return Ok(Came::default().done());
        }
        let (account, app) = (&self.wanted.account, &self.wanted.app);
        let kept = self.kept().await?;
        if !has(&self.url().await?, &kept.password) {
            let words = format!(
                "{app}'s {} was changed meanwhile, so the old password stays good",
                self.wanted.var
            );
            return Ok(Came::failed(words).done());
        }
        if !self.database.logs_in(account, &kept.password).await? {
            return Ok(self.not_let_in());
        }
        let discard = Statement::DiscardOld {
            account: anywhere(account),
        };
        let done = self.database.primary.execute(&[discard]).await;
        done.map_err(|error| self.database.changing().failed(error))?;
        Ok(Came::changed().done())
    }

    /// Something for the rooms of the database and of the app.
    pub(super) fn told(&self, reply: &Reply) -> Vec<Write> {
        let app = self.databases.settings.targets.get(&self.wanted.app);
        let rooms = rooms(&self.database.rooms, app.map_or(&[], |app| &app.rooms)).into_iter();
        let post = |room| Write::Enqueue(Post::to(Place::Room(room), reply.clone()));
        rooms.map(post).collect()
    }

    /// Said before anything is changed: who sees failures knows where they come from.
    fn begun_words(&self) -> String {
        let (account, app) = (&self.wanted.account, &self.wanted.app);
        format!(
            "{}: {account} gets another password now. New connections of {app} fail until its new dynos are up; I say when \
             that is over  [op {}]",
            self.database.target, self.run.operation.id
        )
    }

    /// Said when it is over, however it ended.
    pub(super) fn over_words(&self, stand: Stand, skips: bool) -> Reply {
        let works = if stand.works() {
            "is over"
        } else {
            "came to a bad end"
        };
        let next = next(&self.wanted, stand, skips);
        let line = Reply::line(format!(
            "{}: the change of {}'s password {works}: {}{next}  [op {}]",
            self.database.target,
            self.wanted.account,
            stand.words(&self.wanted),
            self.run.operation.id
        ));
        if stand.works() && !skips {
            line
        } else {
            line.toned(Tone::Bad)
        }
    }
}

/// Each room once.
fn rooms<'r>(of_database: &'r [Room], of_app: &'r [Room]) -> BTreeSet<Room> {
    of_database.iter().chain(of_app).cloned().collect()
}

/// Whether the password of an account can be changed, without letting somebody in who was locked out.
fn may_change(database: &Database, account: &UserName, there: Option<&AccountState>) -> Result<(), Trouble> {
    let target = &database.target;
    match there {
        None => Err(Trouble::never(format!(
            "{account} is not at {target}; nothing was changed"
        ))),
        Some(state) if state.locked => Err(Trouble::never(format!(
            "{account} is locked at {target}; nothing was changed"
        ))
        .hint("Whoever locked it unlocks it first.")),
        Some(_) => Ok(()),
    }
}

fn as_password(kept: &Kept) -> Result<Password, Trouble> {
    Password::given(kept.password.clone()).map_err(|_| Trouble::never("the new password can't be used"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_of_the_database_and_of_the_app_hears_it_once() {
        let room = |name: &str| Room {
            network: "libera".into(),
            name: name.into(),
        };
        let heard = rooms(&[room("#ops"), room("#db")], &[room("#app"), room("#ops")]);
        let names: Vec<String> = heard.into_iter().map(|room| room.name.to_string()).collect();
        assert_eq!(names, ["#app", "#db", "#ops"]);
    }
}
