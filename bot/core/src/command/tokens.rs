//! Splits a command line into tokens. The rules are a shell's with everything left out that chat does not need:
//! quotes group words, a backslash makes a quote or a space ordinary, and nothing else has a meaning (`$`, `` ` ``
//! and `;` are letters like any other). What keyboards and phones make of quotes, dashes and spaces is undone:
//!
//! - `“ ” „ « »` are double quotes; `‘ ’ ‚` are single quotes. What was opened by a straight quote is closed by it
//!   alone, so that a quotation can hold the other kinds.
//! - A single quote opens at the start of a word (or after `=`) and closes at the end of one: everywhere else it is
//!   an apostrophe.
//! - A long dash at the start of a word is `--` (`—ref`, `– ls`), before a digit or a single letter it is `-`.
//! - Every kind of space ends a word; characters without a width are dropped.
//!
//! Between quotes every character is kept.

use std::borrow::Cow;
use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

use crate::refusal::Refusal;
use crate::text::{clip, visible};

/// One word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it says, without its quotes.
    pub text: Cow<'a, str>,
    /// The bytes of the line that it was made from.
    pub at: Range<usize>,
}

impl Token<'_> {
    /// What it says, without its quotes.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<'a> From<&'a str> for Token<'a> {
    /// A word that is a line by itself.
    fn from(word: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(word),
            at: 0..word.len(),
        }
    }
}

/// A line that is not a sequence of words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A quotation does not end.
    #[error("the quote that opens here is never closed: {shown}")]
    Unclosed {
        /// The byte of the line at which it opens.
        at: usize,
        /// The line from there on.
        shown: String,
    },
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::new(error.to_string()).hint("Close it, or put \\ before it if it is an ordinary character.")
    }
}

/// The words of a line.
pub fn split(line: &str) -> Result<Vec<Token<'_>>, TokenError> {
    let mut tokens = Vec::with_capacity(4);
    let mut next = 0;
    while let Some(skipped) = line[next..].find(|c: char| !c.is_whitespace() && !is_zero_width(c)) {
        let start = next + skipped;
        let plain = line[start..]
            .find(|c: char| !is_plain(c))
            .map_or(line.len(), |found| start + found);
        let ends = line[plain..].chars().next().is_none_or(char::is_whitespace);
        let token = if ends {
            Token {
                text: Cow::Borrowed(&line[start..plain]),
                at: start..plain,
            }
        } else {
            let (text, end) = Word::new(line, start).read()?;
            Token {
                text: Cow::Owned(text),
                at: start..end,
            }
        };
        next = token.at.end;
        tokens.push(token);
    }
    Ok(tokens)
}

/// The text as one word of a command line: quoted if that is needed. [`split`] gives it back.
pub fn quote(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

/// Characters that mean themselves wherever they stand.
fn is_plain(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\')
}

fn is_double(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»')
}

fn is_single(c: char) -> bool {
    matches!(c, '\'' | '‘' | '’' | '‚' | '‛' | '‹' | '›')
}

/// Dashes other than the one on the keyboard.
fn is_long_dash(c: char) -> bool {
    matches!(c, '‐' | '‑' | '‒' | '–' | '—' | '―' | '−')
}

fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{180E}'
    )
}

/// A word that has something special in it.
struct Word<'a> {
    line: &'a str,
    start: usize,
    rest: Peekable<CharIndices<'a>>,
    text: String,
}

impl<'a> Word<'a> {
    fn new(line: &'a str, start: usize) -> Self {
        Self {
            line,
            start,
            rest: line[start..].char_indices().peekable(),
            text: String::new(),
        }
    }

    /// The word, and where it ends.
    fn read(mut self) -> Result<(String, usize), TokenError> {
        self.dashes();
        let mut opens = self.text.is_empty();
        while let Some((at, c)) = self.rest.next_if(|(_, c)| !c.is_whitespace()) {
            match c {
                '\\' => self.escape(|next| is_double(next) || is_single(next) || next.is_whitespace()),
                _ if is_double(c) => self.double(at, c)?,
                _ if is_single(c) && opens => self.single(at, c)?,
                '‘' | '’' => self.text.push('\''),
                _ if is_zero_width(c) => continue,
                _ => self.text.push(c),
            }
            opens = c == '=';
        }
        let end = self
            .rest
            .peek()
            .map_or(self.line.len(), |(at, _)| self.start + at);
        Ok((self.text, end))
    }

    /// Long dashes that begin the word become the short ones that were meant.
    fn dashes(&mut self) {
        let word = &self.line[self.start..];
        let after = word.trim_start_matches(|c| c == '-' || is_long_dash(c));
        if !word[..word.len() - after.len()].contains(is_long_dash) {
            return;
        }
        while self
            .rest
            .next_if(|(_, c)| *c == '-' || is_long_dash(*c))
            .is_some()
        {}
        let mut chars = after.chars();
        let (first, second) = (chars.next(), chars.next());
        let short = first.is_some_and(|c| {
            c.is_ascii_digit() || c.is_alphabetic() && second.is_none_or(char::is_whitespace)
        });
        self.text.push_str(if short { "-" } else { "--" });
    }

    /// After a backslash: the next character as it is, if it is one that can be escaped; else the backslash.
    fn escape(&mut self, special: impl Fn(char) -> bool) {
        let c = self
            .rest
            .next_if(|(_, next)| special(*next))
            .map_or('\\', |(_, next)| next);
        self.text.push(c);
    }

