//! The clock of a real run: the host's monotonic one, from the moment that all who take part call zero.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use sim_core::kernel::time::SimTime;

/// Time since the start of a run, in nanoseconds. It never steps; processes of one host that share an epoch agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Below zero if the run began before the host did.
    epoch: i64,
}

impl Clock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn start() -> Clock {
        Clock { epoch: host() }
    }

    /// The clock of a run that another process of this host has started; see [`Clock::epoch`].
    #[must_use]
    pub const fn since(epoch: i64) -> Clock {
        Clock { epoch }
    }

    /// The same clock, set so that it shows `at` now.
    #[must_use]
    pub fn showing(&self, at: SimTime) -> Clock {
        Clock {
            epoch: host().saturating_sub_unsigned(at.as_nanos()),
        }
    }

    /// What the host's monotonic clock showed at zero, in nanoseconds.
    #[must_use]
    pub const fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> SimTime {
        let now = host().saturating_sub(self.epoch);
        SimTime::from_nanos(u64::try_from(now).unwrap_or(0))
    }

    /// How long it is until zero; `None` if that has passed.
    #[must_use]
    pub fn ahead(&self) -> Option<Duration> {
        let ahead = u64::try_from(self.epoch.saturating_sub(host())).ok()?;
        (ahead > 0).then(|| Duration::from_nanos(ahead))
    }

    /// A clock of this host that shows zero after this time.
    #[must_use]
    pub fn starting_in(ahead: Duration) -> Clock {
        let ahead = u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX);
        Clock {
            epoch: host().saturating_add_unsigned(ahead),
        }
    }

    /// How long it is from now until `at`.
    #[must_use]
    pub fn until(&self, at: SimTime) -> Duration {
        Duration::from_nanos(at.as_nanos().saturating_sub(self.now().as_nanos()))
    }
}

fn host() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(now.tv_nsec)
}
