//! The servers, the people and the proxy that the stories are told with, by themselves.

use crate::support::irc::{InspIrcd, Limits, Line, Ngircd, Options, Person, Services};
use crate::support::proxy::{Cut, Proxy, Way, Weather};

use std::time::Duration;

const ROOM: &str = "#treeherder";

/// Accounts, and what the network says about them, with one kind of services.
async fn proves_who_speaks(services: Services) {
    let mut irc = InspIrcd::start(services).await;
    irc.accounts(&["alice", "bob"]).await;
    let alice = Person::join(irc.tls(), "alice", ROOM).await;
    let bob = Person::known(irc.plain(), "bob", "bob").await;
    bob.joins(ROOM).await;
    alice
        .sees("bob, and his account", |line| {
            line.is("JOIN") && line.from == "bob" && line.params[1] == "bob"
        })
        .await;

    alice.says(ROOM, "hello");
    assert_eq!(bob.hears_in(ROOM, "hello").await.tag("account"), Some("alice"));
    alice.raw(&format!("@account=bob PRIVMSG {ROOM} :forged"));
    assert_eq!(bob.hears("forged").await.tag("account"), Some("alice"));

    bob.renames("robert").await;
    bob.says(ROOM, "still me");
    assert_eq!(alice.hears("still me").await.tag("account"), Some("bob"));

    bob.logs_out().await;
    alice
        .sees("bob's logout", |line| line.is("ACCOUNT") && line.text() == "*")
        .await;
    bob.says(ROOM, "nobody now");
    assert_eq!(alice.hears("nobody now").await.tag("account"), None);
    bob.logs_in("bob").await;
    bob.says(ROOM, "bob again");
    assert_eq!(alice.hears("bob again").await.tag("account"), Some("bob"));

    // Accounts outlive a kill of the services and the end of the server.
    irc.kill_services().await;
    irc.start_services().await;
    alice.leaves().await;
    let alice = Person::join(irc.plain(), "alice", ROOM).await;
    // Somebody else's nick is given back.
    let alice_ = Person::known(irc.plain(), "alice_", "alice").await;
    alice_.says(
        "NickServ",
        &format!("{} alice {}", irc.ghost(), crate::support::irc::password("alice")),
    );
    alice.is_gone().await;
    irc.restart().await;
    alice_.is_gone().await;
    Person::join(irc.tls(), "alice", ROOM).await;
}

#[tokio::test]
async fn atheme_proves_who_speaks() {
    proves_who_speaks(Services::Atheme).await;
}

#[tokio::test]
async fn anope_proves_who_speaks() {
    proves_who_speaks(Services::Anope).await;
}

#[tokio::test]
async fn an_operator_may_throw_out() {
    let irc = InspIrcd::start(Services::None).await;
    let (oper, bob) = tokio::join!(irc.oper("oper"), Person::nobody(irc.plain(), "bob"));
    bob.joins(ROOM).await;
    oper.raw(&format!("SAPART bob {ROOM}"));
    bob.sees("the part", |line| line.is("PART")).await;
    oper.raw("KILL bob :by a test");
    bob.is_gone().await;
}

#[tokio::test]
async fn a_network_splits_and_heals() {
    let mut irc = InspIrcd::start(Services::Atheme).await;
    irc.accounts(&["alice", "bob"]).await;
    irc.link().await;
    let alice = Person::join(irc.plain(), "alice", ROOM).await;
    let bob = Person::join(irc.leaf(), "bob", ROOM).await;
    bob.says(ROOM, "from afar");
    assert_eq!(alice.hears("from afar").await.tag("account"), Some("bob"));
    irc.split().await;
    let quit = alice
        .sees("bob's quit", |line| line.is("QUIT") && line.from == "bob")
        .await;
    assert!(quit.text().contains("leaf.test"), "{quit}");
    irc.heal().await;
    alice
        .sees("bob's return", |line| line.is("JOIN") && line.from == "bob")
        .await;
    bob.says(ROOM, "here again");
    assert_eq!(alice.hears("here again").await.tag("account"), Some("bob"));
}

/// The stories about floods mean something only if the servers do throw out who floods.
#[tokio::test]
async fn default_limits_end_a_flood() {
    let limits = Limits::Default;
    let irc = InspIrcd::with(Options {
        limits,
        ..Options::with(Services::None)
    })
    .await;
    let flooder = Person::nobody(irc.plain(), "flooder").await;
    flooder.joins(ROOM).await;
    for _ in 0..400 {
        flooder.says(ROOM, &"x".repeat(100));
    }
    let end = flooder.is_gone().await;
    let said = flooder.conversation();
    assert!(
        said.contains("RecvQ exceeded") || said.contains("Excess Flood"),
        "{end}\n{said}"
    );
}

