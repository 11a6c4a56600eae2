//! Whoever is not who they seem: no vote, no command. Each story is told twice: on a server that says with every message
//! whose it is (`account-tag`), and on one where the bot has to keep count of who is who.

use super::house::{House, asks_for_rollback, signs};
use crate::support::irc::{InspIrcd, Limits, Ngircd, Options, Person, Services, password};
use crate::support::programs::Sandbox;
use crate::support::serve::{ROOM, Serve, Setup};

/// What a server has that proves who speaks.
#[derive(Clone, Copy)]
enum Proof {
    /// A tag with each message.
    Tag,
    /// Only news of who logs in and out.
    News,
}

impl Proof {
    fn options(self) -> Options {
        let without: &[&str] = match self {
            Self::Tag => &[],
            Self::News => &["ircv3_accounttag"],
        };
        Options {
            without,
            ..Options::with(Services::Atheme)
        }
    }

    async fn house(self) -> House {
        House::with(self.options(), InspIrcd::tls, |setup| setup).await
    }
}

/// They try to sign, and to do other things. Nothing comes of it, and they are told why.
async fn is_refused(who: &Person, house: &House, id: &str) {
    let nick = who.nick();
    for (line, words) in [
        (format!("!approve {id}"), "you may not use !approve: "),
        (format!("!deny {id} no"), "you may not use !deny: "),
        ("!lock prod mine".to_owned(), "you may not lock prod: "),
        ("!deploy prod".to_owned(), "you may not deploy prod: "),
    ] {
        who.says(ROOM, &line);
        let answer = who.hears_in(ROOM, &format!("{nick}: {words}")).await;
        assert!(answer.text().contains("not logged in"), "{answer}");
        assert!(answer.text().contains("account"), "{answer}");
    }
    nothing_was_done(house, id).await;
}

async fn nothing_was_done(house: &House, id: &str) {
    let said = house.bot.does("pending").await;
    assert!(
        said.contains(id) && said.contains("not signed (0 of 1)"),
        "{said}"
    );
    assert_eq!(house.rollbacks().await, 0);
    let said = house.bot.does("locks").await;
    assert!(said.contains("nothing is locked"), "{said}");
}

/// The signature would have counted: it does when it is the right person's.
async fn would_have_counted(bob: &Person, house: &House, id: &str) {
    signs(bob, id).await;
    assert_eq!(house.rollbacks().await, 1);
}

async fn takes_the_nick_of_somebody_away(proof: Proof) {
    let house = proof.house().await;
    let alice = house.person("alice").await;
    let id = asks_for_rollback(&alice).await;
    let mallory = Person::nobody(house.irc.plain(), "bob").await;
    mallory.joins(ROOM).await;
    is_refused(&mallory, &house, &id).await;
    // Nor does a login help that is another's.
    mallory.logs_in("mallory").await;
    mallory.says(ROOM, &format!("!approve {id}"));
    mallory
        .hears_in(ROOM, "I don't know whose account yours is")
        .await;
    nothing_was_done(&house, &id).await;
    mallory.leaves().await;
    would_have_counted(&house.person("bob").await, &house, &id).await;
}

#[tokio::test]
async fn who_takes_the_nick_of_somebody_away() {
    takes_the_nick_of_somebody_away(Proof::Tag).await;
}

#[tokio::test]
async fn who_takes_the_nick_of_somebody_away_without_tags() {
    takes_the_nick_of_somebody_away(Proof::News).await;
}

async fn takes_the_nick_after_a_disconnect(proof: Proof) {
    let house = proof.house().await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let mallory = Person::nobody(house.irc.plain(), "mallory").await;
    mallory.joins(ROOM).await;
    let id = asks_for_rollback(&alice).await;
    // The bot knows bob well by now.
    bob.says(ROOM, "!whoami");
    bob.hears_in(ROOM, "bob: you are bob").await;
    let oper = house.irc.oper("oper").await;
    oper.raw("KILL bob :his connection is gone");
    bob.is_gone().await;
    mallory.renames("bob").await;
    is_refused(&mallory, &house, &id).await;
    // And back again: bob has his nick and his word.
    mallory.renames("mallory").await;
    would_have_counted(&house.person("bob").await, &house, &id).await;
}

#[tokio::test]
async fn who_takes_the_nick_in_the_seconds_after_a_disconnect() {
    takes_the_nick_after_a_disconnect(Proof::Tag).await;
}

