//! What waits to be said, and what was said and is not confirmed.
//!
//! Places take turns, line by line, so that a long answer in one room does not hold up a short one in another. In one
//! place a post is said to its end before the next begins, and of those that wait the most urgent comes first.
//!
//! IRC confirms nothing. But a server handles lines in order, so whatever was sent before a PING has arrived when its
//! PONG has. If the connection ends before, what was not confirmed is said again: a line may be heard twice, and none
//! is lost.

use std::collections::{HashMap, VecDeque};

use countersign_core::chat::SendError;
use countersign_core::id::NetworkId;
use countersign_core::message::Place;
use tokio::time::{Duration, Instant};

use crate::lane::{Lane, Shut};
use crate::post::{Job, JobId, Jobs, Mark};
use crate::session::Loss;

/// The posts of a network.
#[derive(Debug)]
pub(crate) struct Queue {
    network: NetworkId,
    jobs: Jobs,
    next_id: JobId,
    lanes: HashMap<Place, Lane>,
    /// The places that may have something to say, in the order of their turns.
    turns: VecDeque<Place>,
    /// What was said and is not confirmed, in order.
    said: VecDeque<(JobId, Mark)>,
    /// How many of those there were ever, and how many of them are confirmed or lost.
    said_ever: u64,
    settled_ever: u64,
    /// How many posts were said to their end and are not confirmed.
    unconfirmed: usize,
    /// How many places are shut.
    shut: usize,
}

impl Queue {
    /// An empty one.
    pub(crate) fn new(network: NetworkId) -> Self {
        Self {
            network,
            jobs: Jobs::new(),
            next_id: 0,
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            said: VecDeque::new(),
            said_ever: 0,
            settled_ever: 0,
            unconfirmed: 0,
            shut: 0,
        }
    }

    /// Adds a post at the end of those that are as urgent.
    pub(crate) fn add(&mut self, job: Job) {
        let id = self.next_id;
        self.next_id += 1;
        self.lane(&job.place).wait(id, job.urgency);
        self.jobs.insert(id, job);
    }

    fn lane(&mut self, place: &Place) -> &mut Lane {
        if !self.lanes.contains_key(place) {
            self.turns.push_back(place.clone());
        }
        self.lanes.entry(place.clone()).or_default()
    }

    /// Whether there is nothing left, said or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many places may have something to say.
    pub(crate) fn places(&self) -> usize {
        self.turns.len()
    }

    /// Whether a place that is not shut may have something to say.
    pub(crate) fn has_words(&self) -> bool {
        self.turns.len() > self.shut
    }

    /// How many lines were said and are not confirmed.
    pub(crate) fn unconfirmed_lines(&self) -> usize {
        self.said.len()
    }

    /// Whether a post was said to its end and is not confirmed.
    pub(crate) fn awaits_confirmation(&self) -> bool {
        self.unconfirmed > 0
    }

    /// The place whose turn it is. Posts that nobody waits for any more are forgotten here.
    pub(crate) fn turn(&mut self) -> Option<&Place> {
        while let Some(place) = self.turns.front() {
            if self
                .lanes
                .get_mut(place)
                .is_some_and(|lane| lane.has_next(&mut self.jobs))
            {
                break;
            }
            if self.lanes.remove(place).is_some_and(|lane| lane.shut.is_some()) {
                self.shut -= 1;
            }
            self.turns.pop_front();
        }
        self.turns.front()
    }

    /// Says a line of the place whose turn it is: at most `limit` bytes, to `target`. The next turn is another's.
    pub(crate) fn say(&mut self, target: &str, limit: usize, write: impl FnOnce(&str, bool)) {
        let Some(lane) = self.turns.front().and_then(|place| self.lanes.get_mut(place)) else {
            return;
        };
        self.turns.rotate_left(1);
        if lane.shut.take().is_some() {
            self.shut -= 1;
        }
        let Some((id, job)) = lane.begin().and_then(|id| Some((id, self.jobs.get_mut(&id)?))) else {
            return;
        };
        if job.target != target {
            target.clone_into(&mut job.target);
        }
        let Some((text, secret)) = job.say(limit) else {
            return;
        };
        write(text, secret);
        self.said.push_back((id, job.mark()));
        self.said_ever += 1;
        if job.is_said() {
            lane.begun.pop_front();
            self.unconfirmed += 1;
        }
    }

    /// The place whose turn it is cannot be spoken in now: its posts wait, and others take the turn.
    pub(crate) fn shut(&mut self, reason: String, now: Instant) {
        let Some(lane) = self.turns.front().and_then(|place| self.lanes.get_mut(place)) else {
            return;
        };
        self.turns.rotate_left(1);
        if lane.shut.is_none() {
            self.shut += 1;
            lane.shut = Some(Shut { since: now, reason });
        }
    }

    /// Nothing can ever be said in the place whose turn it is: its posts are given up.
    pub(crate) fn refuse(&mut self, reason: &str) {
        let Some(place) = self.turns.front().cloned() else {
            return;
        };
        let ids: Vec<JobId> = self.lanes.get(&place).into_iter().flat_map(Lane::ids).collect();
        for id in ids {
            let error = self.refused(reason);
            self.end(id, Err(error));
        }
    }

