//! A person on IRC: a client of few lines that remembers all it heard.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::line::{CLOSED, Line};
use super::{Address, connection, password};

/// How long somebody waits for what they expect to hear.
const PATIENCE: Duration = Duration::from_secs(20);

const WANTED: [&str; 8] = [
    "account-tag",
    "account-notify",
    "extended-join",
    "message-tags",
    "server-time",
    "chghost",
    "multi-prefix",
    "echo-message",
];

/// Somebody on a network. Their connection ends when they are dropped.
pub(crate) struct Person {
    nick: Mutex<String>,
    began: Instant,
    out: mpsc::UnboundedSender<Vec<u8>>,
    log: watch::Sender<Vec<Line>>,
    /// How much of the log was looked at.
    read: Mutex<usize>,
    task: JoinHandle<()>,
}

impl Person {
    /// Comes without a login.
    pub(crate) async fn nobody(address: Address, nick: &str) -> Self {
        Self::come(address, nick, None).await
    }

    /// Comes and is logged in to the account (SASL PLAIN) before anybody sees them.
    pub(crate) async fn known(address: Address, nick: &str, account: &str) -> Self {
        Self::come(address, nick, Some(account)).await
    }

    /// Comes with an account of the same name, and joins a room.
    pub(crate) async fn join(address: Address, nick: &str, room: &str) -> Self {
        let person = Self::known(address, nick, nick).await;
        person.joins(room).await;
        person
    }

    async fn come(address: Address, nick: &str, account: Option<&str>) -> Self {
        let person = Self::connect(address, nick).await;
        person.raw("CAP LS 302");
        person.raw(&format!("NICK {nick}"));
        person.raw(&format!("USER {nick} 0 * :{nick} of the tests"));
        let offered = person.offered().await;
        let mut wanted: Vec<&str> = WANTED
            .into_iter()
            .filter(|it| offered.iter().any(|offer| offer == it))
            .collect();
        if account.is_some() {
            wanted.push("sasl");
        }
        if !wanted.is_empty() {
            person.raw(&format!("CAP REQ :{}", wanted.join(" ")));
            let answer = person.sees("an answer to CAP REQ", |line| line.is("CAP")).await;
            assert_eq!(answer.params[1], "ACK", "{}", person.conversation());
        }
        if let Some(account) = account {
            person.authenticates(account).await;
        }
        person.raw("CAP END");
        person
            .sees("the end of the greeting", |line| line.is("376") || line.is("422"))
            .await;
        person
    }

    /// Opens a connection and says nothing.
    pub(crate) async fn connect(address: Address, nick: &str) -> Self {
        let (reader, writer) = connection::open(&address).await;
        let began = Instant::now();
        let (log, _) = watch::channel(Vec::new());
        let (out, lines) = mpsc::unbounded_channel();
        let task = tokio::spawn(connection::run(
            reader,
            writer,
            lines,
            out.clone(),
            log.clone(),
            began,
        ));
        let nick = Mutex::new(nick.to_owned());
        Self {
            nick,
            began,
            out,
            log,
            read: Mutex::new(0),
            task,
        }
    }

    async fn offered(&self) -> Vec<String> {
        let mut offered = Vec::new();
        loop {
            let line = self
                .sees("CAP LS", |line| line.is("CAP") && line.params[1] == "LS")
                .await;
            let words = line.text().split_whitespace();
            offered.extend(words.map(|word| word.split('=').next().unwrap().to_owned()));
            if line.params[2] != "*" {
                return offered;
            }
        }
    }

    async fn authenticates(&self, account: &str) {
        self.raw("AUTHENTICATE PLAIN");
        self.sees("AUTHENTICATE", |line| line.is("AUTHENTICATE")).await;
        let plain = format!("{account}\0{account}\0{}", password(account));
        self.raw(&format!("AUTHENTICATE {}", BASE64.encode(plain)));
        let end = self
            .sees("the end of SASL", |line| {
                ["903", "904", "905"].iter().any(|it| line.is(it))
            })
            .await;
        assert!(end.is("903"), "SASL failed\n{}", self.conversation());
    }

    /// The nick they have now.
    pub(crate) fn nick(&self) -> String {
        self.nick.lock().unwrap().clone()
    }

    /// Sends a line as it is.
    pub(crate) fn raw(&self, line: &str) {
        self.log
            .send_modify(|log| log.push(Line::parse(self.began.elapsed(), true, line)));
        // Whoever speaks after the end of the connection sees it in the log.
        self.out.send(format!("{line}\r\n").into_bytes()).ok();
    }

