//! What the bot says, in one form for all networks. Chat adapters render it; [`plain`] is the rendering for
//! networks (and terminals) that have nothing but lines.

mod plain;

use countersign_secrets::at_rest::{KeyId, SealedText};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::id::{MessageId, PostId};
use crate::message::{Account, Message, Place};
use crate::secret::{REDACTED, Secret};
use crate::time::Duration;

pub use plain::{plain, plain_line};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Words of ours.
    Plain(String),
    /// Words of ours that matter most in the line.
    Strong(String),
    /// Something to type, or an id: shown letter by letter.
    Code(String),
    /// Text of strangers (commit subjects, provider messages): never interpreted as markup or mention.
    Foreign(String),
    /// An address, with the words to show where the platform can hide it.
    Link {
        /// The words.
        text: String,
        /// The address.
        url: String,
    },
    /// Half of a secret: the address of a link, or its phrase. It stands in the outbox as it is here, and is opened in the
    /// instant when it is sent.
    Sealed(SealedText),
    /// What was sealed, opened: only on its way from the speaker to the network.
    #[serde(skip)]
    Opened(Opened),
    /// A person's name; platforms that can, notify them.
    Mention {
        /// What to call them.
        name: String,
        /// Their account on the network that the post goes to, if they have one.
        account: Option<Account>,
    },
}

/// Half of a secret in the clear. It cannot be stored, and what prints it prints that it is a secret.
#[derive(Clone)]
pub struct Opened(pub Secret);

impl PartialEq for Opened {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for Opened {}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(REDACTED)
    }
}

/// One line of a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line(pub Vec<Span>);

impl Line {
    /// A line that begins with these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(vec![Span::Plain(text.into())])
    }

    fn with(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }

    /// Adds words of ours.
    #[must_use]
    pub fn then(self, text: impl Into<String>) -> Self {
        self.with(Span::Plain(text.into()))
    }

    /// Adds words that matter.
    #[must_use]
    pub fn strong(self, text: impl Into<String>) -> Self {
        self.with(Span::Strong(text.into()))
    }

    /// Adds something to type.
    #[must_use]
    pub fn code(self, text: impl Into<String>) -> Self {
        self.with(Span::Code(text.into()))
    }

    /// Adds strangers' text.
    #[must_use]
    pub fn foreign(self, text: impl Into<String>) -> Self {
        self.with(Span::Foreign(text.into()))
    }

    /// Adds half of a secret.
    #[must_use]
    pub fn sealed(self, text: SealedText) -> Self {
        self.with(Span::Sealed(text))
    }

    /// Adds an address.
    #[must_use]
    pub fn link(self, text: impl Into<String>, url: impl Into<String>) -> Self {
        self.with(Span::Link {
            text: text.into(),
            url: url.into(),
        })
    }

    /// Adds a name that is notified.
    #[must_use]
    pub fn mention(self, name: impl Into<String>, account: Option<Account>) -> Self {
        self.with(Span::Mention {
            name: name.into(),
            account,
        })
    }
}

impl<T: Into<String>> From<T> for Line {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// A part of a reply that is laid out by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// One line.
    Line(Line),
    /// A labelled group of lines under the line before: `code   8d07be4 → 3f2a91c`.
    Detail {
        /// One word; labels of neighbours are aligned.
        label: String,
        /// What is under it.
        lines: Vec<Line>,
    },
    /// Rows under a head; the columns are aligned where the platform has a fixed-width font.
    Table {
        /// The head.
        head: Vec<String>,
        /// The rows, each as long as the head.
        rows: Vec<Vec<Line>>,
    },
    /// Text of a program, kept as it is.
    Verbatim(String),
    /// How far an operation is.
    Progress {
        /// Steps that have ended.
        done: usize,
        /// Steps in all.
        of: usize,
        /// Since the operation began.
        elapsed: Duration,
    },
}

/// How a reply is meant. A platform may colour it; the words say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// An answer.
    #[default]
    Neutral,
    /// It went well.
    Good,
    /// It did not, or may not.
    Bad,
    /// Somebody has to do something.
    Waiting,
}

