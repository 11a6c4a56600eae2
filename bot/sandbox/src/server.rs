//! The listening socket, what all requests share, and the handle that starts and stops it all.

use std::io;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::connection::{Connections, Cutter, Door};
use crate::exchange::{Call, exchange};
use crate::fault::Faults;
use crate::world::World;
use crate::{control, github, heroku};

/// Where the sandbox gets the time from. The faster it goes, the faster builds and releases are done.
pub trait Time: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;

    /// How many times as fast as real time it goes; others may want to go as fast.
    fn speed(&self) -> f64 {
        1.0
    }
}

/// The tokens that the sandbox accepts. They protect nothing and are no secrets.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Heroku's.
    pub heroku: String,
    /// GitHub's.
    pub github: String,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            heroku: "HRKU-sandbox".to_owned(),
            github: "ghp_sandbox".to_owned(),
        }
    }
}

/// Why the sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It has no passwords worth the name and shall be reached from this machine only.
    #[error("the sandbox listens on loopback only: {0} is not a loopback address, use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The address is taken or not ours.
    #[error("could not listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A running sandbox. Dropping it stops it as well, without waiting for it.
#[derive(Debug)]
#[must_use = "a sandbox that is dropped stops"]
pub struct Sandbox {
    shared: Arc<Shared>,
    connections: Connections,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    /// Held while a service answers.
    pub(crate) turn: tokio::sync::Mutex<()>,
    pub(crate) time: Arc<dyn Time>,
    world: Mutex<World>,
    calls: Mutex<Vec<Call>>,
    requests: AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The world as it is at this moment.
    pub(crate) fn world(&self) -> WorldGuard<'_> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(self.time.now());
        WorldGuard(world)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the beginning of the story, which is now; no calls, no faults.
    pub(crate) fn reset(&self) {
        self.world().0.clone_from(&World::treeherder(self.time.now()));
        self.calls().clear();
        self.faults.clear_all();
    }

    /// Counts requests, to name them.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// Where something in the sandbox is to be found.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// The world, with everything happened that is due. Not to be held while waiting for anything.
pub struct WorldGuard<'a>(MutexGuard<'a, World>);

impl std::fmt::Debug for WorldGuard<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Deref for WorldGuard<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl DerefMut for WorldGuard<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.0
    }
}

impl Sandbox {
    /// Starts a sandbox that listens there; port 0 takes a free one.
    pub async fn start(listen: SocketAddr, time: Arc<dyn Time>, tokens: Tokens) -> Result<Self, StartError> {
        if !listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(listen));
        }
        let failed = |source| StartError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            address,
            tokens,
            faults: Faults::default(),
            turn: tokio::sync::Mutex::default(),
            world: Mutex::new(World::treeherder(time.now())),
            calls: Mutex::default(),
            requests: AtomicU64::default(),
            time,
        });
        let connections = Connections::default();
        let door = Door {
            listener,
            connections: connections.clone(),
        };
        let service = routes(&shared).into_make_service_with_connect_info::<Cutter>();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            axum::serve(door, service).with_graceful_shutdown(stopped).await
        });
        tracing::info!(%address, "sandbox listens");
        Ok(Self {
            shared,
            connections,
            stop,
            serving,
        })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.shared.address
    }

    /// The base address of the pretended Heroku.
    pub fn heroku_url(&self) -> String {
        self.shared.url("")
    }

    /// The base address of the pretended GitHub.
    pub fn github_url(&self) -> String {
        self.shared.url("/github")
    }

    /// The world as it is at this moment. Not to be held while waiting for anything.
    pub fn world(&self) -> WorldGuard<'_> {
        self.shared.world()
    }

    /// The faults that are ordered.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The requests so far that were meant to change something.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls().clone()
    }

    /// Back to the beginning of the story, which is now; no calls, no faults.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops listening and cuts all connections.
    pub async fn stop(self) {
        // Fails if the server is over already, which is as good.
        self.stop.send(()).ok();
        self.connections.cut_all();
        self.serving.await.ok();
    }
}

fn routes(shared: &Arc<Shared>) -> Router {
    let services = Router::new()
        .nest("/github", github::routes(shared))
        .merge(heroku::routes(shared))
        .layer(from_fn_with_state(Arc::clone(shared), exchange));
    Router::new()
        .nest("/sandbox", control::routes())
        .merge(services)
        .with_state(Arc::clone(shared))
}
