//! Which people fill which seats (being written).
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
/// Whether different voters fill all seats.
pub fn filled(_seats: &[Seat], _voters: &[Voter<'_>]) -> bool {
    false
}
/// The seats that stay open with as many filled as can be.
pub fn open_seats<'s>(_seats: &'s [Seat], _voters: &[Voter<'_>]) -> Vec<&'s Seat> {
    Vec::new()
}