    fn double(&mut self, open_at: usize, open: char) -> Result<(), TokenError> {
        while let Some((_, c)) = self.rest.next() {
            match c {
                '\\' => self.escape(|next| next == '\\' || is_double(next)),
                _ if is_double(c) && (open != '"' || c == '"') => return Ok(()),
                _ => self.text.push(c),
            }
        }
        Err(self.unclosed(open_at))
    }

    fn single(&mut self, open_at: usize, open: char) -> Result<(), TokenError> {
        while let Some((_, c)) = self.rest.next() {
            let ends_word = self.rest.peek().is_none_or(|(_, next)| next.is_whitespace());
            if ends_word && is_single(c) && (open != '\'' || c == '\'') {
                return Ok(());
            }
            self.text.push(c);
        }
        Err(self.unclosed(open_at))
    }

    fn unclosed(&self, open_at: usize) -> TokenError {
        let at = self.start + open_at;
        TokenError::Unclosed {
            at,
            shown: clip(&visible(&self.line[at..]), 40).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line)
            .unwrap()
            .into_iter()
            .map(|token| token.text.into_owned())
            .collect()
    }

    #[test]
    fn quotes_group_words() {
        assert_eq!(
            words(r#"rollback prod --reason "500s on /api""#),
            ["rollback", "prod", "--reason", "500s on /api"]
        );
        assert_eq!(
            words(r#"--note="fix: bug" 'two words' """#),
            ["--note=fix: bug", "two words", ""]
        );
        assert_eq!(words(r#""say \"hi\" \\ \n""#), [r#"say "hi" \ \n"#]);
        assert_eq!(words(r#"5\" disk\ full \'tis"#), ["5\"", "disk full", "'tis"]);
    }

    #[test]
    fn an_apostrophe_is_a_letter() {
        assert_eq!(words("deny R-1 that's wrong"), ["deny", "R-1", "that's", "wrong"]);
        assert_eq!(
            words("deny R-1 that\u{2019}s wrong"),
            ["deny", "R-1", "that's", "wrong"]
        );
        assert_eq!(words("deny R-1 'that's wrong'"), ["deny", "R-1", "that's wrong"]);
        assert_eq!(
            words("--reason='it isn't' bobs' x"),
            ["--reason=it isn't", "bobs'", "x"]
        );
    }

    #[test]
    fn what_keyboards_make_of_quotes_and_dashes_is_undone() {
        assert_eq!(
            words("a \u{201C}b c\u{201D} \u{201E}d e\u{201C} \u{AB}f g\u{BB}"),
            ["a", "b c", "d e", "f g"]
        );
        assert_eq!(
            words("\u{2018}b c\u{2019} x=\u{2018}d e\u{2019}"),
            ["b c", "x=d e"]
        );
        assert_eq!(
            words("\u{201C}b c\" \"d \u{201C}e\u{201D}\""),
            ["b c", "d \u{201C}e\u{201D}"]
        );
        assert_eq!(
            words("\u{2014}ref 1 \u{2013}ref \u{2212}ref \u{2011}\u{2011}ref"),
            ["--ref", "1", "--ref", "--ref", "--ref"]
        );
        assert_eq!(
            words("run prod \u{2014} ls \u{2014}l"),
            ["run", "prod", "--", "ls", "-l"]
        );
        assert_eq!(
            words("\u{2212}5 2\u{2013}3 a\u{2014}b -- -x --y"),
            ["-5", "2\u{2013}3", "a\u{2014}b", "--", "-x", "--y"]
        );
    }

    #[test]
    fn spaces_are_spaces_and_nothing_is_nothing() {
        assert_eq!(
            words("deploy\u{A0}prod\u{3000}now\tand\r\nthen"),
            ["deploy", "prod", "now", "and", "then"]
        );
        assert_eq!(
            words("\u{200B}de\u{FEFF}ploy \u{200B} \u{200B}\u{2014}ref"),
            ["deploy", "--ref"]
        );
        assert_eq!(words(" \u{200B} "), [""; 0]);
        assert_eq!(
            words("$(rm -rf) `x`; a|b > c & *"),
            ["$(rm", "-rf)", "`x`;", "a|b", ">", "c", "&", "*"]
        );
    }

    #[test]
    fn tokens_know_where_they_stand() {
        let tokens = split("run \"a b\"  x\u{A0}y").unwrap();
        let places: Vec<_> = tokens.iter().map(|token| token.at.clone()).collect();
        assert_eq!(places, [0..3, 4..9, 11..12, 14..15]);
    }

    #[test]
    fn an_open_quote_is_shown() {
        let error = split("rollback prod --reason \"500s on\u{202E} /api").unwrap_err();
        assert_eq!(
            error,
            TokenError::Unclosed {
                at: 23,
                shown: "\"500s on<U+202E> /api".into()
            }
        );
        assert_eq!(
            Refusal::from(error).sentence(),
            "the quote that opens here is never closed: \"500s on<U+202E> /api. \
             Close it, or put \\ before it if it is an ordinary character."
        );
        assert!(split("deny R-1 'tis wrong").is_err());
    }

    proptest! {
        #[test]
        fn quoting_is_undone_by_splitting(texts in prop::collection::vec(any::<String>(), 0..5)) {
            let quoted: Vec<_> = texts.iter().map(|text| quote(text)).collect();
            prop_assert_eq!(words(&quoted.join(" ")), texts);
        }

        #[test]
        fn splitting_never_panics_and_places_are_in_order(line in r#"[a-c"'\\=\-—“”‘’« \u{a0}\u{200b}]{0,24}|\PC*"#) {
            if let Ok(tokens) = split(&line) {
                let mut last = 0;
                for token in tokens {
                    prop_assert!(token.at.start >= last && line.get(token.at.clone()).is_some());
                    last = token.at.end;
                }
            }
        }
    }
}
