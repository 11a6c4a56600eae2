//! Faults to order: which request is to go wrong, how, and how often.
//!
//! Only this module and the exchange (which carries faults out) know of them; the services behind do not.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fault {
    /// The connection breaks in some way.
    Break(Break),
    /// The answer comes late.
    Delay {
        /// By how many milliseconds of real time.
        delay_ms: u64,
    },
    /// Nothing is done and the answer is this one.
    Answer(Answer),
}

/// How a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Break {
    /// It is reset before anything is done.
    Cut,
    /// Everything is done, and then it is reset instead of an answer.
    LostReply,
    /// The request is accepted and nothing is done, until the fault is cleared; then the connection is reset.
    HangBefore,
    /// Everything is done and the answer is kept back until the fault is cleared.
    HangAfter,
}

/// An answer in the place of the real one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Heroku's name of the error; without `body`, the body is `{id, message}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the error says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The whole body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
    /// Headers, e.g. `retry-after`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// Which requests go wrong, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Method and path, where `*` stands for any method or for one segment, and at the end for all that follow:
    /// `PATCH /github/repos/*/*/git/refs/*`.
    pub route: Route,
    /// How many matching requests go well first.
    #[serde(default)]
    pub skip: u32,
    /// How many matching requests then go wrong.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong with them.
    pub fault: Fault,
}

fn once() -> u32 {
    1
}

/// A method and a path with stars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Route {
    method: String,
    path: String,
}

/// What is wrong with a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a route is a method and a path, such as `GET /apps/*/releases` or `* /github/*`")]
pub struct RouteError;

impl TryFrom<String> for Route {
    type Error = RouteError;

    fn try_from(text: String) -> Result<Self, RouteError> {
        let (method, path) = text.split_once(' ').ok_or(RouteError)?;
        let known = method == "*" || method.bytes().all(|letter| letter.is_ascii_uppercase());
        if !known || method.is_empty() || !path.starts_with('/') {
            return Err(RouteError);
        }
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }
}

impl From<Route> for String {
    fn from(route: Route) -> Self {
        format!("{} {}", route.method, route.path)
    }
}

impl Route {
    /// Whether a request goes there.
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        (self.method == "*" || self.method == method.as_str()) && matches_path(&self.path, path)
    }
}

fn matches_path(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut wanted = pattern.split('/').peekable();
    while let Some(want) = wanted.next() {
        let Some(segment) = segments.next() else {
            return false;
        };
        match want {
            "*" if wanted.peek().is_none() => return true,
            "*" => {}
            _ if want == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// A rule and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct FaultState {
    /// Names the rule.
    pub id: u64,
    /// The rule, with `skip` and `times` as they are left.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// How many requests went wrong because of it. One that has an effect first counts after its effect.
    pub hits: u32,
}

struct Entry {
    state: watch::Sender<FaultState>,
}

/// All rules.
#[derive(Default)]
pub struct Faults {
    rules: Mutex<Rules>,
}

#[derive(Default)]
struct Rules {
    added: u64,
    entries: BTreeMap<u64, Entry>,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.list()).finish()
    }
}

/// A fault that a request runs into.
pub(crate) struct Hit {
    pub(crate) fault: Fault,
    id: u64,
    state: watch::Receiver<FaultState>,
}

impl Hit {
    /// Waits until the rule is cleared.
    pub(crate) async fn cleared(mut self) {
        while self.state.changed().await.is_ok() {}
    }
}

impl Faults {
    /// Adds a rule; rules that are older come first. Its id.
    pub fn add(&self, rule: FaultRule) -> u64 {
        let mut rules = self.rules();
        rules.added += 1;
        let id = rules.added;
        let state = watch::Sender::new(FaultState { id, rule, hits: 0 });
        rules.entries.insert(id, Entry { state });
        id
    }

    /// The rules as they are, oldest first.
    pub fn list(&self) -> Vec<FaultState> {
        self.rules()
            .entries
            .values()
            .map(|entry| entry.state.borrow().clone())
            .collect()
    }