    /// What a PING that is sent now will confirm.
    pub(crate) fn sent(&self) -> u64 {
        self.said_ever
    }

    /// Everything up to there has arrived.
    pub(crate) fn confirm(&mut self, sent: u64) {
        while self.settled_ever < sent
            && let Some((id, mark)) = self.said.pop_front()
        {
            self.settled_ever += 1;
            if let Some(job) = self.jobs.get_mut(&id) {
                job.confirm(mark);
                if job.is_confirmed() {
                    self.end(id, Ok(()));
                }
            }
        }
    }

    /// The server did not deliver what was said to this target. If it does not say to which, it is about the oldest line
    /// of which nothing is known, as far as anybody can tell: that post must not be taken for delivered.
    pub(crate) fn undelivered(&mut self, target: &str, reason: &str, loss: Loss) {
        if target.is_empty() {
            if let Some((id, _)) = self.said.pop_front() {
                self.settled_ever += 1;
                let error = self.refused(reason);
                self.end(id, Err(error));
            }
            return;
        }
        let mut ids: Vec<JobId> = self.said.iter().map(|(id, _)| *id).collect();
        ids.dedup();
        for id in ids {
            let hit = |job: &&Job| job.target.eq_ignore_ascii_case(target);
            let Some(job) = self.jobs.get(&id).filter(hit) else {
                continue;
            };
            let error = match (loss, &job.place) {
                (Loss::ForNow, _) | (Loss::Nobody, Place::Direct(_)) => self.away(reason),
                (Loss::ForGood | Loss::Nobody, _) => self.refused(reason),
            };
            self.end(id, Err(error));
        }
    }

    /// The connection is gone, and with it what was not confirmed: that is to be said again, before all else.
    pub(crate) fn lose(&mut self) {
        for (id, _) in std::mem::take(&mut self.said).into_iter().rev() {
            let Some(job) = self.jobs.get_mut(&id) else {
                continue;
            };
            let place = job.is_said().then(|| job.place.clone());
            job.take_back();
            // One that was not said to its end is in its lane still.
            if let Some(place) = place {
                self.lane(&place).begun.push_front(id);
            }
        }
        self.settled_ever = self.said_ever;
        self.unconfirmed = 0;
        for lane in self.lanes.values_mut() {
            lane.shut = None;
        }
        self.shut = 0;
    }

    /// Gives up what could not be said for so long: since `away` the network is not there.
    pub(crate) fn expire(&mut self, away: Option<(Instant, &str)>, patience: Duration, now: Instant) {
        if self.next_expiry(away, patience).is_none_or(|next| next > now) {
            return;
        }
        let late: Vec<(JobId, String)> = self
            .stuck(away)
            .filter(|(_, since, _)| *since + patience <= now)
            .map(|(id, _, reason)| (id, reason.to_owned()))
            .collect();
        for (id, reason) in late {
            let error = self.away(&reason);
            self.end(id, Err(error));
        }
    }

    /// When that is due next.
    pub(crate) fn next_expiry(&self, away: Option<(Instant, &str)>, patience: Duration) -> Option<Instant> {
        let first = self.stuck(away).map(|(_, since, _)| since).min();
        first.map(|since| since + patience)
    }

    /// Posts that cannot be said now, since when, and why.
    fn stuck<'q>(
        &'q self,
        away: Option<(Instant, &'q str)>,
    ) -> impl Iterator<Item = (JobId, Instant, &'q str)> {
        let lanes = (away.is_some() || self.shut > 0).then_some(&self.lanes);
        lanes.into_iter().flat_map(HashMap::values).flat_map(move |lane| {
            let shut = lane.shut.as_ref().map(|shut| (shut.since, shut.reason.as_str()));
            let jobs = away.or(shut).map(|why| lane.ids().map(move |id| (id, why)));
            jobs.into_iter().flatten().filter_map(|(id, (since, reason))| {
                let job = self.jobs.get(&id)?;
                Some((id, since.max(job.since), reason))
            })
        })
    }

    /// Gives up everything.
    pub(crate) fn give_up(&mut self, reason: &str) {
        let ids: Vec<JobId> = self.jobs.keys().copied().collect();
        for id in ids {
            let error = self.away(reason);
            self.end(id, Err(error));
        }
    }

    fn end(&mut self, id: JobId, result: Result<(), SendError>) {
        if let Some(job) = self.jobs.remove(&id) {
            self.unconfirmed -= usize::from(job.is_said());
            job.end(result);
        }
    }

    fn refused(&self, reason: &str) -> SendError {
        SendError::Refused {
            network: self.network.clone(),
            reason: reason.to_owned(),
        }
    }

    fn away(&self, reason: &str) -> SendError {
        SendError::Away {
            network: self.network.clone(),
            reason: reason.to_owned(),
        }
    }
}
