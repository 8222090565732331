//! To how many a process forwards: always as many, or a random number with a given mean.
//!
//! Sources: Kermarrec, Massoulié, Ganesh 2003 for the random one. If every process picks each other with the same
//! probability the gossip is a random graph of Erdős and Rényi: with a mean of ln n + c it reaches everybody with
//! probability e^(-e^(-c)).

use sim_core::kernel::prelude::*;

/// How many others a process forwards an update to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fanout {
    /// Always so many.
    Fixed(u32),
    /// Each other with the same probability, so that it is this many on average, in millionths.
    Mean(u32),
}

/// Above this mean a draw is made in several parts, so that the probability of nothing is not lost in rounding.
const MEAN_MAX: u64 = 8_000_000;
/// What a mean is counted in.
const MILLION: u64 = 1_000_000;

impl Fanout {
    /// A number for this time.
    pub(super) fn draw<P: Protocol>(self, fx: &mut impl Effects<P>) -> u32 {
        let others = fx.nodes() - 1;
        match self {
            Fanout::Fixed(count) => count,
            Fanout::Mean(mean) => binomial(fx, others, u64::from(mean)),
        }
    }
}

/// How many of `trials` succeed, if `mean` millionths do on average.
fn binomial<P: Protocol>(fx: &mut impl Effects<P>, trials: u32, mean: u64) -> u32 {
    let all = u64::from(trials) * MILLION;
    if mean >= all {
        return trials;
    }
    if 2 * mean > all {
        let p = Probability::ratio(mean, all).expect("less than all");
        return (0..trials).map(|_| u32::from(fx.chance("fanout", p))).sum();
    }
    // The odds of a success, in 2⁻⁶⁴: a small fanout has a small number of steps below.
    let odds = (u128::from(mean) << 64) / u128::from(all - mean);
    let failure =
        u64::try_from((u128::from(all - mean) << 64) / u128::from(all)).unwrap_or(u64::MAX);
    let parts = u32::try_from(mean / MEAN_MAX + 1).unwrap_or(u32::MAX);
    (0..parts)
        .map(|part| {
            let trials = trials / parts + u32::from(part < trials % parts);
            part_of_binomial(fx, trials, odds, failure)
        })
        .sum()
}

/// By inversion: goes through the probabilities of 0, 1, 2, … until they make up a uniform number. All in 2⁻⁶⁴.
fn part_of_binomial<P: Protocol>(
    fx: &mut impl Effects<P>,
    trials: u32,
    odds: u128,
    failure: u64,
) -> u32 {
    let half = |fx: &mut _| u64::from(Effects::<P>::pick(fx, "fanout", 1 << 31));
    let uniform = half(fx) << 33 | half(fx) << 2;
    let mut term = power(failure, trials);
    let (mut below, mut successes) = (term, 0);
    while uniform >= below && successes < trials {
        let ratio = odds * u128::from(trials - successes) / u128::from(successes + 1);
        // Terms become smaller than any uniform number can tell.
        term = u64::try_from((u128::from(term) * (ratio >> 32)) >> 32).unwrap_or(u64::MAX);
        if term == 0 {
            break;
        }
        below = below.saturating_add(term);
        successes += 1;
    }
    successes
}

/// A power of a number below one, in 2⁻⁶⁴.
fn power(base: u64, exponent: u32) -> u64 {
    let times = |a: u64, b: u64| {
        let product = (u128::from(a) * u128::from(b)) >> 64;
        u64::try_from(product).expect("a product of numbers below one")
    };
    let (mut square, mut result) = (base, u64::MAX);
    let mut left = exponent;
    while left > 0 {
        if left & 1 == 1 {
            result = times(result, square);
        }
        square = times(square, square);
        left >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use sim_core::kernel::env::Choices;
    use sim_core::kernel::random::{Key, Purpose};
    use sim_core::kernel::rig::Rig;

    /// Says what it has drawn.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Drawer(Fanout);

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Numbers;
    impl Port for Numbers {
        type Request = u32;
        type Indication = u32;
    }

    impl Protocol for Drawer {
        type Offers = Numbers;
        type Needs = Net<u8>;
        type Timer = Never;
        type Disk = ();
        fn on(&mut self, _: Event<Self>, fx: &mut impl Effects<Self>) {
            let drawn = self.0.draw(fx);
            fx.indicate(drawn);
        }
    }

    fn draws(fanout: Fanout, nodes: u32, count: u32) -> Vec<u32> {
        let mut rig = Rig::new(Drawer(fanout));
        rig.as_node(NodeId(0), nodes).env().choices = Choices::Keyed {
            key: Key::new(1, Purpose::Choice),
            made: 0,
        };
        (0..count)
            .map(|_| match rig.boot().effects()[..] {
                [Effect::Indicate(drawn)] => drawn,
                ref other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_fixed_fanout_is_what_it_is() {
        assert_eq!(draws(Fanout::Fixed(3), 1_000, 5), [3; 5]);
    }

    /// Mean and variance of the binomial distribution, for a small and a large mean and for a small cluster.
    #[test]
    fn a_random_fanout_has_the_mean_and_the_spread_of_its_law() {
        for (nodes, millionths) in [
            (1_001, 6_900_000),
            (1_001, 40_000_000),
            (1_000_001, 3_000_000),
            (11, 2_500_000),
            (11, 7_500_000),
        ] {
            let mean = f64::from(millionths) / 1e6;
            let drawn = draws(Fanout::Mean(millionths), nodes, 20_000);
            let count = drawn.len() as f64;
            let found = drawn.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
            let spread = drawn
                .iter()
                .map(|x| (f64::from(*x) - found) * (f64::from(*x) - found))
                .sum::<f64>()
                / count;
            let variance = mean * (1.0 - mean / f64::from(nodes - 1));
            let error = 5.0 * (variance / count).sqrt();
            assert!((found - mean).abs() < error, "{nodes} {mean}: mean {found}");
            assert!(
                (spread / variance - 1.0).abs() < 0.07,
                "{nodes} {mean}: variance {spread}, {variance} expected"
            );
        }
    }

    /// The share of draws that give nothing, and of those that give one: e^-3 and 3 e^-3.
    #[test]
    fn small_numbers_come_as_often_as_they_must() {
        let drawn = draws(Fanout::Mean(3_000_000), 1_000_001, 50_000);
        let mut times = vec![0_u32; 30];
        for number in drawn {
            times[number as usize] += 1;
        }
        assert!(
            times[0].abs_diff(2_489) < 250 && times[1].abs_diff(7_468) < 430,
            "{times:?}"
        );
    }

    #[test]
    fn nobody_forwards_to_more_than_there_are() {
        assert_eq!(draws(Fanout::Mean(9_000_000), 4, 3), [3; 3]);
        assert_eq!(draws(Fanout::Mean(0), 4, 3), [0; 3]);
    }
}
