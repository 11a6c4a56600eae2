use countersign_core::command::{Registry, split};

use super::*;
use crate::app::App;
use crate::app::tests::{apps_of, prod, stage};

/// Stage and prod, of which WEB_CONCURRENCY is plain on both.
fn registry() -> Registry {
    let plain = |app: App| App {
        plain_config: vec!["WEB_CONCURRENCY".to_owned()],
        ..app
    };
    let apps = apps_of(vec![plain(stage()), plain(prod())], Arc::default());
    let mut registry = Registry::new();
    registry.add(Config::new(Arc::new(apps))).unwrap();
    registry
}

/// The effect of a line and the target that policy is asked about.
fn seen(line: &str) -> (Effect, Option<String>) {
    let registry = registry();
    let tokens = split(line).unwrap();
    let parsed = registry.find("config").unwrap().parse(&tokens[1..]).unwrap();
    (parsed.effect(), parsed.target().map(str::to_owned))
}

#[test]
fn looking_is_a_read_and_the_rest_is_not() {
    for line in [
        "config prod",
        "config list prod",
        "config prod diff stage",
        "config check prod",
    ] {
        assert_eq!(seen(line), (Effect::Read, Some("prod".to_owned())), "{line}");
    }
    assert_eq!(seen("config check"), (Effect::Read, None));
    // Everybody may read a plain one.
    let plain = seen("config get prod WEB_CONCURRENCY");
    assert_eq!(plain, (Effect::Read, Some("prod".to_owned())));
    for line in [
        "config get stage DATABASE_URL",
        "config stage get DATABASE_URL",
        "config set stage NEW_KEY",
        "config set stage NEW_KEY --box K7QM2X",
        "config stage unset OLD_KEY",
    ] {
        assert_eq!(
            seen(line),
            (Effect::Destructive, Some("stage".to_owned())),
            "{line}"
        );
    }
    assert_eq!(
        seen("config set stage WEB_CONCURRENCY 6"),
        (Effect::Change, Some("stage".to_owned()))
    );
}

/// What is a read is neither put into the inbox nor into the audit.
#[test]
fn a_secret_that_was_said_is_never_written_down() {
    for line in [
        "config set stage NEW_KEY hunter2-canary",
        "config set stage NEW_KEY=hunter2-canary",
        "config stage set NEW_KEY 'hunter2 canary'",
        "config set stage hunter2-canary",
        "config set stage NEW_KEY --box K7QM2X hunter2-canary",
        "config set nowhere NEW_KEY hunter2-canary",
        "config set nowhere WEB_CONCURRENCY hunter2-canary",
    ] {
        let (effect, target) = seen(line);
        assert_eq!(effect, Effect::Read, "{line}");
        assert!(!format!("{target:?}").contains("canary"), "{line}");
    }
    // Without a target half of the value is where it belongs; it must not be repeated as an unknown one.
    let (_, target) = seen("config set NEW_KEY=hunter2-canary X");
    assert_eq!(target, None);
}

#[test]
fn a_slip_in_the_word_is_told_from_an_unknown_app() {
    assert_eq!(seen("config lst"), (Effect::Read, None));
    assert_eq!(seen("config foo"), (Effect::Read, None));
    assert_eq!(seen("config prd"), (Effect::Read, Some("prd".to_owned())));
    assert_eq!(seen("config prod gett A"), (Effect::Read, None));
}

#[test]
fn a_line_is_of_its_subcommand_wherever_that_stands() {
    let registry = registry();
    for (line, path) in [
        ("prod", "config list"),
        ("list prod", "config list"),
        ("prod get DATABASE_URL", "config get"),
        ("set prod NEW_KEY", "config set"),
        ("stage set WEB_CONCURRENCY 6", "config set"),
        ("stage unset OLD_KEY", "config unset"),
        ("prod diff stage", "config diff"),
        ("check", "config check"),
        ("prod gett A", "config"),
    ] {
        let tokens = split(line).unwrap();
        let parsed = registry.find("config").unwrap().parse(&tokens).unwrap();
        assert_eq!(parsed.part().path.as_str(), path, "{line}");
    }
}

#[test]
fn what_a_subcommand_can_do_does_not_depend_on_which_apps_there_are() {
    for apps in [vec![stage(), prod()], vec![]] {
        let mut registry = Registry::new();
        let config = Config::new(Arc::new(apps_of(apps, Arc::default())));
        registry.add(config).unwrap();
        let effects = |path: &str| registry.part(&path.into()).unwrap().effects.clone();
        assert_eq!(effects("config set"), [Effect::Destructive, Effect::Change]);
        assert_eq!(effects("config get"), [Effect::Destructive]);
        assert_eq!(effects("config list"), [Effect::Read]);
    }
}

#[test]
fn help_shows_every_way_to_type_it() {
    let registry = registry();
    let command = registry.find("config").unwrap();
    let usages: Vec<&str> = command.ways().filter_map(|way| way.usage.as_deref()).collect();
    assert_eq!(
        usages,
        [
            "config list <target>",
            "config get <target> <name> [--reason TEXT]",
            "config set <target> <name> [value…] [--box ID] [--reason TEXT]",
            "config unset <target> <name> [--reason TEXT]",
            "config diff <target> <other>",
            "config check [target]",
        ]
    );
    assert_eq!(
        command.shape().parts()[0].about,
        "the config vars of an app: names here, values only by secret link and drop box"
    );
    for line in ["", "get prod", "prod get", "prod set", "diff stage"] {
        let tokens = split(line).unwrap();
        let wrong = command.parse(&tokens).unwrap_err();
        assert!(
            !wrong.to_string().contains("can't be understood"),
            "{line}: {wrong}"
        );
    }
}
