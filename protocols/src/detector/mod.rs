//! Failure detectors (CGR ch. 2.6): who has crashed, as far as one can tell from silence.

mod exclude_on_timeout;
mod heartbeat;
mod increasing_timeout;
mod phi_accrual;
mod port;
pub mod property;

pub use exclude_on_timeout::{ExcludeOnTimeout, Heartbeat, Period};
pub use heartbeat::{Alive, Fixed, Heartbeats, Patience, Timer as HeartbeatTimer};
pub use increasing_timeout::IncreasingTimeout;
pub use phi_accrual::{Accrual, Model, PHI_MAX, Settings as AccrualSettings, WINDOW_MAX};
pub use port::{Accurate, Detector, EventuallyAccurate, Opinion};
