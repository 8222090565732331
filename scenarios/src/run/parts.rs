//! A run whose parts lived apart: what each of them saw, put together and judged as one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Port, Req};
use sim_core::kernel::property::{self, End, Fact, Moment, Property, Violation};
use sim_core::kernel::time::{SimTime, Span};
use sim_core::kernel::wire;
use sim_core::sim::{Counters, Ended, FaultCount, MarkCount, Outcome, Verdict};
use sim_core::trace::{Record, TextId, Trace, What};

use super::stage::properties;
use crate::format::Scenario;
use crate::recipe::{Recipe, Registry, World};

/// One fact that a part of a cluster saw at the edge of its port, with what passed through it in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, and its event.
    pub moment: Moment,
    /// What.
    pub fact: SeenFact,
}

/// As [`Fact`], without types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeenFact {
    /// A process was asked for something.
    Requested(NodeId, Vec<u8>),
    /// A process said something.
    Indicated(NodeId, Vec<u8>),
    /// A process crashed.
    Crashed(NodeId),
    /// A process recovered.
    Recovered(NodeId),
    /// A process began to deviate from its algorithm.
    Failed(NodeId),
    /// A partition healed, or a pause was over.
    Healed,
}

/// What a part saw, as it goes on.
pub type Witnessed = Rc<RefCell<Vec<Seen>>>;

/// A property that holds of everything, and remembers it.
pub(super) struct Witness(pub(super) Witnessed);

impl<P: Port> Property<P> for Witness {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, P>) -> Result<(), Violation> {
        let fact = match fact {
            Fact::Requested(node, request) => SeenFact::Requested(*node, wire::encode(request)),
            Fact::Indicated(node, said) => SeenFact::Indicated(*node, wire::encode(said)),
            Fact::Crashed(node) => SeenFact::Crashed(*node),
            Fact::Recovered(node) => SeenFact::Recovered(*node),
            Fact::Failed(node) => SeenFact::Failed(*node),
            Fact::Healed => SeenFact::Healed,
        };
        self.0.borrow_mut().push(Seen { moment, fact });
        Ok(())
    }

    fn finish(&mut self, _: &End) -> property::Finding {
        property::Finding::NotExercised
    }
}

/// One part of a run: what came of it, and what it saw.
#[derive(Clone, Debug)]
pub struct PartRun {
    /// What came of it; its trace has everything.
    pub outcome: Outcome,
    /// What it saw, in order.
    pub seen: Vec<Seen>,
}

