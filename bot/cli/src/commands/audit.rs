//! `countersign audit`: reads the audit of a store, also of one that a bot writes to meanwhile.

use std::io::{self, BufWriter, Write as _};

use anyhow::Context as _;
use countersign_core::audit::{Record, Verifier};
use countersign_core::store::Store;
use countersign_core::text::count;
use countersign_store::Sqlite;

use crate::STORE_FILE;
use crate::args::{Audit, Stored};

/// How many records are read at once.
const PAGE: u32 = 1_000;

pub(super) async fn run(args: &Audit) -> anyhow::Result<()> {
    match args {
        Audit::Verify(stored) => verify(&open(stored).await?).await,
        Audit::Export(stored) => export(&open(stored).await?).await,
    }
}

async fn open(stored: &Stored) -> anyhow::Result<Sqlite> {
    let path = if stored.data.is_dir() {
        stored.data.join(STORE_FILE)
    } else {
        stored.data.clone()
    };
    Ok(Sqlite::open_read_only(path).await?)
}

async fn verify(store: &dyn Store) -> anyhow::Result<()> {
    let mut verifier = Verifier::default();
    let checked = each_record(store, |record| Ok(verifier.check(&record)?)).await;
    let last = verifier.last();
    let whole = count(usize::try_from(last.map_or(0, |(seq, _)| seq))?, "record");
    checked.with_context(|| format!("the chain is broken after {whole}"))?;
    let mut stdout = io::stdout().lock();
    match last {
        Some((_, hash)) => writeln!(stdout, "{whole}, chain whole, last hash {hash}")?,
        None => writeln!(stdout, "0 records: nothing was recorded yet")?,
    }
    Ok(())
}

async fn export(store: &dyn Store) -> anyhow::Result<()> {
    let mut stdout = BufWriter::new(io::stdout());
    each_record(store, |record| {
        serde_json::to_writer(&mut stdout, &record)?;
        Ok(writeln!(stdout)?)
    })
    .await?;
    Ok(stdout.flush()?)
}

async fn each_record(
    store: &dyn Store,
    mut take: impl FnMut(Record) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut next = 1;
    loop {
        let page = store.audit_from(next, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.seq.saturating_add(1);
        page.into_iter().try_for_each(&mut take)?;
    }
}