    /// Takes a rule away and lets go of the requests that hang in it; whether there was one.
    pub fn clear(&self, id: u64) -> bool {
        self.rules().entries.remove(&id).is_some()
    }

    /// Takes all rules away.
    pub fn clear_all(&self) {
        self.rules().entries.clear();
    }

    /// Waits until a rule hits for the first time, but not longer than this in real time; `None` if there is no rule.
    pub async fn wait_for_hit(&self, id: u64, longest: Duration) -> Option<FaultState> {
        let mut state = self.rules().entries.get(&id)?.state.subscribe();
        let hit = state.wait_for(|state| state.hits > 0);
        if let Ok(Ok(state)) = tokio::time::timeout(longest, hit).await {
            return Some(state.clone());
        }
        let state = state.borrow().clone();
        Some(state)
    }

    /// The fault that this request runs into, which uses it up.
    pub(crate) fn strike(&self, method: &Method, path: &str) -> Option<Hit> {
        let rules = self.rules();
        let matching = rules.entries.values().filter(|entry| {
            let state = entry.state.borrow();
            state.rule.times > 0 && state.rule.route.matches(method, path)
        });
        for entry in matching {
            let skipped = entry.state.borrow().rule.skip > 0;
            entry.state.send_modify(|state| {
                if skipped {
                    state.rule.skip -= 1;
                } else {
                    state.rule.times -= 1;
                }
            });
            if !skipped {
                let fault = entry.state.borrow().rule.fault.clone();
                let (id, state) = (entry.state.borrow().id, entry.state.subscribe());
                return Some(Hit { fault, id, state });
            }
        }
        None
    }

    /// Counts a hit, for whoever waits for it.
    pub(crate) fn land(&self, hit: &Hit) {
        if let Some(entry) = self.rules().entries.get(&hit.id) {
            entry.state.send_modify(|state| state.hits += 1);
        }
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        Route::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_star_is_a_segment_and_at_the_end_all_that_follow() {
        let path = "/github/repos/mozilla/treeherder/git/refs/heads/production";
        for (text, matches) in [
            ("PATCH /github/repos/*/*/git/refs/*", true),
            ("* /github/*", true),
            ("PATCH /github/repos/*/git/refs/*", false),
            ("POST /github/*", false),
            ("PATCH /github/repos/*/*/git/refs/heads/production/*", false),
            ("PATCH /github/repos/*/*/git/refs/heads", false),
        ] {
            assert_eq!(route(text).matches(&Method::PATCH, path), matches, "{text}");
        }
        assert!(Route::try_from("/apps".to_owned()).is_err());
    }

    #[test]
    fn a_rule_skips_hits_and_is_used_up() {
        let faults = Faults::default();
        let fault = Fault::Break(Break::Cut);
        let id = faults.add(FaultRule {
            route: route("GET /apps/*"),
            skip: 1,
            times: 2,
            fault,
        });
        let strike = |_| {
            faults
                .strike(&Method::GET, "/apps/x")
                .inspect(|hit| faults.land(hit))
                .is_some()
        };
        assert_eq!((0..4).map(strike).collect::<Vec<_>>(), [false, true, true, false]);
        assert_eq!(faults.list()[0].hits, 2);
        assert!(faults.clear(id));
        assert!(!faults.clear(id));
    }

    #[test]
    fn faults_are_written_as_in_the_manual() {
        for (text, fault) in [
            (r#""lost_reply""#, Fault::Break(Break::LostReply)),
            (r#"{"delay_ms": 20}"#, Fault::Delay { delay_ms: 20 }),
            (
                r#"{"status": 503}"#,
                Fault::Answer(Answer {
                    status: 503,
                    ..Answer::default()
                }),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Fault>(text).unwrap(), fault);
        }
        assert!(serde_json::from_str::<Fault>(r#"{"status": 503, "hang": true}"#).is_err());
    }
}
