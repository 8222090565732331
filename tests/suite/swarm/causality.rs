//! What happened before what: the vector clocks of a trace agree with its causes, event by event.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use scenarios::run::Run;
use sim_core::kernel::id::NodeId;
use sim_core::trace::clocks::{Lamport, Vector, is_of_process, of_events};
use sim_core::trace::{Record, Trace, What};

/// How many events of a run are compared, every two of them.
const EVENTS_MAX: usize = 256;

/// Checks the clocks of a run; false if it has no trace.
///
/// Happens-before is found again without any clock: as the set of all events that can be reached backwards, from an event
/// to the one before it on its node and from a receipt, cause by cause, to its send.
pub fn check(run: &Run) -> Result<bool, String> {
    let Some(trace) = &run.trace else {
        return Ok(false);
    };
    let events: Vec<(&Record, Vector)> = of_events(trace, |_| true)
        .filter_map(|(record, time)| Some((record, time?)))
        .take(EVENTS_MAX)
        .collect();
    let numbers = of_events::<Lamport>(trace, |_| true).filter_map(|(_, time)| time);
    let numbers: Vec<Lamport> = numbers.take(EVENTS_MAX).collect();
    let pasts = pasts(trace, &events);
    for (place, (new, vector)) in events.iter().enumerate() {
        for (before, (old, earlier)) in events[..place].iter().enumerate() {
            let truth = pasts[place][before].then_some(Ordering::Less);
            let claim = earlier.partial_cmp(vector);
            if claim != truth {
                let (old, new) = (old.id, new.id);
                return Err(format!(
                    "events {old} and {new}: {truth:?}, but {earlier} and {vector} say {claim:?}"
                ));
            }
            if truth.is_some() && numbers[before] >= numbers[place] {
                return Err(format!(
                    "event {} has no larger number than its past",
                    new.id
                ));
            }
        }
    }
    Ok(true)
}

/// For each event, which of the others came before it.
fn pasts(trace: &Trace, events: &[(&Record, Vector)]) -> Vec<Vec<bool>> {
    let places: BTreeMap<u64, usize> = (0..)
        .zip(events)
        .map(|(place, (record, _))| (record.id, place))
        .collect();
    let mut last: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut pasts: Vec<Vec<bool>> = Vec::new();
    for (place, (record, _)) in events.iter().enumerate() {
        assert!(is_of_process(&record.what));
        let before = last.insert(record.node, place);
        let send = send_of(trace, record).and_then(|id| places.get(&id).copied());
        let mut past = vec![false; events.len()];
        for earlier in [before, send].into_iter().flatten() {
            for (all, its) in past.iter_mut().zip(&pasts[earlier]) {
                *all |= its;
            }
            past[earlier] = true;
        }
        pasts.push(past);
    }
    pasts
}

/// The send of what was received, by its causes.
fn send_of(trace: &Trace, receipt: &Record) -> Option<u64> {
    let mut record = receipt;
    if !matches!(record.what, What::Recv { .. }) {
        return None;
    }
    while !matches!(record.what, What::Send { .. }) {
        record = trace.get(record.cause)?;
    }
    Some(record.id)
}
