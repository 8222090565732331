//! Why something happened: the causal past of an event, and nothing else.
//!
//! An event has at most one direct cause (the event that sent, armed or requested it). What a process did before on
//! the same node may have mattered too, but nobody recorded that it did; so the chain is a lower bound of
//! happens-before, and the shortest true story.

use super::{Record, Trace};

/// The chain of causes that ends in the event `id`, oldest first; empty if that event was not recorded.
#[must_use]
pub fn of(trace: &Trace, id: u64) -> Vec<&Record> {
    let mut chain = Vec::new();
    let mut next = trace.get(id);
    while let Some(record) = next {
        chain.push(record);
        // A cause is always older, so this ends.
        next = trace.get(record.cause).filter(|cause| cause.id < record.id);
    }
    chain.reverse();
    chain
}
