//! What must outlive a crash while an app's account changes its password: the new one above all. It is in the store,
//! sealed, from before the first effect until the server and the app agree about it; then it is erased.

use countersign_core::link::Links;
use countersign_core::operation::Trouble;
use countersign_core::secret::Secret;
use countersign_core::store::Write;
use countersign_mysql::UserName;
use countersign_secrets::at_rest::SealedText;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::databases::{Database, Databases};
use crate::trouble::unstored;

/// What [`super::rotate::SKIP`] is set to, so that the app's release phase does nothing.
pub(super) const SKIPS: &str = "1";

/// What is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The new password.
    pub(super) password: Secret,
    /// The one before, if the app had one.
    pub(super) old: Option<Secret>,
    /// What the app's config had of [`super::rotate::SKIP`] before.
    pub(super) skip: Option<Secret>,
    /// All who need the password have it: only what the config has to get back is kept.
    pub(super) over: bool,
}

/// The same as it is sealed.
#[derive(Serialize)]
struct Open<'k> {
    password: &'k str,
    old: Option<&'k str>,
    skip: Option<&'k str>,
    over: bool,
}

#[derive(Deserialize)]
struct Opened {
    password: String,
    old: Option<String>,
    skip: Option<String>,
    #[serde(default)]
    over: bool,
}

impl Kept {
    /// What an earlier operation left, or an earlier step of this one.
    pub(super) async fn read(
        databases: &Databases,
        database: &Database,
        account: &UserName,
    ) -> Result<Option<Self>, Trouble> {
        let note = databases.store.note(&name(database, account)).await;
        let Some(text) = note.map_err(unstored)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let unreadable = || {
            Trouble::never(format!(
                "what an earlier change of {account}'s password left on {} can't be read",
                database.target
            ))
            .hint("The key that it was sealed with must be among the configuration's sealing keys.")
        };
        let sealed: SealedText = text.parse().map_err(|_| unreadable())?;
        let links = databases.links_still()?;
        let opened = links.open_sealed(&what(database, account), &sealed);
        let opened: Opened =
            serde_json::from_slice(&opened.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
        let kept = Self {
            password: opened.password.into(),
            old: opened.old.map(Secret::from),
            skip: opened.skip.map(Secret::from),
            over: opened.over,
        };
        databases.keep_secret(&kept.password);
        Ok(Some(kept))
    }

    /// Keeps it.
    pub(super) fn write(
        &self,
        links: &Links,
        database: &Database,
        account: &UserName,
    ) -> Result<Write, Trouble> {
        let open = Open {
            password: self.password.expose_secret(),
            old: self.old.as_ref().map(Secret::expose_secret),
            skip: self.skip.as_ref().map(Secret::expose_secret),
            over: self.over,
        };
        let text = serde_json::to_vec(&open).map(Zeroizing::new);
        let text = text.map_err(|_| Trouble::never("the new password can't be written down"))?;
        Ok(Write::Note {
            name: name(database, account),
            value: links.seal(&what(database, account), &text).text(),
        })
    }
}

/// What the config had of [`super::rotate::SKIP`] before any of this. If it has our own value now, what an earlier change
/// kept counts, if there was one.
pub(super) fn skip_before(now: Option<Secret>, left: Option<&Kept>) -> Option<Secret> {
    match left {
        Some(left) if is_ours(now.as_ref()) => left.skip.clone(),
        _ => now,
    }
}

/// Whether it is what we set.
pub(super) fn is_ours(skip: Option<&Secret>) -> bool {
    skip.map(Secret::expose_secret) == Some(SKIPS)
}

/// Nothing is kept any more.
pub(super) fn erased(database: &Database, account: &UserName) -> Write {
    Write::Note {
        name: name(database, account),
        value: String::new(),
    }
}

/// Where it is in the store.
fn name(database: &Database, account: &UserName) -> String {
    format!("sealed/passwd/{}/{account}", database.target)
}

/// What it is sealed under.
fn what(database: &Database, account: &UserName) -> String {
    format!("new password of {account} on {}", database.target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_set_ourselves_is_never_what_was_before() {
        let kept = |skip: Option<&str>| Kept {
            password: "new".into(),
            old: None,
            skip: skip.map(Secret::from),
            over: true,
        };
        for (now, left, before) in [
            (None, None, None),
            (Some("0"), None, Some("0")),
            // Somebody's own: nothing was left behind.
            (Some("1"), None, Some("1")),
            (Some("1"), Some(kept(None)), None),
            (Some("1"), Some(kept(Some("0"))), Some("0")),
            // Somebody has changed it since.
            (Some("0"), Some(kept(None)), Some("0")),
            (None, Some(kept(Some("0"))), None),
        ] {
            let found = skip_before(now.map(Secret::from), left.as_ref());
            assert_eq!(found.as_ref().map(Secret::expose_secret), before, "{now:?}");
        }
    }
}
