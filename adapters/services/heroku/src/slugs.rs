//! Slugs: code, built and ready to run.

use std::{collections::BTreeMap, fmt};

use countersign_http::Call;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{apps::AppName, client::Heroku, error::Result, ids::Id};

/// The id of a slug.
pub type SlugId = Id<Slug>;

/// What a build says its source is: usually the full SHA of a commit, but anybody who builds may write anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(String);

/// A slug.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Slug {
    /// Its id.
    pub id: SlugId,
    /// The commit it was built of.
    pub commit: Option<CommitId>,
    /// The message of that commit: a stranger's text.
    pub commit_description: Option<String>,
    /// The command of each process type.
    #[serde(default)]
    pub process_types: BTreeMap<String, String>,
    /// When it was built.
    pub created_at: Timestamp,
    /// When it was thrown away; no release of it can be made any more.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

impl Heroku {
    /// A slug.
    pub async fn slug(&self, app: &AppName, id: &SlugId) -> Result<Slug> {
        self.client
            .fetch(&Call::get(["apps", app.as_str(), "slugs", id.as_str()]))
            .await
    }
}

impl CommitId {
    /// As the build says it; not checked.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads `{"id": "…"}` or `null`, the way resources refer to a slug.
pub(crate) fn id_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SlugId>, D::Error> {
    #[derive(Deserialize)]
    struct Reference {
        id: SlugId,
    }
    Ok(Option::<Reference>::deserialize(deserializer)?.map(|slug| slug.id))
}
