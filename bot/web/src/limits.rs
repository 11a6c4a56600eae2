//! How often one peer may knock.
//!
//! Nothing here is needed to keep a secret: a link proof has 256 bits, and a phrase has five tries per link, counted in
//! the store. It keeps one peer from making the store work for everybody else.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::time::Clock;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::ShrinkableKeyedStateStore as _;
use governor::{Quota, RateLimiter};

use crate::memory::Memory;
use crate::peer::Peer;
use crate::settings::{Bucket, Limits};

/// The bot's clock as the buckets read it, in nanoseconds since 1970.
#[derive(Clone, Debug)]
struct Ticks(Arc<dyn Clock>);

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let millis = u64::try_from(self.0.now().as_millisecond()).unwrap_or(0);
        Nanos::new(millis.saturating_mul(1_000_000))
    }
}

type Buckets = RateLimiter<IpAddr, Memory, Ticks, NoOpMiddleware<Nanos>>;

/// Not now; how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlowDown(pub(crate) Duration);

/// The buckets of all peers.
#[derive(Debug)]
pub(crate) struct Doormat {
    ticks: Ticks,
    posts: Buckets,
    wrong_proofs: Buckets,
    /// Who has used up its wrong proofs, and until when it is not listened to.
    shut: Memory,
}

impl Doormat {
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let ticks = Ticks(clock);
        let buckets = |bucket: Bucket| RateLimiter::new(quota(bucket), Memory::default(), ticks.clone());
        Self {
            posts: buckets(limits.posts),
            wrong_proofs: buckets(limits.wrong_proofs),
            shut: Memory::default(),
            ticks,
        }
    }

    /// A POST comes in.
    pub(crate) fn post(&self, peer: Peer) -> Result<(), SlowDown> {
        let (peer, now) = (peer.counted(), self.ticks.now());
        let until = self.shut.get(&peer);
        if let Some(until) = until.filter(|until| *until > now) {
            return Err(SlowDown(until.saturating_sub(now).into()));
        }
        let taken = self.posts.check_key(&peer);
        taken.map_err(|until| SlowDown(until.wait_time_from(now)))
    }

    /// Its link proof was wrong. The peer that made one too many is not listened to for a while; others are.
    pub(crate) fn wrong_proof(&self, peer: Peer) -> Result<(), SlowDown> {
        let (peer, now) = (peer.counted(), self.ticks.now());
        self.wrong_proofs.check_key(&peer).map_err(|until| {
            self.shut.set(peer, until.earliest_possible());
            SlowDown(until.wait_time_from(now))
        })
    }

    /// Forgets peers whose buckets are full again.
    pub(crate) fn forget(&self) {
        self.shut.retain_recent(self.ticks.now());
        self.shut.shrink_to_fit();
        for buckets in [&self.posts, &self.wrong_proofs] {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }

    /// How many peers are remembered, in all three places.
    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.posts.len() + self.wrong_proofs.len() + self.shut.len()
    }
}

fn quota(bucket: Bucket) -> Quota {
    // A bucket that gets back more than 60 million a minute is no limit; the period must not become nothing.
    let every = (Duration::from_mins(1) / bucket.per_minute.get()).max(Duration::from_micros(1));
    Quota::with_period(every)
        .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
        .allow_burst(bucket.burst)
}

#[cfg(test)]
mod tests {
    use countersign_core::time::{ManualClock, after, from_millis};

    use super::*;
    use crate::memory::MOST;

    fn doormat(posts: u32, wrong_proofs: u32) -> (Arc<ManualClock>, Doormat) {
        let clock = Arc::new(ManualClock::new(from_millis(1_800_000_000_000)));
        let limits = Limits {
            posts: Bucket::new(posts, 60),
            wrong_proofs: Bucket::new(wrong_proofs, 10),
        };
        let doormat = Doormat::new(limits, Arc::clone(&clock) as Arc<dyn Clock>);
        (clock, doormat)
    }

    fn pass(clock: &ManualClock, span: Duration) {
        clock.set(after(clock.now(), span));
    }

    fn peer(last: u8) -> Peer {
        Peer(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn a_peer_gets_its_tokens_back_with_time() {
        let (clock, doormat) = doormat(3, 10);
        for _ in 0..3 {
            assert_eq!(doormat.post(peer(1)), Ok(()));
        }
        assert_eq!(doormat.post(peer(1)), Err(SlowDown(Duration::from_secs(1))));
        assert_eq!(doormat.post(peer(2)), Ok(()), "others have their own");
        pass(&clock, Duration::from_secs(1));
        assert_eq!(doormat.post(peer(1)), Ok(()));
        assert!(doormat.post(peer(1)).is_err());
    }

    #[test]
    fn who_guesses_links_is_not_listened_to_for_a_while() {
        let (clock, doormat) = doormat(1_000, 2);
        for _ in 0..2 {
            assert_eq!(doormat.post(peer(1)), Ok(()));
            assert_eq!(doormat.wrong_proof(peer(1)), Ok(()));
        }
        assert_eq!(doormat.post(peer(1)), Ok(()), "the next may be the right one");
        assert_eq!(
            doormat.wrong_proof(peer(1)),
            Err(SlowDown(Duration::from_secs(6)))
        );
        assert_eq!(doormat.post(peer(1)), Err(SlowDown(Duration::from_secs(6))));
        assert_eq!(doormat.post(peer(2)), Ok(()));
        pass(&clock, Duration::from_secs(4));
        assert_eq!(doormat.post(peer(1)), Err(SlowDown(Duration::from_secs(2))));
        pass(&clock, Duration::from_secs(2));
        assert_eq!(doormat.post(peer(1)), Ok(()));
    }

    #[test]
    fn peers_are_forgotten() {
        let (clock, doormat) = doormat(3, 1);
        for last in 0..100 {
            doormat.post(peer(last)).unwrap();
            doormat.wrong_proof(peer(last)).unwrap();
            doormat.wrong_proof(peer(last)).unwrap_err();
        }
        doormat.forget();
        assert_eq!(doormat.remembered(), 300);
        pass(&clock, Duration::from_mins(2));
        doormat.forget();
        assert_eq!(doormat.remembered(), 0);
    }

    #[test]
    fn addresses_in_numbers_need_no_more_memory_and_shut_nobody_out() {
        let (clock, doormat) = doormat(3, 1);
        let guesser = peer(1);
        doormat.wrong_proof(guesser).unwrap();
        doormat.wrong_proof(guesser).unwrap_err();
        for network in 0..4 * u128::try_from(MOST).unwrap() {
            let stranger = Peer(IpAddr::from(((0x2001_0db8 << 32 | network) << 64).to_be_bytes()));
            doormat.post(stranger).unwrap();
            doormat.wrong_proof(stranger).unwrap();
        }
        let (posts, wrong_proofs) = (doormat.posts.len(), doormat.wrong_proofs.len());
        assert!(posts <= MOST && wrong_proofs <= MOST, "{posts}, {wrong_proofs}");
        assert_eq!(doormat.post(peer(2)), Ok(()));
        assert_eq!(doormat.post(guesser), Err(SlowDown(Duration::from_secs(6))));
        pass(&clock, Duration::from_mins(2));
        doormat.forget();
        assert_eq!(doormat.remembered(), 0);
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer_than_it_went_back() {
        let (clock, doormat) = doormat(3, 10);
        doormat.post(peer(1)).unwrap();
        clock.set(from_millis(1_800_000_000_000 - 60_000));
        doormat.post(peer(2)).unwrap();
        clock.set(from_millis(1_800_000_000_000 + 1_000));
        doormat.post(peer(1)).unwrap();
    }
}
