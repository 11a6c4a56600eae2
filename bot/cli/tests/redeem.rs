//! `countersign redeem` as somebody uses it, with the other end of a link in this process: over pipes and at a terminal.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use countersign_secrets::base64url;
use countersign_secrets::content::{Content, MIME};
use countersign_secrets::header::Header;
use countersign_secrets::key::LinkKey;
use countersign_secrets::link::{Keys, Locked, lock};
use countersign_secrets::path_id::PathId;
use countersign_secrets::phrase::Phrase;
use countersign_secrets::url::{Kind, LinkUrl};
use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

const VALUE: &str = "mysql://canary";

fn countersign() -> Command {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
}

/// A link, and what answers for it: the questions that came are told as they come.
struct Link {
    url: String,
    phrase: String,
    asked: Receiver<String>,
}

impl Link {
    /// One that is valid until 2100.
    fn made() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let (id, key) = (PathId([1; 16]), LinkKey::new([2; 32]));
        let phrase = Phrase::new([3; 10]);
        let header = Header {
            v: 1,
            id,
            expires_at: 4_102_444_800_000,
            mime: MIME.to_owned(),
            title: "stage's DATABASE_URL".to_owned(),
            from: "bob".to_owned(),
            access_id: None,
            request_digest: None,
            recipient: "alice".to_owned(),
        };
        let content = Content::one("DATABASE_URL", SecretString::from(VALUE)).to_bytes();
        let keys = Keys::derive(&id, &key, &phrase);
        let locked = lock(header.canonical().unwrap(), &keys, [4; 12], &content).unwrap();
        let (told, asked) = channel();
        let kind = Kind::Link;
        let url = LinkUrl { base, kind, id, key };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &keys, &locked, &told);
            }
        });
        Self {
            url: url.shown().expose_secret().to_owned(),
            phrase: phrase.shown().expose_secret().to_owned(),
            asked,
        }
    }

    fn questions(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

/// Answers one request.
fn answer(stream: TcpStream, keys: &Keys, locked: &Locked, told: &Sender<String>) {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim() {
            "" => break,
            line => lines.push(line.to_ascii_lowercase()),
        }
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let is_redeem = lines[0].contains("/redeem ");
    let (status, reply) = if !is_redeem {
        let live = json!({ "header": locked.header, "state": "live", "at": null, "attempts_left": 5 });
        ("200 OK", live)
    } else if body["auth"] == keys.auth.text().expose_secret() {
        let (nonce, ct) = (
            base64url::encode(&locked.nonce),
            base64url::encode(&locked.ciphertext),
        );
        ("200 OK", json!({ "nonce": nonce, "ct": ct }))
    } else {
        let wrong = json!({ "error": "wrong_phrase", "attempts_left": 4 });
        ("403 Forbidden", wrong)
    };
    let reply = reply.to_string();
    let head = "content-type: application/json\r\nconnection: close";
    let length = reply.len();
    write!(
        stream.get_mut(),
        "HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {length}\r\n\r\n{reply}"
    )
    .unwrap();
    told.send(if is_redeem { "redeem" } else { "status" }.to_owned())
        .unwrap();
}

/// Redeems over pipes.
fn redeem(input: &str, args: &[&str]) -> Output {
    let mut command = countersign();
    command.arg("redeem").args(args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have seen enough before all of it is written.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    said.lines().last().unwrap().to_owned()
}

#[test]
fn a_folder_that_cannot_be_one_spends_nothing() {
    let link = Link::made();
    let input = format!("{}\n{}\n", link.url, link.phrase);
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    std::fs::write(&file, "").unwrap();
    for folder in [file.clone(), file.join("below")] {
        let output = redeem(&input, &["--to", folder.to_str().unwrap()]);
        assert_eq!(
            error(&output),
            format!(
                "error: {} is a file, not a folder; nothing was spent. Choose another --to",
                file.display()
            )
        );
        assert_eq!(link.questions(), ["status"], "the phrase stays here");
    }

    let folder = parent.path().join("kept");
    let output = redeem(&input, &["--to", folder.to_str().unwrap()]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        std::fs::read_to_string(folder.join("DATABASE_URL")).unwrap(),
        VALUE
    );
}

#[test]
fn what_cannot_be_written_after_it_is_spent_is_printed() {
    let link = Link::made();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("DATABASE_URL"), "an older one").unwrap();
    let input = format!("{}\n{}\n", link.url, link.phrase);
    let output = redeem(&input, &["--to", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("DATABASE_URL\n  {VALUE}\n")
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("DATABASE_URL was not written (it exists already and was left alone)."),
        "{said}"
    );
}

#[test]
fn who_is_not_there_is_told_in_one_sentence() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/s/{}#{}\n", "A".repeat(22), "A".repeat(43));
    assert_eq!(
        error(&redeem(&url, &[])),
        format!("error: {free} refused the connection; nothing was spent. Try again later")
    );
    let plain = url.replace(&free.to_string(), "ops.example.org");
    let said = error(&redeem(&plain, &[]));
    assert!(
        said.starts_with("error: this link begins with http://, so others could read along"),
        "{said}"
    );
}

/// What a terminal shows, until it shows this.
fn shows(screen: &mut File, words: &str) -> String {
    let mut shown = String::new();
    while !shown.contains(words) {
        let mut bytes = [0; 256];
        let read = screen.read(&mut bytes).unwrap();
        shown += &String::from_utf8_lossy(&bytes[..read]);
    }
    shown
}

#[test]
fn at_a_terminal_one_is_asked_again_and_the_phrase_is_not_shown() {
    let link = Link::made();
    let ends = openpty(None, None).unwrap();
    let mut screen = File::from(ends.master);
    let keyboard = || Stdio::from(ends.slave.try_clone().unwrap());
    let shows_what_is_typed = || {
        let flags = tcgetattr(&ends.slave).unwrap().local_flags;
        flags.contains(LocalFlags::ECHO | LocalFlags::ISIG)
    };
    let start = || {
        let mut command = countersign();
        command.arg("redeem").stdin(keyboard()).stderr(keyboard());
        command.stdout(Stdio::piped()).spawn().unwrap()
    };

    let child = start();
    shows(&mut screen, "link: ");
    let cut = &link.url[..link.url.len() - 1];
    writeln!(screen, "{cut}").unwrap();
    let again = shows(&mut screen, "\nlink: ");
    assert!(
        again.contains("copy the whole link. Nothing was spent."),
        "{again}"
    );
    writeln!(screen, "{}", link.url).unwrap();
    let introduced = shows(&mut screen, "phrase: ");
    assert!(
        introduced.contains("until 2100-01-01 00:00 UTC (in "),
        "{introduced}"
    );
    assert!(!shows_what_is_typed());
    writeln!(screen, "{}", "0".repeat(16)).unwrap();
    let mut shown = shows(&mut screen, "\nphrase: ");
    assert!(shown.contains("Wrong phrases left: 4."), "{shown}");
    writeln!(screen, "{}", link.phrase).unwrap();
    shown += &shows(&mut screen, "The link is spent");
    assert!(
        !shown.contains("0000") && !shown.contains(&link.phrase),
        "{shown}"
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("DATABASE_URL\n  {VALUE}\n")
    );
    assert!(shows_what_is_typed(), "the terminal is as it was");

    let child = start();
    shows(&mut screen, "link: ");
    writeln!(screen, "{}", link.url).unwrap();
    shows(&mut screen, "phrase: ");
    screen.write_all(b"TR7K\x03").unwrap();
    shows(&mut screen, "stopped; nothing was spent");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
    assert!(shows_what_is_typed(), "the terminal is as it was");
}
