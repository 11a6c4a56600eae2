//! Whatever strangers send is read or refused, and what is read has one spelling. Under `cargo test` the inputs are
//! random; `cargo bolero test` searches on.

use secrecy::ExposeSecret as _;

use crate::at_rest::{OpenError, SealedText, SealingKey, SealingKeys};
use crate::content::Content;
use crate::drop_box::{self, BoxKey, Filling};
use crate::header::{BoxHeader, Header};
use crate::path_id::PathId;
use crate::phrase::Phrase;
use crate::url::LinkUrl;

/// The input as it is, and the good text with the input written over it from some place on.
fn texts(good: &str, input: &[u8]) -> [String; 2] {
    let mut grafted = good.as_bytes().to_vec();
    if let Some((place, bytes)) = input.split_first() {
        let from = usize::from(*place) * grafted.len() / 256;
        let to = grafted.len().min(from + bytes.len());
        grafted.splice(from..to, bytes.iter().copied());
    }
    [input, &grafted].map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn header() -> String {
    let header = BoxHeader {
        v: 1,
        id: PathId([9; 16]),
        expires_at: 1,
        purpose: "a value".to_owned(),
        subject: "R-4QX".to_owned(),
    };
    header.canonical().unwrap()
}

#[test]
fn phrases() {
    bolero::check!().for_each(|input: &[u8]| {
        for text in texts("TR7K-09QF-MZ4C-W8XE", input) {
            if let Ok(phrase) = Phrase::typed(&text) {
                let shown = phrase.shown();
                let again = Phrase::typed(shown.expose_secret()).unwrap();
                assert_eq!(again.shown().expose_secret(), shown.expose_secret());
            }
        }
    });
}

#[test]
fn links() {
    let good = "https://ops.example.org/s/fhqPaDkURnB-gfGL96PF5Q#35hqPf3o2eLHL9SoYyn9_nto3xcJCiU-3KeCogGQcQ0";
    bolero::check!().for_each(|input: &[u8]| {
        for text in texts(good, input) {
            match LinkUrl::parse(&text) {
                Ok(url) => assert!(text.contains(url.shown().expose_secret())),
                Err(error) => assert!(!error.to_string().contains("35hqPf3o")),
            }
        }
    });
}

#[test]
fn sealed_texts() {
    let key = |digits: &str| SealingKey::of(&digits.repeat(32).into()).unwrap();
    let keys = SealingKeys::new(key("11"), vec![key("22")]);
    let sealed = keys.seal("what", [3; 12], b"s3cr3t");
    let good = sealed.text();
    bolero::check!().for_each(|input: &[u8]| {
        for text in texts(&good, input) {
            let Ok(read) = text.parse::<SealedText>() else {
                continue;
            };
            assert_eq!(read.text(), text);
            match keys.open("what", &read) {
                Ok(_) => assert_eq!(read, sealed),
                Err(OpenError::NoKey(id)) => assert!(!keys.ids().contains(&id)),
                Err(OpenError::Damaged) => assert_ne!(read, sealed),
            }
        }
    });
}

#[test]
fn fillings() {
    let (key, header) = (BoxKey::new([5; 32]).unwrap(), header());
    let filling = drop_box::fill(&key.public(), &header, [6; 32], [7; 12], b"s3cr3t").unwrap();
    let good = serde_json::to_string(&filling).unwrap();
    bolero::check!().for_each(|input: &[u8]| {
        for text in texts(&good, input) {
            let Ok(read) = serde_json::from_str::<Filling>(&text) else {
                continue;
            };
            let again = serde_json::to_string(&read).unwrap();
            assert_eq!(serde_json::from_str::<Filling>(&again).unwrap(), read);
            assert_eq!(drop_box::open(&key, &header, &read).is_ok(), read == filling);
        }
    });
}

#[test]
fn headers_and_contents() {
    let content = Content::one("DATABASE_URL", "s3cr3t".into()).to_bytes();
    let (header, content) = (header(), String::from_utf8(content.to_vec()).unwrap());
    bolero::check!().for_each(|input: &[u8]| {
        for text in texts(&header, input) {
            if let Ok(read) = BoxHeader::read(&text) {
                assert_eq!(BoxHeader::read(&read.canonical().unwrap()).unwrap(), read);
            }
            assert!(Header::read(&text).is_err());
        }
        for text in texts(&content, input) {
            if let Ok(read) = Content::from_bytes(text.as_bytes()) {
                let again = read.to_bytes();
                assert_eq!(*Content::from_bytes(&again).unwrap().to_bytes(), *again);
            }
        }
    });
}
