//! What source files may look like and contain.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::nobody;
use super::workspace::{members, read, root, rust_files};

const LONGEST: usize = 400;
const LONGEST_MAIN: usize = 59;

#[test]
fn files_can_be_read_in_one_go() {
    let mut offenders = Vec::new();
    for file in rust_files() {
        let lines = read(&file).lines().count();
        let most = if file.ends_with("/main.rs") {
            LONGEST_MAIN
        } else {
            LONGEST
        };
        if lines > most {
            offenders.push(format!("{file}: {lines} lines, at most {most}"));
        }
    }
    nobody(
        &offenders,
        "Split it by subject; from a main.rs move what is not wiring.",
    );
}

#[test]
fn only_the_binary_knows_its_environment() {
    let mut offenders = Vec::new();
    let sources = rust_files()
        .into_iter()
        .filter(|file| file.contains("/src/") && !file.starts_with("bot/cli/"));
    for file in sources {
        for (number, line) in read(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if ["std::env", "env::var", "env::args"]
                .iter()
                .any(|name| code.contains(name))
            {
                offenders.push(format!("{file}:{}: {}", number + 1, code.trim()));
            }
        }
    }
    nobody(
        &offenders,
        "Take the value as a parameter, and let bot/cli read it.",
    );
}

#[test]
fn every_file_is_compiled() {
    let mut compiled = BTreeSet::new();
    for root in crate_roots() {
        compile(&root, true, &mut compiled);
    }
    let offenders: Vec<String> = rust_files()
        .into_iter()
        .filter(|file| !compiled.contains(Path::new(file)))
        .collect();
    nobody(
        &offenders,
        "No `mod` leads to it, so nothing in it is built or tested: add the `mod` line, or delete it.",
    );
}

/// The files that cargo begins at.
fn crate_roots() -> Vec<PathBuf> {
    let mut roots = vec![PathBuf::from("tests/main.rs")];
    for member in members() {
        let folder = Path::new(&member.folder);
        roots.extend(["src/lib.rs", "src/main.rs", "build.rs"].map(|file| folder.join(file)));
        for kind in ["tests", "benches", "examples"] {
            roots.extend(targets(&folder.join(kind)));
        }
    }
    roots.retain(|path| root().join(path).is_file());
    roots
}

/// Each Rust file in the folder, and the `main.rs` of each folder in it.
fn targets(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else {
        return Vec::new();
    };
    entries
        .map(|entry| folder.join(entry.unwrap().file_name()))
        .map(|path| {
            if root().join(&path).is_dir() {
                path.join("main.rs")
            } else {
                path
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Adds the file and all that its `mod` lines lead to, with or without a `#[path]` above them.
fn compile(file: &Path, is_root: bool, compiled: &mut BTreeSet<PathBuf>) {
    if !compiled.insert(file.to_owned()) {
        return;
    }
    let beside = file.parent().unwrap();
    let own_folder = is_root || file.ends_with("mod.rs");
    let folder = if own_folder {
        beside.to_owned()
    } else {
        file.with_extension("")
    };
    let mut path = None;
    for line in read(file.to_str().unwrap()).lines() {
        if let Some(name) = declared(line) {
            let candidates = [
                path.map_or_else(
                    || folder.join(format!("{name}.rs")),
                    |path: String| beside.join(path),
                ),
                folder.join(name).join("mod.rs"),
            ];
            if let Some(found) = candidates.iter().find(|path| root().join(path).is_file()) {
                compile(found, false, compiled);
            }
        }
        path = line
            .strip_prefix("#[path = \"")
            .and_then(|rest| rest.strip_suffix("\"]"))
            .map(ToOwned::to_owned);
    }
}

/// The name in `mod name;`, whatever its visibility.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim().strip_suffix(';')?;
    let (before, name) = line
        .split_once("mod ")
        .filter(|(before, _)| before.is_empty() || before.ends_with(' '))?;
    (before.is_empty() || before.starts_with("pub")).then_some(name.trim())
}
