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
    Running {
        shown: &'a str,
        secret: bool,
        creating: bool,
    },
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
        Driver::Io(IoError::Io(error)) => io_error(&error, doing),
        Driver::Io(IoError::Tls(error)) => Error::new(Kind::Tls(tls_library(&error)), doing.words()),
        Driver::Driver(DriverError::NoClientSslFlagFromServer) => {
            Error::new(Kind::Tls(TlsTrouble::NotOffered), doing.words())
        }
        Driver::Driver(
            DriverError::UnknownAuthPlugin { .. }
            | DriverError::CleartextPluginDisabled
            | DriverError::MysqlOldPasswordDisabled,
        ) => Error::new(Kind::Denied, doing.words())
            .with_source("the account logs in in a way that is not spoken here"),
        Driver::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => broken(doing),
        Driver::Driver(_) | Driver::Other(_) | Driver::Url(_) => Error::new(Kind::Other(0), doing.words()),
    }
}

/// The connection is no more.
pub(crate) fn broken(doing: Doing<'_>) -> Error {
    match doing {
        Doing::Connecting => Error::new(Kind::Unreachable, doing.words()),
        Doing::Running { .. } => Error::new(Kind::Lost, doing.words()),
    }
}

fn io_error(error: &io::Error, doing: Doing<'_>) -> Error {
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
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsTrouble::NotYetValid
        }
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
        // What a storage engine or a file met is about the disk's room only when it says so.
        Kind::Full if !SURELY_FULL.contains(&code) && !names_no_space(message) => Kind::Other(code),
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

/// Whether the operating system's number for a full disk stands in it, and not only in the name of a file.
fn names_no_space(message: &str) -> bool {
    let mut words = message.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word == "28")
}

/// What says by its number alone that there is no room.
const SURELY_FULL: [u16; 4] = [20, 28, 1021, 1114];

