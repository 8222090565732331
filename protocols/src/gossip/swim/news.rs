//! What one member has to tell: updates that ride along on its messages, each so many times.

use alloc::vec::Vec;

use super::message::Update;

/// Updates that have not been told often enough, those told least often first. At most one for each member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct News(Vec<Item>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Item {
    update: Update,
    told: u32,
}

impl News {
    pub(super) const fn new() -> Self {
        News(Vec::new())
    }

    /// Takes an update in place of what there was to tell of the same member.
    pub(super) fn add(&mut self, update: Update) {
        self.0.retain(|item| item.update.member != update.member);
        self.0.insert(0, Item { update, told: 0 });
    }

    /// What rides along on one message: at most `most` updates, none of them more than `times` times in all.
    pub(super) fn tell(&mut self, most: u32, times: u32) -> Vec<Update> {
        let most = self.0.len().min(most as usize);
        let told = &mut self.0[..most];
        let updates = told.iter().map(|item| item.update).collect();
        for item in told {
            item.told += 1;
        }
        self.0.retain(|item| item.told < times);
        self.0.sort_by_key(|item| item.told);
        updates
    }
}

/// How often an update is told in a group of `nodes`: λ times the number of binary digits of `nodes`, about λ·log₂ n.
pub(super) const fn times(lambda: u32, nodes: u32) -> u32 {
    lambda.saturating_mul(u32::BITS - nodes.leading_zeros())
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::id::NodeId;

    use super::super::message::Record;
    use super::*;

    fn about(member: u32) -> Update {
        Update {
            member: NodeId(member),
            record: Record::default(),
        }
    }

    #[test]
    fn tells_each_update_so_often_and_the_least_told_first() {
        let mut news = News::new();
        news.add(about(1));
        news.add(about(2));
        assert_eq!(news.tell(1, 2), [about(2)]);
        assert_eq!(news.tell(1, 2), [about(1)], "it was told less often");
        assert_eq!(news.tell(9, 2), [about(1), about(2)]);
        assert_eq!(news.tell(9, 2), []);
    }

    #[test]
    fn a_newer_word_about_a_member_takes_the_place_of_the_older() {
        let mut news = News::new();
        for _ in 0..1_000 {
            news.add(about(1));
        }
        assert_eq!(news.0.len(), 1);
    }

    #[test]
    fn the_logarithm_is_that_of_whole_numbers() {
        let digits = [1, 2, 3, 4, 1_000, 1_024].map(|nodes| times(1, nodes));
        assert_eq!(digits, [1, 2, 2, 3, 10, 11]);
    }
}
