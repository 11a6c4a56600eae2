//! What every part of the bot works with: configuration, store, clock, randomness and the actions. Put together
//! once by the binary; nothing in it is global.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::access::Keeper;
use crate::audit::Notary;
use crate::id::ReplicaId;
use crate::link::Links;
use crate::operation::Action;
use crate::pages::Pages;
use crate::random::Random;
use crate::secret::Scrubber;
use crate::settings::Settings;
use crate::store::Store;
use crate::time::{Clock, Timestamp};

/// The actions that plans can name.
#[derive(Clone, Default)]
pub struct Actions {
    by_name: HashMap<&'static str, Arc<dyn Action>>,
}

impl Actions {
    /// Adds an action. One that was added under the same name before is replaced.
    pub fn add(&mut self, action: Arc<dyn Action>) {
        self.by_name.insert(action.name(), action);
    }

    /// The action with this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Action>> {
        self.by_name.get(name)
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// What every part of the bot works with.
#[derive(Clone)]
pub struct Context {
    /// What the configuration says.
    pub settings: Arc<Settings>,
    /// Everything that must not be lost.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids and nonces come from.
    pub random: Arc<dyn Random>,
    /// How plans are executed.
    pub actions: Actions,
    /// What must never be said.
    pub scrubber: Arc<Scrubber>,
    /// The rests of long answers.
    pub pages: Arc<Pages>,
    /// Posts checkpoints of the audit, if a room is configured for them.
    pub notary: Option<Notary>,
    /// Makes secret links and drop boxes, if there is a web side for them.
    pub links: Option<Links>,
    /// Has the databases in hand, if there are any.
    pub keeper: Option<Arc<dyn Keeper>>,
    /// Which process this is.
    pub replica: ReplicaId,
}

impl Context {
    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("replica", &self.replica)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}
