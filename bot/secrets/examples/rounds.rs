//! How long the keys of a link take: `cargo run --release -p countersign-secrets --example rounds`.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::time::Instant;

use countersign_secrets::key::LinkKey;
use countersign_secrets::link::Keys;
use countersign_secrets::path_id::PathId;
use countersign_secrets::phrase::Phrase;

const TIMES: usize = 21;

#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn main() {
    let (id, key, phrase) = (PathId([1; 16]), LinkKey::new([2; 32]), Phrase::new([3; 10]));
    let mut took: Vec<_> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(Keys::derive(&id, &key, &phrase));
            start.elapsed()
        })
        .collect();
    took.sort();
    println!(
        "600,000 rounds, {TIMES} times: median {} ms, fastest {} ms, slowest {} ms",
        took[TIMES / 2].as_millis(),
        took[0].as_millis(),
        took[TIMES - 1].as_millis()
    );
}
