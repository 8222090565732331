//! The φ accrual failure detector: how long a silence is too long is learned from the heartbeats before it.
//!
//! Source: Hayashibara, Défago, Yared, Katayama 2004. φ(t) = −log₁₀ P(a heartbeat comes later than t), and a process is
//! suspected once φ reaches a threshold Φ. φ grows with the silence, so the moment at which it reaches Φ is known in
//! advance, and no logarithm is ever taken: it is mean + z·sd if the gaps between heartbeats are taken for normal (as
//! published), Φ·ln 10·mean if for exponential (as in Cassandra). All in integers. Stands on the heartbeats of
//! `heartbeat.rs`. If the model is exact one heartbeat in 10^Φ is missed; as it is estimated from few gaps, some more.
//! Wrong where what is to come differs from what was: after a change of the network, until the window has learned it.

use alloc::collections::VecDeque;

use sim_core::kernel::prelude::*;

use super::heartbeat::Patience;

/// What the gaps between heartbeats are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// A normal distribution.
    Normal,
    /// An exponential one: only its mean is estimated.
    Exponential,
}

/// The highest threshold there is: one mistake in a hundred million heartbeats.
pub const PHI_MAX: u32 = 8;

/// Quantiles of the normal distribution at 1 − 10^−Φ, times 10⁶, for Φ = 1 to 8.
const Z_PPM: [u64; PHI_MAX as usize] = [
    1_281_552, 2_326_348, 3_090_232, 3_719_016, 4_264_891, 4_753_424, 5_199_338, 5_612_001,
];

/// ln 10, times 10⁶.
const LN_10_PPM: u64 = 2_302_585;

const PPM: u128 = 1_000_000;

/// A gap of days says nothing more than one of three, and the squares of a window must not overflow.
const GAP_NS_MAX: u64 = 1 << 48;

/// The longest window.
pub const WINDOW_MAX: u32 = 10_000;

impl Model {
    /// The silence at which φ reaches `phi` (1 to [`PHI_MAX`]), for gaps of this mean and standard deviation.
    #[must_use]
    pub fn silence(self, phi: u32, mean: Span, sd: Span) -> Span {
        let (mean, sd) = (u128::from(mean.as_nanos()), u128::from(sd.as_nanos()));
        let phi = phi.clamp(1, PHI_MAX);
        let ns = match self {
            Model::Normal => mean + u128::from(Z_PPM[phi as usize - 1]) * sd / PPM,
            Model::Exponential => u128::from(phi) * u128::from(LN_10_PPM) * mean / PPM,
        };
        Span::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

/// How an accrual detector is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// What the gaps are taken for.
    pub model: Model,
    /// Φ: 1 to [`PHI_MAX`].
    pub phi: u32,
    /// From how many gaps it learns at most: 1 to [`WINDOW_MAX`].
    pub window: u32,
    /// How many it has to have seen to trust what it learned.
    pub samples: u32,
    /// The patience before that.
    pub first: Span,
    /// Added to what it learned: a pause that is acceptable (as in Akka).
    pub pause: Span,
}

/// The last gaps between the heartbeats of one process: a patience that is learned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Accrual {
    settings: Settings,
    gaps_ns: VecDeque<u64>,
    sum: u128,
    squares: u128,
}

impl Accrual {
    /// A window that has seen nothing.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Accrual {
            settings,
            gaps_ns: VecDeque::new(),
            sum: 0,
            squares: 0,
        }
    }

    fn add(&mut self, gap_ns: u64) {
        self.gaps_ns.push_back(gap_ns);
        self.sum += u128::from(gap_ns);
        self.squares += u128::from(gap_ns) * u128::from(gap_ns);
    }

    fn forget_the_oldest(&mut self) {
        if let Some(gap_ns) = self.gaps_ns.pop_front() {
            self.sum -= u128::from(gap_ns);
            self.squares -= u128::from(gap_ns) * u128::from(gap_ns);
        }
    }

    /// Mean and standard deviation of the window, which is not empty.
    fn mean_and_sd(&self) -> (Span, Span) {
        let count = self.gaps_ns.len() as u128;
        let mean = self.sum / count;
        // n·Σx² is never below (Σx)² (Cauchy and Schwarz).
        let variance = (count * self.squares - self.sum * self.sum) / (count * count);
        let span = |ns: u128| Span::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX));
        (span(mean), span(variance.isqrt()))
    }
}

impl Patience for Accrual {
    fn heard(&mut self, gap: Span) {
        let window = self.settings.window.clamp(1, WINDOW_MAX);
        if self.gaps_ns.len() as u128 >= u128::from(window) {
            self.forget_the_oldest();
        }
        self.add(gap.as_nanos().min(GAP_NS_MAX));
    }

    fn limit(&self) -> Span {
        let Settings {
            model,
            phi,
            samples,
            first,
            pause,
            window,
        } = self.settings;
        // It cannot wait for more than it keeps.
        let samples = samples.clamp(1, window.clamp(1, WINDOW_MAX));
        if (self.gaps_ns.len() as u128) < u128::from(samples) {
            return first;
        }
        let (mean, sd) = self.mean_and_sd();
        model.silence(phi, mean, sd).saturating_add(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::random::normal_quantile;

    const fn ms(ms: u64) -> Span {
        Span::from_millis(ms)
    }

    const fn accrual(model: Model, window: u32) -> Accrual {
        Accrual::new(Settings {
            model,
            phi: 3,
            window,
            samples: 2,
            first: ms(700),
            pause: ms(5),
        })
    }

    /// The table is the inverse of the normal distribution.
    #[test]
    fn the_quantiles_are_those_of_the_normal_distribution() {
        let mut later = 1.0;
        for (phi, z_ppm) in (1..).zip(Z_PPM) {
            later /= 10.0;
            let exact = -normal_quantile(later) * 1e6;
            #[expect(clippy::cast_precision_loss, reason = "a number of seven digits")]
            let off = (exact - z_ppm as f64).abs();
            assert!(off <= 1.0, "phi {phi}: {exact} is {z_ppm}");
        }
    }

    #[test]
    fn trusts_what_it_learned_once_it_has_seen_enough() {
        let mut normal = accrual(Model::Normal, 10);
        normal.heard(ms(90));
        assert_eq!(normal.limit(), ms(700));
        normal.heard(ms(110));
        // Mean 100, standard deviation 10: 100 + 3.090232·10, and the pause.
        assert_eq!(normal.limit(), Span::from_nanos(130_902_320 + 5_000_000));
        let mut exponential = accrual(Model::Exponential, 10);
        exponential.heard(ms(90));
        exponential.heard(ms(110));
        assert_eq!(
            exponential.limit(),
            Span::from_nanos(3 * 230_258_500 + 5_000_000)
        );
    }

    #[test]
    fn forgets_what_has_left_the_window() {
        let mut accrual = accrual(Model::Normal, 2);
        for gap in [10_000, 100, 100] {
            accrual.heard(ms(gap));
        }
        assert_eq!(accrual.limit(), ms(105));
        assert_eq!(accrual.gaps_ns.len(), 2);
    }

    /// Gaps come from the network, and no gap may stop the program.
    #[test]
    fn the_longest_gaps_do_not_overflow() {
        let mut accrual = accrual(Model::Normal, WINDOW_MAX);
        for place in 0..WINDOW_MAX {
            accrual.heard(if place % 2 == 0 {
                Span::MAX
            } else {
                Span::ZERO
            });
        }
        assert!(accrual.limit() > Span::from_secs(86_400));
    }
}
