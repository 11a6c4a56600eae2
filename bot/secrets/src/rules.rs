//! What must hold for any link, any drop box and anything sealed. PBKDF2 goes round once here: what it costs is no rule.

mod rest;
mod texts;

use std::num::NonZeroU32;

use proptest::prelude::*;

use crate::drop_box::{self, BoxKey, Filling, UnlockError};
use crate::header::{BoxHeader, Header};
use crate::key::LinkKey;
use crate::link::{self, Keys};
use crate::path_id::PathId;
use crate::phrase::Phrase;
use crate::proof::Proof as _;

/// What people hold, as bytes.
#[derive(Debug, Clone, PartialEq)]
struct Held {
    id: [u8; 16],
    key: [u8; 32],
    phrase: [u8; 10],
}

impl Held {
    fn keys(&self) -> Keys {
        let (key, phrase) = (LinkKey::new(self.key), Phrase::new(self.phrase));
        Keys::derive_in(NonZeroU32::MIN, &PathId(self.id), &key, &phrase)
    }

    /// How many bits it has.
    const BITS: usize = 8 * (16 + 32 + 10);

    /// The same but for one bit.
    fn flipped(&self, bit: usize) -> Self {
        let mut held = self.clone();
        match bit / 8 {
            byte @ 0..16 => held.id[byte] ^= 1 << (bit % 8),
            byte @ 16..48 => held.key[byte - 16] ^= 1 << (bit % 8),
            byte => held.phrase[byte - 48] ^= 1 << (bit % 8),
        }
        held
    }
}

fn held() -> impl Strategy<Value = Held> {
    any::<([u8; 16], [u8; 32], [u8; 10])>().prop_map(|(id, key, phrase)| Held { id, key, phrase })
}

fn header() -> impl Strategy<Value = String> {
    (
        any::<[u8; 16]>(),
        0..1_i64 << 53,
        any::<[String; 4]>(),
        any::<[Option<String>; 2]>(),
    )
        .prop_map(
            |(id, expires_at, [mime, title, from, recipient], [access_id, request_digest])| {
                let (v, id) = (1, PathId(id));
                let header = Header {
                    v,
                    id,
                    expires_at,
                    mime,
                    title,
                    from,
                    access_id,
                    request_digest,
                    recipient,
                };
                let text = header.canonical().unwrap();
                assert_eq!(Header::read(&text).unwrap(), header);
                text
            },
        )
}

fn box_header() -> impl Strategy<Value = String> {
    (any::<[u8; 16]>(), 0..1_i64 << 53, any::<[String; 2]>()).prop_map(
        |(id, expires_at, [purpose, subject])| {
            let header = BoxHeader {
                v: 1,
                id: PathId(id),
                expires_at,
                purpose,
                subject,
            };
            let text = header.canonical().unwrap();
            assert_eq!(BoxHeader::read(&text).unwrap(), header);
            text
        },
    )
}

