//! What people type and paste, and what must not be printed.

use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::Held;
use crate::at_rest::{SealingKey, SealingKeys};
use crate::drop_box::BoxKey;
use crate::header::{BoxHeader, Header, HeaderError};
use crate::key::LinkKey;
use crate::path_id::PathId;
use crate::phrase::{Phrase, PhraseError};
use crate::proof::{AuthProof, LinkProof};
use crate::url::{Kind, LinkUrl, LinkUrlError};

fn shown(phrase: &Phrase) -> String {
    phrase.shown().expose_secret().to_owned()
}

/// Characters that people and their programs put between those of a phrase.
const BETWEEN: &[char] = &[
    ' ', '\t', '\n', '-', '\u{a0}', '\u{ad}', '\u{2011}', '\u{2014}', '\u{200b}', '\u{feff}',
];

/// The phrase as a person could type it: another case, look-alikes, anything in between.
fn as_typed(text: &str, choices: &[u8]) -> String {
    let mut typed = String::new();
    for (character, choice) in text.chars().filter(|character| *character != '-').zip(choices) {
        typed.push(match (character, choice % 4) {
            ('0', 1) => 'O',
            ('0', 2) => 'o',
            ('1', 1) => 'I',
            ('1', 2) => 'l',
            ('1', 3) => 'i',
            (other, 1) => other.to_ascii_lowercase(),
            (other, _) => other,
        });
        if let Some(between) = BETWEEN.get(usize::from(choice / 4)) {
            typed.push(*between);
        }
    }
    typed
}

/// Any text at all, or one that looks like what is wanted.
fn any_or(pattern: &'static str) -> impl Strategy<Value = String> {
    let any =
        prop::collection::vec(any::<char>(), 0..40).prop_map(|characters| characters.into_iter().collect());
    prop_oneof![any, pattern]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_phrase_is_known_however_it_is_typed(random: [u8; 10], choices: [u8; 16]) {
        let phrase = Phrase::new(random);
        let typed = as_typed(&shown(&phrase), &choices);
        let read = Phrase::typed(&typed).unwrap();
        prop_assert_eq!(read.bytes(), phrase.bytes(), "{}", typed);
    }

    #[test]
    fn two_phrases_are_never_taken_for_one(one: [u8; 10], other: [u8; 10]) {
        prop_assert_eq!(one == other, Phrase::new(one).bytes() == Phrase::new(other).bytes());
    }

    #[test]
    fn any_text_is_a_phrase_or_is_not_and_a_phrase_stays_the_same(text in any_or("[0-9A-Za-z-]{14,20}")) {
        match Phrase::typed(&text) {
            Ok(phrase) => {
                let again = Phrase::typed(&shown(&phrase)).unwrap();
                prop_assert_eq!(again.bytes(), phrase.bytes());
                prop_assert!(phrase.bytes().iter().all(|byte| byte.is_ascii_digit()
                    || byte.is_ascii_uppercase() && !b"ILOU".contains(byte)));
            }
            Err(PhraseError::Length { found }) => prop_assert!(found != 16 && found <= text.chars().count()),
            Err(PhraseError::Character { place }) => prop_assert!((1..=text.chars().count()).contains(&place)),
            Err(PhraseError::Empty) => prop_assert!(!text.chars().any(|character| character.is_ascii_alphanumeric())),
        }
    }

    #[test]
    fn a_link_is_read_as_it_was_shown(
        base in "https?://[a-z][a-z0-9.-]{0,20}(:[0-9]{1,5})?/([a-z~_]{1,8}/){0,2}", is_box: bool,
        id: [u8; 16], key: [u8; 32], around in "[ \n\t<>\"'`]{0,3}",
    ) {
        let kind = if is_box { Kind::Box } else { Kind::Link };
        let url = LinkUrl { base, kind, id: PathId(id), key: LinkKey::new(key) };
        let shown = url.shown();
        let read = LinkUrl::parse(&format!("{around}{}{around}", shown.expose_secret())).unwrap();
        let again = read.shown();
        prop_assert_eq!(again.expose_secret(), shown.expose_secret());
        prop_assert_eq!((&read.base, read.kind, read.id), (&url.base, kind, url.id));
        prop_assert_eq!(read.key.bytes(), &key);
    }

    #[test]
    fn any_text_is_a_link_or_is_not(text in any_or("https?://[a-z@:/?#.]{0,20}/[sd]/[A-Za-z]{21}[AQgw]#[A-Za-z_-]{42}[AEIM]")) {
        if let Ok(url) = LinkUrl::parse(&text) {
            let shown = url.shown();
            let again = LinkUrl::parse(shown.expose_secret()).unwrap().shown();
            prop_assert_eq!(again.expose_secret(), shown.expose_secret());
            prop_assert!(text.contains(shown.expose_secret()));
        }
    }
}

const ID: &str = "fhqPaDkURnB-gfGL96PF5Q";
const KEY: &str = "35hqPf3o2eLHL9SoYyn9_nto3xcJCiU-3KeCogGQcQ0";