#[tokio::test]
async fn who_takes_the_nick_in_the_seconds_after_a_disconnect_without_tags() {
    takes_the_nick_after_a_disconnect(Proof::News).await;
}

async fn logs_out(proof: Proof) {
    let house = proof.house().await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let id = asks_for_rollback(&alice).await;
    bob.says(ROOM, "!whoami");
    bob.hears_in(ROOM, "bob: you are bob").await;
    bob.logs_out().await;
    is_refused(&bob, &house, &id).await;
    bob.logs_in("bob").await;
    would_have_counted(&bob, &house, &id).await;
}

#[tokio::test]
async fn who_logs_out_while_a_vote_is_pending() {
    logs_out(Proof::Tag).await;
}

#[tokio::test]
async fn who_logs_out_while_a_vote_is_pending_without_tags() {
    logs_out(Proof::News).await;
}

async fn forges_a_tag(proof: Proof) {
    let house = proof.house().await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let mallory = Person::nobody(house.irc.plain(), "mallory").await;
    mallory.joins(ROOM).await;
    let id = asks_for_rollback(&alice).await;
    for tag in [
        "account=bob",
        "+account=bob",
        "account=bob;account=bob",
        "+draft/relaymsg=bob;account=bob",
    ] {
        mallory.raw(&format!("@{tag} PRIVMSG {ROOM} :!approve {id}"));
        mallory
            .hears_in(ROOM, "mallory: you may not use !approve: ")
            .await;
    }
    // In the text it is but text.
    for text in [
        "\u{1}account=bob\u{1} !approve",
        "@account=bob !approve",
        ":bob!bob@127.0.0.1 PRIVMSG #treeherder :!approve",
    ] {
        mallory.says(ROOM, &format!("{text} {id}"));
    }
    is_refused(&mallory, &house, &id).await;
    would_have_counted(&bob, &house, &id).await;
}

#[tokio::test]
async fn who_forges_an_account_tag() {
    forges_a_tag(Proof::Tag).await;
}

#[tokio::test]
async fn who_forges_an_account_tag_without_tags() {
    forges_a_tag(Proof::News).await;
}

/// Under `rfc1459` the nicks `bob[1]` and `bob{1}` are one; under `ascii` they are two. The server of this story has
/// the latter, and bob's nick and account have brackets.
async fn looks_alike(proof: Proof) {
    let options = Options {
        casemapping: "ascii",
        ..proof.options()
    };
    let mut irc = House::network(options).await;
    irc.accounts(&["bob[1]", "bob{1}"]).await;
    let sandbox = Sandbox::start(100);
    let setup = Setup::on(irc.tls(), &sandbox).but(|config| {
        let people = config["person"].as_array_mut().unwrap();
        let bob = people
            .iter_mut()
            .find(|it| it["name"].as_str() == Some("bob"))
            .unwrap();
        bob["accounts"].as_array_mut().unwrap()[0]["name"] = "bob[1]".into();
    });
    let house = House {
        bot: Serve::start(&setup).await,
        sandbox,
        irc,
    };
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob[1]"));
    let nobody = Person::nobody(house.irc.plain(), "bob{1}").await;
    nobody.joins(ROOM).await;
    bob.says(ROOM, "!whoami");
    bob.hears_in(ROOM, "bob[1]: you are bob").await;
    let id = asks_for_rollback(&alice).await;
    is_refused(&nobody, &house, &id).await;
    // The account that looks alike is another's, too.
    nobody.logs_in("bob{1}").await;
    nobody.says(ROOM, &format!("!approve {id}"));
    nobody.hears_in(ROOM, "I don't know whose account yours is").await;
    nothing_was_done(&house, &id).await;
    would_have_counted(&bob, &house, &id).await;
}

#[tokio::test]
async fn who_looks_alike_in_another_casemapping() {
    looks_alike(Proof::Tag).await;
}

#[tokio::test]
async fn who_looks_alike_in_another_casemapping_without_tags() {
    looks_alike(Proof::News).await;
}

