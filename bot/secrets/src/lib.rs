//! How secrets are locked.
