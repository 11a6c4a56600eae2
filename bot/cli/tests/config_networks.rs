//! What the configuration says of networks, rooms and accounts, and what a new one changes of it.
#![expect(clippy::panic, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};

use countersign::config::{Config, IrcChange};
use countersign_core::message::{Account, Room};
use countersign_core::policy::Names;
use countersign_irc::{Login, Server, Tls};
use secrecy::ExposeSecret as _;

fn environment(name: &str) -> Option<String> {
    match name {
        "NONE" => None,
        "AUDIT_KEY" => Some("0123456789abcdef".repeat(4)),
        "SEALING_KEY" => Some("5ea1".repeat(16)),
        "OLD_SEALING_KEY" => Some("01d5".repeat(16)),
        "AUDIT_KEY_2" => Some("fedcba9876543210".repeat(4)),
        name => Some(format!("the-value-of-{name}")),
    }
}

const EVERY_KEY: &str = include_str!("config/valid/every-key.toml");

fn read(text: &str) -> Config {
    let folder = Path::new("tests/config/valid");
    Config::parse("test.toml", text, folder, &environment).unwrap_or_else(|error| panic!("{error}"))
}

/// The sample with every key, after some replacements.
fn changed(replacements: &[(&str, &str)]) -> Config {
    let mut text = EVERY_KEY.to_owned();
    for (old, new) in replacements {
        assert!(text.contains(old), "{old} is not in every-key.toml");
        text = text.replacen(old, new, 1);
    }
    read(&text)
}

fn changes(replacements: &[(&str, &str)]) -> Vec<String> {
    read(EVERY_KEY).changes(&changed(replacements))
}

fn room(network: &str, name: &str) -> Room {
    Room {
        network: network.into(),
        name: name.into(),
    }
}

fn names(config: &Config, network: usize) -> Vec<&str> {
    let rooms = config.irc[network].rooms.iter();
    rooms.map(|room| room.name.as_str()).collect()
}

#[test]
fn the_bot_is_in_every_room_that_is_named() {
    let config = read(EVERY_KEY);
    assert_eq!(
        names(&config, 0),
        ["#treeherder-quiet", "#treeherder", "#treeherder-ops"]
    );
    assert_eq!(names(&config, 1), ["#treeherder"]);
    assert_eq!(names(&config, 2), [] as [&str; 0]);
    let ops = &config.irc[0].rooms[2];
    assert_eq!(
        ops.key.as_ref().unwrap().expose_secret(),
        "the-value-of-OPS_ROOM_KEY"
    );
    assert_eq!(
        config.bot.tell,
        [room("libera", "#treeherder-ops"), room("oftc", "#treeherder")]
    );
    assert_eq!(config.apps[0].rooms, [room("libera", "#treeherder")]);
    assert_eq!(
        config.audit.unwrap().room,
        Some(room("libera", "#treeherder-ops"))
    );
}

#[test]
fn servers_have_the_port_that_is_usual_unless_they_say_another() {
    let server = |host: &str, port| Server {
        host: host.into(),
        port,
    };
    let config = read(EVERY_KEY);
    assert_eq!(
        config.irc[0].servers,
        [
            server("irc.libera.chat", 6697),
            server("irc.libera.chat", 7000),
            server("2001:db8::1", 6697)
        ]
    );
    assert_eq!(
        config.irc[2].servers,
        [server("localhost", 16667), server("::1", 6667)]
    );
    assert_eq!(config.irc[2].tls, Tls::Off);
    assert_eq!(config.irc[1].tls, Tls::System);
}

