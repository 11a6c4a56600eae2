//! What the log says of a message can be found by its trace: a short id that replies about faults carry too.
//!
//! It is made of the message's own id, so it costs no randomness, and whoever has the message (a command that is being
//! answered, an operation that it began, the same after a restart) has the same trace.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::id::{MessageId, NetworkId};
use crate::message::Message;

/// A trace: six hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace(u32);

impl Trace {
    /// That of a message.
    pub fn of(message: &Message) -> Self {
        Self::of_id(message.place.network(), &message.id)
    }

    /// That of the message with this id on this network.
    pub fn of_id(network: &NetworkId, id: &MessageId) -> Self {
        let mut hasher = DefaultHasher::new();
        network.hash(&mut hasher);
        id.hash(&mut hasher);
        let [a, b, c, ..] = hasher.finish().to_be_bytes();
        Self(u32::from_be_bytes([0, a, b, c]))
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_six_digits_and_the_same_for_the_same_message() {
        let trace = Trace::of_id(&"libera".into(), &"m1".into());
        let text = trace.to_string();
        assert_eq!(text.len(), 6);
        assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(trace, Trace::of_id(&"libera".into(), &"m1".into()));
        assert_ne!(trace, Trace::of_id(&"libera".into(), &"m2".into()));
        assert_ne!(trace, Trace::of_id(&"oftc".into(), &"m1".into()));
    }
}
