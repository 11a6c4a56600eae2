//! Rooms: getting in, being kept out, being put out, getting back.

use super::*;
use crate::session::NoTarget;

fn many(count: usize) -> Settings {
    Settings {
        rooms: (0..count)
            .map(|number| room(&format!("#room{number:04}")))
            .collect(),
        ..settings()
    }
}

fn with_rooms(settings: Settings, support: &str) -> Net {
    let mut net = Net::with(settings);
    net.sent();
    net.welcome(support);
    net
}

#[test]
fn rooms_are_asked_for_in_as_few_lines_as_the_server_allows_and_not_all_at_once() {
    let mut net = with_rooms(many(100), "TARGMAX=JOIN:3,PRIVMSG:4 MAXTARGETS=20");
    let first = net.sent();
    assert_eq!(first.len(), 10);
    assert_eq!(first[0], "JOIN #room0000,#room0001,#room0002");
    for number in 0..3 {
        net.hear(&format!(":bot!b@h JOIN #room000{number}"));
    }
    assert_eq!(net.sent().concat().matches("#room").count(), 3);
    let mut net = with_rooms(many(60), "TARGMAX=JOIN:");
    assert!(
        net.sent()
            .iter()
            .all(|line| line.len() <= 510 && line.matches(',').count() > 10)
    );
}

#[test]
fn keys_go_with_their_rooms_and_are_not_shown() {
    let keyed = RoomSettings {
        key: Some(Secret::from("s3cret")),
        ..room("#zoo")
    };
    let mut net = with_rooms(
        Settings {
            rooms: vec![room("#ops"), keyed],
            ..settings()
        },
        "",
    );
    assert!(!format!("{:?}", net.effects).contains("s3cret"));
    assert_eq!(net.sent(), ["JOIN #zoo,#ops s3cret"]);
}

#[test]
fn a_name_that_is_no_rooms_is_told_and_never_asked_for() {
    let names = ["ops", "#a,#b", "#a b", "0", "#bell\u{7}"];
    let mut net = with_rooms(
        Settings {
            rooms: names.map(room).to_vec(),
            ..settings()
        },
        "",
    );
    assert!(net.sent().is_empty());
    assert_eq!(net.troubles().len(), names.len());
    assert!(net.session.is_ready());
    net.later(86_400);
    assert!(net.sent().is_empty() && net.troubles().is_empty());
}

#[test]
fn a_ban_is_told_once_tried_again_ever_later_and_its_end_is_told() {
    let mut net = Net::with(settings());
    net.sent();
    net.welcome("");
    net.sent();
    net.hear(":bot!b@h JOIN #ops");
    assert!(!net.session.is_ready());
    net.hear(":irc.test 474 bot #treeherder :Cannot join channel (+b)");
    assert!(net.session.is_ready());
    assert_eq!(
        net.troubles(),
        [
            "#treeherder on libera: the bot is banned (+b); ask an operator of the room to /mode #treeherder -b …; I try again in 1 min."
        ]
    );
    assert!(matches!(
        net.session.target_of(&in_room("#treeherder")),
        Err(NoTarget::NotThere { .. })
    ));
    let mut tries = 0;
    for _ in 0..180 {
        net.later(60);
        if net.sent() == ["JOIN #treeherder"] {
            tries += 1;
            net.hear(":irc.test 474 bot #treeherder :Cannot join channel (+b)");
        }
    }
    assert!((10..20).contains(&tries), "{tries}");
    assert!(net.troubles().is_empty());
    net.readies();
    net.later(900);
    net.hear(":bot!b@h JOIN #treeherder");
    assert_eq!(net.troubles(), ["#treeherder on libera: the bot is back."]);
    assert_eq!(net.readies(), 1);
    assert!(net.session.target_of(&in_room("#treeherder")).is_ok());
}

#[test]
fn each_cause_that_keeps_the_bot_out_says_what_to_do() {
    for (number, words) in [
        (471, "it is full (+l)"),
        (473, "/invite bot #ops"),
        (474, "/mode #ops -b"),
        (475, "correct the key"),
        (477, "logged in to services"),
        (489, "switch TLS on"),
        (405, "so many rooms"),
        (403, "no room of this name"),
        (476, "no room of this name"),
        (437, "cannot be entered just now"),
        (480, "lets nobody in for a moment"),
        (609, "does not let the bot in"),
    ] {
        let mut net = with_rooms(settings(), "");
        net.hear(&format!(":irc.test {number} bot #ops :words of the server"));
        let troubles = net.troubles();
        assert!(
            troubles[0].contains(words) && troubles[0].contains("I try again in"),
            "{troubles:?}"
        );
        assert!(net.undelivered().is_empty(), "{number}");
    }
}

