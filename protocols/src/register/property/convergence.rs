//! Convergence: after the last write all correct processes show the same.
//!
//! The debt arises with the last request to write and is paid when the contents of all correct processes are equal; it was
//! paid late if one of them changed after the deadline. What a process showed before it crashed it does not show any more.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::nodes;

use super::shown;
use crate::register::port::{Operation, Register, Reply};

/// The checker.
#[derive(Clone, Debug)]
pub struct Convergence<V> {
    nodes: u32,
    down: BTreeSet<NodeId>,
    failed: BTreeSet<NodeId>,
    last_write: Option<Moment>,
    /// What each process shows, and since when; nothing at first.
    contents: BTreeMap<NodeId, (Vec<V>, Moment)>,
}

impl<V: Payload> Convergence<V> {
    /// For so many replicas.
    #[must_use]
    pub const fn new(nodes: u32) -> Self {
        Convergence {
            nodes,
            down: BTreeSet::new(),
            failed: BTreeSet::new(),
            last_write: None,
            contents: BTreeMap::new(),
        }
    }

    fn correct(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes)
            .map(NodeId)
            .filter(|node| !self.down.contains(node) && !self.failed.contains(node))
    }

    /// The correct processes by what they show: the largest camp first, among equals that of the smallest process.
    fn camps(&self) -> Vec<(&[V], Vec<NodeId>)> {
        let mut camps = BTreeMap::<&[V], Vec<NodeId>>::new();
        for node in self.correct() {
            let content = self.contents.get(&node).map_or(&[][..], |(shown, _)| shown);
            camps.entry(content).or_default().push(node);
        }
        let mut camps: Vec<_> = camps.into_iter().collect();
        camps.sort_by(|(_, one), (_, two)| two.len().cmp(&one.len()).then(one.cmp(two)));
        camps
    }

    /// The last change of a correct process.
    fn last_change(&self) -> Option<(Moment, NodeId)> {
        self.correct()
            .filter_map(|node| Some((self.contents.get(&node)?.1, node)))
            .max()
    }
}

impl<V: Payload> Property<Register<V>> for Convergence<V> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Register<V>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(_, Operation::Write(_)) => self.last_write = Some(moment),
            Fact::Indicated(node, Reply::Changed(content)) => {
                self.contents.insert(*node, (content.clone(), moment));
            }
            Fact::Crashed(node) => {
                self.down.insert(*node);
                self.contents.remove(node);
            }
            Fact::Recovered(node) => {
                self.down.remove(node);
            }
            Fact::Failed(node) => {
                self.failed.insert(*node);
            }
            Fact::Requested(..) | Fact::Indicated(..) | Fact::Healed => (),
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let camps = self.camps();
        let (Some(since), Some(((content, most), others))) = (self.last_write, camps.split_first())
        else {
            return Finding::NotExercised;
        };
        let Some((different, by)) = others.first() else {
            let late = self
                .last_change()
                .filter(|(moment, _)| moment.at > end.deadline(since.at));
            return match late {
                Some((moment, node)) => Finding::Violated(Violation {
                    before: None,
                    since,
                    what: format!(
                        "node {} showed {} only at {}ms",
                        node.0,
                        shown(content),
                        moment.at
                    ),
                    nodes: vec![node],
                }),
                None => Finding::Held(format!(
                    "{} correct nodes show {}",
                    most.len(),
                    shown(content)
                )),
            };
        };
        let what = format!(
            "{} still showed {} and {} {}",
            nodes(most),
            shown(content),
            nodes(by),
            shown(different)
        );
        if !end.is_final(since.at) {
            return Finding::Pending(format!("{what} when the run ended"));
        }
        let nodes = others.iter().flat_map(|(_, camp)| camp).copied().collect();
        Finding::Violated(Violation {
            before: None,
            since,
            what,
            nodes,
        })
    }
}
