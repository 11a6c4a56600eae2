//! Ids that are the same in every run, because they are made from names.
//!
//! Transcripts of the demo and of tests show ids; anything random in here would make them differ.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The id of the `kind` of thing called `name`, e.g. `release` and `treeherder-prod/v812`.
pub(crate) fn uuid(kind: &str, name: &str) -> Uuid {
    let digest = digest(kind, name);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Forty hex digits, as Git names its objects.
pub(crate) fn object(kind: &str, name: &str) -> String {
    hex::encode(&digest(kind, name)[..20])
}

fn digest(kind: &str, name: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(kind);
    hash.update([0]);
    hash.update(name);
    hash.finalize().into()
}
