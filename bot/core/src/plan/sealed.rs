//! A plan together with its canonical bytes and their digest. The bytes are what is stored and hashed; the plan is
//! only ever read from them, so that what runs is what was signed (invariant A3).

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Plan;
use crate::digest::{Digest, EncodingError, canonical};

/// What is wrong with a plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It has no canonical encoding.
    #[error("the plan cannot be encoded")]
    Encoding(#[from] EncodingError),
    /// Its bytes are no plan that this version knows.
    #[error("the stored plan cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// Integers beyond 2^53 have no exact form in canonical JSON.
    #[error("the number {0} in the plan cannot be kept exactly; write it as text")]
    Number(serde_json::Number),
    /// The action asked for a parameter that is not there.
    #[error("the plan has no parameter `{0}`")]
    Missing(String),
    /// The action asked for a parameter as another type.
    #[error("the plan's parameter `{name}` has an unexpected form")]
    Parameter {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// A plan that can be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPlan {
    plan: Arc<Plan>,
    bytes: Arc<str>,
    digest: Digest,
}

impl SealedPlan {
    /// Encodes the plan and reads it back from the encoding.
    pub fn seal(plan: &Plan) -> Result<Self, PlanError> {
        for value in plan.parameters.values().chain(plan.fingerprint.values()) {
            exact(value)?;
        }
        Self::from_bytes(canonical(plan)?)
    }

    /// The plan that these bytes are.
    pub fn from_bytes(bytes: String) -> Result<Self, PlanError> {
        let plan: Plan = serde_json::from_str(&bytes).map_err(PlanError::Unreadable)?;
        Ok(Self {
            plan: Arc::new(plan),
            digest: Digest::of(bytes.as_bytes()),
            bytes: Arc::from(bytes),
        })
    }

    /// What was hashed.
    pub fn bytes(&self) -> &str {
        &self.bytes
    }

    /// What votes name.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

fn exact(value: &serde_json::Value) -> Result<(), PlanError> {
    const LARGEST: u64 = 1 << 53;
    match value {
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) if integer.unsigned_abs() <= LARGEST => Ok(()),
            _ => Err(PlanError::Number(number.clone())),
        },
        serde_json::Value::Array(items) => items.iter().try_for_each(exact),
        serde_json::Value::Object(items) => items.values().try_for_each(exact),
        _ => Ok(()),
    }
}

impl Deref for SealedPlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.plan
    }
}

impl Serialize for SealedPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.bytes)
    }
}

impl<'de> Deserialize<'de> for SealedPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_bytes(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
