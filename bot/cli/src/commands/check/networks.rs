//! The IRC networks: whether the bot gets in, and whether it can tell there who somebody is.

use std::sync::Arc;

use countersign_core::text::list;
use countersign_core::time::Clock;
use countersign_irc::{Login, Probe, ProbeError, Server, Settings, Tls, probe, reach};
use futures_util::future::join_all;

use super::finding::Findings;
use crate::config::Config;

/// So much of the bot's nick begins the one that it has for the check: nine characters are allowed everywhere.
const BEGINNING: usize = 5;

pub(super) async fn check(mut settings: Settings, clock: Arc<dyn Clock>) -> Findings {
    // The running bot has its nick and keeps it.
    let beginning: String = settings.nick.chars().take(BEGINNING).collect();
    settings.nick = format!("{beginning}-chk");
    let mut findings = Findings::default();
    let tried = join_all(settings.servers.iter().map(|server| reach(&settings, server))).await;
    let there = tried
        .iter()
        .position(Result::is_ok)
        .map(|at| &settings.servers[at]);
    for (server, tried) in settings.servers.iter().zip(tried) {
        let about = format!("{}, {}:{}", settings.network, server.host, server.port);
        match tried {
            Ok(()) => findings.ok(about, reached(&settings)),
            // There is another one.
            Err(error) if there.is_some() => findings.warn(about, error),
            Err(error) => findings.fail(about, error),
        }
    }
    match there {
        Some(server) => enter(&settings, server, &*clock, &mut findings).await,
        None => findings.skip(
            &settings.network,
            "no server could be reached, so logging in was not tried",
        ),
    }
    findings
}

fn reached(settings: &Settings) -> &'static str {
    match settings.tls {
        Tls::Off => "reached, without TLS",
        Tls::System | Tls::Own(_) => "reached, and its certificate is the right one",
    }
}

async fn enter(settings: &Settings, server: &Server, clock: &dyn Clock, findings: &mut Findings) {
    let network = &settings.network;
    match probe(settings, server, clock).await {
        Ok(found) => entered(settings, &found, findings),
        Err(ProbeError::Connect(words)) => findings.fail(network, words),
        Err(ProbeError::Entry { reason, troubles }) => {
            findings.fail(network, format!("the bot did not get in: {reason}"));
            for words in troubles {
                findings.fail(network, words);
            }
        }
    }
}

fn entered(settings: &Settings, found: &Probe, findings: &mut Findings) {
    let network = &settings.network;
    let wants = !matches!(settings.login, Login::None);
    match (&found.account, wants) {
        (Some(account), _) => findings.ok(network, format!("logged in as {account}")),
        (None, false) => findings.warn(
            network,
            "the bot has no account there: anybody may take its nick while it is away; register one, and write account and password",
        ),
        // Why stands among the troubles.
        (None, true) if !found.troubles.is_empty() => {}
        (None, true) => findings.fail(
            network,
            "the bot is in, but the network does not say that it is logged in; check account and password",
        ),
    }
    for words in &found.troubles {
        let words = words.strip_prefix(&format!("{network}: ")).unwrap_or(words);
        if found.account.is_none() {
            findings.fail(network, words);
        } else {
            findings.warn(network, words);
        }
    }
    if found.proves_accounts {
        findings.ok(network, "it says who is logged in as whom");
    } else {
        findings.warn(
            network,
            "it does not say who is logged in as whom (account-tag, or account-notify and extended-join), so nobody can do more there than read",
        );
    }
}

/// What is not asked.
pub(super) fn skipped(config: &Config) -> Findings {
    let mut findings = Findings::default();
    let networks = config.irc.iter().map(|irc| irc.network.as_str());
    let names = list(["Heroku", "GitHub"].into_iter().chain(networks));
    findings.skip(
        names,
        "not asked, because of --offline; the clock was not compared either",
    );
    findings
}