    /// Sends these bytes, whatever they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let shown = String::from_utf8_lossy(bytes).escape_debug().to_string();
        self.log
            .send_modify(|log| log.push(Line::parse(self.began.elapsed(), true, &shown)));
        self.out.send(bytes.to_owned()).ok();
    }

    pub(crate) fn says(&self, target: &str, text: &str) {
        self.raw(&format!("PRIVMSG {target} :{text}"));
    }

    pub(crate) async fn joins(&self, room: &str) {
        self.raw(&format!("JOIN {room}"));
        self.sees("the room's people", |line| line.is("366")).await;
    }

    /// Takes another nick.
    pub(crate) async fn renames(&self, nick: &str) {
        self.raw(&format!("NICK {nick}"));
        self.sees("the new nick", |line| line.is("NICK") && line.text() == nick)
            .await;
        nick.clone_into(&mut self.nick.lock().unwrap());
    }

    /// Logs in to an account through NickServ.
    pub(crate) async fn logs_in(&self, account: &str) {
        self.says("NickServ", &format!("IDENTIFY {account} {}", password(account)));
        self.sees("the login", |line| line.is("900")).await;
    }

    pub(crate) async fn logs_out(&self) {
        self.says("NickServ", "LOGOUT");
        self.sees("the logout", |line| line.is("901")).await;
    }

    /// Says good-bye and waits until the server has closed the connection.
    pub(crate) async fn leaves(self) {
        self.raw("QUIT :bye");
        self.is_gone().await;
    }

    /// Waits until the connection has ended.
    pub(crate) async fn is_gone(&self) -> Line {
        self.sees("the end of the connection", |line| line.command == CLOSED)
            .await
    }

    /// Waits until somebody says something that contains this, anywhere.
    pub(crate) async fn hears(&self, text: &str) -> Line {
        self.sees(&format!("{text:?}"), |line| {
            line.is_speech() && line.text().contains(text)
        })
        .await
    }

    /// The same in one room, or, with their own nick, in person.
    pub(crate) async fn hears_in(&self, target: &str, text: &str) -> Line {
        self.sees(&format!("{text:?} in {target}"), |line| {
            line.is_speech() && line.target() == target && line.text().contains(text)
        })
        .await
    }

    /// Waits for the first such line after the last one that was waited for.
    pub(crate) async fn sees(&self, what: &str, is_it: impl Fn(&Line) -> bool) -> Line {
        self.sees_within(PATIENCE, what, is_it).await
    }

    pub(crate) async fn sees_within(
        &self,
        long: Duration,
        what: &str,
        is_it: impl Fn(&Line) -> bool,
    ) -> Line {
        let found = timeout(long, self.next(is_it)).await;
        let found = found.map(|found| found.ok_or_else(|| format!("the connection ended before {what}")));
        let found = found.unwrap_or_else(|_| Err(format!("waited {long:?} for {what}")));
        found.unwrap_or_else(|error| panic!("{}: {error}\n{}", self.nick(), self.conversation()))
    }

    /// The first such line after a mark, if it comes in this time. It does not move what was looked at, so that several
    /// can wait for lines of the same person.
    pub(crate) async fn sees_after(
        &self,
        mark: usize,
        long: Duration,
        is_it: impl Fn(&Line) -> bool,
    ) -> Option<Line> {
        let mut log = self.log.subscribe();
        let mut at = mark;
        let found = async {
            loop {
                {
                    let lines = log.borrow_and_update();
                    if let Some(line) = lines[at..].iter().find(|line| is_it(line)) {
                        return Some(line.clone());
                    }
                    at = lines.len();
                }
                log.changed().await.ok()?;
            }
        };
        timeout(long, found).await.ok().flatten()
    }

    /// Waits for the end of the connection, however long that takes.
    pub(crate) async fn ends(&self) {
        self.next(|line| line.command == CLOSED).await;
    }

    /// The next such line, or nothing if the connection ends before it.
    async fn next(&self, is_it: impl Fn(&Line) -> bool) -> Option<Line> {
        let mut log = self.log.subscribe();
        let mut at = *self.read.lock().unwrap();
        loop {
            let (found, closed) = {
                let lines = log.borrow_and_update();
                let found = lines[at..].iter().position(&is_it).map(|nth| at + nth);
                let closed = lines[at..].iter().any(|line| line.command == CLOSED);
                at = lines.len();
                (found.map(|nth| (nth, lines[nth].clone())), closed)
            };
            if let Some((nth, line)) = found {
                *self.read.lock().unwrap() = nth + 1;
                return Some(line);
            }
            if closed || log.changed().await.is_err() {
                return None;
            }
        }
    }

    /// What somebody said in a room (or, with this person's nick, to them in person), from the line number `nth` on,
    /// counted from 0; waits for it. It does not move what was looked at.
    pub(crate) async fn nth_of(&self, from: &str, target: &str, nth: usize) -> Line {
        let mut log = self.log.subscribe();
        let found = async {
            loop {
                let line = {
                    let lines = log.borrow_and_update();
                    let mut said = lines
                        .iter()
                        .filter(|line| line.is_speech() && line.from == from && line.target() == target);
                    said.nth(nth).cloned()
                };
                match line {
                    Some(line) => return Some(line),
                    None => log.changed().await.ok()?,
                }
            }
        };
        let found = timeout(PATIENCE, found).await.ok().flatten();
        found.unwrap_or_else(|| panic!("line {nth} of {from} in {target}\n{}", self.conversation()))
    }

    /// How much was heard until now, for [`Self::since`].
    pub(crate) fn mark(&self) -> usize {
        self.log.borrow().len()
    }

    /// What came after a mark.
    pub(crate) fn since(&self, mark: usize) -> Vec<Line> {
        self.log.borrow()[mark..].to_vec()
    }

    /// All that was said in a room or, with their own nick, to them in person.
    pub(crate) fn heard(&self, target: &str) -> Vec<Line> {
        let log = self.log.borrow();
        let said = log
            .iter()
            .filter(|line| line.is_speech() && line.target() == target);
        said.cloned().collect()
    }

    /// All that passed between them and the server.
    pub(crate) fn conversation(&self) -> String {
        let mut text = format!("--- what {} said and heard\n", self.nick());
        for line in self.log.borrow().iter() {
            writeln!(text, "{line}").unwrap();
        }
        text
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.task.abort();
    }
}
