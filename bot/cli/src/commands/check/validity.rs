//! From when until when a certificate is good: the one thing that is read of it here (RFC 5280 §4.1).

use countersign_core::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Its first and its last moment; nothing if that is no certificate.
pub(super) fn read(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = value(SEQUENCE, certificate)?;
    let (mut rest, _) = value(SEQUENCE, certificate)?;
    if let Some((_, after)) = value(VERSION, rest) {
        rest = after;
    }
    let (_serial, rest) = value(INTEGER, rest)?;
    let (_algorithm, rest) = value(SEQUENCE, rest)?;
    let (_issuer, rest) = value(SEQUENCE, rest)?;
    let (validity, _) = value(SEQUENCE, rest)?;
    let (begin, rest) = time(validity)?;
    let (end, _) = time(rest)?;
    Some((begin, end))
}

/// The value with this tag at the beginning, and what comes after it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // So many bytes of length; more than four has nothing that is in a certificate.
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length)).flatten()
}

fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (text, rest, century) = if let Some((text, rest)) = value(UTC_TIME, der) {
        // 1950 to 2049: from 2050 on the year has four digits.
        (text, rest, if *text.first()? >= b'5' { "19" } else { "20" })
    } else {
        let (text, rest) = value(GENERALIZED_TIME, der)?;
        (text, rest, "")
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some((at.to_zoned(TimeZone::UTC).ok()?.timestamp(), rest))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    #[test]
    fn both_ways_to_write_a_year_are_read() {
        let pem = include_str!("../../../tests/config/valid/certificates/ca.pem");
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let (begin, end) = read(&der).unwrap();
        assert_eq!(
            (begin.to_string().as_str(), end.to_string().as_str()),
            ("2026-11-22T14:06:14Z", "2126-10-29T14:06:14Z")
        );
    }

    #[test]
    fn what_is_none_or_is_cut_off_is_none() {
        let pem = include_str!("../../../tests/config/valid/certificates/ca.pem");
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        for length in 0..der.len() {
            assert_eq!(read(&der[..length]), None, "{length} bytes of it");
        }
        for junk in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x80\x00\x00",
            b"hello",
        ] {
            assert_eq!(read(junk), None, "{junk:?}");
        }
    }
}
