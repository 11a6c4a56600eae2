//! What answers on one address: its routes, and what is done to every reply.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::time::Instant;

use crate::metrics::Metrics;
use crate::pages::{self, Pages};
use crate::peer::Peer;
use crate::posted::Counter;
use crate::settings::{Connections, Times};
use crate::{boxes, headers, health, links, routes};

/// What people reach: four things to post to, how the bot is, and for all else the pages, which have no store.
pub(crate) fn public(pages: Pages, counter: &Counter, readiness: health::Ready) -> Router {
    let posted = |method: MethodRouter<Counter>| {
        method
            .with_state::<Pages>(counter.clone())
            .fallback(pages::answer)
    };
    let posts = Router::new()
        .route("/s/{id}/status", posted(post(links::status)))
        .route("/s/{id}/redeem", posted(post(links::redeem)))
        .route("/d/{id}/status", posted(post(boxes::status)))
        .route("/d/{id}/fill", posted(post(boxes::fill)))
        .fallback(pages::answer)
        .with_state(pages);
    posts.merge(health::public(readiness))
}

/// One address and all that its connections share.
#[derive(Debug)]
pub(crate) struct Site {
    /// `public` or `admin`.
    pub(crate) name: &'static str,
    pub(crate) router: Router,
    pub(crate) pages: Pages,
    /// See [`crate::dressed`].
    pub(crate) lines: Arc<[u8]>,
    pub(crate) trusted: Vec<IpNet>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) connections: Connections,
    pub(crate) times: Times,
}

impl Site {
    /// Answers a request; `last` closes the connection after it.
    pub(crate) async fn answer(&self, connected: IpAddr, request: Request<Incoming>, last: bool) -> Response {
        let started = Instant::now();
        let mut request = request.map(Body::new);
        let peer = Peer::of(connected, request.headers(), &self.trusted);
        request.extensions_mut().insert(peer);
        let method = request.method().clone();
        let route = routes::template(request.uri().path());
        let policy = self.pages.policy(request.uri().path()).clone();

        let router = TowerToHyperService::new(self.router.clone());
        let mut response = router.call(request).await.unwrap_or_else(|never| match never {});

        if response.status() != StatusCode::METHOD_NOT_ALLOWED {
            // axum names the methods of a route on the pages too, and so would tell addresses apart.
            response.headers_mut().remove(header::ALLOW);
        }
        headers::put(response.headers_mut(), &policy);
        if last {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        let status = response.status().as_u16();
        self.metrics.answered(route, &method, status, started.elapsed());
        tracing::debug!(site = self.name, route, status, took = ?started.elapsed(), "answered");
        response
    }
}
