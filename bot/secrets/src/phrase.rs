//! The pass phrase: 80 random bits that people can read out, and type from a telephone.

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::unprintable;

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many characters a phrase has, hyphens aside.
const LENGTH: usize = 16;

/// `P`: 16 characters of Crockford's base 32. Key material is their ASCII, in upper case, without hyphens.
#[derive(Clone)]
pub struct Phrase(Zeroizing<[u8; LENGTH]>);

unprintable!(Phrase);

/// What is wrong with what was typed. It never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// Nothing but spaces and hyphens.
    #[error("no phrase was typed")]
    Empty,
    /// Too few or too many characters, spaces and hyphens aside.
    #[error("a phrase has 16 characters, and this one has {found}")]
    Length {
        /// How many there were.
        found: usize,
    },
    /// A character that stands in no phrase.
    #[error(
        "character {place} stands in no phrase: they are made of digits and of the letters A to Z without U"
    )]
    Character {
        /// Which one, from 1, spaces and hyphens aside.
        place: usize,
    },
}

impl Phrase {
    /// The phrase of these random bytes: 5 bits a character, the highest first.
    pub fn new(random: [u8; 10]) -> Self {
        let random = Zeroizing::new(random);
        let mut text = Zeroizing::new([0; LENGTH]);
        for (bytes, text) in random.chunks_exact(5).zip(text.chunks_exact_mut(8)) {
            let bits = bytes
                .iter()
                .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for (place, character) in text.iter_mut().enumerate() {
                let five = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or_default();
                *character = ALPHABET[five];
            }
        }
        Self(text)
    }

    /// As people are shown it: `TR7K-09QF-MZ4C-W8XE`.
    pub fn shown(&self) -> SecretString {
        let mut text = String::with_capacity(LENGTH + 3);
        for (place, byte) in self.0.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(*byte));
        }
        SecretString::from(text)
    }

    /// The phrase that somebody typed: in any case, of usual or full width, with any spaces and hyphens; `O` is `0`, `I`
    /// and `L` are `1`.
    pub fn typed(text: &str) -> Result<Self, PhraseError> {
        let mut phrase = Zeroizing::new([0; LENGTH]);
        let mut found = 0;
        for character in text.chars().filter(|character| !is_dropped(*character)) {
            found += 1;
            let read = read(character).ok_or(PhraseError::Character { place: found })?;
            if let Some(place) = phrase.get_mut(found - 1) {
                *place = read;
            }
        }
        match found {
            LENGTH => Ok(Self(phrase)),
            0 => Err(PhraseError::Empty),
            found => Err(PhraseError::Length { found }),
        }
    }

    /// The key material.
    pub(crate) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

/// Spaces, hyphens and what cannot be seen. The page of links has the same list: the vectors hold it, and their check
/// compares both.
pub(crate) fn is_dropped(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '\u{ad}' | '\u{58a}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}'
                | '\u{2e3a}' | '\u{2e3b}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
                | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

/// The character of the alphabet that was meant.
pub(crate) fn read(character: char) -> Option<u8> {
    let byte = u8::try_from(narrow(character)).ok()?.to_ascii_uppercase();
    let byte = match byte {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.contains(&byte).then_some(byte)
}

/// Letters and digits of full width, as keyboards for Japanese and Chinese type them, in their usual width.
fn narrow(character: char) -> char {
    match character {
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn normal(text: &str) -> Result<String, PhraseError> {
        Phrase::typed(text).map(|phrase| phrase.shown().expose_secret().to_owned())
    }

    #[test]
    fn eighty_bits_are_sixteen_characters() {
        let shown = |random| Phrase::new(random).shown().expose_secret().to_owned();
        assert_eq!(shown([0; 10]), "0000-0000-0000-0000");
        assert_eq!(shown([0xff; 10]), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(
            shown([0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]),
            "0123-4567-89AB-CDEF"
        );
    }

    #[test]
    fn a_phrase_may_be_typed_in_many_ways() {
        for typed in [
            "TR7K-09QF-MZ4C-W8X1",
            "tr7k09qfmz4cw8x1",
            " tr7k o9qf\tmz4c w8xl\n",
            "TR7K–O9QF—MZ4C−W8XI",
            "t r 7 k 0 9 q f m z 4 c w 8 x i",
            "\u{200b}TR7K\u{a0}09QF\u{2011}MZ4C\u{ad}W8X1\u{feff}",
            "ＴＲ７Ｋ－０９ＱＦ－ｍｚ４ｃ－ｗ８ｘｌ",
        ] {
            assert_eq!(normal(typed).as_deref(), Ok("TR7K-09QF-MZ4C-W8X1"), "{typed}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_phrase() {
        assert_eq!(normal(" - "), Err(PhraseError::Empty));
        assert_eq!(
            normal("TR7K-09QF-MZ4C-W8X"),
            Err(PhraseError::Length { found: 15 })
        );
        assert_eq!(
            normal("TR7K-09QF-MZ4C-W8XEE"),
            Err(PhraseError::Length { found: 17 })
        );
        let error = normal("TR7K-U9QF-MZ4C-W8XE").unwrap_err();
        assert_eq!(error, PhraseError::Character { place: 5 });
        assert_eq!(
            error.to_string(),
            "character 5 stands in no phrase: they are made of digits and of the letters A to Z without U"
        );
        assert_eq!(
            normal("ſR7K-09QF-MZ4C-W8XE"),
            Err(PhraseError::Character { place: 1 })
        );
        assert_eq!(format!("{:?}", Phrase::new([1; 10])), "Phrase");
    }
}
