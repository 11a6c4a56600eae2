//! The web side: its certificate, its address as people reach it, and whether what is sealed can be opened.

use std::sync::Arc;

use countersign_core::text::list;
use countersign_core::time::{Duration, Timestamp, after, between};
use countersign_store::Sqlite;

use super::finding::Findings;
use crate::STORE_FILE;
use crate::config::Config;
use crate::wiring;

/// How long the address may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// So long before its end a certificate should have been renewed.
const SOON: Duration = Duration::from_hours(14 * 24);

/// Whether the certificate is one for the public address, and for how long.
pub(super) fn certificate(config: &Config, now: Timestamp) -> Findings {
    let mut findings = Findings::default();
    let Some(web) = &config.web else {
        findings.skip("web", "there is no [web]: secrets cannot be handed over");
        return findings;
    };
    match countersign_web::certificate(web, now) {
        Err(error) => findings.fail("web", error),
        Ok(None) if web.public_url.scheme() == "http" => {
            findings.ok("web", "plain HTTP, for this machine alone");
        }
        Ok(None) => findings.ok("web", format!("a proxy speaks TLS for {}", web.public_url)),
        Ok(Some(end)) if end <= after(now, SOON) => {
            let days = between(now, end).as_secs() / 86_400;
            findings.warn(
                "web",
                format!("its certificate ends in {days} days, {end}: renew it"),
            );
        }
        Ok(Some(end)) => findings.ok("web", format!("its certificate is good until {end}")),
    }
    findings
}

/// Whether everything that is sealed in the store can be opened.
pub(super) async fn keys(config: Arc<Config>) -> Findings {
    let mut findings = Findings::default();
    let file = config.bot.data.join(STORE_FILE);
    let about = "secrets";
    if !file.exists() {
        if config.secrets.is_some() {
            findings.ok(about, "nothing is sealed yet");
        }
        return findings;
    }
    let sealed = match Sqlite::open_read_only(&file).await {
        Ok(store) => wiring::openable(&config, &store).await,
        // The store itself is checked elsewhere, and an older one has nothing sealed in it.
        Err(_) => return findings,
    };
    match (sealed, &config.secrets) {
        (Err(error), _) => findings.fail(about, format!("{error:#}")),
        (Ok(()), Some(secrets)) => findings.ok(
            about,
            format!("what is sealed can be opened; keys: {}", list(secrets.keys.ids())),
        ),
        (Ok(()), None) => {}
    }
    findings
}

/// Whether people who open a link reach this bot.
pub(super) async fn address(config: Arc<Config>) -> Findings {
    let mut findings = Findings::default();
    let Some(web) = &config.web else {
        return findings;
    };
    let url = &web.public_url;
    let about = format!("web, {url}");
    match fetched(url).await {
        Ok(page) if page == countersign_web::link_page() => findings.ok(about, "this bot answers there"),
        Ok(_) => findings.fail(
            about,
            "something else answers there, or another version of countersign: look where the name leads, and what the \
             proxy hands on",
        ),
        Err(error) if error.is_connect() => findings.warn(
            about,
            format!("nobody answers there from here ({}); that is well if the bot does not run yet", cause(&error)),
        ),
        Err(error) => findings.warn(about, format!("it cannot be fetched from here: {}", cause(&error))),
    }
    findings
}

async fn fetched(url: &url::Url) -> reqwest::Result<Vec<u8>> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let response = client.get(format!("{url}s/check")).send().await?;
    Ok(response.bytes().await?.to_vec())
}

/// What is beneath a failed request, without its address.
fn cause(error: &reqwest::Error) -> String {
    let mut beneath: &dyn std::error::Error = error;
    while let Some(next) = beneath.source() {
        beneath = next;
    }
    beneath.to_string()
}
