//! Trying a server once, for whoever wants to know before the bot is started whether it gets in.

use std::sync::Arc;

use countersign_core::time::{Clock, between};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::time::{Duration, sleep, timeout};

use crate::dial::{Dial as _, DialError, Dialer, Stream};
use crate::line::Line;
use crate::lines::Lines;
use crate::patience::Patience;
use crate::session::{Effect, Session};
use crate::settings::{Server, Settings, Tls};

/// How long the server may take from the connection to letting the bot in.
const ENTRY: Duration = Duration::from_secs(45);
/// How long it may take to take the good-bye.
const FAREWELL: Duration = Duration::from_secs(2);
/// When nothing is due.
const FAR: Duration = Duration::from_hours(1);

/// What trying a server brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The account that the network says the bot is logged in as.
    pub account: Option<String>,
    /// Whether the network proves who has which account. Where it does not, everybody is a stranger.
    pub proves_accounts: bool,
    /// What else people should know: sentences, such as why the bot could not log in.
    pub troubles: Vec<String>,
}

/// Why a server could not be tried to the end.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is no connection, or none that can be trusted. The words say what to do.
    #[error("{0}")]
    Connect(String),
    /// It ended before the bot was in.
    #[error("{reason}")]
    Entry {
        /// What the server said, or what happened.
        reason: String,
        /// What else was noticed on the way.
        troubles: Vec<String>,
    },
}

impl From<DialError> for ProbeError {
    fn from(error: DialError) -> Self {
        Self::Connect(error.words())
    }
}

/// Connects to a server as far as its certificate goes, and goes away.
pub async fn reach(settings: &Settings, server: &Server) -> Result<(), ProbeError> {
    let mut stream = dial(settings, server).await?;
    // Whether the server hears that makes no difference.
    timeout(FAREWELL, stream.shutdown()).await.ok();
    Ok(())
}

/// Goes in by one server as the bot would, logs in, enters no room, and leaves.
///
/// The nick of `settings` should be one that nobody has: a running bot of the same account would lose its own.
pub async fn probe(settings: &Settings, server: &Server, clock: &dyn Clock) -> Result<Probe, ProbeError> {
    let stream = dial(settings, server).await?;
    let session = Session::new(
        Arc::new(settings.clone()),
        Vec::new(),
        settings.tls != Tls::Off,
        "probe".to_owned(),
        clock.now(),
    );
    let mut visit = Visit {
        session,
        clock,
        troubles: Vec::new(),
        out: Vec::new(),
    };
    let entered = timeout(ENTRY, visit.enter(stream)).await;
    let late = || {
        Err(format!(
            "the server did not let the bot in within {} s",
            ENTRY.as_secs()
        ))
    };
    match entered.unwrap_or_else(|_| late()) {
        Ok(()) => Ok(Probe {
            account: visit.session.account().map(str::to_owned),
            proves_accounts: visit.session.proves_accounts(),
            troubles: visit.troubles,
        }),
        Err(reason) => Err(ProbeError::Entry {
            reason,
            troubles: visit.troubles,
        }),
    }
}

async fn dial(settings: &Settings, server: &Server) -> Result<Stream, DialError> {
    let patience = Patience::default().connect;
    Dialer::new(Arc::new(settings.clone()), patience)
        .dial(server, 0)
        .await
}

/// A short stay on a server.
struct Visit<'c> {
    session: Session,
    clock: &'c dyn Clock,
    troubles: Vec<String>,
    /// What is to be sent.
    out: Vec<u8>,
}

impl Visit<'_> {
    /// Goes in, and out again; says why it could not.
    async fn enter(&mut self, stream: Stream) -> Result<(), String> {
        let (mut reader, mut writer) = split(stream);
        let mut lines = Lines::default();
        let mut effects = Vec::new();
        self.session.open(self.clock.now(), &mut effects);
        loop {
            let is_in = self.apply(&mut effects)?;
            if is_in {
                self.send(&Line::quit("checked"));
            }
            let written = writer.write_all(&self.out).await;
            self.out.clear();
            written.map_err(|error| format!("the connection broke: {error}"))?;
            if is_in {
                timeout(FAREWELL, writer.shutdown()).await.ok();
                return Ok(());
            }
            let wait = self.session.next_wake().map_or(FAR, |wake| {
                between(self.clock.now(), wake) + Duration::from_millis(1)
            });
            tokio::select! {
                read = reader.read_buf(lines.space()) => match read {
                    Ok(0) => return Err("the server closed the connection".to_owned()),
                    Ok(_) => {}
                    Err(error) => return Err(format!("the connection broke: {error}")),
                },
                () = sleep(wait) => self.session.wake(self.clock.now(), &mut effects),
            }
            while let Some(line) = lines.next() {
                self.session.hear(&line, self.clock.now(), &mut effects);
            }
        }
    }

    /// Does what the session asks for. Says whether the bot is in, or why it never will be.
    fn apply(&mut self, effects: &mut Vec<Effect>) -> Result<bool, String> {
        let mut is_in = false;
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(line) => self.send(&Ok(line)),
                Effect::Trouble(words) | Effect::RoomTrouble(_, words) => self.troubles.push(words),
                Effect::Ready => is_in = true,
                Effect::Close { reason, .. } => return Err(reason),
                Effect::Entered(_) | Effect::Heard(_) | Effect::Answered(_) | Effect::Undelivered { .. } => {}
            }
        }
        Ok(is_in)
    }

    fn send(&mut self, line: &Result<Line, crate::line::LineError>) {
        if let Ok(line) = line {
            self.out.extend_from_slice(line.wire().as_bytes());
            self.out.extend_from_slice(b"\r\n");
        }
    }
}
