//! What is inside a secret link: labelled values and small files, as JSON.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

/// What the header of a link says that is inside.
pub const MIME: &str = "application/vnd.countersign+json";

/// What is inside: `{"fields":[{"label":…,"value":…}],"files":[{"name":…,"text":…}]}`.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Values that are shown, each with a button that copies it.
    pub fields: Vec<Field>,
    /// Texts that are downloaded.
    pub files: Vec<File>,
}

/// A value with its name.
#[derive(Debug, Clone)]
pub struct Field {
    /// What it is: `DATABASE_URL`.
    pub label: String,
    /// The value.
    pub value: SecretString,
}

/// A text with the name of its file.
#[derive(Debug, Clone)]
pub struct File {
    /// The name under which it is saved: `prod.env`.
    pub name: String,
    /// What is in it.
    pub text: SecretString,
}

/// What was in the link is not what links hold. It does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is inside is not of the form that this program knows")]
pub struct NotContent;

#[derive(Serialize)]
struct Written<'c> {
    fields: Vec<WrittenField<'c>>,
    files: Vec<WrittenFile<'c>>,
}

#[derive(Serialize)]
struct WrittenField<'c> {
    label: &'c str,
    value: &'c str,
}

#[derive(Serialize)]
struct WrittenFile<'c> {
    name: &'c str,
    text: &'c str,
}

#[derive(Deserialize)]
struct Read {
    fields: Vec<ReadField>,
    files: Vec<ReadFile>,
}

#[derive(Deserialize)]
struct ReadField {
    label: String,
    #[serde(deserialize_with = "secret")]
    value: SecretString,
}

#[derive(Deserialize)]
struct ReadFile {
    name: String,
    #[serde(deserialize_with = "secret")]
    text: SecretString,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

impl Content {
    /// One value with its name.
    pub fn one(label: impl Into<String>, value: SecretString) -> Self {
        Self {
            fields: vec![Field {
                label: label.into(),
                value,
            }],
            files: Vec::new(),
        }
    }

    /// Its JSON.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "texts have a JSON, and memory takes it"
    )]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let written = Written {
            fields: self.fields.iter().map(WrittenField::of).collect(),
            files: self.files.iter().map(WrittenFile::of).collect(),
        };
        // Never reallocated, so that no text is left behind where it grew.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.room()));
        serde_json::to_writer(&mut *bytes, &written).expect("texts have a JSON");
        bytes
    }

    /// What such JSON says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotContent> {
        // serde's error would quote what it found.
        let read: Read = serde_json::from_slice(bytes).map_err(|_| NotContent)?;
        Ok(Self {
            fields: read
                .fields
                .into_iter()
                .map(|field| Field {
                    value: field.value,
                    label: field.label,
                })
                .collect(),
            files: read
                .files
                .into_iter()
                .map(|file| File {
                    text: file.text,
                    name: file.name,
                })
                .collect(),
        })
    }

    /// How long its JSON can get: an escape has up to 6 characters.
    fn room(&self) -> usize {
        64 + self.texts().map(|text| 6 * text.len() + 32).sum::<usize>()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let fields = self
            .fields
            .iter()
            .flat_map(|field| [field.label.as_str(), field.value.expose_secret()]);
        let files = self
            .files
            .iter()
            .flat_map(|file| [file.name.as_str(), file.text.expose_secret()]);
        fields.chain(files)
    }
}

impl<'c> WrittenField<'c> {
    fn of(field: &'c Field) -> Self {
        Self {
            label: &field.label,
            value: field.value.expose_secret(),
        }
    }
}

impl<'c> WrittenFile<'c> {
    fn of(file: &'c File) -> Self {
        Self {
            name: &file.name,
            text: file.text.expose_secret(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "mysql://th:s3cr3t-canary@db/x";

    fn content() -> Content {
        let mut content = Content::one("DATABASE_URL", SecretString::from(CANARY));
        content.files.push(File {
            name: "prod.env".to_owned(),
            text: SecretString::from("A=\"1\"\nB=\u{1}é\n"),
        });
        content
    }

    #[test]
    fn what_is_put_in_comes_out() {
        let bytes = content().to_bytes();
        assert_eq!(
            std::str::from_utf8(&bytes).unwrap(),
            concat!(
                r#"{"fields":[{"label":"DATABASE_URL","value":"mysql://th:s3cr3t-canary@db/x"}],"#,
                r#""files":[{"name":"prod.env","text":"A=\"1\"\nB=\u0001é\n"}]}"#
            )
        );
        let read = Content::from_bytes(&bytes).unwrap();
        assert_eq!(read.fields[0].label, "DATABASE_URL");
        assert_eq!(read.fields[0].value.expose_secret(), CANARY);
        assert_eq!(read.files[0].name, "prod.env");
        assert_eq!(read.files[0].text.expose_secret(), "A=\"1\"\nB=\u{1}é\n");
        assert!(!format!("{read:?}").contains("canary"));
    }

    #[test]
    fn memory_is_asked_for_once_whatever_is_escaped() {
        let one = Content::one("\u{1}", SecretString::from("\u{2}".repeat(1000)));
        let mut many = Content::default();
        for _ in 0..100 {
            many.fields.push(one.fields[0].clone());
            let (name, text) = (String::new(), SecretString::from(""));
            many.files.push(File { name, text });
        }
        for content in [one, many, Content::default()] {
            let (length, room) = (content.to_bytes().len(), content.room());
            assert!(length <= room, "{length} > {room}");
        }
        assert_eq!(
            Content::default().to_bytes().as_slice(),
            br#"{"fields":[],"files":[]}"#
        );
    }

    #[test]
    fn what_is_no_content_is_not_quoted() {
        for bytes in [
            r#"{"fields":[{"label":"x","value":"s3cr3t-canary"}]}"#,
            r#""s3cr3t-canary""#,
            r#"{"fields":"s3cr3t-canary","files":[]}"#,
            "",
        ] {
            let error = Content::from_bytes(bytes.as_bytes()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
