//! Each figure: what is done for it, and how it is told.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::load::{People, Round};
use crate::process::{Home, Process};
use crate::server::{Link, Server};
use crate::support::irc::{InspIrcd, Person, Services};
use crate::support::programs::Sandbox;
use crate::support::serve::ROOM;

/// How often each load is repeated. What is told is the median, with the lowest and the highest.
const REPEATS: usize = 5;
const STARTS: usize = 20;
const REAL_STARTS: usize = 5;

/// What the bot is measured with.
struct Bench {
    server: Server,
    sandbox: Sandbox,
    people: People,
}

/// Takes a figure, and tells it.
type Figure = fn(&mut Bench);

/// The figures, by name.
const FIGURES: [(&str, Figure); 6] = [
    ("start", start),
    ("memory", memory),
    ("ping", ping),
    ("ping64", ping64),
    ("chatter", chatter),
    ("inspircd", inspircd),
];

/// Takes the figures that are named, or all but the one that needs a real server.
pub(crate) fn take(arguments: &[String]) -> ExitCode {
    // cargo itself says --bench.
    let named: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|it| *it != "--bench")
        .collect();
    let known = |name: &&str| FIGURES.iter().any(|(known, _)| known == name);
    if let Some(unknown) = named.iter().find(|name| !known(name)) {
        let names: Vec<&str> = FIGURES.iter().map(|(name, _)| *name).collect();
        println!("there is no figure {unknown}; there are: {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    let mut bench = Bench {
        server: Server::start(),
        sandbox: Sandbox::start(1),
        people: People::new(),
    };
    println!("{}", machine());
    for (name, figure) in FIGURES {
        if named.contains(&name) || (named.is_empty() && name != "inspircd") {
            figure(&mut bench);
        }
    }
    println!("{}", machine());
    ExitCode::SUCCESS
}

/// From the start of the process to its first answer, when somebody asks as soon as it has joined.
fn start(bench: &mut Bench) {
    let handshakes = times(STARTS, |_| {
        let echo = Process::echo(bench.server.port());
        let link = bench.server.welcome("");
        drop(echo);
        link.handshake
    });
    let home = Home::new(bench.server.port(), &bench.sandbox);
    let mut own = Vec::new();
    let mut starts = times(STARTS + 1, |_| {
        let question = bench.people.line("alice", "!ping");
        let begun = Instant::now();
        let _bot = Process::bot(&home);
        let mut link = bench.server.welcome(&question);
        link.hear(|_| {});
        own.push(link.handshake);
        begun.elapsed()
    });
    tell("start to first answer, with a new store", &starts[..1]);
    tell(
        "start to first answer, with the store of the last run",
        &starts.split_off(1),
    );
    tell("  of which the handshake, connected to joined", &own);
    tell("  and the handshake of the echo client", &handshakes);
}

/// Memory when nothing happens, and after much did.
fn memory(bench: &mut Bench) {
    let home = Home::new(bench.server.port(), &bench.sandbox);
    let (bot, mut link) = bench.bot(&home);
    std::thread::sleep(Duration::from_secs(5));
    tell_memory("memory, idle", &bot);
    bench.people.ask(&bot, &mut link, 100_000, 64);
    bench.people.chat(&bot, &mut link, 500_000);
    std::thread::sleep(Duration::from_secs(15));
    tell_memory(
        "memory, idle after 100,000 answers and 500,000 lines of chatter",
        &bot,
    );
    drop((bot, link));
    let echo = Process::echo(bench.server.port());
    let link = bench.server.welcome("");
    tell_memory("memory of the echo client", &echo);
    drop((echo, link));
}

fn ping(bench: &mut Bench) {
    compare(bench, "!ping one at a time", |people, process, link| {
        people.ask(process, link, 20_000, 1)
    });
}

fn ping64(bench: &mut Bench) {
    compare(bench, "!ping, 64 in flight", |people, process, link| {
        people.ask(process, link, 100_000, 64)
    });
}

fn chatter(bench: &mut Bench) {
    compare(
        bench,
        "chatter, as fast as it is read",
        |people, process, link| people.chat(process, link, 500_000),
    );
    compare(bench, "chatter, line by line", |people, process, link| {
        people.murmur(process, link, 10_000, Duration::from_micros(200))
    });
}

