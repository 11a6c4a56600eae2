//! `config <what> <target> …`: the config vars of an app. Names are shown in chat, values never: one that is asked for
//! leaves by a secret link, one that is given comes by a drop box. Only names that the configuration calls plain are set
//! from a command line.

mod args;
mod change;
mod check;
mod diff;
mod get;
mod hand;
mod list;
mod made;
mod names;
mod set;
mod unset;
mod vars;
mod wanted;

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec, closest, decide};
use countersign_core::id::{BoxId, CommandPath, TargetName};
use countersign_core::link;
use countersign_core::person::Person;
use countersign_core::plan::Effect;
use countersign_core::policy::Decision;
use countersign_core::refusal::Refusal;
use countersign_core::settings::TargetKind;
use countersign_core::text::{clip, list, visible};

use crate::app::Apps;

use args::{Args, Setting, Verb};

pub(crate) use change::Change;
pub(crate) use hand::Hand;

/// The command.
pub(crate) struct Config {
    apps: Arc<Apps>,
}

impl Config {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    /// The word is one of ours, mistyped, rather than an app; what is like nothing that there is can't be an app either.
    fn is_a_slip(&self, word: &str) -> bool {
        let is_near_an_app = || {
            let apps = self.apps.iter().map(|app| app.target.as_str());
            !closest(word, apps).is_empty()
        };
        self.apps.get(word).is_err() && (!closest(word, args::WORDS).is_empty() || !is_near_an_app())
    }

    /// Nothing that it could be: neither the first word nor the second says what is to be done.
    fn puzzled(&self, ask: &Ask<'_>, words: &[String]) -> Refusal {
        let first = words.first().map_or("", String::as_str);
        let word = match words.get(1) {
            Some(second) if self.apps.get(first).is_ok() => second,
            _ => first,
        };
        let hint = match closest(word, args::WORDS).first() {
            Some(near) => format!("Did you mean {}?", ask.type_(&format!("config {near}"))),
            None => format!("There are: {}.", list(args::WORDS)),
        };
        Refusal::new(format!(
            "there is no {}",
            ask.type_(&format!("config {}", shown(word)))
        ))
        .hint(hint)
    }
}

#[async_trait]
impl Command for Config {
    type Args = Args;

    fn spec(&self) -> Spec {
        Spec {
            name: "config",
            aliases: &[],
            effect: Effect::Destructive,
            examples: &[
                "config list prod",
                "config diff stage prod",
                "config check prod",
                "config get prod DATABASE_URL",
                "config set stage NEW_KEY",
                "config set prod WEB_CONCURRENCY 6",
                "config unset stage OLD_KEY",
            ],
            stopped_by_hold: false,
        }
    }

    fn takes(&self) -> Option<TargetKind> {
        Some(TargetKind::App)
    }

    /// Whether the value that is set may be said depends on the app.
    fn effects(&self, subcommand: &CommandPath) -> &'static [Effect] {
        match subcommand.words().next_back() {
            Some("set") => &[Effect::Destructive, Effect::Change],
            _ => &[],
        }
    }

    fn subcommand(&self, args: &Args) -> Option<&'static str> {
        args.verb.word()
    }

    /// What was said that should not have been is answered like a question: so that it is never written down.
    fn effect(&self, args: &Args) -> Effect {
        match &args.verb {
            Verb::List { .. } | Verb::Diff { .. } | Verb::Check { .. } | Verb::Other(_) => Effect::Read,
            Verb::Set(setting) => match self.apps.get(&setting.target) {
                Ok(app) if setting.says_a_secret(app) => Effect::Read,
                // What is no drop box may be the value itself: it gets an answer, and is kept nowhere.
                _ if setting.drop_box().is_some_and(|id| BoxId::typed(id).is_none()) => Effect::Read,
                Ok(_) if setting.value().is_some() => Effect::Change,
                Err(_) if setting.value().is_some() => Effect::Read,
                _ => Effect::Destructive,
            },
            Verb::Get { target, name, .. } if self.apps.get(target).is_ok_and(|app| app.is_plain(name)) => {
                Effect::Read
            }
            Verb::Get { .. } | Verb::Unset { .. } => Effect::Destructive,
        }
    }

    fn target<'a>(&self, args: &'a Args) -> Option<&'a str> {
        match &args.verb {
            // It is perhaps no target at all, but half of what is to be set: then it must not be repeated.
            Verb::Set(setting) if setting.target.contains('=') => None,
            Verb::Set(Setting { target, .. })
            | Verb::Get { target, .. }
            | Verb::Unset { target, .. }
            | Verb::Diff { target, .. } => Some(target),
            Verb::List { target } => Some(target.as_str()).filter(|word| !self.is_a_slip(word)),
            Verb::Check { target } => target.as_deref(),
            Verb::Other(_) => None,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
        let apps = &*self.apps;
        match args.verb {
            Verb::List { target } if self.is_a_slip(&target) => Err(self.puzzled(ask, &[target])),
            Verb::List { target } => list::reply(apps, apps.get(&target)?, ask).await,
            Verb::Diff { target, other } => {
                let (one, other) = (apps.get(&target)?, apps.get(&other)?);
                may_look(ask, &other.target)?;
                diff::reply(apps, one, other).await
            }
            Verb::Check { target } => check::reply(apps, target.as_deref(), ask).await,
            Verb::Get { target, name, reason } => {
                let planned = get::plan(apps, apps.get(&target)?, ask, &name, reason).await;
                planned.map_err(|refusal| not_done("nothing was shown", refusal))
            }
            Verb::Set(setting) => {
                let planned = set::plan(apps, ask, setting).await;
                planned.map_err(|refusal| not_done("nothing was set", refusal))
            }
            Verb::Unset { target, name, reason } => {
                let planned = unset::plan(apps, apps.get(&target)?, ask, &name, reason).await;
                planned.map_err(|refusal| not_done("nothing was unset", refusal))
            }
            Verb::Other(words) => Err(self.puzzled(ask, &words)),
        }
    }
}

/// Policy was asked about the first target; a second one is looked at under the same rules.
fn may_look(ask: &Ask<'_>, target: &TargetName) -> Result<(), Refusal> {
    match decide(ask, ask.path, Some(Effect::Read), Some(target)) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => {
            let words = format!("you may not look at the config of {target}: {}", denial.words);
            Err(Refusal::new(words))
        }
    }
}

/// Whoever asks, if they can be written to where nobody else reads it; asked before anything is planned or sent.
fn reachable<'a>(apps: &Apps, ask: &Ask<'a>) -> Result<&'a Person, Refusal> {
    let (Some(handing), Some(person)) = (&apps.handing, ask.person) else {
        return Err(link::unavailable());
    };
    match handing.links.reaches(person, ask.message.place.network()) {
        Ok(()) => Ok(person),
        Err(_) => Err(Refusal::new(
            "you have no account on a network where I can write to you alone; use chat",
        )),
    }
}

fn not_done(what: &str, refusal: Refusal) -> Refusal {
    Refusal {
        words: format!("{what}: {}", refusal.words),
        ..refusal
    }
}

/// A word as it is repeated, if it looks like one.
fn shown(word: &str) -> String {
    let is_word = word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    if is_word {
        clip(&visible(word), 20).into_owned()
    } else {
        "like that".to_owned()
    }
}

#[cfg(test)]
mod tests;
