//! The core of Stormglass: the protocol interface and the simulator.
//!
//! * [`kernel`]: how a protocol is written. Authors of protocols need nothing else.
//! * [`sim`]: the engine that runs protocols in virtual time, deterministically.
//! * [`trace`]: what happened, as data, text and JSON.
//!
//! The kernel never imports the engine; nothing here knows a protocol.

#![forbid(unsafe_code)]

pub mod kernel;
pub mod sim;
pub mod trace;
