//! What policy says of commands and subcommands, in words: what this person may do here.

use super::{Ask, Part, Registered, split};
use crate::id::{CommandPath, TargetName};
use crate::plan::{Draft, Effect};
use crate::policy::{Decision, Question, Rule};
use crate::text::{count, join, list, visible};

/// Targets named in one line of help.
const NAMED: usize = 12;
/// Longer command lines are not said again.
const LINE: usize = 100;

/// What policy says of this use of a command, by this person, here and now.
pub fn decide<'a>(
    ask: &Ask<'a>,
    path: &CommandPath,
    effect: Option<Effect>,
    target: Option<&TargetName>,
) -> Decision<'a> {
    ask.settings
        .policy
        .decide(&question(ask, path, effect, target), &ask.settings.directory)
}

/// The same of what is proposed, with all that it changes.
pub(crate) fn decide_draft<'a>(ask: &Ask<'a>, path: &CommandPath, draft: &Draft) -> Decision<'a> {
    let question = Question {
        also: &draft.also,
        ..question(ask, path, Some(draft.effect), draft.target.as_ref())
    };
    ask.settings.policy.decide(&question, &ask.settings.directory)
}

/// The same in words, naming the rule: a line for each answer that depends on the effect.
pub fn explain(
    ask: &Ask<'_>,
    path: &CommandPath,
    effect: Option<Effect>,
    target: Option<&TargetName>,
) -> Vec<String> {
    ask.settings
        .policy
        .explain(&question(ask, path, effect, target), &ask.settings.directory)
}

fn question<'q>(
    ask: &Ask<'q>,
    path: &'q CommandPath,
    effect: Option<Effect>,
    target: Option<&'q TargetName>,
) -> Question<'q> {
    Question {
        command: path,
        effect,
        target,
        also: &[],
        person: ask.person.map(|person| &**person),
        assurance: ask.message.sender.assurance,
        place: &ask.message.place,
        now: ask.now,
    }
}

/// A use that policy denies: what goes on after "you may not", and the command line that goes on after "can":
/// `deploy prod` twice, or `use !config get on prod` and `config get prod DATABASE_URL`.
pub fn denied_use(ask: &Ask<'_>, path: &CommandPath, target: Option<&TargetName>) -> (String, String) {
    match target {
        _ if path.is_subcommand() => {
            let on = target.map(|target| format!(" on {target}")).unwrap_or_default();
            let line = line_said(ask, path).unwrap_or_else(|| path.to_string());
            (format!("use {}{on}", ask.type_(path.as_str())), line)
        }
        Some(target) => {
            let line = format!("{path} {target}");
            (line.clone(), line)
        }
        None => (format!("use {}", ask.type_(path.as_str())), path.to_string()),
    }
}

/// The line that was typed, if that may be repeated: one that only gets an answer is written down nowhere, because it may
/// hold what should not have been said.
fn line_said(ask: &Ask<'_>, path: &CommandPath) -> Option<String> {
    let tokens = split(ask.line).ok()?;
    let (name, arguments) = tokens.split_first()?;
    let parsed = ask.registry.find(name.as_str())?.parse(arguments).ok()?;
    let may_be_repeated =
        parsed.part().path == *path && parsed.effect() >= Effect::Change && ask.line.chars().count() <= LINE;
    may_be_repeated.then(|| visible(ask.line).into_owned())
}

/// The rule for the most that this person may do by this way here, and how much that is.
fn most<'a>(ask: &Ask<'a>, way: &Part, target: Option<&TargetName>) -> Option<(Effect, &'a Rule)> {
    way.effects.iter().find_map(|effect| {
        let question = question(ask, &way.path, Some(*effect), target);
        Some((*effect, ask.settings.policy.rule(&question)?))
    })
}

/// Whether this person may use this way here, on at least one target.
pub(super) fn may(ask: &Ask<'_>, command: &Registered, way: &Part) -> bool {
    let on = |target| most(ask, way, target).is_some();
    on(None)
        || ask
            .settings
            .targets_of(command.takes())
            .any(|target| on(Some(target)))
}

