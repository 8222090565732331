//! How long to wait for an ack: the estimate of RFC 6298, in integer nanoseconds.

use sim_core::kernel::time::Span;

/// How long a sender waits for an ack before it repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rto {
    /// By RFC 6298, from the round trips seen: 200 ms until there is one, then between 10 ms and 2 s. It doubles with every
    /// repetition as long as the receiver answers nothing at all: a receiver that does answer is up, and only the message
    /// was lost. A wait after a repetition is up to a tenth more or less, so that senders do not march in step.
    Estimated,
    /// Always so long, above zero. If it is longer than every round trip, nothing is repeated in vain.
    Fixed(Span),
}

/// Before the first round trip has been seen.
const INITIAL_NS: u64 = 200_000_000;
/// The RFC's least is 1 s, which is meant for the Internet.
const FLOOR_NS: u64 = 10_000_000;
const CEILING_NS: u64 = 2_000_000_000;
/// G of the RFC: no clock that we read is coarser.
const GRANULARITY_NS: u64 = 1_000_000;

/// Answers of the choice that scatters a wait.
pub(super) const JITTER_STEPS: u32 = 1_001;

/// Round trips to one peer: their mean and their spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Estimate(pub(super) Option<Seen>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    srtt_ns: u64,
    rttvar_ns: u64,
}

impl Estimate {
    /// Takes one round trip into account.
    pub(super) fn sample(&mut self, round_trip: Span) {
        // A round trip of hours says nothing, and must not overflow.
        let rtt_ns = round_trip.as_nanos().min(u64::MAX / 16);
        self.0 = Some(match self.0 {
            None => Seen {
                srtt_ns: rtt_ns,
                rttvar_ns: rtt_ns / 2,
            },
            Some(Seen { srtt_ns, rttvar_ns }) => Seen {
                // The spread first: it is taken about the mean before this round trip.
                rttvar_ns: (3 * rttvar_ns + srtt_ns.abs_diff(rtt_ns)) / 4,
                srtt_ns: (7 * srtt_ns + rtt_ns) / 8,
            },
        });
    }

    /// The wait for an ack of a first transmission.
    pub(super) fn rto(&self) -> Span {
        let ns = match self.0 {
            None => INITIAL_NS,
            Some(Seen { srtt_ns, rttvar_ns }) => srtt_ns + GRANULARITY_NS.max(4 * rttvar_ns),
        };
        Span::from_nanos(ns.clamp(FLOOR_NS, CEILING_NS))
    }

    /// The same after so many doublings, before it is scattered.
    pub(super) fn doubled(&self, doublings: u32) -> Span {
        let times = 1_u64 << doublings.min(32);
        let ns = self.rto().as_nanos().saturating_mul(times);
        Span::from_nanos(ns.min(CEILING_NS))
    }
}

/// `wait` less a tenth and up to a tenth more, by a step below [`JITTER_STEPS`].
pub(super) fn scattered(wait: Span, step: u32) -> Span {
    let ns = wait.as_nanos();
    let fifth = ns / 5;
    Span::from_nanos(ns - ns / 10 + fifth / u64::from(JITTER_STEPS - 1) * u64::from(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Span {
        Span::from_millis(ms)
    }

    /// By hand: SRTT 100, RTTVAR 50; then 7/8 and 3/4 of the old.
    #[test]
    fn follows_rfc_6298() {
        let mut estimate = Estimate::default();
        assert_eq!(estimate.rto(), ms(200));
        estimate.sample(ms(100));
        assert_eq!(estimate.rto(), ms(100 + 4 * 50));
        estimate.sample(ms(180));
        // RTTVAR = 3/4·50 + 1/4·|100 − 180| = 57.5; SRTT = 7/8·100 + 1/8·180 = 110.
        assert_eq!(estimate.rto(), Span::from_micros(110_000 + 4 * 57_500));
    }

    #[test]
    fn stays_between_floor_and_ceiling() {
        let mut estimate = Estimate::default();
        estimate.sample(Span::from_micros(20));
        assert_eq!(estimate.rto(), ms(10));
        estimate.sample(Span::MAX);
        assert_eq!(estimate.rto(), ms(2_000));
    }

    #[test]
    fn doubles_up_to_the_ceiling() {
        let waits = [1, 2, 3, 4, 99].map(|doublings| Estimate::default().doubled(doublings));
        assert_eq!(waits, [400, 800, 1_600, 2_000, 2_000].map(ms));
    }

    #[test]
    fn scatters_by_a_tenth_both_ways() {
        let waits = [0, 500, 1_000].map(|step| scattered(ms(100), step));
        assert_eq!(waits, [ms(90), ms(100), ms(110)]);
    }
}
