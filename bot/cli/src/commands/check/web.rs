//! The web side: its certificate, its addresses, and whether people reach it.

use std::net::IpAddr;
use std::sync::Arc;

use countersign_core::time::{Duration, Timestamp, after, between};

use super::finding::Findings;
use crate::config::Config;
use crate::web_side;

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
        Err(error) => findings.fail("web", web_side::words(&error)),
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

/// Whether the two addresses are well chosen.
pub(super) fn addresses(config: &Config) -> Findings {
    let mut findings = Findings::default();
    let Some((listen, admin)) = config.web.as_ref().and_then(|web| Some((web.listen, web.admin?))) else {
        return findings;
    };
    let everywhere = listen.ip().is_unspecified() || admin.ip().is_unspecified();
    if listen.port() == admin.port() && listen.port() != 0 && (everywhere || listen.ip() == admin.ip()) {
        findings.fail(
            "web.admin",
            format!("{admin} is taken by web.listen ({listen}); choose another port"),
        );
    }
    if !is_our_own(admin.ip()) {
        findings.warn(
            "web.admin",
            format!("{admin} has no password and may be reached by strangers; choose 127.0.0.1 or an address of a private network"),
        );
    }
    findings
}

/// Whether only this machine or a private network reaches it.
fn is_our_own(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(listen: &str, admin: &str) -> String {
        let text = format!(
            "[heroku]\ntoken = {{ env = \"A\" }}\n[github]\ntoken = {{ env = \"A\" }}\n\
             [web]\nurl = \"https://ops.example.org/\"\nlisten = \"{listen}\"\nadmin = \"{admin}\"\n\
             trusted_proxies = [\"127.0.0.1\"]\n[secrets]\nkey = {{ env = \"A\" }}\n"
        );
        let env = |_: &str| Some("a".repeat(64));
        addresses(&Config::parse("test.toml", &text, Path::new(""), &env).unwrap()).text()
    }

    #[test]
    fn two_listeners_need_two_addresses() {
        for (listen, admin) in [
            ("127.0.0.1:8480", "127.0.0.1:8480"),
            ("0.0.0.0:8480", "127.0.0.1:8480"),
        ] {
            assert_eq!(
                found(listen, admin),
                format!("FAIL  web.admin: {admin} is taken by web.listen ({listen}); choose another port\n")
            );
        }
        assert_eq!(found("127.0.0.1:8480", "127.0.0.1:8481"), "");
        assert_eq!(found("127.0.0.1:8480", "10.0.0.1:8480"), "");
    }

    #[test]
    fn what_strangers_may_reach_is_told() {
        for admin in [
            "0.0.0.0:9480",
            "192.0.2.1:9480",
            "[::]:9480",
            "[2001:db8::1]:9480",
        ] {
            let said = found("127.0.0.1:8480", admin);
            assert!(
                said.starts_with(&format!("warn  web.admin: {admin} has no password")),
                "{said}"
            );
        }
        for admin in ["192.168.1.2:9480", "[::1]:9480", "[fd00::1]:9480"] {
            assert_eq!(found("127.0.0.1:8480", admin), "");
        }
    }
}
