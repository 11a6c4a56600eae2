//! Whatever looks at an address before its reader does — previews in chats, scanners of mail, bots that say titles, browsers
//! that click — spends nothing, uses up no guess, and can't tell a link that is there from one that is not.

use super::asking::{Letter, gets_a_box, gets_a_link, hears_the_phrase, house};
use crate::irc::house::House;
use crate::support::browser::Browser;
use crate::support::http::{self, Reply};
use crate::support::irc::Person;

use countersign::STORE_FILE;
use countersign_core::audit::Record;
use countersign_core::drop_box::DropBox;
use countersign_core::link::Link;
use countersign_core::store::{BoxesWhere, LinksWhere, Store as _};
use countersign_store::Sqlite;

/// How programs that look at addresses introduce themselves, and what they ask for.
const LOOKERS: [(&str, &[&str]); 16] = [
    (
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        &["Range: bytes=0-32768", "Accept: */*"],
    ),
    (
        "Slackbot 1.0 (+https://api.slack.com/robots)",
        &["Accept: */*", "Accept-Encoding: gzip"],
    ),
    (
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        &["Range: bytes=0-0"],
    ),
    // A scanner of mail that opens what it finds, from its own network: without a name, and as a browser.
    ("", &[]),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        &[
            "X-Forwarded-For: 104.47.20.36",
            "Accept: text/html,*/*;q=0.8",
            "Upgrade-Insecure-Requests: 1",
        ],
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        &[
            "Purpose: prefetch",
            "Sec-Purpose: prefetch;prerender",
            "Sec-Fetch-Mode: navigate",
        ],
    ),
    (
        "Synapse (bot; +https://github.com/matrix-org/synapse)",
        &["Accept-Language: en"],
    ),
    ("Sopel/8.0 (https://sopel.chat)", &["Range: bytes=0-655360"]),
    (
        "Mozilla/5.0 (compatible; utils.web python module)",
        &["Accept-Encoding: gzip"],
    ),
    (
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        &["If-None-Match: \"1\""],
    ),
    (
        "Twitterbot/1.0",
        &["If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT"],
    ),
    (
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        &["Range: bytes=0-524287"],
    ),
    ("WhatsApp/2.24 A", &[]),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        &[],
    ),
    (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        &["From: googlebot(at)googlebot.com"],
    ),
    ("curl/8.5.0", &["Accept: */*"]),
];

/// What the bot knows, of what strangers could change.
#[derive(Debug, PartialEq)]
struct Known {
    links: Vec<Link>,
    boxes: Vec<DropBox>,
    audit: Vec<Record>,
}

impl Known {
    async fn of(house: &House) -> Self {
        let store = Sqlite::open_read_only(house.bot.data().join(STORE_FILE))
            .await
            .unwrap();
        let (person, limit) = ("alice".into(), 100);
        let boxes = BoxesWhere::Of { person, limit };
        let person = "alice".into();
        let known = Self {
            links: store.links(LinksWhere::Of { person, limit }).await.unwrap(),
            boxes: store.drop_boxes(boxes).await.unwrap(),
            audit: store.audit_from(1, 10_000).await.unwrap(),
        };
        store.close().await;
        known
    }
}

async fn get(letter: &Letter, path: &str) -> Reply {
    http::request(&letter.origin(), &format!("GET {path}"), &[], "").await
}

/// Fetches a page as all of them do. The reply is always the same.
async fn look_at(letter: &Letter, page: &Reply) {
    let (origin, path) = (letter.origin(), letter.path());
    for (agent, habits) in LOOKERS {
        let agent = format!("User-Agent: {agent}");
        let head: Vec<&str> = std::iter::once(agent.as_str())
            .chain(habits.iter().copied())
            .collect();
        for path in [
            path.clone(),
            format!("{path}/"),
            format!("{path}?utm_source=mail"),
            format!("{path}/redeem"),
            format!("{path}/fill"),
        ] {
            let reply = http::request(&origin, &format!("GET {path}"), &head, "").await;
            assert!(reply == *page, "GET {path} by {agent}: {}", reply.head);
            let reply = http::request(&origin, &format!("HEAD {path}"), &head, "").await;
            assert!(
                reply.head == page.head && reply.body.is_empty(),
                "HEAD {path} by {agent}: {}",
                reply.head
            );
        }
    }
    // What some send besides is refused, and nothing comes of it.
    for (line, header, body) in [
        ("OPTIONS", "Access-Control-Request-Method: POST", ""),
        (
            "POST",
            "Content-Type: application/x-www-form-urlencoded",
            "phrase=test",
        ),
        ("PUT", "Content-Type: application/json", "{}"),
        ("DELETE", "Accept: */*", ""),
    ] {
        let reply = http::request(&origin, &format!("{line} {path}"), &[header], body).await;
        assert!((400..500).contains(&reply.status()), "{line}: {}", reply.head);
        for step in ["status", "redeem", "fill"] {
            let line = format!("{line} {path}/{step}");
            let reply = http::request(&origin, &line, &[header], body).await;
            assert!((400..500).contains(&reply.status()), "{line}: {}", reply.head);
        }
    }
}

