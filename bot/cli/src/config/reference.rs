//! The reference of the configuration, made of the sections' types and doc comments.

use std::slice;

use schemars::schema_for;
use serde_json::Value;

use super::Sections;
use super::document::did_you_mean;

/// There is no such key.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has no key {key}; {help}")]
pub struct NoSuchKey {
    key: String,
    help: String,
}

/// The JSON schema, for editors.
pub fn schema() -> Value {
    schema_for!(Sections).to_value()
}

/// What the reference says about a section or key and everything below it; about everything if none is given.
pub fn explain(key: Option<&str>) -> Result<String, NoSuchKey> {
    let schema = schema();
    let mut entries = Vec::new();
    collect(&schema, &schema, &schema, "", &mut entries);
    let Some(key) = key else { return Ok(page(&entries)) };
    let below = format!("{key}.");
    let chosen: Vec<&Entry<'_>> = entries
        .iter()
        .filter(|entry| entry.key == key || entry.key.starts_with(&below))
        .collect();
    if chosen.is_empty() {
        let known: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        return Err(NoSuchKey {
            key: key.to_owned(),
            help: did_you_mean(key, &known),
        });
    }
    Ok(page(chosen))
}

/// One key.
struct Entry<'s> {
    key: String,
    property: &'s Value,
    /// The type that it refers to, or the property itself.
    meant: &'s Value,
    required: bool,
    example: Option<&'s Value>,
}

/// Adds the keys of a table that stands as `within` among those of another.
fn collect<'s>(
    root: &'s Value,
    table: &'s Value,
    within: &'s Value,
    path: &str,
    entries: &mut Vec<Entry<'s>>,
) {
    let Some(properties) = table["properties"].as_object() else {
        return;
    };
    let required = table["required"].as_array();
    for (name, property) in properties {
        let key = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let meant = resolve(root, property);
        entries.push(Entry {
            key: key.clone(),
            property,
            meant,
            required: required.is_some_and(|names| names.iter().any(|other| other == name)),
            example: example_within(within, name).or_else(|| property["examples"].get(0)),
        });
        let inner = if meant["items"].is_null() {
            meant
        } else {
            resolve(root, &meant["items"])
        };
        collect(root, inner, property, &key, entries);
    }
}

/// What the examples of a table say for one of its keys: they know what it is there for, which its type does not.
fn example_within<'s>(table: &'s Value, name: &str) -> Option<&'s Value> {
    let examples = table["examples"].as_array()?;
    let mut tables = examples
        .iter()
        .flat_map(|example| example.as_array().map_or(slice::from_ref(example), Vec::as_slice));
    tables.find_map(|table| table.get(name))
}

/// What it refers to, also if it may be absent: then one of its forms is null.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let schema = schema["anyOf"].get(0).unwrap_or(schema);
    schema["$ref"]
        .as_str()
        .and_then(|target| root.pointer(target.trim_start_matches('#')))
        .unwrap_or(schema)
}

fn page<'e, 's: 'e>(entries: impl IntoIterator<Item = &'e Entry<'s>>) -> String {
    entries.into_iter().map(Entry::text).collect()
}

impl Entry<'_> {
    fn text(&self) -> String {
        let description = [self.property, self.meant]
            .iter()
            .find_map(|schema| schema["description"].as_str())
            .unwrap_or_default()
            .replace('\n', "\n    ");
        let absent = match self.default() {
            Some(default) => format!("{default} if absent"),
            None if self.required => "required".to_owned(),
            None => "may be absent".to_owned(),
        };
        let name = self.key.rsplit('.').next().unwrap_or_default();
        let example = self.example.and_then(toml_text);
        let example = example.map_or_else(String::new, |example| format!("    e.g. {name} = {example}\n"));
        format!(
            "{}: {}; {absent}\n    {description}\n{example}\n",
            self.key,
            self.kind()
        )
    }

    fn default(&self) -> Option<String> {
        self.property.get("default").and_then(toml_text)
    }

    fn kind(&self) -> &'static str {
        let kind = match &self.meant["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        match kind {
            Some("object") => "table",
            Some("array") => "list",
            Some("boolean") => "true or false",
            Some("integer") => "number",
            _ => "text",
        }
    }
}

/// The value as it is written in the file; nothing for what TOML has no word for.
fn toml_text(value: &Value) -> Option<String> {
    toml::Value::try_from(value).ok().map(|value| value.to_string())
}