#[tokio::test]
async fn ngircd_is_of_the_old_kind() {
    let irc = Ngircd::start(Limits::Off).await;
    let (alice, bob) = tokio::join!(
        Person::nobody(irc.tls(), "alice"),
        Person::nobody(irc.plain(), "bob")
    );
    alice.joins(ROOM).await;
    bob.joins(ROOM).await;
    alice.says(ROOM, "hello");
    assert!(bob.hears("hello").await.tags.is_empty());
    alice.bytes(b"PRIVMSG #treeherder :caf\xe9\r\n");
    bob.hears("caf\u{fffd}").await;
    let oper = irc.oper("oper").await;
    oper.raw("KILL bob :by a test");
    bob.is_gone().await;
    // Too long a line ends the connection.
    alice.says(ROOM, &"x".repeat(600));
    alice.is_gone().await;
}

fn is_speech(line: &str) -> bool {
    line.contains("PRIVMSG")
}

#[tokio::test]
async fn the_proxy_makes_bad_weather() {
    let irc = InspIrcd::start(Services::None).await;
    let proxy = Proxy::before(irc.plain().port).await;
    let (alice, bot) = tokio::join!(
        Person::nobody(irc.plain(), "alice"),
        Person::nobody(proxy.address(), "bot")
    );
    alice.joins(ROOM).await;
    bot.joins(ROOM).await;

    proxy.weather(
        Way::ToBot,
        Weather {
            twice: Some(is_speech),
            ..Weather::default()
        },
    );
    alice.says(ROOM, "one");
    bot.hears("one").await;
    bot.hears("one").await;
    assert_eq!(proxy.counts().twice, 1);

    let delay = Duration::from_millis(300);
    proxy.weather(
        Way::ToBot,
        Weather {
            delay,
            ..Weather::default()
        },
    );
    let before = tokio::time::Instant::now();
    alice.says(ROOM, "two");
    bot.hears("two").await;
    assert!(before.elapsed() >= delay);

    proxy.weather(
        Way::ToBot,
        Weather {
            merge: delay,
            ..Weather::default()
        },
    );
    alice.says(ROOM, "three");
    alice.says(ROOM, "four");
    bot.hears("three").await;
    bot.hears("four").await;
    assert_eq!(proxy.counts().merged, 1);

    proxy.weather(
        Way::ToBot,
        Weather {
            pieces: Some(5),
            ..Weather::default()
        },
    );
    alice.says(ROOM, "five");
    bot.hears("five").await;
    assert!(proxy.counts().split >= 1);

    proxy.weather(
        Way::ToServer,
        Weather {
            silent: true,
            ..Weather::default()
        },
    );
    bot.says(ROOM, "lost");
    alice.says(ROOM, "six");
    bot.hears("six").await;
    proxy.weather(Way::ToServer, Weather::default());
    bot.says(ROOM, "seven");
    alice.hears("seven").await;
    assert!(alice.heard(ROOM).iter().all(|line| line.text() != "lost"));
}

#[tokio::test]
async fn the_proxy_cuts() {
    let irc = InspIrcd::start(Services::None).await;
    let proxy = Proxy::before(irc.plain().port).await;
    let alice = Person::nobody(irc.plain(), "alice").await;
    alice.joins(ROOM).await;
    let left = |line: &Line| line.is("QUIT") && line.from == "bot";
    for how in [Cut::Reset, Cut::Finish] {
        let bot = Person::nobody(proxy.address(), "bot").await;
        bot.joins(ROOM).await;
        assert_eq!(proxy.cut(how).await, 1);
        bot.is_gone().await;
        alice.sees("the bot's quit", left).await;
    }

    // In the middle of a line: half of it has come.
    let bot = Person::nobody(proxy.address(), "bot").await;
    bot.joins(ROOM).await;
    proxy.cut_in_line(Way::ToBot, Cut::Finish, is_speech);
    alice.says(ROOM, "you will not hear all of this");
    bot.is_gone().await;
    let heard = bot.conversation();
    assert!(heard.contains(" @time=") && heard.contains(";msgid="), "{heard}");
    assert!(!heard.contains("all of this"), "{heard}");
    alice.sees("the bot's quit", left).await;

    // The server does not know, and the nick stays taken.
    let bot = Person::nobody(proxy.address(), "bot").await;
    bot.joins(ROOM).await;
    proxy.cut(Cut::Ghost).await;
    bot.is_gone().await;
    let late = Person::connect(proxy.address(), "bot").await;
    late.raw("NICK bot");
    late.raw("USER bot 0 * :bot");
    late.sees("that the nick is taken", |line| line.is("433")).await;
    proxy.bury_ghosts();
    alice.sees("the ghost's quit", left).await;

    proxy.refuse(true);
    let refused = Person::connect(proxy.address(), "bot").await;
    refused.is_gone().await;
    assert_eq!(proxy.counts().cuts, 4);
}
