//! Which people fill which seats: a matching in which one person takes one seat, whatever roles they hold, and nobody
//! is left standing who could sit if others moved (invariants A1 and A18).

use crate::message::Assurance;
use crate::person::Person;
use crate::policy::Seat;

/// Somebody who signed.
#[derive(Clone, Copy, Debug)]
pub struct Voter<'a> {
    /// Who.
    pub person: &'a Person,
    /// How strongly that was proven.
    pub assurance: Assurance,
}

impl Voter<'_> {
    fn may_take(&self, seat: &Seat) -> bool {
        self.assurance >= seat.assurance && seat.of.includes(Some(self.person))
    }
}

/// Whether different voters fill all seats.
pub fn filled(seats: &[Seat], voters: &[Voter<'_>]) -> bool {
    places_taken(seats, voters) >= seats.iter().map(|seat| usize::from(seat.count)).sum()
}

/// How many signatures of all that the seats want these voters can give.
pub(super) fn places_taken(seats: &[Seat], voters: &[Voter<'_>]) -> usize {
    Seating::of(seats, voters).taken.iter().map(Vec::len).sum()
}

/// What stays open with as many seats filled as can be: each seat with the count that it lacks.
pub fn open_seats(seats: &[Seat], voters: &[Voter<'_>]) -> Vec<Seat> {
    let seating = Seating::of(seats, voters);
    let lacking = seats.iter().zip(&seating.taken).map(|(seat, taken)| Seat {
        count: seat
            .count
            .saturating_sub(u8::try_from(taken.len()).unwrap_or(u8::MAX)),
        ..seat.clone()
    });
    lacking.filter(|seat| seat.count > 0).collect()
}

/// A seating of as many voters as possible.
struct Seating<'a> {
    seats: &'a [Seat],
    voters: Vec<Voter<'a>>,
    /// For each seat the voters in it, by their place in the list.
    taken: Vec<Vec<usize>>,
}

impl<'a> Seating<'a> {
    fn of(seats: &'a [Seat], voters: &[Voter<'a>]) -> Self {
        let mut seating = Self {
            seats,
            voters: people(voters),
            taken: vec![Vec::new(); seats.len()],
        };
        for voter in 0..seating.voters.len() {
            seating.place(voter, &mut vec![false; seats.len()]);
        }
        seating
    }

    /// Finds the voter a seat; those who sit move up if that helps.
    fn place(&mut self, voter: usize, tried: &mut [bool]) -> bool {
        for (at, seat) in self.seats.iter().enumerate() {
            if tried[at] || !self.voters[voter].may_take(seat) {
                continue;
            }
            tried[at] = true;
            if self.taken[at].len() < usize::from(seat.count) {
                self.taken[at].push(voter);
                return true;
            }
            for sitter in 0..self.taken[at].len() {
                if self.place(self.taken[at][sitter], tried) {
                    self.taken[at][sitter] = voter;
                    return true;
                }
            }
        }
        false
    }
}

/// Each person once, with their strongest proof.
fn people<'a>(voters: &[Voter<'a>]) -> Vec<Voter<'a>> {
    let mut people: Vec<Voter<'a>> = Vec::with_capacity(voters.len());
    for voter in voters {
        match people.iter_mut().find(|other| other.person.id == voter.person.id) {
            Some(other) => other.assurance = other.assurance.max(voter.assurance),
            None => people.push(*voter),
        }
    }
    people
}
