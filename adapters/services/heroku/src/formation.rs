//! Formation: how many dynos of which size each process type should have.

use countersign_http::Call;
use serde::Deserialize;

use crate::{apps::AppName, client::Heroku, error::Result};

/// A process type and how it is scaled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ProcessType {
    /// `web`, `worker`.
    pub name: String,
    /// How many dynos.
    pub quantity: u32,
    /// Of which size: `Standard-1X`.
    pub size: String,
}

impl Heroku {
    /// All process types of the release that runs, those scaled to none among them.
    pub async fn formation(&self, app: &AppName) -> Result<Vec<ProcessType>> {
        self.client
            .fetch(&Call::get(["apps", app.as_str(), "formation"]))
            .await
    }
}

/// A process type as Heroku writes it: `size` is the old way, `dyno_size` the new one.
#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    name: String,
    quantity: u32,
    #[serde(default)]
    size: String,
    dyno_size: Option<DynoSize>,
}

#[derive(Deserialize)]
struct DynoSize {
    name: String,
}

impl From<Wire> for ProcessType {
    fn from(
        Wire {
            name,
            quantity,
            size,
            dyno_size,
        }: Wire,
    ) -> Self {
        Self {
            name,
            quantity,
            size: dyno_size.map_or(size, |size| size.name),
        }
    }
}
