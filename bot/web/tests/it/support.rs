//! A web side that runs, and what tests do with it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign_core::time::{Clock, ManualClock, after, from_millis};
use countersign_web::{Gauges, Parts, Readiness, Reading, Settings, StartError, Web};
use serde_json::{Value, json};

use crate::vault::OneOfEach;
use crate::wire::{Reply, exchange, request};

/// The `Origin` of our own pages.
pub(crate) const ORIGIN: &str = "http://ops.localhost";
pub(crate) const JSON: &str = "Content-Type: application/json\r\n";

pub(crate) struct House {
    pub(crate) web: Option<Web>,
    pub(crate) vault: Arc<OneOfEach>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) rest: Arc<Rest>,
}

/// What the rest of the bot says about itself.
#[derive(Default)]
pub(crate) struct Rest {
    pub(crate) missing: Mutex<Vec<String>>,
    pub(crate) readings: Mutex<Option<Vec<Reading>>>,
    pub(crate) silent: Mutex<bool>,
}

impl Readiness for Rest {
    fn not_ready(&self) -> Vec<String> {
        self.missing.lock().unwrap().clone()
    }
}

#[async_trait]
impl Gauges for Rest {
    async fn read(&self) -> Result<Vec<Reading>, String> {
        if *self.silent.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        let readings = self.readings.lock().unwrap().clone();
        readings.ok_or_else(|| "the store is closed".to_owned())
    }
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new(
        "127.0.0.1:0".parse().unwrap(),
        format!("{ORIGIN}/").parse().unwrap(),
    );
    settings.admin = Some("127.0.0.1:0".parse().unwrap());
    settings
}

pub(crate) async fn house() -> House {
    with(settings()).await.unwrap()
}

pub(crate) async fn with(settings: Settings) -> Result<House, StartError> {
    let vault = OneOfEach::new();
    let clock = Arc::new(ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap()));
    let rest = Arc::new(Rest::default());
    *rest.readings.lock().unwrap() = Some(Vec::new());
    let parts = Parts {
        vault: Arc::<OneOfEach>::clone(&vault),
        readiness: Arc::<Rest>::clone(&rest),
        gauges: Some(Arc::<Rest>::clone(&rest)),
        registry: prometheus_client::registry::Registry::default(),
        clock: Arc::<ManualClock>::clone(&clock),
        started: from_millis(1_800_000_000_000),
    };
    let web = Web::start(settings, parts).await?;
    Ok(House {
        web: Some(web),
        vault,
        clock,
        rest,
    })
}

impl Deref for House {
    type Target = Web;

    fn deref(&self) -> &Web {
        self.web.as_ref().unwrap()
    }
}

impl House {
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin_addr().unwrap()
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.clock.set(after(self.clock.now(), span));
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        exchange(self.addr(), &request("GET", path, "", "")).await
    }

    /// Posts JSON as `countersign redeem` does: without `Origin`.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_with(path, "", body).await
    }

    pub(crate) async fn post_with(&self, path: &str, lines: &str, body: &Value) -> Reply {
        let request = request("POST", path, &format!("{JSON}{lines}"), &body.to_string());
        exchange(self.addr(), &request).await
    }

    /// The path of the one link (`s`) or box (`d`), and what can be done to it.
    pub(crate) fn path(&self, kind: &str, verb: &str) -> String {
        format!("/{kind}/{}/{verb}", self.vault.id)
    }

    /// The body that asks for a status.
    pub(crate) fn asking(&self) -> Value {
        json!({"v": 1, "link": self.vault.proof()})
    }

    /// The body that tries to open the link.
    pub(crate) fn opening(&self) -> Value {
        json!({"v": 1, "link": self.vault.proof(), "auth": text(32)})
    }

    /// The body that fills the box.
    pub(crate) fn filling(&self) -> Value {
        json!({"v": 1, "link": self.vault.proof(), "key": text(65), "nonce": text(12), "ct": text(1040)})
    }

    pub(crate) async fn metrics(&self) -> String {
        exchange(self.admin(), &request("GET", "/metrics", "", ""))
            .await
            .body
    }

    /// Waits until the metrics say this.
    pub(crate) async fn until_metrics_say(&self, line: &str) {
        for _ in 0..400 {
            if self.metrics().await.contains(line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("never said {line}:\n{}", self.metrics().await);
    }
}

/// So many bytes as they stand in bodies.
pub(crate) fn text(length: usize) -> String {
    countersign_secrets::base64url::encode(&vec![7; length])
}

/// A proof that is right for nothing.
pub(crate) fn wrong() -> Value {
    json!({"v": 1, "link": text(32)})
}
