//! Secret links and drop boxes with everything real: the bot on InspIRCd with accounts, its web side on a port of its own,
//! a sandbox, and people with Chromium or a terminal.

pub(crate) mod asking;
mod boxes;
mod links;
mod pages;
mod restarts;
mod scanners;
mod terminal;
