//! Faults as data: what strikes, when, and how long it lasts.

use crate::kernel::id::NodeId;
use crate::kernel::random::{Probability, Sampler};
use crate::kernel::time::Span;

/// A fault of a run. Several may share a number: a scenario's fault that befalls several processes is one fault.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its number in traces and counts.
    pub number: u32,
    /// When it strikes.
    pub trigger: Trigger,
    /// What happens then.
    pub strike: Strike,
    /// How long it lasts.
    pub lasting: Lasting,
}

impl Fault {
    /// The fault `number`: `node` crashes and stays down.
    #[must_use]
    pub const fn crash(number: u32, node: NodeId, trigger: Trigger) -> Fault {
        Fault {
            number,
            trigger,
            strike: Strike::Crash {
                node,
                disk_lost: false,
            },
            lasting: Lasting::Forever,
        }
    }
}

/// When a fault strikes: once, the first time its condition is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Before anything else.
    Start,
    /// At this time after the start. A fault precedes the requests of the same instant.
    At(Span),
    /// As soon as the process has sent so many copies to other processes, in the middle of a group send if need be;
    /// with 0, when it first tries to.
    AfterSends(NodeId, u64),
    /// When so many messages from others have been received and handled: by this process, or by anybody.
    AfterReceipts {
        /// By whom.
        node: Option<NodeId>,
        /// Only those whose summary names this kind.
        kind: Option<String>,
        /// How many.
        count: u64,
    },
    /// As soon as so many writes of the process are durable, before it does anything else.
    AfterWrites(NodeId, u64),
    /// As soon as the process has carried out so many effects of any kind, before the next one.
    AfterEffects(NodeId, u64),
    /// When a mark is left for this many times: by this process, or by anybody.
    OnMark {
        /// By whom.
        node: Option<NodeId>,
        /// The mark.
        name: String,
        /// How many.
        count: u64,
    },
}

/// What a fault does.
#[derive(Clone, Debug)]
pub enum Strike {
    /// The process stops (crash-stop, CGR 2.2.2). If the fault ends it recovers: its program is built anew and booted
    /// with what its disk holds (crash-recovery, CGR 2.2.4), or with an empty disk.
    Crash {
        /// Who.
        node: NodeId,
        /// Its stable storage is gone as well.
        disk_lost: bool,
    },
    /// The process takes no step; what arrives waits. A step in which the pause strikes is still taken whole, and a crash
    /// ends it: whoever recovers is not paused any more.
    Pause(NodeId),
    /// Every event costs the process some time, in which it does nothing else. Of several such faults the last counts.
    Slow {
        /// Who.
        node: NodeId,
        /// How long an event takes.
        processing: Sampler,
    },
    /// The process omits to send or to receive some messages (CGR 2.2.3).
    Omit {
        /// Who.
        node: NodeId,
        /// Probability that a copy is not sent.
        send: Probability,
        /// Probability that a message is not received; a second copy that the network made fares like the first.
        receive: Probability,
    },
    /// The process turns Byzantine: from now on this behaviour is in force.
    Turn {
        /// Who.
        node: NodeId,
        /// Its place among the behaviours of the process: a bit of [`Adversary`](crate::kernel::env::Adversary).
        behaviour: u8,
    },
    /// The process turns Byzantine and sends everything late.
    Delay {
        /// Who.
        node: NodeId,
        /// How late.
        by: Span,
    },
    /// The process turns Byzantine and sends in the name of another.
    Forge {
        /// Who.
        node: NodeId,
        /// In whose name.
        sender: NodeId,
    },
    /// The process gets a bad disk.
    Disk {
        /// Who.
        node: NodeId,
        /// What is bad about it.
        flaw: Flaw,
    },
    /// Its wall clock is off by so many nanoseconds.
    Skew {
        /// Who.
        node: NodeId,
        /// Ahead of true time, or behind.
        by: i64,
    },
    /// Both its clocks run fast or slow by so many millionths. A timer that is pending keeps its time.
    Drift {
        /// Who.
        node: NodeId,
        /// Parts per million, above −1,000,000.
        ppm: i64,
    },
    /// Its wall clock is set by so many nanoseconds.
    Step {
        /// Who.
        node: NodeId,
        /// Forward, or back.
        by: i64,
    },
    /// Some processes cannot reach some others.
    Cut {
        /// Who cannot reach whom.
        cut: Cut,
        /// The cut closes for the first span and opens for the second, again and again.
        flap: Option<(Span, Span)>,
    },
}

impl Strike {
    /// The process that it befalls; `None` for one of the whole cluster.
    #[must_use]
    pub const fn victim(&self) -> Option<NodeId> {
        match self {
            Strike::Crash { node, .. }
            | Strike::Pause(node)
            | Strike::Slow { node, .. }
            | Strike::Omit { node, .. }
            | Strike::Turn { node, .. }
            | Strike::Delay { node, .. }
            | Strike::Forge { node, .. }
            | Strike::Disk { node, .. }
            | Strike::Skew { node, .. }
            | Strike::Drift { node, .. }
            | Strike::Step { node, .. } => Some(*node),
            Strike::Cut { .. } => None,
        }
    }
}

