//! From when to when a certificate is valid. rustls checks other people's certificates but tells no dates, and five
//! fields of DER are not worth a parser of all X.509.

use countersign_core::time::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notBefore` and `notAfter` of a certificate (RFC 5280 §4.1.2.5); nothing if it is damaged.
pub fn of(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = expect(SEQUENCE, certificate)?;
    let (mut fields, _) = expect(SEQUENCE, certificate)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // serialNumber, signature, issuer
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (dates, _) = expect(SEQUENCE, fields)?;
    let (tag, from, rest) = element(dates)?;
    let (until_tag, until, _) = element(rest)?;
    Some((time(tag, from)?, time(until_tag, until)?))
}

/// The content of an element with this tag, and what follows it.
fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(bytes)?;
    (found == tag).then_some((content, rest))
}

/// Tag, content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, bytes) = bytes.split_first()?;
    let (&first, mut bytes) = bytes.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let (digits, rest) = bytes.split_at_checked(usize::from(first & 0x7F))?;
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        bytes = rest;
        digits
            .iter()
            .fold(0, |length, digit| (length << 8) | usize::from(*digit))
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`; two digits mean 1950 to 2049.
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        UTC_TIME if text.len() == 13 && text < "50" => format!("20{text}"),
        UTC_TIME if text.len() == 13 => format!("19{text}"),
        GENERALIZED_TIME if text.len() == 15 => text.to_owned(),
        _ => return None,
    };
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (date, time) = digits.split_at(8);
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    )
    .parse()
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_of_a_certificate_are_read() {
        let key = rcgen::KeyPair::generate().unwrap();
        for (from, until) in [((1999, 12, 31), (2049, 12, 31)), ((1975, 1, 1), (2060, 2, 29))] {
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
            params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
            let certificate = params.self_signed(&key).unwrap();
            let said = |(year, month, day)| format!("{year}-{month:02}-{day:02}T00:00:00Z").parse().unwrap();
            assert_eq!(of(certificate.der()), Some((said(from), said(until))));
            for end in 0..certificate.der().len() {
                assert_eq!(of(&certificate.der()[..end]), None, "cut after {end} bytes");
            }
        }
    }

    #[test]
    fn dates_that_are_none_are_none() {
        for (tag, text) in [
            (UTC_TIME, "991332000000Z"),
            (UTC_TIME, "99123123595 Z"),
            (UTC_TIME, "991231235959+"),
            (GENERALIZED_TIME, "991231235959Z"),
            (GENERALIZED_TIME, "20991231235959é"),
            (SEQUENCE, "991231235959Z"),
        ] {
            assert_eq!(time(tag, text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_bytes_are_too_odd() {
        bolero::check!().for_each(|bytes: &[u8]| {
            of(bytes);
        });
    }
}
