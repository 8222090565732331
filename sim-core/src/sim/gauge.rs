//! What the engine is doing at the moment, for a profiler that looks at it from another thread.
//!
//! The engine only says it; it never asks what time it is. One store to memory costs next to nothing, so it always does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What a simulation can be doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doing {
    /// It is not running.
    Nothing = 0,
    /// Finding out what is next, or writing down what will be.
    Queue = 1,
    /// Running the handlers of the protocol.
    Protocol = 2,
    /// Deciding what becomes of a message.
    Network = 3,
    /// Judging properties.
    Properties = 4,
    /// Recording.
    Trace = 5,
    /// Everything else: numbers, counters and the fingerprint, timers, faults.
    Engine = 6,
}

impl Doing {
    /// All of them, each at the place of its number.
    pub const ALL: [Doing; 7] = [
        Doing::Nothing,
        Doing::Queue,
        Doing::Protocol,
        Doing::Network,
        Doing::Properties,
        Doing::Trace,
        Doing::Engine,
    ];
}

/// Shows what a simulation is doing. A clone shows the same one.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicU8>);

impl Gauge {
    /// What the simulation is doing now, or was a moment ago.
    #[must_use]
    pub fn read(&self) -> Doing {
        let number = self.0.load(Ordering::Relaxed);
        let known = Doing::ALL.get(usize::from(number));
        known.copied().unwrap_or(Doing::Nothing)
    }

    #[inline]
    pub(super) fn set(&self, doing: Doing) {
        self.0.store(doing as u8, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_was_set_last() {
        let gauge = Gauge::default();
        let seen = gauge.clone();
        assert_eq!(seen.read(), Doing::Nothing);
        for doing in Doing::ALL {
            gauge.set(doing);
            assert_eq!(seen.read(), doing);
        }
    }
}
