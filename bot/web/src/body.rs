//! What is posted, read strictly: size, time, content type, no unknown or repeated field, version 1.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use countersign_secrets::base64url;
use countersign_secrets::drop_box::Filling;
use countersign_secrets::proof::{AuthProof, LinkProof};
use http::header;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, Unexpected};

use crate::answers::Refused;

/// At most this for a link's requests and both statuses.
pub(crate) const SMALL: usize = 1024;
/// At most this for filling a box: 16 KiB, padded and encoded, and what is around it.
pub(crate) const LARGE: usize = 32 * 1024;
/// What of a body that is too long is still read, so that its sender gets to read the answer.
const POLITE: usize = 256 * 1024;

const NOT_OURS: Refused = Refused::BadRequest(
    "the body must be one JSON object with exactly the fields of this address, and v must be 1",
);

/// `{"v":1,"link":…}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    #[serde(rename = "v")]
    _version: One,
    pub(crate) link: LinkProof,
}

/// `{"v":1,"link":…,"auth":…}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeem {
    #[serde(rename = "v")]
    _version: One,
    pub(crate) link: LinkProof,
    pub(crate) auth: AuthProof,
}

/// `{"v":1,"link":…,"key":…,"nonce":…,"ct":…}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fill {
    #[serde(rename = "v")]
    _version: One,
    pub(crate) link: LinkProof,
    #[serde(deserialize_with = "base64url::array::deserialize")]
    key: [u8; 65],
    #[serde(deserialize_with = "base64url::array::deserialize")]
    nonce: [u8; 12],
    #[serde(rename = "ct", deserialize_with = "base64url::bytes::deserialize")]
    ciphertext: Vec<u8>,
}

impl Fill {
    /// The proof, and what goes into the box.
    pub(crate) fn into_parts(self) -> (LinkProof, Filling) {
        let filling = Filling {
            key: self.key,
            nonce: self.nonce,
            ciphertext: self.ciphertext,
        };
        (self.link, filling)
    }
}

/// Reads a JSON body of at most `limit` bytes.
pub(crate) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<T, Refused> {
    if !is_json(headers) {
        return Err(Refused::NotJson);
    }
    let bytes = tokio::time::timeout(patience, collect(headers, body, limit)).await;
    parse(&bytes.map_err(|_| Refused::TooSlow)??)
}

/// What is posted, out of bytes. Errors never quote them.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    // An array of the fields' values in order would do for serde.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(NOT_OURS);
    }
    serde_json::from_slice(bytes).map_err(|_| NOT_OURS)
}

async fn collect(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Refused> {
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > POLITE) {
        return Err(Refused::TooLarge);
    }
    match axum::body::to_bytes(body, POLITE).await {
        Ok(bytes) if bytes.len() <= limit => Ok(bytes.into()),
        Ok(_) => Err(Refused::TooLarge),
        Err(error) if is_too_long(&error) => Err(Refused::TooLarge),
        Err(_) => Err(Refused::BadRequest("the body ended early")),
    }
}

