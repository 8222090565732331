//! The generator of the bare loop and of the peers: Xoshiro256++ (Blackman, Vigna 2019), the quickest that is sound.

/// One stream of numbers.
#[derive(Clone, Debug)]
pub struct Random([u64; 4]);

impl Random {
    pub fn new(seed: u64) -> Random {
        // SplitMix64, as the authors advise.
        let mut state = seed;
        Random(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    #[inline]
    pub fn word(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number below `n`, all nearly equally likely.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u64
    }

    /// Another node than `me`.
    #[inline]
    pub fn other(&mut self, me: u32, nodes: u32) -> u32 {
        let place = self.below(u64::from(nodes) - 1) as u32;
        place + u32::from(place >= me)
    }

    /// Three different others than `me`.
    #[inline]
    pub fn three_others(&mut self, me: u32, nodes: u32) -> [u32; 3] {
        let a = self.other(me, nodes);
        loop {
            let (b, c) = (self.other(me, nodes), self.other(me, nodes));
            if a != b && b != c && a != c {
                return [a, b, c];
            }
        }
    }

    /// Uniform from 1 to 10 ms, in nanoseconds.
    #[inline]
    pub fn uniform_ns(&mut self) -> u64 {
        1_000_000 + self.below(9_000_001)
    }
}

/// A law of delay that costs everybody the same: so many quantiles of the exponential law of mean 5 ms, each as likely.
/// The exact law costs a logarithm, whose price is not that of a simulator.
#[derive(Clone, Debug)]
pub struct Exponential(Vec<u64>);

impl Exponential {
    pub fn new() -> Exponential {
        let quantile = |place: u32| {
            let above = (f64::from(place) + 0.5) / f64::from(Self::QUANTILES);
            (-above.ln() * 5e6) as u64
        };
        Exponential((0..Self::QUANTILES).map(quantile).collect())
    }

    const QUANTILES: u32 = 1024;

    /// All of them, in nanoseconds.
    pub fn quantiles(&self) -> &[u64] {
        &self.0
    }

    /// One of them, in nanoseconds.
    #[inline]
    pub fn ns(&self, random: &mut Random) -> u64 {
        self.0[random.below(u64::from(Self::QUANTILES)) as usize]
    }
}
