//! Add-ons, as far as they own config vars: nobody else may change those.
//!
//! `reference/domain.md` §2.5.

use std::collections::BTreeMap;

use countersign_http::Call;
use serde::Deserialize;

use crate::{apps::AppName, client::Heroku, error::Result};

#[derive(Deserialize)]
struct AddOn {
    name: String,
    #[serde(default)]
    config_vars: Vec<String>,
}

#[derive(Deserialize)]
struct Attachment {
    name: String,
    addon: Attached,
}

#[derive(Deserialize)]
struct Attached {
    name: String,
}

impl Heroku {
    /// The names of config vars that add-ons own, each with the name of the add-on; those of other apps that are attached
    /// to this one among them.
    ///
    /// An attached add-on has its usual config var under the name of the attachment: `CACHE` has `CACHE_URL`. An add-on
    /// that has no config var has none there either.
    pub async fn config_vars_of_add_ons(&self, app: &AppName) -> Result<BTreeMap<String, String>> {
        let add_ons: Vec<AddOn> = self
            .client
            .fetch(&Call::get(["apps", app.as_str(), "addons"]))
            .await?;
        let attachments: Vec<Attachment> = self
            .client
            .fetch(&Call::get(["apps", app.as_str(), "addon-attachments"]))
            .await?;
        let has_none = |name: &str| {
            let found = add_ons.iter().find(|add_on| add_on.name == name);
            found.is_some_and(|add_on| add_on.config_vars.is_empty())
        };
        let attached = attachments
            .into_iter()
            .filter(|attachment| !has_none(&attachment.addon.name))
            .map(|attachment| (format!("{}_URL", attachment.name), attachment.addon.name));
        let mut owned: BTreeMap<String, String> = attached.collect();
        for add_on in add_ons {
            let own = add_on.config_vars.into_iter();
            owned.extend(own.map(|config_var| (config_var, add_on.name.clone())));
        }
        Ok(owned)
    }
}
