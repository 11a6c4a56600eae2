//! An identity never outlives its proof.

use super::*;

const ALL: &str = "account-notify account-tag extended-join";
const NO_TAG: &str = "account-notify extended-join chghost";

const ALICE: &str = ":alice!a@home PRIVMSG #ops :hi";

/// A connection where `alice` entered `#ops` logged in, on a network that does not tag messages.
fn with_alice() -> Net {
    let mut net = Net::ready(NO_TAG, "WHOX CASEMAPPING=rfc1459");
    net.hear(":alice!a@home JOIN #ops Alice :real name");
    assert_eq!(net.account_in(ALICE).as_deref(), Some("Alice"));
    net
}

#[test]
fn with_account_tag_the_tag_decides_and_nothing_else() {
    let mut net = Net::ready(ALL, "WHOX");
    net.hear(":alice!a@home JOIN #ops alice :real name");
    assert_eq!(
        net.account_in(&format!("@account=Al-1 {ALICE}")).as_deref(),
        Some("Al-1")
    );
    assert_eq!(net.account_in(ALICE), None);
    assert_eq!(net.account_in(&format!("@account= {ALICE}")), None);
    assert_eq!(net.account_in(&format!("@account=* {ALICE}")), None);
    assert_eq!(net.account_in(&format!("@+account=alice {ALICE}")), None);
}

#[test]
fn a_tag_that_was_not_negotiated_proves_nothing() {
    for caps in ["message-tags", "account-notify message-tags", "extended-join"] {
        let mut net = Net::ready(caps, "WHOX");
        net.hear(":alice!a@home JOIN #ops alice :real name");
        net.hear(":alice!a@home ACCOUNT alice");
        assert_eq!(net.account_in(&format!("@account=alice {ALICE}")), None, "{caps}");
        assert!(net.session.target_of(&direct("alice")).is_err(), "{caps}");
    }
}

#[test]
fn a_nick_alone_proves_nothing() {
    let mut net = Net::ready(ALL, "WHOX");
    assert_eq!(net.account_in(ALICE), None);
}

#[test]
fn without_account_tag_entering_logging_in_and_out_are_the_proof() {
    let mut net = with_alice();
    net.hear(":alice!a@home ACCOUNT *");
    assert_eq!(net.account_in(ALICE), None);
    net.hear(":alice!a@home ACCOUNT Bob");
    assert_eq!(net.account_in(ALICE).as_deref(), Some("Bob"));
    net.hear(":carol!c@home JOIN #ops * :real name");
    assert_eq!(net.account_in(":carol!c@home PRIVMSG #ops :hi"), None);
}

#[test]
fn whoever_was_there_before_is_asked_for() {
    let mut net = Net::with(settings());
    net.hear(&format!(":irc.test CAP * LS :{NO_TAG}"));
    net.grant();
    net.sent();
    net.welcome("WHOX CASEMAPPING=rfc1459");
    net.hear(":bot!b@h JOIN #ops * :bot");
    let sent = net.sent();
    assert_eq!(sent[1], "WHO #Ops %tcuhna,617");
    for line in [
        ":irc.test 354 bot 617 #ops a home alice alice",
        ":irc.test 354 bot 617 #ops c home carol 0",
        ":irc.test 354 bot 617 #elsewhere d home dave dave",
        ":irc.test 354 bot 999 #ops e home erin erin",
        ":irc.test 354 bot 617 #ops",
    ] {
        net.hear(line);
    }
    assert_eq!(net.account_in(ALICE).as_deref(), Some("alice"));
    for nick in ["carol!c", "dave!d", "erin!e"] {
        assert_eq!(
            net.account_in(&format!(":{nick}@home PRIVMSG #ops :hi")),
            None,
            "{nick}"
        );
    }
}

#[test]
fn without_whox_whoever_was_there_before_is_known_once_they_log_in() {
    let mut net = Net::ready(NO_TAG, "CASEMAPPING=ascii");
    net.hear(":irc.test 353 bot = #ops :bot @alice +carol");
    assert_eq!(net.account_in(ALICE), None);
    net.hear(":alice!a@home ACCOUNT alice");
    assert_eq!(net.account_in(ALICE).as_deref(), Some("alice"));
    net.hear(":erin!e@home ACCOUNT erin");
    assert_eq!(
        net.account_in(":erin!e@home PRIVMSG #ops :hi"),
        None,
        "nobody would tell when erin leaves"
    );
}

