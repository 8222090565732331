//! The books that checkers of a multicast keep: for each message who has delivered it, a bit a process.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Violation};
use sim_core::kernel::summary::{nodes, summary};
use sim_core::kernel::time::SimTime;

use crate::multicast::port::{Cast, Deliver, Multicast};

/// How many of the first deliverers of a message are remembered.
const LEADS_MAX: usize = 8;

/// What has happened to the messages of a group.
#[derive(Clone, Debug)]
pub(super) struct Book<P> {
    pub(super) nodes: u32,
    /// Who is not correct as things stand, and since when: down, or failed.
    pub(super) gone: BTreeMap<NodeId, Moment>,
    /// Who deviated from its algorithm: it is not correct for ever.
    failed: BTreeSet<NodeId>,
    /// Who recovered in this instant.
    retelling: BTreeMap<NodeId, Retelling<P>>,
    /// By origin and payload.
    pub(super) pages: BTreeMap<(NodeId, P), Page>,
}

/// What a process has said in the very instant of its recovery: it reads its log aloud, and that delivers nothing a
/// second time.
#[derive(Clone, Debug)]
struct Retelling<P> {
    at: SimTime,
    /// How often it has said each message.
    told: BTreeMap<(NodeId, P), u32>,
}

/// What has happened to one message, or to several that look alike.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// How often it was cast, and the last time.
    pub(super) casts: u32,
    pub(super) cast: Option<Moment>,
    /// The first few who delivered it as often as anybody has: if one crashes, the next is the first that counts.
    pub(super) leads: Vec<(Moment, NodeId)>,
    /// The last delivery that was due, duplicates aside; and the last one by the caster itself.
    pub(super) last: Option<(Moment, NodeId)>,
    pub(super) last_own: Option<(Moment, NodeId)>,
    /// How many of the deliveries that were due took place.
    pub(super) delivered: u64,
    most: u32,
    tally: Tally,
}

/// How often each process has delivered a message: a bit for the first time, a number only for more.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    once: Vec<u64>,
    more: BTreeMap<NodeId, u32>,
}

impl<P: Payload> Book<P> {
    pub(super) fn new(nodes: u32) -> Self {
        Book {
            nodes,
            gone: BTreeMap::new(),
            failed: BTreeSet::new(),
            retelling: BTreeMap::new(),
            pages: BTreeMap::new(),
        }
    }

    /// Takes a fact down. For a delivery it gives the page and how often this process has delivered by now; nothing if
    /// the delivery does not count: what a failed process says means nothing, and what a process says in the instant of
    /// its recovery is its log, as far as it had delivered it before.
    pub(super) fn see<G: Guarantee>(
        &mut self,
        moment: Moment,
        fact: &Fact<'_, Multicast<P, G>>,
    ) -> Option<(&Page, u32)> {
        match *fact {
            Fact::Requested(node, Cast(payload)) => {
                let page = self.page(node, payload);
                page.casts += 1;
                page.cast = Some(moment);
                None
            }
            Fact::Indicated(node, Deliver { origin, payload }) => {
                if self.has_failed(node) || self.retells(moment, node, *origin, payload) {
                    return None;
                }
                let nodes = self.nodes;
                let page = self.page(*origin, payload);
                let times = page.tally.add(node, nodes);
                if times <= page.due() {
                    page.delivered += 1;
                    page.last = Some((moment, node));
                    if node == *origin {
                        page.last_own = page.last;
                    }
                }
                // More than was cast is a duplicate, which nobody else owes.
                if times > page.most && times <= page.due() {
                    page.most = times;
                    page.leads.clear();
                }
                if times == page.most && page.leads.len() < LEADS_MAX {
                    page.leads.push((moment, node));
                }
                Some((page, times))
            }
            Fact::Crashed(node) => {
                self.gone.entry(node).or_insert(moment);
                None
            }
            Fact::Recovered(node) => {
                if !self.has_failed(node) {
                    self.gone.remove(&node);
                }
                let told = BTreeMap::new();
                self.retelling.insert(
                    node,
                    Retelling {
                        at: moment.at,
                        told,
                    },
                );
                None
            }
            Fact::Failed(node) => {
                self.failed.insert(node);
                self.gone.entry(node).or_insert(moment);
                None
            }
            Fact::Healed => None,
        }
    }

    /// Is this what `node` had delivered before, read from its log in the instant of its recovery? If it had delivered
    /// the message twice, it may say it twice; once more is a delivery.
    fn retells(&mut self, moment: Moment, node: NodeId, origin: NodeId, payload: &P) -> bool {
        let Some(retelling) = self.retelling.get_mut(&node) else {
            return false;
        };
        if retelling.at != moment.at {
            self.retelling.remove(&node);
            return false;
        }
        let key = (origin, payload.clone());
        let before = self.pages.get(&key).map_or(0, |page| page.times(node));
        let told = retelling.told.entry(key).or_insert(0);
        *told += 1;
        *told <= before
    }

    fn page(&mut self, origin: NodeId, payload: &P) -> &mut Page {
        let empty = || Page {
            casts: 0,
            cast: None,
            leads: Vec::new(),
            last: None,
            last_own: None,
            delivered: 0,
            most: 0,
            tally: Tally::default(),
        };
        self.pages
            .entry((origin, payload.clone()))
            .or_insert_with(empty)
    }

