//! `vectors/link.json`.

use aws_lc_rs::hmac;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::{Ciphertext, Plaintext, bytes, pin, read};
use crate::content::{self, Content};
use crate::header::Header;
use crate::key::LinkKey;
use crate::link::{self, Keys, LockError};
use crate::path_id::PathId;
use crate::phrase::{Phrase, PhraseError, is_dropped, read as read_character};
use crate::proof::Proof as _;
use crate::url::{Kind, LinkUrl};
use crate::{base64url, envelope, kdf};

const FILE: &str = "link.json";

#[derive(Serialize, Deserialize)]
struct Vectors {
    about: Vec<String>,
    phrases: Phrases,
    links: Vec<Link>,
    most: usize,
}

#[derive(Serialize, Deserialize)]
struct Phrases {
    made: Vec<Made>,
    typed: Vec<Typed>,
    refused: Vec<Refused>,
    /// Every character that is dropped.
    dropped: String,
    /// Every other character that may be typed. All that is not here is in no phrase.
    read: Vec<Read>,
}

/// What may be typed for one character of a phrase.
#[derive(Serialize, Deserialize)]
struct Read {
    character: char,
    typed: String,
}

/// From random bytes (hex) to what people are shown.
#[derive(Serialize, Deserialize)]
struct Made {
    random: String,
    shown: String,
}

/// What people type, and the key material it stands for.
#[derive(Serialize, Deserialize)]
struct Typed {
    typed: String,
    phrase: String,
}

/// What is no phrase, and why.
#[derive(Serialize, Deserialize)]
struct Refused {
    typed: String,
    why: String,
}

/// One link with every value on the way. Ids, keys and ciphertexts are base64url, all other bytes hex.
#[expect(
    clippy::struct_field_names,
    reason = "they are the names that the protocol has"
)]
#[derive(Serialize, Deserialize)]
struct Link {
    name: String,
    url: String,
    id: String,
    key: String,
    phrase: String,
    rounds: u32,
    link: String,
    salt: String,
    pw: String,
    prk: String,
    enc: String,
    auth: String,
    link_digest: String,
    auth_digest: String,
    header: String,
    nonce: String,
    plaintext: Plaintext,
    padded: usize,
    locked: Ciphertext,
}

fn phrases() -> Phrases {
    let made = [[0; 10], [0xff; 10], bytes("a phrase"), bytes("another phrase")];
    let typed = [
        "TR7K-09QF-MZ4C-W8X1",
        "tr7k09qfmz4cw8x1",
        "  Tr7k O9qf\tmz4c W8xL \r\n",
        "TR7K\u{2013}O9QF\u{2014}MZ4C\u{2212}W8XI",
        "TR7K\u{a0}09QF\u{2011}MZ4C\u{ad}W8X1",
        "\u{feff}t\u{200b}r7k\u{3000}09qf\u{2028}mz4c\u{ff0d}\u{fe63}w8xi\u{2060}\u{85}",
        "oooo-iiii-llll-OIL0",
        "\u{ff34}\u{ff32}\u{ff17}\u{ff2b}\u{ff0d}o\u{ff19}qf\u{2e3a}\u{ff4d}z4c\u{58a}w8x\u{ff4c}",
    ];
    let refused = [
        "",
        " - \u{2014} ",
        "TR7K-09QF-MZ4C-W8X",
        "TR7K-09QF-MZ4C-W8X11",
        "TR7K-U9QF-MZ4C-W8X1",
        "TR7K-09QF-MZ4C-W8X\u{131}",
        "TR7K_09QF_MZ4C_W8X1",
        "\u{1d413}R7K-09QF-MZ4C-W8X1",
        "\u{212a}R7K-09QF-MZ4C-W8X1",
        "TR7K-09QF-MZ4C-W8X\u{b9}",
        "\u{1f511}R7K",
    ];
    Phrases {
        made: made
            .map(|random| Made {
                random: hex::encode(random),
                shown: Phrase::new(random).shown().expose_secret().to_owned(),
            })
            .into(),
        typed: typed
            .map(|typed| Typed {
                typed: typed.to_owned(),
                phrase: text(Phrase::typed(typed).unwrap().bytes()),
            })
            .into(),
        refused: refused
            .map(|typed| Refused {
                typed: typed.to_owned(),
                why: why(Phrase::typed(typed).unwrap_err()),
            })
            .into(),
        dropped: (char::MIN..=char::MAX)
            .filter(|character| is_dropped(*character))
            .collect(),
        read: (b'0'..=b'Z').filter_map(read_as).collect(),
    }
}

