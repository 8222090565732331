//! How long to wait before trying again.
//!
//! Source: Brooker 2015, "Exponential backoff and jitter", AWS Architecture Blog.

use sim_core::kernel::protocol::{Effects, Protocol};
use sim_core::kernel::time::Span;

/// Resolution of jitter: a part of the wait is one of so many.
const PARTS: u32 = 1 << 24;

/// A row of waits: `base`, `base·factor`, `base·factor²`, .. up to `max`, and what is drawn from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoff {
    /// The first wait.
    pub base: Span,
    /// Thousandths by which a wait is longer than the one before: 2000 doubles, 1000 is constant.
    pub factor_permille: u32,
    /// No wait is longer.
    pub max: Span,
    /// What is drawn.
    pub jitter: Jitter,
}

/// What is drawn from a wait `v`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jitter {
    /// `v` itself.
    None,
    /// Between 0 and `v`.
    Full,
    /// Between `v/2` and `v`.
    Equal,
    /// Between the base and three times the wait before, up to the largest; the factor does not count.
    Decorrelated,
}

impl Backoff {
    /// Doubles from `base` to `max`, with full jitter.
    #[must_use]
    pub const fn exponential(base: Span, max: Span) -> Backoff {
        Backoff {
            base,
            factor_permille: 2000,
            max,
            jitter: Jitter::Full,
        }
    }

    /// The wait number `n`, from 0, without jitter.
    #[must_use]
    pub fn wait(&self, n: u32) -> Span {
        let mut wait = self.base.min(self.max);
        for _ in 0..n {
            let next = u128::from(wait.as_nanos()) * u128::from(self.factor_permille) / 1000;
            let next = Span::from_nanos(u64::try_from(next).unwrap_or(u64::MAX)).min(self.max);
            // It has reached its end, or is constant.
            if next == wait {
                break;
            }
            wait = next;
        }
        wait
    }

    /// The wait number `n`, from 0, with jitter; `before` is the one before it.
    pub fn draw<P: Protocol>(
        &self,
        n: u32,
        before: Option<Span>,
        fx: &mut impl Effects<P>,
    ) -> Span {
        let (least, most) = match self.jitter {
            Jitter::None => return self.wait(n),
            Jitter::Full => (Span::ZERO, self.wait(n)),
            Jitter::Equal => {
                let wait = self.wait(n);
                (Span::from_nanos(wait.as_nanos() / 2), wait)
            }
            Jitter::Decorrelated => {
                let before = before.unwrap_or(self.base);
                (self.base, before.saturating_mul(3).max(self.base))
            }
        };
        let range = u128::from(most.as_nanos() - least.as_nanos());
        let part = u128::from(fx.pick("jitter", PARTS));
        let above = u64::try_from(range * part / u128::from(PARTS)).unwrap_or(u64::MAX);
        least.saturating_add(Span::from_nanos(above)).min(self.max)
    }
}
