//! Servers in trouble: each kind has its own name, and the client is well again when the server is.

use std::time::Duration;

use countersign_mysql::{Kind, Retry, Server, Settings, Statement};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::{Flavour, Rig, Side, account, on_both, settings};

on_both!(
    a_server_without_room_says_so_and_lets_in_later,
    a_replica_takes_no_changes_and_says_how_it_follows,
    a_server_that_dies_is_away_and_comes_back,
    what_waits_for_a_lock_does_not_wait_for_ever,
    a_connection_that_breaks_may_have_done_it,
    no_answer_in_time_means_that_it_may_have_happened,
);

async fn a_server_without_room_says_so_and_lets_in_later(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let crowd = rig.pair.crowd(Side::Primary).await;
    let error = rig.primary.about().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (Kind::TooManyConnections, Retry::Later)
    );
    drop(crowd);
    // The server needs a moment to see that they have gone.
    let mut last = None;
    for _ in 0..100 {
        match rig.primary.about().await {
            Ok(_) => return,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still {last:?}");
}

async fn a_replica_takes_no_changes_and_says_how_it_follows(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let (primary, replica) = (
        rig.primary.about().await.unwrap(),
        rig.replica.about().await.unwrap(),
    );
    assert!(!primary.read_only && replica.read_only);
    assert_ne!(primary.server_id, replica.server_id);
    assert!(primary.server_uuid.is_none() || primary.server_uuid != replica.server_uuid);
    assert_eq!(primary.version, replica.version);
    let error = rig.replica.execute(&[drop_nobody()]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (Kind::ReadOnly, Retry::Later));

    assert_eq!(rig.primary.replication().await.unwrap(), None);
    let well = rig.replica.replication().await.unwrap().unwrap();
    assert!(well.io && well.sql && well.error.is_none(), "{well:?}");
    assert!(well.behind.unwrap() < Duration::from_mins(1));
    assert_eq!(well.source, "127.0.0.1");

    rig.pair.lag(60).await;
    let late = rig.replica.replication().await.unwrap().unwrap();
    assert!(late.behind.unwrap() >= Duration::from_mins(1), "{late:?}");
    rig.pair.lag(0).await;

    rig.pair.break_replication().await;
    let broken = rig.replica.replication().await.unwrap().unwrap();
    assert!(!broken.sql && broken.behind.is_none(), "{broken:?}");
    // The server's own words would quote the statement.
    let error = broken.error.unwrap();
    assert!(
        error.starts_with("error 10") && error.ends_with(" while applying changes"),
        "{error}"
    );
    assert_eq!(error.split(' ').nth(1).unwrap().len(), 4);
    rig.pair.mend_replication().await;
    rig.pair.stop_replication().await;
    let stopped = rig.replica.replication().await.unwrap().unwrap();
    assert!(
        !stopped.io && !stopped.sql && stopped.behind.is_none(),
        "{stopped:?}"
    );
}

async fn a_server_that_dies_is_away_and_comes_back(flavour: Flavour) {
    let mut rig = Rig::start(flavour).await;
    // There is a session that will be found dead.
    rig.primary.about().await.unwrap();
    rig.pair.kill(Side::Primary);
    let error = rig.primary.execute(&[drop_nobody()]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (Kind::Unreachable, Retry::Later));
    assert_eq!(
        error.to_string(),
        "connecting: the database server can't be reached"
    );
    rig.pair.start_again(Side::Primary).await;
    rig.primary.execute(&[drop_nobody()]).await.unwrap();
}

async fn what_waits_for_a_lock_does_not_wait_for_ever(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let options = root_like(&rig).await;
    let mut holder = rig.pair.session(options.path(), &[]);
    holder.asks("FLUSH TABLES WITH READ LOCK; SELECT 'held'").await;
    assert_eq!(holder.hears().await, "held");
    let server = Server::new(Settings {
        timeout: Duration::from_secs(5),
        ..settings(&rig.pair, Side::Primary)
    });
    let create = Statement::CreateLocked {
        account: account("cs_late"),
        password: countersign_mysql::Password::hex(&[3; 30]),
    };
    let error = server.execute(&[create]).await.unwrap_err();
    // MariaDB does not heed the limit for statements about accounts.
    let expected = if rig.is_mysql() {
        (Kind::Busy, Retry::Later)
    } else {
        (Kind::TimedOut, Retry::Unknown)
    };
    assert_eq!((error.kind(), error.retry()), expected, "{error}");
    holder.asks("UNLOCK TABLES; SELECT 'free'").await;
    assert_eq!(holder.hears().await, "free");
    if rig.is_mysql() {
        assert_eq!(server.account(&account("cs_late")).await.unwrap(), None);
    }
}

async fn a_connection_that_breaks_may_have_done_it(flavour: Flavour) {
    let mut rig = Rig::start(flavour).await;
    let options = root_like(&rig).await;
    let mut holder = rig.pair.session(options.path(), &[]);
    holder.asks("FLUSH TABLES WITH READ LOCK; SELECT 'held'").await;
    assert_eq!(holder.hears().await, "held");
    let server = rig.primary.clone();
    let asked = tokio::spawn(async move { server.execute(&[drop_nobody()]).await });
    let waits = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DROP USER%'";
    while rig.root(waits).await != "1" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.pair.kill(Side::Primary);
    let error = asked.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (Kind::Lost, Retry::Unknown),
        "{error}"
    );
}

