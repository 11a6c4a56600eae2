//! A few accounts, and all that happens to them at once. Futures are polled by hand: every question to the store and every
//! statement is a place where somebody else may be next.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};

use countersign_core::access::{Kind as Whose, Why};
use countersign_core::link::{self, Visitor};
use countersign_secrets::path_id::PathId;

use super::made::{NAMES, auth, over, proof};
use super::memory::Fault;
use super::oracle;
use super::server::{Account, Hand, Rows, Server};
use super::table::Table;
use super::world::{World, at};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Grant(u8),
    Open(u8),
    Guess(u8),
    Burn(u8),
    Renew(u64),
    Revoke(u64),
    Work,
}

struct Task {
    kind: Kind,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

pub(crate) struct Game {
    table: Rc<Table>,
    tasks: Vec<Task>,
    now: i64,
    /// The latest that the clock ever said.
    latest: i64,
    granted: u8,
    /// What was reached.
    pub(crate) seen: BTreeSet<String>,
}

impl Game {
    pub(crate) fn new() -> Self {
        let server = Arc::new(Server::default());
        let hand = Hand(Arc::clone(&server));
        let world = World::keeping(1, Some(Arc::new(hand)));
        Self {
            table: Rc::new(Table { world, server }),
            tasks: Vec::new(),
            now: 0,
            latest: 0,
            granted: 0,
            seen: BTreeSet::new(),
        }
    }

    /// What a number stands for: every sequence of numbers is a game.
    pub(crate) fn step(&mut self, step: u64) {
        let detail = step / 100;
        match step % 100 {
            0..=1 if self.granted < 200 => {
                self.granted += 1;
                self.begin(Kind::Grant(self.granted));
            }
            2..=5 => self.begin(Kind::Open(self.one_with_a_link(detail))),
            6 => self.begin(Kind::Guess(self.one_with_a_link(detail))),
            7 if detail.is_multiple_of(2) => self.begin(Kind::Burn(self.one_with_a_link(detail))),
            8..=9 => self.begin(Kind::Renew(detail)),
            10 if detail.is_multiple_of(2) => self.begin(Kind::Revoke(detail)),
            11..=15 => self.works(),
            16 => self.sets_clock(i64::try_from(detail % 500).unwrap()),
            17 if detail.is_multiple_of(4) => self.sets_clock(i64::try_from(detail % 20_000).unwrap()),
            18 => self.sets_clock(-i64::try_from(detail % 4_000).unwrap()),
            19 if detail.is_multiple_of(3) => self.rows(|rows| rows.down = true),
            20..=22 => self.rows(|rows| rows.down = false),
            23 => self.rows(|rows| rows.late = !rows.late),
            24 if detail.is_multiple_of(2) => self.fails(Fault::Before),
            25 if detail.is_multiple_of(2) => self.fails(Fault::After),
            26 if detail.is_multiple_of(3) => self.crashes(),
            27..=28 => self.engine_fails(),
            29 => self.stranger(detail),
            30..=31 => self.logs_in(detail),
            _ if self.tasks.is_empty() => self.works(),
            _ => {
                let one = usize::try_from(detail).unwrap() % self.tasks.len();
                self.poll(one);
            }
        }
    }

    /// The number of a grant whose link can be opened; of the last, if none can.
    fn one_with_a_link(&self, detail: u64) -> u8 {
        let disk = self.table.world.store.disk();
        let live: Vec<u8> = disk
            .links
            .values()
            .filter(|link| link.state == link::State::Live)
            .map(|link| link.path.0[0])
            .collect();
        let one = usize::try_from(detail).unwrap() % live.len().max(1);
        live.get(one).copied().unwrap_or(self.granted)
    }

    fn rows(&self, change: impl FnOnce(&mut Rows)) {
        change(&mut self.table.server.0.lock().unwrap());
    }

    fn sets_clock(&mut self, by: i64) {
        self.now += by;
        self.latest = self.latest.max(self.now);
        self.table.world.clock.set(at(self.now));
    }

    fn fails(&mut self, fault: Fault) {
        if fault == Fault::After {
            self.seen.insert("the store lost an answer".into());
        }
        *self.table.world.store.fault.lock().unwrap() = Some(fault);
    }

    /// What was not committed is as if it had never been; what was done at the server was done.
    fn crashes(&mut self) {
        if self.tasks.iter().any(|task| task.kind == Kind::Work) {
            self.seen.insert("a crash with the worker at work".into());
        }
        self.tasks.clear();
    }

    /// An operation that nobody is at work on any more comes to nothing.
    fn engine_fails(&mut self) {
        let at_work: Vec<String> = self
            .tasks
            .iter()
            .filter_map(|task| match task.kind {
                Kind::Grant(n) => Some(format!("O{n}")),
                _ => None,
            })
            .collect();
        let mut disk = self.table.world.store.disk.lock().unwrap();
        let mut left = disk
            .operations
            .values_mut()
            .filter(|operation| !operation.state.is_final() && !at_work.contains(&operation.id.to_string()));
        if let Some(operation) = left.next() {
            *operation = over(operation, false);
        }
    }

