//! `[github]`: where the apps' code is.

use countersign_core::secret::Secret;
use countersign_core::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::document::Key;
use super::secret::{SecretSource, Sources};
use super::{address, span};

/// Where the apps' code is, with the token fetched.
#[derive(Clone, Debug)]
pub struct Github {
    /// The base address of the API.
    pub url: Url,
    /// The token.
    pub token: Secret,
    /// How long one call may take.
    pub timeout: Duration,
}

/// Where the apps' code is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GithubSection {
    /// The base address of the API. Another one is for GitHub Enterprise and for tests.
    #[serde(default = "api", with = "address")]
    #[schemars(with = "String")]
    url: Url,
    /// Where the token is. It needs to read contents, statuses and checks, and to write the branches that deploys
    /// move.
    #[schemars(example = example())]
    token: SecretSource,
    /// How long one call may take before it is given up or tried again. A length of time.
    #[serde(default = "timeout", with = "span")]
    #[schemars(with = "String")]
    timeout: Duration,
}

fn timeout() -> Duration {
    Duration::from_secs(30)
}

fn api() -> Url {
    address::constant("https://api.github.com/")
}

fn example() -> serde_json::Value {
    serde_json::json!({ "env": "GITHUB_TOKEN" })
}

impl Github {
    /// What its client is made of.
    pub fn client(&self) -> countersign_github::Settings {
        countersign_github::Settings {
            base_url: self.url.clone(),
            timeout: self.timeout,
            ..countersign_github::Settings::new(self.token.clone())
        }
    }
}

impl GithubSection {
    pub(super) fn resolve(self, sources: &mut Sources<'_, '_>) -> Github {
        Github {
            url: self.url,
            token: sources.fetch(&self.token, &Key::of("github").field("token")),
            timeout: self.timeout,
        }
    }
}
