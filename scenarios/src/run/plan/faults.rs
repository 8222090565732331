//! The faults of a scenario as the simulator takes them: sets of nodes resolved, random parts drawn.

use std::collections::BTreeMap;

use protocols::byzantine;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::random::{Draws, Key, Purpose};
use sim_core::kernel::time::Span;
use sim_core::sim::{self, Cut, Flaw, Nodes, Strike};

use super::{alike, name, number};
use crate::format::{
    Behaviour, DiskAfterCrash, Drift, Fault, FaultKind, Flap, Lasting, NodeSet, Occasion, Scenario,
    Skew, Trigger,
};

/// Everything that goes wrong with processes and partitions.
#[derive(Debug, Default)]
pub(in crate::run) struct Faults {
    /// For the engine.
    pub(in crate::run) list: Vec<sim::Fault>,
    /// For the programs of the processes that are Byzantine some time: what they do, in the order of the bits.
    pub(in crate::run) behaviours: BTreeMap<NodeId, Vec<byzantine::Behaviour>>,
}

/// The faults of a scenario. Their draws depend on what a fault says and on the process, not on its place in the list:
/// with another fault gone it strikes as before.
pub(in crate::run) fn faults(scenario: &Scenario) -> Faults {
    let mut all = Faults::default();
    for fault in &scenario.faults {
        Planner::new(scenario, fault).plan(fault, &mut all);
    }
    all
}

struct Planner<'a> {
    scenario: &'a Scenario,
    number: u32,
    /// Tells this fault from others: what it says, and how many say the same before it.
    name: u64,
}

impl<'a> Planner<'a> {
    fn new(scenario: &'a Scenario, fault: &Fault) -> Self {
        let before = scenario.faults[..fault.index].iter();
        let alike = alike(before.map(|other| other.text.as_str()), &fault.text);
        Planner {
            scenario,
            number: number(fault.index),
            name: name(&fault.text, alike),
        }
    }

    fn draws(&self, purpose: Purpose, who: u64) -> Draws {
        Key::new(self.scenario.seed, purpose).at(who, self.name)
    }

    /// The processes of a set; sets of one fault are told apart by their place in it.
    fn resolve(&self, set: &NodeSet, place: u64) -> Vec<NodeId> {
        // Faults and jobs draw their nodes under one purpose: 0 is a fault, 1 a job, 2 and 3 a channel.
        let who = if place == 0 { 0 } else { 3 + place };
        set.resolve(self.scenario.nodes, self.draws(Purpose::Selection, who))
    }

    fn plan(&self, fault: &Fault, all: &mut Faults) {
        let lasting = match fault.end {
            Lasting::Forever => sim::Lasting::Forever,
            Lasting::Until(at) => sim::Lasting::Until(at),
            Lasting::For(span) => sim::Lasting::For(span),
        };
        let mut add = |trigger, strike| {
            all.list.push(sim::Fault {
                number: self.number,
                trigger,
                strike,
                lasting,
            });
        };
        if let Some((cut, flap)) = self.cut(&fault.kind) {
            let flap = flap.map(|Flap { down, up }| (down, up));
            add(self.trigger(fault, None), Strike::Cut { cut, flap });
            return;
        }
        let nodes = fault
            .kind
            .nodes()
            .expect("a fault that is no partition befalls nodes");
        for node in self.resolve(nodes, 0) {
            let trigger = self.trigger(fault, Some(node));
            if let FaultKind::Byzantine { behaviour, .. } = &fault.kind {
                for (place, behaviour) in (1..).zip(behaviour) {
                    let own = all.behaviours.entry(node).or_default();
                    let strike = self.turn(node, place, behaviour, own);
                    add(trigger.clone(), strike);
                }
            } else {
                add(trigger, self.strike(node, &fault.kind));
            }
        }
    }

