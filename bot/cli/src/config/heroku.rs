//! `[heroku]`: where the apps run.

use countersign_core::secret::Secret;
use countersign_core::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::document::Key;
use super::secret::{SecretSource, Sources};
use super::{address, span};

/// Where the apps run, with the token fetched.
#[derive(Clone, Debug)]
pub struct Heroku {
    /// The base address of the API.
    pub url: Url,
    /// The token.
    pub token: Secret,
    /// How often each app is looked at.
    pub poll: Duration,
    /// How long one call may take.
    pub timeout: Duration,
}

/// Where the apps run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HerokuSection {
    /// The base address of the API. Another one is for tests.
    #[serde(default = "api", with = "address")]
    #[schemars(with = "String")]
    url: Url,
    /// Where the token is. It needs the right to deploy and operate every app.
    #[schemars(example = example())]
    token: SecretSource,
    /// How often each app is looked at for releases that others made. A length of time.
    #[serde(default = "poll", with = "span")]
    #[schemars(with = "String")]
    poll: Duration,
    /// How long one call may take before it is given up or tried again. A length of time.
    #[serde(default = "timeout", with = "span")]
    #[schemars(with = "String")]
    timeout: Duration,
}

fn timeout() -> Duration {
    Duration::from_secs(30)
}

fn api() -> Url {
    address::constant("https://api.heroku.com/")
}

fn poll() -> Duration {
    Duration::from_secs(30)
}

fn example() -> serde_json::Value {
    serde_json::json!({ "env": "HEROKU_TOKEN" })
}

impl Heroku {
    /// What its client is made of.
    pub fn client(&self) -> countersign_heroku::Settings {
        countersign_heroku::Settings {
            base_url: self.url.clone(),
            timeout: self.timeout,
            ..countersign_heroku::Settings::new(self.token.clone())
        }
    }
}

impl HerokuSection {
    pub(super) fn resolve(self, sources: &mut Sources<'_, '_>) -> Heroku {
        Heroku {
            url: self.url,
            token: sources.fetch(&self.token, &Key::of("heroku").field("token")),
            poll: self.poll,
            timeout: self.timeout,
        }
    }
}
