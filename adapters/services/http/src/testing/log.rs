//! Everything that may be printed, to look for secrets in it.

use std::{
    error::Error as _,
    fmt::{self, Write},
    sync::{Arc, Mutex},
};

use tracing::{Event, Metadata, Subscriber, field, span};

use crate::{Error, Service};

/// All that anybody might print of an error.
pub fn all_of<S: Service>(error: &Error<S>) -> String {
    let mut all = format!(
        "{error:?} {error:#?} {error} {} {:?}",
        error.hint(),
        error.message()
    );
    let mut source = error.source();
    while let Some(cause) = source {
        write!(all, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    all
}

/// Keeps every event of every crate, down to the smallest.
#[derive(Debug, Default)]
pub struct Log(pub Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Fields(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        event.record(&mut Fields(&mut log));
        log.push('\n');
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Fields<'a>(&'a mut String);

impl field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}
