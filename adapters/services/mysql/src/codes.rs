//! What the errors of mysql_async and of the servers mean: numbers and causes into [`Kind`]s.
//!
//! Numbers below 1900 and from 3000 on are MySQL's; 4000 and more are also MariaDB's own. The same number never means two
//! things that matter here.

use std::io;

use mysql_async::{DriverError, Error as Driver, IoError};
use rustls::CertificateError;

use crate::error::{Error, Kind, TlsTrouble};

/// Longer texts of servers are cut.
const MAX_CHARS: usize = 300;

/// What was being done when an error came.
#[derive(Clone, Copy)]
pub(crate) enum Doing<'a> {
    /// Making a connection and logging in: nothing has been asked for yet.
    Connecting,
    /// A statement, as it is shown. `secret` when the one that was sent holds a password.
    Running { shown: &'a str, secret: bool, creating: bool },
}

impl Doing<'_> {
    fn words(self) -> String {
        match self {
            Self::Connecting => "connecting".to_owned(),
            Self::Running { shown, .. } => quotable(shown),
        }
    }
}

/// Turns an error of the driver into ours. The driver's own goes no further: its text may quote statements, and its
/// values rows.
pub(crate) fn error(error: Driver, doing: Doing<'_>) -> Error {
    match error {
        Driver::Server(server) => server_error(server.code, &server.message, doing),
        Driver::Io(IoError::Io(error)) => io_error(error, doing),
        Driver::Io(IoError::Tls(error)) => {
            Error::new(Kind::Tls(tls_library(&error)), doing.words())
        }
        Driver::Driver(DriverError::NoClientSslFlagFromServer) => {
            Error::new(Kind::Tls(TlsTrouble::NotOffered), doing.words())
        }
        Driver::Driver(DriverError::UnknownAuthPlugin { .. })
        | Driver::Driver(DriverError::CleartextPluginDisabled)
        | Driver::Driver(DriverError::MysqlOldPasswordDisabled) => {
            Error::new(Kind::Denied, doing.words()).with_said("a way of logging in that is not spoken here")
        }
        Driver::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => broken(doing),
        Driver::Driver(_) | Driver::Other(_) | Driver::Url(_) => Error::new(Kind::Other(0), doing.words()),
    }
}

/// The connection is no more.
fn broken(doing: Doing<'_>) -> Error {
    match doing {
        Doing::Connecting => Error::new(Kind::Unreachable, doing.words()),
        Doing::Running { .. } => Error::new(Kind::Lost, doing.words()),
    }
}

fn io_error(error: io::Error, doing: Doing<'_>) -> Error {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .map(tls_trouble);
    match (tls, doing) {
        // The library's own text may name the host.
        (Some(trouble), Doing::Connecting) => Error::new(Kind::Tls(trouble), doing.words()),
        _ => broken(doing).with_source(error.kind().to_string()),
    }
}

fn tls_library(error: &mysql_async::TlsError) -> TlsTrouble {
    match error {
        mysql_async::TlsError::Tls(error) => tls_trouble(error),
        mysql_async::TlsError::InvalidDnsName(_) => TlsTrouble::OtherName,
        _ => TlsTrouble::Other,
    }
}

fn tls_trouble(error: &rustls::Error) -> TlsTrouble {
    let rustls::Error::InvalidCertificate(error) = error else {
        return TlsTrouble::Other;
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsTrouble::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsTrouble::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsTrouble::OtherName
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsTrouble::UnknownIssuer,
        _ => TlsTrouble::Other,
    }
}

/// No answer came in time.
pub(crate) fn timed_out(doing: Doing<'_>) -> Error {
    Error::new(Kind::TimedOut, doing.words())
}

fn server_error(code: u16, message: &str, doing: Doing<'_>) -> Error {
    let creating = matches!(doing, Doing::Running { creating: true, .. });
    let kind = match kind_of(code) {
        Kind::NoSuchAccount if creating && code == 1396 => Kind::Exists,
        // While connecting nothing had been asked for.
        Kind::Lost if matches!(doing, Doing::Connecting) => Kind::Unreachable,
        Kind::NotAllowed if matches!(doing, Doing::Connecting) => Kind::Denied,
        // A storage engine's error is about the disk only when it says so.
        Kind::Full if code == 1030 && !message.contains("28") => Kind::Other(code),
        kind => kind,
    };
    let error = Error::new(kind, doing.words()).with_code(code);
    match (kind, doing) {
        (
            Kind::Other(_) | Kind::NotAllowed | Kind::Full | Kind::NoSuchTable | Kind::Busy,
            Doing::Running { secret: false, .. },
        ) => error.with_said(message),
        _ => error,
    }
}

/// `reference/domain.md` §6.2, and the servers' own lists of errors.
fn kind_of(code: u16) -> Kind {
    match code {
        1045 | 1130 | 1251 | 1698 | 3159 | 3955 => Kind::Denied,
        1040 | 1203 | 1226 => Kind::TooManyConnections,
        1129 => Kind::Unreachable,
        1053 | 1317 | 1927 | 2006 | 2013 | 3169 | 4031 => Kind::Lost,
        1205 | 1213 | 3572 => Kind::Busy,
        1290 | 1836 => Kind::ReadOnly,
        28 | 1021 | 1030 | 1114 => Kind::Full,
        1133 | 1396 | 1410 => Kind::NoSuchAccount,
        1141 | 1147 | 1403 => Kind::NoSuchGrant,
        1049 | 1051 | 1146 => Kind::NoSuchTable,
        code if is_denial(code) => Kind::NotAllowed,
        3118 | 4151 => Kind::Locked,
        1820 | 1862 => Kind::Expired,
        code => Kind::Other(code),
    }
}

/// Whether an error is about a right that is missing.
pub(crate) fn is_denial(code: u16) -> bool {
    matches!(code, 1044 | 1095 | 1142 | 1143 | 1227 | 1370)
}

/// Whether an error refuses a statement to an account, for whatever reason, rather than fails it.
pub(crate) fn is_refusal(code: u16) -> bool {
    is_denial(code) || matches!(kind_of(code), Kind::ReadOnly)
}

/// Makes a text fit to be shown: on one line, nothing invisible, not too long.
pub(crate) fn quotable(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Characters that take no room, or turn the direction of the text after them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}
