//! What people type and hear until they have a link or a drop box.

use crate::irc::house::House;
use crate::support::http::{self, Reply};
use crate::support::hunt::Hunt;
use crate::support::irc::{InspIrcd, Line, Options, Person, Services};
use crate::support::serve::{ROOM, Setup};

use std::time::Duration;

use countersign_secrets::url::LinkUrl;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// A network with accounts, a sandbox, and a bot with a web side.
pub(super) async fn house() -> House {
    house_with(|setup| setup).await
}

/// The same, with a bot that is not as in most stories.
pub(super) async fn house_with(setup: impl FnOnce(Setup) -> Setup) -> House {
    let options = Options::with(Services::Atheme);
    House::with(options, InspIrcd::tls, |plain| setup(plain.with_web())).await
}

/// The address of a link or of a drop box, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// What people type.
    pub(crate) id: String,
    /// All of the address.
    pub(crate) url: String,
}

impl Letter {
    /// From a line with an address, of a link or a box that is called so.
    pub(crate) fn of(line: &Line, id: &str) -> Self {
        let words = line.text().split_whitespace();
        let url = words.into_iter().find(|word| word.starts_with("http://"));
        Self {
            id: id.to_owned(),
            url: url.unwrap_or_else(|| panic!("no address in {line}")).to_owned(),
        }
    }

    /// What stands behind the `#`.
    pub(crate) fn fragment(&self) -> &str {
        self.url.split_once('#').unwrap().1
    }

    /// The path of the page: `/s/…`.
    pub(crate) fn path(&self) -> String {
        let page = self.url.split_once('#').unwrap().0;
        format!("/{}", page.splitn(4, '/').nth(3).unwrap())
    }

    /// The origin, with a slash at the end.
    pub(crate) fn origin(&self) -> String {
        let end = self.url.len() - self.path().len() - 1 - self.fragment().len();
        format!("{}/", &self.url[..end])
    }

    /// What proves that one has the address, as it is sent.
    pub(super) fn proof(&self) -> String {
        use secrecy::ExposeSecret as _;
        let url = LinkUrl::parse(&self.url).unwrap();
        let proof = countersign_secrets::link::link_proof(&url.id, &url.key);
        proof.text().expose_secret().to_owned()
    }

    /// What the page is told before anything is spent.
    pub(super) async fn status(&self) -> Reply {
        let path = format!("{}/status", self.path());
        http::post(&self.origin(), &path, &json!({ "v": 1, "link": self.proof() })).await
    }

    /// The state, in the server's word.
    pub(super) async fn state(&self) -> Value {
        let status = self.status().await;
        assert_eq!(status.status(), 200, "{}", status.head);
        status.json()["state"].take()
    }

    /// What the page sends to open it with a phrase.
    pub(crate) fn redemption(&self, phrase: &str) -> String {
        use secrecy::ExposeSecret as _;
        let url = LinkUrl::parse(&self.url).unwrap();
        let phrase = countersign_secrets::phrase::Phrase::typed(phrase).unwrap();
        let keys = countersign_secrets::link::Keys::derive(&url.id, &url.key, &phrase);
        let (link, auth) = (keys.link.text(), keys.auth.text());
        json!({ "v": 1, "link": link.expose_secret(), "auth": auth.expose_secret() }).to_string()
    }
}

/// Somebody asks for something that another has to sign. Says which request it is, once it can be signed.
pub(crate) async fn asks(person: &Person, line: &str) -> String {
    person.says(ROOM, line);
    let asked = format!("{}: request R-", person.nick());
    let request = request_in(&person.hears_in(ROOM, &asked).await);
    person.hears_in(ROOM, &format!("signature on {request}")).await;
    request
}

/// The request that a line names.
pub(crate) fn request_in(line: &Line) -> String {
    let words = line.text().split_whitespace();
    let found = words.into_iter().find(|word| word.starts_with("R-"));
    let request = found.unwrap_or_else(|| panic!("no request in {line}"));
    request
        .trim_end_matches(|c: char| !c.is_alphanumeric())
        .to_owned()
}

