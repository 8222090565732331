//! How many must say the same: quorums that f traitors can neither forge nor split.
//!
//! Source: Cachin, Guerraoui, Rodrigues, 2.7.3 (Byzantine quorums), and the thresholds of Alg. 3.16 to 3.18. Two sets of more
//! than (N+f)/2 processes share a correct one, so two messages cannot both get a quorum. N−f processes do answer, and
//! they are a quorum if N > 3f.

/// How many traitors a layer bears among the processes, and how many votes it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quorums {
    f: Option<u32>,
    quorum: Option<u32>,
}

impl Quorums {
    /// Quorums against `f` traitors; without a number, against as many as can be borne: the most with N > 3f.
    ///
    /// A `quorum` replaces the thresholds: one that is too small is a lesson.
    #[must_use]
    pub const fn new(f: Option<u32>, quorum: Option<u32>) -> Self {
        Quorums { f, quorum }
    }

    /// How many of `nodes` may be traitors: f.
    #[must_use]
    pub fn traitors(&self, nodes: u32) -> u32 {
        self.f.unwrap_or(nodes.saturating_sub(1) / 3)
    }

    /// So many faulty processes are borne: not more than f, or than N > 3f allows, and no more than leave any two quorums a
    /// correct process in common, and a quorum of correct ones.
    #[must_use]
    pub fn bears(&self, nodes: u32) -> u32 {
        let quorum = self.echoes(nodes);
        self.traitors(nodes)
            .min(nodes.saturating_sub(1) / 3)
            .min(quorum.saturating_mul(2).saturating_sub(nodes + 1))
            .min(nodes.saturating_sub(quorum))
    }

    /// So many echoes are a quorum: more than (N+f)/2.
    #[must_use]
    pub fn echoes(&self, nodes: u32) -> u32 {
        let published = nodes.saturating_add(self.traitors(nodes)) / 2 + 1;
        self.quorum.unwrap_or(published)
    }

    /// So many are ready if more than f correct ones are, whoever lies: more than 2f. A lowered quorum is the most that is
    /// asked for.
    #[must_use]
    pub fn readies(&self, nodes: u32) -> u32 {
        let published = self.traitors(nodes).saturating_mul(2).saturating_add(1);
        self.quorum
            .map_or(published, |quorum| published.min(quorum))
    }

    /// One correct process at least is among so many: more than f.
    #[must_use]
    pub fn one_correct(&self, nodes: u32) -> u32 {
        self.traitors(nodes).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two quorums share a correct process, and those who are no traitors are a quorum: what all proofs rest on.
    #[test]
    fn two_quorums_share_a_correct_process_and_the_correct_are_one() {
        let quorums = Quorums::new(None, None);
        for n in 1..=100 {
            let (f, echoes) = (quorums.traitors(n), quorums.echoes(n));
            assert!(n > 3 * f && n <= 3 * (f + 1), "f of {n}");
            assert!(2 * echoes > n + f, "the least overlap of {n}");
            assert!(echoes <= n - f && quorums.readies(n) <= n - f, "{n}");
        }
    }

    /// By default all that N > 3f allows; a number that is too large or a quorum that is too small bears less.
    #[test]
    fn what_is_borne_depends_on_the_quorums() {
        for n in 1..=100 {
            assert_eq!(Quorums::new(None, None).bears(n), (n - 1) / 3, "{n}");
        }
        assert_eq!(Quorums::new(Some(1), None).bears(7), 1);
        assert_eq!(Quorums::new(Some(1), None).bears(3), 0);
        assert_eq!(Quorums::new(Some(1), Some(2)).bears(3), 0);
        assert_eq!(Quorums::new(Some(2), Some(4)).bears(6), 1);
    }

    #[test]
    fn the_thresholds_are_those_of_the_book() {
        let of = |f, n: u32| {
            let quorums = Quorums::new(f, None);
            (
                quorums.echoes(n),
                quorums.readies(n),
                quorums.one_correct(n),
            )
        };
        assert_eq!(of(None, 4), (3, 3, 2));
        assert_eq!(of(None, 7), (5, 5, 3));
        assert_eq!(of(None, 3), (2, 1, 1));
        assert_eq!(of(Some(1), 3), (3, 3, 2), "more than the two who answer");
        assert_eq!(of(Some(u32::MAX), 3).1, u32::MAX, "nothing overflows");
    }

    #[test]
    fn a_quorum_can_be_lowered() {
        let lowered = Quorums::new(Some(2), Some(4));
        assert_eq!((lowered.echoes(6), lowered.readies(6)), (4, 4));
        let still_enough = Quorums::new(Some(1), Some(8));
        assert_eq!((still_enough.echoes(12), still_enough.readies(12)), (8, 3));
    }
}
