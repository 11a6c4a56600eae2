//! Whatever a server or a stranger sends, the bot goes on, and gives nobody an account that was not proven.

use super::*;
use proptest::prelude::*;

/// Words that mean something somewhere, and some that mean nothing.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "bot", "alice", "#ops", "#Ops", "#treeherder", "*", "+", "", "0", "617", "sasl", "LS", "NEW", "DEL", "ACK",
            "NAK", "account-tag", "extended-join", "account-notify", "account-tag=x sasl", "+x", "-x", "chathistory",
            "NICKSERV", "NickServ", "CASEMAPPING=rfc1459", "CASEMAPPING=", "NICKLEN=1", "LINELEN=0", "PREFIX=(ov)@+",
            "TARGMAX=JOIN:0", "-WHOX", "WHOX", "BOT=B", "CHANTYPES=", "STATUSMSG=@", "#a,#b,", ",", "\u{1}ACTION", "\u{3}",
        ]).prop_map(str::to_owned),
        1 => "[^ \r\n\0]{0,12}",
    ]
}

fn line() -> impl Strategy<Value = String> {
    let verb = prop_oneof![
        prop::sample::select(vec![
            "PRIVMSG",
            "NOTICE",
            "JOIN",
            "PART",
            "KICK",
            "QUIT",
            "NICK",
            "MODE",
            "CAP",
            "AUTHENTICATE",
            "ACCOUNT",
            "CHGHOST",
            "BATCH",
            "INVITE",
            "KILL",
            "PING",
            "PONG",
            "FAIL",
            "METADATA",
            "NICKSERV",
            "WHO",
            "TAGMSG",
        ])
        .prop_map(str::to_owned),
        (0_u16..1000).prop_map(|number| format!("{number:03}")),
    ];
    let source = prop::sample::select(vec![
        "",
        ":irc.test ",
        ":alice!a@h ",
        ":bot!b@h ",
        ":!@ ",
        ":a!@ ",
        ":alice ",
        ": ",
    ]);
    let tags = prop_oneof![
        3 => Just(String::new()),
        1 => ("(account|time|msgid|batch|bot|\\+x|relaymsg|;|=|\\\\){0,4}", "[a-z0-9;=\\\\:+é-]{0,12}")
            .prop_map(|(name, value)| format!("@{name}={value} ")),
    ];
    (
        tags,
        source,
        verb,
        prop::collection::vec(word(), 0..7),
        prop::option::of("\\PC{0,30}"),
    )
        .prop_map(|(tags, source, verb, words, text)| {
            let text = text.map_or(String::new(), |text| format!(" :{text}"));
            format!("{tags}{source}{verb} {}{text}", words.join(" "))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_at_all_is_survived(lines in prop::collection::vec("(?s).{0,60}", 0..20)) {
        let mut net = Net::ready(CAPS, "WHOX");
        for line in &lines {
            net.hear(line);
        }
        net.later(60);
    }

    #[test]
    fn any_lines_are_survived_at_any_time_and_the_bot_does_not_babble(
        lines in prop::collection::vec(line(), 0..60),
        welcomed in any::<bool>(),
    ) {
        let mut net = if welcomed { Net::ready(CAPS, "WHOX") } else { Net::with(with_password()) };
        for line in &lines {
            net.hear(line);
            let effects = net.effects.len();
            prop_assert!(effects < 60, "{} effects of {:?}", effects, line);
            for message in net.heard() {
                prop_assert!(message.sent_at <= net.now);
            }
            net.effects.clear();
            prop_assert!(net.session.longest_text("#ops") >= 4);
        }
        net.later(3_600);
        for line in net.sent() {
            prop_assert!(!line.contains(['\r', '\n', '\0']));
        }
    }

    #[test]
    fn nobody_has_an_account_that_no_line_gave_them(lines in prop::collection::vec(line(), 0..60)) {
        let mut net = Net::ready("account-notify extended-join", "WHOX");
        for line in &lines {
            let proof = line.contains("ACCOUNT") || line.contains("JOIN") || line.contains("354");
            if !proof {
                net.hear(line);
            }
        }
        net.hear(":alice!a@h PRIVMSG #ops :hi");
        net.hear(&format!(":alice!a@h PRIVMSG {} :hi", net.session.me.nick().to_owned()));
        for message in net.heard() {
            prop_assert_eq!(message.sender.account, None);
        }
        net.hear(":irc.test 354 bot 617 #ops a h alice alice");
        net.hear(":alice!a@h ACCOUNT alice");
        if net.session.target_of(&direct("alice")).is_ok() {
            net.hear(":alice!a@h QUIT");
        }
        prop_assert!(net.session.target_of(&direct("alice")).is_err());
    }
}
