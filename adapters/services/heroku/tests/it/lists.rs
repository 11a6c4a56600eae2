//! Lists in pages, and asking again for one that has not changed.

use countersign_heroku::{ErrorKind, Polled, Release, Version};
use serde_json::{Value, json};

use crate::{
    client,
    resources::release,
    server::{Reply, Seen, Server, json, status, text},
    stage,
};

/// Releases of these numbers, newest first; more exist when there is a `next`.
fn page(versions: impl IntoIterator<Item = u64>, next: Option<&str>) -> Reply {
    let releases: Vec<Value> = versions
        .into_iter()
        .map(|version| release(version, "succeeded", false))
        .collect();
    match next {
        Some(next) => status(206, &json!(releases)).with("next-range", next),
        None => json(&json!(releases)),
    }
}

fn versions(releases: &[Release]) -> Vec<u64> {
    releases.iter().map(|release| release.version.0).collect()
}

fn ranges(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(|seen| seen.header("range").unwrap()).collect()
}

#[tokio::test]
async fn newest_releases_are_one_request() {
    let server = Server::start([page([9, 8, 7], Some("version ]7..; max=3, order=desc"))]).await;
    let releases = client(&server.url).newest_releases(&stage(), 3).await.unwrap();
    assert_eq!(versions(&releases), [9, 8, 7]);
    assert_eq!(ranges(&server.finish()), ["version ..; order=desc,max=3"]);
}

#[tokio::test]
async fn more_than_a_page_follows_next_range_word_by_word() {
    let next = "version ]2..;order=desc, max=1000";
    let server = Server::start([page([4, 3, 2], Some(next)), page([1], None)]).await;
    let releases = client(&server.url).newest_releases(&stage(), 2000).await.unwrap();
    assert_eq!(versions(&releases), [4, 3, 2, 1]);
    assert_eq!(
        ranges(&server.finish()),
        ["version ..; order=desc,max=1000", next]
    );
}

#[tokio::test]
async fn a_list_longer_than_asked_for_is_cut() {
    let server = Server::start([page([9, 8, 7], None)]).await;
    let releases = client(&server.url).newest_releases(&stage(), 2).await.unwrap();
    assert_eq!(versions(&releases), [9, 8]);
}

#[tokio::test]
async fn all_releases_and_those_after_one() {
    let pages = || [page([5, 4], Some("a")), page([3, 2], Some("b")), page([1], None)];
    let server = Server::start(pages()).await;
    assert_eq!(
        versions(&client(&server.url).all_releases(&stage()).await.unwrap()),
        [5, 4, 3, 2, 1]
    );
    server.finish();

    let [first, second, _] = pages();
    let server = Server::start([first, second]).await;
    let releases = client(&server.url)
        .releases_after(&stage(), Version(3))
        .await
        .unwrap();
    assert_eq!(versions(&releases), [5, 4]);
    server.finish();
}

#[tokio::test]
async fn trap_15_the_newest_release_is_not_the_current_one() {
    let failed = json!([release(814, "failed", false), release(813, "pending", false)]);
    let older = json!([release(812, "succeeded", true), release(811, "succeeded", false)]);
    let server = Server::start([status(206, &failed).with("next-range", "x"), json(&older)]).await;
    let current = client(&server.url).current_release(&stage()).await.unwrap();
    assert_eq!(current.unwrap().version, Version(812));
    server.finish();

    let server = Server::start([page([], None)]).await;
    assert_eq!(client(&server.url).current_release(&stage()).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_ends() {
    let server = Server::start([page([2], Some("x")), page([2], Some("x"))]).await;
    let error = client(&server.url).all_releases(&stage()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(server.finish().len(), 2);
}

#[tokio::test]
async fn polling_says_what_changed() {
    let first = page([9], None).with("etag", r#"W/"nine""#);
    let server = Server::start([first, text(304, ""), page([10], None)]).await;
    let heroku = client(&server.url);
    let Polled::Changed { value, etag } = heroku
        .newest_releases_if_changed(&stage(), 1, None)
        .await
        .unwrap()
    else {
        panic!("the first answer is always new");
    };
    assert_eq!(versions(&value), [9]);
    let again = heroku
        .newest_releases_if_changed(&stage(), 1, etag.as_ref())
        .await
        .unwrap();
    assert_eq!(again, Polled::Unchanged);
    let third = heroku
        .newest_releases_if_changed(&stage(), 1, etag.as_ref())
        .await
        .unwrap();
    assert!(matches!(third, Polled::Changed { value, etag: None } if versions(&value) == [10]));

    let seen = server.finish();
    let asked: Vec<_> = seen.iter().map(|seen| seen.header("if-none-match")).collect();
    assert_eq!(asked, [None, Some(r#"W/"nine""#), Some(r#"W/"nine""#)]);
    assert_eq!(ranges(&seen), ["version ..; order=desc,max=1"; 3]);
}
