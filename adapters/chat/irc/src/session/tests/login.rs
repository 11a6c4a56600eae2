//! Logging in, with services that are there, are not, come and go.

use super::*;

/// A bot with a password, at the point where SASL is granted.
fn at_sasl(settings: Settings, sasl: &str) -> Net {
    let mut net = Net::with(settings);
    net.sent();
    net.hear(&format!(":irc.test CAP * LS :{sasl}"));
    net.grant();
    net
}

#[test]
fn the_password_goes_by_sasl() {
    let mut net = at_sasl(with_password(), "sasl=PLAIN,EXTERNAL");
    assert_eq!(net.sent(), ["AUTHENTICATE PLAIN"]);
    net.hear("AUTHENTICATE +");
    assert!(!format!("{:?}", net.effects).contains("Ym90"));
    assert_eq!(net.sent(), ["AUTHENTICATE Ym90AGJvdABodW50ZXIy"]);
    net.hear(":irc.test 900 bot bot!b@h bot :You are now logged in as bot");
    assert!(net.sent().is_empty());
    net.hear(":irc.test 903 bot :SASL authentication successful");
    assert_eq!(net.sent(), ["CAP END"]);
    net.welcome("");
    assert_eq!(net.sent(), ["JOIN #Ops,#treeherder"]);
    assert!(net.troubles().is_empty());
}

#[test]
fn a_long_password_goes_in_pieces_and_an_exact_one_is_ended() {
    for (bytes, pieces) in [(289, vec![396]), (292, vec![400, 1]), (600, vec![400, 400, 12])] {
        let mut net = at_sasl(
            Settings {
                login: Login::Password {
                    account: "bot".to_owned(),
                    password: Secret::from("p".repeat(bytes)),
                },
                ..settings()
            },
            "sasl",
        );
        net.sent();
        net.hear("AUTHENTICATE +");
        let lengths: Vec<usize> = net
            .sent()
            .iter()
            .map(|line| line.len() - "AUTHENTICATE ".len())
            .collect();
        assert_eq!(lengths, pieces, "{bytes}");
    }
}

#[test]
fn a_certificate_goes_by_external() {
    let certificate = Settings {
        login: Login::Certificate {
            chain: "chain".to_owned(),
            key: Secret::from("key"),
        },
        ..settings()
    };
    let mut net = at_sasl(certificate, "sasl=PLAIN,EXTERNAL");
    net.hear("AUTHENTICATE +");
    assert_eq!(net.sent(), ["AUTHENTICATE EXTERNAL", "AUTHENTICATE +"]);
    net.hear(":irc.test 904 bot :SASL authentication failed");
    assert_eq!(net.sent(), ["CAP END"]);
    assert!(net.troubles()[0].contains("/msg NickServ CERT ADD"));
}

#[test]
fn a_refused_password_is_told_once_and_not_tried_again() {
    let mut net = at_sasl(with_password(), "sasl");
    net.hear("AUTHENTICATE +");
    net.sent();
    net.hear(":irc.test 904 bot :SASL authentication failed");
    assert_eq!(net.sent(), ["CAP END"]);
    assert_eq!(
        net.troubles(),
        [
            "libera: the network refused the password of the bot's account bot. Correct it in the configuration; until then the bot is not logged in."
        ]
    );
    net.welcome("");
    net.let_in();
    assert!(net.session.is_ready());
    net.later(86_400);
    assert!(net.sent().is_empty());
    assert!(net.troubles().is_empty());
}

#[test]
fn another_mechanism_than_ours_is_told_and_the_bot_goes_on() {
    let mut net = at_sasl(with_password(), "sasl=EXTERNAL,SCRAM-SHA-256");
    assert_eq!(net.sent(), ["CAP END"]);
    assert!(net.troubles()[0].contains("the network has EXTERNAL,SCRAM-SHA-256 only"));
    let mut net = at_sasl(with_password(), "sasl");
    net.sent();
    net.hear(":irc.test 908 bot EXTERNAL :are available SASL mechanisms");
    net.hear(":irc.test 904 bot :SASL authentication failed");
    assert_eq!(net.sent(), ["CAP END"]);
    assert_eq!(net.troubles().len(), 1);
}

#[test]
fn services_that_do_not_answer_do_not_keep_the_bot_out() {
    let mut net = at_sasl(with_password(), "sasl");
    net.hear("AUTHENTICATE +");
    net.sent();
    net.later(15);
    assert_eq!(net.sent(), ["AUTHENTICATE *", "CAP END"]);
    net.hear(":irc.test 906 bot :SASL authentication aborted");
    net.welcome("");
    assert_eq!(net.sent(), ["NICKSERV IDENTIFY bot hunter2"]);
    net.later(15);
    net.let_in();
    assert_eq!(net.troubles().len(), 1);
    net.later(3_600);
    let tries = net
        .sent()
        .iter()
        .filter(|line| *line == "AUTHENTICATE PLAIN")
        .count();
    assert!((2..=8).contains(&tries), "{tries}");
    assert!(net.troubles().is_empty());
}

