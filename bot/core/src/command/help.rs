//! Help, made from what clap and the specs know and policy says: what this person may do here.

use super::{Ask, Registered, closest, split};
use crate::id::TargetName;
use crate::plan::Effect;
use crate::policy::{Decision, Question, Rule};
use crate::refusal::Refusal;
use crate::reply::{Line, Reply};
use crate::text::{clip, count, either, join, list, visible};

/// Targets named in one line of help.
const NAMED: usize = 12;
/// Longer command lines are not said again.
const LINE: usize = 100;

/// What policy says of this use of a command, by this person, here and now.
pub fn decide<'a>(
    ask: &Ask<'a>,
    command: &str,
    effect: Option<Effect>,
    target: Option<&TargetName>,
) -> Decision<'a> {
    ask.settings
        .policy
        .decide(&question(ask, command, effect, target), &ask.settings.directory)
}

/// The same in words, naming the rule: a line for each answer that depends on the effect.
pub fn explain(
    ask: &Ask<'_>,
    command: &str,
    effect: Option<Effect>,
    target: Option<&TargetName>,
) -> Vec<String> {
    ask.settings
        .policy
        .explain(&question(ask, command, effect, target), &ask.settings.directory)
}

fn question<'q>(
    ask: &Ask<'q>,
    command: &'q str,
    effect: Option<Effect>,
    target: Option<&'q TargetName>,
) -> Question<'q> {
    Question {
        command,
        effect,
        target,
        person: ask.person.map(|person| &**person),
        assurance: ask.message.sender.assurance,
        place: &ask.message.place,
        now: ask.now,
    }
}

/// A use that policy denies: what goes on after "you may not", and the command line that goes on after "can":
/// `deploy prod` twice, or `use !config get on prod` and `config get prod DATABASE_URL`.
pub fn denied_use(ask: &Ask<'_>, command: &str, target: Option<&TargetName>) -> (String, String) {
    let short = target.map_or_else(|| command.to_owned(), |target| format!("{command} {target}"));
    match (verb_said(ask, command), target) {
        (Some((verb, line)), target) => {
            let on = target.map(|target| format!(" on {target}")).unwrap_or_default();
            let typed = ask.type_(&format!("{command} {verb}"));
            (format!("use {typed}{on}"), line.unwrap_or(short))
        }
        (None, Some(_)) => (short.clone(), short),
        (None, None) => (format!("use {}", ask.type_(command)), short),
    }
}

/// The subcommand that was typed, and the line, if that may be repeated: one that only gets an answer is written down
/// nowhere, because it may hold what should not have been said.
fn verb_said(ask: &Ask<'_>, command: &str) -> Option<(String, Option<String>)> {
    let tokens = split(ask.line).ok()?;
    let (name, arguments) = tokens.split_first()?;
    let typed = ask
        .registry
        .find(name.as_str())
        .filter(|typed| typed.spec().name == command)?;
    let verb = typed.shape().verb_of(arguments)?.to_owned();
    let parsed = typed.parse(arguments).ok()?;
    let may_be_repeated = parsed.effect() >= Effect::Change && ask.line.chars().count() <= LINE;
    Some((verb, may_be_repeated.then(|| visible(ask.line).into_owned())))
}

/// The command with the name that was typed.
pub fn find<'a>(ask: &Ask<'a>, name: &str) -> Result<&'a Registered, Refusal> {
    if let Some(command) = ask.registry.find(name) {
        return Ok(command);
    }
    let usable = ask.registry.iter().filter(|command| may(ask, command));
    let hint = match closest(name, usable.map(|command| command.spec().name)).as_slice() {
        [] => format!("{} lists what you may use here.", ask.type_("help")),
        near => format!(
            "Did you mean {}?",
            either(near.iter().map(|name| ask.type_(name)))
        ),
    };
    Err(Refusal::new(format!("there is no {}", ask.type_(&clip(&visible(name), 40)))).hint(hint))
}

/// The rule for the most that this person may do with the command here, and how much that is.
fn most<'a>(ask: &Ask<'a>, command: &Registered, target: Option<&TargetName>) -> Option<(Effect, &'a Rule)> {
    command.effects().iter().find_map(|effect| {
        let question = question(ask, command.spec().name, Some(*effect), target);
        Some((*effect, ask.settings.policy.rule(&question)?))
    })
}

