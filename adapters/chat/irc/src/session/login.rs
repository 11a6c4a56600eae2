//! Logging in: SASL, else the services' own words.
//!
//! A password goes out over TLS or to this machine only, and to nobody but the server's own SASL and `NICKSERV`, or to
//! services named with their server. What was refused is not tried again on the same connection, unless the services
//! went away in between; what was not answered is tried again after growing pauses.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use countersign_core::secret::Secret;
use countersign_core::text;
use countersign_core::time::{Duration, Timestamp, after};
use secrecy::ExposeSecret as _;

use super::{Effect, Phase, Session};
use crate::line::{Line, LineError};
use crate::settings::{self, Server};

/// How long services may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// The pause before another attempt, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// The most of an answer that one AUTHENTICATE carries.
const CHUNK: usize = 400;

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; any of them can be true"
)]
#[derive(Debug, Default)]
pub(super) struct Login {
    stage: Stage,
    /// The account that the network says the bot is logged in as.
    account: Option<String>,
    /// SASL was not answered: use the services' own words.
    sasl_is_mute: bool,
    /// Trying again makes no sense now.
    hopeless: bool,
    told: bool,
    pause: Option<Duration>,
    retry_at: Option<Timestamp>,
    /// The server has no command `NICKSERV`.
    no_nickserv: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    NotBegun,
    /// A mechanism was named.
    Named { until: Timestamp },
    /// The answer was given.
    Answered { until: Timestamp },
    /// The services were told the password in their own words.
    Services { until: Timestamp },
    /// The bot is in, or not in for now.
    Over,
}

impl Login {
    /// Whether nothing more is to be waited for.
    pub(super) fn is_settled(&self) -> bool {
        self.stage == Stage::Over
    }

    pub(super) fn is_in(&self) -> bool {
        self.account.is_some()
    }

    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::NotBegun => None,
            Stage::Named { until } | Stage::Answered { until } | Stage::Services { until } => Some(until),
            Stage::Over => self.retry_at,
        }
    }

    fn in_sasl(&self) -> bool {
        matches!(self.stage, Stage::Named { .. } | Stage::Answered { .. })
    }

    /// Not now; once more after a pause, each twice as long as the one before.
    fn later(&mut self, now: Timestamp) {
        let pause = self
            .pause
            .map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        self.retry_at = Some(after(now, pause));
        self.stage = Stage::Over;
    }
}

impl Session {
    /// The account that the network says the bot is logged in as.
    pub(crate) fn account(&self) -> Option<&str> {
        self.login.account.as_deref()
    }

    /// Whether there is something to log in with that may be shown to this server.
    pub(super) fn may_log_in(&self) -> bool {
        match self.settings.login {
            settings::Login::None => false,
            settings::Login::Password { .. } => {
                self.encrypted || self.settings.servers.iter().all(Server::is_loopback)
            }
            settings::Login::Certificate { .. } => self.encrypted,
        }
    }

    /// Goes on with the login as far as it can now.
    pub(super) fn advance_login(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        if !self.may_log_in() {
            self.login.stage = Stage::Over;
            if !matches!(self.settings.login, settings::Login::None) {
                self.say_once(
                    "the bot does not log in, because the connection is not encrypted. Switch TLS on.",
                    out,
                );
            }
        }
        match self.login.stage {
            Stage::Named { until } | Stage::Answered { until } if until <= now => {
                self.send(Line::new("AUTHENTICATE", &["*"]), out);
                self.login.sasl_is_mute = true;
                self.login.stage = Stage::NotBegun;
            }
            Stage::Services { until } if until <= now => self.unanswered(now, out),
            Stage::Over if self.login.retry_at.is_some_and(|at| at <= now) => {
                self.login.retry_at = None;
                self.login.sasl_is_mute = false;
                self.login.stage = Stage::NotBegun;
            }
            _ => {}
        }
        if self.login.stage == Stage::NotBegun {
            self.begin_login(now, out);
        }
        if self.caps.is_quiet() && !self.login.in_sasl() {
            self.end_capabilities(out);
        }
    }

    fn begin_login(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let registering = matches!(self.phase, Phase::Registering { .. });
        if registering && !self.caps.is_quiet() {
            return;
        }
        if let Some(offered) = self.caps.sasl().filter(|_| !self.login.sasl_is_mute) {
            let mechanism = self.mechanism();
            if !offered.is_empty() && !offered.split(',').any(|one| one.eq_ignore_ascii_case(mechanism)) {
                let words = format!(
                    "the bot cannot log in: it would use SASL {mechanism}, and the network has {} only. Choose another login in the configuration.",
                    text::visible(offered)
                );
                self.give_up(&words, out);
                return;
            }
            self.send(Line::new("AUTHENTICATE", &[mechanism]), out);
            self.login.stage = Stage::Named {
                until: after(now, ANSWER),
            };
        } else if self.phase == Phase::Greeted {
            self.tell_services(now, out);
        }
    }

