//! The test vectors in `vectors/`: made by this code, recomputed by `vectors/check.mjs` with WebCrypto alone and by the
//! pages in a browser. `UPDATE_VECTORS=1` writes them anew.

mod drop_boxes;
mod links;

use std::fmt::Write as _;
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base64url;

/// What is locked: some bytes, or so many that only a rule for them is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Plaintext {
    /// UTF-8.
    Text { text: String },
    /// The first `length` bytes of SHA-256(seed ‖ 0), SHA-256(seed ‖ 1), … where the number has 4 bytes, the highest
    /// first.
    Seed { seed: String, length: usize },
}

/// A ciphertext, or only its digest where it is long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ciphertext {
    length: usize,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ct: Option<String>,
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

impl Plaintext {
    fn text(text: &str) -> Self {
        Self::Text {
            text: text.to_owned(),
        }
    }

    fn seed(length: usize) -> Self {
        let seed = format!("{length} bytes");
        Self::Seed { seed, length }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text { text } => text.clone().into_bytes(),
            Self::Seed { seed, length } => {
                let block = |number: u32| {
                    let input = [seed.as_bytes(), &number.to_be_bytes()].concat();
                    digest(&SHA256, &input).as_ref().to_vec()
                };
                (0..).flat_map(block).take(*length).collect()
            }
        }
    }
}

impl Ciphertext {
    fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len(),
            sha256: sha256(bytes),
            ct: (bytes.len() <= 4096).then(|| base64url::encode(bytes)),
        }
    }
}

/// Bytes that look random and are the same every time, for one use each.
fn bytes<const N: usize>(of: &str) -> [u8; N] {
    let seed = format!("csl1 vectors: {of}");
    Plaintext::Seed { seed, length: N }.bytes().try_into().unwrap()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(name)
}

/// The file, with everything that cannot be seen in an editor escaped.
fn written(vectors: &impl Serialize) -> String {
    let mut text = String::new();
    for character in serde_json::to_string_pretty(vectors).unwrap().chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(text, "\\u{unit:04x}").unwrap();
            }
        }
    }
    text + "\n"
}

/// Compares the file with what this code makes; whoever means to change the protocol deletes the file first.
fn pin(name: &str, vectors: &impl Serialize) {
    if !path(name).exists() {
        std::fs::write(path(name), written(vectors)).unwrap();
        panic!("{name} is written anew; read the difference, and run this again");
    }
    let file = std::fs::read_to_string(path(name)).unwrap();
    assert!(
        file == written(vectors),
        "{name} is not what this code makes; if that is meant, delete the file, and this writes it anew"
    );
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}
