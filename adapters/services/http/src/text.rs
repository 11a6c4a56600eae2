//! Makes a text from outside fit to be quoted in an error: short, on one line, without secrets.
//!
//! It does not escape for any chat network; whoever shows the text there does that.

/// Longer texts are cut.
const MAX_CHARS: usize = 300;

/// Hides `secret` and the inside of URLs, puts the text on one line and cuts it.
pub(crate) fn quotable(text: &str, secret: &str) -> String {
    // First the token, while it is still as it was sent: cleaning might join or split it.
    let text = if secret.is_empty() {
        text.to_owned()
    } else {
        text.replace(secret, "***")
    };
    let visible: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    let words: Vec<_> = visible
        .split(|c: char| c.is_whitespace() || c.is_control())
        .collect();
    let line = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| hide_url(word))
        .collect::<Vec<_>>();
    cut(&line.join(" "))
}

/// Characters that take no room, or turn the direction of the text after them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Leaves only the scheme of a URL that may hold a password (`mysql://u:p@h/d`) or a key (`?signature=…`).
///
/// Everything behind the scheme goes, since a password that was not escaped may itself contain `/`, `?` or `#`.
fn hide_url(word: &str) -> String {
    match word.split_once("://") {
        Some((scheme, rest)) if rest.contains(['@', ':', '?', '#']) => format!("{scheme}://***"),
        _ => word.to_owned(),
    }
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_short_line() {
        assert_eq!(
            quotable("  couldn't\r\nfind\tthat \u{1b}[31mapp\0 ", ""),
            "couldn't find that [31mapp"
        );
        assert_eq!(quotable("a\u{202e}b\u{200b}c", ""), "abc");
        let long = quotable(&"é".repeat(1000), "");
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn urls_lose_what_may_be_secret() {
        let text = "no mysql://u:p/w@db/x and (https://s3/x?Signature=abc) but https://help.example/a";
        assert_eq!(
            quotable(text, ""),
            "no mysql://*** and (https://*** but https://help.example/a"
        );
    }

    #[test]
    fn the_token_is_hidden_wherever_it_stands() {
        assert_eq!(quotable("token=CANARY!", "CANARY"), "token=***!");
    }
}
