//! Capabilities (`CAP`, version 302): what of IRCv3 is on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use countersign_core::time::Timestamp;
use irc_proto::CapSubCommand;

use super::incoming::CapLine;
use super::{Effect, Phase, Session};
use crate::line::Line;

/// What is asked for wherever it is offered, beside `sasl`. An echo of what the bot says is not: its own lines would
/// have to be told from those of another session on the same nick.
const WANTED: [&str; 7] = [
    "account-notify",
    "account-tag",
    "batch",
    "chghost",
    "extended-join",
    "message-tags",
    "server-time",
];
/// How many capabilities of a server are looked at.
const MOST: usize = 500;

#[derive(Debug, Default)]
pub(super) struct Caps {
    /// What the server offers, with its value.
    offered: BTreeMap<String, String>,
    on: BTreeSet<&'static str>,
    /// Requests that are not answered yet, in order.
    asked: VecDeque<Vec<&'static str>>,
    /// The first list is complete.
    listed: bool,
    /// `CAP END` was said, and nothing was asked for since.
    ended: bool,
}

impl Caps {
    pub(super) fn has(&self, name: &str) -> bool {
        self.on.contains(name)
    }

    /// Whether what a person is logged in as is told from the moment they enter a room until they leave it.
    pub(super) fn tell_accounts(&self) -> bool {
        self.has("account-notify") && self.has("extended-join")
    }

    /// The value of `sasl`, if it is on.
    pub(super) fn sasl(&self) -> Option<&str> {
        self.has("sasl")
            .then(|| self.offered.get("sasl").map_or("", String::as_str))
    }

    fn is_asked(&self, name: &str) -> bool {
        self.asked.iter().flatten().any(|asked| *asked == name)
    }

    fn offer(&mut self, list: &str) {
        for cap in list.split_whitespace() {
            let (name, value) = cap.split_once('=').unwrap_or((cap, ""));
            if self.offered.len() < MOST || self.offered.contains_key(name) {
                self.offered.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Whether all that was asked is answered.
    pub(super) fn is_quiet(&self) -> bool {
        self.listed && self.asked.is_empty()
    }
}

impl Session {
    /// Whether the network proves who has which account.
    pub(crate) fn proves_accounts(&self) -> bool {
        self.caps.has("account-tag") || self.caps.tell_accounts()
    }

    pub(super) fn capabilities(&mut self, line: &CapLine<'_>, now: Timestamp, out: &mut Vec<Effect>) {
        self.changed = true;
        match line.sub {
            CapSubCommand::LS => {
                self.caps.offer(line.list);
                if !line.more {
                    self.caps.listed = true;
                    self.request(out);
                }
            }
            CapSubCommand::NEW => {
                self.caps.offer(line.list);
                self.request(out);
            }
            CapSubCommand::ACK => self.granted(line.list, out),
            CapSubCommand::NAK => {
                // One of them was refused with all the others: ask for each alone.
                if let Some(refused) = self.caps.asked.pop_front()
                    && refused.len() > 1
                {
                    for name in refused {
                        self.ask(vec![name], out);
                    }
                }
            }
            CapSubCommand::DEL => {
                for name in line.list.split_whitespace() {
                    self.caps.offered.remove(name);
                    self.lost(name, now);
                }
                self.look_everywhere(out);
            }
            _ => {}
        }
    }

    /// Asks for what is wanted, offered, and neither on nor asked for.
    fn request(&mut self, out: &mut Vec<Effect>) {
        let sasl = self.may_log_in().then_some("sasl");
        let names: Vec<&'static str> = WANTED
            .into_iter()
            .chain(sasl)
            .filter(|name| self.caps.offered.contains_key(*name))
            .filter(|name| !self.caps.has(name) && !self.caps.is_asked(name))
            .collect();
        if !names.is_empty() {
            self.ask(names, out);
        }
    }

    fn ask(&mut self, names: Vec<&'static str>, out: &mut Vec<Effect>) {
        // Whoever asks while registering has the server wait for the end once more (seen on InspIRCd).
        self.caps.ended = false;
        self.send(Line::with_text("CAP", &["REQ"], &names.join(" ")), out);
        self.caps.asked.push_back(names);
    }

    fn granted(&mut self, list: &str, out: &mut Vec<Effect>) {
        let told_before = self.caps.tell_accounts();
        let had_sasl = self.caps.has("sasl");
        for name in list.split_whitespace() {
            let name = name.trim_start_matches(['~', '=']);
            if let Some(name) = name.strip_prefix('-') {
                self.lost(name, self.now);
                continue;
            }
            for asked in &mut self.caps.asked {
                asked.retain(|other| *other != name);
            }
            if let Some(name) = WANTED.into_iter().chain(["sasl"]).find(|wanted| *wanted == name) {
                self.caps.on.insert(name);
            }
        }
        self.caps.asked.retain(|asked| !asked.is_empty());
        if self.caps.has("sasl") && !had_sasl {
            self.services_came();
        }
        if !told_before && self.caps.tell_accounts() {
            self.look_everywhere(out);
        }
    }

    /// A capability is not there any more, and with it ends what only it proved.
    fn lost(&mut self, name: &str, now: Timestamp) {
        self.caps.on.remove(name);
        match name {
            "account-tag" | "account-notify" | "extended-join" => self.roster.clear(),
            "sasl" => self.services_left(now),
            _ => {}
        }
    }

    /// Ends the negotiation when there is nothing left to negotiate.
    pub(super) fn end_capabilities(&mut self, out: &mut Vec<Effect>) {
        if !self.caps.ended && matches!(self.phase, Phase::Registering { .. }) {
            self.caps.ended = true;
            self.send(Line::new("CAP", &["END"]), out);
        }
    }
}
