//! What the tests of this folder look at: the members with their manifests, and every Rust file.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// A member of the workspace.
pub(super) struct Member {
    /// Its folder, as the root manifest writes it: `bot/core`.
    pub(super) folder: String,
    /// Its manifest.
    pub(super) manifest: Table,
}

/// A dependency of a member.
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) value: Value,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(super) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn manifest(folder: &str) -> Table {
    let path = Path::new(folder).join("Cargo.toml");
    read(path.to_str().unwrap()).parse().unwrap()
}

pub(super) fn members() -> Vec<Member> {
    let workspace = manifest("");
    let folders = workspace["workspace"]["members"].as_array().unwrap();
    let member = |folder: &Value| {
        let folder = folder.as_str().unwrap().to_owned();
        let manifest = manifest(&folder);
        Member { folder, manifest }
    };
    folders.iter().map(member).collect()
}

impl Member {
    pub(super) fn name(&self) -> &str {
        self.manifest["package"]["name"].as_str().unwrap()
    }

    /// Of every kind: normal, for tests, for build scripts.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        ["dependencies", "dev-dependencies", "build-dependencies"]
            .into_iter()
            .filter_map(|kind| self.manifest.get(kind)?.as_table())
            .flatten()
            .map(|(name, value)| Dependency {
                name: name.clone(),
                value: value.clone(),
            })
            .collect()
    }
}

/// Every Rust file, from the root of the checkout, sorted.
pub(super) fn rust_files() -> Vec<String> {
    let mut files = Vec::new();
    walk(&root(), &mut files);
    files.sort();
    assert!(
        files.len() > 50,
        "only {} Rust files were found: is this the checkout?",
        files.len()
    );
    files
}

fn walk(folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                walk(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
}
