//! What people say: in the shape that InspIRCd gives it, with the time, an id of its own and the account.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::server::Link;
use crate::support::serve::ROOM;

/// Chatter that is made once and said again and again.
const BLOCK: usize = 10_000;
/// Some of those who chat are people of the configuration.
const NICKS: [&str; 8] = [
    "alice", "bob", "carol", "dave", "erin", "guest1", "guest2", "guest3",
];
const WORDS: [&str; 5] = [
    "the build of yesterday is green again, has anybody seen why?",
    "yes",
    "I restarted the job, it was the mirror that did not answer in time and there is a ticket for that already",
    "thanks! lunch?",
    "see https://example.test/jobs?repo=autoland&revision=8d07be4 for the log, line 1182",
];

/// Says things with ids that nobody used before.
pub(crate) struct People {
    said: u64,
}

/// What a round of the load took.
pub(crate) struct Round {
    /// CPU time of the process for each line.
    pub(crate) cpu: Duration,
    /// Wall time for each line.
    pub(crate) wall: Duration,
    /// From question to answer, sorted; only where there were questions.
    pub(crate) waits: Vec<Duration>,
}

impl People {
    pub(crate) fn new() -> Self {
        Self { said: 0 }
    }

    /// A line of somebody, as the server sends it.
    pub(crate) fn line(&mut self, nick: &str, text: &str) -> String {
        self.said += 1;
        let id = self.said;
        let now = jiff::Timestamp::now();
        format!(
            "@time={now:.3};msgid=9WyPmQS3LXB4zV{id:08};account={nick} :{nick}!{nick}@127.0.0.1 PRIVMSG {ROOM} :{text}\r\n"
        )
    }

    /// Asks `!ping` so many times, with so many questions without an answer at any time. Answers come in the order of
    /// the questions or are taken as if.
    pub(crate) fn ask(
        &mut self,
        process: &Process,
        link: &mut Link,
        count: usize,
        in_flight: usize,
    ) -> Round {
        let (mut asked, mut waits) = (VecDeque::new(), Vec::with_capacity(count));
        let (cpu, start) = (process.cpu(), Instant::now());
        let mut first = String::new();
        for _ in 0..in_flight {
            first += &self.line("alice", "!ping");
            asked.push_back(Instant::now());
        }
        link.say(first.as_bytes());
        while !asked.is_empty() {
            link.hear(|answers| {
                let now = Instant::now();
                let since = asked.pop_front().expect("somebody asked");
                waits.push(now.duration_since(since));
                if waits.len() + asked.len() < count {
                    answers.extend_from_slice(self.line("alice", "!ping").as_bytes());
                    asked.push_back(now);
                }
            });
        }
        let round = Round::of(count, process.cpu().saturating_sub(cpu), start.elapsed());
        waits.sort_unstable();
        Round { waits, ..round }
    }

    /// Chats, as fast as the client reads.
    pub(crate) fn chat(&mut self, process: &Process, link: &mut Link, count: usize) -> Round {
        let block = self.chatter(BLOCK);
        let (cpu, start) = (process.cpu(), Instant::now());
        for _ in 0..count / BLOCK {
            link.say(block.as_bytes());
        }
        self.settle(link);
        Round::of(count, process.cpu().saturating_sub(cpu), start.elapsed())
    }

    /// Chats line by line, with a pause after each.
    pub(crate) fn murmur(
        &mut self,
        process: &Process,
        link: &mut Link,
        count: usize,
        pause: Duration,
    ) -> Round {
        let block = self.chatter(count);
        let (cpu, start) = (process.cpu(), Instant::now());
        for line in block.split_inclusive('\n') {
            link.say(line.as_bytes());
            std::thread::sleep(pause);
        }
        self.settle(link);
        Round::of(count, process.cpu().saturating_sub(cpu), start.elapsed())
    }

    fn chatter(&mut self, count: usize) -> String {
        let lines = (0..count).map(|n| self.line(NICKS[n % NICKS.len()], WORDS[n % WORDS.len()]));
        lines.collect()
    }

    /// Waits until everything before was read.
    fn settle(&mut self, link: &mut Link) {
        link.say(self.line("alice", "!ping").as_bytes());
        link.hear(|_| {});
    }
}

impl Round {
    fn of(count: usize, cpu: Duration, wall: Duration) -> Self {
        let count = u32::try_from(count).unwrap();
        Self {
            cpu: cpu / count,
            wall: wall / count,
            waits: Vec::new(),
        }
    }

    /// How long so many of a hundred waited at most.
    pub(crate) fn wait(&self, percent: usize) -> Duration {
        self.waits[self.waits.len() * percent / 100]
    }
}