    fn trigger(&self, fault: &Fault, node: Option<NodeId>) -> sim::Trigger {
        // A partition strikes once, so what it draws is nobody's.
        let who = node.map_or(u64::MAX, |node| u64::from(node.0));
        let own = || node.expect("the format lets partitions wait for nothing of one process");
        match fault.trigger.clone() {
            None => sim::Trigger::Start,
            Some(Trigger::At(at)) => sim::Trigger::At(at),
            Some(Trigger::Between(first, last)) => {
                let draws = self.draws(Purpose::Fault, who);
                let width = last.as_nanos() - first.as_nanos();
                let late = width
                    .checked_add(1)
                    .map_or_else(|| draws.word(0), |n| draws.below(0, n));
                sim::Trigger::At(first.saturating_add(Span::from_nanos(late)))
            }
            Some(Trigger::When(occasion)) => match occasion {
                Occasion::AfterSends(copies) => sim::Trigger::AfterSends(own(), copies),
                Occasion::AfterReceipts(count) => sim::Trigger::AfterReceipts {
                    node,
                    kind: None,
                    count,
                },
                Occasion::AfterRecv { kind, count } => sim::Trigger::AfterReceipts {
                    node,
                    kind: Some(kind),
                    count,
                },
                Occasion::AfterWrites(count) => sim::Trigger::AfterWrites(own(), count),
                Occasion::AfterEffects(count) => sim::Trigger::AfterEffects(own(), count),
                Occasion::Mark { name, count } => sim::Trigger::OnMark { node, name, count },
            },
        }
    }

    fn strike(&self, node: NodeId, kind: &FaultKind) -> Strike {
        let sampler = |law: &sim_core::kernel::random::Delay| {
            law.sampler()
                .expect("a scenario that was read has laws of delay")
        };
        let disk = |flaw| Strike::Disk { node, flaw };
        let about = |width: u64| {
            let draws = self.draws(Purpose::Clock, u64::from(node.0));
            let drawn = draws.below(0, 2 * width + 1);
            i64::try_from(drawn).unwrap_or(0) - i64::try_from(width).unwrap_or(0)
        };
        match kind {
            FaultKind::Crash { disk, .. } => Strike::Crash {
                node,
                disk_lost: *disk == DiskAfterCrash::Lost,
            },
            FaultKind::Pause { .. } => Strike::Pause(node),
            FaultKind::Slow { processing, .. } => Strike::Slow {
                node,
                processing: sampler(processing),
            },
            FaultKind::Omission { send, receive, .. } => Strike::Omit {
                node,
                send: *send,
                receive: *receive,
            },
            FaultKind::SlowDisk { latency, .. } => disk(Flaw::Slow(sampler(latency))),
            FaultKind::LostWrites { count, .. } => {
                disk(Flaw::LosesWrites(u32::try_from(*count).unwrap_or(u32::MAX)))
            }
            FaultKind::TornWrite { .. } => disk(Flaw::Tears),
            FaultKind::FullDisk { capacity, .. } => disk(Flaw::Full(*capacity)),
            FaultKind::FailingDisk { p, .. } => disk(Flaw::Fails(*p)),
            FaultKind::Skew { offset, .. } => Strike::Skew {
                node,
                by: match offset {
                    Skew::By(offset) => offset.as_nanos(),
                    Skew::Within(width) => about(width.as_nanos().min(1 << 61)),
                },
            },
            FaultKind::Drift { rate, .. } => Strike::Drift {
                node,
                ppm: match rate {
                    Drift::Ppm(ppm) => i64::from(*ppm),
                    Drift::Within(width) => about(u64::from(*width)),
                },
            },
            FaultKind::Step { by, .. } => Strike::Step {
                node,
                by: by.as_nanos(),
            },
            FaultKind::Byzantine { .. }
            | FaultKind::Partition { .. }
            | FaultKind::OneWay { .. }
            | FaultKind::Bridge { .. }
            | FaultKind::MajorityRing { .. }
            | FaultKind::Isolate { .. } => unreachable!("these are planned apart"),
        }
    }

    /// One behaviour of a Byzantine process: the engine sees to what happens on the wire, the program to the rest.
    fn turn(
        &self,
        node: NodeId,
        place: u64,
        behaviour: &Behaviour,
        own: &mut Vec<byzantine::Behaviour>,
    ) -> Strike {
        // All is what a behaviour is about if it names nobody.
        let some = |set: &NodeSet| match set {
            NodeSet::All => Vec::new(),
            set => self.resolve(set, place),
        };
        let of_the_program = match behaviour {
            Behaviour::Delay { by } => return Strike::Delay { node, by: *by },
            Behaviour::Forge { sender } => {
                return Strike::Forge {
                    node,
                    sender: NodeId(*sender),
                };
            }
            Behaviour::Silent { kinds, to } => byzantine::Behaviour::Silent {
                kinds: kinds.clone(),
                to: some(to),
            },
            Behaviour::Equivocate { kinds, values, to } => byzantine::Behaviour::Equivocate {
                kinds: kinds.clone(),
                values: values.clone(),
                to: some(to),
            },
            Behaviour::Mutate { kinds } => byzantine::Behaviour::Mutate {
                kinds: kinds.clone(),
            },
            Behaviour::Replay { kinds } => byzantine::Behaviour::Replay {
                kinds: kinds.clone(),
            },
            Behaviour::Flood { copies, kinds } => byzantine::Behaviour::Flood {
                kinds: kinds.clone(),
                copies: u32::try_from(copies - 1).unwrap_or(u32::MAX),
            },
        };
        own.push(of_the_program);
        Strike::Turn {
            node,
            behaviour: u8::try_from(own.len() - 1).expect("the format allows 64 behaviours"),
        }
    }

