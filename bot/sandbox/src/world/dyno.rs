//! Process types and the dynos that run them.
//!
//! A dyno knows when it comes up and, if it is a one-off, when its command ends; its state at a moment is computed
//! from that.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// A process type of an app and how many dynos of which size run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessType {
    /// Its name in the Procfile.
    pub name: &'static str,
    /// Its command in the Procfile.
    pub command: String,
    /// How many dynos.
    pub quantity: u32,
    /// Of which size.
    pub size: Size,
}

/// A size of dynos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 512 MB.
    Standard1X,
    /// 1 GB.
    Standard2X,
    /// 2.5 GB.
    PerformanceM,
    /// 14 GB.
    PerformanceL,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Standard1X,
        Self::Standard2X,
        Self::PerformanceM,
        Self::PerformanceL,
    ];

    /// Heroku's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard1X => "Standard-1X",
            Self::Standard2X => "Standard-2X",
            Self::PerformanceM => "Performance-M",
            Self::PerformanceL => "Performance-L",
        }
    }

    /// The size with this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|size| size.as_str().eq_ignore_ascii_case(name))
    }
}

/// What a dyno runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A process type of the formation, for as long as the formation wants it.
    Process,
    /// The release phase of the release, until that is over.
    ReleasePhase,
    /// A command of its own that ends by itself.
    OneOff {
        /// When it ends.
        ends: Timestamp,
        /// With which status it then exits.
        exit_status: u8,
    },
}

/// A dyno.
#[derive(Debug, Clone)]
pub struct Dyno {
    /// Its id, another one after each restart.
    pub id: Uuid,
    /// For example `web.1`.
    pub name: String,
    /// For example `web`.
    pub process_type: String,
    /// What it executes.
    pub command: String,
    /// What kind of work that is.
    pub work: Work,
    /// Its size.
    pub size: Size,
    /// The number of the release it runs.
    pub release: u32,
    /// When it started.
    pub created_at: Timestamp,
    /// When it is up.
    pub up_at: Timestamp,
}

impl Dyno {
    /// Heroku's word for its state.
    pub fn state(&self, now: Timestamp) -> &'static str {
        if now < self.up_at { "starting" } else { "up" }
    }

    /// When its state last changed.
    pub fn updated_at(&self, now: Timestamp) -> Timestamp {
        if now < self.up_at {
            self.created_at
        } else {
            self.up_at
        }
    }

    /// Whether its command has ended, which makes it vanish.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        matches!(self.work, Work::OneOff { ends, .. } if ends <= now)
    }
}

/// What a one-off dyno is to run.
#[derive(Debug, Clone)]
pub struct OneOff {
    /// A shell command.
    pub command: String,
    /// The type, which is also the beginning of the name.
    pub process_type: String,
    /// The size.
    pub size: Size,
    /// After which time Heroku stops it.
    pub time_to_live: Option<SignedDuration>,
}

/// A change to one process type. What is `None` stays.
#[derive(Debug, Clone)]
pub struct Scale {
    /// Which process type.
    pub process_type: String,
    /// How many dynos.
    pub quantity: Option<Quantity>,
    /// Of which size.
    pub size: Option<Size>,
}

/// How many dynos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// That many.
    Absolute(u32),
    /// That many more, or fewer. Sent twice, it counts twice.
    Relative(i32),
}

impl Quantity {
    /// The number that comes out, or `None` outside 0 to 100.
    pub fn apply(self, now: u32) -> Option<u32> {
        let quantity = match self {
            Self::Absolute(quantity) => Some(quantity),
            Self::Relative(difference) => now.checked_add_signed(difference),
        };
        quantity.filter(|quantity| *quantity <= 100)
    }
}

/// Which dynos to restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All that belong to the formation.
    All,
    /// Those of a process type.
    Type(String),
    /// The one with this name or id.
    One(String),
}
