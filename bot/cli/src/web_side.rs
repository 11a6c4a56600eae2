//! The web side of a running bot: one listener for as long as the process runs, whatever bot stands behind it.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use anyhow::anyhow;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use countersign_core::bot::Bot;
use countersign_core::chat::Adapter;
use countersign_core::door::Door;
use countersign_core::operation::State;
use countersign_core::store::{BoxesWhere, OperationsWhere, RequestsWhere, Store, StoreError};
use countersign_core::time::{Clock, Duration, Timestamp};
use countersign_web::{Gauges, Parts, Readiness, Reading, Settings, StartError, Web};
use prometheus_client::registry::Registry;

/// How long requests that are being answered may take when the bot goes down.
const DEADLINE: Duration = Duration::from_secs(3);

/// The web side, if there is one.
pub(crate) struct WebSide {
    web: Web,
    door: Arc<ArcSwap<Door>>,
    networks: Arc<NetworksReady>,
}

impl WebSide {
    /// Opens it, if the configuration has one.
    pub(crate) async fn open(
        settings: Option<&Settings>,
        bot: &Bot,
        adapters: Vec<Arc<dyn Adapter>>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Option<Self>> {
        let Some(settings) = settings else {
            return Ok(None);
        };
        let door = Arc::new(ArcSwap::from_pointee(bot.door()));
        let networks = Arc::new(NetworksReady(ArcSwap::from_pointee(adapters)));
        let parts = Parts {
            vault: Arc::clone(&door) as _,
            readiness: Arc::clone(&networks) as _,
            gauges: Some(Arc::new(StoreGauges(Arc::clone(&bot.context().store)))),
            // Every name says itself whose it is.
            registry: Registry::default(),
            started: clock.now(),
            clock,
        };
        let web = Web::start(settings.clone(), parts)
            .await
            .map_err(|error| by_key(&error, settings))?;
        Ok(Some(Self { web, door, networks }))
    }

    /// Another bot stands behind it.
    pub(crate) fn turn_to(&self, bot: &Bot, adapters: Vec<Arc<dyn Adapter>>) {
        self.door.store(Arc::new(bot.door()));
        self.networks.0.store(Arc::new(adapters));
    }

    /// Closes it.
    pub(crate) async fn close(self) {
        self.web.stop(DEADLINE).await;
    }
}

/// Why it does not open, with the key of the configuration that is about it.
fn by_key(error: &StartError, settings: &Settings) -> anyhow::Error {
    let (key, words) = match error {
        StartError::Address { address, .. } if settings.admin == Some(*address) => (".admin", words(error)),
        StartError::Address { .. } => (".listen", words(error)),
        StartError::Certificate(error) => (".certificate", words(error)),
        // The configuration was not taken with any of the others in it.
        _ => ("", error.to_string()),
    };
    anyhow!("web{key}: {words}")
}

/// An error and what is beneath it, unless its own words say that already.
pub(crate) fn words(error: &(dyn Error + 'static)) -> String {
    let told = |source: &io::Error| {
        matches!(
            source.kind(),
            ErrorKind::NotFound
                | ErrorKind::PermissionDenied
                | ErrorKind::AddrInUse
                | ErrorKind::AddrNotAvailable
        )
    };
    match error.source() {
        Some(source) if !source.downcast_ref::<io::Error>().is_some_and(told) => {
            format!("{error}: {source}")
        }
        _ => error.to_string(),
    }
}

/// The networks on which messages must flow.
struct NetworksReady(ArcSwap<Vec<Arc<dyn Adapter>>>);

impl Readiness for NetworksReady {
    fn not_ready(&self) -> Vec<String> {
        let adapters = self.0.load();
        let away = adapters.iter().filter(|adapter| !adapter.is_ready());
        away.map(|adapter| adapter.network().to_string()).collect()
    }
}

/// What is going on, counted in the store.
struct StoreGauges(Arc<dyn Store>);

#[async_trait]
impl Gauges for StoreGauges {
    async fn read(&self) -> Result<Vec<Reading>, String> {
        self.count().await.map_err(|error| error.to_string())
    }
}

impl StoreGauges {
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 requests")]
    async fn count(&self) -> Result<Vec<Reading>, StoreError> {
        let requests = self.0.requests(RequestsWhere::Open).await?.len();
        let operations = self.0.operations(OperationsWhere::Open).await?;
        let unknown = operations
            .iter()
            .filter(|operation| matches!(operation.state, State::Unknown { .. }))
            .count();
        let by_state = [("running", operations.len() - unknown), ("unknown", unknown)];
        let waiting = self.0.waiting_places(Timestamp::MAX).await?.len();
        let filled = self.0.drop_boxes(BoxesWhere::Unplanned).await?.len();
        let keys = self.0.sealed_with().await?;
        Ok(vec![
            Reading::number(
                "countersign_requests_open",
                "Requests that are not decided or not over",
                requests as f64,
            ),
            Reading::by(
                "countersign_operations_open",
                "Operations that are not over, by state",
                "state",
                by_state.map(|(state, number)| (state, number as f64)),
            ),
            Reading::number(
                "countersign_places_waiting",
                "Rooms and people to whom something is still to be said",
                waiting as f64,
            ),
            Reading::number(
                "countersign_drop_boxes_filled",
                "Drop boxes that are filled and whose command waits to be said",
                filled as f64,
            ),
            Reading::by(
                "countersign_sealed_with_key",
                "Keys that anything in the store is sealed with; an old key that is not here can go",
                "key",
                keys.into_iter().map(|key| (key.to_string(), 1.0)),
            ),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_web::CertificateError;

    use crate::sealed_sample::{key, store_sealed_with};

    #[tokio::test]
    async fn what_is_filled_and_sealed_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = store_sealed_with(folder.path(), 'a').await;
        let readings = StoreGauges(Arc::new(store)).count().await.unwrap();
        let values = |name: &str| {
            let reading = readings.iter().find(|reading| reading.name == name);
            reading.unwrap().values.clone()
        };
        assert_eq!(values("countersign_drop_boxes_filled"), [(Vec::new(), 1.0)]);
        assert_eq!(
            values("countersign_sealed_with_key"),
            [(vec![("key", key('a').id().to_string())], 1.0)]
        );
    }

    #[test]
    fn what_keeps_it_shut_is_told_once_by_its_key() {
        let [public, admin] = ["127.0.0.1:8480", "127.0.0.1:9480"].map(|text| text.parse().unwrap());
        let mut settings = Settings::new(public, "http://localhost/".parse().unwrap());
        settings.admin = Some(admin);
        let taken = |address| StartError::Address {
            address,
            source: io::Error::from_raw_os_error(98),
        };
        let missing = StartError::Certificate(CertificateError::Unreadable {
            path: "web.pem".into(),
            source: io::Error::from_raw_os_error(2),
        });
        let told = [taken(public), taken(admin), missing];
        let told = told.map(|error| format!("{:#}", by_key(&error, &settings)));
        assert_eq!(
            told,
            [
                "web.listen: can't listen on 127.0.0.1:8480: another program listens there; stop it, or choose another port",
                "web.admin: can't listen on 127.0.0.1:9480: another program listens there; stop it, or choose another port",
                "web.certificate: can't read web.pem: it is not there",
            ]
        );
    }
}
