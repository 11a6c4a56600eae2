//! The web side of a running bot: one listener for as long as the process runs, whatever bot stands behind it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use countersign_core::bot::Bot;
use countersign_core::chat::Adapter;
use countersign_core::door::Door;
use countersign_core::operation::State;
use countersign_core::store::{OperationsWhere, RequestsWhere, Store, StoreError};
use countersign_core::time::{Clock, Duration, Timestamp};
use countersign_web::{Gauges, Parts, Readiness, Reading, Settings, Web};
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
            registry: Registry::with_prefix("countersign"),
            started: clock.now(),
            clock,
        };
        let web = Web::start(settings.clone(), parts).await?;
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
        ])
    }
}
