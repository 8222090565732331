//! The scenario format of Stormglass: what a person writes, read into plain values, with errors worth reading.
#![forbid(unsafe_code)]

pub mod format;