#[test]
fn a_kick_is_told_and_the_bot_goes_back() {
    let mut net = Net::ready(CAPS, "");
    net.hear(":carol!c@h KICK #ops bot :too \u{202E}loud");
    assert_eq!(
        net.troubles(),
        ["#Ops on libera: carol kicked the bot (\"too <U+202E>loud\"); I try again in 5 s."]
    );
    assert!(matches!(
        net.session.target_of(&in_room("#Ops")),
        Err(NoTarget::NotThere { .. })
    ));
    net.hear(":alice!a@h PRIVMSG #ops :still there?");
    assert!(net.heard().is_empty());
    net.later(5);
    assert_eq!(net.sent(), ["JOIN #Ops"]);
    net.hear(":bot!b@h JOIN #ops * :bot");
    assert_eq!(net.troubles(), ["#Ops on libera: the bot is back."]);
    net.hear(":carol!c@h KICK #ops bot :bot");
    assert_eq!(
        net.troubles(),
        ["#Ops on libera: carol kicked the bot; I try again in 10 s."]
    );
    net.later(10);
    net.hear(":bot!b@h JOIN #ops * :bot");
    net.later(300);
    net.hear(":carol!c@h KICK #ops bot");
    assert!(net.troubles()[1].contains("again in 5 s"));
}

#[test]
fn being_made_to_leave_is_like_a_kick() {
    let mut net = Net::ready(CAPS, "");
    net.hear(":bot!b@h PART #ops :requested by an operator");
    assert_eq!(
        net.troubles(),
        ["#Ops on libera: somebody made the bot leave; I try again in 5 s."]
    );
    net.later(5);
    assert_eq!(net.sent(), ["JOIN #Ops"]);
}

#[test]
fn an_invitation_is_followed_at_once_but_not_again_and_again() {
    let mut net = with_rooms(settings(), "");
    net.hear(":irc.test 473 bot #ops :Cannot join channel (+i)");
    net.sent();
    net.hear(":mallory!m@h INVITE bot #ops");
    assert!(net.sent().is_empty());
    net.later(6);
    net.hear(":carol!c@h INVITE carol #ops");
    net.hear(":carol!c@h INVITE bot #elsewhere");
    assert!(net.sent().is_empty());
    net.hear(":carol!c@h INVITE bot #OPS");
    assert_eq!(net.sent(), ["JOIN #Ops"]);
    net.hear(":carol!c@h INVITE bot #OPS");
    assert!(net.sent().is_empty());
}

#[test]
fn a_room_that_the_bot_was_not_told_to_be_in_is_left() {
    let mut net = with_rooms(settings(), "");
    net.sent();
    net.hear(":irc.test 470 bot #ops ##overflow :Forwarding to another channel");
    net.hear(":bot!b@h JOIN ##overflow");
    assert_eq!(net.sent(), ["PART ##overflow"]);
    assert!(net.troubles()[0].contains("sent to another room"));
}

#[test]
fn a_changed_list_is_followed() {
    let mut net = Net::ready(CAPS, "CASEMAPPING=ascii");
    net.session
        .be_in(vec![room("#OPS"), room("#new")], net.now, &mut net.effects);
    assert_eq!(net.sent(), ["PART #treeherder", "JOIN #new"]);
    assert!(net.session.is_ready());
    net.hear(":bot!b@h PART #treeherder");
    assert!(net.troubles().is_empty());
    net.hear(":bot!b@h JOIN #new * :bot");
    assert_eq!(net.readies(), 1);
    assert_eq!(net.session.target_of(&in_room("#ops")), Ok("#OPS".to_owned()));
    assert!(matches!(
        net.session.target_of(&in_room("#treeherder")),
        Err(NoTarget::Never { .. })
    ));
}

#[test]
fn a_corrected_key_is_tried_at_once() {
    let mut net = with_rooms(settings(), "");
    net.hear(":irc.test 475 bot #ops :Cannot join channel (+k)");
    net.sent();
    let keyed = RoomSettings {
        key: Some(Secret::from("right")),
        ..room("#Ops")
    };
    net.session
        .be_in(vec![keyed, room("#treeherder")], net.now, &mut net.effects);
    assert_eq!(net.sent(), ["JOIN #Ops right"]);
}

#[test]
fn a_join_that_is_never_answered_is_tried_again() {
    let mut net = with_rooms(settings(), "");
    net.sent();
    net.later(9);
    assert!(!net.session.is_ready());
    net.later(1);
    assert!(net.session.is_ready(), "it does not wait for them for ever");
    assert!(net.troubles().is_empty());
    net.later(110);
    assert_eq!(net.troubles().len(), 2);
    net.later(60);
    assert_eq!(net.sent(), ["JOIN #Ops,#treeherder"]);
}

#[test]
fn two_spellings_are_one_room_only_where_the_server_says_so() {
    let rooms = Settings {
        rooms: vec![room("#a["), room("#A{")],
        ..settings()
    };
    assert_eq!(
        with_rooms(rooms.clone(), "CASEMAPPING=ascii").sent(),
        ["JOIN #a[,#A{"]
    );
    assert_eq!(
        with_rooms(rooms, "CASEMAPPING=rfc1459")
            .sent()
            .concat()
            .matches('#')
            .count(),
        1
    );
}