#[test]
fn services_that_go_away_in_the_middle_are_waited_for_later() {
    let mut net = at_sasl(with_password(), "sasl");
    net.sent();
    net.hear(":irc.test CAP * DEL :sasl");
    assert_eq!(net.sent(), ["CAP END"]);
    net.hear("AUTHENTICATE +");
    assert!(net.sent().is_empty());
    net.welcome("");
    net.let_in();
    assert!(net.session.is_ready());
    net.hear(":irc.test CAP bot NEW :sasl=PLAIN");
    net.grant();
    assert_eq!(net.sent(), ["AUTHENTICATE PLAIN"]);
    net.hear("AUTHENTICATE +");
    net.sent();
    net.hear(":irc.test 900 bot bot!b@h bot :You are now logged in as bot");
    net.hear(":irc.test 903 bot :SASL authentication successful");
    assert!(!format!("{:?}", net.effects).contains("hunter2"));
    assert_eq!(net.sent(), ["NICKSERV IDENTIFY bot hunter2"]);
    net.hear(":irc.test CAP bot DEL :sasl");
    net.hear(":irc.test CAP bot NEW :sasl");
    net.grant();
    assert!(net.sent().is_empty(), "it is still logged in");
    net.hear(":irc.test 901 bot bot!b@h :You are now logged out");
    net.later(30);
    assert_eq!(net.sent(), ["AUTHENTICATE PLAIN"]);
    assert!(net.troubles().is_empty());
}

#[test]
fn without_sasl_the_servers_own_command_is_used_before_rooms() {
    let mut net = at_sasl(with_password(), "batch");
    assert_eq!(net.sent(), ["CAP END"]);
    net.welcome("");
    assert!(!format!("{:?}", net.effects).contains("hunter2"));
    assert_eq!(net.sent(), ["NICKSERV IDENTIFY bot hunter2"]);
    net.hear(":bot MODE bot :+r");
    assert_eq!(net.sent(), ["JOIN #Ops,#treeherder"]);
    net.later(60);
    assert!(net.troubles().is_empty());
}

#[test]
fn a_password_is_never_sent_to_a_nick_alone() {
    let mut net = at_sasl(with_password(), "batch");
    net.welcome("");
    net.sent();
    net.hear(":irc.test 421 bot NICKSERV :Unknown command");
    assert_eq!(net.sent(), ["JOIN #Ops,#treeherder"]);
    assert!(net.troubles()[0].contains("NickServ@services"));
    for (nickserv, sent) in [("NickServ", 0), ("NickServ@", 0), ("NickServ@services.test", 1)] {
        let mut net = at_sasl(
            Settings {
                nickserv: Some(nickserv.to_owned()),
                ..with_password()
            },
            "batch",
        );
        net.welcome("");
        net.sent();
        net.hear(":irc.test 421 bot NICKSERV :Unknown command");
        let said: Vec<_> = net
            .sent()
            .into_iter()
            .filter(|line| line.contains("hunter2"))
            .collect();
        assert_eq!(said.len(), sent, "{nickserv}");
        assert!(
            said.iter()
                .all(|line| line.starts_with("PRIVMSG NickServ@services.test :IDENTIFY"))
        );
    }
}

#[test]
fn a_password_is_never_sent_in_the_clear_to_another_machine() {
    let mut net = Net::over(with_password(), false);
    net.hear(":irc.test CAP * LS :sasl batch");
    let mut sent = net.sent();
    net.hear(":irc.test CAP * ACK :batch");
    net.welcome("");
    sent.extend(net.sent());
    net.hear(":bot!b@h JOIN #ops");
    net.hear(":bot!b@h JOIN #treeherder");
    net.later(3_600);
    sent.extend(net.sent());
    assert!(sent.contains(&"CAP REQ :batch".to_owned()) && sent.contains(&"CAP END".to_owned()));
    assert!(
        !sent
            .iter()
            .any(|line| line.contains("AUTHENTICATE") || line.contains("IDENTIFY"))
    );
    assert_eq!(net.troubles().len(), 1);
    let here = Settings {
        servers: vec![Server {
            host: "127.0.0.1".to_owned(),
            port: 6667,
        }],
        tls: Tls::Off,
        ..with_password()
    };
    let mut net = Net::over(here, false);
    net.hear(":irc.test CAP * LS :sasl");
    net.grant();
    assert_eq!(net.sent(), ["AUTHENTICATE PLAIN"]);
}

#[test]
fn a_password_that_cannot_be_one_word_is_told_and_not_sent() {
    let spaced = Settings {
        login: Login::Password {
            account: "bot".to_owned(),
            password: Secret::from("two words"),
        },
        ..settings()
    };
    let mut net = at_sasl(spaced, "batch");
    net.welcome("");
    assert_eq!(net.sent(), ["CAP END", "JOIN #Ops,#treeherder"]);
    assert!(net.troubles()[0].contains("cannot be said to services"));
}

#[test]
fn services_that_are_not_there_are_tried_again() {
    let mut net = at_sasl(with_password(), "batch");
    net.welcome("");
    net.sent();
    net.hear(":irc.test 401 bot NickServ :No such nick");
    assert_eq!(net.sent(), ["JOIN #Ops,#treeherder"]);
    net.later(30);
    assert_eq!(net.sent(), ["NICKSERV IDENTIFY bot hunter2"]);
}