/// Somebody signs, and hears so.
pub(crate) async fn signs(person: &Person, request: &str) {
    person.says(ROOM, &format!("!approve {request}"));
    person.hears_in(ROOM, &format!("{}: signed", person.nick())).await;
}

/// Alice asks for a value, bob signs, and a link comes to alice.
pub(super) async fn gets_a_link(alice: &Person, bob: &Person, target: &str, name: &str) -> Letter {
    let request = asks(alice, &format!("!config get {target} {name}")).await;
    signs(bob, &request).await;
    let delivered = alice.hears_in("alice", " opens once, within ").await;
    let done = bob.hears_in(ROOM, " went to alice").await;
    let (_, id) = done.text().split_once("link ").unwrap();
    let letter = Letter::of(&delivered, id.split(' ').next().unwrap());
    assert!(
        delivered.text().contains(&format!("phrase {}", letter.id)),
        "{delivered}"
    );
    letter
}

/// Somebody asks for the phrase of their link, directly.
pub(crate) async fn hears_the_phrase(alice: &Person, letter: &Letter) -> String {
    alice.says("bot", &format!("phrase {}", letter.id));
    let begin = format!("the phrase of link {}: ", letter.id);
    let line = alice.hears_in("alice", &begin).await;
    let (_, phrase) = line.text().split_once(&begin).unwrap();
    let phrase = phrase.split_whitespace().next().unwrap();
    let phrase: String = phrase.chars().filter(|c| !c.is_control()).collect();
    assert_eq!(phrase.len(), 19, "{line}");
    phrase
}

/// Alice asks to set something secret, and is sent a form.
pub(super) async fn gets_a_box(alice: &Person, target: &str, name: &str) -> Letter {
    let mark = alice.mark();
    alice.says(ROOM, &format!("!config set {target} {name}"));
    // Two places, and either may come first.
    let hears = async |place: &str, text: String| {
        let is_it = |line: &Line| line.is_speech() && line.target() == place && line.text().contains(&text);
        let line = alice.sees_after(mark, PATIENCE, is_it).await;
        line.unwrap_or_else(|| panic!("waited for {text:?} in {place}\n{}", alice.conversation()))
    };
    let told = hears(ROOM, "alice: nothing is set yet: ".to_owned()).await;
    let (_, rest) = told.text().split_once("(drop box ").unwrap();
    let id = rest.split(')').next().unwrap().to_owned();
    let line = hears(
        "alice",
        format!("to give me the value of {name} on {target}, open within "),
    )
    .await;
    Letter::of(&line, &id)
}

/// Something was put into a box. Its owner hears so, and says that it was they: on a network where the address went to
/// whoever had the nick nothing is planned before. Says which request it is, once it can be signed.
pub(super) async fn says_it_was_they(alice: &Person, drop_box: &Letter) -> String {
    let filled = format!("drop box {} (", drop_box.id);
    let line = alice.hears_in("alice", &filled).await;
    assert!(
        line.text().contains("was filled just now from 127.0.0.1"),
        "{line}"
    );
    let (_, rest) = line.text().split_once("Then type in #treeherder: ").unwrap();
    let (command, rest) = rest.split_once('.').unwrap();
    assert!(rest.contains(&format!("burn {}", drop_box.id)), "{line}");
    let command: String = command.chars().filter(|c| !c.is_control()).collect();
    asks(alice, &command).await
}

/// Another phrase than this one, which could be one.
pub(super) fn mistyped(phrase: &str) -> String {
    let other = if phrase.starts_with('A') { "B" } else { "A" };
    format!("{other}{}", &phrase[1..])
}

/// Nothing that is hunted was said to these people, or by them.
pub(crate) fn nobody_heard(hunt: &Hunt, people: &[&Person]) {
    for person in people {
        for line in person.since(0) {
            hunt.is_not_in(&format!("what {} heard or said", person.nick()), &line.raw);
        }
    }
}
