//! `countersign audit`: reads the audit of a store, also of one that a bot writes to meanwhile.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use countersign_core::audit::{Checkpoint, Head, Record, Signer as _, Verifier};
use countersign_core::store::Store;
use countersign_core::text::count;
use countersign_core::time::Clock as _;
use countersign_store::Sqlite;

use super::backup::path;
use crate::args::{Audit, Configured, Kept, Verify};
use crate::clock::SystemClock;
use crate::config::{Config, Environment};
use crate::private_file;
use crate::random::SystemRandom;
use crate::signing::{self, SigningKey};

/// What somebody would do who wrote over a key.
const LOSS: &str = "whoever loses a key signs with another, which nobody trusts yet";
/// How many records are read at once.
const PAGE: u32 = 1_000;

pub(super) async fn run(args: &Audit, env: &Environment<'_>) -> anyhow::Result<()> {
    match args {
        Audit::Verify(args) => verify(args, env).await,
        Audit::Export(of) => export(&open(of).await?).await,
        Audit::Checkpoint(args) => checkpoint(args, env).await,
        Audit::Key { to } => key(to),
    }
}

async fn open(of: &Kept) -> anyhow::Result<Sqlite> {
    Ok(Sqlite::open_read_only(path(of)?).await?)
}

async fn verify(args: &Verify, env: &Environment<'_>) -> anyhow::Result<()> {
    let checkpoints = checkpoints(args, env)?;
    let store = open(&args.of).await?;
    let mut verifier = Verifier::default();
    let checked = each_record(&store, |record| {
        verifier.check(&record)?;
        for checkpoint in &checkpoints {
            checkpoint.check(&record)?;
        }
        Ok(())
    })
    .await;
    let last = verifier.last();
    let length = last.map_or(0, |(seq, _)| seq);
    let whole = count(usize::try_from(length)?, "record");
    checked.with_context(|| format!("the chain is broken after {whole}"))?;
    for checkpoint in &checkpoints {
        checkpoint.check_end(length)?;
    }
    let mut stdout = io::stdout().lock();
    match last {
        Some((_, hash)) => writeln!(stdout, "{whole}, chain whole, last hash {hash}")?,
        None => writeln!(stdout, "0 records: nothing was recorded yet")?,
    }
    for Checkpoint { head, .. } in &checkpoints {
        writeln!(
            stdout,
            "record {} is the one that was signed at {}",
            head.seq, head.at
        )?;
    }
    Ok(())
}

/// The checkpoints that were given, each with a good signature.
fn checkpoints(args: &Verify, env: &Environment<'_>) -> anyhow::Result<Vec<Checkpoint>> {
    if args.checkpoint.is_empty() {
        return Ok(Vec::new());
    }
    let key = public_key(args, env)?;
    let read = |line: &String| {
        let checkpoint: Checkpoint = line.parse()?;
        checkpoint.signed_by(&key, signing::verify)?;
        Ok(checkpoint)
    };
    args.checkpoint.iter().map(read).collect()
}

fn public_key(args: &Verify, env: &Environment<'_>) -> anyhow::Result<[u8; 32]> {
    if let Some(digits) = &args.key {
        let mut key = [0; 32];
        hex::decode_to_slice(digits, &mut key).ok().context(
            "--key is not a public key: 64 hexadecimal digits, as countersign audit key printed it",
        )?;
        return Ok(key);
    }
    match &args.of.config {
        Some(path) => Ok(signing_key(&Config::load(path, env)?)?.public_key()),
        None => bail!("a checkpoint is checked with the public key: give it with --key, or say --config"),
    }
}

fn signing_key(config: &Config) -> anyhow::Result<SigningKey> {
    let audit = config
        .audit
        .as_ref()
        .context("the configuration has no [audit] with a key; countersign config explain audit says how")?;
    SigningKey::of(&audit.key)
}

async fn checkpoint(args: &Configured, env: &Environment<'_>) -> anyhow::Result<()> {
    let key = signing_key(&Config::load(&args.config, env)?)?;
    let of = Kept {
        config: Some(args.config.clone()),
        data: None,
    };
    let (seq, hash, _) = open(&of)
        .await?
        .audit_head()
        .await?
        .context("nothing was recorded yet")?;
    let at = SystemClock.now();
    writeln!(io::stdout(), "{}", Head { seq, hash, at }.signed(&key))?;
    Ok(())
}

fn key(to: &Path) -> anyhow::Result<()> {
    let seed = signing::seed(&SystemRandom);
    let public = hex::encode(SigningKey::of(&seed)?.public_key());
    private_file::write_key(to, &seed, LOSS)?;
    writeln!(
        io::stdout(),
        "the key is in {}, for this user alone. In the configuration:\n\n  [audit]\n  key = {{ file = \"{}\" }}\n\n\
         Its public half checks what it signs; keep it where the bot cannot change it:\n\n  {public}",
        to.display(),
        to.display(),
    )?;
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