    /// The processes that are up and did not fail: at the end of a run, those that did not crash for good.
    pub(super) fn correct(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes)
            .map(NodeId)
            .filter(|node| self.is_correct(*node))
    }

    pub(super) fn is_correct(&self, node: NodeId) -> bool {
        !self.gone.contains_key(&node)
    }

    pub(super) fn has_failed(&self, node: NodeId) -> bool {
        self.failed.contains(&node)
    }

    /// What is to be said of the debts that `owed` finds on the pages: the oldest broken one, else the oldest open
    /// one, else that all were paid.
    pub(super) fn settle(
        &self,
        end: &End,
        owed: impl Fn(NodeId, &Page) -> Option<Debt>,
    ) -> Finding {
        let (mut judged, mut broken, mut open) = (Vec::new(), None::<Violation>, None::<Debt>);
        let mut broken_count = 0_u64;
        for ((origin, payload), page) in &self.pages {
            let Some(debt) = owed(*origin, page) else {
                continue;
            };
            judged.push(payload);
            if let Some(violation) = self.broken(end, *origin, payload, &debt) {
                broken_count += 1;
                if broken
                    .as_ref()
                    .is_none_or(|known| violation.since < known.since)
                {
                    broken = Some(violation);
                }
            } else if !debt.by.is_empty()
                && open.as_ref().is_none_or(|known| debt.since < known.since)
            {
                open = Some(debt);
            }
        }
        let correct = self.correct().count();
        match (broken, open, &judged[..]) {
            (Some(mut violation), ..) => {
                if broken_count > 1 {
                    let more = broken_count - 1;
                    let s = if more == 1 { "" } else { "s" };
                    violation
                        .what
                        .push_str(&format!("; and so for {more} more message{s}"));
                }
                Finding::Violated(violation)
            }
            (None, Some(debt), _) => Finding::Pending(format!(
                "{} had not delivered when the run ended",
                nodes(&debt.by)
            )),
            (None, None, []) => Finding::NotExercised,
            (None, None, [payload]) => {
                let payload = summary(*payload);
                Finding::Held(format!(
                    "{correct} of {correct} correct nodes delivered {payload}"
                ))
            }
            (None, None, judged) => Finding::Held(format!(
                "{} messages, {correct} correct nodes",
                judged.len()
            )),
        }
    }

    /// The violation that a debt has become, if it has: nobody can pay it any more, or it was paid too late.
    fn broken(&self, end: &End, origin: NodeId, payload: &P, debt: &Debt) -> Option<Violation> {
        let (who, did) = debt.maker;
        let payload = summary(payload);
        let made = format!("{} {did} {payload}", nodes(&[who]));
        if !debt.by.is_empty() {
            let to = nodes(&debt.by);
            let what = format!(
                "{made}; {to} never delivered {payload} from {}",
                nodes(&[origin])
            );
            let violation = Violation {
                before: None,
                since: debt.since,
                what,
                nodes: debt.by.clone(),
            };
            return end.is_final(debt.since.at).then_some(violation);
        }
        let deadline = end.deadline(debt.since.at);
        let (moment, node) = debt
            .last
            .filter(|(moment, node)| moment.at > deadline && self.is_correct(*node))?;
        let what = format!(
            "{made}; {} delivered {payload} only at {}ms",
            nodes(&[node]),
            moment.at
        );
        Some(Violation {
            before: None,
            since: debt.since,
            what,
            nodes: vec![node],
        })
    }
}

/// Who owes the delivery of a message, and since when.
#[derive(Clone, Debug)]
pub(super) struct Debt {
    pub(super) since: Moment,
    /// Who made the debt, and by what: `delivered`.
    pub(super) maker: (NodeId, &'static str),
    /// Who has not paid.
    pub(super) by: Vec<NodeId>,
    /// The last payment, which may have been late.
    pub(super) last: Option<(Moment, NodeId)>,
}

impl Page {
    /// How often a process may deliver it. What nobody cast, one may be wrong about once.
    pub(super) fn due(&self) -> u32 {
        self.casts.max(1)
    }

    /// How often `node` has delivered it.
    pub(super) fn times(&self, node: NodeId) -> u32 {
        self.tally.times(node)
    }
}

impl Tally {
    /// Counts one delivery; how many there were, with this one.
    pub(super) fn add(&mut self, node: NodeId, nodes: u32) -> u32 {
        if self.once.is_empty() {
            self.once.resize((nodes as usize).div_ceil(64), 0);
        }
        let (word, bit) = (node.index() / 64, 1 << (node.0 % 64));
        if self.once[word] & bit == 0 {
            self.once[word] |= bit;
            return 1;
        }
        let more = self.more.entry(node).or_insert(0);
        *more += 1;
        1 + *more
    }

    /// Forgets what `node` delivered.
    pub(super) fn forget(&mut self, node: NodeId) {
        if let Some(word) = self.once.get_mut(node.index() / 64) {
            *word &= !(1 << (node.0 % 64));
        }
        self.more.remove(&node);
    }

    /// The first process, by number, that has delivered it.
    pub(super) fn first(&self) -> Option<NodeId> {
        let (place, word) = (0_u32..).zip(&self.once).find(|(_, word)| **word != 0)?;
        Some(NodeId(place * 64 + word.trailing_zeros()))
    }

    fn times(&self, node: NodeId) -> u32 {
        let word = self.once.get(node.index() / 64).copied().unwrap_or(0);
        let first = word >> (node.0 % 64) & 1;
        if first == 0 {
            0
        } else {
            1 + self.more.get(&node).copied().unwrap_or(0)
        }
    }
}
