//! What the tests of several files need: certificates, and a server that greets and writes down what it is told.

use std::{sync::Arc, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::{Kill, Settings, Trust};

/// What stands for a password; nobody must ever see it.
pub(crate) const CANARY: &str = "CANARY-of-a-password";

/// A certificate authority.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::of_pem(self.0.pem().as_bytes()).unwrap()
    }

    /// A server's certificate for this name, changed as wished before it is signed.
    pub(crate) fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder().with_no_client_auth();
        let chain = vec![certificate.der().clone()];
        Arc::new(config.with_single_cert(chain, key.into()).unwrap())
    }
}

/// A bundle of one CA that signs nothing.
pub(crate) fn trust() -> Trust {
    Ca::new().trust()
}

/// A server on loopback; the password is a canary.
pub(crate) fn settings(port: u16, trust: &Trust) -> Settings {
    Settings {
        host: "localhost".to_owned(),
        port,
        user: "admin".parse().unwrap(),
        password: SecretString::from(CANARY),
        trust: trust.clone(),
        kill: Kill::Statement,
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
    }
}

/// How a pretended server goes on after it has greeted.
#[derive(Clone)]
pub(crate) enum Manner {
    /// It offers no TLS.
    Plain,
    /// It offers TLS with this certificate.
    Tls(Arc<ServerConfig>),
    /// It does not even greet.
    Silent,
    /// It refuses everybody, with an error in place of the greeting.
    Refusing(u16),
}

/// A pretended server for one guest.
pub(crate) struct Fake {
    pub(crate) port: u16,
    guest: JoinHandle<Vec<u8>>,
}

impl Fake {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let guest = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            receive(stream, manner).await
        });
        Self { port, guest }
    }

    /// Everything that it was told, decrypted where it could be, once the guest has gone.
    pub(crate) async fn heard(self) -> Vec<u8> {
        self.guest.await.unwrap()
    }
}

async fn receive(mut stream: TcpStream, manner: Manner) -> Vec<u8> {
    let mut heard = Vec::new();
    let config = match manner {
        Manner::Silent => None,
        Manner::Plain => {
            stream.write_all(&greeting(false)).await.unwrap();
            None
        }
        Manner::Refusing(code) => {
            stream.write_all(&refusal(code)).await.unwrap();
            None
        }
        Manner::Tls(config) => {
            stream.write_all(&greeting(true)).await.unwrap();
            Some(config)
        }
    };
    let Some(config) = config else {
        read_all(&mut stream, &mut heard).await;
        return heard;
    };
    // The request for TLS is 32 bytes behind a header of 4.
    let mut request = [0; 36];
    if stream.read_exact(&mut request).await.is_ok() {
        heard.extend_from_slice(&request);
        if let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await {
            read_all(&mut stream, &mut heard).await;
        }
    }
    heard
}

/// Until the guest goes, however.
async fn read_all(stream: &mut (impl AsyncReadExt + Unpin), heard: &mut Vec<u8>) {
    let mut some = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut some).await {
        heard.extend_from_slice(&some[..length]);
    }
}

fn packet(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap();
    [&[length, 0, 0, 0], body].concat()
}

/// The first packet of MySQL's protocol, version 10.
fn greeting(with_tls: bool) -> Vec<u8> {
    const PROTOCOL_41: u32 = 0x200;
    const SSL: u32 = 0x800;
    const SECURE_CONNECTION: u32 = 0x8000;
    const PLUGIN_AUTH: u32 = 0x8_0000;
    let capabilities = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | if with_tls { SSL } else { 0 };
    let capabilities = capabilities.to_le_bytes();
    packet(
        &[
            b"\x0a8.0.35\0".as_slice(),
            &7_u32.to_le_bytes(),
            b"12345678\0",
            &capabilities[..2],
            &[45, 2, 0],
            &capabilities[2..],
            &[21],
            &[0; 10],
            b"123456789012\0",
            b"mysql_native_password\0",
        ]
        .concat(),
    )
}

fn refusal(code: u16) -> Vec<u8> {
    packet(&[&[0xff], code.to_le_bytes().as_slice(), b"no"].concat())
}
