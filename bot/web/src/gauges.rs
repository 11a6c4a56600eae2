//! Numbers that the rest of the bot adds to `/metrics`, read when they are asked for.

use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Reads numbers when somebody scrapes `/metrics`: requests open, operations by state, links live.
#[async_trait]
pub trait Gauges: Send + Sync {
    /// The numbers of this moment. Told in words is why there are none; the rest of `/metrics` is served then too.
    async fn read(&self) -> Result<Vec<Reading>, String>;
}

/// One number, or one per label value.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// `countersign_operations`.
    pub name: &'static str,
    /// What it counts, in one sentence without a full stop.
    pub help: &'static str,
    /// Labels and values; one without labels for a plain number. Labels must never hold what a person typed.
    pub values: Vec<(Labels, f64)>,
}

/// Label names and values: `[("state", "waiting")]`.
pub type Labels = Vec<(&'static str, String)>;

impl Reading {
    /// A plain number.
    pub fn number(name: &'static str, help: &'static str, value: f64) -> Self {
        Self {
            name,
            help,
            values: vec![(Labels::new(), value)],
        }
    }

    /// A number for each value of one label.
    pub fn by<V: Into<String>>(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl IntoIterator<Item = (V, f64)>,
    ) -> Self {
        let values = values.into_iter();
        Self {
            name,
            help,
            values: values
                .map(|(value, number)| (vec![(label, value.into())], number))
                .collect(),
        }
    }
}

/// A registry of only these.
pub(crate) fn registry(readings: Vec<Reading>) -> Registry {
    let mut registry = Registry::default();
    for reading in readings {
        if let [(labels, value)] = reading.values.as_slice()
            && labels.is_empty()
        {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(*value);
            registry.register(reading.name, reading.help, gauge);
            continue;
        }
        let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for (labels, value) in reading.values {
            family.get_or_create(&labels).set(value);
        }
        registry.register(reading.name, reading.help, family);
    }
    registry
}
