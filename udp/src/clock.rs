//! The clock of a real run: the host's monotonic one, from the moment that all who take part call zero.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use sim_core::kernel::time::SimTime;

/// Time since the start of a run, in nanoseconds. It never steps; processes of one host that share an epoch agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    epoch: u64,
}

impl Clock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn start() -> Clock {
        Clock { epoch: host() }
    }

    /// The clock of a run that another process of this host has started; see [`Clock::epoch`].
    #[must_use]
    pub const fn since(epoch: u64) -> Clock {
        Clock { epoch }
    }

    /// The same clock, set so that it shows `at` now.
    #[must_use]
    pub fn showing(&self, at: SimTime) -> Clock {
        Clock {
            epoch: host().saturating_sub(at.as_nanos()),
        }
    }

    /// What the host's monotonic clock showed at zero, in nanoseconds.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> SimTime {
        SimTime::from_nanos(host().saturating_sub(self.epoch))
    }

    /// How long it is until zero; `None` if that has passed.
    #[must_use]
    pub fn ahead(&self) -> Option<Duration> {
        let ahead = self.epoch.checked_sub(host())?;
        (ahead > 0).then(|| Duration::from_nanos(ahead))
    }

    /// A clock of this host that shows zero after this time.
    #[must_use]
    pub fn starting_in(ahead: Duration) -> Clock {
        let ahead = u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX);
        Clock {
            epoch: host().saturating_add(ahead),
        }
    }

    /// How long it is from now until `at`.
    #[must_use]
    pub fn until(&self, at: SimTime) -> Duration {
        Duration::from_nanos(at.as_nanos().saturating_sub(self.now().as_nanos()))
    }
}

fn host() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let (seconds, nanos) = (now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs());
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}
