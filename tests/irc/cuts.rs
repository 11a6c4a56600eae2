//! The connection is cut 50 times during 500 orders, in bad weather, with somebody else on the bot's nick each time that
//! it comes back, and with services that die in between.
//!
//! What the network itself loses with a cut nobody can answer: people say it again when they hear nothing. So it is
//! looked at from both ends. Each person goes on only when they were answered; and each message, repeated or not, has
//! taken effect at most once, which every order's own number in the audit shows, and Heroku's record of what it did.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::house::House;
use super::storm::Tally;
use crate::support::irc::{Address, InspIrcd, Line, Options, Person, Services};
use crate::support::programs::Sandbox;
use crate::support::proxy::{Cut, Proxy, Way, Weather};
use crate::support::serve::{ROOM, Serve, Setup};

const CUTS: usize = 50;
const ORDERS: usize = 500;
const ROLLBACKS: usize = 4;
/// For the bot to be back: two seconds, and more where it could not log in.
const BACK: Duration = Duration::from_mins(2);

fn is_speech(line: &str) -> bool {
    line.contains("PRIVMSG ")
}

/// One kind of weather after the other.
fn weather(nth: usize) -> (Weather, Weather) {
    let fine = Weather::default();
    let slow = Weather {
        delay: Duration::from_millis(150),
        ..fine
    };
    let merged = Weather {
        merge: Duration::from_millis(60),
        ..fine
    };
    let split = Weather {
        pieces: Some(7),
        ..fine
    };
    let twice = Weather {
        twice: Some(is_speech),
        ..fine
    };
    match nth % 5 {
        0 => (twice, fine),
        1 => (slow, merged),
        2 => (
            Weather {
                twice: Some(is_speech),
                ..merged
            },
            split,
        ),
        3 => (split, slow),
        _ => (
            Weather {
                twice: Some(is_speech),
                ..slow
            },
            fine,
        ),
    }
}

/// Cuts whenever some orders were answered since the last time and the bot is back. Each time somebody has its nick.
async fn cut_again_and_again(
    irc: &mut InspIrcd,
    proxy: &Proxy,
    bot: &Serve,
    tally: &Tally,
    over: &AtomicBool,
) {
    for nth in 0..CUTS {
        let goal = tally.answered.load(Ordering::Relaxed) + ORDERS / CUTS - 2;
        while tally.answered.load(Ordering::Relaxed) < goal && !over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(20)).await;
        }
        if nth % 10 == 4 {
            irc.kill_services().await;
        }
        let (to_bot, to_server) = weather(nth);
        proxy.weather(Way::ToBot, to_bot);
        proxy.weather(Way::ToServer, to_server);
        let mark = bot.mark();
        let cuts = proxy.counts().cuts;
        match nth % 4 {
            0 => drop(proxy.cut(Cut::Ghost).await),
            1 => proxy.cut_in_line(Way::ToBot, Cut::Ghost, is_speech),
            2 => drop(proxy.cut(Cut::Reset).await),
            _ => proxy.cut_in_line(Way::ToServer, Cut::Finish, is_speech),
        }
        proxy.until(|counts| counts.cuts > cuts).await;
        sits_on_the_nick(irc.plain()).await;
        if nth % 10 == 4 {
            irc.start_services().await;
        }
        bot.logs_after(mark, "ready: ").await;
    }
}

/// Somebody takes the bot's nick before it is back, unless its own ghost has it, and stays until services throw them
/// out for the bot.
async fn sits_on_the_nick(address: Address) {
    let sitter = Person::connect(address, "bot").await;
    sitter.raw("NICK bot");
    sitter.raw("USER sitter 0 * :sitter");
    tokio::spawn(async move {
        sitter.ends().await;
    });
}

/// How often each thing that people ordered is in the audit.
fn effects(audit: &[Value]) -> BTreeMap<String, usize> {
    let mut effects = BTreeMap::new();
    for record in audit {
        let words = record["entry"]["words"].as_str().unwrap_or_default();
        if words.starts_with("locked ") {
            *effects.entry(words.to_owned()).or_default() += 1;
        }
    }
    effects
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_cuts_during_five_hundred_orders() {
    let mut irc = House::network(Options::with(Services::Atheme)).await;
    let sandbox = Sandbox::start(500);
    let proxy = Proxy::before(irc.plain().port).await;
    let bot = Serve::start(&Setup::on(proxy.address(), &sandbox)).await;
    let join = async |name: &'static str| Person::join(irc.plain(), name, ROOM).await;
    let (alice, bob, erin) = tokio::join!(join("alice"), join("bob"), join("erin"));
    let tally = Tally::default();
    let over = AtomicBool::new(false);

    let enough = || tally.answered.load(Ordering::Relaxed) >= ORDERS;
    let rounds = async |holder: &Person, other: &Person, target: &str| {
        while !enough() || proxy.counts().cuts < CUTS {
            tally.round(holder, other, target).await;
        }
    };
    // Each does two things at a time; what one hears of the other does not matter.
    let orders = async {
        tokio::join!(
            rounds(&alice, &bob, "stage"),
            rounds(&bob, &erin, "prototype"),
            async {
                for _ in 0..ROLLBACKS {
                    tally.roll_back(&erin, &alice).await;
                }
            }
        );
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(orders, cut_again_and_again(&mut irc, &proxy, &bot, &tally, &over));

    let counts = proxy.counts();
    assert!(counts.cuts >= CUTS, "{counts:?}");
    assert!(
        counts.twice > 20 && counts.merged > 20 && counts.split > 20,
        "{counts:?}"
    );
    assert!(tally.said.load(Ordering::Relaxed) >= ORDERS);
    let effects = effects(&bot.audit().await);
    assert!(effects.len() > ORDERS / 10, "{effects:?}");
    for (what, times) in &effects {
        assert_eq!(*times, 1, "{what}");
    }
    // Requests that were asked for twice were signed once.
    assert_eq!(
        sandbox.changes("POST /apps/treeherder-prod/releases").await,
        ROLLBACKS
    );
}

/// What is said while the bot is away longer than commands keep is not carried out late: the server's own time shows it.
#[tokio::test]
async fn what_comes_late_is_not_carried_out() {
    let irc = House::network(Options::with(Services::Atheme)).await;
    let sandbox = Sandbox::start(100);
    let proxy = Proxy::before(irc.plain().port).await;
    let setup = Setup::on(proxy.address(), &sandbox).but(|config| {
        config["bot"]
            .as_table_mut()
            .unwrap()
            .insert("stale_after".into(), "2 s".into());
    });
    let bot = Serve::start(&setup).await;
    let alice = Person::join(irc.plain(), "alice", ROOM).await;
    let late = Weather {
        delay: Duration::from_secs(4),
        ..Weather::default()
    };
    proxy.weather(Way::ToBot, late);
    alice.says(ROOM, "!lock prod too late");
    let answer = alice
        .sees_within(BACK, "an answer", |line: &Line| {
            line.from == "bot" && line.is_speech()
        })
        .await;
    assert!(answer.text().contains("ay it again"), "{answer}");
    let said = bot.does("locks").await;
    assert!(said.contains("nothing is locked"), "{said}");
}
