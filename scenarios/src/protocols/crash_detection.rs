//! The perfect failure detector beside a multicast, as scenarios see it: one parameter and one mark.

use sim_core::kernel::time::Span;

use crate::format::{Fields, Mark};

/// The mark of [`ExcludeOnTimeout`](protocols::detector::ExcludeOnTimeout).
pub(super) const PROCESS_DETECTED: Mark = Mark {
    name: "process_detected",
    what: "a process did not answer within a period and is taken for crashed",
};

/// The parameter of a protocol that has such a detector below it.
pub(super) fn detect_every(args: &mut Fields<'_>) -> Span {
    args.time_above_zero(
        "detect_every",
        Some(Span::from_secs(1)),
        "period of the failure detector: who does not answer within it is taken for crashed",
    )
}