/// The start on a real server. It lets clients in on its own timer, which a plain client is measured for.
fn inspircd(bench: &mut Bench) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = InspIrcd::start(Services::None).await;
        let alice = Person::nobody(server.plain(), "alice").await;
        alice.joins(ROOM).await;
        let home = Home::new(server.plain().port, &bench.sandbox);
        let (mut starts, mut handshakes) = (Vec::new(), Vec::new());
        for _ in 0..REAL_STARTS {
            let begun = Instant::now();
            let bob = Person::nobody(server.plain(), "bob").await;
            bob.joins(ROOM).await;
            handshakes.push(begun.elapsed());
            bob.leaves().await;

            let begun = Instant::now();
            let bot = Process::bot(&home);
            alice
                .sees("the bot", |line| line.is("JOIN") && line.raw.contains(":bot!"))
                .await;
            alice.says(ROOM, "!ping");
            alice
                .sees("its answer", |line| {
                    line.is("PRIVMSG") && line.text().contains("pong")
                })
                .await;
            starts.push(begun.elapsed());
            drop(bot);
            alice
                .sees("its end", |line| line.is("QUIT") && line.raw.contains(":bot!"))
                .await;
        }
        tell("start to first answer, on InspIRCd", &starts);
        tell("  a plain client, connect to joined", &handshakes);
    });
}

impl Bench {
    /// A bot that is where it should be.
    fn bot(&mut self, home: &Home) -> (Process, Link) {
        let bot = Process::bot(home);
        let question = self.people.line("alice", "!ping");
        let mut link = self.server.welcome(&question);
        link.hear(|_| {});
        (bot, link)
    }
}

/// The bot and the echo client under the same load, in turn.
fn compare(bench: &mut Bench, what: &str, load: fn(&mut People, &Process, &mut Link) -> Round) {
    let home = Home::new(bench.server.port(), &bench.sandbox);
    let (bot, mut bot_link) = bench.bot(&home);
    let echo = Process::echo(bench.server.port());
    let mut echo_link = bench.server.welcome("");
    load(&mut bench.people, &bot, &mut bot_link);
    let (mut of_bot, mut of_echo) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        of_bot.push(load(&mut bench.people, &bot, &mut bot_link));
        of_echo.push(load(&mut bench.people, &echo, &mut echo_link));
    }
    for (who, rounds) in [("bot", of_bot), ("echo client", of_echo)] {
        tell_each(&format!("{what}, {who}: CPU"), &rounds, |round| round.cpu);
        tell_each("  wall time", &rounds, |round| round.wall);
        if !rounds[0].waits.is_empty() {
            tell_each("  latency, median", &rounds, |round| round.wait(50));
            tell_each("  latency, 99 of 100", &rounds, |round| round.wait(99));
        }
    }
}

fn times(count: usize, take: impl FnMut(usize) -> Duration) -> Vec<Duration> {
    (0..count).map(take).collect()
}

fn tell_each(what: &str, rounds: &[Round], figure: fn(&Round) -> Duration) {
    tell(what, &rounds.iter().map(figure).collect::<Vec<_>>());
}

fn tell(what: &str, times: &[Duration]) {
    let mut times = times.to_vec();
    times.sort_unstable();
    let [lowest, median, highest] = [0, times.len() / 2, times.len() - 1].map(|at| micros(times[at]));
    println!("{what:<62} {median:>12}  ({lowest} to {highest})");
}

fn micros(time: Duration) -> String {
    format!("{:.2} µs", time.as_secs_f64() * 1e6)
}

fn tell_memory(what: &str, process: &Process) {
    let [rss, pss] = process
        .memory()
        .map(|kib| format!("{:.1} MiB", f64::from(kib) / 1024.0));
    println!("{what:<62} RSS {rss}, PSS {pss}, {} threads", process.threads());
}

/// What a figure depends on.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let models = || {
        cpus.lines()
            .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
    };
    format!(
        "{} × {}, Linux {}; load {}",
        models().count(),
        models().next().map_or("?", |(_, model)| model),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg").trim(),
    )
}
