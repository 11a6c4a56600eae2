//! What is heard, of what there is to hear.

use super::*;
use countersign_core::message::{Assurance, Kind};

#[test]
fn a_message_in_a_room_is_heard_as_it_was_said() {
    let mut net = Net::ready(CAPS, "CASEMAPPING=rfc1459");
    net.hear("@time=2026-03-01T11:59:58.500Z;msgid=m1;account=alice :alice!a@home PRIVMSG #OPS :\u{2}!deploy\u{f} prod");
    let message = net.heard().remove(0);
    assert_eq!(message.id.as_str(), "m1");
    assert_eq!(message.place, in_room("#Ops"));
    assert_eq!(message.sender.nick, "alice");
    assert_eq!(message.sender.account, Some(account("alice")));
    assert_eq!(message.sender.assurance, Assurance::Account);
    assert_eq!(message.text, "!deploy prod");
    assert_eq!(
        message.sent_at,
        "2026-03-01T11:59:58.5Z".parse::<Timestamp>().unwrap()
    );
    assert_eq!(message.kind, Kind::Said);
}

#[test]
fn a_direct_message_is_of_an_account_or_of_a_nick() {
    let mut net = Net::ready(CAPS, "");
    net.hear("@account=alice :al!a@home PRIVMSG bot :help");
    net.hear(":bob!b@home PRIVMSG BOT :help");
    let heard = net.heard();
    assert_eq!(heard[0].place, direct("alice"));
    assert_eq!(heard[1].place, nick("bob"));
    assert_eq!(heard[1].sender.assurance, Assurance::Nick);
    assert_eq!(net.session.target_of(&heard[0].place), Ok("al".to_owned()));
    assert_eq!(net.session.target_of(&heard[1].place), Ok("bob".to_owned()));
}

#[test]
fn what_is_not_for_the_bot_is_not_heard() {
    let mut net = Net::ready(CAPS, "STATUSMSG=@+ CASEMAPPING=ascii");
    for line in [
        ":alice!a@home NOTICE #ops :!deploy prod",
        ":alice!a@home PRIVMSG #ops :\u{1}ACTION deploys\u{1}",
        ":alice!a@home PRIVMSG bot :\u{1}VERSION\u{1}",
        ":alice!a@home PRIVMSG @#ops :!deploy prod",
        ":alice!a@home PRIVMSG #elsewhere :!deploy prod",
        ":alice!a@home PRIVMSG $*.test :!deploy prod",
        ":alice!a@home PRIVMSG carol :!deploy prod",
        ":alice!a@home PRIVMSG #ops :\u{2}\u{2} ",
        ":alice!a@home PRIVMSG #ops",
        ":alice!a@home PRIVMSG #ops two words",
        ":irc.test PRIVMSG #ops :!deploy prod",
        ":services PRIVMSG #ops :!deploy prod",
        "PRIVMSG #ops :!deploy prod",
        ":bot!b@h PRIVMSG #ops :!deploy prod",
        ":BOT!b@h PRIVMSG bot :!deploy prod",
        "@bot :helper!h@home PRIVMSG #ops :!deploy prod",
        "@draft/bot= :helper!h@home PRIVMSG #ops :!deploy prod",
        "@inspircd.org/bot :helper!h@home PRIVMSG #ops :!deploy prod",
        "@+typing=active :alice!a@home TAGMSG #ops",
        "",
        " ",
        "@",
        ":",
    ] {
        net.hear(line);
        assert!(net.heard().is_empty(), "{line}");
    }
    assert!(net.sent().is_empty());
}

