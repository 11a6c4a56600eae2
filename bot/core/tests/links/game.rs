//! One link, and all that happens to it at once. Futures are polled by hand: every question to the store is a place where
//! somebody else may be next.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use countersign_core::door::Redemption;
use countersign_core::link::{GUESSES, Link, State, Visitor};
use countersign_core::message::Place;
use countersign_core::store::StoreError;
use countersign_secrets::base64url;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};

use super::memory::{Disk, Fault};
use super::world::{World, account, at};

const ID: &str = "K7QM2X";
const CONTENT: &[u8] = b"what is locked";
const PATH: PathId = PathId([7; 16]);
/// When it expires.
const END: i64 = 3600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Right,
    Wrong,
    Stranger,
    Status,
    Burn,
    Sweep,
}

enum Came {
    Redeemed(Result<Redemption, StoreError>),
    Status(Result<Option<&'static str>, StoreError>),
    Nothing,
}

struct Task {
    kind: Kind,
    future: Pin<Box<dyn Future<Output = Came>>>,
    /// What it wrote: the link as it was then.
    wrote: Vec<Link>,
    /// Whether somebody had been told before it began that the link has expired.
    too_late: bool,
}

pub(crate) struct Game {
    world: Rc<World>,
    tasks: Vec<Task>,
    now: i64,
    /// The latest that the clock ever said.
    latest: i64,
    opened: u32,
    guesses: BTreeSet<u8>,
    told_expired: bool,
    /// What was reached.
    pub(crate) seen: BTreeSet<String>,
}

fn proof(n: u8) -> LinkProof {
    LinkProof::parse(&base64url::encode(&[n; 32])).unwrap()
}

fn auth(n: u8) -> AuthProof {
    AuthProof::parse(&base64url::encode(&[n; 32])).unwrap()
}

fn link() -> Link {
    let direct = || Place::Direct(account("alice"));
    Link {
        id: ID.into(),
        path: PATH,
        header: "{}".into(),
        nonce: [5; 12],
        link: proof(1).digest(),
        auth: auth(2).digest(),
        phrase: None,
        recipient: "alice".into(),
        requester: "alice".into(),
        request: "R-0001".into(),
        operation: "7F3K".into(),
        target: Some("stage".into()),
        title: "stage's DATABASE_URL".into(),
        sent_to: direct(),
        asked_in: direct(),
        access: None,
        disowned: None,
        state: State::Live,
        attempts_left: GUESSES,
        made: at(0),
        expires: at(END),
        version: 0,
    }
}

fn visitor() -> Visitor {
    Visitor {
        peer: "10.2.3.4".into(),
        agent: String::new(),
    }
}

fn kept(disk: &Disk) -> Option<&Link> {
    disk.links.get(ID)
}

impl Game {
    pub(crate) fn new() -> Self {
        let world = World::new(1);
        {
            let mut disk = world.store.disk.lock().unwrap();
            disk.links.insert(ID.into(), link());
            disk.contents.insert(ID.into(), CONTENT.to_vec());
        }
        Self {
            world: Rc::new(world),
            tasks: Vec::new(),
            now: 0,
            latest: 0,
            opened: 0,
            guesses: BTreeSet::new(),
            told_expired: false,
            seen: BTreeSet::new(),
        }
    }

    /// What a number stands for: every sequence of numbers is a game.
    pub(crate) fn step(&mut self, step: u64) {
        let detail = step / 100;
        match step % 100 {
            0..=9 => self.begin(Kind::Right),
            10..=17 => self.begin(Kind::Wrong),
            18..=20 => self.begin(Kind::Stranger),
            21..=23 => self.begin(Kind::Status),
            24 => self.begin(Kind::Burn),
            25..=26 => self.begin(Kind::Sweep),
            27 => self.sets_clock(i64::try_from(detail % 4_000).unwrap()),
            28 => self.sets_clock(-i64::try_from(detail % 4_000).unwrap()),
            29 if detail.is_multiple_of(4) => self.sets_clock(32 * 24 * 3600),
            30 => self.fails(Fault::Before),
            31 => self.fails(Fault::After),
            32 if detail.is_multiple_of(3) => self.crashes(),
            _ if self.tasks.is_empty() => self.begin(Kind::Wrong),
            _ => {
                let one = usize::try_from(detail).unwrap() % self.tasks.len();
                self.poll(one);
            }
        }
    }