#[test]
fn whoever_leaves_is_forgotten_and_so_is_what_their_nick_meant() {
    for line in [
        ":alice!a@home QUIT :bye",
        ":alice!a@home QUIT :irc.one irc.two",
        ":alice QUIT :bye",
        ":alice!a@home PART #ops",
        ":carol!c@home KICK #ops alice :out",
        ":carol!c@home KICK #OPS ALICE",
        ":bot!b@h PART #ops",
        ":carol!c@home KICK #ops bot :out",
        ":irc.test CAP bot DEL :account-notify",
        ":irc.test CAP bot DEL :extended-join",
        ":irc.test CAP bot ACK :-extended-join",
    ] {
        let mut net = with_alice();
        net.hear(line);
        assert!(net.session.target_of(&direct("Alice")).is_err(), "{line}");
        net.hear(":bot!b@h JOIN #ops * :bot");
        assert_eq!(net.account_in(ALICE), None, "{line}");
    }
}

#[test]
fn leaving_one_of_two_common_rooms_changes_nothing() {
    let mut net = with_alice();
    net.hear(":alice!a@home JOIN #treeherder Alice :real name");
    net.hear(":alice!a@home PART #ops");
    assert_eq!(
        net.account_in(":alice!a@home PRIVMSG bot :hi").as_deref(),
        Some("Alice")
    );
    net.hear(":alice!a@home PART #treeherder");
    assert_eq!(net.account_in(":alice!a@home PRIVMSG bot :hi"), None);
}

#[test]
fn a_nick_taken_in_the_moment_after_its_owner_left_is_nobodys() {
    let mut net = with_alice();
    net.hear(":alice!a@home QUIT :Ping timeout");
    net.hear(":mallory!m@evil NICK alice");
    assert_eq!(net.account_in(":alice!m@evil PRIVMSG #ops :!approve R-4QX"), None);
    net.hear(":alice!m@evil JOIN #ops * :real name");
    assert_eq!(net.account_in(":alice!m@evil PRIVMSG #ops :!approve R-4QX"), None);
}

#[test]
fn a_proof_follows_its_owner_to_another_nick_and_leaves_the_old_one() {
    let mut net = with_alice();
    net.hear(":alice!a@home NICK alice_away");
    assert_eq!(
        net.account_in(":alice_away!a@home PRIVMSG #ops :hi").as_deref(),
        Some("Alice")
    );
    assert_eq!(net.account_in(ALICE), None);
    net.hear(":alice_away!a@home NICK ALICE");
    assert_eq!(
        net.account_in(":ALICE!a@home PRIVMSG #ops :hi").as_deref(),
        Some("Alice")
    );
    assert_eq!(net.session.target_of(&direct("Alice")), Ok("ALICE".to_owned()));
}

#[test]
fn another_host_is_another_person_unless_the_network_says_that_it_changed() {
    let mut net = with_alice();
    assert_eq!(net.account_in(":alice!a@evil PRIVMSG #ops :hi"), None);
    assert_eq!(net.account_in(":alice!b@home PRIVMSG #ops :hi"), None);
    net.hear(":alice!a@home CHGHOST a cloak/alice");
    assert_eq!(
        net.account_in(":alice!a@cloak/alice PRIVMSG #ops :hi").as_deref(),
        Some("Alice")
    );
}

#[test]
fn a_look_alike_in_another_casemapping_is_somebody_else() {
    let mut net = Net::ready(NO_TAG, "CASEMAPPING=ascii");
    net.hear(":al[ice]!a@home JOIN #ops alice :real name");
    assert_eq!(net.account_in(":al{ice}!a@home PRIVMSG #ops :hi"), None);
    let mut net = Net::ready(NO_TAG, "CASEMAPPING=rfc1459");
    net.hear(":al[ice]!a@home JOIN #ops alice :real name");
    assert_eq!(
        net.account_in(":al{ice}!a@home PRIVMSG #ops :hi").as_deref(),
        Some("alice")
    );
    net.hear(":al{ice}!a@home QUIT");
    assert_eq!(net.account_in(":al[ice]!a@home PRIVMSG #ops :hi"), None);
}