    /// Somebody else removes an account of ours, or makes one with such a name.
    fn stranger(&mut self, detail: u64) {
        let name = format!("cs_{}", NAMES[usize::try_from(detail % 3).unwrap()]);
        self.rows(|rows| {
            if detail.is_multiple_of(2) {
                rows.accounts.remove(&name);
            } else {
                rows.accounts.entry(name).or_insert(Account {
                    locked: false,
                    sessions: 0,
                    of: None,
                });
            }
        });
    }

    /// What was removed is brought back, as from a backup.
    fn comes_back(&mut self) {
        let disk = self.table.world.store.disk();
        let gone = disk
            .accesses
            .values()
            .filter(|access| access.state.why() == Some(&Why::Gone));
        for access in gone {
            let account = Account {
                locked: false,
                sessions: 0,
                of: None,
            };
            self.rows(|rows| {
                rows.accounts.entry(access.account.clone()).or_insert(account);
            });
        }
    }

    fn logs_in(&mut self, detail: u64) {
        let mut logged_in = false;
        self.rows(|rows| {
            let mut usable = rows
                .accounts
                .values_mut()
                .filter(|account| !account.locked && account.of.is_some());
            if let Some(account) = usable.nth(usize::try_from(detail % 2).unwrap()) {
                account.sessions += 1;
                logged_in = true;
            }
        });
        if logged_in {
            self.seen.insert("somebody logs in".into());
        }
    }

    /// There is one worker, and it does one round of a database at a time.
    fn works(&mut self) {
        if self.tasks.iter().all(|task| task.kind != Kind::Work) {
            self.begin(Kind::Work);
        }
    }

    fn begin(&mut self, kind: Kind) {
        let table = Rc::clone(&self.table);
        let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
            let by = Visitor {
                peer: "10.2.3.4".into(),
                agent: String::new(),
            };
            match kind {
                Kind::Grant(n) => {
                    let over = table.grant(n).await.is_ok();
                    table.over(n, over).await;
                }
                Kind::Open(n) | Kind::Guess(n) => {
                    let door = table.world.bot.door();
                    let auth = auth(if matches!(kind, Kind::Open(_)) { n } else { 255 });
                    door.redeem(&PathId([n; 16]), &proof(n), &auth, &by).await.ok();
                }
                Kind::Burn(n) => {
                    let who = NAMES[usize::from(n) % 3];
                    table.world.says(who, &format!("burn K7QM{n:02X}")).await;
                }
                Kind::Renew(detail) => {
                    table.renew(detail).await.ok();
                }
                Kind::Revoke(detail) => {
                    table.revoke(detail).await.ok();
                }
                Kind::Work => {
                    table.world.bot.worker().drain().await.ok();
                }
            }
        });
        self.tasks.push(Task { kind, future });
    }

    fn poll(&mut self, one: usize) {
        let before = self.table.world.store.disk();
        let sessions = self.sessions();
        let mut context = Context::from_waker(Waker::noop());
        let came = self.tasks[one].future.as_mut().poll(&mut context);
        let after = self.table.world.store.disk();
        oracle::compare(&before, &after, &mut self.seen);
        oracle::usable(&self.table.server.rows(), &after);
        if sessions > self.sessions() {
            self.seen.insert("somebody is cut off".into());
        }
        if came.is_ready() {
            let task = self.tasks.swap_remove(one);
            let refused = |n: u8| !after.accesses.contains_key(format!("A{n}").as_str());
            if matches!(task.kind, Kind::Grant(n) if refused(n)) {
                self.seen.insert("not granted: the account is there".into());
            }
        }
    }

    fn sessions(&self) -> u32 {
        let rows = self.table.server.rows();
        rows.accounts.values().map(|account| account.sessions).sum()
    }

    /// Everybody comes to their end.
    fn rest(&mut self) {
        let mut polls = 0;
        while !self.tasks.is_empty() {
            self.poll(polls % self.tasks.len());
            polls += 1;
            assert!(polls < 200_000, "it comes to no end");
        }
    }

    /// The server answers, and the worker works for a while.
    fn settles(&mut self, pause: i64) {
        *self.table.world.store.fault.lock().unwrap() = None;
        self.rows(|rows| (rows.down, rows.late) = (false, false));
        for _ in 0..4 {
            self.sets_clock(pause);
            self.works();
            self.rest();
        }
    }

    /// In the end records and accounts are the same, what is over is gone, and when the last time has come nothing is left
    /// but strays.
    pub(crate) fn ends(&mut self) {
        self.rest();
        for _ in 0..=self.granted {
            self.engine_fails();
        }
        self.now = self.latest;
        self.settles(301);
        let (rows, disk) = (self.table.server.rows(), self.table.world.store.disk());
        oracle::at_rest(&rows, &disk);
        self.comes_back();
        self.settles(301);
        oracle::at_rest(&self.table.server.rows(), &self.table.world.store.disk());
        self.sets_clock(24 * 3600);
        self.settles(301);
        let (rows, disk) = (self.table.server.rows(), self.table.world.store.disk());
        oracle::at_rest(&rows, &disk);
        for access in disk.accesses.values().filter(|access| !access.state.is_final()) {
            assert_eq!(
                access.kind,
                Whose::Stray,
                "{} has outlived its end",
                access.account
            );
        }
        assert!(
            rows.accounts.values().all(|account| account.of.is_none()),
            "L8: nothing outlives its end"
        );
    }
}