/// Puts the parts of a run together and judges the whole. `ended` and `quiet_since` are those of the whole.
pub(super) fn join(
    scenario: &Scenario,
    registry: &impl Registry,
    parts: Vec<PartRun>,
    ended: Ended,
    quiet_since: Option<SimTime>,
) -> Outcome {
    let traces: Vec<Trace> = parts
        .iter()
        .map(|part| part.outcome.trace.clone().unwrap_or_default())
        .collect();
    let (trace, numbers) = merge(traces);
    // What has no event of its own in the trace, as the end of a process that was killed, stands behind what was before.
    let times: Vec<SimTime> = trace.records.iter().map(|record| record.at).collect();
    let behind = |at: SimTime| times.partition_point(|time| *time <= at) as u64;
    let renumbered = |moment: Moment| Moment {
        event: match numbers.get(&moment.event) {
            Some(event) => *event,
            None => behind(moment.at),
        },
        ..moment
    };
    // Where the traces are cut off nobody knows any more what came first: nothing is judged from there on.
    let cut = trace.left_out > 0;
    let known = |seen: &&Seen| !cut || numbers.contains_key(&seen.moment.event);
    let ended = if cut { Ended::Events } else { ended };
    let mut seen: Vec<Seen> = parts
        .iter()
        .flat_map(|part| &part.seen)
        .filter(known)
        .map(|seen| Seen {
            moment: renumbered(seen.moment),
            fact: seen.fact.clone(),
        })
        .collect();
    // In the order of the whole: it keeps causes before what they bring about.
    seen.sort_by_key(|seen| (seen.moment.event, seen.moment.at));
    let at = parts.iter().map(|part| part.outcome.at).max();
    let at = at.unwrap_or(SimTime::ZERO);
    let repairs = seen
        .iter()
        .filter(|seen| matches!(seen.fact, SeenFact::Recovered(_) | SeenFact::Healed));
    let end = End {
        at,
        complete: matches!(ended, Ended::Quiescent | Ended::Time),
        quiet_since,
        within: Span::ZERO,
        last_repair: repairs
            .map(|seen| seen.moment.at)
            .max()
            .unwrap_or(SimTime::ZERO),
    };
    let court = Court {
        scenario,
        seen: &seen,
        end: &end,
    };
    let verdicts = registry
        .visit(scenario.protocol.as_ref(), court)
        .expect("the scenario was read with this registry");
    let to_crashed = to_crashed(&trace, &seen);
    let mut whole = Outcome {
        ended,
        at,
        events: trace.records.len() as u64 + trace.left_out,
        fingerprint: 0,
        counters: Counters::default(),
        marks: BTreeMap::new(),
        faults: Vec::new(),
        verdicts,
        crashed: crashed(&seen),
        trace: Some(trace),
    };
    for PartRun { outcome, .. } in parts {
        whole.fingerprint = whole.fingerprint.rotate_left(1) ^ outcome.fingerprint;
        whole.counters.add(&outcome.counters);
        for (name, mark) in outcome.marks {
            let first = renumbered(mark.first);
            let mark = MarkCount { first, ..mark };
            let sum = whole
                .marks
                .entry(name)
                .or_insert(MarkCount { count: 0, ..mark });
            if mark.first < sum.first {
                (sum.first, sum.node) = (mark.first, mark.node);
            }
            sum.count += mark.count;
        }
        whole.faults.resize(
            whole.faults.len().max(outcome.faults.len()),
            FaultCount::default(),
        );
        for (sum, fault) in whole.faults.iter_mut().zip(&outcome.faults) {
            sum.fired += fault.fired;
            sum.first = sum
                .first
                .into_iter()
                .chain(fault.first.map(renumbered))
                .min();
        }
    }
    // A process that was down has counted nothing.
    whole.counters.to_crashed += to_crashed;
    whole
}

/// How many messages found their receiver down, or waited there when it crashed: those of which nobody ever heard again.
fn to_crashed(trace: &Trace, seen: &[Seen]) -> u64 {
    let crashed = seen.iter().filter_map(|seen| match seen.fact {
        SeenFact::Crashed(node) => Some(node),
        _ => None,
    });
    let crashed: BTreeSet<NodeId> = crashed.collect();
    let mut lost = BTreeMap::new();
    for record in &trace.records {
        match record.what {
            What::Send { msg, to, .. } if to != record.node => {
                lost.insert(msg, to);
            }
            What::Recv { msg, .. } | What::Drop { msg, .. } => {
                lost.remove(&msg);
            }
            _ => (),
        }
    }
    lost.values().filter(|to| crashed.contains(to)).count() as u64
}

/// Who is down at the end.
fn crashed(seen: &[Seen]) -> BTreeMap<NodeId, Moment> {
    let mut down = BTreeMap::new();
    for Seen { moment, fact } in seen {
        match fact {
            SeenFact::Crashed(node) => {
                down.insert(*node, *moment);
            }
            SeenFact::Recovered(node) => {
                down.remove(node);
            }
            _ => (),
        }
    }
    down
}

/// Shows what was seen to the properties of a scenario.
struct Court<'a> {
    scenario: &'a Scenario,
    seen: &'a [Seen],
    end: &'a End,
}

