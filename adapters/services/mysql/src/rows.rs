//! What a server answers: rows of texts.

use mysql_async::{Row, Value};

use crate::error::{Error, Kind, Result};

/// The rows of one answer.
pub(crate) struct Rows(Vec<Row>);

/// One row.
pub(crate) struct Cells(Row);

impl Rows {
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        Self(rows)
    }

    /// The first column of the only row.
    pub(crate) fn one_text(self) -> Result<String> {
        self.into_iter().next().ok_or_else(nonsense)?.text(0)
    }
}

impl IntoIterator for Rows {
    type Item = Cells;
    type IntoIter = std::iter::Map<std::vec::IntoIter<Row>, fn(Row) -> Cells>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(Cells::new)
    }
}

impl Cells {
    pub(crate) fn new(row: Row) -> Self {
        Self(row)
    }

    /// A column's text, by its place.
    pub(crate) fn text(&self, at: usize) -> Result<String> {
        self.0.as_ref(at).and_then(text).ok_or_else(nonsense)
    }

    /// A column's bytes, by its place; none where it is NULL.
    pub(crate) fn bytes(&self, at: usize) -> Option<&[u8]> {
        match self.0.as_ref(at)? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A column's text, by its name in any case; none where it is NULL or not there.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        let columns = self.0.columns_ref();
        let at = columns
            .iter()
            .position(|column| column.name_str().eq_ignore_ascii_case(name))?;
        self.0.as_ref(at).and_then(text)
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::UInt(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(crate) fn nonsense() -> Error {
    Error::new(Kind::Other(0), "reading an answer")
}
