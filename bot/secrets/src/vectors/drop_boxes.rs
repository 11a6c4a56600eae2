//! `vectors/drop_box.json`.

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::{Ciphertext, Plaintext, bytes, pin, read};
use crate::base64url;
use crate::drop_box::{self, BoxKey, Filling, LockError};
use crate::envelope;
use crate::header::BoxHeader;
use crate::key::LinkKey;
use crate::link::link_proof;
use crate::path_id::PathId;
use crate::proof::Proof as _;
use crate::url::{Kind, LinkUrl};

const FILE: &str = "drop_box.json";

#[derive(Serialize, Deserialize)]
struct Vectors {
    about: Vec<String>,
    boxes: Vec<DropBox>,
    most: usize,
}

/// One drop box with its filling and every value on the way.
#[derive(Serialize, Deserialize)]
struct DropBox {
    name: String,
    url: String,
    id: String,
    key: String,
    link: String,
    header: String,
    private: String,
    public: String,
    ephemeral_private: String,
    ephemeral_public: String,
    x: String,
    enc: String,
    nonce: String,
    plaintext: Plaintext,
    padded: usize,
    locked: Ciphertext,
    filling_sha256: String,
}

/// The order of the curve, less one: the largest private key that there is.
const LARGEST: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";

fn scalar(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn drop_box(name: &str, private: [u8; 32], plaintext: Plaintext) -> DropBox {
    let id = PathId(bytes(&format!("{name}/box id")));
    let key = LinkKey::new(bytes(&format!("{name}/box key")));
    let read = BoxHeader {
        v: 1,
        id,
        expires_at: 1_767_225_600_000,
        purpose: format!("the new value of NEW_KEY on stage \u{2013} {name}"),
        subject: "config set stage NEW_KEY".to_owned(),
    };
    let header = read.canonical().unwrap();
    let private = BoxKey::new(private).unwrap();
    let ephemeral = bytes(&format!("{name}/ephemeral"));
    let nonce = bytes(&format!("{name}/box nonce"));
    let filling = drop_box::fill(&private.public(), &header, ephemeral, nonce, &plaintext.bytes()).unwrap();
    let (enc, x) = drop_box::agree(&private, &filling.key, &read).unwrap();
    let url = LinkUrl {
        base: "https://ops.example.org/".to_owned(),
        kind: Kind::Box,
        id,
        key: key.clone(),
    };
    DropBox {
        name: name.to_owned(),
        url: url.shown().expose_secret().to_owned(),
        id: id.to_string(),
        key: key.fragment().expose_secret().to_owned(),
        link: hex::encode(link_proof(&id, &key).expose()),
        header,
        private: hex::encode(private.to_bytes()),
        public: base64url::encode(&private.public()),
        ephemeral_private: hex::encode(ephemeral),
        ephemeral_public: base64url::encode(&filling.key),
        x: hex::encode(x),
        enc: hex::encode(enc),
        nonce: hex::encode(nonce),
        padded: envelope::padded(plaintext.bytes().len()),
        plaintext,
        locked: Ciphertext::of(&filling.ciphertext),
        filling_sha256: filling.sha256(),
    }
}

#[test]
fn they_are_what_this_code_makes() {
    let mut one = [0; 32];
    one[31] = 1;
    let boxes = [
        (
            "a value",
            bytes("a box"),
            Plaintext::text("s3cr\u{e9}t \u{1f511}\n"),
        ),
        ("empty", one, Plaintext::text("")),
        ("1023 bytes", scalar(LARGEST), Plaintext::seed(1023)),
        ("1024 bytes", bytes("another box"), Plaintext::seed(1024)),
        ("16384 bytes", bytes("a third box"), Plaintext::seed(16_384)),
    ];
    let about = [
        "csl1, drop boxes. Written by the tests of bot/secrets (UPDATE_VECTORS=1), checked by check.mjs.",
        "id, key, public keys and ct are base64url without padding; all other bytes are hexadecimal.",
        "A plaintext is text (UTF-8), or the first `length` bytes of SHA-256(seed, n) for n = 0, 1, ... in 4 bytes, highest first.",
    ];
    pin(
        FILE,
        &Vectors {
            about: about.map(str::to_owned).into(),
            boxes: boxes
                .map(|(name, private, plaintext)| drop_box(name, private, plaintext))
                .into(),
            most: drop_box::MOST,
        },
    );
}

#[test]
fn what_they_hold_opens_with_the_private_half() {
    let vectors: Vectors = read(FILE);
    for vector in vectors.boxes {
        let private = BoxKey::new(scalar(&vector.private)).unwrap();
        assert_eq!(base64url::encode(&private.public()), vector.public);
        let nonce = <[u8; 12]>::try_from(hex::decode(vector.nonce).unwrap()).unwrap();
        let (ephemeral, plaintext) = (scalar(&vector.ephemeral_private), vector.plaintext.bytes());
        let mut filling =
            drop_box::fill(&private.public(), &vector.header, ephemeral, nonce, &plaintext).unwrap();
        if let Some(ct) = &vector.locked.ct {
            filling = Filling {
                key: base64url::decode_array(&vector.ephemeral_public).unwrap(),
                nonce,
                ciphertext: base64url::decode(ct).unwrap(),
            };
        }
        assert_eq!(filling.sha256(), vector.filling_sha256);
        let opened = drop_box::open(&private, &vector.header, &filling).unwrap();
        assert_eq!(*opened, plaintext, "{}", vector.name);
        assert_eq!(
            BoxHeader::read(&vector.header).unwrap().canonical().unwrap(),
            vector.header
        );
    }
}

#[test]
fn a_byte_more_than_the_most_is_refused() {
    let vectors: Vectors = read(FILE);
    let (public, header) = (BoxKey::new([1; 32]).unwrap().public(), &vectors.boxes[0].header);
    assert_eq!(
        drop_box::fill(&public, header, [2; 32], [0; 12], &vec![0; vectors.most + 1]),
        Err(LockError::TooLarge {
            most: 16_384,
            found: 16_385
        })
    );
}
