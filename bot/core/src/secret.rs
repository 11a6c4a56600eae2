//! Secrets, and the second line of defence for them.
//!
//! The first line is the type: a [`Secret`] cannot be displayed, serialised or put in a reply. The second is the
//! [`Scrubber`]: every outgoing text is searched for values that the bot has seen as secrets.

use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwap;
use secrecy::ExposeSecret as _;
pub use secrecy::SecretString as Secret;

/// Shorter values are words that stand in harmless text too (`true`, `production`).
const SHORTEST: usize = 8;

/// What stands where a secret stood.
pub const REDACTED: &str = "[secret]";

/// Knows the values that must never leave, and takes them out of text.
#[derive(Default)]
pub struct Scrubber {
    /// Longest first, so that a secret inside a longer one does not leave the rest of it.
    known: ArcSwap<Vec<Arc<Secret>>>,
}

impl Scrubber {
    /// Remembers a value. Values of fewer than 8 characters are not searched for.
    pub fn learn(&self, secret: &Secret) {
        let value = secret.expose_secret();
        if value.chars().count() < SHORTEST || self.knows(value) {
            return;
        }
        let secret = Arc::new(Secret::from(value.to_owned()));
        self.known.rcu(|known| {
            let mut known = Vec::clone(known);
            let place = known.partition_point(|other| other.expose_secret().len() > value.len());
            known.insert(place, Arc::clone(&secret));
            known
        });
    }

    fn knows(&self, value: &str) -> bool {
        self.known
            .load()
            .iter()
            .any(|known| known.expose_secret() == value)
    }

    /// The text without any value that was learnt.
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known.load();
        let mut text = Cow::Borrowed(text);
        for secret in known.iter() {
            if text.contains(secret.expose_secret()) {
                text = Cow::Owned(text.replace(secret.expose_secret(), REDACTED));
            }
        }
        text
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrubber({} secrets)", self.known.load().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learnt_value_is_taken_out_wherever_it_stands() {
        let scrubber = Scrubber::default();
        scrubber.learn(&Secret::from("hunter2hunter2"));
        scrubber.learn(&Secret::from("mysql://u:hunter2hunter2@db/x"));
        scrubber.learn(&Secret::from("short"));
        assert_eq!(
            scrubber.scrub("at mysql://u:hunter2hunter2@db/x, short"),
            "at [secret], short"
        );
        assert_eq!(scrubber.scrub("hunter2hunter2!"), "[secret]!");
        assert!(matches!(scrubber.scrub("nothing"), Cow::Borrowed(_)));
        assert!(!format!("{scrubber:?}").contains("hunter2"));
    }
}
