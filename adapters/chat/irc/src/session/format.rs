//! The codes with which IRC clients make text bold or coloured.

use std::borrow::Cow;

/// The text without bold, italics, colours and the like.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(is_code) {
        return Cow::Borrowed(text);
    }
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(at) = rest.bytes().position(is_code) {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        rest = match rest.as_bytes()[at] {
            3 => without_colours(after, 2, u8::is_ascii_digit, 1),
            4 => without_colours(after, 6, u8::is_ascii_hexdigit, 6),
            _ => after,
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Bold, colour (two kinds), reset, monospace, reverse, italics, strike-through, underline.
fn is_code(byte: u8) -> bool {
    matches!(byte, 2 | 3 | 4 | 15 | 17 | 22 | 29 | 30 | 31)
}

/// What follows one colour, or two with a comma between.
fn without_colours(text: &str, most: usize, is_digit: fn(&u8) -> bool, least: usize) -> &str {
    let digits = |text: &str| {
        let found = text.bytes().take(most).take_while(is_digit).count();
        if found < least { 0 } else { found }
    };
    let first = digits(text);
    let rest = &text[first..];
    match rest.strip_prefix(',') {
        Some(second) if first > 0 && digits(second) > 0 => &second[digits(second)..],
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_words_are_left() {
        for (text, words) in [
            ("plain", "plain"),
            ("\u{2}!deploy\u{2} prod", "!deploy prod"),
            ("\u{3}4,12red\u{3} \u{3}04x", "red x"),
            ("\u{3}123", "3"),
            ("\u{3}4,x", ",x"),
            ("\u{3},5", ",5"),
            ("\u{4}ff0000hex\u{4}ab", "hexab"),
            ("a\u{f}\u{11}\u{16}\u{1d}\u{1e}\u{1f}b", "ab"),
        ] {
            assert_eq!(plain(text), words, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_code_is_left_and_nothing_panics(text in "[\\x00-\\x1f0-9,a-fé€]{0,40}") {
            prop_assert!(!plain(&text).bytes().any(is_code));
        }
    }
}