    fn sets_clock(&mut self, by: i64) {
        self.now += by;
        self.latest = self.latest.max(self.now);
        self.world.clock.set(at(self.now));
    }

    fn fails(&self, fault: Fault) {
        *self.world.store.fault.lock().unwrap() = Some(fault);
    }

    /// What was not committed is as if it had never been.
    fn crashes(&mut self) {
        if self.tasks.iter().any(|task| task.kind == Kind::Right) {
            self.seen.insert("crash with a right one under way".into());
        }
        self.tasks.clear();
    }

    fn begin(&mut self, kind: Kind) {
        let world = Rc::clone(&self.world);
        let door = world.bot.door();
        let future: Pin<Box<dyn Future<Output = Came>>> = Box::pin(async move {
            let (proof, auth) = match kind {
                Kind::Right => (proof(1), auth(2)),
                Kind::Wrong => (proof(1), auth(3)),
                _ => (proof(9), auth(2)),
            };
            match kind {
                Kind::Right | Kind::Wrong | Kind::Stranger => {
                    Came::Redeemed(door.redeem(&PATH, &proof, &auth, &visitor()).await)
                }
                Kind::Status => {
                    let proof = super::game::proof(1);
                    let status = door.link_status(&PATH, &proof).await;
                    Came::Status(status.map(|status| status.map(|status| status.state)))
                }
                Kind::Burn => {
                    world.says("alice", &format!("burn {ID}")).await;
                    Came::Nothing
                }
                Kind::Sweep => {
                    world.bot.worker().drain().await.ok();
                    Came::Nothing
                }
            }
        });
        self.tasks.push(Task {
            kind,
            future,
            wrote: Vec::new(),
            too_late: self.told_expired,
        });
    }

    fn poll(&mut self, one: usize) {
        let before = self.world.store.disk();
        let mut context = Context::from_waker(Waker::noop());
        let came = self.tasks[one].future.as_mut().poll(&mut context);
        let after = self.world.store.disk();
        self.compare(one, &before, &after);
        if let Poll::Ready(came) = came {
            let task = self.tasks.swap_remove(one);
            self.answered(&task, came, &after);
        }
    }

    /// What may become of the link on disk, by whom.
    fn compare(&mut self, one: usize, before: &Disk, after: &Disk) {
        let task = &mut self.tasks[one];
        let kind = task.kind;
        if matches!(kind, Kind::Stranger | Kind::Status) {
            assert_eq!(before, after, "L4: {kind:?} changes nothing");
            return;
        }
        let has_content = after.contents.contains_key(ID);
        let is_live = kept(after).is_some_and(|link| link.state == State::Live);
        assert_eq!(
            has_content, is_live,
            "L6: the content is there while the link lives and no longer"
        );
        let (old, new) = match (kept(before), kept(after)) {
            (Some(old), Some(new)) if old != new => (old, new),
            (Some(old), None) => {
                assert!(kind == Kind::Sweep && old.state != State::Live);
                self.seen.insert("changed by sweep: forgotten".into());
                return;
            }
            _ => return,
        };
        if matches!((kind, &old.state), (Kind::Burn, State::Redeemed { .. })) {
            // Whoever it was for says that it was not they who opened it; that is noted, once, and nothing else.
            assert_eq!((&old.disowned, &new.disowned), (&None, &Some("alice".into())));
            let noted = Link {
                disowned: new.disowned.clone(),
                version: old.version + 1,
                ..old.clone()
            };
            assert_eq!(*new, noted);
            self.seen.insert("changed by burn: disowned".into());
            return;
        }
        assert_eq!(old.state, State::Live, "what has ended stays as it ended");
        assert_eq!(new.version, old.version + 1);
        let lost = old.attempts_left - new.attempts_left;
        match (kind, &new.state) {
            (Kind::Right, State::Redeemed { at: when, .. }) => {
                assert!(*when < at(END) && lost == 0);
                assert!(
                    !task.too_late,
                    "who began after its end was known does not open it"
                );
            }
            (Kind::Wrong, State::Live) => assert!(lost == 1 && new.attempts_left > 0),
            (Kind::Wrong, State::Burned { by: None, .. }) => {
                assert!(lost == 1 && new.attempts_left == 0, "L5");
            }
            (Kind::Burn, State::Burned { by: Some(by), .. }) => assert!(by.as_str() == "alice" && lost == 0),
            (Kind::Sweep, State::Expired { .. }) => assert_eq!(lost, 0),
            (kind, state) => panic!("{kind:?} made it {state:?}"),
        }
        assert_eq!(
            after.audit.len() - before.audit.len(),
            if new.attempts_left == 0 { 2 } else { 1 }
        );
        self.seen
            .insert(format!("changed by {kind:?}: {}", new.state.word()).to_lowercase());
        task.wrote.push(new.clone());
    }

