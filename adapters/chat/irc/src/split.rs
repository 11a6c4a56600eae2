//! Where a line that is too long for the network is cut. Lengths are bytes, as servers count them; InspIRCd drops what
//! is over in silence, ngircd closes the connection.

use unicode_segmentation::{GraphemeCursor, GraphemeIncomplete};

/// A character is at most this long, so every piece can have one.
const LONGEST_CHAR: usize = 4;

/// How many bytes of the text are said first if a line takes `limit` of them: up to the end of a word with the spaces
/// behind it, else of what is read as one character, else of a code point. Nothing is left out: the next piece begins
/// where this one ends. Nothing only if the text is empty.
pub(crate) fn first_piece(text: &str, limit: usize) -> usize {
    let limit = limit.max(LONGEST_CHAR);
    if text.len() <= limit {
        return text.len();
    }
    let end = text.floor_char_boundary(limit);
    word_end(text, end).unwrap_or_else(|| grapheme_end(text, end))
}

/// The last place up to `end` that follows a space. The indentation belongs to the first word.
fn word_end(text: &str, end: usize) -> Option<usize> {
    let indentation = text.len() - text.trim_start_matches(' ').len();
    let cut = text[..end].rfind(' ')? + 1;
    (cut > indentation).then_some(cut)
}

/// The last grapheme boundary up to `end`, or `end` if one grapheme is longer than the line.
fn grapheme_end(text: &str, end: usize) -> usize {
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    let boundary: Result<Option<usize>, GraphemeIncomplete> = match cursor.is_boundary(text, 0) {
        Ok(true) => Ok(Some(end)),
        _ => cursor.prev_boundary(text, 0),
    };
    match boundary {
        Ok(Some(cut)) if cut > 0 => cut,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation as _;

    use super::*;

    fn pieces(mut text: &str, limit: usize) -> Vec<&str> {
        let mut pieces = Vec::new();
        while !text.is_empty() {
            let (piece, rest) = text.split_at(first_piece(text, limit));
            pieces.push(piece);
            text = rest;
        }
        pieces
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(pieces("deploy prod: done", 17), ["deploy prod: done"]);
        assert_eq!(pieces("deploy prod: done", 16), ["deploy prod: ", "done"]);
        assert_eq!(pieces("deploy prod: done", 13), ["deploy prod: ", "done"]);
        assert_eq!(pieces("deploy prod: done", 12), ["deploy ", "prod: done"]);
        assert_eq!(pieces("three   spaces", 6), ["three ", "  spac", "es"]);
    }

    #[test]
    fn indentation_stays_with_its_word() {
        assert_eq!(pieces("    8d07be4", 8), ["    8d07", "be4"]);
        assert_eq!(pieces("  code  8d07be4", 9), ["  code  ", "8d07be4"]);
    }

    #[test]
    fn what_is_read_as_one_character_stays_whole() {
        // A flag is two code points of four bytes, a family three with joiners in between.
        assert_eq!(pieces("🇩🇪🇫🇷", 15), ["🇩🇪", "🇫🇷"]);
        assert_eq!(pieces("e\u{301}e\u{301}", 5), ["e\u{301}", "e\u{301}"]);
        assert_eq!(pieces("日本語です", 8), ["日本", "語で", "す"]);
        assert_eq!(
            pieces("👩‍👩‍👧", 8),
            ["👩\u{200d}", "👩\u{200d}", "👧"],
            "longer than the line"
        );
    }

    #[test]
    fn a_limit_that_no_character_fits_in_is_taken_for_one_that_does() {
        assert_eq!(pieces("🇩🇪", 0), ["🇩", "🇪"]);
    }

    fn whole(text: &str, cut: usize, limit: usize) -> bool {
        let boundary = text.grapheme_indices(true).any(|(at, _)| at == cut);
        boundary || text.graphemes(true).any(|grapheme| grapheme.len() > limit)
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "[ a-c]{0,200}|\\PC{0,200}|(🇩🇪|e\u{301}| |日|👩‍👩‍👧){0,60}", limit in 4..80_usize) {
            let pieces = pieces(&text, limit);
            prop_assert_eq!(pieces.concat(), text.clone());
            let mut cut = 0;
            for piece in &pieces {
                prop_assert!(!piece.is_empty() && piece.len() <= limit);
                cut += piece.len();
                prop_assert!(cut == text.len() || piece.ends_with(' ') || whole(&text, cut, limit));
            }
        }

        #[test]
        fn no_piece_is_cut_inside_a_word_that_fits(words in prop::collection::vec("[a-z]{1,20}", 1..40)) {
            let text = words.join(" ");
            let said: Vec<String> = pieces(&text, 21)
                .iter()
                .flat_map(|piece| piece.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .collect();
            prop_assert_eq!(said, words);
        }
    }
}