/// Whether this person may use the command here, on at least one target.
pub fn may(ask: &Ask<'_>, command: &Registered) -> bool {
    let on = |target| most(ask, command, target).is_some();
    on(None) || ask.settings.targets.keys().any(|target| on(Some(target)))
}

/// What this person may do with the command here, to go on after "you may": "use it on stage; on prod with 1
/// signature, none if it can be undone".
pub fn may_words(ask: &Ask<'_>, command: &Registered) -> String {
    let denied = || match decide(ask, command.spec().name, Some(command.spec().effect), None) {
        Decision::Denied(denial) => format!("not use it here: {}", denial.words),
        Decision::Allowed(_) => "not use it here".to_owned(),
    };
    if !command.shape().has_target {
        let here = conditions(ask, command, None);
        return here.map_or_else(denied, |conditions| format!("use it here{conditions}"));
    }
    let mut groups: Vec<(String, Vec<&TargetName>)> = Vec::new();
    for target in ask.settings.targets.keys() {
        let Some(conditions) = conditions(ask, command, Some(target)) else {
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

/// Under which conditions, if at all: nothing, " with 1 signature", " only to look".
fn conditions(ask: &Ask<'_>, command: &Registered, target: Option<&TargetName>) -> Option<String> {
    let (effect, rule) = most(ask, command, target)?;
    let declared = command.spec().effect;
    let with = match signatures(rule) {
        0 => String::new(),
        number => format!(" with {}", count(number, "signature")),
    };
    Some(match effect {
        Effect::Read if declared > Effect::Read => format!(" only to look{with}"),
        Effect::Change if declared > Effect::Change => format!("{with} if it can be undone"),
        Effect::Destructive => {
            let lighter = question(ask, command.spec().name, Some(Effect::Change), target);
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

/// The commands that this person may use here, by what they do to the world.
pub fn overview(ask: &Ask<'_>) -> Reply {
    let mut reply = Reply::line(
        Line::new("what you may use here; ")
            .code(ask.type_("help <command>"))
            .then(" tells more:"),
    );
    for effect in [Effect::Read, Effect::Decide, Effect::Change, Effect::Destructive] {
        let names: Vec<&str> = ask
            .registry
            .iter()
            .filter(|command| command.spec().effect == effect && may(ask, command))
            .map(|command| command.spec().name)
            .collect();
        if !names.is_empty() {
            reply = reply.detail(effect.to_string(), list(names));
        }
    }
    if reply.blocks.len() == 1 {
        let whoami = ask.type_("whoami");
        return Reply::line(Line::new("you may use nothing here. Who you are to me: ").code(whoami));
    }
    reply
}

/// How one command is used, its arguments, what of it this person may do here, and examples.
pub fn help_for(ask: &Ask<'_>, command: &Registered) -> Reply {
    let (spec, shape) = (command.spec(), command.shape());
    let way = |usage: &str, about: &str| {
        let line = Line::default().code(ask.type_(usage));
        if about.is_empty() {
            line
        } else {
            line.then(format!(" — {about}."))
        }
    };
    let mut reply = match shape.usages.as_slice() {
        [(usage, _)] => Reply::line(way(usage, &shape.about)),
        usages => usages.iter().fold(
            Reply::line(way(spec.name, &shape.about)),
            |reply, (usage, about)| reply.and(way(usage, about)),
        ),
    };
    for (argument, about) in &shape.arguments {
        reply = reply.detail(argument, about);
    }
    reply = reply.detail("you may", may_words(ask, command));
    if !spec.examples.is_empty() {
        reply = reply.detail("e.g.", to_type(ask, spec.examples));
    }
    if !spec.aliases.is_empty() {
        reply = reply.detail("also", to_type(ask, spec.aliases));
    }
    reply
}

/// Command lines to type, side by side.
fn to_type(ask: &Ask<'_>, lines: &[&str]) -> Line {
    lines
        .iter()
        .enumerate()
        .fold(Line::default(), |line, (n, command)| {
            let line = if n == 0 { line } else { line.then("   ") };
            line.code(ask.type_(command))
        })
}
