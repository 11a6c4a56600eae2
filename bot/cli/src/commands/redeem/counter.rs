//! The other end of a secret link, over HTTP: what it is, and opening it.

use anyhow::{Context as _, bail};
use countersign_secrets::base64url;
use countersign_secrets::header::Header;
use countersign_secrets::link::{Keys, link_proof};
use countersign_secrets::url::LinkUrl;
use reqwest::{Certificate, Client, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;

/// How long the other end may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A link, and the way to its other end.
pub(super) struct Counter {
    client: Client,
    at: String,
    url: LinkUrl,
}

/// What is known of a link before it is opened.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    /// The exact header.
    pub(super) header: String,
    state: String,
    pub(super) attempts_left: u8,
}

/// What came of an attempt.
pub(super) enum Came {
    /// The locked content; it is gone from the other end.
    Opened { nonce: [u8; 12], ciphertext: Vec<u8> },
    /// So many guesses are left.
    WrongPhrase(u8),
}

#[derive(Deserialize)]
struct Opened {
    #[serde(with = "base64url::array")]
    nonce: [u8; 12],
    #[serde(with = "base64url::bytes")]
    ct: Vec<u8>,
}

#[derive(Deserialize)]
struct Wrong {
    attempts_left: u8,
}

#[derive(Deserialize)]
struct Gone {
    state: String,
}

impl Counter {
    pub(super) fn new(url: LinkUrl, ca: Option<&[u8]>) -> anyhow::Result<Self> {
        let mut client = Client::builder()
            .timeout(PATIENCE)
            // A redirect could carry the proofs elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = ca {
            let certificates = Certificate::from_pem_bundle(pem).context("--ca has no certificates")?;
            client = client.tls_certs_merge(certificates);
        }
        let at = format!("{}s/{}", url.base, url.id);
        Ok(Self {
            client: client.build()?,
            at,
            url,
        })
    }

    /// Asks what the link is. Spends nothing.
    pub(super) async fn status(&self) -> anyhow::Result<(Status, Header)> {
        let proof = link_proof(&self.url.id, &self.url.key).text();
        let body = json!({ "v": 1, "link": proof.expose_secret() });
        let response = self
            .post("status", &body)
            .await
            .context("nothing was spent; try again")?;
        if response.status() != StatusCode::OK {
            bail!(refused(response.status(), None));
        }
        let status: Status = response
            .json()
            .await
            .context("this is no countersign; is the address right?")?;
        if status.state != "live" {
            bail!(over(&status.state));
        }
        let header =
            Header::read(&status.header).context("this link is of another version of countersign")?;
        Ok((status, header))
    }

    /// Opens it.
    pub(super) async fn redeem(&self, keys: &Keys) -> anyhow::Result<Came> {
        let (link, auth) = (keys.link.text(), keys.auth.text());
        let body = json!({ "v": 1, "link": link.expose_secret(), "auth": auth.expose_secret() });
        let lost = "the answer was lost, so the link may be spent; if it is, ask for a new one in the chat";
        let response = self.post("redeem", &body).await.context(lost)?;
        match response.status() {
            StatusCode::OK => {
                let Opened { nonce, ct } = response.json().await.context(lost)?;
                Ok(Came::Opened {
                    nonce,
                    ciphertext: ct,
                })
            }
            StatusCode::FORBIDDEN => {
                let wrong = response.json::<Wrong>().await;
                let wrong = wrong.context("this machine's request was refused; nothing was spent")?;
                Ok(Came::WrongPhrase(wrong.attempts_left))
            }
            status => {
                let gone = response.json::<Gone>().await.ok();
                bail!(refused(status, gone.map(|gone| gone.state).as_deref()))
            }
        }
    }

    async fn post(&self, verb: &str, body: &serde_json::Value) -> anyhow::Result<reqwest::Response> {
        let sent = self
            .client
            .post(format!("{}/{verb}", self.at))
            .json(body)
            .send()
            .await;
        // The address in the error is that of the link without its secret part; still nobody needs it.
        let url = self.url.base.clone();
        sent.map_err(reqwest::Error::without_url)
            .with_context(|| format!("{url} did not answer"))
    }
}

fn over(state: &str) -> String {
    match state {
        "redeemed" => {
            "this link was opened already. If that was not you, type in the chat: burn and the link's id"
        }
        "expired" => "this link has expired; ask for a new one in the chat",
        "burned" => "this link was burned; nobody has seen what was in it. Ask for a new one in the chat",
        _ => "this link is not live any more",
    }
    .to_owned()
}

fn refused(status: StatusCode, state: Option<&str>) -> String {
    match (status, state) {
        (StatusCode::GONE, Some(state)) => over(state),
        (StatusCode::NOT_FOUND, _) => {
            "there is no such link; copy the whole of it, from https to the end".to_owned()
        }
        (StatusCode::TOO_MANY_REQUESTS, _) => "too many tries from here; wait a minute".to_owned(),
        (StatusCode::SERVICE_UNAVAILABLE, _) => {
            "the bot cannot answer now; nothing was spent, try again in a minute".to_owned()
        }
        (status, _) => format!("the answer was {status}; is the address right?"),
    }
}