/// The relay is bob's own, logged in to his account. What others say through it is not his word.
async fn speaks_through_a_relay(proof: Proof) {
    let relays = |setup: Setup| {
        setup.but(|config| {
            let networks = config["irc"].as_array_mut().unwrap();
            networks[0]
                .as_table_mut()
                .unwrap()
                .insert("relays".into(), vec!["matrixbridge"].into());
        })
    };
    let house = House::with(proof.options(), InspIrcd::tls, relays).await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let relay = Person::known(house.irc.plain(), "MatrixBridge", "bob").await;
    relay.joins(ROOM).await;
    let id = asks_for_rollback(&alice).await;
    relay.says(ROOM, &format!("<bob> !approve {id}"));
    relay.says(ROOM, &format!("!approve {id}"));
    let answer = relay.hears_in(ROOM, "MatrixBridge: ").await;
    assert!(answer.text().contains("you may not use !approve"), "{answer}");
    nothing_was_done(&house, &id).await;
    would_have_counted(&bob, &house, &id).await;
}

#[tokio::test]
async fn who_speaks_through_a_relay() {
    speaks_through_a_relay(Proof::Tag).await;
}

#[tokio::test]
async fn who_speaks_through_a_relay_without_tags() {
    speaks_through_a_relay(Proof::News).await;
}

/// Where the network tells nobody who logs out, a login proves nothing a moment later.
#[tokio::test]
async fn where_logouts_are_not_told_nobody_is_known() {
    let lines = "<ircv3 accountnotify=\"no\" extendedjoin=\"yes\">\n";
    let options = Options {
        lines,
        ..Proof::News.options()
    };
    let house = House::with(options, InspIrcd::tls, |setup| setup).await;
    let bob = house.person("bob").await;
    bob.says(ROOM, "!lock prod mine");
    bob.hears_in(ROOM, "bob: you may not lock prod: ").await;
    let said = house.bot.does("locks").await;
    assert!(said.contains("nothing is locked"), "{said}");
}

/// ngIRCd has no accounts: whoever is there may read what anybody may read, and that is all.
#[tokio::test]
async fn where_there_are_no_accounts_only_reading_is_allowed() {
    let irc = Ngircd::start(Limits::Off).await;
    let sandbox = Sandbox::start(100);
    let setup = Setup::on(irc.tls(), &sandbox).without_account().but(|config| {
        let rules = config["rule"].as_array_mut().unwrap();
        let reading = rules
            .iter_mut()
            .find(|it| it["name"].as_str() == Some("reading"))
            .unwrap();
        let reading = reading.as_table_mut().unwrap();
        reading.remove("roles");
        reading.insert("anyone".into(), true.into());
        reading.insert("assurance".into(), "nick".into());
    });
    let bot = Serve::start(&setup).await;
    let alice = Person::nobody(irc.plain(), "alice").await;
    alice.joins(ROOM).await;
    alice.says(ROOM, "!ping");
    alice.hears_in(ROOM, "alice: pong").await;
    alice.says(ROOM, "!releases prod");
    alice.hears_in(ROOM, "v812").await;
    alice.says(ROOM, "!whoami");
    alice.hears_in(ROOM, "alice: I can't tell who you are").await;
    for (line, words) in [
        ("!deploy prod", "you may not deploy prod"),
        ("!rollback prod", "you may not rollback prod"),
        ("!lock prod mine", "you may not lock prod"),
        ("!unlock prod", "you may not unlock prod"),
        ("!release-hold prod now", "you may not release-hold prod"),
        ("!approve R-AAAA", "you may not use !approve"),
        ("!deny R-AAAA no", "you may not use !deny"),
        ("!cancel R-AAAA", "you may not use !cancel"),
    ] {
        alice.says(ROOM, line);
        let answer = alice.hears_in(ROOM, &format!("alice: {words}")).await;
        assert!(
            answer.text().contains("not logged in: that needs an account"),
            "{answer}"
        );
        assert!(
            answer
                .text()
                .contains("Log in to your account on this network and say it again."),
            "{answer}"
        );
    }
    // In a direct message it is the same.
    alice.says("bot", "lock prod mine");
    alice.hears_in("alice", "you may not lock prod").await;
    let said = bot.does("locks").await;
    assert!(said.contains("nothing is locked"), "{said}");
    let calls = sandbox.get("calls").await;
    let changed = calls
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["effect"] == true)
        .count();
    assert_eq!(changed, 0, "{calls}");
    // Nobody on this network can be anybody, whatever they send.
    assert!(!bot.log().contains(&password("alice")));
}
