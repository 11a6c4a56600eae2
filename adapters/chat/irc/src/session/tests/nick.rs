//! Nicks: others where the wanted one is taken, and getting it back.

use super::*;

#[test]
fn a_taken_nick_is_got_around_without_a_storm() {
    let mut net = Net::with(settings());
    net.sent();
    let mut tried = Vec::new();
    for _ in 0..20 {
        net.hear(&format!(
            ":irc.test 433 * {} :Nickname is already in use",
            net.session.me.nick().to_owned()
        ));
        tried.extend(net.sent());
        if net.closed().is_some_and(|(_, pause)| pause == Pause::Long) {
            break;
        }
    }
    assert_eq!(tried[..4], ["NICK bot_", "NICK bot__", "NICK bot3", "NICK bot4"]);
    assert_eq!(tried.len(), 12);
    assert_eq!(net.troubles().len(), 1);
}

#[test]
fn a_nick_that_is_too_long_is_cut_to_what_every_server_takes() {
    let long = Settings {
        nick: "countersign".to_owned(),
        ..settings()
    };
    let mut net = Net::with(long);
    net.sent();
    net.hear(":irc.test 432 * countersign :Nickname too long, max. 9 characters");
    assert_eq!(net.sent(), ["NICK counters_"]);
    net.hear(":irc.test 001 counters_ :Welcome");
    net.hear(":irc.test 005 counters_ NICKLEN=9 :are supported");
    net.hear(":irc.test 376 counters_ :End");
    net.later(15);
    assert!(net.sent().contains(&"NICK countersi".to_owned()));
}

fn with_other_nick() -> Net {
    let mut net = Net::with(with_password());
    net.sent();
    net.hear(":irc.test 433 * bot :Nickname is already in use");
    net.hear(":irc.test 001 bot_ :Welcome");
    net.hear(":irc.test 376 bot_ :End");
    net.sent();
    net
}

#[test]
fn services_free_the_nick_and_the_bot_takes_it() {
    let mut net = with_other_nick();
    net.hear(":irc.test 900 bot_ bot_!b@h bot :You are now logged in as bot");
    assert_eq!(
        net.sent(),
        [
            "NICKSERV GHOST bot",
            "NICKSERV RECOVER bot",
            "JOIN #Ops,#treeherder"
        ]
    );
    net.later(2);
    assert_eq!(net.sent(), ["NICK bot"]);
    net.hear(":bot_!b@h NICK :bot");
    assert_eq!(net.session.me.nick(), "bot");
    net.later(60);
    assert!(net.sent().iter().all(|line| !line.starts_with("NICK")));
    assert!(net.troubles().is_empty());
}

#[test]
fn without_a_command_for_services_they_are_written_to() {
    let mut net = Net::with(Settings {
        nickserv: Some("NickServ@services.test".to_owned()),
        ..with_password()
    });
    net.hear(":irc.test 433 * bot :Nickname is already in use");
    net.hear(":irc.test 001 bot_ :Welcome");
    net.hear(":irc.test 376 bot_ :End");
    net.hear(":irc.test 421 bot_ NICKSERV :Unknown command");
    net.sent();
    net.hear(":irc.test 900 bot_ bot_!b@h bot :You are now logged in as bot");
    let sent = net.sent();
    assert_eq!(
        sent[..2],
        [
            "PRIVMSG NickServ@services.test :GHOST bot",
            "PRIVMSG NickServ@services.test :RECOVER bot"
        ]
    );
}

#[test]
fn it_is_tried_again_after_growing_pauses_and_people_hear_of_it_once() {
    let mut net = Net::with(settings());
    net.hear(":irc.test 433 * bot :Nickname is already in use");
    net.hear(":irc.test 001 bot_ :Welcome");
    net.hear(":irc.test 376 bot_ :End");
    net.let_in();
    net.sent();
    net.later(3_600);
    let tries = net.sent();
    assert!(tries.iter().all(|line| line == "NICK bot"));
    assert!((5..15).contains(&tries.len()), "{}", tries.len());
    assert_eq!(
        net.troubles(),
        ["libera: somebody else has the nick bot; the bot is bot_ until it is free."]
    );
    net.hear(":bot!x@y QUIT :bye");
    assert_eq!(net.sent(), ["NICK bot"]);
    net.hear(":bot_!b@h NICK bot");
    assert_eq!(net.troubles(), ["libera: the bot has its nick bot back."]);
}

#[test]
fn a_holder_who_takes_another_nick_frees_the_bots() {
    let mut net = Net::with(settings());
    net.hear(":irc.test 433 * bot :Nickname is already in use");
    net.hear(":irc.test 001 bot_ :Welcome");
    net.sent();
    net.hear(":BOT!x@y NICK dave");
    assert_eq!(net.sent(), ["NICK bot"]);
    net.hear(":dave!x@y NICK erin");
    assert!(net.sent().is_empty());
}

#[test]
fn services_that_rename_the_bot_again_and_again_are_not_fought() {
    let mut net = Net::ready(CAPS, "WHOX");
    let mut nick_lines = 0;
    for _ in 0..120 {
        if net.session.me.nick() == "bot" {
            net.hear(":bot!b@h NICK Guest123");
        }
        net.later(30);
        let taken = net.sent().iter().filter(|line| *line == "NICK bot").count();
        nick_lines += taken;
        if taken > 0 {
            net.hear(":Guest123!b@h NICK bot");
        }
    }
    assert!(nick_lines < 15, "{nick_lines}");
}

#[test]
fn direct_messages_follow_the_nick() {
    let mut net = Net::ready(CAPS, "WHOX");
    net.hear(":bot!b@h NICK Guest123");
    net.hear(":alice!a@h PRIVMSG bot :to somebody else");
    net.hear(":alice!a@h PRIVMSG guest123 :hi");
    assert_eq!(
        net.heard()
            .iter()
            .map(|message| message.text.as_str())
            .collect::<Vec<_>>(),
        ["hi"]
    );
}
