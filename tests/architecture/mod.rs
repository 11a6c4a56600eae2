//! The structure that the rest relies on, read from manifests and sources. Each test names who breaks it and says what
//! to do.

mod files;
mod manifests;
mod workspace;

/// Fails with the offenders, one a line, and with what to do about them.
fn nobody(offenders: &[String], what_to_do: &str) {
    assert!(
        offenders.is_empty(),
        "\n  {}\n{what_to_do}\n",
        offenders.join("\n  ")
    );
}
