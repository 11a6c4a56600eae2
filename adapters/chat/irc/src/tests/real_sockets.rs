//! Sockets, addresses and certificates.

use std::net::SocketAddr;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::dial::Dialer;

const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody who vouches for others.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for a name, and its key.
    fn vouches(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// A server with TLS that says one line, and how many certificates it was shown.
async fn server(authority: &Authority, name: &str) -> (SocketAddr, tokio::task::JoinHandle<usize>) {
    let (certificate, key) = authority.vouches(name);
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut clients = rustls::RootCertStore::empty();
    clients.add(certificate_of(&authority.pem)).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(clients), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else {
            return 0;
        };
        stream.write_all(b"hello\r\n").await.unwrap();
        stream.flush().await.unwrap();
        stream.get_ref().1.peer_certificates().map_or(0, <[_]>::len)
    });
    (address, served)
}

fn certificate_of(pem: &str) -> rustls_pki_types::CertificateDer<'static> {
    use rustls_pki_types::pem::PemObject as _;
    rustls_pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

async fn dials(settings: Settings) -> Result<Stream, DialError> {
    let server = settings.servers[0].clone();
    Dialer::new(Arc::new(settings), PATIENCE).dial(&server, 0).await
}

fn at(host: &str, port: u16, tls: Tls) -> Settings {
    let mut settings = settings(&[], Pace::default());
    settings.tls = tls;
    settings.servers[0] = Server {
        host: host.to_owned(),
        port,
    };
    settings
}

async fn refused(settings: Settings) -> (String, bool) {
    match dials(settings).await {
        Ok(_) => panic!("it connected"),
        Err(error) => (error.words(), error.is_lasting()),
    }
}

#[tokio::test]
async fn a_server_that_our_own_authority_vouches_for_is_trusted() {
    let authority = Authority::new();
    let (address, served) = server(&authority, "localhost").await;
    let tls = Tls::Own(format!("{}{}", Authority::new().pem, authority.pem));
    let stream = dials(at("localhost", address.port(), tls)).await.unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    assert_eq!(line, "hello\r\n");
    assert_eq!(served.await.unwrap(), 0, "no certificate was shown");
}

#[tokio::test]
async fn the_bot_shows_its_certificate_if_it_has_one() {
    let authority = Authority::new();
    let (address, served) = server(&authority, "localhost").await;
    let (certificate, key) = authority.vouches("bot");
    let mut settings = at("localhost", address.port(), Tls::Own(authority.pem.clone()));
    settings.login = Login::Certificate {
        chain: certificate.pem(),
        key: key.serialize_pem().into(),
    };
    let stream = dials(settings).await.unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    assert_eq!(served.await.unwrap(), 1);
}

#[tokio::test]
async fn others_are_not_trusted() {
    let authority = Authority::new();
    let (address, _) = server(&authority, "localhost").await;
    let wrong = Tls::Own(Authority::new().pem);
    let (words, lasting) = refused(at("localhost", address.port(), wrong)).await;
    assert!(
        words.starts_with(&format!(
            "localhost port {} was reached but not trusted",
            address.port()
        )),
        "{words}"
    );
    assert!(words.contains("invalid peer certificate"), "{words}");
    assert!(lasting);

    let (address, _) = server(&authority, "irc.example.org").await;
    let (words, _) = refused(at("localhost", address.port(), Tls::Own(authority.pem.clone()))).await;
    assert!(
        words.contains("certificate not valid for name"),
        "another's certificate: {words}"
    );
}

#[tokio::test]
async fn what_cannot_work_is_said_before_anybody_is_called() {
    let (words, lasting) = refused(at("irc.example.org", 6667, Tls::Off)).await;
    assert_eq!(
        words,
        "irc.example.org is not on this machine and TLS is off, so commands and passwords could be read and changed on \
         the way: turn TLS on"
    );
    assert!(lasting);
    let (words, _) = refused(at("localhost", 6697, Tls::Own("no pem".to_owned()))).await;
    assert_eq!(
        words,
        "the encryption cannot be set up: the file of certificates to trust has no certificate in it that can be read"
    );
    let mut settings = at("localhost", 6697, Tls::Own(Authority::new().pem));
    settings.login = Login::Certificate {
        chain: Authority::new().pem,
        key: "s3cr3t that is no key".to_owned().into(),
    };
    let (words, _) = refused(settings).await;
    assert!(
        words.contains("the key of the bot's certificate cannot be read"),
        "{words}"
    );
    assert!(!words.contains("s3cr3t"), "{words}");
}

#[tokio::test]
async fn a_closed_port_is_no_lasting_trouble() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (words, lasting) = refused(at("127.0.0.1", port, Tls::Off)).await;
    assert!(
        words.starts_with(&format!("127.0.0.1 port {port} cannot be connected to: ")),
        "{words}"
    );
    assert!(!lasting);
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // `localhost` is 127.0.0.1 and, on most machines, ::1: the server listens on the first only.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = Arc::new(at("localhost", port, Tls::Off));
    let mut dialer = Dialer::new(Arc::clone(&settings), PATIENCE);
    for attempt in 0..3 {
        dialer.dial(&settings.servers[0], attempt).await.unwrap();
    }
}