    /// Who is cut from whom, if the fault is a partition.
    fn cut(&self, kind: &FaultKind) -> Option<(Cut, Option<Flap>)> {
        let nodes = self.scenario.nodes;
        let set =
            |set: &NodeSet, place| -> Nodes { self.resolve(set, place).into_iter().collect() };
        let cut = match kind {
            FaultKind::Partition { groups, .. } => {
                let mut of = vec![u32::MAX; nodes as usize];
                for (group, members) in (0_u32..).zip(groups) {
                    for node in self.resolve(members, u64::from(group)) {
                        of[node.index()] = group;
                    }
                }
                Cut::Groups(of)
            }
            FaultKind::OneWay { from, to, .. } => Cut::OneWay(set(from, 0), set(to, 1)),
            FaultKind::Bridge { node, .. } => {
                let half = (nodes - 1) / 2;
                let rank = |other: u32| other - u32::from(other > *node);
                let side = |other: u32| match other {
                    other if other == *node => u32::MAX,
                    other => u32::from(rank(other) >= half),
                };
                Cut::Groups((0..nodes).map(side).collect())
            }
            FaultKind::MajorityRing { .. } => Cut::MajorityRing((0..nodes).collect()),
            FaultKind::Isolate { node, .. } => Cut::Isolated(set(node, 0)),
            _ => return None,
        };
        Some((cut, kind.flap()))
    }
}

/// What a fault does and when: `crash after 2 sends`.
pub(super) fn in_words(fault: &Fault) -> String {
    let mut words = fault.kind.words();
    match &fault.kind {
        FaultKind::Byzantine { behaviour, .. } => {
            let names: Vec<&str> = behaviour.iter().map(Behaviour::name).collect();
            words.push_str(&format!(" ({})", names.join(", ")));
        }
        FaultKind::Skew { offset, .. } => match offset {
            Skew::By(offset) => words.push_str(&format!(" of {offset}")),
            Skew::Within(width) => words.push_str(&format!(" within {width}")),
        },
        FaultKind::Drift { rate, .. } => match rate {
            Drift::Ppm(ppm) => words.push_str(&format!(" of {ppm} ppm")),
            Drift::Within(width) => words.push_str(&format!(" within {width} ppm")),
        },
        FaultKind::Step { by, .. } => words.push_str(&format!(" of {by}")),
        _ => (),
    }
    match &fault.trigger {
        None => (),
        Some(Trigger::At(at)) => words.push_str(&format!(" at {at}")),
        Some(Trigger::Between(first, last)) => {
            words.push_str(&format!(" between {first} and {last}"));
        }
        Some(Trigger::When(occasion)) => {
            words.push(' ');
            words.push_str(&occasion_in_words(occasion));
        }
    }
    match fault.end {
        Lasting::Forever => (),
        Lasting::Until(at) => words.push_str(&format!(", until {at}")),
        Lasting::For(span) => words.push_str(&format!(", for {span}")),
    }
    words
}

fn occasion_in_words(occasion: &Occasion) -> String {
    let times = |n: u64, what: &str| {
        let s = if n == 1 { "" } else { "s" };
        format!("after {n} {what}{s}")
    };
    match occasion {
        Occasion::AfterSends(n) => times(*n, "send"),
        Occasion::AfterReceipts(n) => times(*n, "receipt"),
        Occasion::AfterRecv { kind, count } => times(*count, &format!("{kind} receipt")),
        Occasion::AfterWrites(n) => times(*n, "write"),
        Occasion::AfterEffects(n) => times(*n, "effect"),
        Occasion::Mark { name, count } => times(*count, &format!("{name} mark")),
    }
}
