//! What is judged and measured at the port of remote calls.

mod latency;

pub use latency::Latency;
