//! Checkpoints: the head of the audit at a time, signed, and kept where whoever can change the store cannot reach. The
//! chain shows every change but one: records that are missing at its end. A checkpoint shows that.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::time::Timestamp;

use super::Record;

/// What a line with a checkpoint begins with.
const HEAD: &str = "audit checkpoint";

/// Signs checkpoints. Core knows no cryptography but hashes.
pub trait Signer: Send + Sync {
    /// The public half of the key (Ed25519, RFC 8032).
    fn public_key(&self) -> [u8; 32];

    /// The signature of these bytes.
    fn sign(&self, bytes: &[u8]) -> [u8; 64];
}

/// The newest record of the audit at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub seq: u64,
    /// Its hash, and with it that of all before.
    pub hash: Digest,
    /// When this was so.
    pub at: Timestamp,
}

impl Head {
    /// What is signed: the words of the checkpoint without its signature.
    fn bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// The checkpoint of it.
    pub fn signed(self, signer: &dyn Signer) -> Checkpoint {
        Checkpoint {
            signature: signer.sign(&self.bytes()),
            key: signer.public_key(),
            head: self,
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEAD} {} {} {}", self.seq, self.hash, self.at)
    }
}

/// A signed head. Its text is one line that fits into one line of IRC: `audit checkpoint SEQ HASH TIME KEY SIGNATURE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is signed.
    pub head: Head,
    /// The key that it says it was signed with. Only a key that one knows from elsewhere proves anything.
    pub key: [u8; 32],
    /// The signature.
    pub signature: [u8; 64],
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.head,
            hex::encode(self.key),
            hex::encode(self.signature)
        )
    }
}

/// Not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no checkpoint; give the whole line as it was posted, from \"{HEAD}\" to the last digit of the signature"
)]
pub struct NoCheckpoint;

impl FromStr for Checkpoint {
    type Err = NoCheckpoint;

    /// Reads a line as it was posted, also with something in front of it, as logs of rooms have it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (_, text) = text.rsplit_once(HEAD).ok_or(NoCheckpoint)?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let [seq, hash, at, key, signature] = words[..] else {
            return Err(NoCheckpoint);
        };
        let mut checkpoint = Self {
            head: Head {
                seq: seq.parse().map_err(|_| NoCheckpoint)?,
                hash: hash.parse().map_err(|_| NoCheckpoint)?,
                at: at.parse().map_err(|_| NoCheckpoint)?,
            },
            key: [0; 32],
            signature: [0; 64],
        };
        hex::decode_to_slice(key, &mut checkpoint.key).map_err(|_| NoCheckpoint)?;
        hex::decode_to_slice(signature, &mut checkpoint.signature).map_err(|_| NoCheckpoint)?;
        Ok(checkpoint)
    }
}

/// What a checkpoint shows of a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// It was not signed by this key.
    #[error(
        "the checkpoint of record {0} was not signed by this key: the checkpoint is forged, or the key is another one"
    )]
    Signature(u64),
    /// The record that was signed is not there any more.
    #[error(
        "the audit ends at record {found}, but record {signed} was there at {at}: its end was cut off, at least {} of it",
        crate::text::count(usize::try_from(signed - found).unwrap_or(usize::MAX), "record")
    )]
    Cut {
        /// The last record that there is.
        found: u64,
        /// The record that was signed.
        signed: u64,
        /// When it was.
        at: Timestamp,
    },
    /// Another record stands in its place.
    #[error(
        "record {signed} is not the one that was signed at {at}: the audit was written anew from there or before"
    )]
    Rewritten {
        /// The number.
        signed: u64,
        /// When it was signed.
        at: Timestamp,
    },
}

impl Checkpoint {
    /// Whether it was signed by this key; `verify` is Ed25519's.
    pub fn signed_by(
        &self,
        key: &[u8; 32],
        verify: impl Fn(&[u8; 32], &[u8], &[u8; 64]) -> bool,
    ) -> Result<(), Mismatch> {
        if verify(key, &self.head.bytes(), &self.signature) {
            Ok(())
        } else {
            Err(Mismatch::Signature(self.head.seq))
        }
    }

    /// Whether a record of the chain contradicts it.
    pub fn check(&self, record: &Record) -> Result<(), Mismatch> {
        let Head { seq, hash, at } = self.head;
        if record.seq == seq && record.hash != hash {
            return Err(Mismatch::Rewritten { signed: seq, at });
        }
        Ok(())
    }

    /// Whether a chain that ends with this record contradicts it.
    pub fn check_end(&self, last: u64) -> Result<(), Mismatch> {
        let Head { seq, at, .. } = self.head;
        if last < seq {
            return Err(Mismatch::Cut {
                found: last,
                signed: seq,
                at,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_millis;

    /// Signs by repeating the hash of what it signs: enough to see what is signed.
    struct Repeats;

    impl Signer for Repeats {
        fn public_key(&self) -> [u8; 32] {
            [7; 32]
        }

        fn sign(&self, bytes: &[u8]) -> [u8; 64] {
            let hash = hex::encode(Digest::of(bytes).to_string());
            std::array::from_fn(|n| hash.as_bytes()[n])
        }
    }

    fn verify(key: &[u8; 32], bytes: &[u8], signature: &[u8; 64]) -> bool {
        *key == [7; 32] && Repeats.sign(bytes) == *signature
    }

    fn head(seq: u64) -> Head {
        Head {
            seq,
            hash: Digest::of(b"record"),
            at: from_millis(1_800_000_000_000),
        }
    }

    #[test]
    fn what_was_posted_is_read_again_whatever_a_log_puts_before_it() {
        let checkpoint = head(120).signed(&Repeats);
        let line = checkpoint.to_string();
        assert!(line.len() < 350, "{} bytes", line.len());
        assert_eq!(line.parse(), Ok(checkpoint));
        assert_eq!(format!("[12:00] <countersign> {line} ").parse(), Ok(checkpoint));
        for broken in [
            "",
            "audit checkpoint",
            &line[..line.len() - 1],
            "audit checkpoint 1 2 3 4 5",
        ] {
            assert_eq!(broken.parse::<Checkpoint>(), Err(NoCheckpoint), "{broken}");
        }
    }

    #[test]
    fn a_changed_checkpoint_is_not_signed() {
        let good = head(120).signed(&Repeats);
        assert_eq!(good.signed_by(&[7; 32], verify), Ok(()));
        assert_eq!(good.signed_by(&[8; 32], verify), Err(Mismatch::Signature(120)));
        let moved = Checkpoint {
            head: head(119),
            ..good
        };
        assert_eq!(moved.signed_by(&[7; 32], verify), Err(Mismatch::Signature(119)));
    }

    #[test]
    fn a_cut_end_and_a_new_history_show() {
        let checkpoint = head(120).signed(&Repeats);
        assert_eq!(checkpoint.check_end(120), Ok(()));
        assert_eq!(
            checkpoint.check_end(117).unwrap_err().to_string(),
            "the audit ends at record 117, but record 120 was there at 2027-01-15T08:00:00Z: its end was cut off, at least \
             3 records of it"
        );
        let entry = super::super::Entry::new(from_millis(0), super::super::Event::Signed, "another");
        let mut record = super::super::append(Some((119, Digest::ZERO)), entry).unwrap();
        assert!(matches!(
            checkpoint.check(&record),
            Err(Mismatch::Rewritten { .. })
        ));
        record.hash = head(120).hash;
        assert_eq!(checkpoint.check(&record), Ok(()));
    }
}
