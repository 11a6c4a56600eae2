//! What is sealed at rest.

use proptest::prelude::*;
use secrecy::SecretString;

use super::flip;
use crate::at_rest::{OpenError, SealedText, SealingKey, SealingKeys};

fn key(bytes: [u8; 32]) -> SealingKey {
    SealingKey::of(&SecretString::from(hex::encode(bytes))).unwrap()
}

proptest! {
    #[test]
    fn what_was_sealed_opens_as_what_it_is(
        bytes: [u8; 32], what: String, other: String, nonce: [u8; 12], plaintext: Vec<u8>, bit: prop::sample::Index,
    ) {
        prop_assume!(what != other);
        let keys = SealingKeys::new(key(bytes), vec![]);
        let sealed = keys.seal(&what, nonce, &plaintext);
        let stored: SealedText = serde_json::from_str(&serde_json::to_string(&sealed).unwrap()).unwrap();
        prop_assert_eq!(&stored, &sealed);
        prop_assert_eq!(&*keys.open(&what, &stored).unwrap(), &plaintext);
        prop_assert_eq!(keys.open(&other, &stored).err(), Some(OpenError::Damaged));

        // A changed character is no longer sealed text, or names another key, or is damaged.
        let text = sealed.text();
        if let Ok(changed) = String::from_utf8(flip(text.as_bytes(), bit.index(8 * text.len())))
            && let Ok(changed) = changed.parse::<SealedText>()
        {
            let expected = if changed.key_id() == sealed.key_id() {
                OpenError::Damaged
            } else {
                OpenError::NoKey(changed.key_id())
            };
            prop_assert_eq!(keys.open(&what, &changed).err(), Some(expected));
        }
    }

    #[test]
    fn a_rotated_key_opens_and_the_new_one_seals(old: [u8; 32], new: [u8; 32], nonce: [u8; 12], plaintext: Vec<u8>) {
        prop_assume!(key(old).id() != key(new).id());
        let before = SealingKeys::new(key(old), vec![]);
        let between = SealingKeys::new(key(new), vec![key(old), key(new), key(old)]);
        let after = SealingKeys::new(key(new), vec![]);
        prop_assert_eq!(between.ids(), vec![key(new).id(), key(old).id()]);
        prop_assert_eq!(between.current_id(), key(new).id());

        let sealed = before.seal("a", nonce, &plaintext);
        prop_assert_eq!(&*between.open("a", &sealed).unwrap(), &plaintext);
        prop_assert_eq!(after.open("a", &sealed).err(), Some(OpenError::NoKey(key(old).id())));

        let again = between.seal("a", nonce, &plaintext);
        prop_assert_eq!(again.key_id(), key(new).id());
        prop_assert_eq!(&*after.open("a", &again).unwrap(), &plaintext);
        prop_assert_eq!(before.open("a", &again).err(), Some(OpenError::NoKey(key(new).id())));
    }
}

/// Stores are older than programs.
#[test]
fn what_was_sealed_long_ago_opens() {
    let keys = SealingKeys::new(key([0x11; 32]), vec![]);
    let text = keys
        .seal("phrase/K7QM2X", [0x22; 12], b"TR7K-09QF-MZ4C-W8XE")
        .text();
    assert_eq!(
        text,
        "s1.af3b554d.IiIiIiIiIiIiIiIi.i6tF5yQALGDgndpjFTXiWUvusNIJCtIqovL1TftLmFnBMBw"
    );
    let sealed: SealedText = text.parse().unwrap();
    for other in [
        text.replace("af3b", "AF3B"),
        text.replace("s1", "s2"),
        format!("{text}."),
        format!("{text}="),
    ] {
        assert!(other.parse::<SealedText>().is_err(), "{other}");
    }
    assert_eq!(
        keys.open("phrase/K7QM2X", &sealed).unwrap().as_slice(),
        b"TR7K-09QF-MZ4C-W8XE"
    );
}

#[test]
fn what_is_sealed_prints_as_the_key_s_name_alone() {
    let keys = SealingKeys::new(key([0x11; 32]), vec![]);
    let sealed = keys.seal("a", [0; 12], b"s3cr3t");
    let name = format!("sealed with {}", keys.current_id());
    assert_eq!(format!("{sealed}"), name);
    assert_eq!(format!("{sealed:?}"), name);
    let error = OpenError::NoKey(keys.current_id()).to_string();
    assert!(error.contains(&keys.current_id().to_string()), "{error}");
}

#[test]
fn a_sealing_key_is_64_hexadecimal_digits_and_is_not_quoted() {
    let digits = "0f".repeat(32);
    let of = |text: &str| SealingKey::of(&SecretString::from(text));
    assert_eq!(
        of(&digits).unwrap().id(),
        of(&format!(" {}\n", digits.to_uppercase())).unwrap().id()
    );
    for wrong in [
        "",
        "0f0f",
        &digits[1..],
        &format!("{digits}0f"),
        &digits.replace('f', "g"),
    ] {
        let error = of(wrong).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a sealing key has 64 hexadecimal digits (openssl rand -hex 32 makes one)"
        );
    }
}
