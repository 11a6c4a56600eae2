//! Coming in: capabilities, nicks, and being turned away.

use super::*;

#[test]
fn the_bot_says_hello_and_asks_for_what_it_uses_of_a_list_in_two_lines() {
    let mut net = Net::with(settings());
    assert_eq!(net.sent(), ["CAP LS 302", "NICK bot", "USER bot 0 * :bot"]);
    net.hear(":irc.test CAP * LS * :account-tag echo-message sasl=PLAIN");
    assert!(net.sent().is_empty());
    net.hear(":irc.test CAP * LS :batch server-time setname");
    assert_eq!(net.sent(), ["CAP REQ :account-tag batch server-time"]);
    net.hear(":irc.test CAP bot ACK :account-tag batch server-time ");
    assert_eq!(net.sent(), ["CAP END"]);
}

#[test]
fn what_is_refused_together_is_asked_for_one_by_one() {
    let mut net = Net::with(settings());
    net.sent();
    net.hear(":irc.test CAP * LS :batch chghost");
    assert_eq!(net.sent(), ["CAP REQ :batch chghost"]);
    net.hear(":irc.test CAP * NAK :batch chghost");
    assert_eq!(net.sent(), ["CAP REQ :batch", "CAP REQ :chghost"]);
    net.hear(":irc.test CAP * ACK :batch");
    assert!(net.sent().is_empty());
    net.hear(":irc.test CAP * NAK :chghost");
    assert_eq!(net.sent(), ["CAP END"]);
}

#[test]
fn what_is_asked_for_while_the_bot_comes_in_is_ended_once_more() {
    let mut net = Net::with(settings());
    net.sent();
    net.hear(":irc.test CAP * LS :batch");
    net.grant();
    assert_eq!(net.sent(), ["CAP END"]);
    // Such as `sasl`, when services come back at that very moment.
    net.hear(":irc.test CAP bot NEW :chghost");
    assert_eq!(net.sent(), ["CAP REQ :chghost"]);
    net.hear(":irc.test CAP bot ACK :chghost");
    assert_eq!(net.sent(), ["CAP END"]);
}

#[test]
fn a_server_without_capabilities_is_as_good() {
    let mut net = Net::with(settings());
    net.hear(":irc.test 421 * CAP :Unknown command");
    net.sent();
    net.welcome("NICKLEN=30");
    assert_eq!(net.sent(), ["JOIN #Ops,#treeherder"]);
    assert!(!net.session.is_ready());
    net.hear(":bot!~bot@h JOIN #Ops");
    net.hear(":bot!~bot@h JOIN :#treeherder");
    assert!(net.session.is_ready());
    assert_eq!(net.readies(), 1);
}

#[test]
fn what_comes_later_is_asked_for_and_what_goes_is_given_up() {
    let mut net = Net::ready("batch", "WHOX");
    net.hear(":irc.test CAP bot NEW :chghost account-notify foo=bar");
    assert_eq!(net.sent(), ["CAP REQ :account-notify chghost"]);
    net.hear(":irc.test CAP bot ACK :account-notify chghost");
    net.hear(":irc.test CAP bot NEW :extended-join");
    assert_eq!(net.sent(), ["CAP REQ :extended-join"]);
    net.hear(":irc.test CAP bot ACK :extended-join");
    assert_eq!(
        net.sent(),
        ["WHO #Ops %tcuhna,617", "WHO #treeherder %tcuhna,617"]
    );
    net.hear(":irc.test CAP bot NEW :extended-join");
    assert!(net.sent().is_empty());
}

#[test]
fn a_bot_is_marked_as_one_where_the_network_marks_bots() {
    let mut net = Net::with(settings());
    net.sent();
    net.welcome("BOT=B");
    assert_eq!(net.sent(), ["MODE bot +B", "JOIN #Ops,#treeherder"]);
}

#[test]
fn pings_are_answered_at_any_time() {
    let mut net = Net::with(settings());
    net.sent();
    net.hear("PING :cookie 1");
    net.hear("PING one two");
    assert_eq!(net.sent(), ["PONG :cookie 1", "PONG :two"]);
    net.hear(":irc.test PONG irc.test :barrier-7");
    assert!(matches!(net.effects.pop(), Some(Effect::Answered(token)) if token == "barrier-7"));
}

#[test]
fn a_server_that_never_lets_the_bot_in_is_left() {
    let mut net = Net::with(settings());
    net.later(59);
    assert_eq!(net.closed(), None);
    net.later(1);
    let (reason, pause) = net.closed().unwrap();
    assert_eq!(reason, "the server took more than a minute to let the bot in");
    assert_eq!(pause, Pause::Short);
    net.hear("PING :late");
    assert!(!net.sent().iter().any(|line| line.starts_with("PONG")));
    assert_eq!(net.session.next_wake(), None);
}

#[test]
fn a_greeting_without_an_end_is_taken_as_finished() {
    let mut net = Net::with(settings());
    net.sent();
    net.hear(":irc.test 001 bot :Welcome");
    net.later(15);
    assert_eq!(net.sent(), ["JOIN #Ops,#treeherder"]);
}

#[test]
fn who_is_turned_away_stays_away_for_long() {
    for (line, pause, told) in [
        ("ERROR :Closing Link: (Ping timeout)", Pause::Short, 0),
        ("ERROR :Closing Link: (G-lined: spam)", Pause::Long, 0),
        ("ERROR :Trying to reconnect too fast.", Pause::Long, 0),
        (
            ":irc.test 465 bot :You are banned from this server",
            Pause::Long,
            1,
        ),
        (
            ":irc.test 463 bot :Your host isn't among the privileged",
            Pause::Long,
            1,
        ),
        (":irc.test 464 bot :Password incorrect", Pause::Long, 1),
        (":carol!c@h KILL bot :no bots", Pause::Short, 0),
    ] {
        let mut net = Net::with(settings());
        net.hear(line);
        assert_eq!(net.closed().unwrap().1, pause, "{line}");
        assert_eq!(net.troubles().len(), told, "{line}");
        assert!(!net.session.is_ready());
    }
}

#[test]
fn somebody_elses_death_is_not_the_bots() {
    let mut net = Net::ready(CAPS, "WHOX");
    net.hear(":carol!c@h KILL dave :spam");
    assert_eq!(net.closed(), None);
}
