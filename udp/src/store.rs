//! Stable storage in an embedded database.