/// What this person may do by this way here, to go on after "you may": "use it on stage; on prod with 1 signature, none if
/// it can be undone". On every target of its kind, or only on one.
fn words(ask: &Ask<'_>, command: &Registered, way: &Part, only: Option<&TargetName>) -> String {
    let denied = || match decide(ask, &way.path, Some(way.most()), only) {
        Decision::Denied(denial) => format!("not use it here: {}", denial.words),
        Decision::Allowed(_) => "not use it here".to_owned(),
    };
    if !way.has_target {
        let here = conditions(ask, way, None);
        return here.map_or_else(denied, |conditions| format!("use it here{conditions}"));
    }
    let mut groups: Vec<(String, Vec<&TargetName>)> = Vec::new();
    for target in ask.settings.targets_of(command.takes()) {
        if only.is_some_and(|only| only != target) {
            continue;
        }
        let Some(conditions) = conditions(ask, way, Some(target)) else {
            continue;
        };
        match groups.iter_mut().find(|(other, _)| *other == conditions) {
            Some((_, targets)) => targets.push(target),
            None => groups.push((conditions, vec![target])),
        }
    }
    if groups.is_empty() {
        return denied();
    }
    groups.sort_by_key(|(conditions, _)| conditions.len());
    let said = groups
        .iter()
        .map(|(conditions, targets)| format!("on {}{conditions}", some(targets)));
    format!("use it {}", join(said, "; "))
}

/// What this person may do here by each way under a part, to go on after "you may"; ways of which the same is said
/// together. Only of those that take a target, if that is given.
pub fn told<'r>(
    ask: &Ask<'_>,
    command: &'r Registered,
    under: &'r Part,
    only: Option<&TargetName>,
) -> Vec<(Vec<&'r CommandPath>, String)> {
    let mut told: Vec<(Vec<&CommandPath>, String)> = Vec::new();
    for way in command.shape().ways(under) {
        if only.is_some() && !way.has_target {
            continue;
        }
        let words = without_name(&words(ask, command, way, only), &way.path, under);
        match told.iter_mut().find(|(_, other)| *other == words) {
            Some((ways, _)) => ways.push(&way.path),
            None => told.push((vec![&way.path], words)),
        }
    }
    told
}

/// Denials name what is denied: of several together each is named once, in front.
fn without_name(words: &str, path: &CommandPath, under: &Part) -> String {
    if path == &under.path {
        words.to_owned()
    } else {
        words.replace(&format!("no rule allows {path}"), "no rule allows it")
    }
}

/// Under which conditions, if at all: nothing, " with 1 signature", " only to look".
fn conditions(ask: &Ask<'_>, way: &Part, target: Option<&TargetName>) -> Option<String> {
    let (effect, rule) = most(ask, way, target)?;
    let declared = way.most();
    let with = match signatures(rule) {
        0 => String::new(),
        number => format!(" with {}", count(number, "signature")),
    };
    Some(match effect {
        Effect::Read if declared > Effect::Read => format!(" only to look{with}"),
        Effect::Change if declared > Effect::Change => format!("{with} if it can be undone"),
        Effect::Destructive if way.effects.contains(&Effect::Change) => {
            let lighter = question(ask, &way.path, Some(Effect::Change), target);
            let lighter = ask.settings.policy.rule(&lighter).map(signatures);
            match lighter.filter(|lighter| *lighter < signatures(rule)) {
                Some(0) => format!("{with}, none if it can be undone"),
                Some(number) => format!("{with}, {number} if it can be undone"),
                None => with,
            }
        }
        _ => with,
    })
}

fn signatures(rule: &Rule) -> usize {
    rule.seats.iter().map(|seat| usize::from(seat.count)).sum()
}

fn some(targets: &[&TargetName]) -> String {
    let named = list(targets.iter().take(NAMED));
    match targets.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
