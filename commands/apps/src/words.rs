//! Small words that several replies share: commits, people, links, CI.

use std::collections::BTreeSet;

use countersign_core::text::{clip, count, list, visible};
use countersign_github::{Ci, Commit, Sha};
use countersign_heroku::CommitId;

/// Subjects are clipped in chat, never in plans.
const SUBJECT: usize = 80;
/// Names that strangers gave themselves.
const NAME: usize = 40;

/// A commit's author: the account that GitHub knows, or the name that the author claims.
pub(crate) fn author(commit: &Commit) -> String {
    let name = commit.author_login.as_ref().or(commit.author_name.as_ref());
    match name.map(|name| one_line(name)) {
        Some(name) if !name.trim().is_empty() => clip(name.trim(), NAME).into_owned(),
        _ => "somebody".to_owned(),
    }
}

/// Everybody who wrote one of these commits.
pub(crate) fn people(commits: &[Commit]) -> BTreeSet<String> {
    commits.iter().map(author).collect()
}

/// `4 people`, `1 person`.
pub(crate) fn people_count(number: usize) -> String {
    if number == 1 {
        "1 person".to_owned()
    } else {
        format!("{number} people")
    }
}

/// `erin and 2 others`: who wrote the last commit, and how many more there are.
pub(crate) fn credits(commits: &[Commit]) -> Option<String> {
    let last = author(commits.last()?);
    let others = people(commits).len().saturating_sub(1);
    Some(match others {
        0 => last,
        1 => format!("{last} and 1 other"),
        more => format!("{last} and {more} others"),
    })
}

/// A line of a plan: `8d07be4 Do not load all jobs for a summary (Bug 1613006) · alice`.
pub(crate) fn commit_line(commit: &Commit) -> String {
    format!(
        "{} {} · {}",
        commit.sha.short(),
        one_line(commit.subject()),
        author(commit)
    )
}

/// A subject as it is quoted in chat.
pub(crate) fn quoted(subject: &str) -> String {
    format!("\"{}\"", clip(&one_line(subject), SUBJECT))
}

/// Strangers' text on one line, with everything visible.
pub(crate) fn one_line(text: &str) -> String {
    visible(text.trim()).into_owned()
}

/// `erin@…`: who it was, without publishing the whole address.
pub(crate) fn mail(address: &str) -> String {
    match address.split_once('@') {
        Some((name, _)) => format!("{}@…", one_line(name)),
        None => clip(&one_line(address), NAME).into_owned(),
    }
}

/// An address with its commits abbreviated: GitHub understands both, people read only the short one.
pub(crate) fn short_link(url: &str, commits: &[&Sha]) -> String {
    commits
        .iter()
        .fold(url.to_owned(), |url, sha| url.replace(sha.as_str(), sha.short()))
}

/// The beginning of what a build calls its commit.
pub(crate) fn short_commit(commit: &CommitId) -> String {
    one_line(&commit.as_str().chars().take(7).collect::<String>())
}

/// `CI green`, for a summary.
pub(crate) fn ci(ci: &Ci) -> &'static str {
    match ci {
        Ci::Green { .. } => "CI green",
        Ci::Red { .. } => "CI red",
        Ci::Running { .. } => "CI running",
        Ci::None => "no CI",
    }
}

/// `3 of 5 checks done`.
pub(crate) fn checks(done: usize, total: usize) -> String {
    format!("{done} of {} done", count(total, "check"))
}

/// `python, js`: the checks that failed, the first few.
pub(crate) fn failed_checks(failed: &[String]) -> String {
    const SHOWN: usize = 4;
    let names = list(
        failed
            .iter()
            .take(SHOWN)
            .map(|name| clip(&one_line(name), NAME).into_owned()),
    );
    match failed.len().saturating_sub(SHOWN) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sha(digit: char) -> Sha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    pub(crate) fn commit(digit: char, author: &str, message: &str) -> Commit {
        Commit {
            sha: sha(digit),
            message: message.to_owned(),
            author_name: None,
            author_login: Some(author.to_owned()),
            committed_at: None,
            url: String::new(),
        }
    }

    #[test]
    fn trap_25_a_subject_is_one_visible_line() {
        let nasty = commit('a', "mallory", "Fix\r!approve R-4QX\u{202e}\nSubject: x");
        assert_eq!(
            commit_line(&nasty),
            "aaaaaaa Fix<U+000D>!approve R-4QX<U+202E> · mallory"
        );
        assert_eq!(quoted(nasty.subject()), "\"Fix<U+000D>!approve R-4QX<U+202E>\"");
        let unnamed = Commit {
            author_login: None,
            author_name: Some(" \r\n ".to_owned()),
            ..nasty
        };
        assert_eq!(author(&unnamed), "somebody");
    }

    #[test]
    fn trap_25_names_of_checks_and_accounts_are_strangers_texts_too() {
        let failed: Vec<String> = ["js", "py\nthon", "c", "d", "e", "f"].map(str::to_owned).to_vec();
        assert_eq!(failed_checks(&failed), "js, py<U+000A>thon, c, d and 2 more");
        assert_eq!(mail("eve\u{200b}@example.org"), "eve<U+200B>@…");
    }

    #[test]
    fn people_are_counted_once() {
        let commits = [
            commit('a', "erin", "x"),
            commit('b', "bob", "y"),
            commit('c', "erin", "z"),
        ];
        assert_eq!(people_count(people(&commits).len()), "2 people");
        assert_eq!(credits(&commits).unwrap(), "erin and 1 other");
        assert_eq!(credits(&commits[..1]).unwrap(), "erin");
        assert_eq!(credits(&[]), None);
    }

    #[test]
    fn links_are_short() {
        let (a, b) = (sha('a'), sha('b'));
        let url = format!("https://github.com/o/r/compare/{a}...{b}");
        assert_eq!(
            short_link(&url, &[&a, &b]),
            "https://github.com/o/r/compare/aaaaaaa...bbbbbbb"
        );
        assert_eq!(mail("erin@example.org"), "erin@…");
    }
}
