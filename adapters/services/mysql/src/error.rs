//! What went wrong, in kinds that a caller can act on and words that a person can.

use std::fmt;

use crate::{codes, unfinished::Waits};

/// The result of every call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A call that failed.
///
/// Its text names neither hosts nor passwords: what the server says of a statement that holds a password is dropped,
/// and so is all that says from where somebody came.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    /// The server's number for it, where the server said it.
    code: Option<u16>,
    /// What was going on: a statement as it is shown, or a few words.
    doing: String,
    /// What the server said, on one line and cut; only where no password can be in it.
    said: Option<String>,
    /// What keeps a change from its end, where one was begun.
    waits: Option<Waits>,
    source: Option<Source>,
}

/// What lies beneath an error, where it can't hold a secret.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There was no connection: nobody listens, the name is not known, or the other end hung up during the greeting.
    Unreachable,
    /// The server takes connections and lets nobody in, or owes so many answers that it is asked for nothing more.
    Hangs,
    /// The connection could not be made secure, so nothing was told to the other end.
    Tls(TlsTrouble),
    /// The server does not let this account in.
    Denied,
    /// The server has no connection to spare, for anybody or for this account.
    TooManyConnections,
    /// No answer in time; [`Error::waits`] is what the server waits for with it, if it is a change and that was to be found
    /// out.
    TimedOut,
    /// An earlier change that this account asked for is not done yet, and nobody waits for it any more; nothing was sent.
    Unfinished,
    /// The connection broke after something was sent.
    Lost,
    /// Somebody else holds what was needed, or too many of our own calls wait; nothing was done.
    Busy,
    /// The server takes no changes: it is a replica, or was set to that.
    ReadOnly,
    /// The server's disk is full.
    Full,
    /// The account is there already.
    Exists,
    /// The account is not there.
    NoSuchAccount,
    /// The account has no such right to take.
    NoSuchGrant,
    /// The table is not there, or its schema.
    NoSuchTable,
    /// The account that asked lacks a right; the text names it.
    NotAllowed,
    /// The account is locked.
    Locked,
    /// The account's password has expired: it may do nothing but set another.
    Expired,
    /// This server, or this client, does not do that; nothing was sent.
    Unsupported,
    /// Any other of the server's errors, by its number; 0 is an answer that made no sense.
    Other(u16),
}

/// Why a connection could not be made secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsTrouble {
    /// The server offers no TLS.
    NotOffered,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet: its clock, or ours, is wrong.
    NotYetValid,
    /// The certificate is for another name.
    OtherName,
    /// Nobody that we trust has signed the certificate.
    UnknownIssuer,
    /// Anything else: no common version, an odd certificate, a broken hand-shake.
    Other,
}

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Nothing was done, and it may work later by itself.
    Later,
    /// It will fail again until somebody changes something.
    Never,
    /// It may have happened: look before asking again.
    Unknown,
}

impl Error {
    pub(crate) fn new(kind: Kind, doing: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            doing: doing.into(),
            said: None,
            waits: None,
            source: None,
        }
    }

    pub(crate) fn with_code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }

    /// For what failed before anything was asked for: a connection that broke then has done nothing.
    pub(crate) fn before_anything(self) -> Self {
        let kind = match self.kind {
            Kind::Lost => Kind::Unreachable,
            Kind::TimedOut => Kind::Hangs,
            kind => kind,
        };
        Self { kind, ..self }
    }

    pub(crate) fn with_waits(mut self, waits: Waits) -> Self {
        self.waits = Some(waits);
        self
    }

    /// Adds what the server said, without accounts and their hosts. Never for a statement with a password.
    pub(crate) fn with_said(mut self, said: &str) -> Self {
        self.said = Some(codes::quotable(&codes::without_accounts(said)));
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The server's number for it; `None` where it was not the server that said no.
    pub fn code(&self) -> Option<u16> {
        self.code
    }

    /// What the change waits for that is not done: this one, if it was not answered in time; or the earlier one that it
    /// gave way to. `None` where it does not wait any more, and of everything that is no change.
    pub fn waits(&self) -> Option<&Waits> {
        self.waits.as_ref()
    }

    /// Whether to try again.
    pub fn retry(&self) -> Retry {
        match self.kind {
            Kind::Full if self.code.is_some_and(codes::may_be_done) => Retry::Unknown,
            Kind::Unreachable
            | Kind::Hangs
            | Kind::TooManyConnections
            | Kind::Unfinished
            | Kind::Busy
            | Kind::ReadOnly
            | Kind::Full => Retry::Later,
            Kind::TimedOut | Kind::Lost => Retry::Unknown,
            _ => Retry::Never,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.kind)?;
        if let Some(said) = &self.said {
            write!(f, " (the server says: {said})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "the database server can't be reached",
            Self::Hangs => "the database server takes connections and answers nothing",
            Self::Tls(trouble) => return write!(f, "no secure connection: {trouble}"),
            Self::Denied => "the server refuses the login; check the user name and the password",
            Self::TooManyConnections => "the server has no free connection",
            Self::TimedOut => "no answer in time; it may have happened",
            Self::Unfinished => "an earlier change is not done yet; nothing was sent",
            Self::Lost => "the connection broke before the answer came; it may have happened",
            Self::Busy => "something else is in the way; nothing was done",
            Self::ReadOnly => "the server takes no changes (it is read-only)",
            Self::Full => "the server's disk is full",
            Self::Exists => "the account is there already",
            Self::NoSuchAccount => "there is no such account",
            Self::NoSuchGrant => "the account has no such right",
            Self::NoSuchTable => "there is no such table",
            Self::NotAllowed => "the account in use lacks a right for it",
            Self::Locked => "the account is locked",
            Self::Expired => "the account's password has expired",
            Self::Unsupported => "that can't be done here",
            Self::Other(0) => "the server's answer makes no sense",
            Self::Other(code) => return write!(f, "the server answers with error {code}"),
        })
    }
}

impl fmt::Display for TlsTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOffered => "the server offers no TLS",
            Self::Expired => "the server's certificate has expired",
            Self::NotYetValid => "the server's certificate is not valid yet; check the clock here and there",
            Self::OtherName => "the server's certificate is for another name",
            Self::UnknownIssuer => "the server's certificate is signed by nobody in the configured CA bundle",
            Self::Other => "the TLS hand-shake failed",
        })
    }
}