/// Something to press instead of typing. It carries the command line, so pressing and typing are one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// The word on it.
    pub label: String,
    /// The command line, without prefix. Ids in it are looked up, never trusted.
    pub command: String,
    /// What to ask for in a form first; the answer is appended to the command line as one quoted word.
    pub ask: Option<String>,
    /// Whether pressing it is the safe choice.
    pub safe: bool,
}

/// Text too long for a message. Platforms with files attach it, others page through it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The name of the file.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What the bot says: an answer, a card, news. It has no place yet; [`Post`] gives it one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The parts, in order.
    pub blocks: Vec<Block>,
    /// Buttons under them.
    pub buttons: Vec<Button>,
    /// A long text that goes with it.
    pub attachment: Option<Attachment>,
    /// How it is meant.
    pub tone: Tone,
    /// Whether it goes to the sender alone wherever they asked.
    pub private: bool,
    /// Whether it is sent whole however long it is: somebody signs what it says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl Reply {
    /// A reply of one line.
    pub fn line(line: impl Into<Line>) -> Self {
        Self {
            blocks: vec![Block::Line(line.into())],
            ..Self::default()
        }
    }

    /// Adds a line.
    #[must_use]
    pub fn and(mut self, line: impl Into<Line>) -> Self {
        self.blocks.push(Block::Line(line.into()));
        self
    }

    /// Adds a labelled group of one line.
    #[must_use]
    pub fn detail(mut self, label: impl Into<String>, line: impl Into<Line>) -> Self {
        self.blocks.push(Block::Detail {
            label: label.into(),
            lines: vec![line.into()],
        });
        self
    }

    /// Adds any block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds a button.
    #[must_use]
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// Whether half of a secret is in it, in the clear: what is sent of it is logged nowhere.
    pub fn holds_secret(&self) -> bool {
        let lines = self.blocks.iter().filter_map(|block| match block {
            Block::Line(line) => Some(line),
            _ => None,
        });
        let mut spans = lines.flat_map(|line| &line.0);
        spans.any(|span| matches!(span, Span::Opened(_)))
    }

    /// Says how it is meant.
    #[must_use]
    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// Sends all of it at once, however long it is.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Sends it to the sender alone.
    #[must_use]
    pub fn privately(mut self) -> Self {
        self.private = true;
        self
    }
}

/// Whom a post speaks to: `alice: …` on IRC, a notifying mention elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// What to call them.
    pub name: String,
    /// Their account on that network, if it proved one.
    pub account: Option<Account>,
}

/// What is sent first when a network limits how fast the bot may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Progress and other chatter.
    Chatter,
    /// Answers and announcements.
    Normal,
    /// Results and requests for signatures.
    Result,
}

/// A reply with a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Where it goes.
    pub place: Place,
    /// Whom it speaks to.
    pub to: Option<Addressee>,
    /// What it says.
    pub reply: Reply,
    /// The thread it belongs to.
    pub thread: Option<MessageId>,
    /// The earlier post that it takes the place of, where the network can edit.
    pub replaces: Option<PostId>,
    /// What is sent first.
    pub urgency: Urgency,
}

impl Post {
    /// The key that something in it is sealed with.
    pub fn sealed_with(&self) -> Option<KeyId> {
        let lines = self.reply.blocks.iter().filter_map(|block| match block {
            Block::Line(line) => Some(line),
            _ => None,
        });
        let mut spans = lines.flat_map(|line| &line.0);
        spans.find_map(|span| match span {
            Span::Sealed(text) => Some(text.key_id()),
            _ => None,
        })
    }

    /// A post to a place, spoken to nobody in particular.
    pub fn to(place: Place, reply: Reply) -> Self {
        Self {
            place,
            to: None,
            reply,
            thread: None,
            replaces: None,
            urgency: Urgency::Normal,
        }
    }

    /// An answer: it goes where the message was said, and speaks to who said it; a private one goes to them alone.
    pub fn answer(message: &Message, reply: Reply) -> Self {
        let account = message.sender.account.clone();
        let place = match (&account, reply.private) {
            (Some(account), true) => Place::Direct(account.clone()),
            _ => message.place.clone(),
        };
        let to = (!place.is_direct()).then(|| Addressee {
            name: message.sender.nick.clone(),
            account,
        });
        Self {
            to,
            thread: message.thread.clone(),
            ..Self::to(place, reply)
        }
    }
}