/// All that is read as this character; nothing if it is in no phrase.
fn read_as(wanted: u8) -> Option<Read> {
    let typed: String = (char::MIN..=char::MAX)
        .filter(|character| !is_dropped(*character) && read_character(*character) == Some(wanted))
        .collect();
    let character = char::from(wanted);
    (!typed.is_empty()).then_some(Read { character, typed })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn why(error: PhraseError) -> String {
    match error {
        PhraseError::Empty => "empty".to_owned(),
        PhraseError::Length { found } => format!("length {found}"),
        PhraseError::Character { place } => format!("character {place}"),
    }
}

fn header(name: &str, id: PathId) -> Header {
    let many = name == "content";
    Header {
        v: 1,
        id,
        expires_at: 1_767_225_600_000,
        mime: if many {
            content::MIME
        } else {
            "application/octet-stream"
        }
        .to_owned(),
        title: if many {
            "prod\u{2019}s DATABASE_URL \u{1f511} \"quoted\" </script>"
        } else {
            name
        }
        .to_owned(),
        from: "alice".to_owned(),
        access_id: many.then(|| "A-7F3K".to_owned()),
        request_digest: many.then(|| hex::encode(bytes::<32>("a plan"))),
        recipient: "bob".to_owned(),
    }
}

fn link(name: &str, typed: &str, plaintext: Plaintext) -> Link {
    let id = PathId(bytes(&format!("{name}/id")));
    let key = LinkKey::new(bytes(&format!("{name}/key")));
    let phrase = Phrase::typed(typed).unwrap();
    let pw = link::pw(&id, &key, &phrase, kdf::ROUNDS);
    let keys = Keys::of(&id, &key, &pw);
    let prk = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, id.as_bytes()),
        &[key.bytes().as_slice(), pw.as_slice()].concat(),
    );
    let header = header(name, id).canonical().unwrap();
    let nonce = bytes(&format!("{name}/nonce"));
    let locked = link::lock(header.clone(), &keys, nonce, &plaintext.bytes()).unwrap();
    let url = LinkUrl {
        base: "https://ops.example.org/".to_owned(),
        kind: Kind::Link,
        id,
        key: key.clone(),
    };
    Link {
        name: name.to_owned(),
        url: url.shown().expose_secret().to_owned(),
        id: id.to_string(),
        key: key.fragment().expose_secret().to_owned(),
        phrase: text(phrase.bytes()),
        rounds: kdf::ROUNDS.get(),
        link: hex::encode(keys.link.expose()),
        salt: hex::encode(link::salt(&id, &key)),
        pw: hex::encode(pw),
        prk: hex::encode(prk),
        enc: hex::encode(keys.enc()),
        auth: hex::encode(keys.auth.expose()),
        link_digest: locked.link.to_string(),
        auth_digest: locked.auth.to_string(),
        header,
        nonce: hex::encode(nonce),
        padded: envelope::padded(plaintext.bytes().len()),
        plaintext,
        locked: Ciphertext::of(&locked.ciphertext),
    }
}

#[test]
fn they_are_what_this_code_makes() {
    let content = Content::one(
        "DATABASE_URL",
        "mysql://th:p\u{e4}ss@db.example.org/th?ssl=1".into(),
    );
    let links = [
        (
            "content",
            "TR7K-09QF-MZ4C-W8X1",
            Plaintext::text(&text(&content.to_bytes())),
        ),
        ("empty", "0000-0000-0000-0000", Plaintext::text("")),
        ("1023 bytes", "ZZZZ-ZZZZ-ZZZZ-ZZZZ", Plaintext::seed(1023)),
        ("1024 bytes", "0123-4567-89AB-CDEF", Plaintext::seed(1024)),
        ("65535 bytes", "GHJK-MNPQ-RSTV-WXYZ", Plaintext::seed(65_535)),
        ("65536 bytes", "8Q2D-5N0H-YV3B-6KXT", Plaintext::seed(65_536)),
    ];
    let about = [
        "csl1, secret links. Written by the tests of bot/secrets (UPDATE_VECTORS=1), checked by check.mjs.",
        "id, key and ct are base64url without padding; all other bytes are hexadecimal.",
        "A plaintext is text (UTF-8), or the first `length` bytes of SHA-256(seed, n) for n = 0, 1, ... in 4 bytes, highest first.",
    ];
    pin(
        FILE,
        &Vectors {
            about: about.map(str::to_owned).into(),
            phrases: phrases(),
            links: links
                .map(|(name, typed, plaintext)| link(name, typed, plaintext))
                .into(),
            most: link::MOST,
        },
    );
}

#[test]
fn what_they_lock_opens_with_what_people_have() {
    let vectors: Vectors = read(FILE);
    for vector in vectors.links {
        let url = LinkUrl::parse(&vector.url).unwrap();
        assert_eq!(url.id.to_string(), vector.id);
        let keys = Keys::derive(&url.id, &url.key, &Phrase::typed(&vector.phrase).unwrap());
        assert_eq!(keys.link.digest(), vector.link_digest.parse().unwrap());
        assert_eq!(keys.auth.digest(), vector.auth_digest.parse().unwrap());
        let nonce = <[u8; 12]>::try_from(hex::decode(vector.nonce).unwrap()).unwrap();
        let ciphertext = match &vector.locked.ct {
            Some(ct) => base64url::decode(ct).unwrap(),
            None => {
                link::lock(vector.header.clone(), &keys, nonce, &vector.plaintext.bytes())
                    .unwrap()
                    .ciphertext
            }
        };
        assert_eq!(Ciphertext::of(&ciphertext), vector.locked);
        let opened = link::unlock(&vector.header, &keys, nonce, &ciphertext).unwrap();
        assert_eq!(*opened, vector.plaintext.bytes(), "{}", vector.name);
        assert_eq!(
            Header::read(&vector.header).unwrap().canonical().unwrap(),
            vector.header
        );
    }
}

#[test]
fn a_byte_more_than_the_most_is_refused() {
    let vectors: Vectors = read(FILE);
    let id = PathId([1; 16]);
    let keys = Keys::derive_in(
        std::num::NonZeroU32::MIN,
        &id,
        &LinkKey::new([2; 32]),
        &Phrase::new([3; 10]),
    );
    assert_eq!(
        link::lock(String::new(), &keys, [0; 12], &vec![0; vectors.most + 1]),
        Err(LockError::TooLarge {
            most: 65_536,
            found: 65_537
        })
    );
}
