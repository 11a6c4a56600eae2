//! Somebody is asked to drop a secret: a box is made, and its address sent to them alone.

use countersign_secrets::drop_box::BoxKey;
use countersign_secrets::header::BoxHeader;
use countersign_secrets::key::LinkKey;
use countersign_secrets::link::link_proof;
use countersign_secrets::path_id::PathId;
use countersign_secrets::url::{Kind, LinkUrl};
use secrecy::ExposeSecret as _;

use super::{BoxDraft, DropBox, State, key_of, posts, public};
use crate::audit::Event;
use crate::chat::Reach;
use crate::command::Ask;
use crate::id::BoxId;
use crate::link::{Links, said_to};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::store::{Batch, MessageKey, Write};
use crate::text::clip;
use crate::time::after;

/// How often a key is drawn: one in 2^32 draws is no key.
const DRAWS: usize = 4;

impl Links {
    /// Makes a box for what the asker wants to give, and says everything about it. To be committed in one transaction,
    /// which deals with the message too.
    pub(crate) fn invite(&self, ask: &Ask<'_>, person: &Person, draft: &BoxDraft) -> Result<Batch, Refusal> {
        let Some((sent_to, reach)) = self.place_of(person, ask.message.place.network()) else {
            let words = self.reaches(person, ask.message.place.network());
            return Err(Refusal::new(words.err().unwrap_or_default()));
        };
        let (id, path) = (BoxId::draw(self.random()), PathId(self.bytes()));
        let key = (0..DRAWS).find_map(|_| BoxKey::new(self.bytes()).ok());
        let key = key.ok_or_else(|| Refusal::new("no key could be drawn").hint("Say it again."))?;
        let secret = LinkKey::new(self.bytes());
        let expires = after(ask.now, self.settings().box_valid);
        let header = BoxHeader {
            v: 1,
            id: path,
            expires_at: expires.as_millisecond(),
            purpose: draft.purpose.clone(),
            subject: format!("{}, asked by {} (drop box {id})", clip(ask.line, 120), person.id),
        };
        let header = header
            .canonical()
            .map_err(|error| Refusal::new(error.to_string()))?;
        let drop_box = DropBox {
            path,
            header,
            link: link_proof(&path, &secret).digest(),
            public: public(&key),
            private: Some(self.seal(&key_of(&id), key.to_bytes().as_slice())),
            content: None,
            owner: person.id.clone(),
            origin: ask.origin(),
            sent_to,
            purpose: draft.purpose.clone(),
            target: draft.target.clone(),
            then: draft.then.replace("{id}", id.as_str()),
            by_itself: reach == Reach::Account,
            state: State::Open,
            made: ask.now,
            expires,
            version: 0,
            id,
        };
        let url = LinkUrl {
            base: self.settings().url.clone(),
            kind: Kind::Box,
            id: path,
            key: secret,
        }
        .shown();
        let url = self.seal(&said_to(&drop_box.sent_to), url.expose_secret().as_bytes());
        let words = format!("was sent drop box {} for {}", drop_box.id, drop_box.purpose);
        let record = crate::audit::Entry {
            target: drop_box.target.clone(),
            ..crate::requests::entry(ask, Event::Invited, words)
        };
        let mut batch = Batch::of(Write::Handled(MessageKey::of(ask.message))).record(record);
        if drop_box.sent_to != ask.message.place {
            batch = batch.write(Write::Enqueue(posts::elsewhere(ask, &drop_box)));
        }
        Ok(batch
            .write(Write::Enqueue(posts::invitation(&drop_box, url)))
            .write(Write::NewBox(Box::new(drop_box))))
    }
}
