//! The way out: posts go through here to the adapter of their network, scrubbed of every known secret.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use countersign_secrets::at_rest::SealingKeys;

use crate::chat::{Adapter, Capabilities, SendError};
use crate::id::{NetworkId, PostId};
use crate::link;
use crate::pages::Pages;
use crate::reply::{Attachment, Block, Line, Opened, Post, Reply, Span};
use crate::secret::{Scrubber, Secret};

/// Sends posts.
#[derive(Clone)]
pub struct Speaker {
    adapters: HashMap<NetworkId, Arc<dyn Adapter>>,
    scrubber: Arc<Scrubber>,
    /// For networks that have nothing but lines, with what to type in a room for the next page.
    pages: Option<(Arc<Pages>, String)>,
    /// For what is sealed.
    keys: Option<Arc<SealingKeys>>,
}

impl Speaker {
    /// Speaks through these adapters.
    pub fn new(adapters: impl IntoIterator<Item = Arc<dyn Adapter>>, scrubber: Arc<Scrubber>) -> Self {
        let adapters = adapters
            .into_iter()
            .map(|adapter| (adapter.network().clone(), adapter))
            .collect();
        Self {
            adapters,
            scrubber,
            pages: None,
            keys: None,
        }
    }

    /// Opens what is sealed with these, in the instant when it is sent.
    pub(crate) fn opening(mut self, keys: Arc<SealingKeys>) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Speaks long answers page by page, on networks that have nothing but lines.
    pub(crate) fn paging(mut self, pages: Arc<Pages>, prefix: &str) -> Self {
        self.pages = Some((pages, format!("{prefix}more")));
        self
    }

    /// What a network can do. One that is not connected can do nothing.
    pub fn capabilities(&self, network: &NetworkId) -> Option<Capabilities> {
        self.adapters.get(network).map(|adapter| adapter.capabilities())
    }

    /// Sends a post.
    pub async fn send(&self, mut post: Post) -> Result<Option<PostId>, SendError> {
        let network = post.place.network();
        let Some(adapter) = self.adapters.get(network) else {
            return Err(SendError::Refused {
                network: network.clone(),
                reason: "the bot is not on it".to_owned(),
            });
        };
        self.scrub(&mut post.reply);
        if let Some((pages, more)) = &self.pages
            && adapter.capabilities().line_bytes.is_some()
        {
            post = pages.first(post, more);
        }
        self.open(&mut post)?;
        adapter.send(&post).await
    }

    /// Opens what is sealed, after everything else was looked at: from here it is in no log and in no store.
    fn open(&self, post: &mut Post) -> Result<(), SendError> {
        let network = post.place.network().clone();
        let said_to = link::said_to(&post.place);
        let lines = post.reply.blocks.iter_mut().filter_map(|block| match block {
            Block::Line(line) => Some(line),
            _ => None,
        });
        for span in lines.flat_map(|line| &mut line.0) {
            let Span::Sealed(sealed) = &*span else { continue };
            let opened = match &self.keys {
                Some(keys) => keys.open(&said_to, sealed).map_err(|error| error.to_string()),
                None => Err("nothing here can open what is sealed".to_owned()),
            };
            let text = opened.and_then(|bytes| {
                let text = std::str::from_utf8(&bytes).map(|text| Opened(Secret::from(text.to_owned())));
                text.map_err(|_| "what is sealed is no text".to_owned())
            });
            *span = Span::Opened(text.map_err(|reason| SendError::Refused {
                network: network.clone(),
                reason,
            })?);
        }
        Ok(())
    }

    fn scrub(&self, reply: &mut Reply) {
        for block in &mut reply.blocks {
            match block {
                Block::Line(line) => self.scrub_line(line),
                Block::Detail { lines, .. } => lines.iter_mut().for_each(|line| self.scrub_line(line)),
                Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(|line| self.scrub_line(line)),
                Block::Verbatim(text) => self.scrub_text(text),
                Block::Progress { .. } => {}
            }
        }
        if let Some(Attachment { text, .. }) = &mut reply.attachment {
            self.scrub_text(text);
        }
    }

    fn scrub_line(&self, line: &mut Line) {
        for span in &mut line.0 {
            match span {
                Span::Plain(text) | Span::Strong(text) | Span::Code(text) | Span::Foreign(text) => {
                    self.scrub_text(text);
                }
                Span::Link { text, url } => {
                    self.scrub_text(text);
                    self.scrub_text(url);
                }
                Span::Mention { .. } | Span::Sealed(_) | Span::Opened(_) => {}
            }
        }
    }

    fn scrub_text(&self, text: &mut String) {
        if let std::borrow::Cow::Owned(clean) = self.scrubber.scrub(text) {
            *text = clean;
        }
    }
}

impl fmt::Debug for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.adapters.keys()).finish()
    }
}