impl World for Court<'_> {
    type Out = Vec<Verdict>;

    fn host<R: Recipe>(self, _: &R, _: &[Req<R::Port>]) -> Vec<Verdict> {
        let verdict = |(mut property, within): (Box<dyn Property<R::Port>>, Span)| {
            for Seen { moment, fact } in self.seen {
                if let Some(Err(violation)) = show(&mut *property, *moment, fact) {
                    return Verdict {
                        finding: property::Finding::Violated(violation),
                        broken: Some(*moment),
                    };
                }
            }
            let end = End {
                within,
                ..self.end.clone()
            };
            Verdict {
                finding: property.finish(&end),
                broken: None,
            }
        };
        properties::<R::Port>(self.scenario).map(verdict).collect()
    }
}

/// Shows one fact; `None` if its bytes mean nothing to this port.
fn show<P: Port>(
    property: &mut dyn Property<P>,
    moment: Moment,
    fact: &SeenFact,
) -> Option<Result<(), Violation>> {
    Some(match fact {
        SeenFact::Requested(node, bytes) => {
            property.see(moment, &Fact::Requested(*node, &wire::decode(bytes)?))
        }
        SeenFact::Indicated(node, bytes) => {
            property.see(moment, &Fact::Indicated(*node, &wire::decode(bytes)?))
        }
        SeenFact::Crashed(node) => property.see(moment, &Fact::Crashed(*node)),
        SeenFact::Recovered(node) => property.see(moment, &Fact::Recovered(*node)),
        SeenFact::Failed(node) => property.see(moment, &Fact::Failed(*node)),
        SeenFact::Healed => property.see(moment, &Fact::Healed),
    })
}

/// One trace of several: in the order of time as far as causes allow, for clocks of different hosts may disagree. Events and
/// messages get new numbers; the second gives those of the events.
fn merge(traces: Vec<Trace>) -> (Trace, BTreeMap<u64, u64>) {
    let mut whole = Trace::default();
    let mut known: BTreeMap<String, TextId> = BTreeMap::new();
    let mut events: BTreeMap<u64, u64> = BTreeMap::new();
    let mut messages: BTreeMap<u64, u64> = BTreeMap::new();
    let mut rest: Vec<(VecDeque<Record>, Vec<TextId>)> = Vec::new();
    for trace in traces {
        let texts = trace.texts.into_iter().map(|text| {
            *known.entry(text.clone()).or_insert_with(|| {
                whole.texts.push(text);
                TextId(u32::try_from(whole.texts.len() - 1).expect("fewer than 2^32 summaries"))
            })
        });
        let texts = texts.collect();
        if whole.faults.is_empty() {
            whole.faults = trace.faults;
        }
        whole.left_out += trace.left_out;
        rest.push((trace.records.into(), texts));
    }
    let all: BTreeSet<u64> = rest
        .iter()
        .flat_map(|(records, _)| records.iter().map(|record| record.id))
        .collect();
    loop {
        let head = |(place, (records, _)): (usize, &(VecDeque<Record>, Vec<TextId>))| {
            let record = records.front()?;
            // A cause that no part recorded is nothing to wait for.
            let waits = all.contains(&record.cause) && !events.contains_key(&record.cause);
            Some((waits, record.at, place))
        };
        let Some((_, at, place)) = rest.iter().enumerate().filter_map(head).min() else {
            break;
        };
        let (records, texts) = &mut rest[place];
        let Some(record) = records.pop_front() else {
            break;
        };
        let at = whole.records.last().map_or(at, |last| last.at.max(at));
        let id = whole.records.len() as u64 + 1;
        events.insert(record.id, id);
        // The numbers and texts of the whole.
        let mut what = record.what;
        if let Some(msg) = what.msg_mut() {
            let next = messages.len() as u64 + 1;
            *msg = *messages.entry(*msg).or_insert(next);
        }
        if let Some(text) = what.text_mut() {
            *text = texts.get(text.0 as usize).copied().unwrap_or(*text);
        }
        whole.records.push(Record {
            id,
            cause: events.get(&record.cause).copied().unwrap_or(0),
            at,
            node: record.node,
            what,
        });
    }
    (whole, events)
}
