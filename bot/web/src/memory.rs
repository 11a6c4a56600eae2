//! A time for each peer, for as many peers as there is room for.
//!
//! Addresses cost nothing: one site has 65,536 networks of IPv6, and what a minute brings must not decide how much memory
//! the bot needs. When there is no room left, the quarter with the earliest times goes. Those are the peers whose buckets
//! are the fullest: what is lost is a token or two that they had used. Who used up all tokens stays remembered, and nobody
//! is refused because others came in numbers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// How many peers are remembered; with them the map has 2 MiB.
pub(crate) const MOST: usize = 50_000;

type Times = HashMap<IpAddr, Nanos>;

/// When each peer's bucket is full again, or when it is listened to again.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Times>);

impl Memory {
    pub(crate) fn get(&self, peer: &IpAddr) -> Option<Nanos> {
        self.times().get(peer).copied()
    }

    pub(crate) fn set(&self, peer: IpAddr, time: Nanos) {
        put(&mut self.times(), peer, time);
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(times: &mut Times, peer: IpAddr, time: Nanos) {
    if times.len() >= MOST && !times.contains_key(&peer) {
        make_room(times);
    }
    times.insert(peer, time);
}

/// Costs a look at each, once for a quarter of them that come new.
fn make_room(times: &mut Times) {
    let mut all: Vec<(Nanos, IpAddr)> = times.iter().map(|(peer, time)| (*time, *peer)).collect();
    let quarter = all.len() / 4;
    let (_, last, _) = all.select_nth_unstable(quarter);
    times.retain(|peer, time| (*time, *peer) > *last);
}

impl StateStore for Memory {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, peer: &IpAddr, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut times = self.times();
        let (outcome, time) = measure(times.get(peer).copied())?;
        put(&mut times, *peer, time);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<IpAddr> for Memory {
    fn retain_recent(&self, drop_below: Nanos) {
        self.times().retain(|_, time| *time > drop_below);
    }

    fn shrink_to_fit(&self) {
        self.times().shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.times().len()
    }

    fn is_empty(&self) -> bool {
        self.times().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: usize) -> IpAddr {
        IpAddr::from(u32::try_from(number).unwrap().to_be_bytes())
    }

    #[test]
    fn who_used_the_least_is_forgotten_first_when_there_is_no_room() {
        let memory = Memory::default();
        // The later ones used more, but for the first ten, who used the most.
        for number in 0..MOST {
            let time = if number < 10 {
                u64::MAX
            } else {
                u64::try_from(number).unwrap()
            };
            memory.set(peer(number), Nanos::new(time));
        }
        memory.set(peer(MOST - 1), Nanos::new(1_000_000));
        assert_eq!(memory.len(), MOST, "who is known needs no room");
        memory.set(peer(MOST), Nanos::new(1_000_000));
        assert_eq!(memory.len(), MOST - MOST / 4);
        let known = |number| memory.get(&peer(number)).is_some();
        assert!((0..10).all(known));
        assert!(!known(10) && !known(MOST / 4 + 10) && known(MOST / 4 + 11));
        assert!(known(MOST - 1) && known(MOST));
    }

    #[test]
    fn equal_times_do_not_make_all_go_at_once() {
        let memory = Memory::default();
        for number in 0..=MOST {
            memory.set(peer(number), Nanos::new(7));
        }
        assert_eq!(memory.len(), MOST - MOST / 4);
    }
}
