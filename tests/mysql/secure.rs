//! TLS with real servers: verified, or nothing.

use countersign_mysql::{Kind, Server, Tls, TlsTrouble};

use super::{Flavour, Rig, Side, given, on_both, settings, user};
use crate::support::mysql::Cert;

on_both!(
    trap_06_a_certificate_that_is_not_right_ends_the_matter,
    trap_06_a_login_without_tls_is_refused,
);

async fn trap_06_a_certificate_that_is_not_right_ends_the_matter(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    for (certificate, trouble) in [
        (Cert::Expired, TlsTrouble::Expired),
        (Cert::OtherName, TlsTrouble::OtherName),
        (Cert::OtherAuthority, TlsTrouble::UnknownIssuer),
    ] {
        rig.pair.certificate(certificate).await;
        for side in Side::BOTH {
            let error = Server::new(settings(&rig.pair, side)).about().await.unwrap_err();
            assert_eq!(error.kind(), Kind::Tls(trouble), "{side:?}");
            let told = format!("{error} {error:?}");
            assert!(!told.contains("localhost") && !told.contains("example"), "{told}");
        }
    }
    rig.pair.certificate(Cert::Good).await;
    let about = Server::new(settings(&rig.pair, Side::Primary))
        .about()
        .await
        .unwrap();
    assert!(
        about.tls_version.starts_with("TLSv1.") && !about.tls_cipher.is_empty(),
        "{about:?}"
    );
}

async fn trap_06_a_login_without_tls_is_refused(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    rig.root(
        "CREATE USER cs_probe_a1@'%' IDENTIFIED BY 'thrown-away' REQUIRE SSL;
         CREATE USER cs_probe_b2@'%' IDENTIFIED BY 'thrown-away'",
    )
    .await;
    let (needs, careless, password) = (user("cs_probe_a1"), user("cs_probe_b2"), given("thrown-away"));
    let without = |name| rig.primary.log_in(name, &password, None, Tls::Without);
    // The same error as for a wrong password: only the client can tell them apart.
    assert_eq!(without(&needs).await.unwrap_err().kind(), Kind::Denied);
    let wrong = rig
        .primary
        .log_in(&needs, &given("another"), None, Tls::Required)
        .await;
    assert_eq!(wrong.unwrap_err().kind(), Kind::Denied);
    rig.primary
        .log_in(&needs, &password, None, Tls::Required)
        .await
        .unwrap()
        .close()
        .await;

    // Where it is not refused, that is seen.
    let visit = without(&careless).await.unwrap();
    assert_eq!((visit.current_user(), visit.tls()), ("cs_probe_b2@%", None));
    visit.close().await;
    rig.pair.requires_tls(true).await;
    assert_eq!(without(&careless).await.unwrap_err().kind(), Kind::Denied);
}