/// Runs the page with all of its address, clicks whatever there is and sends every form.
async fn clicks_through(browser: &Browser, letter: &Letter, text: Option<&str>) {
    let page = &letter.path()[1..2];
    // To send a form past its script is against the policy, and Chromium says so.
    let tolerated = ["form-action", "Content Security Policy"];
    let tab = browser.open(&letter.url, &tolerated).await;
    tab.shows("ready", &format!("{page}-{}", text.unwrap_or("nothing")))
        .await;
    let clicked = tab.click_everything().await;
    assert!(
        clicked.iter().any(|name| name.starts_with("button")),
        "{clicked:?}"
    );
    assert!(tab.submit_everything(text).await > 0, "there is a form");
    // Without the secret part, as most scanners have it.
    let bare = browser
        .open(letter.url.split_once('#').unwrap().0, &tolerated)
        .await;
    bare.shows("no-secret", &format!("{page}-bare")).await;
    bare.click_everything().await;
    bare.submit_everything(text).await;
}

#[tokio::test]
async fn who_only_looks_spends_nothing() {
    let house = house().await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let link = gets_a_link(&alice, &bob, "prod", "DATABASE_URL").await;
    let phrase = hears_the_phrase(&alice, &link).await;
    let drop_box = gets_a_box(&alice, "stage", "NEW_KEY").await;
    let before = Known::of(&house).await;
    assert_eq!((before.links.len(), before.boxes.len()), (1, 1));

    look_at(&link, &get(&link, &link.path()).await).await;
    look_at(&drop_box, &get(&drop_box, &drop_box.path()).await).await;
    let browser = Browser::launch("scanners").await;
    for text in [None, Some("test"), Some("alice@example.org")] {
        clicks_through(&browser, &link, text).await;
    }
    // Who types into the form of a drop box fills it; a scanner has nothing to type.
    clicks_through(&browser, &drop_box, None).await;

    let posts = browser.posts().await;
    assert!(
        posts.iter().all(|url| url.ends_with("/status")) && posts.len() == 4,
        "{posts:?}"
    );
    assert_eq!(Known::of(&house).await, before);
    assert_eq!(link.status().await.json()["attempts_left"], 5);
    assert_eq!(drop_box.state().await, "open");
    // And it opens still.
    let opened = http::request(
        &link.origin(),
        &format!("POST {}/redeem", link.path()),
        &["Content-Type: application/json"],
        &link.redemption(&phrase),
    )
    .await;
    assert_eq!(opened.status(), 200);
}

/// Existing, spent, burned, made up and malformed: one page, byte for byte but for the time.
#[tokio::test]
async fn a_page_tells_nothing_of_its_link() {
    let house = house().await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let live = gets_a_link(&alice, &bob, "prod", "DATABASE_URL").await;
    let spent = spends(&alice, gets_a_link(&alice, &bob, "stage", "SECRET_KEY").await).await;
    let burned = gets_a_link(&alice, &bob, "stage", "REDIS_URL").await;
    alice.says("bot", &format!("burn {}", burned.id));
    alice.hears_in("alice", "is burned; nobody can open it").await;
    let open = gets_a_box(&alice, "stage", "NEW_KEY").await;
    for (kind, known) in [("s", vec![&live, &spent, &burned]), ("d", vec![&open])] {
        let page = get(&live, &format!("/{kind}/AAAAAAAAAAAAAAAAAAAAAA")).await;
        assert_eq!(page.status(), 200);
        assert!(page.body.starts_with(b"<!doctype html>"));
        let known = known.into_iter().map(Letter::path);
        let made_up = [
            "",
            "x",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "..%2f..%2fetc%2fpasswd",
            &"A".repeat(2_000),
        ];
        let others = made_up.iter().map(|id| format!("/{kind}/{id}"));
        // Links behind the path of boxes, and the other way round.
        let swapped = [&live, &open].map(|letter| format!("/{kind}/{}", &letter.path()[3..]));
        for path in known.chain(others).chain(swapped) {
            let reply = get(&live, &path).await;
            assert_eq!(reply.head, page.head, "{path}");
            assert!(reply.body == page.body, "{path}");
        }
    }
    assert_ne!(get(&live, "/s/x").await.body, get(&live, "/d/x").await.body);
    // To who has no proof, status is as mute.
    let unknown = stranger(&live, "/s/AAAAAAAAAAAAAAAAAAAAAA").await;
    for path in [live.path(), spent.path(), burned.path(), "/s/x".to_owned()] {
        assert_eq!(stranger(&live, &path).await, unknown, "{path}");
    }
    let unknown = stranger(&open, "/d/AAAAAAAAAAAAAAAAAAAAAA").await;
    for path in [open.path(), "/d/x".to_owned()] {
        assert_eq!(stranger(&open, &path).await, unknown, "{path}");
    }
}

async fn stranger(letter: &Letter, path: &str) -> Reply {
    let body = serde_json::json!({ "v": 1, "link": "A".repeat(43) });
    let reply = http::post(&letter.origin(), &format!("{path}/status"), &body).await;
    assert_eq!(reply.status(), 404);
    reply
}

async fn spends(alice: &Person, letter: Letter) -> Letter {
    let phrase = hears_the_phrase(alice, &letter).await;
    let line = format!("POST {}/redeem", letter.path());
    let body = letter.redemption(&phrase);
    let reply = http::request(
        &letter.origin(),
        &line,
        &["Content-Type: application/json"],
        &body,
    )
    .await;
    assert_eq!(reply.status(), 200);
    letter
}
