//! What tests are written with.

pub(crate) mod bot;
pub(crate) mod browser;
pub(crate) mod http;
pub(crate) mod hunt;
pub(crate) mod irc;
pub(crate) mod mortal;
pub(crate) mod mysql;
pub(crate) mod play;
pub(crate) mod process;
pub(crate) mod programs;
pub(crate) mod proxy;
pub(crate) mod road;
pub(crate) mod serve;

/// Fails with the first line in which two texts differ, and what stands around it.
pub(crate) fn same_text(expected: &str, found: &str, what: &str) {
    if expected.trim_end() == found.trim_end() {
        return;
    }
    let (expected, found): (Vec<&str>, Vec<&str>) = (
        expected.trim_end().lines().collect(),
        found.trim_end().lines().collect(),
    );
    let at = expected
        .iter()
        .zip(&found)
        .take_while(|(expected, found)| expected == found)
        .count();
    let around =
        |lines: &[&str]| lines[at.saturating_sub(3).min(lines.len())..(at + 5).min(lines.len())].join("\n  ");
    panic!(
        "{what} differs at line {}:\n\nexpected\n  {}\n\nfound\n  {}\n",
        at + 1,
        around(&expected),
        around(&found)
    );
}
