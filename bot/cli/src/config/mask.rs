//! Secrets that were written into the file against all advice are not repeated when lines of it are shown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::Key;

/// The keys that are the places of secrets, in whatever section.
const KEYS: [&str; 3] = ["token", "password", "key"];
/// The tables in which every key is one.
const TABLES: [&str; 1] = ["room_keys"];
/// What says where a secret is, and is none.
const PLACES: [&str; 2] = ["env", "file"];

/// Whether a secret is what the key is about.
pub(super) fn is_secret(key: &Key) -> bool {
    let mut fields = key.fields().rev();
    let last = fields.next();
    last.is_some_and(|last| KEYS.contains(&last))
        || fields.next().is_some_and(|table| TABLES.contains(&table))
}

/// The text for showing lines of it. Its length stays, so that places in the text do too.
pub(super) fn masked(text: &str) -> String {
    let mut spans = Vec::new();
    match DeTable::parse(text) {
        Ok(table) => look_into(table.get_ref(), &mut spans),
        // What can't be read as TOML is looked at line by line.
        Err(_) => guess(text, |line| line, &mut spans),
    }
    guess(text, comment, &mut spans);
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        for byte in bytes.get_mut(span).into_iter().flatten() {
            if !byte.is_ascii_whitespace() {
                *byte = b'*';
            }
        }
    }
    // Spans begin and end between characters, so it is UTF-8 still; if not, nothing is shown rather than a secret.
    String::from_utf8(bytes).unwrap_or_default()
}

fn look_into(table: &DeTable<'_>, spans: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        let key = key.get_ref().as_ref();
        if KEYS.contains(&key) {
            hide(value, spans);
        } else if let (true, DeValue::Table(secrets)) = (TABLES.contains(&key), value.get_ref()) {
            secrets.values().for_each(|value| hide(value, spans));
        } else {
            look_at(value, spans);
        }
    }
}

fn look_at(value: &Spanned<DeValue<'_>>, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => look_into(table, spans),
        DeValue::Array(values) => values.iter().for_each(|value| look_at(value, spans)),
        _ => {}
    }
}

fn hide(value: &Spanned<DeValue<'_>>, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(source) => {
            let others = source
                .iter()
                .filter(|(key, _)| !PLACES.contains(&key.get_ref().as_ref()));
            spans.extend(others.map(|(_, value)| value.span()));
        }
        _ => spans.push(value.span()),
    }
}

/// The part of a line that is a comment.
fn comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        line
    } else {
        ""
    }
}

/// Looks for what could be secrets: the rest of a line after a key that is the place of one.
fn guess(text: &str, part: fn(&str) -> &str, spans: &mut Vec<Range<usize>>) {
    let mut begin = 0;
    let mut closing: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let end = begin + line.len();
        match closing {
            Some(quotes) => {
                spans.push(begin..end);
                if line.contains(quotes) {
                    closing = None;
                }
            }
            None => {
                if let Some(at) = secret_in(part(line)) {
                    spans.push(begin + at..end);
                    let opened = |quotes: &&str| line[at..].matches(quotes).count() == 1;
                    closing = ["\"\"\"", "'''"].into_iter().find(opened);
                }
            }
        }
        begin = end;
    }
}

/// Where in a line the value of a secret begins.
fn secret_in(line: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || "_-".contains(c);
    let mut source = false;
    let mut rest = 0;
    while let Some(begin) = line[rest..].find(is_word).map(|at| rest + at) {
        let end = line[begin..]
            .find(|c| !is_word(c))
            .map_or(line.len(), |at| begin + at);
        rest = end;
        let after = line[end..].trim_start_matches(['"', '\'']).trim_start();
        let value = after.trim_start_matches(['=', ':']);
        let is_key = value.len() < after.len() || line[..begin].trim().is_empty();
        let value = value.trim_start();
        let (word, at) = (&line[begin..end], line.len() - value.len());
        let is_room = line[..begin].ends_with("\"#");
        if !is_key || PLACES.contains(&word) {
            continue;
        }
        if (KEYS.contains(&word) || is_room || source) && !value.trim().is_empty() {
            if !value.starts_with('{') {
                return Some(at);
            }
            source = true;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let masked = masked(text);
        assert_eq!(masked.len(), text.len(), "{masked}");
        masked
    }

    #[test]
    fn where_a_secret_is_may_be_shown() {
        for text in [
            "token = { env = \"HEROKU_TOKEN\" }",
            "[irc.password]\nfile = \"/run/secrets/libera\"",
            "[[irc]]\nroom_keys = { \"#ops\" = { env = \"OPS_KEY\" } }",
            "keys = \"none of them is a secret\" # token or not",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_secret_may_not_wherever_it_stands() {
        for text in [
            "token = \"hunter2\"",
            "heroku.token = 'hunter2' # changed in May",
            "heroku = { token = \"hunter2\", poll = \"1 s\" }",
            "token = { value = \"hunter2\" }",
            "irc = [{ network = \"libera\", password = \"hunter2\" }]",
            "[[irc]]\nroom_keys = { \"#ops\" = \"hunter2\" }",
            "[[irc]]\n[irc.room_keys]\n\"#ops\" = \"hunter2\"",
            "[audit]\nkey = \"\"\"\nhunter2\nhunter2\n\"\"\"",
            "# token = \"hunter2\"\nname = \"bot\"",
        ] {
            assert!(DeTable::parse(text).is_ok(), "{text}");
            assert!(!shown(text).contains("hunter2"), "{}", shown(text));
            // The same in a file that can't be read.
            let broken = format!("name = = 1\n{text}\n");
            assert!(DeTable::parse(&broken).is_err(), "{text}");
            assert!(!shown(&broken).contains("hunter2"), "{}", shown(&broken));
        }
    }

    #[test]
    fn a_secret_may_not_even_if_it_is_written_wrongly() {
        for text in [
            "token \"hunter2\"",
            "password: hunter2",
            "token = hunter2 \"",
            "key hunter2",
        ] {
            assert!(DeTable::parse(text).is_err(), "{text}");
            assert!(!shown(text).contains("hunter2"), "{}", shown(text));
        }
    }

    #[test]
    fn what_stands_around_it_stays() {
        let text = "name = \"bot\"\ntoken = \"hunter2\"\npoll = \"1 s\"\n";
        assert_eq!(shown(text), "name = \"bot\"\ntoken = *********\npoll = \"1 s\"\n");
    }
}
