//! The hunt for secrets where they must not be: each is looked for in all shapes in which it may lie about, in texts, in
//! files, and in what the system shows of processes.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What is hunted.
#[derive(Clone, Default)]
pub(crate) struct Hunt {
    quarry: Vec<(String, Vec<Vec<u8>>)>,
}

impl Hunt {
    /// A text, as it is, without hyphens, in hexadecimal digits and in base64.
    #[must_use]
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        assert!(text.len() >= 12, "{name} is too short to be found by no chance");
        self.bytes(name, text.as_bytes()).bytes(
            &format!("{name} without hyphens"),
            text.replace('-', "").as_bytes(),
        )
    }

    /// The bytes that a text of base64url stands for, and the text.
    #[must_use]
    pub(crate) fn base64(self, name: &str, text: &str) -> Self {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        self.text(name, text)
            .bytes(&format!("the bytes of {name}"), &bytes)
    }

    fn bytes(mut self, name: &str, bytes: &[u8]) -> Self {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        let mut shapes = vec![
            bytes.to_owned(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
        ];
        // Wherever it begins in what was encoded; the characters that belong to neighbours too are left away.
        for before in 0..3 {
            let padded = [&vec![0; before], bytes].concat();
            for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
                let from = [0, 2, 3][before];
                let whole = padded.len() / 3 * 4;
                shapes.push(text.as_bytes()[from..whole].to_owned());
            }
        }
        shapes.retain(|shape| shape.len() >= 12);
        self.quarry.push((name.to_owned(), shapes));
        self
    }

    /// What of it is in these bytes.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let holds = |shape: &Vec<u8>| memmem(bytes, shape);
        let found = self.quarry.iter().find(|(_, shapes)| shapes.iter().any(holds));
        found.map(|(name, _)| name.as_str())
    }

    /// None of it is in there.
    pub(crate) fn is_not_in(&self, what: &str, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        assert!(!bytes.is_empty(), "{what} is empty: nothing was looked at");
        if let Some(name) = self.found_in(bytes) {
            panic!("{name} is in {what}");
        }
    }

    /// None of it is in any file of a folder. Says which files there were.
    pub(crate) fn is_not_in_files(&self, folder: &Path) -> Vec<String> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                files.extend(self.is_not_in_files(&entry.path()));
            } else if kind.is_file() {
                // It may be gone again.
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                if let Some(name) = self.found_in(&bytes) {
                    panic!("{name} is in {}", entry.path().display());
                }
                files.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        files
    }
}

fn memmem(bytes: &[u8], shape: &[u8]) -> bool {
    let first = shape[0];
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(shape) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Where something was seen, and what.
type Seen = (String, Vec<u8>);

/// Looks at what everybody on the machine can see of the processes that this test started, again and again until it is
/// dropped or asked.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    looks: Arc<AtomicUsize>,
    thread: Option<JoinHandle<Vec<Seen>>>,
}

impl Watch {
    pub(crate) fn begin() -> Self {
        let (over, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (is_over, looked) = (Arc::clone(&over), Arc::clone(&looks));
        let thread = std::thread::spawn(move || {
            // What was seen of each program, once.
            let mut seen = HashMap::new();
            while !is_over.load(Ordering::Relaxed) {
                for (pid, name) in ours() {
                    for of in ["cmdline", "environ"] {
                        let bytes = std::fs::read(format!("/proc/{pid}/{of}")).unwrap_or_default();
                        if !bytes.is_empty() {
                            seen.entry((pid, of, bytes)).or_insert_with(|| name.clone());
                        }
                    }
                }
                looked.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let seen = seen.into_iter();
            seen.map(|((pid, of, bytes), name)| (format!("the {of} of {name} ({pid})"), bytes))
                .collect()
        });
        Self {
            over,
            looks,
            thread: Some(thread),
        }
    }

    /// Ends it. Nothing that is hunted was to be seen of any process, and these programs were among them.
    pub(crate) fn saw_nothing_of(mut self, hunt: &Hunt, programs: &[&str]) {
        self.over.store(true, Ordering::Relaxed);
        let seen = self.thread.take().unwrap().join().unwrap();
        assert!(self.looks.load(Ordering::Relaxed) > 10, "it hardly looked");
        for program in programs {
            for of in ["cmdline", "environ"] {
                let what = format!("the {of} of {program} ");
                assert!(
                    seen.iter().any(|(name, _)| name.starts_with(&what)),
                    "{what} was not seen"
                );
            }
        }
        for (what, bytes) in seen {
            hunt.is_not_in(&what, bytes);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// The processes that this one started, and those that they did, with their names.
fn ours() -> Vec<(u32, String)> {
    let mut parents = HashMap::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        // `123 (name) S 1 …`: the name may have spaces and brackets of its own.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else {
            continue;
        };
        let parent = stat[close + 1..].split_whitespace().nth(1);
        if let Some(parent) = parent.and_then(|parent| parent.parse::<u32>().ok()) {
            parents.insert(pid, (parent, stat[open + 1..close].to_owned()));
        }
    }
    let us = std::process::id();
    let descends = |mut pid: u32| {
        while let Some((parent, _)) = parents.get(&pid) {
            if *parent == us {
                return true;
            }
            pid = *parent;
        }
        false
    };
    let ours = parents.iter().filter(|(pid, _)| descends(**pid));
    ours.map(|(pid, (_, name))| (*pid, name.clone())).collect()
}

#[test]
fn the_hunt_finds_every_shape_and_nothing_else() {
    let hunt = Hunt::default().text("the value", "canary-7c1b-value");
    for hidden in [
        "…canary-7c1b-value…".to_owned(),
        "canary7c1bvalue".to_owned(),
        "63616E6172792D376331622D76616C7565".to_owned(),
        STANDARD_NO_PAD.encode("canary-7c1b-value"),
        URL_SAFE_NO_PAD.encode("x canary-7c1b-value and more"),
        URL_SAFE_NO_PAD.encode("xy canary-7c1b-value and more"),
    ] {
        assert!(hunt.found_in(hidden.as_bytes()).is_some(), "{hidden}");
    }
    assert_eq!(hunt.found_in(b"canary-7c1b-valu, canary-7c1c-value"), None);
}

#[test]
fn a_watch_sees_arguments_and_environment() {
    let seen = |inside: &str, outside: &str| {
        let watch = Watch::begin();
        let mut child = std::process::Command::new("sleep")
            .arg(format!("30.{outside}"))
            .env("INSIDE", inside)
            .spawn()
            .unwrap();
        let looks = Arc::clone(&watch.looks);
        let before = looks.load(Ordering::Relaxed);
        while looks.load(Ordering::Relaxed) < before + 12 {
            std::thread::yield_now();
        }
        let hunt = Hunt::default().text("the canary", "7777777777777");
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            watch.saw_nothing_of(&hunt, &["sleep"]);
        }));
        child.kill().unwrap();
        child.wait().unwrap();
        found.is_err()
    };
    assert!(seen("7777777777777", "1"));
    assert!(seen("x", "7777777777777"));
    assert!(!seen("x", "1"));
}
