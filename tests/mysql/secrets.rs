//! Where passwords are not: in what is printed, in errors, in logs of any level; and where servers themselves put them.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use countersign_mysql::{Kind, Statement, Tls};
use tracing_subscriber::fmt::MakeWriter;

use super::{Flavour, Rig, Side, account, given, log_in, on_both, schema, settings, table};
use crate::support::hunt::Hunt;
use crate::support::mysql::ADMIN_PASSWORD;

on_both!(passwords_are_in_nothing_that_is_written);

const CANARY: &str = "canary-of-cs-alice-81c0";
const QUOTED: &str = "canary-of-cs-carol-27fe";

/// Everything that anybody logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn passwords_are_in_nothing_that_is_written(flavour: Flavour) {
    let log = Log::default();
    // Once for this process: of the log crate too.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .init();
    let rig = Rig::start(flavour).await;
    let hunt = Hunt::default()
        .text("alice's password", CANARY)
        .text("carol's password", QUOTED)
        .text("the bot's own password", ADMIN_PASSWORD);
    let mut printed = format!("{:?} {:?} ", rig.primary, settings(&rig.pair, Side::Primary));

    // What goes well, and what goes wrong.
    let create = |name: &str, password: &str| Statement::CreateLocked {
        account: account(name),
        password: given(password),
    };
    let alice = create("cs_alice", CANARY);
    write!(printed, "{alice:?} {} ", alice.shown()).unwrap();
    rig.primary.execute(std::slice::from_ref(&alice)).await.unwrap();
    let mut errors = vec![rig.primary.execute(&[alice]).await.unwrap_err()];
    let set = Statement::SetPassword {
        account: account("cs_nobody"),
        password: given(QUOTED),
        keep_old: false,
    };
    errors.push(rig.primary.execute(&[set]).await.unwrap_err());
    errors.push(
        rig.replica
            .execute(&[create("cs_carol", QUOTED)])
            .await
            .unwrap_err(),
    );
    for (name, password, tls) in [
        ("cs_alice", QUOTED, Tls::Required),
        ("cs_alice", CANARY, Tls::Required),
        ("cs_alice", CANARY, Tls::Without),
        ("cs_probe_x", QUOTED, Tls::Without),
    ] {
        errors.push(log_in(&rig.primary, name, password, tls).await.unwrap_err());
    }
    let unlock = Statement::Unlock {
        accounts: vec![account("cs_alice")],
    };
    rig.primary.execute(&[unlock]).await.unwrap();
    let mut visit = log_in(&rig.primary, "cs_alice", CANARY, Tls::Required)
        .await
        .unwrap();
    visit.may_select(&schema(), &table("job"), None).await.unwrap();
    let state = rig.primary.account(&account("cs_alice")).await.unwrap();
    write!(printed, "{visit:?} {state:?} ").unwrap();
    for error in &errors {
        write!(printed, "{error} {error:?} {:?} ", error.source()).unwrap();
        assert_ne!(error.kind(), Kind::Other(0), "{error}");
    }

    hunt.is_not_in("what is printed", &printed);
    // Hashes are nobody's business either.
    let hash = rig
        .root("SELECT authentication_string FROM mysql.user WHERE User = 'cs_alice'")
        .await;
    assert!(hash.len() > 30 && !printed.contains(&hash));
    let logged = log.0.lock().unwrap().clone();
    assert!(memchr(&logged, b"rustls"), "something was logged at all");
    hunt.is_not_in("the logs", &logged);
    assert!(!memchr(&logged, b"IDENTIFIED"), "no statement is logged");

    // What servers write down themselves: trap 4.
    let files = rig.pair.files(Side::Primary);
    let holds = |path: &PathBuf| memchr(&std::fs::read(path).unwrap(), CANARY.as_bytes());
    let in_general = holds(&files.general);
    let in_binary = files.binary.iter().any(holds);
    assert_eq!((in_general, in_binary), (false, false));
    assert!(!holds(&files.errors));
}

fn memchr(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