    /// What may be answered, to whom.
    fn answered(&mut self, task: &Task, came: Came, disk: &Disk) {
        let kind = format!("{:?}", task.kind).to_lowercase();
        let word = match came {
            Came::Nothing => return,
            Came::Status(status) => match status.unwrap() {
                Some(state) => {
                    self.told_expired |= state == "expired";
                    state.to_owned()
                }
                None => "not found".to_owned(),
            },
            Came::Redeemed(Ok(Redemption::Opened { ciphertext, .. })) => {
                assert_eq!(task.kind, Kind::Right);
                assert_eq!(ciphertext, CONTENT);
                self.opened += 1;
                assert_eq!(self.opened, 1, "L1: one success");
                assert!(
                    matches!(
                        task.wrote[..],
                        [Link {
                            state: State::Redeemed { .. },
                            ..
                        }]
                    ),
                    "L2: it is on disk"
                );
                assert!(kept(disk).is_none_or(|link| matches!(link.state, State::Redeemed { .. })));
                "opened".to_owned()
            }
            Came::Redeemed(Ok(Redemption::WrongPhrase { attempts_left })) => {
                assert_eq!(task.kind, Kind::Wrong);
                assert_eq!(task.wrote.len(), 1, "its guess is on disk");
                assert_eq!(task.wrote[0].attempts_left, attempts_left);
                assert!(
                    self.guesses.insert(attempts_left) && attempts_left < GUESSES,
                    "L5: five in all"
                );
                format!("wrong phrase, {attempts_left} left")
            }
            Came::Redeemed(Ok(Redemption::Gone(ending))) => {
                assert!(matches!(task.kind, Kind::Right | Kind::Wrong) && task.wrote.is_empty());
                self.told_expired |= ending.state == "expired";
                format!("gone {}", ending.state)
            }
            Came::Redeemed(Ok(Redemption::NotFound)) => {
                assert!(task.kind == Kind::Stranger || kept(disk).is_none());
                "not found".to_owned()
            }
            Came::Redeemed(Err(_)) => {
                assert_ne!(task.kind, Kind::Stranger);
                if task
                    .wrote
                    .iter()
                    .any(|link| matches!(link.state, State::Redeemed { .. }))
                {
                    self.seen.insert("opened, and nobody got it".into());
                }
                "lost".to_owned()
            }
        };
        self.seen.insert(format!("{kind}: {word}"));
    }

    /// Everybody comes to their end.
    fn rest(&mut self) {
        let mut polls = 0;
        while !self.tasks.is_empty() {
            self.poll(polls % self.tasks.len());
            polls += 1;
            assert!(polls < 100_000, "it comes to no end");
        }
    }

    /// The store is damaged, and somebody has both halves.
    pub(crate) fn loses_content(&mut self) {
        self.world.store.disk.lock().unwrap().contents.clear();
        self.begin(Kind::Right);
        let mut context = Context::from_waker(Waker::noop());
        let mut task = self.tasks.remove(0);
        let came = (0..100).find_map(|_| match task.future.as_mut().poll(&mut context) {
            Poll::Ready(came) => Some(came),
            Poll::Pending => None,
        });
        let disk = self.world.store.disk();
        self.answered(&task, came.unwrap(), &disk);
    }

    /// In the end who has both halves opens a link that lives; and when its time is over nothing of it is left.
    pub(crate) fn ends(&mut self) {
        self.rest();
        *self.world.store.fault.lock().unwrap() = None;
        let lives = kept(&self.world.store.disk()).is_some_and(|link| link.state == State::Live);
        let opened = self.opened;
        self.begin(Kind::Right);
        self.rest();
        if lives && self.latest < END {
            assert_eq!(self.opened, opened + 1);
        } else if !lives || self.told_expired || self.now >= END {
            assert_eq!(self.opened, opened);
        }
        self.sets_clock(END.max(END - self.now));
        self.begin(Kind::Sweep);
        self.rest();
        let disk = self.world.store.disk();
        assert!(disk.contents.is_empty(), "L6: nothing is left after its time");
        assert!(kept(&disk).is_none_or(|link| link.state != State::Live));
    }
}
