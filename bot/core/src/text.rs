//! Words: spans of time, counts and lists as people say them, and strangers' text made safe to show.

use std::borrow::Cow;
use std::fmt::Display;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::time::{Duration, Timestamp, between};

/// Shows what cannot be seen: control, bidirectional, zero-width and other format characters become
/// `<U+202E>`, so that what a person reads is what the bytes say (invariant A12). A space of another width
/// becomes an ordinary one.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(["<U+", &format!("{:04X}", u32::from(c)), ">"]);
        } else if c.general_category() == GeneralCategory::SpaceSeparator {
            shown.push(' ');
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(c: char) -> bool {
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    ) || matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{34F}' | '\u{2800}')
}

/// The first `limit` characters, with `…` where something was left out. For quotations only, never for plans.
pub fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    if text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// `6 min 10 s`, `2 h`, `3 d 4 h`: at most two units, the smaller one left out when it is nothing.
pub fn span(span: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = span.as_secs();
    let Some(largest) = UNITS.iter().position(|(size, _)| seconds >= *size) else {
        return "0 s".to_owned();
    };
    let (size, unit) = UNITS[largest];
    let mut said = format!("{} {unit}", seconds / size);
    if let Some((smaller, unit)) = UNITS.get(largest + 1) {
        let rest = seconds % size / smaller;
        if rest > 0 {
            said = format!("{said} {rest} {unit}");
        }
    }
    said
}

/// `4 min ago`, or `just now`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match coarse(between(then, now)) {
        Some(said) => format!("{said} ago"),
        None => "just now".to_owned(),
    }
}

/// One unit is enough for the past: `2 h`, not `2 h 3 min`.
fn coarse(passed: Duration) -> Option<String> {
    let seconds = passed.as_secs();
    let (size, unit) = match seconds {
        0..10 => return None,
        10..60 => (1, "s"),
        60..3_600 => (60, "min"),
        3_600..86_400 => (3_600, "h"),
        _ => (86_400, "d"),
    };
    Some(format!("{} {unit}", seconds / size))
}

/// `1 commit`, `12 commits`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// `bob, erin`.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    join(items, ", ")
}

/// `bob`, `bob or erin`, `bob, erin or carol`.
pub fn either<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.pop() {
        None => "nobody".to_owned(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} or {last}", items.join(", ")),
    }
}

/// The items with `separator` in between.
pub fn join<T: Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_millis;

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(visible("plain text"), "plain text");
        assert_eq!(
            visible("a\u{202E}b\u{200B}c\r\nd\u{7}"),
            "a<U+202E>b<U+200B>c<U+000D><U+000A>d<U+0007>"
        );
        assert_eq!(visible("caf\u{e9} \u{a0}x \u{1F600}"), "caf\u{e9}  x \u{1F600}");
        assert_eq!(visible("\u{E0041}\u{3164}"), "<U+E0041><U+3164>");
    }

    #[test]
    fn time_is_said_shortly() {
        assert_eq!(span(Duration::from_secs(370)), "6 min 10 s");
        assert_eq!(span(Duration::from_hours(2)), "2 h");
        assert_eq!(span(Duration::from_hours(76)), "3 d 4 h");
        assert_eq!(span(Duration::from_millis(400)), "0 s");
        assert_eq!(ago(from_millis(0), from_millis(250_000)), "4 min ago");
        assert_eq!(ago(from_millis(9_000), from_millis(0)), "just now");
    }

    #[test]
    fn lists_read_as_spoken() {
        assert_eq!(either(["bob", "erin", "carol"]), "bob, erin or carol");
        assert_eq!(either(["bob"]), "bob");
        assert_eq!(count(1, "commit"), "1 commit");
        assert_eq!(clip("twelve letters", 7), "twelve…");
    }
}
