//! Failure detectors (CGR ch. 2.6): who has crashed, as far as one can tell from silence.

mod port;

pub use port::{Accurate, Detector, EventuallyAccurate, Opinion};
