//! The web side of countersign.