fn flip(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// The header with one of its characters changed, dropped or doubled.
fn headers_like(header: &str) -> Vec<String> {
    let places = header
        .char_indices()
        .map(|(at, character)| (at, at + character.len_utf8(), character));
    places
        .flat_map(|(from, to, character)| {
            let with = |middle: &str| format!("{}{middle}{}", &header[..from], &header[to..]);
            let other = if character == 'x' { "y" } else { "x" };
            [with(other), with(""), with(&format!("x{character}"))]
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_locked_unlocks(
        held in held(), header in header(), nonce: [u8; 12], plaintext in prop::collection::vec(any::<u8>(), 0..5000),
    ) {
        let locked = link::lock(header.clone(), &held.keys(), nonce, &plaintext).unwrap();
        prop_assert_eq!(&locked.header, &header);
        prop_assert_eq!(locked.ciphertext.len() % 1024, 16);
        prop_assert!(locked.ciphertext.len() - 16 > plaintext.len());
        prop_assert!(locked.ciphertext.len() - 16 <= plaintext.len() + 1024);
        let opened = link::unlock(&header, &held.keys(), nonce, &locked.ciphertext).unwrap();
        prop_assert_eq!(&*opened, &plaintext);
        prop_assert!(locked.link.is_of(&held.keys().link) && locked.auth.is_of(&held.keys().auth));
    }

    #[test]
    fn any_changed_bit_keeps_it_locked(
        held in held(), header in header(), nonce: [u8; 12], plaintext: Vec<u8>, bit: prop::sample::Index,
    ) {
        let keys = held.keys();
        let locked = link::lock(header.clone(), &keys, nonce, &plaintext).unwrap();
        let refused = Some(UnlockError::Refused);
        let changed = flip(&locked.ciphertext, bit.index(8 * locked.ciphertext.len()));
        prop_assert_eq!(link::unlock(&header, &keys, nonce, &changed).err(), refused);
        let changed: [u8; 12] = flip(&nonce, bit.index(96)).try_into().unwrap();
        prop_assert_eq!(link::unlock(&header, &keys, changed, &locked.ciphertext).err(), refused);
        let changed = held.flipped(bit.index(Held::BITS)).keys();
        prop_assert_eq!(link::unlock(&header, &changed, nonce, &locked.ciphertext).err(), refused);
        let changed = bit.get(&headers_like(&header)).clone();
        prop_assert_eq!(link::unlock(&changed, &keys, nonce, &locked.ciphertext).err(), refused);
    }

    #[test]
    fn proofs_belong_to_one_id_one_key_and_one_phrase(held in held(), bit: prop::sample::Index) {
        let bit = bit.index(Held::BITS);
        let (keys, other) = (held.keys(), held.flipped(bit).keys());
        prop_assert!(!keys.auth.digest().is_of(&other.auth));
        // The link's proof says nothing about the phrase.
        let of_phrase = bit >= 8 * 48;
        prop_assert_eq!(keys.link.digest().is_of(&other.link), of_phrase);
        prop_assert_ne!(keys.link.expose(), keys.auth.expose());
        prop_assert_ne!(keys.enc(), keys.auth.expose());
        prop_assert_ne!(keys.enc(), other.enc());
    }

    #[test]
    fn what_was_put_into_a_box_comes_out_and_nothing_else(
        private: [u8; 32], ephemeral: [u8; 32], header in box_header(), nonce: [u8; 12],
        plaintext in prop::collection::vec(any::<u8>(), 0..3000), bit: prop::sample::Index,
    ) {
        let private = BoxKey::new(private).unwrap();
        let filling = drop_box::fill(&private.public(), &header, ephemeral, nonce, &plaintext).unwrap();
        prop_assert_eq!(&*drop_box::open(&private, &header, &filling).unwrap(), &plaintext);
        let json = serde_json::to_string(&filling).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Filling>(&json).unwrap(), &filling);

        let row = [filling.key.as_slice(), &filling.nonce, &filling.ciphertext].concat();
        let row = flip(&row, bit.index(8 * row.len()));
        let changed = Filling {
            key: row[..65].try_into().unwrap(),
            nonce: row[65..77].try_into().unwrap(),
            ciphertext: row[77..].to_vec(),
        };
        prop_assert!(drop_box::open(&private, &header, &changed).is_err());
        prop_assert_ne!(changed.digest(), filling.digest());
        let changed = bit.get(&headers_like(&header)).clone();
        prop_assert!(drop_box::open(&private, &changed, &filling).is_err());
        let mut other = *private.to_bytes();
        other[31] ^= 1;
        let other = BoxKey::new(other).unwrap();
        prop_assert_eq!(drop_box::open(&other, &header, &filling).err(), Some(UnlockError::Refused));
    }
}

/// Not a sample: each bit of everything that one link consists of.
#[test]
fn every_bit_of_a_link_counts() {
    let held = Held {
        id: [1; 16],
        key: [2; 32],
        phrase: [3; 10],
    };
    let (keys, nonce) = (held.keys(), [4; 12]);
    let header = r#"{"id":"AQEBAQEBAQEBAQEBAQEBAQ","title":"a \"password\""}"#;
    let locked = link::lock(header.to_owned(), &keys, nonce, b"s3cr3t").unwrap();
    let open = |header: &str, keys: &Keys, nonce, ciphertext: &[u8]| {
        link::unlock(header, keys, nonce, ciphertext).is_ok()
    };
    assert!(open(header, &keys, nonce, &locked.ciphertext));
    for bit in 0..8 * locked.ciphertext.len() {
        assert!(
            !open(header, &keys, nonce, &flip(&locked.ciphertext, bit)),
            "bit {bit} of the ciphertext"
        );
    }
    for bit in 0..96 {
        let nonce = flip(&nonce, bit).try_into().unwrap();
        assert!(
            !open(header, &keys, nonce, &locked.ciphertext),
            "bit {bit} of the nonce"
        );
    }
    for bit in 0..Held::BITS {
        assert!(
            !open(header, &held.flipped(bit).keys(), nonce, &locked.ciphertext),
            "bit {bit} of what is held"
        );
    }
    for header in headers_like(header) {
        assert!(!open(&header, &keys, nonce, &locked.ciphertext), "{header}");
    }
}

#[test]
fn what_is_not_as_long_as_a_ciphertext_is_not_tried() {
    let held = Held {
        id: [1; 16],
        key: [2; 32],
        phrase: [3; 10],
    };
    for length in [0, 1, 15, 16, 17, 1023, 1024, 1039, 1041, 16 + 1024 * 66] {
        let error = link::unlock("{}", &held.keys(), [0; 12], &vec![0; length]).unwrap_err();
        assert_eq!(error, UnlockError::Length, "{length}");
    }
    for length in [1040, 16 + 1024 * 65] {
        let error = link::unlock("{}", &held.keys(), [0; 12], &vec![0; length]).unwrap_err();
        assert_eq!(error, UnlockError::Refused, "{length}");
    }
}

#[test]
fn numbers_that_are_no_key_of_the_curve_are_refused() {
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: [u8; 32] = hex::decode(ORDER).unwrap().try_into().unwrap();
    let (mut less, mut more) = (order, order);
    less[31] -= 1;
    more[31] += 1;
    for refused in [[0; 32], order, more, [0xff; 32]] {
        assert!(BoxKey::new(refused).is_err(), "{}", hex::encode(refused));
    }
    let key = BoxKey::new(less).unwrap();
    assert_eq!((*key.to_bytes(), key.public()[0]), (less, 4));
}

#[test]
fn a_form_s_key_must_be_a_point_of_the_curve() {
    let key = BoxKey::new([5; 32]).unwrap();
    let header = BoxHeader {
        v: 1,
        id: PathId([1; 16]),
        expires_at: 0,
        purpose: String::new(),
        subject: String::new(),
    };
    let header = header.canonical().unwrap();
    let good = drop_box::fill(&key.public(), &header, [6; 32], [7; 12], b"s3cr3t").unwrap();
    let mut hybrid = good.key;
    hybrid[0] = 6 | (good.key[64] & 1);
    let mut off = good.key;
    off[64] ^= 1;
    let mut zero = [0; 65];
    zero[0] = 4;
    for bad in [hybrid, off, zero, [0; 65], [0xff; 65]] {
        let filling = Filling {
            key: bad,
            ..good.clone()
        };
        assert_eq!(
            drop_box::open(&key, &header, &filling).unwrap_err(),
            UnlockError::PublicKey
        );
        let error = drop_box::fill(&bad, &header, [6; 32], [7; 12], b"").unwrap_err();
        assert_eq!(error, drop_box::LockError::PublicKey);
    }
    assert_eq!(
        drop_box::open(&key, "{}", &good).unwrap_err(),
        UnlockError::Header
    );
}