/// Whether it was the limit that ended the reading.
fn is_too_long(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// `application/json`, with or without the one character set that JSON has.
fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let Ok(line) = line.to_str() else { return false };
    let (kind, parameters) = line.split_once(';').unwrap_or((line, ""));
    let parameters = parameters.trim().to_ascii_lowercase();
    kind.trim().eq_ignore_ascii_case("application/json")
        && matches!(parameters.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
}

/// The number 1 and nothing else.
struct One;

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(D::Error::invalid_value(Unexpected::Unsigned(other), &"1")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    fn text(length: usize) -> String {
        base64url::encode(&vec![7; length])
    }

    fn whole() -> [Value; 3] {
        [
            json!({"v": 1, "link": text(32)}),
            json!({"v": 1, "link": text(32), "auth": text(32)}),
            json!({"v": 1, "link": text(32), "key": text(65), "nonce": text(12), "ct": text(1040)}),
        ]
    }

    /// Which of the three bodies these bytes are.
    fn kinds(bytes: &[u8]) -> [bool; 3] {
        [
            parse::<Status>(bytes).is_ok(),
            parse::<Redeem>(bytes).is_ok(),
            parse::<Fill>(bytes).is_ok(),
        ]
    }

    #[test]
    fn a_body_is_of_one_kind_and_whole() {
        for (kind, body) in whole().into_iter().enumerate() {
            let mut expected = [false; 3];
            expected[kind] = true;
            assert_eq!(kinds(body.to_string().as_bytes()), expected, "{body}");
            let fields = body.as_object().unwrap();
            for field in fields.keys() {
                let mut less = fields.clone();
                less.remove(field);
                assert!(
                    !kinds(json!(less).to_string().as_bytes())[kind],
                    "without {field}"
                );
                for odd in [
                    json!(null),
                    json!(2),
                    json!(-1),
                    json!(1.5),
                    json!("1"),
                    json!(""),
                    json!([]),
                    json!(text(33)),
                ] {
                    let mut other = fields.clone();
                    other.insert(field.clone(), odd.clone());
                    let is_ct = field == "ct" && odd.is_string() && odd != "1";
                    assert_eq!(
                        kinds(json!(other).to_string().as_bytes())[kind],
                        is_ct,
                        "{field}: {odd}"
                    );
                }
            }
            let mut more = fields.clone();
            more.insert("more".to_owned(), json!(1));
            assert_eq!(kinds(json!(more).to_string().as_bytes()), [false; 3]);
            let twice = body.to_string().replacen('{', r#"{"v":1,"#, 1);
            assert_eq!(kinds(twice.as_bytes()), [false; 3], "a field that stands twice");
            let values = json!(fields.values().collect::<Vec<_>>());
            assert_eq!(
                kinds(values.to_string().as_bytes()),
                [false; 3],
                "values without names"
            );
            assert_eq!(kinds(format!("{body} {{}}").as_bytes()), [false; 3], "two bodies");
        }
    }

    #[test]
    fn no_bytes_are_too_odd_and_no_field_is_unknown() {
        let known = whole().map(|body| body.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>());
        bolero::check!().for_each(|bytes: &[u8]| {
            for (kind, taken) in kinds(bytes).into_iter().enumerate() {
                if taken {
                    let body: Value = serde_json::from_slice(bytes).unwrap();
                    let fields: BTreeSet<_> = body.as_object().unwrap().keys().cloned().collect();
                    assert_eq!(fields, known[kind]);
                }
            }
        });
    }

    #[test]
    fn a_body_that_is_nearly_right_is_taken_only_with_exactly_its_fields() {
        let known = whole();
        let generator = (0..3_usize, bolero::produce::<Vec<(u8, u8)>>());
        bolero::check!()
            .with_generator(generator)
            .for_each(|(kind, changes)| {
                let mut bytes = known[*kind].to_string().into_bytes();
                for (place, byte) in changes {
                    let place = usize::from(*place) % bytes.len();
                    bytes[place] = *byte;
                }
                for (taken, whole) in kinds(&bytes).into_iter().zip(&known) {
                    if taken {
                        let body: Value = serde_json::from_slice(&bytes).unwrap();
                        let fields = body.as_object().unwrap();
                        assert!(fields.keys().eq(whole.as_object().unwrap().keys()), "{body}");
                        assert_eq!(body["v"], 1);
                    }
                }
            });
    }

    #[test]
    fn json_is_what_says_so() {
        let says = |kinds: &[&str]| {
            let mut headers = HeaderMap::new();
            for kind in kinds {
                headers.append(header::CONTENT_TYPE, kind.parse().unwrap());
            }
            is_json(&headers)
        };
        for kind in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(says(&[kind]), "{kind}");
        }
        for kind in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json; charset=utf-16",
            "text/plain, application/json",
        ] {
            assert!(!says(&[kind]), "{kind}");
        }
        assert!(!says(&[]) && !says(&["application/json", "application/json"]));
    }
}