#[test]
fn the_same_message_told_twice_has_the_same_id() {
    let mut net = Net::ready(CAPS, "");
    let ids = |net: &mut Net, lines: [&str; 2]| {
        lines.map(|line| {
            net.hear(line);
            net.heard().remove(0).id
        })
    };
    let line = "@time=2026-03-01T12:00:01Z :a!a@h PRIVMSG #ops :hi";
    let [one, again] = ids(&mut net, [line, line]);
    assert_eq!(one, again);
    let other = [
        "@time=2026-03-01T12:00:01Z :a!a@h PRIVMSG #ops :ho",
        "@time=2026-03-01T12:00:02Z :a!a@h PRIVMSG #ops :hi",
    ];
    let [other, later] = ids(&mut net, other);
    assert!(one != other && one != later && other != later);
    let bare = ":a!a@h PRIVMSG #ops :hi";
    let [one, other] = ids(&mut net, [bare, bare]);
    assert_eq!((one.as_str(), other.as_str()), ("c1-1", "c1-2"));
}

#[test]
fn what_something_keeps_and_tells_again_is_marked() {
    let mut net = Net::ready(CAPS, "");
    let kind = |net: &mut Net, tags: &str| {
        net.hear(&format!("{tags} :a!a@h PRIVMSG #ops :!deploy prod"));
        net.heard().remove(0).kind
    };
    assert_eq!(kind(&mut net, "@time=2026-03-01T11:59:54Z"), Kind::Replayed);
    assert_eq!(kind(&mut net, "@time=2026-03-01T11:59:56Z"), Kind::Said);
    assert_eq!(kind(&mut net, "@time=nonsense"), Kind::Said);
    net.hear(":irc.test BATCH +outer znc.in/playback #ops");
    net.hear("@batch=outer :irc.test BATCH +inner netjoin a b");
    net.hear(":irc.test BATCH +plain example.org/other #ops");
    net.hear(":irc.test BATCH +history chathistory #ops");
    assert_eq!(kind(&mut net, "@batch=outer"), Kind::Replayed);
    assert_eq!(kind(&mut net, "@batch=inner"), Kind::Replayed);
    assert_eq!(kind(&mut net, "@batch=history"), Kind::Replayed);
    assert_eq!(kind(&mut net, "@batch=plain"), Kind::Said);
    assert_eq!(kind(&mut net, "@batch=nobody-opened"), Kind::Replayed);
    net.hear(":irc.test BATCH -outer");
    assert_eq!(kind(&mut net, "@account=a"), Kind::Said);
}

#[test]
fn a_clock_that_is_off_makes_nothing_old_and_nothing_new() {
    for (welcome, before, said) in [
        ("11:50:00", "11:49:50", "11:50:10"),
        ("12:10:00", "12:09:50", "12:10:10"),
        ("09:00:00", "08:59:50", "09:00:10"),
        ("23:00:00", "22:59:50", "23:00:10"),
    ] {
        let mut net = Net::with(settings());
        net.hear(&format!("@time=2026-03-01T{welcome}Z :irc.test 001 bot :Welcome"));
        net.hear(":irc.test 376 bot :End");
        net.let_in();
        net.later(10);
        for (time, kind, ago) in [(before, Kind::Replayed, 20), (said, Kind::Said, 0)] {
            net.hear(&format!("@time=2026-03-01T{time}Z :a!a@h PRIVMSG #ops :hi"));
            let message = net.heard().remove(0);
            assert_eq!(message.kind, kind, "{welcome} {time}");
            assert_eq!(
                after(message.sent_at, Duration::from_secs(ago)),
                net.now,
                "{welcome} {time}"
            );
        }
    }
}

#[test]
fn what_a_room_tells_of_the_time_before_the_bot_entered_is_marked() {
    let mut net = Net::ready(CAPS, "");
    let kind = |net: &mut Net, seconds: u64, target: &str| {
        let began = "2026-03-01T12:00:00Z".parse().unwrap();
        let time = after(began, Duration::from_secs(seconds));
        net.hear(&format!("@time={time} :a!a@h PRIVMSG {target} :!deploy prod"));
        net.heard().remove(0).kind
    };
    net.later(600);
    assert_eq!(kind(&mut net, 300, "#ops"), Kind::Said);
    net.hear(":carol!c@h KICK #ops bot :out");
    net.later(600);
    net.hear(":bot!b@h JOIN #ops * :bot");
    assert_eq!(kind(&mut net, 300, "#ops"), Kind::Replayed);
    assert_eq!(kind(&mut net, 1_190, "#ops"), Kind::Replayed);
    assert_eq!(kind(&mut net, 1_196, "#ops"), Kind::Said);
    assert_eq!(
        kind(&mut net, 300, "#treeherder"),
        Kind::Said,
        "it was there all along"
    );
    assert_eq!(kind(&mut net, 300, "bot"), Kind::Said);
    net.later(600);
    net.hear(":bot!b@h JOIN #ops * :bot");
    assert_eq!(
        kind(&mut net, 1_500, "#ops"),
        Kind::Said,
        "told twice that it is in"
    );
}

