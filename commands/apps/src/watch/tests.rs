use countersign_core::reply::plain_line;
use countersign_github::{CompareStatus, Comparison};
use countersign_heroku::Etag;

use super::*;
use crate::app::tests::{apps, prod};
use crate::change::Migrations;
use crate::rollback::tests::release;
use crate::words::tests::{commit, sha};

fn releases(texts: &[&str]) -> Vec<Release> {
    texts.iter().map(|text| release(text)).collect()
}

/// The versions that are news, and how far was seen.
fn sight(texts: &[&str], seen: Option<u64>) -> (Vec<u64>, u64) {
    let releases = releases(texts);
    let sight = Sight::of(&releases, seen.map(Version));
    (
        sight.new.iter().map(|release| release.version.0).collect(),
        sight.seen.0,
    )
}

#[test]
fn the_first_look_tells_nothing() {
    assert_eq!(sight(&["813 b current", "812 a ok"], None), (vec![], 813));
    assert_eq!(sight(&["813 b pending", "812 a current"], None), (vec![], 812));
    assert_eq!(sight(&["1 b pending"], None), (vec![], 0));
    assert_eq!(sight(&[], None), (vec![], 0));
}

#[test]
fn what_goes_on_is_no_news_until_it_ends_nor_is_what_came_after() {
    let seen = Some(812);
    assert_eq!(sight(&["813 b pending", "812 a current"], seen), (vec![], 812));
    assert_eq!(
        sight(&["814 c ok", "813 b pending", "812 a current"], seen),
        (vec![], 812)
    );
    assert_eq!(
        sight(&["814 c current", "813 b failed", "812 a ok"], seen),
        (vec![813, 814], 814)
    );
}

#[test]
fn trap_26_what_was_seen_is_not_told_again() {
    assert_eq!(sight(&["813 b current", "812 a ok"], Some(813)), (vec![], 813));
    assert_eq!(sight(&["813 b current"], Some(900)), (vec![], 900));
}

#[test]
fn an_answer_is_remembered_only_with_what_was_stored() {
    let app = prod();
    let watch = Watch::new(Arc::new(apps(Arc::default())), &app, Duration::from_mins(1));
    let etag: Option<Etag> = None;
    watch.remember(etag, "v813");
    assert_eq!(watch.known(Some("v812")), None);
    assert_eq!(watch.known(None), None);
}

#[test]
fn trap_15_a_failed_release_is_told_with_what_stays_live() {
    let all = releases(&["655 b failed", "654 a current"]);
    let sight = Sight::of(&all, Some(Version(654)));
    assert_eq!(what(sight.new[0], sight.before(sight.new[0])), What::Failed);
    assert_eq!(
        plain_line(&news::failed(&prod(), Version(655), sight.current)),
        "prod: v655 FAILED in the release phase; v654 stays live · \
         https://dashboard.heroku.com/apps/treeherder-prod/activity"
    );
}

#[test]
fn what_a_release_is_follows_from_the_one_that_ran_before() {
    let all = releases(&["4 b ok: Rollback to v1", "3 a failed", "2 b ok", "1 b ok"]);
    let sight = Sight::of(&all, Some(Version(1)));
    let kinds: Vec<_> = sight
        .new
        .iter()
        .map(|release| what(release, sight.before(release)))
        .collect();
    assert_eq!(kinds, [What::Config, What::Failed, What::Rollback(Version(1))]);
    let all = releases(&["3 c current", "2 c failed", "1 b ok"]);
    let sight = Sight::of(&all, Some(Version(2)));
    assert_eq!(what(sight.new[0], sight.before(sight.new[0])), What::Code);
}

#[test]
fn a_config_change_names_what_changed() {
    let set = release("815 b current: Set WEB_CONCURRENCY config vars");
    assert_eq!(
        plain_line(&config_line(&prod(), &set)),
        "prod: config changed by erin@… outside the bot: WEB_CONCURRENCY set (v815)"
    );
    let add_on = release("804 b current: Update REDIS by heroku-redis");
    assert_eq!(
        plain_line(&config_line(&prod(), &add_on)),
        "prod: v804 live · the same code, by erin@…: \"Update REDIS by heroku-redis\""
    );
    assert_eq!(
        config_change("Remove A, B config vars"),
        Some(("A, B".to_owned(), "removed"))
    );
}

fn change() -> Change {
    let comparison = Comparison {
        status: CompareStatus::Ahead,
        ahead_by: 2,
        behind_by: 0,
        merge_base: sha('a'),
        commits: vec![
            commit('c', "bob", "x"),
            commit('b', "erin", "Fix task graph (Bug 1612)\n\nmore"),
        ],
        commits_cut: false,
        files: Vec::new(),
        files_cut: false,
        url: String::new(),
    };
    Change {
        comparison,
        migrations: Migrations::No,
        link: "https://g/compare/a...b".to_owned(),
    }
}

#[test]
fn new_code_is_told_with_who_and_what() {
    let all = releases(&["702 b current", "701 a ok"]);
    let sight = Sight::of(&all, Some(Version(701)));
    assert_eq!(
        plain_line(&code_line(&prod(), &sight, sight.new[0], None, Some(&change()))),
        "prod: v702 live \"Fix task graph (Bug 1612)\" by erin and 1 other, no migrations, deployed by erin@… · \
         https://g/compare/a...b"
    );
}

#[test]
fn a_rollback_by_others_says_that_config_went_back_too() {
    let back = release("814 a current: Rollback to v811");
    let slug: Slug = serde_json::from_value(serde_json::json!({
        "id": "slug-a", "commit": sha('a'), "commit_description": null, "created_at": "2026-11-22T10:00:00Z",
    }))
    .unwrap();
    let change = change();
    let said = |slug, change| plain_line(&rollback_line(&prod(), &back, Version(811), slug, change));
    assert_eq!(
        said(Some(&slug), Some(&change)),
        "prod: v814 live · rolled back to v811 (aaaaaaa), code and config vars, by erin@… outside the bot · \
         https://g/compare/a...b"
    );
    assert_eq!(
        said(None, None),
        "prod: v814 live · rolled back to v811, the same code with the config vars of then, by erin@… outside the bot"
    );
}

#[test]
fn a_long_absence_is_told_in_one_line() {
    let texts = [
        "820 b current",
        "819 a ok",
        "818 b ok",
        "817 a ok",
        "816 b ok",
        "815 a ok",
        "814 b ok",
    ];
    let all = releases(&texts);
    let sight = Sight::of(&all, Some(Version(813)));
    let told = many(&prod(), &sight).unwrap();
    assert_eq!(
        plain_line(&told.line),
        "prod: 7 releases while I was not looking, v814 to v820; v820 is live · !releases prod"
    );
    assert_eq!(told.key, "release/treeherder-prod/v820");
}
