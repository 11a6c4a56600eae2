//! `countersign redeem`: opens a secret link without a browser. Link and phrase are asked for or read from stdin; they are
//! never arguments, which others on the machine can see.

mod counter;
mod keep;
mod prompt;

use std::io::{self, Write as _};

use anyhow::{Context as _, anyhow, bail};
use countersign_core::text::{span, visible};
use countersign_core::time::{Clock as _, Timestamp, between, from_millis};
use countersign_secrets::content::{Content, MIME};
use countersign_secrets::header::Header;
use countersign_secrets::link::{Keys, unlock};
use countersign_secrets::phrase::Phrase;
use countersign_secrets::url::{Kind, LinkUrl};
use url::{Host, Url};

use self::counter::{Came, Counter, Status};
use self::keep::Form;
use self::prompt::{Echo, asked, somebody_types};
use crate::args::Redeem;
use crate::clock::SystemClock;

pub(super) async fn run(args: &Redeem) -> anyhow::Result<()> {
    let url = until_right("link: ", Echo::Shown, link)?;
    let ca = args
        .ca
        .as_ref()
        .map(|path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display())));
    let counter = Counter::new(url.clone(), ca.transpose()?.as_deref())?;
    let (status, header) = counter.status().await?;
    if header.mime != MIME {
        bail!("only a browser shows what is in this link; nothing was spent");
    }
    if let Some(folder) = &args.to {
        keep::ready(folder)?;
    }
    introduce(&status, &header, SystemClock.now())?;
    let content = open(&counter, &url, &status.header).await?;
    let mut stdout = io::stdout().lock();
    match &args.to {
        Some(folder) => return keep::save(&content, folder, &mut stdout),
        None if args.json => keep::print(&content, Form::Json, &mut stdout)?,
        None => keep::print(&content, Form::Text, &mut stdout)?,
    }
    Ok(writeln!(
        io::stderr(),
        "The link is spent: this is the only copy."
    )?)
}

/// What somebody gives. Who types is asked again if it is wrong; a program is not.
fn until_right<T>(prompt: &str, echo: Echo, read: impl Fn(&str) -> anyhow::Result<T>) -> anyhow::Result<T> {
    loop {
        match read(&asked(prompt, echo)?) {
            Err(error) if somebody_types() => writeln!(io::stderr(), "{error}. Nothing was spent.")?,
            read => return read,
        }
    }
}

fn link(typed: &str) -> anyhow::Result<LinkUrl> {
    // What is beneath the error says the same in other words.
    let url = LinkUrl::parse(typed).map_err(|error| anyhow!("{error}"))?;
    if url.kind == Kind::Box {
        bail!("this is the address of a drop box: open it in a browser");
    }
    let base = Url::parse(&url.base)
        .ok()
        .context("a link begins with https:// and the bot's address")?;
    if base.scheme() != "https" && !is_loopback(&base) {
        bail!(
            "this link begins with http://, so others could read along, and no countersign makes such links: ask where it \
             comes from"
        );
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What it is, from whom and until when, before anything is spent. Not on stdout, which the secret goes to.
fn introduce(status: &Status, header: &Header, now: Timestamp) -> anyhow::Result<()> {
    Ok(writeln!(
        io::stderr(),
        "{} for {}, from {}. It opens once, until {}; wrong phrases left: {}.",
        visible(&header.title),
        visible(&header.recipient),
        visible(&header.from),
        until(from_millis(header.expires_at), now),
        status.attempts_left
    )?)
}

/// `19:35 UTC (in 58 min)`, with the day if it is another.
fn until(end: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let time = end.strftime("%H:%M UTC");
    let day = if day(end) == day(now) {
        String::new()
    } else {
        day(end) + " "
    };
    let left = between(now, end).as_secs();
    let minutes = countersign_core::time::Duration::from_secs(left - left % 60);
    match left {
        0..60 => format!("{day}{time} (in less than a minute)"),
        _ => format!("{day}{time} (in {})", span(minutes)),
    }
}

async fn open(counter: &Counter, url: &LinkUrl, header: &str) -> anyhow::Result<Content> {
    loop {
        let phrase = until_right("phrase: ", Echo::Hidden, |typed| Ok(Phrase::typed(typed)?))?;
        let (id, key) = (url.id, url.key.clone());
        let keys = tokio::task::spawn_blocking(move || Keys::derive(&id, &key, &phrase)).await?;
        match counter.redeem(&keys).await? {
            Came::Opened { nonce, ciphertext } => {
                let bytes = unlock(header, &keys, nonce, &ciphertext).context(
                    "the link is spent, but what came cannot be unlocked; ask for a new one in the chat",
                )?;
                let content = Content::from_bytes(&bytes);
                if content.is_err() {
                    io::stdout().write_all(&bytes)?;
                }
                return content.context("the link is spent; all that was in it is printed above, as it came");
            }
            Came::WrongPhrase(0) => {
                bail!("that was the last wrong phrase: the link burned itself. Ask for a new one in the chat")
            }
            Came::WrongPhrase(left) if somebody_types() => {
                writeln!(
                    io::stderr(),
                    "that is not its phrase. Wrong phrases left: {left}."
                )?;
            }
            Came::WrongPhrase(left) => bail!("that is not its phrase. Wrong phrases left: {left}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn its_end_is_told_as_a_time_of_day_and_as_what_is_left() {
        let now = at("2026-11-22T18:36:20Z");
        for (end, told) in [
            ("2026-11-22T19:35:12.345Z", "19:35 UTC (in 58 min)"),
            ("2026-11-22T18:36:50Z", "18:36 UTC (in less than a minute)"),
            ("2026-11-23T20:36:20Z", "2026-11-23 20:36 UTC (in 1 d 2 h)"),
        ] {
            assert_eq!(until(at(end), now), told);
        }
    }

    #[test]
    fn a_link_goes_over_the_network_in_https_alone() {
        let path = format!("s/{}#{}", "A".repeat(22), "A".repeat(43));
        for good in [
            "https://ops.example.org/",
            "http://127.0.0.1:8480/",
            "http://[::1]/",
            "http://localhost/x/",
        ] {
            link(&format!("{good}{path}\n")).unwrap();
        }
        for bad in [
            "http://ops.example.org/",
            "http://10.0.0.1/",
            "http://127.0.0.1.example.org/",
        ] {
            let said = link(&format!("{bad}{path}")).unwrap_err().to_string();
            assert!(
                said.starts_with("this link begins with http://, so others could read along"),
                "{said}"
            );
        }
        let cut = format!("https://ops.example.org/s/{}#{}", "A".repeat(22), "A".repeat(42));
        assert_eq!(
            format!("{:#}", link(&cut).unwrap_err()),
            "the part behind the # is not whole: it has 43 characters; copy the whole link"
        );
    }
}
