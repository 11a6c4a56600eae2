//! Until when a server's own certificate is good. Its client tells no dates, so this shakes hands once more, and leaves
//! before anybody logs in.

use std::io;
use std::sync::Arc;

use countersign_core::text::span;
use countersign_core::time::{Duration, Timestamp, between};
use countersign_mysql::Trust;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{SOON, date};
use crate::commands::check::finding::Findings;
use crate::config::Endpoint;

const PATIENCE: Duration = Duration::from_secs(10);
/// `CLIENT_PROTOCOL_41`, `CLIENT_SSL`, `CLIENT_SECURE_CONNECTION`, `CLIENT_PLUGIN_AUTH`.
const CAPABILITIES: u32 = 0x0200 | 0x0800 | 0x8000 | 0x0008_0000;
/// `utf8mb4_general_ci`.
const CHARACTERS: u8 = 45;
const LARGEST_PACKET: u32 = 1 << 24;

pub(super) async fn check(about: &str, at: &Endpoint, ca: &Trust, now: Timestamp, findings: &mut Findings) {
    let shown = timeout(PATIENCE, certificate(at, ca)).await;
    let shown = shown.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let dates = match &shown {
        Ok(certificate) => countersign_web::validity::of(certificate),
        Err(error) => {
            findings.warn(
                about,
                format!("until when its certificate is good was not to be found out: {error}"),
            );
            return;
        }
    };
    let Some((_, end)) = dates else {
        findings.warn(about, "until when its certificate is good cannot be read");
        return;
    };
    let left = between(now, end);
    if left < SOON {
        findings.warn(
            about,
            format!(
                "its certificate ends in {}, on {}; have it renewed before",
                span(left),
                date(end)
            ),
        );
    } else {
        findings.ok(about, format!("its certificate is good until {}", date(end)));
    }
}

/// The certificate that the server shows to whoever asks for TLS.
async fn certificate(at: &Endpoint, ca: &Trust) -> io::Result<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(ca.certificates().iter().cloned());
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(at.host.clone()).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect((at.host.as_str(), at.port)).await?;
    greeted(&mut stream).await?;
    stream.write_all(&request()).await?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let shown = stream.get_ref().1.peer_certificates();
    let first = shown.and_then(<[_]>::first).cloned();
    first.ok_or_else(|| io::Error::other("it showed none"))
}

/// Reads the server's greeting: three bytes of length, one of its number, and what it says.
async fn greeted(stream: &mut TcpStream) -> io::Result<()> {
    let header = stream.read_u32_le().await?;
    let length = header & 0x00FF_FFFF;
    let mut greeting = vec![0; length as usize];
    stream.read_exact(&mut greeting).await?;
    // Else it is an error: the server does not talk to us.
    match greeting.first() {
        Some(10) => Ok(()),
        _ => Err(io::Error::other("the server does not greet")),
    }
}

/// `SSLRequest`: the wish for TLS, and nothing else.
fn request() -> Vec<u8> {
    let mut packet = vec![32, 0, 0, 1];
    packet.extend(CAPABILITIES.to_le_bytes());
    packet.extend(LARGEST_PACKET.to_le_bytes());
    packet.push(CHARACTERS);
    packet.extend([0; 23]);
    packet
}
