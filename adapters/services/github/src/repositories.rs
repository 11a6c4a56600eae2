//! Repositories, and what the token may do there.

use countersign_http::{Call, answered_at};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{client::GitHub, error::Result, ids::Repo};

/// A repository, as the token sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its owner and name, as GitHub writes them.
    pub full_name: String,
    /// Whether nobody can change it any more.
    pub archived: bool,
    /// Whether the token's account may push to it, if GitHub says so.
    pub may_push: Option<bool>,
    /// When GitHub answered, by its own clock, in whole seconds.
    pub at: Option<Timestamp>,
}

impl GitHub {
    /// A repository.
    pub async fn repository(&self, repo: &Repo) -> Result<Repository> {
        let answer = self
            .client
            .ask::<Body>(&Call::get(["repos", repo.owner(), repo.name()]))
            .await?;
        let Body {
            full_name,
            archived,
            permissions,
        } = answer.value;
        Ok(Repository {
            full_name,
            archived,
            may_push: permissions.map(|permissions| permissions.push),
            at: answered_at(&answer.headers),
        })
    }
}

#[derive(Deserialize)]
struct Body {
    full_name: String,
    #[serde(default)]
    archived: bool,
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Permissions {
    push: bool,
}
