//! Making links: a secret that an operation has in its hands is locked, and what is locked, the address and the phrase
//! leave in one transaction.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use countersign_secrets::at_rest::{SealedText, SealingKeys};
use countersign_secrets::content::{Content, MIME};
use countersign_secrets::header::Header;
use countersign_secrets::key::LinkKey;
use countersign_secrets::link::{self, lock};
use countersign_secrets::path_id::PathId;
use countersign_secrets::phrase::Phrase;
use countersign_secrets::url::{Kind, LinkUrl};
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::{GUESSES, Link, State, posts};
use crate::access;
use crate::audit::{self, Event};
use crate::chat::Reach;
use crate::id::{AccessId, LinkId, NetworkId, PersonId};
use crate::message::Place;
use crate::operation::{Run, Trouble};
use crate::person::Person;
use crate::random::Random;
use crate::secret::Secret;
use crate::store::{Batch, Store, StoreError, Write};
use crate::time::{Duration, Timestamp, after};

/// What a sealed text that is said is bound to: it can be said to that account and to nobody else.
pub(crate) fn said_to(place: &Place) -> String {
    match place {
        Place::Direct(account) => format!("said to {} on {}", account.name, account.network),
        other => format!("said in {other}"),
    }
}

/// What the pass phrase of a link is bound to.
fn phrase_of(id: &LinkId) -> String {
    format!("phrase of link {id}")
}

/// The parameter of a plan that makes a link anew: the id of the one that it takes the place of.
pub(crate) const REISSUES: &str = "reissues";

/// What links are made with.
#[derive(Clone, Debug)]
pub struct LinksSettings {
    /// Where people reach our pages; ends with `/`.
    pub url: String,
    /// How long a link can be opened.
    pub valid: Duration,
    /// How long a drop box can be filled.
    pub box_valid: Duration,
    /// What is kept is sealed with these.
    pub keys: Arc<SealingKeys>,
    /// How direct messages reach people, by network.
    pub reach: BTreeMap<NetworkId, Reach>,
}

/// Makes links.
#[derive(Clone)]
pub struct Links {
    settings: Arc<LinksSettings>,
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
}

/// A secret to be handed to somebody.
#[derive(Debug)]
pub struct Issue<'a> {
    /// The operation that has it.
    pub run: &'a Run<'a>,
    /// For whom.
    pub recipient: &'a Person,
    /// What it is: `prod's DATABASE_URL`.
    pub title: String,
    /// The secret.
    pub content: Content,
    /// The access that waits for it to be opened.
    pub access: Option<AccessId>,
}

/// A link that is to be committed with the step that made it.
#[derive(Debug)]
pub struct Issued {
    /// Its id, for words.
    pub link: LinkId,
    /// Where it was sent.
    pub sent_to: Place,
    /// What later steps may use: `{"link": "K7QM2X"}`.
    pub value: serde_json::Value,
    /// The link and the messages.
    pub writes: Vec<Write>,
    /// What is recorded.
    pub audit: Vec<audit::Entry>,
}

/// The two halves of a link, before they are sealed.
struct Halves {
    url: Secret,
    phrase: Phrase,
    keys: link::Keys,
}

