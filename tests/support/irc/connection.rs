//! The bytes under a [`super::Person`]: a connection in clear or with TLS.

use std::sync::Arc;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf,
};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::Address;
use super::line::Line;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Halves = (ReadHalf<Box<dyn Stream>>, WriteHalf<Box<dyn Stream>>);

/// Connects; the certificate must be for `localhost`.
pub(super) async fn open(address: &Address) -> Halves {
    let socket = TcpStream::connect(("127.0.0.1", address.port))
        .await
        .unwrap_or_else(|error| panic!("nobody listens on port {}: {error}", address.port));
    socket.set_nodelay(true).unwrap();
    let Some(ca) = &address.ca else {
        return tokio::io::split(Box::new(socket));
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    tokio::io::split(Box::new(stream.expect("the server's certificate is not trusted")))
}

/// Notes what comes, answers pings, and sends what is to be sent, until the connection ends or nobody wants it any more.
pub(super) async fn run(
    reader: ReadHalf<Box<dyn Stream>>,
    mut writer: WriteHalf<Box<dyn Stream>>,
    mut lines: mpsc::UnboundedReceiver<Vec<u8>>,
    out: mpsc::UnboundedSender<Vec<u8>>,
    log: watch::Sender<Vec<Line>>,
    began: Instant,
) {
    let reading = async {
        let mut reader = BufReader::new(reader);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match reader.read_until(b'\n', &mut bytes).await {
                Ok(0) => return "by the server".to_owned(),
                Err(error) => return error.to_string(),
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&bytes);
            let line = Line::parse(began.elapsed(), false, text.trim_end());
            if line.is("PING") {
                out.send(format!("PONG :{}\r\n", line.text()).into_bytes()).ok();
            } else {
                log.send_modify(|log| log.push(line));
            }
        }
    };
    let writing = async {
        while let Some(bytes) = lines.recv().await {
            if let Err(error) = writer.write_all(&bytes).await {
                return error.to_string();
            }
        }
        "by its person".to_owned()
    };
    tokio::pin!(reading);
    // What the server still had to say is read even when it does not listen any more.
    let why = tokio::select! {
        why = &mut reading => why,
        _ = writing => reading.await,
    };
    log.send_modify(|log| log.push(Line::closed(began.elapsed(), &why)));
}
