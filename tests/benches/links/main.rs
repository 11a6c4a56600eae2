//! How fast links are opened, how often, and what they cost when there are many. On the real store, in a folder of its own:
//!
//! ```text
//! cargo bench -p countersign-tests --bench links                # all of it: about ten minutes and 4 GB of disk
//! cargo bench -p countersign-tests --bench links -- races grow  # some of: whole proofs races grow
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench measures, prints, and breaks off where it cannot be set up"
)]

mod figures;
#[path = "../../links/made.rs"]
mod made;
#[path = "../../links/races.rs"]
mod races;

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wants = |name: &str| asked.is_empty() || asked.iter().any(|word| word == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        if wants("whole") {
            figures::whole().await;
        }
        if wants("proofs") {
            figures::proofs().await;
        }
        if wants("races") {
            figures::races().await;
        }
        if wants("grow") {
            figures::grow().await;
        }
    });
}