#[test]
fn the_bot_logs_in_with_a_password_or_a_certificate_or_not() {
    let config = read(EVERY_KEY);
    match &config.irc[0].login {
        Login::Password { account, password } => {
            assert_eq!(account, "treeherder-bot");
            assert_eq!(password.expose_secret(), "the-value-of-LIBERA_PASSWORD");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(&config.irc[1].login, Login::Certificate { chain, .. } if chain.contains("BEGIN")));
    assert!(matches!(config.irc[2].login, Login::None));
    // Without a nick of its own it has its name there.
    assert_eq!(config.irc[1].nick, "countersign");
}

#[test]
fn no_secret_shows_in_the_debug_form_and_all_are_known() {
    let config = read(EVERY_KEY);
    let secrets = config.secrets();
    assert_eq!(
        secrets.len(),
        9,
        "two tokens, the audit's key, two sealing keys, a password, a certificate's key, a room's key, a database's password"
    );
    let shown = format!("{config:?}");
    for secret in secrets {
        assert!(!shown.contains(secret.expose_secret()), "{shown}");
    }
}

#[test]
fn with_one_network_a_room_needs_no_network_and_may_have_it() {
    let text = r##"
        [heroku]
        token = { env = "HEROKU_TOKEN" }
        [github]
        token = { env = "GITHUB_TOKEN" }
        [bot]
        tell = ["#ops", "libera/#dev", "#ops", "libera/#ops"]
        [[irc]]
        network = "libera"
        servers = ["irc.libera.chat"]
        [[rule]]
        name = "everybody"
        commands = ["help"]
        anyone = true
        assurance = "nick"
        rooms = ["libera/#ops", "#dev-*", "libera/*", "direct"]
    "##;
    let config = read(text);
    assert_eq!(config.bot.tell, [room("libera", "#ops"), room("libera", "#dev")]);
    assert_eq!(names(&config, 0), ["#ops", "#dev"]);
    let listed = ["#ops", "#dev-*", "libera/*", "direct"].map(str::to_owned);
    assert_eq!(
        config.settings().policy.allow[0].rooms,
        Names::Of(listed.to_vec())
    );
}

#[test]
fn with_several_networks_a_rule_means_the_room_of_one() {
    let config = read(EVERY_KEY);
    let listed = ["libera/#treeherder", "libera/#ops-*", "oftc/*", "direct"].map(str::to_owned);
    assert_eq!(
        config.settings().policy.allow[0].rooms,
        Names::Of(listed.to_vec())
    );
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file() {
    let minimal = read(include_str!("config/valid/minimal.toml"));
    assert_eq!(minimal.bot.data, PathBuf::from("tests/config/valid/data"));
    assert_eq!(
        minimal.local.socket,
        PathBuf::from("tests/config/valid/data/countersign.sock")
    );
    let config = read(EVERY_KEY);
    assert_eq!(config.bot.data, PathBuf::from("/var/lib/countersign"));
    assert_eq!(config.local.socket, PathBuf::from("/run/countersign/socket"));
}

#[test]
fn in_a_terminal_there_is_one_network_and_everybody_is_on_it() {
    let config = read(EVERY_KEY).for_terminal();
    assert!(config.irc.is_empty() && config.audit.is_none());
    let settings = config.settings();
    for person in settings.directory.people() {
        let account = Account {
            network: "console".into(),
            name: person.id.as_str().into(),
        };
        assert_eq!(person.accounts, [account]);
    }
    let rooms = settings.targets.values().flat_map(|target| &target.rooms);
    for room in rooms.chain(&config.bot.tell) {
        assert_eq!(room.network.as_str(), "console");
    }
    let listed = ["#treeherder", "#ops-*", "*", "direct"].map(str::to_owned);
    assert_eq!(settings.policy.allow[0].rooms, Names::Of(listed.to_vec()));
}

#[test]
fn nothing_changes_if_nothing_did() {
    assert_eq!(changes(&[]), [] as [&str; 0]);
    assert_eq!(read(EVERY_KEY).irc_changes(&changed(&[])), []);
    // Another order of rooms is none.
    let config = changed(&[(
        "\"libera/#treeherder-ops\", \"oftc/#treeherder\"",
        "\"oftc/#treeherder\", \"libera/#treeherder-ops\"",
    )]);
    assert_eq!(read(EVERY_KEY).irc_changes(&config), []);
}

#[test]
fn people_and_rules_that_changed_are_named() {
    assert_eq!(
        changes(&[
            (
                "roles = [\"deployer\"]\naccounts",
                "roles = [\"reader\", \"deployer\"]\naccounts"
            ),
            ("name = \"1000\"", "name = \"1001\""),
            (
                "roles = [\"deployer\", \"admin\"]",
                "roles = [\"deployer\", \"owner\"]"
            ),
            ("roles = [\"admin\"]", "roles = [\"owner\"]"),
            ("name = \"nothing at the weekend\"", "name = \"rest\""),
        ]),
        [
            "person alice: roles + reader; accounts 1000 on local → 1001 on local",
            "person bob: roles admin → owner",
            "forbid nothing at the weekend: gone",
            "forbid rest: new",
            "rule deploys in office hours: changed",
        ]
    );
}

#[test]
fn rules_in_another_order_are_a_change() {
    let rule = |name: &str| {
        format!("[[rule]]\nname = \"{name}\"\ncommands = [\"help\"]\nanyone = true\nassurance = \"nick\"\n")
    };
    let minimal = include_str!("config/valid/minimal.toml");
    let one = read(&format!("{minimal}{}{}", rule("first"), rule("second")));
    let other = read(&format!("{minimal}{}{}", rule("second"), rule("first")));
    assert_eq!(one.changes(&other), ["rule: in another order"]);
}

#[test]
fn a_secret_that_changed_is_another() {
    let found = changes(&[
        ("HEROKU_TOKEN", "HEROKU_TOKEN_2"),
        ("GITHUB_TOKEN", "GITHUB_TOKEN_2"),
        ("LIBERA_PASSWORD", "LIBERA_PASSWORD_2"),
        ("OPS_ROOM_KEY", "OPS_ROOM_KEY_2"),
        ("AUDIT_KEY", "AUDIT_KEY_2"),
    ]);
    assert_eq!(
        found,
        [
            "heroku.token: another",
            "github.token: another",
            "irc libera: login changed (it reconnects); the key of #treeherder-ops: another",
            "audit.key: another",
        ]
    );
}

#[test]
fn everything_else_that_changed_is_said_with_what_it_was() {
    assert_eq!(
        changes(&[
            ("prefix = \"!\"", "prefix = \"?\""),
            ("stale_after = \"90 s\"", "stale_after = \"2 min\""),
            ("\"oftc/#treeherder\"]", "\"oftc/#dev\"]"),
            ("data = \"/var/lib/countersign\"", "data = \"/srv/countersign\""),
            ("poll = \"1h 30m\"", "poll = \"30 s\""),
            ("deploys_from = \"master\"\n", ""),
            (
                "site = \"https://treeherder.mozilla.org/\"\nrooms = [\"libera/#treeherder\"]",
                "site = \"https://treeherder.mozilla.org/\"\nrooms = []"
            ),
            ("every = \"1 d\"", "every = \"12 h\""),
        ]),
        [
            "bot.prefix: ! → ?",
            "bot.stale_after: 1 min 30 s → 2 min",
            "bot.tell: libera/#treeherder-ops, oftc/#treeherder → libera/#treeherder-ops, oftc/#dev",
            "bot.data: /var/lib/countersign → /srv/countersign (only a restart changes that)",
            "heroku.poll: 1 h 30 min → 30 s",
            "irc libera: rooms - #treeherder",
            "irc oftc: rooms #treeherder → #dev",
            "audit.every: 1 d → 12 h",
            "app prod: deploys_from: master → none; rooms - libera/#treeherder",
        ]
    );
}

#[test]
fn a_network_is_connected_to_anew_only_if_the_connection_is_another() {
    let from = read(EVERY_KEY);
    let becomes = |replacements: &[(&str, &str)]| from.irc_changes(&changed(replacements));
    for (old, new) in [
        ("\"irc.libera.chat:7000\", ", ""),
        ("ca = \"certificates/ca.pem\"", "ca = \"certificates/bot.pem\""),
        ("nick = \"treeherder-bot\"", "nick = \"th-bot\""),
        ("LIBERA_PASSWORD", "LIBERA_PASSWORD_2"),
        ("nickserv = \"NickServ@services.libera.chat\"\n", ""),
        ("matrixbridge", "slackbridge"),
        ("burst = 4", "burst = 3"),
    ] {
        assert_eq!(
            becomes(&[(old, new)]),
            [("libera".into(), IrcChange::Reconnect)],
            "{new}"
        );
    }
    for (old, new) in [
        ("#treeherder-quiet", "#treeherder-loud"),
        ("OPS_ROOM_KEY", "OTHER_ROOM_KEY"),
    ] {
        assert_eq!(
            becomes(&[(old, new)]),
            [("libera".into(), IrcChange::Rooms)],
            "{new}"
        );
    }
    assert_eq!(
        becomes(&[("network = \"here\"", "network = \"there\"")]),
        [("here".into(), IrcChange::Gone), ("there".into(), IrcChange::New)]
    );
}