/// What is bad about a disk.
#[derive(Clone, Debug)]
pub enum Flaw {
    /// A write takes some time; the process waits for it.
    Slow(Sampler),
    /// It says that a write is durable when it is not: a crash loses the last so many.
    LosesWrites(u32),
    /// A crash tears the last write. The disk checks what it reads, so the write is gone.
    Tears,
    /// It holds so many bytes more than when it turned bad. A process whose write fails stops.
    Full(u64),
    /// A write fails with this probability. A process whose write fails stops.
    Fails(Probability),
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// For ever; what happens in an instant has no end.
    Forever,
    /// Until this time after the start.
    Until(Span),
    /// For so long after it struck.
    For(Span),
}

/// Who cannot reach whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Processes of different groups, in both directions. The entry of a process is its group; `u32::MAX` is none, and
    /// such a process reaches everybody.
    Groups(Vec<u32>),
    /// The first cannot reach the second, who can reach them.
    OneWay(Nodes, Nodes),
    /// Each of these is cut from everybody.
    Isolated(Nodes),
    /// Each process sees a majority, no two the same (Jepsen): those near to it on a ring. The entry of a process is its
    /// place on the ring.
    MajorityRing(Vec<u32>),
}

impl Cut {
    /// Is the way from `from` to `to` cut?
    #[must_use]
    pub fn blocks(&self, from: NodeId, to: NodeId) -> bool {
        match self {
            Cut::Groups(groups) => {
                let (a, b) = (groups[from.index()], groups[to.index()]);
                a != b && a != u32::MAX && b != u32::MAX
            }
            Cut::OneWay(source, target) => source.contains(from) && target.contains(to),
            Cut::Isolated(nodes) => from != to && (nodes.contains(from) || nodes.contains(to)),
            Cut::MajorityRing(places) => {
                let nodes = u32::try_from(places.len()).expect("a place a process");
                let apart = places[from.index()].abs_diff(places[to.index()]);
                // A majority has nodes / 2 members besides oneself: half of them on each side.
                apart.min(nodes - apart) > (nodes / 2).div_ceil(2)
            }
        }
    }
}

/// A set of processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes(Vec<u64>);

impl Nodes {
    /// Is it a member?
    #[must_use]
    pub fn contains(&self, node: NodeId) -> bool {
        self.0
            .get(node.index() / 64)
            .is_some_and(|word| word >> (node.0 % 64) & 1 == 1)
    }
}

impl FromIterator<NodeId> for Nodes {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Nodes {
        let mut words = Vec::new();
        for node in nodes {
            let place = node.index() / 64;
            if words.len() <= place {
                words.resize(place + 1, 0);
            }
            words[place] |= 1 << (node.0 % 64);
        }
        Nodes(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(cut: &Cut, nodes: u32) -> Vec<(u32, u32)> {
        let pairs = (0..nodes).flat_map(|a| (0..nodes).map(move |b| (a, b)));
        pairs
            .filter(|(a, b)| a != b && !cut.blocks(NodeId(*a), NodeId(*b)))
            .collect()
    }

    fn set(nodes: &[u32]) -> Nodes {
        nodes.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn cuts_part_whom_they_name() {
        let bridge = Cut::Groups(vec![0, u32::MAX, 1]);
        assert_eq!(open(&bridge, 3), [(0, 1), (1, 0), (1, 2), (2, 1)]);
        let one_way = Cut::OneWay(set(&[0]), set(&[1, 2]));
        assert_eq!(open(&one_way, 3), [(1, 0), (1, 2), (2, 0), (2, 1)]);
        assert_eq!(open(&Cut::Isolated(set(&[1, 2])), 4), [(0, 3), (3, 0)]);
        assert!(!set(&[70]).contains(NodeId(6)) && set(&[70]).contains(NodeId(70)));
    }

    /// Every process of a majority ring sees a majority, and no two see the same.
    #[test]
    fn everybody_on_a_majority_ring_sees_another_majority() {
        for nodes in 4..12_u32 {
            let cut = Cut::MajorityRing((0..nodes).collect());
            let seen = |node: u32| -> Vec<u32> {
                let sees = |other: &u32| !cut.blocks(NodeId(node), NodeId(*other));
                (0..nodes).filter(sees).collect()
            };
            for node in 0..nodes {
                let majority = seen(node);
                assert!(
                    majority.len() > nodes as usize / 2 && majority.len() < nodes as usize,
                    "{nodes}: {majority:?}"
                );
                assert!((0..node).all(|other| seen(other) != majority), "{nodes}");
            }
        }
    }
}
