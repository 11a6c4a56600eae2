//! Orders to a sandbox, over its control interface. For the demo, and only ever to a loopback address.

use anyhow::{Context as _, bail, ensure};
use url::Url;

/// Orders something: a method and a path below `/sandbox/`, with a body.
pub async fn order(sandbox: &Url, method: &str, path: &str, body: &serde_json::Value) -> anyhow::Result<()> {
    let url = sandbox
        .join("sandbox/")?
        .join(path)
        .with_context(|| format!("{path} is no path"))?;
    let method: reqwest::Method = method
        .parse()
        .with_context(|| format!("{method} is no HTTP method"))?;
    let answer = client()?
        .request(method, url)
        .json(body)
        .send()
        .await
        .context("the sandbox does not answer")?;
    if answer.status().is_success() {
        return Ok(());
    }
    let status = answer.status();
    bail!(
        "the sandbox answers {status}: {}",
        answer.text().await.unwrap_or_default()
    );
}

/// What the sandbox says of itself.
pub async fn about(sandbox: &Url) -> anyhow::Result<serde_json::Value> {
    ensure!(
        is_loopback(sandbox),
        "{sandbox} is not on this machine; the demo talks to a sandbox on loopback only"
    );
    let url = sandbox.join("sandbox")?;
    let answer = client()?
        .get(url)
        .send()
        .await
        .with_context(|| format!("there is no sandbox at {sandbox}"))?;
    Ok(answer.error_for_status()?.json().await?)
}

fn client() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(10))
        .no_proxy();
    client.build().context("no HTTP client can be made")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
