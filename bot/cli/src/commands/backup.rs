//! `countersign backup`: a copy of the store, also while the bot writes to it.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use countersign_core::audit::Verifier;
use countersign_core::store::Store;
use countersign_core::text::count;
use countersign_store::Sqlite;

use crate::STORE_FILE;
use crate::args::{Backup, Kept};
use crate::config::Places;

/// How many records are read at once.
const PAGE: u32 = 1_000;

pub(super) async fn run(args: &Backup) -> anyhow::Result<()> {
    let store = Sqlite::open_read_only(path(&args.of)?).await?;
    let copy = store.copy(&args.to).await?;
    let records = whole_audit(copy.store())
        .await
        .context("the copy was thrown away: its audit is broken, and so is the store's")?;
    let bytes = copy.keep().await?;
    writeln!(
        io::stdout(),
        "{}: {}, {}, chain whole",
        args.to.display(),
        size(bytes),
        count(records, "record")
    )?;
    Ok(())
}

/// Checks the chain, and says how many records there are.
async fn whole_audit(store: &dyn Store) -> anyhow::Result<usize> {
    let mut verifier = Verifier::default();
    let mut records = 0;
    loop {
        let page = store.audit_from(records as u64 + 1, PAGE).await?;
        if page.is_empty() {
            return Ok(records);
        }
        for record in &page {
            verifier.check(record)?;
        }
        records += page.len();
    }
}

pub(super) fn path(of: &Kept) -> anyhow::Result<PathBuf> {
    let data = match (&of.config, &of.data) {
        (Some(config), _) => Places::read(config)?.data,
        (None, Some(data)) => data.clone(),
        (None, None) => anyhow::bail!("give --config or --data"),
    };
    Ok(if data.is_file() {
        data
    } else {
        data.join(STORE_FILE)
    })
}

fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes < MIB {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        // Tenths, rounded down.
        let tenths = bytes * 10 / MIB;
        format!("{}.{} MiB", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size(1), "1 KiB");
        assert_eq!(size(131_072), "128 KiB");
        assert_eq!(size(1_677_722), "1.6 MiB");
        assert_eq!(size(5 << 30), "5120.0 MiB");
    }
}
