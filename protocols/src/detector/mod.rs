//! Failure detectors (CGR ch. 2.6): who has crashed, as far as one can tell from silence.

mod exclude_on_timeout;
mod port;

pub use exclude_on_timeout::{ExcludeOnTimeout, Heartbeat, Period};
pub use port::{Accurate, Detector, EventuallyAccurate, Opinion};