impl Links {
    /// What makes links.
    pub fn new(settings: LinksSettings, store: Arc<dyn Store>, random: Arc<dyn Random>) -> Self {
        Self {
            settings: Arc::new(settings),
            store,
            random,
        }
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// What they are made with.
    pub fn settings(&self) -> &LinksSettings {
        &self.settings
    }

    /// Where a person is sent secrets, of those who asked on this network: to the account that is theirs most surely.
    pub fn place_of(&self, person: &Person, asked_on: &NetworkId) -> Option<(Place, Reach)> {
        let reach = |network: &NetworkId| self.settings.reach.get(network).copied();
        let places = person
            .accounts
            .iter()
            .filter_map(|account| Some((account, reach(&account.network)?)))
            .filter(|(_, reach)| *reach > Reach::Asking);
        // The first of the strongest, and of those the one on the network where it was asked for.
        let best = places
            .rev()
            .max_by_key(|(account, reach)| (*reach, account.network == *asked_on))?;
        Some((Place::Direct(best.0.clone()), best.1))
    }

    /// Whether this person can be sent a link, in words if not: asked before anything is planned.
    pub fn reaches(&self, person: &Person, asked_on: &NetworkId) -> Result<(), String> {
        if self.place_of(person, asked_on).is_some() {
            return Ok(());
        }
        Err(format!(
            "{} has no account on a network where I can write to them alone",
            person.id
        ))
    }

    /// Locks a secret into a new link. Takes a core for a tenth of a second: the phrase is stretched.
    pub async fn issue(&self, issue: Issue<'_>) -> Result<Issued, Trouble> {
        let Issue {
            run,
            recipient,
            title,
            content,
            access,
        } = issue;
        let operation = run.operation;
        let asked_on = operation.origin.place.network();
        let Some((sent_to, reach)) = self.place_of(recipient, asked_on) else {
            let words = self.reaches(recipient, asked_on).err().unwrap_or_default();
            return Err(Trouble::never(words));
        };
        let path = PathId(self.bytes());
        let expires = after(run.now, self.settings.valid);
        let header = header(path, &title, access.as_ref(), recipient, run, expires)?;
        let halves = self.halves(path).await?;
        let plaintext = content.to_bytes();
        let locked = lock(header, &halves.keys, self.bytes(), &plaintext)
            .map_err(|error| Trouble::never(error.to_string()))?;
        let id = LinkId::draw(&*self.random);
        let phrase = halves.phrase.shown();
        let sealed = self.seal(&phrase_of(&id), phrase.expose_secret().as_bytes());
        let url = self.seal(&said_to(&sent_to), halves.url.expose_secret().as_bytes());
        let link = Link {
            id: id.clone(),
            path,
            header: locked.header,
            nonce: locked.nonce,
            link: locked.link,
            auth: locked.auth,
            phrase: Some(sealed),
            recipient: recipient.id.clone(),
            requester: operation.plan.requester.clone(),
            request: operation.request.clone(),
            operation: operation.id.clone(),
            target: operation.plan.target.clone(),
            access,
            title,
            sent_to: sent_to.clone(),
            asked_in: operation.origin.place.clone(),
            state: State::Live,
            disowned: None,
            attempts_left: GUESSES,
            made: run.now,
            expires,
            version: 0,
        };
        let words = format!("link {id} ({}) was made for {}", link.title, link.recipient);
        let mut audit = vec![link.record(run.now, Event::Handed, words)];
        // Where nobody but the account's owner can read it, the phrase comes by itself; elsewhere it must be asked for.
        let follows = reach == Reach::Account;
        let mut writes = vec![Write::Enqueue(posts::delivery(&link, url, follows))];
        if follows {
            let phrase = self.seal(&said_to(&sent_to), phrase.expose_secret().as_bytes());
            writes.push(Write::Enqueue(posts::phrase_post(&link, phrase)));
        }
        let ended = self.in_place_of(run, &link).await?;
        writes.extend(ended.writes);
        audit.extend(ended.audit);
        writes.push(Write::NewLink {
            link: Box::new(link),
            content: locked.ciphertext,
        });
        Ok(Issued {
            value: serde_json::json!({ "link": id }),
            link: id,
            sent_to,
            writes,
            audit,
        })
    }

    /// The link that this one takes the place of ends, if it has not.
    async fn in_place_of(&self, run: &Run<'_>, link: &Link) -> Result<Batch, Trouble> {
        let Some(old) = run.plan().parameters.get(REISSUES).and_then(|id| id.as_str()) else {
            return Ok(Batch::default());
        };
        let unread = |error: StoreError| Trouble::again(error.to_string());
        let old = self.store.link(&LinkId::from(old)).await.map_err(unread)?;
        let Some(burned) = old.and_then(|old| old.burn(&link.requester, run.now)) else {
            return Ok(Batch::default());
        };
        let words = format!("link {} was burned: {} takes its place", burned.id, link.id);
        let record = burned.record(run.now, Event::Burned, words);
        let followed = access::with_link(&*self.store, &burned, run.now)
            .await
            .map_err(unread)?;
        Ok(Batch::of(Write::Link(Box::new(burned)))
            .record(record)
            .and(followed))
    }

    async fn halves(&self, path: PathId) -> Result<Halves, Trouble> {
        let (key, phrase) = (LinkKey::new(self.bytes()), Phrase::new(self.bytes()));
        let url = LinkUrl {
            base: self.settings.url.clone(),
            kind: Kind::Link,
            id: path,
            key: key.clone(),
        }
        .shown();
        tokio::task::spawn_blocking(move || Halves {
            url,
            keys: link::Keys::derive(&path, &key, &phrase),
            phrase,
        })
        .await
        .map_err(|_| Trouble::again("the pass phrase could not be made"))
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// The phrase of a link, sealed anew to be said in this place.
    pub(crate) fn phrase(
        &self,
        link: &Link,
        phrase: &SealedText,
        place: &Place,
    ) -> Result<SealedText, Trouble> {
        let opened = self.open_sealed(&phrase_of(&link.id), phrase)?;
        Ok(self.seal(&said_to(place), &opened))
    }

    /// Seals what must outlive a crash.
    pub fn seal(&self, what: &str, secret: &[u8]) -> SealedText {
        self.settings.keys.seal(what, self.bytes(), secret)
    }

    /// Opens what was sealed under these words.
    pub fn open_sealed(&self, what: &str, sealed: &SealedText) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        let opened = self.settings.keys.open(what, sealed);
        opened.map_err(|error| Trouble::never(error.to_string()))
    }
}

/// What the page shows before anything is spent.
fn header(
    path: PathId,
    title: &str,
    access: Option<&AccessId>,
    recipient: &Person,
    run: &Run<'_>,
    expires: Timestamp,
) -> Result<String, Trouble> {
    let operation = run.operation;
    let header = Header {
        v: 1,
        id: path,
        expires_at: expires.as_millisecond(),
        mime: MIME.to_owned(),
        title: title.to_owned(),
        from: asked_and_signed(operation.plan.requester.as_str(), &operation.signers),
        access_id: access.map(ToString::to_string),
        request_digest: Some(operation.plan.digest().to_string()),
        recipient: recipient.id.to_string(),
    };
    header
        .canonical()
        .map_err(|error| Trouble::never(error.to_string()))
}

/// Who stands behind a link, for the page: `alice, signed by bob`.
fn asked_and_signed(requester: &str, signers: &[PersonId]) -> String {
    match signers {
        [] => requester.to_owned(),
        signers => format!("{requester}, signed by {}", crate::text::list(signers)),
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links")
            .field("url", &self.settings.url)
            .finish_non_exhaustive()
    }
}
