//! Charts of single runs, from their traces: how far something has spread, and how long deliveries took.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::trace::{Record, Trace, What};

use crate::chart::{Axis, Chart, Point, Series, Shape, Unit, float};

/// A run and what the legend calls it.
pub type Named<'t> = (String, &'t Trace);

/// How many nodes have delivered something by then: the infection curve of an epidemic. Of a run with several requests, how
/// many deliveries there were. Time is virtual, or counted in rounds of `round` nanoseconds. `None` if nothing was delivered.
#[must_use]
pub fn spread(runs: &[Named<'_>], round: Option<u64>) -> Option<Chart> {
    let single = runs.iter().all(|(_, trace)| requests(trace).count() <= 1);
    let unit = |at: u64| {
        let at = float(usize::try_from(at).unwrap_or(usize::MAX));
        round.map_or(at, |round| {
            (at / float(usize::try_from(round.max(1)).unwrap_or(1))).floor()
        })
    };
    let curve = |(name, trace): &Named<'_>| {
        let mut points: Vec<Point> = Vec::new();
        let mut nodes = BTreeSet::new();
        let mut so_far = 0;
        for record in deliveries(trace) {
            so_far += usize::from(nodes.insert(record.node) || !single);
            let point = Point::exact(unit(record.at.as_nanos()), float(so_far));
            match points.last_mut() {
                Some(last) if last.x == point.x => *last = point,
                _ => points.push(point),
            }
        }
        Series::new(name, Shape::Steps, points)
    };
    let all: Vec<Series> = runs.iter().map(curve).collect();
    let what = if single {
        "nodes that have delivered"
    } else {
        "deliveries"
    };
    let time = match round {
        Some(_) => Axis::linear("round"),
        None => Axis::linear("virtual time").with_unit(Unit::Nanoseconds),
    };
    let title = format!("{what} over time");
    let chart = some(Chart::of_series(&title, time, Axis::linear(what), all))?;
    Some(Chart {
        notes: cut(runs),
        ..chart
    })
}

/// How long deliveries at other nodes took, from the request that they go back to, as a distribution function. A run with one
/// request needs no causes; in others a delivery without a request among its causes (a round of gossip set it off) is left out,
/// and that is said. `None` if no delivery at another node goes back to a request.
#[must_use]
pub fn latencies(runs: &[Named<'_>]) -> Option<Chart> {
    let mut notes = cut(runs);
    let mut all = Vec::new();
    for (name, trace) in runs {
        let (samples, without) = latency(trace);
        if without > 0 {
            notes.push(format!(
                "{name}: {without} deliveries have no request among their recorded causes."
            ));
        }
        all.push(Series::distribution(name, &samples));
    }
    let share = Axis::linear("share of the deliveries that took place")
        .with_unit(Unit::Share)
        .with_range(0.0, 1.0);
    let time = Axis::linear("latency of a delivery at another node").with_unit(Unit::Nanoseconds);
    let chart = some(Chart::of_series(
        "How long deliveries take",
        time,
        share,
        all,
    ))?;
    Some(Chart { notes, ..chart })
}

/// What is not in a picture because it was not recorded.
fn cut(runs: &[Named<'_>]) -> Vec<String> {
    let cut = runs.iter().filter(|(_, trace)| trace.left_out > 0);
    cut.map(|(name, trace)| format!("{name}: {} more events were not recorded.", trace.left_out))
        .collect()
}

fn some(chart: Chart) -> Option<Chart> {
    let crate::chart::Body::Series(all) = &chart.body else {
        return None;
    };
    let is_there = all.iter().any(|series| !series.points.is_empty());
    is_there.then_some(chart)
}

fn requests(trace: &Trace) -> impl Iterator<Item = &Record> {
    let all = trace.records.iter();
    all.filter(|record| matches!(record.what, What::Request(..)))
}

fn deliveries(trace: &Trace) -> impl Iterator<Item = &Record> {
    let all = trace.records.iter();
    all.filter(|record| matches!(record.what, What::Deliver(..)))
}

/// Nanoseconds from request to delivery at other nodes, and how many deliveries have no request.
fn latency(trace: &Trace) -> (Vec<f64>, usize) {
    let mut asked = requests(trace);
    // What was not recorded may have held another request.
    let only = asked
        .next()
        .filter(|_| asked.next().is_none() && trace.left_out == 0);
    // The request that each event goes back to; causes are older than their effects.
    let mut roots: BTreeMap<u64, &Record> = BTreeMap::new();
    let (mut samples, mut without) = (Vec::new(), 0);
    for record in &trace.records {
        let root = match record.what {
            What::Request(..) => Some(record),
            _ => only.or_else(|| roots.get(&record.cause).copied()),
        };
        if let Some(root) = root {
            roots.insert(record.id, root);
        }
        match (&record.what, root) {
            (What::Deliver(..), Some(root)) if root.node != record.node => {
                let took = record.at.as_nanos().saturating_sub(root.at.as_nanos());
                samples.push(float(usize::try_from(took).unwrap_or(usize::MAX)));
            }
            (What::Deliver(..), None) => without += 1,
            _ => {}
        }
    }
    (samples, without)
}
