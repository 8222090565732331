//! The clocks of a process, against virtual time. A process reads its own, and its timers run on the monotonic one.

use crate::kernel::id::NodeId;
use crate::kernel::protocol::Node;
use crate::kernel::time::{LocalTime, SimTime, Span};

use super::engine::Sim;
use super::host::InForce;

/// The clocks of a process, against virtual time.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    /// How far the wall clock is ahead, in ns, its steps included.
    pub(super) ahead: i64,
    /// How much faster both clocks run, in millionths, at most so slow that they never stand,
    ppm: i64,
    /// since when, and what the monotonic clock showed then, in ns.
    since: SimTime,
    shown: i64,
    /// The faults behind that.
    pub(super) skews: Vec<u32>,
    pub(super) drifts: InForce<i64>,
}

impl Clock {
    /// The monotonic clock at `now`.
    pub(super) fn monotonic(&self, now: SimTime) -> LocalTime {
        let passed = i128::from(now.as_nanos()) - i128::from(self.since.as_nanos());
        let gained = (passed * i128::from(self.ppm)).div_euclid(1_000_000);
        local(i128::from(self.shown) + passed + gained)
    }

    /// From now on both clocks run as fast as the drifts in force say, all of them together.
    pub(super) fn runs(&mut self, now: SimTime) {
        self.shown = self.monotonic(now).as_nanos();
        let sum = self.drifts.iter().map(|(ppm, _)| *ppm);
        let ppm = sum.fold(0, i64::saturating_add);
        (self.since, self.ppm) = (now, ppm.max(-999_999));
    }

    /// The wall clock at `now`.
    pub(super) fn wall(&self, now: SimTime) -> LocalTime {
        local(i128::from(self.monotonic(now).as_nanos()) + i128::from(self.ahead))
    }

    /// The first moment at which the monotonic clock has advanced by `span`.
    pub(super) fn after(&self, now: SimTime, span: Span) -> SimTime {
        if self.ppm == 0 {
            return now.after(span);
        }
        let target = i128::from(self.monotonic(now).as_nanos()) + i128::from(span.as_nanos());
        let rate = 1_000_000 + i128::from(self.ppm);
        // It has gained floor(t · rate / 10^6) in t: the least t with at least what is missing is the ceiling.
        let missing = target - i128::from(self.shown);
        let passed = (missing * 1_000_000 + rate - 1).div_euclid(rate);
        let at = i128::from(self.since.as_nanos()) + passed;
        SimTime::from_nanos(u64::try_from(at).unwrap_or(u64::MAX)).max(now)
    }
}

fn local(nanos: i128) -> LocalTime {
    let clamped = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    LocalTime::from_nanos(i64::try_from(clamped).expect("it was clamped"))
}

impl<P: Node> Sim<'_, P> {
    /// When a timer of this process runs out that is armed now, by its own clock.
    pub(super) fn by_its_clock(&mut self, node: NodeId, span: Span, event: u64) -> SimTime {
        let clock = self.afflict(node).clock.clone();
        clock
            .drifts
            .iter()
            .for_each(|(_, fault)| self.fire(fault, event));
        clock.after(self.now, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_runs_out_when_the_drifting_clock_says_so() {
        for ppm in [-999_999, -200_000, -1, 0, 1, 300, 1_000_000] {
            let mut clock = Clock {
                ppm: 50,
                ..Clock::default()
            };
            clock.drifts.add(ppm, 0);
            clock.runs(SimTime::from_nanos(5));
            for (now, span) in [(5, 1), (7, 1_000_000), (123_456_789, 999)] {
                let (now, span) = (SimTime::from_nanos(now), Span::from_nanos(span));
                let due = clock.monotonic(now).after(span);
                let at = clock.after(now, span);
                assert!(clock.monotonic(at) >= due, "{ppm}: not yet");
                let before = SimTime::from_nanos(at.as_nanos() - 1);
                assert!(clock.monotonic(before) < due, "{ppm}: it was due before");
            }
        }
    }

    #[test]
    fn only_the_wall_clock_is_set() {
        let clock = Clock {
            ahead: -500,
            ppm: 10,
            ..Clock::default()
        };
        let now = SimTime::from_nanos(1_000_000);
        assert_eq!(clock.monotonic(now).as_nanos(), 1_000_010);
        assert_eq!(clock.wall(now).as_nanos(), 999_510);
    }
}
