//! The text of a configuration, and where in it each key stands.
//!
//! The sections are plain values without positions: whoever finds something wrong names the [`Key`], and the
//! document is parsed once more to find its place.

use std::fmt;
use std::ops::Range;

use countersign_core::command::closest;
use countersign_core::text;
use miette::{NamedSource, SourceSpan};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Problem};
use super::mask;

/// A configuration as text.
#[derive(Debug)]
pub(super) struct Document {
    name: String,
    text: String,
}

/// The way to a value: `rule`, the third, `roles`, the first.
#[derive(Clone, Debug)]
pub(super) struct Key(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item(usize),
}

impl Key {
    /// A section.
    pub(super) fn of(section: &str) -> Self {
        Self(Vec::new()).field(section)
    }

    /// A key in it.
    pub(super) fn field(&self, name: &str) -> Self {
        self.and(Step::Field(name.to_owned()))
    }

    /// One of a list, from 0.
    pub(super) fn item(&self, index: usize) -> Self {
        self.and(Step::Item(index))
    }

    /// The last word of it.
    pub(super) fn last(&self) -> Option<&str> {
        match self.0.last()? {
            Step::Field(name) => Some(name),
            Step::Item(_) => None,
        }
    }

    /// Its words, without which one of a list it is.
    pub(super) fn fields(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Item(_) => None,
        })
    }

    fn and(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

/// As people write it: which one of a list it is, line and column say.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fields().collect::<Vec<_>>().join("."))
    }
}

impl Document {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The values in it.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let parsed = toml::Deserializer::parse(&self.text).map_err(|error| self.syntax(&error))?;
        serde_path_to_error::deserialize(parsed).map_err(|error| self.mistyped(&error))
    }

    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let help = "this is not TOML; see https://toml.io, or compare with deploy/treeherder.toml";
        let span = error.span().unwrap_or_default();
        self.wrong(vec![self.problem("syntax", span, error.message(), help)])
    }

    fn mistyped(&self, error: &serde_path_to_error::Error<toml::de::Error>) -> ConfigError {
        let steps = error.path().iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Map { key } => Some(Step::Field(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        let mut key = Key(steps.collect());
        let mut span = error.inner().span();
        let (words, help) = match Mistake::of(error.inner().message()) {
            Mistake::Unknown { name, known } => {
                if key.last() != Some(name) {
                    key = key.field(name);
                }
                (format!("there is no {name} here"), did_you_mean(name, &known))
            }
            Mistake::Missing { name } => {
                span = self.locate(&key).or(span).map(|span| self.first_line(span));
                key = key.field(name);
                ("it is missing".to_owned(), explained(&key))
            }
            Mistake::Other(_) if mask::is_secret(&key) => {
                let help = "write where it is: { env = \"NAME\" } or { file = \"PATH\" }. And change the secret: who read this file knows it";
                ("a secret does not stand in the file".to_owned(), help.to_owned())
            }
            Mistake::Other(words) => {
                let (words, help) = halves(words, &key);
                (words.to_owned(), help)
            }
        };
        let span = span.or_else(|| self.locate(&key)).unwrap_or_default();
        self.wrong(vec![self.problem(&key.to_string(), span, &words, &help)])
    }

    fn wrong(&self, problems: Vec<Problem>) -> ConfigError {
        ConfigError::Wrong {
            name: self.name.clone(),
            problems,
        }
    }

    fn problem(&self, key: &str, span: Range<usize>, words: &str, help: &str) -> Problem {
        Problem {
            key: key.to_owned(),
            words: words.to_owned(),
            at: self.line_and_column(span.start),
            help: help.to_owned(),
            text: NamedSource::new(&self.name, mask::masked(&self.text)),
            span: SourceSpan::from(span),
        }
    }

    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before[line_start..].chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    /// The value's place, or that of the nearest thing around it that is written.
    fn locate(&self, key: &Key) -> Option<Range<usize>> {
        let table = DeTable::parse(&self.text).ok()?;
        let (first, rest) = key.0.split_first()?;
        let Step::Field(section) = first else { return None };
        let mut value = table.get_ref().get(section.as_str())?;
        for step in rest {
            match inside(value, step) {
                Some(inner) => value = inner,
                None => return Some(self.first_line(value.span())),
            }
        }
        Some(self.first_line(value.span()))
    }

    /// A table is as long as its lines; pointing at its head is enough.
    fn first_line(&self, span: Range<usize>) -> Range<usize> {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let length = text.lines().next().map_or(0, str::len);
        span.start..span.start + length
    }
}

fn inside<'v, 'd>(value: &'v Spanned<DeValue<'d>>, step: &Step) -> Option<&'v Spanned<DeValue<'d>>> {
    match step {
        Step::Field(name) => value.get_ref().get(name.as_str()),
        Step::Item(index) => value.get_ref().get(*index),
    }
}

/// What serde's words say.
enum Mistake<'m> {
    Unknown { name: &'m str, known: Vec<&'m str> },
    Missing { name: &'m str },
    Other(&'m str),
}

impl<'m> Mistake<'m> {
    fn of(message: &'m str) -> Self {
        let mut quoted = message.split('`').skip(1).step_by(2);
        let unknown = ["unknown field", "unknown variant"];
        if unknown.iter().any(|start| message.starts_with(start)) {
            let name = quoted.next().unwrap_or_default();
            Self::Unknown {
                name,
                known: quoted.collect(),
            }
        } else if message.starts_with("missing field") {
            Self::Missing {
                name: quoted.next().unwrap_or_default(),
            }
        } else {
            Self::Other(message)
        }
    }
}

/// What is wrong and, after a semicolon, what to do; else where to read on.
pub(super) fn halves<'e>(error: &'e str, key: &Key) -> (&'e str, String) {
    match error.split_once("; ") {
        Some((words, help)) => (words, help.to_owned()),
        None => (error, explained(key)),
    }
}

fn explained(key: &Key) -> String {
    format!("countersign config explain {key} says what goes there")
}

/// The nearest of the names that there are, or all of them.
pub(super) fn did_you_mean(name: &str, known: &[&str]) -> String {
    match closest(name, known.iter().copied()).as_slice() {
        [] if known.is_empty() => "there are none".to_owned(),
        [] => format!("there are: {}", text::list(known)),
        near => format!("did you mean {}?", text::either(near)),
    }
}

/// What is wrong with a document, collected, so that people need not mend one thing to hear of the next.
#[derive(Debug)]
pub(super) struct Problems<'d> {
    document: &'d Document,
    found: Vec<Problem>,
}

impl<'d> Problems<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        Self {
            document,
            found: Vec::new(),
        }
    }

    /// Something is wrong with the value of a key.
    pub(super) fn add(&mut self, key: &Key, words: impl AsRef<str>, help: impl AsRef<str>) {
        let span = self.document.locate(key).unwrap_or_default();
        let problem = self
            .document
            .problem(&key.to_string(), span, words.as_ref(), help.as_ref());
        self.found.push(problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// An error that says what to do after a semicolon.
    pub(super) fn say(&mut self, key: &Key, error: impl fmt::Display) {
        let error = error.to_string();
        let (words, help) = halves(&error, key);
        self.add(key, words, help);
    }

    /// Fails if there were any.
    pub(super) fn done(mut self) -> Result<(), ConfigError> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|problem| problem.at);
        Err(self.document.wrong(self.found))
    }
}
