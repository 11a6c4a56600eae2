//! TLS: the certificate is checked, watched and replaced while the bot runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_web::settings::TlsFiles;
use countersign_web::{Settings, StartError};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{House, settings, with};
use crate::wire::{over, request, to_the_end};

const ORIGIN: &str = "https://ops.example.org";

/// A folder with a certificate and a key in it.
struct Files {
    folder: TempDir,
}

struct Pair {
    certificate: CertificateDer<'static>,
    pem: String,
    key: String,
}

/// For this host, until the end of this year.
fn pair(host: &str, from: i32, until: i32) -> Pair {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 12, 31);
    let certificate = params.self_signed(&key).unwrap();
    Pair {
        pem: certificate.pem(),
        certificate: certificate.der().clone(),
        key: key.serialize_pem(),
    }
}

fn good() -> Pair {
    pair("ops.example.org", 2020, 2030)
}

impl Files {
    fn of(pair: &Pair) -> Self {
        let files = Self {
            folder: TempDir::new().unwrap(),
        };
        files.put(&pair.pem, &pair.key);
        files
    }

    fn put(&self, certificate: &str, key: &str) {
        for (path, text) in [(self.certificate(), certificate), (self.key(), key)] {
            // As those who renew certificates do: never half a file.
            std::fs::write(path.with_extension("new"), text).unwrap();
            std::fs::rename(path.with_extension("new"), path).unwrap();
        }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn settings(&self) -> Settings {
        let mut settings = settings();
        settings.public_url = format!("{ORIGIN}/").parse().unwrap();
        let mut files = TlsFiles::new(self.certificate(), self.key());
        files.look_every = Duration::from_millis(20);
        settings.tls = Some(files);
        settings
    }
}

async fn connect(house: &House, trusted: &Pair) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("ops.example.org").unwrap();
    let stream = TcpStream::connect(house.addr()).await?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn words(settings: Settings) -> String {
    let error = with(settings).await.err().expect("it must not start");
    assert!(matches!(error, StartError::Certificate(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn links_are_opened_over_tls() {
    let pair = good();
    let files = Files::of(&pair);
    let house = with(files.settings()).await.unwrap();
    let stream = connect(&house, &pair).await.unwrap();
    let lines = format!("{}Origin: {ORIGIN}\r\n", crate::support::JSON);
    let asking = request(
        "POST",
        &house.path("s", "status"),
        &lines,
        &house.asking().to_string(),
    );
    assert_eq!(over(stream, &asking).await.status, 200);
    // The end of 2030-12-31, at its beginning.
    house
        .until_metrics_say("countersign_tls_certificate_expires 1924905600\n")
        .await;
}

#[tokio::test]
async fn a_browser_like_client_gets_in() {
    let pair = good();
    let files = Files::of(&pair);
    let house = with(files.settings()).await.unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(pair.pem.as_bytes()).unwrap()])
        .resolve("ops.example.org", house.addr())
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("https://ops.example.org:{}/s/x", house.addr().port());
    for _ in 0..3 {
        let reply = client.get(&url).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        assert!(reply.text().await.unwrap().contains("</html>"));
    }
    assert!(
        house
            .metrics()
            .await
            .contains("countersign_http_connections{address=\"public\"} 1\n"),
        "kept alive"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_before_anything_starts() {
    let pair_of = |host: &str, from, until| pair(host, from, until);
    let files = Files::of(&good());
    let (certificate, key) = (files.certificate(), files.key());
    let (certificate, key) = (certificate.display(), key.display());
    let one = good();
    for (pem, key_pem, expected) in [
        (
            "",
            one.key.as_str(),
            format!(
                "{certificate} has no certificate that can be read; it must be PEM, the server's own first"
            ),
        ),
        (
            &one.pem,
            "",
            format!("{key} has no private key that can be read; it must be PEM and not encrypted"),
        ),
        (
            &one.pem,
            &good().key,
            format!("the key in {key} is not that of the certificate in {certificate}"),
        ),
    ] {
        files.put(pem, key_pem);
        assert_eq!(words(files.settings()).await, expected);
    }
    for (other, expected) in [
        (
            pair_of("www.example.org", 2020, 2030),
            format!(
                "the certificate in {certificate} is not for ops.example.org, the host of the public URL"
            ),
        ),
        (
            pair_of("ops.example.org", 2020, 2025),
            format!("the certificate in {certificate} expired at 2025-12-31T00:00:00Z; put a new one there"),
        ),
        (
            pair_of("ops.example.org", 2027, 2030),
            format!(
                "the certificate in {certificate} is valid from 2027-01-01T00:00:00Z only; is the clock right?"
            ),
        ),
    ] {
        files.put(&other.pem, &other.key);
        assert_eq!(words(files.settings()).await, expected);
    }
    std::fs::remove_file(files.key()).unwrap();
    let expected = format!("can't read {key}: it is not there");
    assert_eq!(words(files.settings()).await, expected);
}

#[tokio::test]
async fn a_new_certificate_takes_over_and_a_broken_one_does_not() {
    let (first, second, third) = (
        good(),
        pair("ops.example.org", 2020, 2031),
        pair("ops.example.org", 2020, 2032),
    );
    let files = Files::of(&first);
    let house = with(files.settings()).await.unwrap();
    connect(&house, &first).await.unwrap();

    files.put(&second.pem, &second.key);
    house
        .until_metrics_say("countersign_tls_certificate_expires 1956441600\n")
        .await;
    connect(&house, &second).await.unwrap();
    assert!(
        connect(&house, &first).await.is_err(),
        "the old one is not shown any more"
    );

    let already: u32 = failed_reloads(&house).await;
    files.put("-----BEGIN", &second.key);
    house
        .until_metrics_say(&format!("countersign_tls_reloads_failed_total {}\n", already + 1))
        .await;
    connect(&house, &second).await.unwrap();

    std::fs::remove_file(files.certificate()).unwrap();
    house
        .until_metrics_say(&format!("countersign_tls_reloads_failed_total {}\n", already + 2))
        .await;
    connect(&house, &second).await.unwrap();

    files.put(&third.pem, &third.key);
    house
        .until_metrics_say("countersign_tls_certificate_expires 1988064000\n")
        .await;
    connect(&house, &third).await.unwrap();
}

/// How many there were: between two renames a look may have seen a pair that does not fit.
async fn failed_reloads(house: &House) -> u32 {
    let metrics = house.metrics().await;
    let line = metrics
        .lines()
        .find(|line| line.starts_with("countersign_tls_reloads_failed_total"));
    line.unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn handshakes_that_fail_or_never_end_are_cut_and_counted() {
    let pair = good();
    let files = Files::of(&pair);
    let mut settings = files.settings();
    settings.times.handshake = Duration::from_millis(200);
    let house = with(settings).await.unwrap();
    let mut silent = TcpStream::connect(house.addr()).await.unwrap();
    assert_eq!(to_the_end(&mut silent).await, b"");
    house
        .until_metrics_say("countersign_tls_handshakes_failed_total 1\n")
        .await;
    let mut plain = TcpStream::connect(house.addr()).await.unwrap();
    plain.write_all(&request("GET", "/s/x", "", "")).await.unwrap();
    let answer = to_the_end(&mut plain).await;
    assert!(!answer.starts_with(b"HTTP"), "plain HTTP is not spoken here");
    house
        .until_metrics_say("countersign_tls_handshakes_failed_total 2\n")
        .await;
}
