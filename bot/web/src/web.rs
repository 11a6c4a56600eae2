//! The whole: both addresses, from start to stop.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::time::{Clock, Timestamp};
use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::gauges::Gauges;
use crate::health::{self, Readiness};
use crate::limits::Doormat;
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::pages::Pages;
use crate::posted::Counter;
use crate::settings::Settings;
use crate::site::{Site, public};
use crate::tls::Keeper;
use crate::vault::Vault;
use crate::{StartError, dressed};

/// How often peers that have not been heard of are forgotten.
const TIDY: Duration = Duration::from_mins(1);

/// What the rest of the bot hands over.
pub struct Parts {
    /// Core's door, in an [`arc_swap::ArcSwap`] that a reload can swap.
    pub vault: Arc<dyn Vault>,
    /// For `/readyz`.
    pub readiness: Arc<dyn Readiness>,
    /// For `/metrics`, besides what is in the registry.
    pub gauges: Option<Arc<dyn Gauges>>,
    /// What the binary counts itself; the web side adds its own.
    pub registry: Registry,
    /// For limits and certificates.
    pub clock: Arc<dyn Clock>,
    /// When the process started, for `/metrics`.
    pub started: Timestamp,
}

/// The web side, running.
#[derive(Debug)]
pub struct Web {
    at: SocketAddr,
    admin_at: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
    /// Stopped when this is dropped.
    _chores: JoinSet<()>,
}

impl Web {
    /// Checks the settings, reads the certificate, and listens. When this returns, clients are served.
    ///
    /// # Errors
    /// In words: what is wrong with the settings, an address or the certificate.
    pub async fn start(settings: Settings, parts: Parts) -> Result<Self, StartError> {
        settings.check()?;
        let times = settings.times;
        let metrics = Arc::new(Metrics::new(
            parts.registry,
            parts.gauges,
            times.gauges,
            parts.started,
        ));
        let mut chores = JoinSet::new();
        let tls = match &settings.tls {
            Some(files) => {
                let host = settings.host();
                let clock = Arc::clone(&parts.clock);
                let (keeper, acceptor) = Keeper::start(files.clone(), host, clock, &metrics)?;
                chores.spawn(keeper.keep(Arc::clone(&metrics)));
                Some(acceptor)
            }
            None => None,
        };
        let listener = Listener::bind(settings.listen).await?;
        let admin = match settings.admin {
            Some(address) => Some(Listener::bind(address).await?),
            None => None,
        };
        let (at, admin_at) = (listener.at(), admin.as_ref().map(Listener::at));

        let doormat = Arc::new(Doormat::new(settings.limits, parts.clock));
        chores.spawn(tidy(Arc::clone(&doormat)));
        let pages = Pages::assemble();
        let counter = Counter {
            vault: parts.vault,
            doormat,
            metrics: Arc::clone(&metrics),
            origin: settings.origin().into(),
            patience: times.body,
        };
        let lines = dressed::lines(pages.policy(""));
        let site = |name, router| {
            Arc::new(Site {
                name,
                router,
                pages: pages.clone(),
                lines: Arc::clone(&lines),
                trusted: settings.trusted_proxies.clone(),
                metrics: Arc::clone(&metrics),
                connections: settings.connections,
                times,
            })
        };
        let (stop, stopped) = watch::channel(false);
        let mut listeners = JoinSet::new();
        let router = public(pages.clone(), &counter, Arc::clone(&parts.readiness));
        listeners.spawn(listener.run(site("public", router), tls, stopped.clone()));
        if let Some(admin) = admin {
            let router = health::admin(parts.readiness, Arc::clone(&metrics));
            listeners.spawn(admin.run(site("admin", router), None, stopped));
        }
        tracing::info!(%at, admin = ?admin_at, url = %settings.public_url, "the web side is open");
        Ok(Self {
            at,
            admin_at,
            stop,
            listeners,
            _chores: chores,
        })
    }

    /// Where the public listener listens.
    pub fn addr(&self) -> SocketAddr {
        self.at
    }

    /// Where the admin address is, if there is one.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin_at
    }

    /// Takes no more connections, lets requests that are being answered end, and cuts what is left after `deadline`.
    /// Whether all ended by themselves.
    pub async fn stop(mut self, deadline: Duration) -> bool {
        self.stop.send_replace(true);
        let ended = timeout(deadline, async {
            while self.listeners.join_next().await.is_some() {}
        });
        let ended = ended.await.is_ok();
        if !ended {
            tracing::warn!("the web side was stopped with requests unanswered");
        }
        ended
    }
}

async fn tidy(doormat: Arc<Doormat>) {
    let mut minutes = interval(TIDY);
    loop {
        minutes.tick().await;
        doormat.forget();
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}
