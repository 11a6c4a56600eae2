//! The other end of a secret link, over HTTP: what it is, and opening it.

use anyhow::{Context as _, anyhow, bail};
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

/// What may have happened when an answer did not come whole.
const LOST: &str = "the link may be spent: if it is, ask for a new one in the chat";

/// A link, and the way to its other end.
pub(super) struct Counter {
    client: Client,
    /// Host and port, as people are told it.
    host: String,
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
        let host = url.base.split('/').nth(2).unwrap_or_default().to_owned();
        Ok(Self {
            client: client.build()?,
            host,
            at,
            url,
        })
    }

    /// Asks what the link is. Spends nothing.
    pub(super) async fn status(&self) -> anyhow::Result<(Status, Header)> {
        let proof = link_proof(&self.url.id, &self.url.key).text();
        let body = json!({ "v": 1, "link": proof.expose_secret() });
        // To ask spends nothing, whatever became of the question.
        let response = self
            .post("status", &body)
            .await
            .map_err(|silent| anyhow!("{}; nothing was spent. Try again later", silent.words))?;
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
        let response = match self.post("redeem", &body).await {
            Ok(response) => response,
            Err(Silent {
                words,
                reached: false,
            }) => bail!("{words}; nothing was spent. Try again later"),
            Err(Silent { words, .. }) => bail!("{words}; {LOST}"),
        };
        match response.status() {
            StatusCode::OK => {
                let Opened { nonce, ct } = response.json().await.map_err(|error| self.cut(&error))?;
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

    async fn post(&self, verb: &str, body: &serde_json::Value) -> Result<reqwest::Response, Silent> {
        let url = format!("{}/{verb}", self.at);
        let sent = self.client.post(url).json(body).send().await;
        sent.map_err(|error| self.silent(&error))
    }

    /// The answer to the one attempt that counts did not come whole.
    fn cut(&self, error: &reqwest::Error) -> anyhow::Error {
        anyhow!("{} {}; {LOST}", self.host, why(error))
    }

    fn silent(&self, error: &reqwest::Error) -> Silent {
        Silent {
            words: format!("{} {}", self.host, why(error)),
            reached: !error.is_connect(),
        }
    }
}

/// No answer came.
struct Silent {
    words: String,
    /// Whether the question may have reached the other end.
    reached: bool,
}

fn why(error: &reqwest::Error) -> String {
    let mut beneath: &(dyn std::error::Error + 'static) = error;
    while let Some(next) = beneath.source() {
        beneath = next;
    }
    let kind = beneath.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    match kind {
        Some(std::io::ErrorKind::ConnectionRefused) => "refused the connection".to_owned(),
        _ if error.is_timeout() => format!("did not answer within {} s", PATIENCE.as_secs()),
        // What is beneath quotes no address.
        _ if error.is_connect() => format!("cannot be reached ({beneath})"),
        _ => format!("broke off ({beneath})"),
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