async fn no_answer_in_time_means_that_it_may_have_happened(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let wire = Wire::to(rig.pair.primary().1).await;
    let server = Server::new(Settings {
        port: wire.port,
        timeout: Duration::from_secs(1),
        ..settings(&rig.pair, Side::Primary)
    });
    let create = |name| Statement::CreateLocked {
        account: account(name),
        password: countersign_mysql::Password::hex(&[4; 30]),
    };
    // The session is made, and lent again while answers still come; then they don't.
    server.execute(&[create("cs_first")]).await.unwrap();
    // On MySQL there is a spare one, to see why a change hangs.
    let before = 1 + u32::from(rig.is_mysql());
    assert_eq!(wire.connections(), before);
    // That it is still alive is answered, and that nothing is unfinished.
    wire.lets_through(2);
    let error = server.execute(&[create("cs_second")]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (Kind::TimedOut, Retry::Unknown),
        "{error}"
    );
    // It did happen. The next call does not read the late answer: it has a connection of its own.
    wire.lets_through(u32::MAX);
    assert!(server.account(&account("cs_second")).await.unwrap().is_some());
    assert!(wire.connections() > before);

    // The same for a call that somebody lost patience with.
    let before = wire.connections();
    wire.lets_through(1);
    let impatient = tokio::time::timeout(Duration::from_millis(300), server.about());
    assert!(impatient.await.is_err(), "it was dropped, not answered");
    wire.lets_through(u32::MAX);
    server.about().await.unwrap();
    assert!(wire.connections() > before);
}

/// A change that changes nothing.
fn drop_nobody() -> Statement {
    Statement::Drop {
        accounts: vec![account("cs_nobody")],
    }
}

/// An option file of somebody who may hold everybody up.
async fn root_like(rig: &Rig) -> tempfile::NamedTempFile {
    rig.root("CREATE USER holder@'%' IDENTIFIED BY 'holds-everybody-up'; GRANT ALL ON *.* TO holder@'%'")
        .await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let (host, port) = rig.pair.primary();
    let options = format!(
        "[client]\nuser=holder\npassword=holds-everybody-up\nhost={host}\nport={port}\nprotocol=tcp\nssl-ca={}\n",
        rig.pair.ca().display()
    );
    std::fs::write(file.path(), options).unwrap();
    file
}

/// The way to a server, on which answers can be lost.
struct Wire {
    port: u16,
    /// How many more answers come through.
    left: watch::Sender<u32>,
    connections: watch::Receiver<u32>,
}

impl Wire {
    async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = watch::Sender::new(u32::MAX);
        let (came, connections) = watch::channel(0);
        let lefts = left.clone();
        tokio::spawn(async move {
            loop {
                let (guest, _) = listener.accept().await.unwrap();
                came.send_modify(|count| *count += 1);
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(carry(guest, server, lefts.clone()));
            }
        });
        Self {
            port,
            left,
            connections,
        }
    }

    fn connections(&self) -> u32 {
        *self.connections.borrow()
    }

    /// So many more answers come through; what the server says then is lost.
    fn lets_through(&self, answers: u32) {
        self.left.send_replace(answers);
    }
}

async fn carry(guest: TcpStream, server: TcpStream, left: watch::Sender<u32>) {
    let (mut from_guest, mut to_guest) = guest.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = tokio::spawn(async move { tokio::io::copy(&mut from_guest, &mut to_server).await });
    let mut some = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from_server.read(&mut some).await {
        let comes = *left.borrow();
        if comes != u32::MAX {
            left.send_replace(comes.saturating_sub(1));
        }
        if comes > 0 && to_guest.write_all(&some[..length]).await.is_err() {
            break;
        }
    }
    drop(there);
}
