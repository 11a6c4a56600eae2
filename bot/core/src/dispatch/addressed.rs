//! Whether a message is meant for the bot, and the command line in it. Chatter ends here, and costs nothing.

use crate::message::{Kind, Message, Place};
use crate::settings::Settings;

/// The command line of a message that is meant for the bot. In a room it begins with the prefix or the bot's name, in
/// a direct message it may; what a pressed button says is always meant for the bot.
pub(super) fn command_line<'m>(settings: &Settings, message: &'m Message) -> Option<&'m str> {
    let text = message.text.trim();
    if matches!(message.kind, Kind::Pressed | Kind::Filled) {
        return Some(text);
    }
    let bare = text
        .strip_prefix(&*settings.prefix)
        .or_else(|| settings.names.iter().find_map(|name| after_name(text, name)));
    match (bare, &message.place) {
        (Some(line), _) => line
            .starts_with(|c: char| c.is_ascii_alphanumeric())
            .then_some(line),
        (None, Place::Direct(_) | Place::Nick { .. }) => (!text.is_empty()).then_some(text),
        (None, Place::Room(_)) => None,
    }
}

/// `countersign: deploy prod`, `countersign, deploy prod`, `@countersign deploy prod`. A name without a mark is talk about
/// the bot.
fn after_name<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let bare = text.strip_prefix('@');
    let text = bare.unwrap_or(text);
    let head = text.get(..name.len())?;
    let rest = &text[name.len()..];
    let marked = rest.starts_with([':', ',']) || (bare.is_some() && rest.starts_with(' '));
    (head.eq_ignore_ascii_case(name) && marked).then(|| rest[1..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Account, Assurance, Room, Sender};
    use crate::time::{Duration, from_millis};

    fn line(place: Place, kind: Kind, text: &str) -> Option<String> {
        let settings = Settings {
            prefix: "!".into(),
            names: vec!["bot".into(), "treeherder-bot".into()],
            directory: crate::person::Directory::default(),
            policy: crate::policy::Policy::default(),
            targets: std::collections::BTreeMap::new(),
            stale_after: Duration::from_mins(1),
        };
        let sender = Sender {
            nick: "alice".into(),
            account: None,
            assurance: Assurance::Nick,
        };
        let message = Message {
            id: "1".into(),
            place,
            sender,
            text: text.into(),
            sent_at: from_millis(0),
            kind,
            thread: None,
        };
        command_line(&settings, &message).map(str::to_owned)
    }

    fn in_room(text: &str) -> Option<String> {
        line(
            Place::Room(Room {
                network: "irc".into(),
                name: "#ops".into(),
            }),
            Kind::Said,
            text,
        )
    }

    #[test]
    fn in_a_room_only_what_begins_with_the_prefix_or_the_name() {
        assert_eq!(in_room("!deploy prod").as_deref(), Some("deploy prod"));
        assert_eq!(in_room("Bot: deploy prod").as_deref(), Some("deploy prod"));
        assert_eq!(in_room("@bot, deploy prod").as_deref(), Some("deploy prod"));
        assert_eq!(in_room("@bot deploy prod").as_deref(), Some("deploy prod"));
        assert_eq!(
            in_room("treeherder-bot: deploy prod").as_deref(),
            Some("deploy prod")
        );
        for chatter in [
            "deploy prod",
            "!!!",
            "!",
            "! deploy",
            "bots: hello",
            "bot",
            "bot is slow today",
            "treeherder-bot is slow today",
            "see !deploy",
            "> !deploy prod",
            "é!",
        ] {
            assert_eq!(in_room(chatter), None, "{chatter}");
        }
    }

    #[test]
    fn in_a_direct_message_the_prefix_may_be_left_out() {
        let direct = || {
            Place::Direct(Account {
                network: "irc".into(),
                name: "alice".into(),
            })
        };
        assert_eq!(
            line(direct(), Kind::Said, "deploy prod").as_deref(),
            Some("deploy prod")
        );
        assert_eq!(
            line(direct(), Kind::Said, "!deploy prod").as_deref(),
            Some("deploy prod")
        );
        assert_eq!(line(direct(), Kind::Said, "  "), None);
        assert_eq!(
            line(direct(), Kind::Pressed, "approve R-4QX").as_deref(),
            Some("approve R-4QX")
        );
    }
}
