//! What the web side counts. Labels are templates and numbers of ours, never what a client sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::time::Timestamp;
use http::Method;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::gauges::{Gauges, registry};

type Requests = Family<[(&'static str, &'static str); 3], Counter>;
type Seconds = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

/// All numbers of the web side, and the registry that they stand in.
pub(crate) struct Metrics {
    registry: Registry,
    gauges: Option<Arc<dyn Gauges>>,
    patience: Duration,
    requests: Requests,
    seconds: Seconds,
    refused: Family<[(&'static str, &'static str); 1], Counter>,
    connections: Family<[(&'static str, &'static str); 1], Gauge>,
    pub(crate) handshakes_failed: Counter,
    pub(crate) reloads_failed: Counter,
    certificate_expires: Gauge,
}

impl Metrics {
    /// Adds ours to the registry that the binary made.
    pub(crate) fn new(
        mut registry: Registry,
        gauges: Option<Arc<dyn Gauges>>,
        patience: Duration,
        started: Timestamp,
    ) -> Self {
        let (requests, refused) = (Requests::default(), Family::default());
        let seconds = Seconds::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_25, 4.0, 9)));
        let (connections, certificate_expires) = (Family::default(), Gauge::default());
        let (handshakes_failed, reloads_failed) = (Counter::default(), Counter::default());
        let start_time: Gauge = Gauge::default();
        start_time.set(started.as_second());
        let r = &mut registry;
        r.register("countersign_http_requests", "Requests answered", requests.clone());
        r.register(
            "countersign_http_request_seconds",
            "Time from a request's head to its reply",
            seconds.clone(),
        );
        r.register(
            "countersign_http_refused",
            "Requests and connections refused by a limit",
            refused.clone(),
        );
        r.register(
            "countersign_http_connections",
            "Connections open",
            connections.clone(),
        );
        r.register(
            "countersign_tls_handshakes_failed",
            "TLS handshakes that failed or took too long",
            handshakes_failed.clone(),
        );
        r.register(
            "countersign_tls_reloads_failed",
            "New certificates that could not be used",
            reloads_failed.clone(),
        );
        r.register(
            "countersign_tls_certificate_expires",
            "When the certificate in use expires, seconds since 1970; 0 without TLS",
            certificate_expires.clone(),
        );
        r.register(
            "process_start_time_seconds",
            "When the process started, seconds since 1970",
            start_time,
        );
        Self {
            registry,
            gauges,
            patience,
            requests,
            seconds,
            refused,
            connections,
            handshakes_failed,
            reloads_failed,
            certificate_expires,
        }
    }

    /// A request was answered.
    pub(crate) fn answered(&self, route: &'static str, method: &Method, status: u16, took: Duration) {
        let labels = [
            ("route", route),
            ("method", method_label(method)),
            ("status", status_label(status)),
        ];
        self.requests.get_or_create(&labels).inc();
        self.seconds
            .get_or_create(&[("route", route)])
            .observe(took.as_secs_f64());
    }

    /// A limit was reached: `posts`, `wrong_proofs`, `connections`, `connections_of_peer` or
    /// `connections_of_site`.
    pub(crate) fn refused(&self, limit: &'static str) {
        self.refused.get_or_create(&[("limit", limit)]).inc();
    }

    /// A connection to the address of this name came.
    pub(crate) fn connection_opened(&self, site: &'static str) {
        self.connections.get_or_create(&[("address", site)]).inc();
    }

    /// And went.
    pub(crate) fn connection_closed(&self, site: &'static str) {
        self.connections.get_or_create(&[("address", site)]).dec();
    }

    /// Another certificate is in use.
    pub(crate) fn certificate(&self, expires: Timestamp) {
        self.certificate_expires.set(expires.as_second());
    }

    /// Everything as OpenMetrics text. Gauges that do not come in time are left out, and their count of 0 says so.
    pub(crate) async fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        if let Some(gauges) = &self.gauges {
            let read = match tokio::time::timeout(self.patience, gauges.read()).await {
                Ok(Ok(readings)) => Some(readings),
                Ok(Err(why)) => {
                    tracing::warn!(%why, "the bot's own numbers could not be read for /metrics");
                    None
                }
                Err(_) => {
                    tracing::warn!("the bot's own numbers did not come in time for /metrics");
                    None
                }
            };
            let mut last = Registry::default();
            let complete: Gauge = Gauge::default();
            complete.set(i64::from(read.is_some()));
            last.register(
                "countersign_gauges_read",
                "Whether the bot's own numbers could be read",
                complete,
            );
            encode_registry(&mut text, &last)?;
            encode_registry(&mut text, &registry(read.unwrap_or_default()))?;
        }
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

fn status_label(status: u16) -> &'static str {
    match status {
        200 => "200",
        400 => "400",
        403 => "403",
        404 => "404",
        405 => "405",
        408 => "408",
        410 => "410",
        413 => "413",
        415 => "415",
        422 => "422",
        429 => "429",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}
