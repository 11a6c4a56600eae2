//! The adapter: what core sees of the socket.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_core::chat::{Adapter, Capabilities, Heard, Reach, SendError};
use countersign_core::id::{MessageId, NetworkId, PostId};
use countersign_core::message::Place;
use countersign_core::reply::{Post, plain};
use countersign_core::time::{Clock, Duration};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::client;
use crate::clients::Clients;
use crate::socket::{ListenError, Socket};
use crate::wire::{self, Tell};

/// How long clients may take to read their last lines.
const FAREWELL: Duration = Duration::from_secs(1);
/// The pause after the operating system had no connection to give: it is out of files, and may have some soon.
const PAUSE: Duration = Duration::from_millis(200);

/// What the socket needs to be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the configuration calls this network.
    pub network: NetworkId,
    /// The socket. Its folder must exist; who may enter that may connect.
    pub socket: PathBuf,
}

/// The people of this machine, as a network.
pub struct Local {
    shared: Arc<Shared>,
    listening: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

/// What all clients share.
pub(crate) struct Shared {
    pub(crate) network: NetworkId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) heard: mpsc::Sender<Heard>,
    pub(crate) clients: Clients,
    ready: AtomicBool,
}

impl Local {
    /// Begins to listen. What people say comes through `heard`.
    pub async fn start(
        settings: Settings,
        clock: Arc<dyn Clock>,
        heard: mpsc::Sender<Heard>,
    ) -> Result<Arc<Self>, ListenError> {
        let (socket, listener) = Socket::listen(&settings.socket).await?;
        let shared = Arc::new(Shared {
            network: settings.network,
            clock,
            heard,
            clients: Clients::default(),
            ready: AtomicBool::new(true),
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listen(Arc::clone(&shared), socket, listener, stopped));
        Ok(Arc::new(Self {
            shared,
            listening: Mutex::new(Some((stop, task))),
        }))
    }

    /// The message is dealt with, and what there was to say to it is said: its client is told so. Whoever hears
    /// messages calls it once for each message of this network. `goes_on` says whether the message began something that
    /// is not over.
    pub fn answered(&self, message: &MessageId, goes_on: bool) {
        self.shared.clients.answered(message, goes_on);
    }

    /// Whether the client who said this is still there.
    pub fn listens(&self, message: &MessageId) -> bool {
        self.shared.clients.listens(message)
    }

    /// What the message began, and went on after its answer, is over; what there was to say about that is said.
    pub fn ended(&self, message: &MessageId, good: bool) {
        self.shared.clients.ended(message, good);
    }

    /// Lets the clients go, once they have read what was said to them, and takes the socket away.
    pub async fn stop(&self) {
        let Some((stop, task)) = self.listening.lock().await.take() else {
            return;
        };
        drop(stop);
        if let Err(error) = task.await {
            tracing::error!(%error, "the local socket ended badly");
        }
    }

    fn refused(&self, reason: impl Into<String>) -> SendError {
        SendError::Refused {
            network: self.shared.network.clone(),
            reason: reason.into(),
        }
    }
}

async fn listen(
    shared: Arc<Shared>,
    socket: Socket,
    listener: UnixListener,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => welcome(&shared, stream, &mut clients).await,
                Err(error) => {
                    tracing::warn!(%error, "nobody can connect to the local socket at the moment");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = clients.join_next() => {}
        }
    }
    shared.ready.store(false, Ordering::Relaxed);
    drop((listener, socket));
    shared.clients.dismiss_all();
    let farewell = async { while clients.join_next().await.is_some() {} };
    // Who does not read them by then does without.
    tokio::time::timeout(FAREWELL, farewell).await.ok();
}

async fn welcome(shared: &Arc<Shared>, mut stream: UnixStream, clients: &mut JoinSet<()>) {
    let uid = match stream.peer_cred() {
        Ok(peer) => peer.uid(),
        Err(error) => {
            tracing::warn!(%error, "the operating system does not say who connected; they are let go");
            return;
        }
    };
    let Some(seat) = shared.clients.welcome(uid) else {
        tracing::warn!(uid, "too many clients on the local socket; one was turned away");
        let line = Tell::wrong("too many are connected; close some, or try again later").line();
        // A new connection has room for a line. If not, it is turned away without one.
        tokio::time::timeout(FAREWELL, stream.write_all(line.as_bytes()))
            .await
            .ok();
        return;
    };
    let number = seat.number;
    let task = clients.spawn(client::serve(Arc::clone(shared), uid, stream, seat));
    shared.clients.served_by(number, task);
}

#[async_trait]
impl Adapter for Local {
    fn network(&self) -> &NetworkId {
        &self.shared.network
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            edits: false,
            threads: true,
            buttons: false,
            files: false,
            line_bytes: None,
            reach: Reach::Asking,
        }
    }

    /// A user who is not connected hears nothing, also later: nobody waits there for what is said.
    async fn send(&self, post: &Post) -> Result<Option<PostId>, SendError> {
        let account = match &post.place {
            Place::Direct(account) => account,
            Place::Room(_) | Place::Nick { .. } => {
                return Err(self.refused("it has users only, and no rooms"));
            }
        };
        let Ok(uid) = account.name.as_str().parse() else {
            return Err(self.refused(format!("{} is not the number of a user", account.name)));
        };
        let tell = Tell::Said {
            said: plain(post),
            tone: post.reply.tone,
            urgency: post.urgency,
            about: post.thread.as_ref().map(|thread| wire::own_id(thread).to_owned()),
        };
        if self.shared.clients.tell_user(uid, post.thread.as_ref(), &tell) {
            Ok(None)
        } else {
            Err(self.refused(format!("user {uid} is not connected")))
        }
    }

    fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("network", &self.shared.network)
            .finish_non_exhaustive()
    }
}
