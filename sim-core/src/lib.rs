//! Stormglass.
pub mod kernel;
