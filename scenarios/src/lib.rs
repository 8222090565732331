//! Scenarios: their format, the registry of protocols they can name, and the runner that judges them.
//!
//! ```text
//! file ──format──▶ Scenario ──run──▶ Run (verdict, findings, metrics, trace) ──folder, json──▶ what people read
//!                     ▲                ▲
//!                  recipe          simulator of sim-core
//! ```

#![forbid(unsafe_code)]

// A module of a user's crate can move in here as it stands.
extern crate self as scenarios;

pub mod folder;
pub mod format;
pub mod json;
pub mod marks;
pub mod metrics;
pub mod overlay;
pub mod protocols;
pub mod recipe;
pub mod run;
pub mod sweep;
pub mod testing;
pub mod trace;
