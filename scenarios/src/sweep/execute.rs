//! Carries out runs on several cores, and hands over what came of them in the order of the plan.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::plan::Plan;
use super::row::Row;
use crate::format::Sources;
use crate::run::{Options, Runner};

/// Carries out the runs at these places of the plan, at most `jobs` at a time. `take` gets their rows in the order of
/// `places`, never in that of completion, and may end it; what has begun then is finished and forgotten.
///
/// # Errors
/// If a run could not be read, what is wrong with it, for people.
pub fn execute(
    sources: &Sources,
    plan: &Plan,
    runner: &dyn Runner,
    places: &[usize],
    jobs: usize,
    take: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), String> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (send, receive) = channel();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, places.len().max(1)) {
            let (send, next, stop) = (send.clone(), &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let Some(place) = places.get(turn) else { break };
                    if send
                        .send((turn, one(sources, plan, runner, *place)))
                        .is_err()
                    {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (turn, done) in receive {
            waiting.insert(turn, done);
            while let Some(done) = waiting.remove(&due) {
                due += 1;
                let ended = match done {
                    Ok(row) => take(row).is_break().then_some(Ok(())),
                    Err(error) => Some(Err(error)),
                };
                if let Some(ended) = ended {
                    stop.store(true, Ordering::Relaxed);
                    return ended;
                }
            }
        }
        Ok(())
    })
}

fn one(sources: &Sources, plan: &Plan, runner: &dyn Runner, place: usize) -> Result<Row, String> {
    let planned = &plan.runs[place];
    let scenario = plan.scenario(sources, planned, runner.entries())?;
    let run = runner.run(&scenario, Options::default());
    Ok(Row::of(planned, &scenario, &run, plan.theory(planned)))
}
