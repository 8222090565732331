//! What is still to happen, since when, and whether it came in time.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Finding, Moment, Violation};
use sim_core::kernel::time::SimTime;

use super::counted;

/// Debts that are open, by `K`. Of those that were paid only the slowest is kept, as the others were paid in time if it was.
#[derive(Clone, Debug)]
pub(super) struct Debts<K, N> {
    open: BTreeMap<K, Debt<N>>,
    slowest: Option<(Debt<N>, SimTime)>,
    /// The last repair: the time of a debt does not begin before.
    repaired: SimTime,
}

/// Something is owed to a client.
#[derive(Clone, Debug)]
pub(super) struct Debt<N> {
    pub(super) since: Moment,
    pub(super) client: NodeId,
    pub(super) note: N,
}

impl<K: Ord, N> Debts<K, N> {
    pub(super) const fn new() -> Self {
        Debts {
            open: BTreeMap::new(),
            slowest: None,
            repaired: SimTime::ZERO,
        }
    }

    /// A debt arises; if there is one under this name already, that one stays.
    pub(super) fn owe(&mut self, name: K, since: Moment, client: NodeId, note: N) {
        let debt = Debt {
            since,
            client,
            note,
        };
        self.open.entry(name).or_insert(debt);
    }

    /// A debt is paid; true if it was open.
    pub(super) fn pay(&mut self, name: &K, moment: Moment) -> bool {
        let Some(debt) = self.open.remove(name) else {
            return false;
        };
        let wait = |since: Moment, until: SimTime| until.since(since.at.max(self.repaired));
        let slowest = self.slowest.as_ref();
        let longest = slowest.map(|(known, paid)| wait(known.since, *paid));
        if longest.is_none_or(|longest| longest < wait(debt.since, moment.at)) {
            self.slowest = Some((debt, moment.at));
        }
        true
    }

    pub(super) fn get_mut(&mut self, name: &K) -> Option<&mut Debt<N>> {
        self.open.get_mut(name)
    }

    /// The first open debt from this name on.
    pub(super) fn from(&self, name: &K) -> Option<&K> {
        self.open.range(name..).next().map(|(name, _)| name)
    }

    /// What is not to be `kept` is forgiven.
    pub(super) fn retain(&mut self, kept: impl Fn(&Debt<N>) -> bool) {
        self.open.retain(|_, debt| kept(debt));
    }

    /// A repair: what was paid until now was paid in time.
    pub(super) fn repair(&mut self, moment: Moment) {
        self.repaired = moment.at;
        self.slowest = None;
    }

    /// What is to be objected in the end, in the words of `owed` for a debt that was not paid and of `late` for one that was,
    /// but too late.
    pub(super) fn settle(
        &self,
        end: &End,
        owed: impl Fn(&Debt<N>) -> String,
        late: impl Fn(&Debt<N>) -> String,
    ) -> Option<Finding> {
        let broken = |debt: &Debt<N>, what| {
            Some(Finding::Violated(Violation {
                before: None,
                since: debt.since,
                what,
                nodes: vec![debt.client],
            }))
        };
        let overdue = self
            .slowest
            .as_ref()
            .filter(|(debt, paid)| *paid > end.deadline(debt.since.at));
        if let Some((debt, paid)) = overdue {
            return broken(debt, format!("{} only at {paid}ms", late(debt)));
        }
        let oldest = self.open.values().min_by_key(|debt| debt.since)?;
        if !end.is_final(oldest.since.at) {
            let what = format!("{} before the run ended", owed(oldest));
            return Some(Finding::Pending(what));
        }
        let is_final = |debt: &&Debt<N>| end.is_final(debt.since.at);
        let what = match self.open.values().filter(is_final).count() as u64 - 1 {
            0 => owed(oldest),
            more => format!(
                "{}; and so for {}",
                owed(oldest),
                counted(more, "more call")
            ),
        };
        broken(oldest, what)
    }

    /// How many are open.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.open.len()
    }
}