    fn mechanism(&self) -> &'static str {
        match self.settings.login {
            settings::Login::Certificate { .. } => "EXTERNAL",
            _ => "PLAIN",
        }
    }

    /// The server's part of SASL: it waits for the answer.
    pub(super) fn challenge(&mut self, challenge: &str, now: Timestamp, out: &mut Vec<Effect>) {
        if !matches!(self.login.stage, Stage::Named { .. }) {
            return;
        }
        if challenge != "+" {
            self.send(Line::new("AUTHENTICATE", &["*"]), out);
            return;
        }
        for line in self.answer() {
            self.send(line.map(Line::secret), out);
        }
        self.login.stage = Stage::Answered {
            until: after(now, ANSWER),
        };
    }

    fn answer(&self) -> Vec<Result<Line, LineError>> {
        let settings::Login::Password { account, password } = &self.settings.login else {
            return vec![Line::new("AUTHENTICATE", &["+"])];
        };
        let plain = Secret::from(format!("{account}\0{account}\0{}", password.expose_secret()));
        let encoded = Secret::from(BASE64_STANDARD.encode(plain.expose_secret()));
        let mut rest = encoded.expose_secret();
        let mut lines = Vec::new();
        loop {
            let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
            rest = after;
            // A chunk that is full is followed by another one, be it an empty one.
            let word = if chunk.is_empty() { "+" } else { chunk };
            lines.push(Line::new("AUTHENTICATE", &[word]));
            if chunk.len() < CHUNK {
                return lines;
            }
        }
    }

    /// The network says that the bot is logged in, as this account if it says which.
    pub(super) fn logged_in(&mut self, account: Option<&str>) {
        match account {
            Some(account) => self.login.account = Some(account.to_owned()),
            None if self.login.account.is_none() => self.login.account = Some(self.me.wanted().to_owned()),
            None => {}
        }
        self.login.told = false;
        self.login.hopeless = false;
        self.login.pause = None;
        self.login.retry_at = None;
        if !self.login.in_sasl() {
            self.login.stage = Stage::Over;
        }
        self.changed = true;
    }

    /// A mode says that the bot is logged in. It says so only where the services were just asked: elsewhere it may mean
    /// something else.
    pub(super) fn vouched_for(&mut self) {
        if matches!(self.login.stage, Stage::Services { .. }) {
            self.logged_in(None);
        }
    }

    /// SASL is over and went well. Atheme does not notice it of somebody who was on the network before, and then frees
    /// no nick for them; so it is told once more, by the server's own command.
    pub(super) fn sasl_done(&mut self, out: &mut Vec<Effect>) {
        let was_asked = self.login.in_sasl();
        self.login.stage = Stage::Over;
        self.logged_in(None);
        if let settings::Login::Password { account, password } = &self.settings.login
            && was_asked
            && self.is_registered()
            && !self.login.no_nickserv
            && let Ok(line) = Line::new("NICKSERV", &["IDENTIFY", account, password.expose_secret()])
        {
            out.push(Effect::Send(line.secret()));
        }
    }

    /// The network says that the bot is not logged in any more.
    pub(super) fn logged_out(&mut self, now: Timestamp) {
        self.login.account = None;
        if self.login.stage == Stage::Over && self.may_log_in() && !self.login.hopeless {
            self.login.later(now);
        }
        self.changed = true;
    }

    /// SASL did not go well.
    pub(super) fn sasl_failed(&mut self, number: u16, out: &mut Vec<Effect>) {
        self.changed = true;
        match (self.login.stage, number) {
            (Stage::Named { .. } | Stage::Answered { .. }, 906) | (Stage::Named { .. }, _) => {
                self.login.sasl_is_mute = true;
                self.login.stage = Stage::NotBegun;
            }
            (Stage::Answered { .. }, _) => {
                let words = match &self.settings.login {
                    settings::Login::Certificate { .. } => "the network does not know the bot's certificate. Log in as the bot's account and type /msg NickServ CERT ADD <fingerprint>; until then the bot is not logged in.".to_owned(),
                    settings::Login::Password { account, .. } => format!("the network refused the password of the bot's account {account}. Correct it in the configuration; until then the bot is not logged in."),
                    settings::Login::None => return,
                };
                self.give_up(&words, out);
            }
            _ => {}
        }
    }

    /// The mechanisms that the server has, because ours is none of them.
    pub(super) fn mechanisms(&mut self, list: &str, out: &mut Vec<Effect>) {
        let mechanism = self.mechanism();
        if self.login.in_sasl() && !list.split(',').any(|one| one.eq_ignore_ascii_case(mechanism)) {
            let words = format!(
                "the bot cannot log in: it would use SASL {mechanism}, and the network has {} only. Choose another login in the configuration.",
                text::visible(list)
            );
            self.give_up(&words, out);
            self.changed = true;
        }
    }

    /// The services went away, and SASL with them. What they refused may be right when they are back.
    pub(super) fn services_left(&mut self, now: Timestamp) {
        self.login.hopeless = false;
        if self.login.in_sasl() {
            self.login.later(now);
        }
    }

    /// SASL is on again.
    pub(super) fn services_came(&mut self) {
        if self.login.stage == Stage::Over && !self.login.is_in() && !self.login.hopeless {
            self.login.sasl_is_mute = false;
            self.login.retry_at = None;
            self.login.stage = Stage::NotBegun;
        }
    }

    /// Logs in with the services' own words, where there is no SASL.
    fn tell_services(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let settings = std::sync::Arc::clone(&self.settings);
        let settings::Login::Password { account, password } = &settings.login else {
            self.say_once("the bot is not logged in: it would use its certificate, and the network has no SASL now. It tries again.", out);
            self.login.later(now);
            return;
        };
        let password = password.expose_secret();
        let line = if self.login.no_nickserv {
            let Some(services) = self.services_at_server() else {
                self.give_up("the bot is not logged in: the network has neither SASL nor the command NICKSERV. Set `nickserv` to the services with their server, such as NickServ@services.example.net.", out);
                return;
            };
            Line::new("PRIVMSG", &[services, "IDENTIFY", account, password])
                .and_then(|_| Line::privmsg(services, &format!("IDENTIFY {account} {password}")))
        } else {
            Line::new("NICKSERV", &["IDENTIFY", account, password])
        };
        match line {
            Ok(line) => {
                out.push(Effect::Send(line.secret()));
                self.login.stage = Stage::Services {
                    until: after(now, ANSWER),
                };
            }
            Err(error) => {
                let words =
                    format!("the bot is not logged in: its password cannot be said to services: {error}.");
                self.give_up(&words, out);
            }
        }
    }

    /// The services with their server: who a password may be sent to.
    fn services_at_server(&self) -> Option<&str> {
        let services = self.settings.nickserv.as_deref()?;
        let (nick, server) = services.split_once('@')?;
        (!nick.is_empty() && !server.is_empty()).then_some(services)
    }

    /// The server does not know the command `NICKSERV`.
    pub(super) fn no_nickserv(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.login.no_nickserv = true;
        if matches!(self.login.stage, Stage::Services { .. }) {
            self.tell_services(now, out);
        }
        self.changed = true;
    }

    /// The server says that nobody has this nick. If it is the services', they are not there now.
    pub(super) fn no_services(&mut self, nick: &str, now: Timestamp, out: &mut Vec<Effect>) {
        let services = self.settings.nickserv.as_deref().unwrap_or("NickServ");
        let is_theirs = nick.eq_ignore_ascii_case("NickServ") || nick.eq_ignore_ascii_case(services);
        if is_theirs && matches!(self.login.stage, Stage::Services { .. }) {
            self.unanswered(now, out);
            self.changed = true;
        }
    }

    fn unanswered(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.say_once("the bot is not logged in: services did not say that it is. If they are there, check its account and password in the configuration. It tries again.", out);
        self.login.later(now);
    }

    /// Asks the services for something that is no secret.
    pub(super) fn ask_services(&self, words: &[&str], out: &mut Vec<Effect>) {
        if !self.login.no_nickserv {
            self.send(Line::new("NICKSERV", words), out);
        } else if let Some(services) = &self.settings.nickserv {
            self.send(Line::privmsg(services, &words.join(" ")), out);
        }
    }

    fn give_up(&mut self, words: &str, out: &mut Vec<Effect>) {
        self.say_once(words, out);
        self.login.hopeless = true;
        self.login.stage = Stage::Over;
    }

    /// Tells people of a failed login, once until it worked again.
    fn say_once(&mut self, words: &str, out: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.login.told, true) {
            out.push(Effect::Trouble(format!("{}: {words}", self.settings.network)));
        }
    }
}
