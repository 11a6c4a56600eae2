//! `countersign redeem`: opens a secret link without a browser. Link and phrase are asked for or read from stdin; they are
//! never arguments, which others on the machine can see.

mod counter;

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use countersign_core::text::visible;
use countersign_core::time::from_millis;
use countersign_secrets::content::Content;
use countersign_secrets::header::Header;
use countersign_secrets::link::{Keys, unlock};
use countersign_secrets::phrase::Phrase;
use countersign_secrets::url::{Kind, LinkUrl};
use secrecy::ExposeSecret as _;

use self::counter::{Came, Counter, Status};
use crate::args::Redeem;

pub(super) async fn run(args: &Redeem) -> anyhow::Result<()> {
    let url = LinkUrl::parse(&asked("link: ", "the link")?)?;
    if url.kind == Kind::Box {
        bail!("this is the address of a drop box: open it in a browser");
    }
    let ca = args
        .ca
        .as_ref()
        .map(|path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display())));
    let counter = Counter::new(url.clone(), ca.transpose()?.as_deref())?;
    let (status, header) = counter.status().await?;
    introduce(&status, &header)?;
    let content = open(&counter, &url, &status.header).await?;
    match &args.to {
        Some(folder) => save(folder, &content),
        None => print(&content, args.json),
    }
}

/// What it is, from whom and until when, before anything is spent. Not on stdout, which the secret goes to.
fn introduce(status: &Status, header: &Header) -> anyhow::Result<()> {
    Ok(writeln!(
        io::stderr(),
        "{} for {}, from {}. It opens once, until {}; wrong phrases left: {}.",
        visible(&header.title),
        visible(&header.recipient),
        visible(&header.from),
        from_millis(header.expires_at),
        status.attempts_left
    )?)
}

async fn open(counter: &Counter, url: &LinkUrl, header: &str) -> anyhow::Result<Content> {
    loop {
        let phrase = match Phrase::typed(&asked("phrase: ", "the phrase")?) {
            Ok(phrase) => phrase,
            Err(error) if io::stdin().is_terminal() => {
                writeln!(io::stderr(), "{error}. Nothing was spent.")?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let (id, key) = (url.id, url.key.clone());
        let keys = tokio::task::spawn_blocking(move || Keys::derive(&id, &key, &phrase)).await?;
        match counter.redeem(&keys).await? {
            Came::Opened { nonce, ciphertext } => {
                let bytes = unlock(header, &keys, nonce, &ciphertext).context(
                    "the link is spent, but what came cannot be unlocked; ask for a new one in the chat",
                )?;
                return Ok(Content::from_bytes(&bytes)?);
            }
            Came::WrongPhrase(0) => {
                bail!("that was the last wrong phrase: the link burned itself. Ask for a new one in the chat")
            }
            Came::WrongPhrase(left) if io::stdin().is_terminal() => {
                writeln!(
                    io::stderr(),
                    "that is not its phrase. Wrong phrases left: {left}."
                )?;
            }
            Came::WrongPhrase(left) => bail!("that is not its phrase. Wrong phrases left: {left}"),
        }
    }
}

/// One line from whoever is there.
fn asked(prompt: &str, what: &str) -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        let mut stderr = io::stderr();
        write!(stderr, "{prompt}")?;
        stderr.flush()?;
    }
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        bail!("{what} is missing: give the link on the first line and the phrase on the second");
    }
    Ok(line)
}

fn print(content: &Content, json: bool) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    if json {
        stdout.write_all(&content.to_bytes())?;
        writeln!(stdout)?;
    } else {
        for field in &content.fields {
            writeln!(stdout, "{}\n  {}", field.label, field.value.expose_secret())?;
        }
        for file in &content.files {
            writeln!(stdout, "{}\n{}", file.name, file.text.expose_secret())?;
        }
    }
    writeln!(io::stderr(), "The link is spent: this is the only copy.")?;
    Ok(())
}

/// Every field and file becomes a file of its own that only this user may read.
fn save(folder: &Path, content: &Content) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let fields = content.fields.iter().map(|field| (&field.label, &field.value));
    let files = content.files.iter().map(|file| (&file.name, &file.text));
    let mut failed = None;
    for (name, text) in fields.chain(files) {
        let path = folder.join(plain(name));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.expose_secret().as_bytes()));
        match written {
            Ok(()) => writeln!(io::stderr(), "{}", path.display())?,
            Err(error) => failed = Some((path, error)),
        }
    }
    match failed {
        None => Ok(()),
        // It is gone from the bot, so it must not be lost here.
        Some((path, error)) => {
            print(content, false)?;
            bail!(
                "{} was not written ({error}); all of it is printed above",
                path.display()
            )
        }
    }
}

/// A name without what would lead out of the folder.
fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    plain.trim_start_matches('.').to_owned()
}
