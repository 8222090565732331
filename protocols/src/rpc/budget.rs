//! A retry budget: retries are a share of the calls, so that they cannot multiply the load of who is overloaded.
//!
//! Source: Beyer et al., *Site Reliability Engineering* (2016), ch. 21, "client-side throttling"; Finagle's `RetryBudget`.

use super::policy::BudgetTerms;

/// Tokens, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    terms: BudgetTerms,
    permille: u64,
}

impl Budget {
    /// A full one.
    #[must_use]
    pub const fn new(terms: BudgetTerms) -> Self {
        Budget {
            terms,
            permille: terms.burst as u64 * 1000,
        }
    }

    /// A call brings in its part of a token.
    pub fn deposit(&mut self) {
        let most = u64::from(self.terms.burst) * 1000;
        self.permille = (self.permille + u64::from(self.terms.permille)).min(most);
    }

    /// Is there a token?
    #[must_use]
    pub const fn has_token(&self) -> bool {
        self.permille >= 1000
    }

    /// A retry takes a token out; false if there is none.
    pub const fn withdraw(&mut self) -> bool {
        let enough = self.has_token();
        if enough {
            self.permille -= 1000;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_a_share_of_the_calls_and_a_burst() {
        let mut budget = Budget::new(BudgetTerms {
            permille: 100,
            burst: 2,
        });
        let mut retries = 0;
        for _ in 0..1000 {
            budget.deposit();
            retries += u32::from(budget.withdraw());
        }
        assert_eq!(retries, 101, "2 at first, then one for every ten calls");
    }

    #[test]
    fn no_more_is_saved_than_the_burst() {
        let mut budget = Budget::new(BudgetTerms {
            permille: 1000,
            burst: 3,
        });
        (0..100).for_each(|_| budget.deposit());
        assert_eq!((0..10).filter(|_| budget.withdraw()).count(), 3);
    }
}
