//! When a certificate ends: the one field of X.509 that the TLS library reads and does not tell.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notAfter`, or `None` for what is no certificate. RFC 5280 §4.1.
pub(crate) fn end(certificate: &[u8]) -> Option<Timestamp> {
    let certificate = Der(certificate).enter(SEQUENCE)?;
    let mut fields = certificate.enter(SEQUENCE)?;
    if fields.0.first() == Some(&VERSION) {
        fields.next()?;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        fields.next()?;
    }
    let mut validity = fields.enter(SEQUENCE)?;
    validity.next()?;
    let (tag, text) = validity.next()?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// `YYMMDDHHMMSSZ` from 1950 to 2049, `YYYYMMDDHHMMSSZ` from then on.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let text = match tag {
        UTC_TIME if text.len() == 12 && text < "50" => format!("20{text}"),
        UTC_TIME if text.len() == 12 => format!("19{text}"),
        GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
        _ => return None,
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%S", &text).ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

/// What is left of a piece of DER.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Takes the next value: its tag and what is in it.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// What is in the next value, which must have this tag.
    fn enter(mut self, tag: u8) -> Option<Self> {
        let (found, content) = self.next()?;
        (found == tag).then_some(Self(content))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn years_have_two_digits_until_2049() {
        let said = |tag, text| time(tag, text).map(|end| end.to_string());
        assert_eq!(said(UTC_TIME, "240822170850Z").unwrap(), "2024-08-22T17:08:50Z");
        assert_eq!(said(UTC_TIME, "500101000000Z").unwrap(), "1950-01-01T00:00:00Z");
        assert_eq!(
            said(GENERALIZED_TIME, "21210519180624Z").unwrap(),
            "2121-05-19T18:06:24Z"
        );
        for (tag, odd) in [
            (UTC_TIME, "2408221708Z"),
            (UTC_TIME, "240822170850"),
            (0x02, "240822170850Z"),
        ] {
            assert_eq!(said(tag, odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_reads_it_does_not_fall_over(bytes: Vec<u8>) {
            let _ = end(&bytes);
        }
    }
}