#[test]
fn what_was_said_and_did_not_arrive_is_known() {
    let mut net = Net::ready(CAPS, "");
    for (line, target, loss) in [
        (":s 401 bot dave :No such nick", "dave", Loss::Nobody),
        (
            ":s 404 bot #Ops :Cannot send to channel (+m)",
            "#Ops",
            Loss::ForNow,
        ),
        (":s 403 bot #gone :No such channel", "#gone", Loss::ForNow),
        (":s 412 bot :No text to send", "", Loss::ForGood),
        (":s 417 bot :Line too long", "", Loss::ForGood),
        (":s 716 bot erin :is in +g mode", "erin", Loss::ForGood),
        ("FAIL PRIVMSG BAD dave :No", "dave", Loss::ForGood),
    ] {
        net.hear(line);
        let (at, reason, lost) = net.undelivered().remove(0);
        assert_eq!((at.as_str(), lost), (target, loss), "{line}");
        assert!(!reason.is_empty());
    }
    assert_eq!(
        net.troubles().len(),
        1,
        "people hear that the bot may not speak in #Ops"
    );
}

#[test]
fn a_text_fits_with_the_name_that_others_see_before_it() {
    let mut net = Net::with(settings());
    net.welcome("USERLEN=10 HOSTLEN=64");
    assert_eq!(
        net.session.longest_text("#ops"),
        512 - ":bot!12345678901@ PRIVMSG #ops :\r\n".len() - 64
    );
    net.hear(":bot!~bot@some.host JOIN #ops");
    assert_eq!(
        net.session.longest_text("#ops"),
        512 - ":bot!~bot@some.host PRIVMSG #ops :\r\n".len()
    );
    net.hear(":irc.test 396 bot cloak :is now your displayed host");
    assert_eq!(
        net.session.longest_text("#ops"),
        512 - ":bot!~bot@cloak PRIVMSG #ops :\r\n".len()
    );
    net.hear(":bot!~bot@cloak CHGHOST me longer.cloak");
    assert_eq!(
        net.session.longest_text("#ops"),
        512 - ":bot!me@longer.cloak PRIVMSG #ops :\r\n".len()
    );
    net.hear(":bot!me@longer.cloak NICK longer_bot");
    assert_eq!(
        net.session.longest_text("#ops"),
        512 - ":longer_bot!me@longer.cloak PRIVMSG #ops :\r\n".len()
    );
    net.hear(":irc.test 005 bot LINELEN=2048 :are supported");
    assert!(net.session.longest_text("#ops") > 1_900);
    assert_eq!(net.session.longest_text(&"x".repeat(4_000)), 4);
}

#[test]
fn only_one_place_of_this_network_is_a_target() {
    let net = Net::ready(CAPS, "");
    assert_eq!(net.session.target_of(&in_room("#ops")), Ok("#Ops".to_owned()));
    for place in [
        "a,b",
        "#ops",
        "$*",
        "",
        "a b",
        "@#ops",
        "a\r\nQUIT",
        "nick@host",
        "*",
    ] {
        assert!(
            matches!(
                net.session.target_of(&nick(place)),
                Err(crate::session::NoTarget::Never { .. })
            ),
            "{place:?}"
        );
    }
    let elsewhere = Place::Nick {
        network: NetworkId::from("other"),
        nick: "alice".to_owned(),
    };
    assert!(net.session.target_of(&elsewhere).is_err());
}
