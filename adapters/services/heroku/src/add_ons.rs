//! Add-ons, as far as they own config vars: nobody else may change those.
//!
//! `reference/domain.md` §2.5.

use std::collections::BTreeSet;

use countersign_http::Call;
use serde::Deserialize;

use crate::{apps::AppName, client::Heroku, error::Result};

#[derive(Deserialize)]
struct AddOn {
    #[serde(default)]
    config_vars: Vec<String>,
}

#[derive(Deserialize)]
struct Attachment {
    name: String,
}

impl Heroku {
    /// The names of config vars that add-ons own, those of other apps that are attached to this one among them.
    ///
    /// An attached add-on has its usual config var under the name of the attachment: `CACHE` has `CACHE_URL`.
    pub async fn config_vars_of_add_ons(&self, app: &AppName) -> Result<BTreeSet<String>> {
        let add_ons: Vec<AddOn> = self
            .client
            .fetch(&Call::get(["apps", app.as_str(), "addons"]))
            .await?;
        let attachments: Vec<Attachment> = self
            .client
            .fetch(&Call::get(["apps", app.as_str(), "addon-attachments"]))
            .await?;
        let own = add_ons.into_iter().flat_map(|add_on| add_on.config_vars);
        let attached = attachments
            .into_iter()
            .map(|attachment| format!("{}_URL", attachment.name));
        Ok(own.chain(attached).collect())
    }
}
