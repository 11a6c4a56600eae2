//! From a message to a reply (being written).
