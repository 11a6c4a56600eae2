//! A client of the socket.

use std::io;
use std::path::{Path, PathBuf};

use countersign_core::random::Random;
use countersign_local::{Ask, LONGEST_LINE, Tell};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// The bot cannot be reached through its socket.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// Nobody listens.
    #[error("nobody listens on {0}; is the bot running? It is started with: countersign serve --config FILE")]
    Nobody(PathBuf),
    /// This user may not.
    #[error("this user may not use {0}; its folder says who may")]
    Forbidden(PathBuf),
    /// The connection failed.
    #[error("the bot cannot be reached through {path}")]
    Failed {
        /// The socket.
        path: PathBuf,
        /// The error beneath.
        #[source]
        source: io::Error,
    },
    /// It ended before the answer came.
    #[error(
        "the bot went away before it had answered; when it is back, countersign do ops and pending say whether anything was begun"
    )]
    Gone,
    /// What it says cannot be understood.
    #[error("what listens there is not this version of countersign")]
    NotUnderstood(#[source] serde_json::Error),
    /// The command is too long.
    #[error("the command is too long; {LONGEST_LINE} bytes is the most")]
    TooLong,
}

/// A connection.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Client {
    /// Connects.
    pub async fn connect(socket: &Path) -> Result<Self, Unreachable> {
        let path = socket.to_owned();
        let stream = UnixStream::connect(socket)
            .await
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    Unreachable::Nobody(path.clone())
                }
                io::ErrorKind::PermissionDenied => Unreachable::Forbidden(path.clone()),
                _ => Unreachable::Failed {
                    path: path.clone(),
                    source,
                },
            })?;
        let (reader, writer) = stream.into_split();
        Ok(Self {
            socket: path,
            lines: BufReader::new(reader).lines(),
            writer,
        })
    }

    /// Says a command, and which id it got.
    pub async fn say(&mut self, command: &str, random: &dyn Random) -> Result<String, Unreachable> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let id = hex::encode(bytes);
        let ask = Ask {
            say: command.to_owned(),
            id: id.clone(),
        };
        let mut line = serde_json::to_string(&ask).map_err(Unreachable::NotUnderstood)?;
        if line.len() > LONGEST_LINE {
            return Err(Unreachable::TooLong);
        }
        line.push('\n');
        let written = self.writer.write_all(line.as_bytes()).await;
        written.map_err(|error| self.failed(error))?;
        Ok(id)
    }

    /// What it is told next.
    pub async fn next(&mut self) -> Result<Tell, Unreachable> {
        match self.lines.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line).map_err(Unreachable::NotUnderstood),
            Ok(None) => Err(Unreachable::Gone),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, source: io::Error) -> Unreachable {
        match source.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Unreachable::Gone,
            _ => Unreachable::Failed {
                path: self.socket.clone(),
                source,
            },
        }
    }
}
