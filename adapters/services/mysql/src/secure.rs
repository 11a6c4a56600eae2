//! That nobody is told anything before the connection is secure.

use std::error::Error as _;

use rcgen::date_time_ymd;

use crate::{
    Error, Kind, Retry, Schema, Server, Tls, TlsTrouble,
    testing::{CANARY, Ca, Fake, Manner, settings, trust},
};

/// Asks a pretended server something; answers the error, and what the server was told.
async fn ask(manner: Manner, trust: &crate::Trust) -> (Error, Vec<u8>) {
    let fake = Fake::start(manner).await;
    let server = Server::new(settings(fake.port, trust));
    let error = server.about().await.unwrap_err();
    drop(server);
    (error, fake.heard().await)
}

fn holds(heard: &[u8], text: &str) -> bool {
    heard.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A login without TLS and a wrong password give the same error at the server: only the client can tell them apart.
#[tokio::test]
async fn trap_06_a_server_without_tls_is_told_nothing() {
    let (error, heard) = ask(Manner::Plain, &trust()).await;
    assert_eq!(error.kind(), Kind::Tls(TlsTrouble::NotOffered));
    assert_eq!(
        error.to_string(),
        "connecting: no secure connection: the server offers no TLS"
    );
    assert_eq!(heard, b"", "not a single byte");
}

#[tokio::test]
async fn trap_06_a_server_that_is_not_verified_is_told_nothing_but_hello() {
    let ca = Ca::new();
    let expired = ca.issue("localhost", |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    let early = ca.issue("localhost", |params| {
        params.not_before = date_time_ymd(4000, 1, 1);
    });
    // What older servers of RDS have: a common name, and no subject alternative name for it.
    let nameless = ca.issue("localhost", |params| params.subject_alt_names.clear());
    for (config, trust, expected) in [
        (expired, ca.trust(), TlsTrouble::Expired),
        (early, ca.trust(), TlsTrouble::NotYetValid),
        (
            ca.issue("elsewhere.example", |_| ()),
            ca.trust(),
            TlsTrouble::OtherName,
        ),
        (nameless, ca.trust(), TlsTrouble::OtherName),
        (ca.issue("localhost", |_| ()), trust(), TlsTrouble::UnknownIssuer),
    ] {
        let (error, heard) = ask(Manner::Tls(config), &trust).await;
        assert_eq!(error.kind(), Kind::Tls(expected));
        assert_eq!(error.retry(), Retry::Never);
        // The request for TLS has no user in it.
        assert_eq!(heard.len(), 36, "{expected:?}");
        assert!(!holds(&heard, "admin") && !holds(&heard, CANARY), "{expected:?}");
        let told = format!("{error} {error:?} {:?}", error.source());
        assert!(
            !told.contains("localhost") && !told.contains("elsewhere"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_verified_is_told_the_user_and_no_password() {
    let ca = Ca::new();
    let (error, heard) = ask(Manner::Tls(ca.issue("localhost", |_| ())), &ca.trust()).await;
    // It never answers the login.
    assert_eq!((error.kind(), error.retry()), (Kind::Hangs, Retry::Later));
    assert!(holds(&heard, "admin") && !holds(&heard, CANARY));
}

#[tokio::test]
async fn only_a_twin_may_log_in_without_tls() {
    let fake = Fake::start(Manner::Plain).await;
    let server = Server::new(settings(fake.port, &trust()));
    let password = crate::Password::given(CANARY.into()).unwrap();
    let schema: Schema = "treeherder".parse().unwrap();
    let log_in = |name: &str| {
        let (name, server, password, schema) = (
            name.parse().unwrap(),
            server.clone(),
            password.clone(),
            schema.clone(),
        );
        async move {
            server
                .log_in(&name, &password, Some(&schema), Tls::Without)
                .await
                .unwrap_err()
        }
    };
    for person in ["cs_alice", "admin", "cs_probe"] {
        let error = log_in(person).await;
        assert_eq!(error.kind(), Kind::Unsupported, "{person}");
        assert_eq!(
            error.to_string(),
            format!("logging in as {person} without TLS: that can't be done here")
        );
    }
    assert_eq!(log_in("cs_probe_a1b2c3").await.kind(), Kind::Hangs);
    drop(server);
    let heard = fake.heard().await;
    assert!(holds(&heard, "cs_probe_a1b2c3") && !holds(&heard, "cs_alice") && !holds(&heard, CANARY));
}

#[tokio::test]
async fn a_server_that_is_away_silent_or_crowded_says_so() {
    let (silent, heard) = ask(Manner::Silent, &trust()).await;
    assert_eq!((silent.kind(), silent.retry()), (Kind::Hangs, Retry::Later));
    assert_eq!(heard, b"");

    let (crowded, _) = ask(Manner::Refusing(1040), &trust()).await;
    assert_eq!(
        (crowded.kind(), crowded.retry()),
        (Kind::TooManyConnections, Retry::Later)
    );
    assert_eq!(
        crowded.to_string(),
        "connecting: the server has no free connection"
    );

    let port = Fake::start(Manner::Silent).await.port;
    let away = Server::new(settings(port, &trust()));
    // Its only guest has come and gone.
    drop(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    let error = loop {
        let error = away.about().await.unwrap_err();
        if error
            .source()
            .is_some_and(|source| source.to_string() == "connection refused")
        {
            break error;
        }
    };
    assert_eq!(error.kind(), Kind::Unreachable);
}

#[tokio::test]
async fn neither_a_server_nor_its_settings_print_the_password() {
    let settings = settings(3306, &trust());
    let server = Server::new(settings.clone());
    assert_eq!(format!("{settings:?}"), "Settings(admin at localhost:3306)");
    assert_eq!(format!("{server:?}"), "Server(admin at localhost:3306)");
    assert_eq!(server.address(), ("localhost", 3306));
}
