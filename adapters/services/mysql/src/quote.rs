//! Writes texts into statements, so that the server reads back the very same text and nothing else.
//!
//! Account statements take no placeholders, so everything goes into the text. Two of the server's modes change how texts
//! are read: `NO_BACKSLASH_ESCAPES` (a backslash is then an ordinary character) and `ANSI_QUOTES` (`"` then quotes
//! names). Names therefore always stand in backticks and literals in single quotes, which mean the same in every mode;
//! only the backslash is left to decide.

use crate::names::Account;

/// What of a session's `sql_mode` matters for quoting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SqlMode {
    /// `NO_BACKSLASH_ESCAPES`.
    pub no_backslash_escapes: bool,
}

impl SqlMode {
    /// Reads `@@sql_mode`, as the server writes it: names with commas between.
    pub fn read(text: &str) -> Self {
        Self {
            no_backslash_escapes: text
                .split(',')
                .any(|mode| mode.trim().eq_ignore_ascii_case("NO_BACKSLASH_ESCAPES")),
        }
    }
}

/// `'text'`.
pub(crate) fn literal(text: &str, mode: SqlMode) -> String {
    let text = text.replace('\'', "''");
    if mode.no_backslash_escapes {
        format!("'{text}'")
    } else {
        format!("'{}'", text.replace('\\', r"\\"))
    }
}

/// `` `name` ``.
pub(crate) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// `'user'@'host'`.
pub(crate) fn account(account: &Account, mode: SqlMode) -> String {
    let user = literal(account.user.as_str(), mode);
    let host = literal(account.host.as_str(), mode);
    format!("{user}@{host}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How a server reads the literal at the start of `sql`: the text, and what follows it.
    fn read_literal(sql: &str, mode: SqlMode) -> Option<(String, &str)> {
        let mut text = String::new();
        let mut chars = sql.strip_prefix('\'')?.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' if chars.as_str().starts_with('\'') => {
                    chars.next();
                    text.push('\'');
                }
                '\'' => return Some((text, &sql[1 + at + 1..])),
                '\\' if !mode.no_backslash_escapes => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    '0' => text.push('\0'),
                    kept @ ('%' | '_') => text.extend(['\\', kept]),
                    other => text.push(other),
                },
                c => text.push(c),
            }
        }
        None
    }

    fn read_identifier(sql: &str) -> Option<(String, &str)> {
        let mut name = String::new();
        let mut chars = sql.strip_prefix('`')?.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '`' if chars.as_str().starts_with('`') => {
                    chars.next();
                    name.push('`');
                }
                '`' => return Some((name, &sql[1 + at + 1..])),
                c => name.push(c),
            }
        }
        None
    }

    /// Mostly of what quoting could stumble over.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![".*", r#"['"`\\%_; n0Z😀ß/*#-]{0,24}"#]
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back_as_the_same_text(text in texts(), no_backslash_escapes: bool) {
            let mode = SqlMode { no_backslash_escapes };
            let sql = format!("{} OR 1", literal(&text, mode));
            prop_assert_eq!(read_literal(&sql, mode), Some((text, " OR 1")));
        }

        #[test]
        fn a_name_reads_back_as_the_same_name(name in texts()) {
            let sql = format!("{}.*", identifier(&name));
            prop_assert_eq!(read_identifier(&sql), Some((name, ".*")));
        }
    }

    #[test]
    fn only_one_mode_changes_literals_in_single_quotes() {
        let plain = SqlMode::read("ANSI_QUOTES,STRICT_ALL_TABLES");
        assert_eq!(plain, SqlMode::default());
        let other = SqlMode::read("STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES");
        assert!(other.no_backslash_escapes);

        assert_eq!(literal(r#"a'b\c"d"#, plain), r#"'a''b\\c"d'"#);
        assert_eq!(literal(r#"a'b\c"d"#, other), r#"'a''b\c"d'"#);
        assert_eq!(identifier("a`b\"c"), "`a``b\"c`");
    }
}