#[test]
fn what_is_wrong_with_a_link_is_said_without_it() {
    let address = Err(LinkUrlError::Address);
    for (text, expected) in [
        (" \n".to_owned(), Err(LinkUrlError::Empty)),
        (format!("ops.example.org/s/{ID}#{KEY}"), address),
        (format!("ftp://ops.example.org/s/{ID}#{KEY}"), address),
        (format!("https://alice@ops.example.org/s/{ID}#{KEY}"), address),
        (format!("https://ops.example.org\\@evil/s/{ID}#{KEY}"), address),
        (format!("https://ops.example.org/?x=/s/{ID}#{KEY}"), address),
        (format!("https:///s/{ID}#{KEY}"), address),
        (
            format!("https://ops.example.org/x/{ID}#{KEY}"),
            Err(LinkUrlError::Path),
        ),
        (
            format!("https://ops.example.org/ss/{ID}#{KEY}"),
            Err(LinkUrlError::Path),
        ),
        (
            format!("https://ops.example.org/s/{}#{KEY}", &ID[1..]),
            Err(LinkUrlError::Path),
        ),
        (
            format!("https://ops.example.org/s/{ID}/#{KEY}"),
            Err(LinkUrlError::Path),
        ),
        ("https://ops.example.org".to_owned(), Err(LinkUrlError::Path)),
        (
            format!("https://ops.example.org/s/{ID}"),
            Err(LinkUrlError::NoKey),
        ),
        (
            format!("https://ops.example.org/s/{ID}#"),
            Err(LinkUrlError::NoKey),
        ),
        (
            format!("HTTPS://Ops.example.org:8443/bot/d/{ID}#{KEY}"),
            Ok(Kind::Box),
        ),
        (format!("<https://ops.example.org/s/{ID}#{KEY}>"), Ok(Kind::Link)),
        (format!("“http://[::1]:8080/s/{ID}#{KEY}”"), Ok(Kind::Link)),
    ] {
        let read = LinkUrl::parse(&text);
        assert_eq!(
            read.as_ref().map(|url| url.kind).map_err(|error| *error),
            expected,
            "{text}"
        );
        let said = match read {
            Ok(url) => format!("{url:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!said.contains(&KEY[..8]), "{said}");
    }
    let error = LinkUrl::parse(&format!("https://ops.example.org/s/{ID}#{}", &KEY[1..])).unwrap_err();
    assert!(matches!(error, LinkUrlError::Key(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains(&KEY[4..12]));
}

#[test]
fn a_base_without_its_slash_gets_one() {
    let (id, key) = (ID.parse().unwrap(), LinkKey::parse(KEY).unwrap());
    let url = LinkUrl {
        base: "https://ops.example.org".to_owned(),
        kind: Kind::Link,
        id,
        key,
    };
    assert_eq!(
        url.shown().expose_secret(),
        format!("https://ops.example.org/s/{ID}#{KEY}")
    );
}

#[test]
fn secret_types_print_their_names() {
    let held = Held {
        id: [1; 16],
        key: [2; 32],
        phrase: [3; 10],
    };
    let keys = held.keys();
    let sealing = SealingKey::of(&"0f".repeat(32).into()).unwrap();
    for (printed, name) in [
        (format!("{:?}", LinkKey::new([2; 32])), "LinkKey"),
        (format!("{:?}", Phrase::new([3; 10])), "Phrase"),
        (format!("{:?}", keys.link), "LinkProof"),
        (format!("{:?}", keys.auth), "AuthProof"),
        (format!("{keys:?}"), "Keys"),
        (format!("{:?}", BoxKey::new([5; 32]).unwrap()), "BoxKey"),
        (format!("{sealing:?}"), "SealingKey"),
        (
            format!("{:?}", SealingKeys::new(sealing.clone(), vec![])),
            "SealingKeys",
        ),
    ] {
        assert_eq!(printed, name);
    }
}

#[test]
fn proofs_travel_as_text_and_their_digests_too() {
    let keys = Held {
        id: [1; 16],
        key: [2; 32],
        phrase: [3; 10],
    }
    .keys();
    let (link, auth) = (keys.link.text(), keys.auth.text());
    let read: LinkProof = serde_json::from_str(&format!("\"{}\"", link.expose_secret())).unwrap();
    assert!(keys.link.digest().is_of(&read));
    let read = AuthProof::parse(auth.expose_secret()).unwrap();
    assert!(keys.auth.digest().is_of(&read));
    assert!(!keys.link.digest().is_of(&read));
    let digest = serde_json::to_string(&keys.auth.digest()).unwrap();
    assert_eq!(digest, format!("\"{}\"", keys.auth.digest()));
    assert_eq!(
        serde_json::from_str::<crate::proof::ProofDigest>(&digest).unwrap(),
        keys.auth.digest()
    );
    let error = serde_json::from_str::<AuthProof>(r#""s3cr3t-canary""#).unwrap_err();
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[test]
fn headers_of_other_versions_and_other_shapes_are_not_read() {
    let header = BoxHeader {
        v: 1,
        id: ID.parse().unwrap(),
        expires_at: 9,
        purpose: "p".to_owned(),
        subject: "s".to_owned(),
    };
    let text = header.canonical().unwrap();
    assert_eq!(
        text,
        format!(r#"{{"expires_at":9,"id":"{ID}","purpose":"p","subject":"s","v":1}}"#)
    );
    let version = BoxHeader::read(&text.replace("\"v\":1", "\"v\":2"));
    assert!(matches!(version, Err(HeaderError::Version(2))));
    let more = BoxHeader::read(&text.replace("\"v\":1", "\"v\":1,\"w\":1"));
    assert!(matches!(more, Err(HeaderError::Shape(_))));
    assert!(matches!(Header::read(&text), Err(HeaderError::Shape(_))));
    let late = BoxHeader {
        expires_at: i64::MAX,
        ..header
    };
    assert!(matches!(late.canonical(), Err(HeaderError::Time)));
}