/// Whether the write that found no room may have been the last of a change: it was made, and the server could not write that
/// down.
pub(crate) fn may_be_done(code: u16) -> bool {
    matches!(code, 3 | 1026)
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
        3 | 20 | 28 | 1021 | 1026 | 1030 | 1114 => Kind::Full,
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

/// Cuts out whom the server speaks of: `'user'@'host'` names the host that somebody came from.
pub(crate) fn without_accounts(text: &str) -> String {
    let mut left = text.to_owned();
    for quote in ['\'', '`'] {
        let middle = format!("{quote}@{quote}");
        while let Some(at) = left.find(&middle) {
            let begin = left[..at].rfind(quote).unwrap_or(at);
            let host = at + middle.len();
            let end = left[host..].find(quote).map_or(left.len(), |end| host + end + 1);
            left.replace_range(begin..end, "…");
        }
    }
    left
}

/// Characters that take no room, or turn the direction of the text after them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use mysql_async::ServerError;

    use super::*;
    use crate::Retry;

    fn said(code: u16, message: &str, doing: Doing<'_>) -> Error {
        let server = ServerError {
            code,
            message: message.to_owned(),
            state: "HY000".to_owned(),
        };
        error(Driver::Server(server), doing)
    }

    fn running(shown: &str) -> Doing<'_> {
        Doing::Running {
            shown,
            secret: false,
            creating: false,
        }
    }

    #[test]
    fn numbers_mean_the_same_on_every_server() {
        for (code, kind, retry) in [
            (1045, Kind::Denied, Retry::Never),
            (1040, Kind::TooManyConnections, Retry::Later),
            (1203, Kind::TooManyConnections, Retry::Later),
            (1226, Kind::TooManyConnections, Retry::Later),
            (2006, Kind::Lost, Retry::Unknown),
            (2013, Kind::Lost, Retry::Unknown),
            (1290, Kind::ReadOnly, Retry::Later),
            (1836, Kind::ReadOnly, Retry::Later),
            (1021, Kind::Full, Retry::Later),
            (1114, Kind::Full, Retry::Later),
            (1396, Kind::NoSuchAccount, Retry::Never),
            (1133, Kind::NoSuchAccount, Retry::Never),
            (1410, Kind::NoSuchAccount, Retry::Never),
            (1146, Kind::NoSuchTable, Retry::Never),
            (1227, Kind::NotAllowed, Retry::Never),
            (1142, Kind::NotAllowed, Retry::Never),
            (1044, Kind::NotAllowed, Retry::Never),
            (3118, Kind::Locked, Retry::Never),
            (4151, Kind::Locked, Retry::Never),
            (1820, Kind::Expired, Retry::Never),
            (1205, Kind::Busy, Retry::Later),
            (1064, Kind::Other(1064), Retry::Never),
        ] {
            let error = said(code, "text", running("DROP USER …"));
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{code}");
        }
        let full = "Got error 28 'No space left on device' from storage engine";
        assert_eq!(said(1030, full, running("x")).kind(), Kind::Full);
        // Such a write may have been the one that is the last of a change.
        let write = "Error writing file './bin.000001' (errno: 28 \"No space left on device\")";
        for (code, retry) in [(1030, Retry::Later), (3, Retry::Unknown), (1026, Retry::Unknown)] {
            let error = said(code, write, running("x"));
            assert_eq!((error.kind(), error.retry()), (Kind::Full, retry), "{code}");
        }
        let other = "Error writing file './bin.000028' (errno: 5 \"Input/output error\")";
        assert_eq!(said(1026, other, running("x")).kind(), Kind::Other(1026));
        assert_eq!(
            said(1030, "Got error 168", running("x")).kind(),
            Kind::Other(1030)
        );
    }

    #[test]
    fn what_a_server_says_of_a_statement_with_a_password_goes_no_further() {
        let text = "You have an error … near 'IDENTIFIED BY 'CANARY''";
        let secret = Doing::Running {
            shown: "CREATE USER 'cs_alice'@'%' IDENTIFIED BY '…'",
            secret: true,
            creating: true,
        };
        let error = said(1064, text, secret);
        assert!(!format!("{error} {error:?}").contains("CANARY"));
        assert_eq!(
            error.to_string(),
            "CREATE USER 'cs_alice'@'%' IDENTIFIED BY '…': the server answers with error 1064"
        );
        assert_eq!(said(1396, text, secret).kind(), Kind::Exists);
    }

    #[test]
    fn what_a_server_says_otherwise_is_made_visible_and_cut() {
        let error = said(
            1064,
            &format!("a\r\nb\u{202e}c {}", "x".repeat(400)),
            running("GRANT …"),
        );
        let text = error.to_string();
        assert!(text.starts_with("GRANT …: the server answers with error 1064 (the server says: a bc x"));
        assert!(text.ends_with("x…)"));

        let missing =
            "Access denied; you need (at least one of) the CREATE USER privilege(s) for this operation";
        assert!(
            said(1227, missing, running("DROP USER …"))
                .to_string()
                .contains("CREATE USER privilege")
        );
    }

    #[test]
    fn whom_the_server_speaks_of_and_from_where_they_came_is_cut() {
        for (text, told) in [
            (
                "SELECT command denied to user 'countersign'@'ip-10-0-0-7.ec2.internal' for table 'user'",
                "SELECT command denied to user … for table 'user'",
            ),
            (
                "Access denied for user 'a'@'10.0.0.7' to database 'x'; granted to `r`@`10.0.0.7`",
                "Access denied for user … to database 'x'; granted to …",
            ),
            ("denied to 'a'@'10.0.0.7", "denied to …"),
        ] {
            let said = said(1142, text, running("SHOW …")).to_string();
            assert!(said.ends_with(&format!("(the server says: {told})")), "{said}");
            assert!(!said.contains("10"), "{said}");
        }
    }

    #[test]
    fn a_connection_that_breaks_before_anything_was_asked_has_done_nothing() {
        let reset = || Driver::from(io::Error::from(io::ErrorKind::ConnectionReset));
        let before = error(reset(), Doing::Connecting);
        assert_eq!((before.kind(), before.retry()), (Kind::Unreachable, Retry::Later));
        let after = error(reset(), running("DROP USER …"));
        assert_eq!((after.kind(), after.retry()), (Kind::Lost, Retry::Unknown));
        assert_eq!(
            said(1053, "shutdown", Doing::Connecting).kind(),
            Kind::Unreachable
        );
        // At the login it is not our own rights that are missing, but the visitor's.
        assert_eq!(said(1044, "no", Doing::Connecting).kind(), Kind::Denied);
    }
}