#[test]
fn letter_case_of_accounts_counts() {
    let net = with_alice();
    assert_eq!(net.session.target_of(&direct("Alice")), Ok("alice".to_owned()));
    assert!(net.session.target_of(&direct("alice")).is_err());
}

#[test]
fn relays_speak_for_nobody() {
    let mut net = Net::ready("account-tag message-tags", "CASEMAPPING=ascii");
    for line in [
        "@account=alice;draft/relaymsg=relay :alice/slack!a@home PRIVMSG #ops :hi",
        "@relaymsg;account=alice :alice!a@home PRIVMSG #ops :hi",
        "@account=alice :bridge[1]!a@home PRIVMSG #ops :hi",
        "@account=alice :BRIDGE{1}!a@home PRIVMSG #ops :hi",
    ] {
        assert_eq!(net.account_in(line), None, "{line}");
    }
    net.hear("@account=alice :Bridge[1]!a@home PRIVMSG bot :hi");
    assert_eq!(net.heard()[0].place, nick("Bridge[1]"));
    assert!(net.session.target_of(&direct("alice")).is_err());
}

#[test]
fn when_account_tag_goes_the_roster_decides_from_then_on() {
    let mut net = Net::ready(ALL, "WHOX");
    net.hear(":alice!a@home JOIN #ops alice :real name");
    net.hear(":irc.test CAP bot DEL :account-tag");
    assert_eq!(
        net.sent(),
        ["WHO #Ops %tcuhna,617", "WHO #treeherder %tcuhna,617"]
    );
    assert_eq!(net.account_in(&format!("@account=alice {ALICE}")), None);
    net.hear(":irc.test 354 bot 617 #ops a home alice alice");
    assert_eq!(net.account_in(ALICE).as_deref(), Some("alice"));
}

#[test]
fn somebody_met_in_a_direct_message_is_answered_for_as_long_as_that_is_sure() {
    let told = "@account=erin :Erin!e@home PRIVMSG bot :hi";
    for line in [
        ":Erin!e@home QUIT",
        ":erin!e@home NICK dave",
        ":dave!d@home NICK erin",
        ":Erin!e@home ACCOUNT *",
        ":Erin!m@evil PRIVMSG bot :hi",
        "@account=mallory :Erin!m@evil PRIVMSG bot :hi",
        ":irc.test 401 bot Erin :No such nick",
        ":irc.test CAP bot DEL :account-tag",
    ] {
        let mut net = Net::ready(ALL, "WHOX");
        net.hear(told);
        assert_eq!(net.session.target_of(&direct("erin")), Ok("Erin".to_owned()));
        net.hear(line);
        assert!(net.session.target_of(&direct("erin")).is_err(), "{line}");
    }
    let mut net = Net::ready(ALL, "WHOX");
    net.hear(":Erin!e@home JOIN #ops erin :real name");
    net.hear(told);
    net.hear(":Erin!e@home PART #ops");
    net.later(19);
    assert!(net.session.target_of(&direct("erin")).is_ok());
    net.later(1);
    assert!(net.session.target_of(&direct("erin")).is_err());
}

#[test]
fn of_two_nicks_of_an_account_the_one_that_wrote_is_answered() {
    let mut net = Net::ready(ALL, "WHOX");
    net.hear(":alice!a@home JOIN #ops alice :real name");
    net.hear(":phone!a@away JOIN #ops alice :real name");
    assert_eq!(net.session.target_of(&direct("alice")), Ok("alice".to_owned()));
    net.hear("@account=alice :phone!a@away PRIVMSG bot :hi");
    assert_eq!(net.session.target_of(&direct("alice")), Ok("phone".to_owned()));
    net.hear(":phone!a@away QUIT");
    assert_eq!(net.session.target_of(&direct("alice")), Ok("alice".to_owned()));
}
