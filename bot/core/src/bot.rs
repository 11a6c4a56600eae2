//! The bot (being written).
/// The bot.
#[derive(Debug)]
pub struct Bot;
