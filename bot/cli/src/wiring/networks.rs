//! The networks that the bot is on: started, changed and stopped as the configuration says.

use std::sync::Arc;

use countersign_core::chat::{Adapter, Heard};
use countersign_core::id::NetworkId;
use countersign_core::random::Random;
use countersign_core::secret::Scrubber;
use countersign_core::time::Clock;
use countersign_irc::{Irc, Login, RoomSettings, Settings};
use countersign_local::{ListenError, Local};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::config::{Config, IrcChange, LOCAL};

/// What every network is given.
#[derive(Clone, Debug)]
pub struct Ears {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub random: Arc<dyn Random>,
    /// Where what is heard goes.
    pub heard: mpsc::Sender<Heard>,
}

/// The networks that the bot is on.
#[derive(Debug)]
pub struct Networks {
    ears: Ears,
    local: Arc<Local>,
    irc: Vec<(Settings, Arc<Irc>)>,
}

impl Networks {
    /// Listens on the local socket and begins to connect to the others.
    pub async fn start(config: &Config, ears: Ears) -> Result<Self, ListenError> {
        let settings = countersign_local::Settings {
            network: LOCAL.into(),
            socket: config.local.socket.clone(),
        };
        let local = Local::start(settings, Arc::clone(&ears.clock), ears.heard.clone()).await?;
        let irc = config.irc.iter().map(|settings| begin(settings, &ears)).collect();
        Ok(Self { ears, local, irc })
    }

    /// All of them.
    pub fn adapters(&self) -> Vec<Arc<dyn Adapter>> {
        let irc = self
            .irc
            .iter()
            .map(|(_, irc)| Arc::clone(irc) as Arc<dyn Adapter>);
        std::iter::once(Arc::clone(&self.local) as Arc<dyn Adapter>)
            .chain(irc)
            .collect()
    }

    /// The people of this machine.
    pub fn local(&self) -> &Arc<Local> {
        &self.local
    }

    /// What an IRC network was told.
    pub fn settings(&self, network: &NetworkId) -> Option<&Settings> {
        let mut all = self.irc.iter().map(|(settings, _)| settings);
        all.find(|settings| settings.network == *network)
    }

    /// Makes of these, which are as `old` says, what `new` says. Where only rooms have changed the connection stays.
    pub async fn change(&mut self, old: &Config, new: &Config) {
        let changes = old.irc_changes(new);
        let change = |network: &NetworkId| {
            let found = changes.iter().find(|(name, _)| name == network);
            found.map(|(_, change)| *change)
        };
        let known = std::mem::take(&mut self.irc);
        let (gone, kept): (Vec<_>, Vec<_>) = known.into_iter().partition(|(settings, _)| {
            matches!(
                change(&settings.network),
                Some(IrcChange::Gone | IrcChange::Reconnect)
            )
        });
        // A nick must be free before it is asked for again.
        join_all(
            gone.iter()
                .map(|(_, irc)| irc.stop("my configuration has changed")),
        )
        .await;
        for settings in &new.irc {
            let same = kept.iter().find(|(old, _)| old.network == settings.network);
            self.irc.push(match same {
                Some((_, irc)) => {
                    if change(&settings.network) == Some(IrcChange::Rooms) {
                        irc.be_in(settings.rooms.clone());
                    }
                    (settings.clone(), Arc::clone(irc))
                }
                None => begin(settings, &self.ears),
            });
        }
    }

    /// Leaves all, with these words where there are words at leaving.
    pub async fn stop(&self, words: &str) {
        let irc = join_all(self.irc.iter().map(|(_, irc)| irc.stop(words)));
        tokio::join!(irc, self.local.stop());
    }
}

fn begin(settings: &Settings, ears: &Ears) -> (Settings, Arc<Irc>) {
    let ears = ears.clone();
    let irc = Irc::start(settings.clone(), ears.clock, ears.random, ears.heard);
    (settings.clone(), irc)
}

/// Learns what must never be said of the configuration's networks.
pub(super) fn learn(config: &Config, scrubber: &Scrubber) {
    for network in &config.irc {
        match &network.login {
            Login::Password { password, .. } => scrubber.learn(password),
            Login::Certificate { key, .. } => scrubber.learn(key),
            Login::None => {}
        }
        let keys = network.rooms.iter().filter_map(|room| room.key.as_ref());
        keys.for_each(|key| scrubber.learn(key));
    }
}

/// The rooms of a network, as a list for people.
pub fn rooms(settings: &Settings) -> String {
    let names = settings
        .rooms
        .iter()
        .map(|RoomSettings { name, .. }| name.as_str());
    names.collect::<Vec<_>>().join(", ")
}
