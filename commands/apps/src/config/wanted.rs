//! What a change of config wants, as the parameters of its plan.

use std::collections::BTreeMap;

use countersign_core::operation::Trouble;
use countersign_core::plan::Plan;
use countersign_core::refusal::Refusal;
use countersign_heroku::{AppName, Version};
use serde::{Deserialize, Serialize};

/// The parameters of a change, each with its final value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    /// The app at Heroku.
    pub(super) app: AppName,
    /// The config var.
    pub(super) name: String,
    /// The newest release when it was asked for.
    pub(super) newest: Version,
    #[serde(flatten)]
    pub(super) value: Value,
}

/// What the config var shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    /// What is in a drop box, which core opens by these two parameters.
    Dropped {
        /// The box.
        drop_box: String,
        /// The digest of what is in it.
        sha256: String,
    },
    /// This, which everybody may read.
    Plain {
        /// The value.
        value: String,
    },
    /// Not set.
    Nothing {},
}

impl Wanted {
    /// As the parameters of a plan.
    pub(super) fn parameters(&self) -> Result<BTreeMap<String, serde_json::Value>, Refusal> {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(fields)) => Ok(fields.into_iter().collect()),
            _ => Err(Refusal::new("the plan can't be written down")),
        }
    }

    pub(super) fn of(plan: &Plan) -> Result<Self, Trouble> {
        let fields = plan.parameters.clone().into_iter().collect();
        serde_json::from_value(serde_json::Value::Object(fields)).map_err(|error| Trouble {
            source: Some(Box::new(error)),
            ..Trouble::never("the plan was made by another version of the bot, and this one can't read it")
                .hint("Ask again.")
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use countersign_core::plan::Facts;
    use serde_json::json;

    use super::*;
    use crate::facts::tests::plan;

    pub(in crate::config) fn wanted(value: Value) -> Wanted {
        Wanted {
            app: "treeherder-stage".parse().unwrap(),
            name: "NEW_KEY".to_owned(),
            newest: Version(702),
            value,
        }
    }

    pub(in crate::config) fn all() -> [Value; 3] {
        [
            Value::Dropped {
                drop_box: "K7QM2X".to_owned(),
                sha256: "9c41".to_owned(),
            },
            Value::Plain {
                value: "6".to_owned(),
            },
            Value::Nothing {},
        ]
    }

    #[test]
    fn what_is_wanted_survives_the_plan() {
        for value in all() {
            let wanted = wanted(value);
            let plan = Plan {
                parameters: wanted.parameters().unwrap(),
                ..plan(Facts::new())
            };
            assert_eq!(Wanted::of(&plan).unwrap(), wanted);
        }
        let dropped = wanted(all()[0].clone()).parameters().unwrap();
        assert_eq!(
            json!(dropped),
            json!({
                "app": "treeherder-stage", "name": "NEW_KEY", "newest": 702, "drop_box": "K7QM2X", "sha256": "9c41"
            })
        );
    }
}
