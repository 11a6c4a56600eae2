//! Help, made from what clap and the specs know and policy says: what this person may do here.

use super::may::may;
use super::{Ask, Part, Registered, Token, closest, told};
use crate::id::CommandPath;
use crate::plan::Effect;
use crate::refusal::Refusal;
use crate::reply::{Block, Line, Reply};
use crate::text::{clip, either, list, visible};

/// So many command lines are suggested at most.
const SUGGESTED: usize = 3;

/// The command with the name that was typed.
pub fn find<'a>(ask: &Ask<'a>, name: &str) -> Result<&'a Registered, Refusal> {
    if let Some(command) = ask.registry.find(name) {
        return Ok(command);
    }
    let usable: Vec<&CommandPath> = ask
        .registry
        .iter()
        .flat_map(|command| command.ways().filter(|way| may(ask, command, way)))
        .map(|way| &way.path)
        .collect();
    let commands = usable.iter().map(|path| path.command());
    // People forget what a subcommand belongs to.
    let words = usable.iter().filter_map(|path| path.words().next_back());
    let mut near = Vec::new();
    for word in closest(name, commands.chain(words)) {
        let found = if usable.iter().any(|path| path.command() == word) {
            vec![word]
        } else {
            let named = |path: &&CommandPath| path.words().next_back() == Some(word);
            usable
                .iter()
                .copied()
                .filter(named)
                .map(CommandPath::as_str)
                .collect()
        };
        near.extend(found);
        if word == name {
            break;
        }
    }
    near.truncate(SUGGESTED);
    let hint = match near.as_slice() {
        [] => format!("{} lists what you may use here.", ask.type_("help")),
        near => did_you_mean(ask, near),
    };
    Err(Refusal::new(format!("there is no {}", ask.type_(&shown(name)))).hint(hint))
}

/// The part of a command that the words name, all of them.
pub fn find_part<'a>(
    ask: &Ask<'_>,
    command: &'a Registered,
    words: &[Token<'_>],
) -> Result<&'a Part, Refusal> {
    let shape = command.shape();
    let (part, rest) = shape.named_by(words);
    let Some(unknown) = rest.first() else {
        return Ok(part);
    };
    let usable = shape
        .next(part)
        .filter(|next| shape.ways(next).any(|way| may(ask, command, way)));
    let words = usable.filter_map(|next| next.path.words().next_back());
    let near: Vec<CommandPath> = closest(unknown.as_str(), words)
        .into_iter()
        .map(|word| part.path.below(word))
        .collect();
    let hint = if near.is_empty() {
        let help = ask.type_(&format!("help {}", part.path));
        format!("{help} tells what there is.")
    } else {
        let near: Vec<&str> = near.iter().map(CommandPath::as_str).collect();
        did_you_mean(ask, &near)
    };
    let typed = part.path.below(&shown(unknown.as_str()));
    Err(Refusal::new(format!("there is no {}", ask.type_(typed.as_str()))).hint(hint))
}

fn shown(typed: &str) -> String {
    clip(&visible(typed), 40).into_owned()
}

fn did_you_mean(ask: &Ask<'_>, near: &[&str]) -> String {
    format!(
        "Did you mean {}?",
        either(near.iter().map(|name| ask.type_(name)))
    )
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
            .filter(|command| command.spec().effect == effect)
            .filter(|command| command.ways().any(|way| may(ask, command, way)))
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

/// How a command or a part of it is used, and what of it this person may do here.
pub fn help_for(ask: &Ask<'_>, command: &Registered, path: &CommandPath) -> Reply {
    match command.shape().part(path) {
        Some(part) if part.usage.is_some() => help_for_way(ask, command, part),
        Some(part) => help_for_group(ask, command, part),
        None => overview(ask),
    }
}

/// How it is typed, and what that is for.
fn way(ask: &Ask<'_>, usage: &str, about: &str) -> Line {
    let line = Line::default().code(ask.type_(usage));
    if about.is_empty() {
        line
    } else {
        line.then(format!(" — {about}."))
    }
}

/// A line for each subcommand.
fn help_for_group(ask: &Ask<'_>, command: &Registered, group: &Part) -> Reply {
    let mut reply = Reply::line(way(ask, group.path.as_str(), &group.about));
    for part in command.shape().ways(group) {
        reply = reply.and(way(ask, part.short(), &part.about));
    }
    let below = |path: &CommandPath| {
        let below = path.as_str().strip_prefix(group.path.as_str());
        below.map_or_else(|| path.to_string(), |below| below.trim_start().to_owned())
    };
    let lines = told(ask, command, group, None).into_iter();
    let lines = lines.map(|(ways, words)| {
        let ways = list(ways.into_iter().map(below));
        Line::new(format!("{ways}: {words}"))
    });
    let first = command.shape().ways(group).next();
    let more = first.map_or(group.path.as_str(), |first| first.path.as_str());
    reply
        .block(Block::Detail {
            label: "you may".to_owned(),
            lines: lines.collect(),
        })
        .detail(
            "more",
            Line::default()
                .code(ask.type_(&format!("help {more}")))
                .then(" and the like"),
        )
}

/// What a command or subcommand takes, what of it this person may do here, and examples.
fn help_for_way(ask: &Ask<'_>, command: &Registered, part: &Part) -> Reply {
    let spec = command.spec();
    let usage = part.usage.as_deref().unwrap_or_default();
    let mut reply = Reply::line(way(ask, usage, &part.about));
    for (argument, about) in &part.arguments {
        reply = reply.detail(argument, about);
    }
    if part.path.is_subcommand() {
        reply = reply.detail("effect", effects(part));
    }
    for (_, words) in told(ask, command, part, None) {
        reply = reply.detail("you may", words);
    }
    if !part.examples.is_empty() {
        reply = reply.detail("e.g.", to_type(ask, &part.examples));
    }
    if !spec.aliases.is_empty() {
        reply = reply.detail("also", to_type(ask, spec.aliases));
    }
    reply
}

/// What it does to the world.
fn effects(part: &Part) -> &'static str {
    match part.most() {
        Effect::Read => "read: it changes nothing",
        Effect::Decide => "decide: it changes what I remember, and nothing else",
        Effect::Change => "change: it can be undone",
        Effect::Destructive if part.effects.contains(&Effect::Change) => {
            "destructive or change: at times it can be undone"
        }
        Effect::Destructive => "destructive: it can't be undone",
    }
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
