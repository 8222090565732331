//! Where every message went: counters and trace agree, and nothing is lost from the books.

use std::collections::BTreeMap;

use scenarios::run::Run;
use sim_core::kernel::id::NodeId;
use sim_core::sim::Ended;
use sim_core::trace::{Trace, What, WhyDropped};

/// What is known of one copy on its way.
#[derive(Clone, Copy, Debug)]
struct Copy {
    from: NodeId,
    to: NodeId,
    /// Copies that have not come to anything yet; the network may have made a second one.
    under_way: i64,
    held: bool,
}

/// What the trace says of messages to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    messages: u64,
    messages_with_self: u64,
    duplicated: u64,
    held: u64,
    received: u64,
    lost: u64,
    corrupted: u64,
    overflowed: u64,
    cut: u64,
    omitted: u64,
    no_channel: u64,
    to_crashed: u64,
    /// In a name that nobody believes.
    refused: u64,
}

/// Checks the books of a run.
///
/// Every copy that was sent to another process, and every second copy that the network made, was received, or dropped for
/// one reason, or is still under way; and in a run that fell quiet nothing is under way but what waits for a partition
/// that never healed.
pub fn check(run: &Run) -> Result<(), String> {
    let counters = &run.metrics.counters;
    let made = counters.messages + counters.duplicated;
    let settled = counters.received
        + counters.lost
        + counters.corrupted
        + counters.overflowed
        + counters.cut
        + counters.refused
        + counters.omitted
        + counters.no_channel
        + counters.to_crashed;
    if settled > made {
        return Err(format!(
            "{made} copies came to {settled} ends: {counters:?}"
        ));
    }
    let Some(trace) = run.trace.as_ref().filter(|trace| trace.left_out == 0) else {
        return Ok(());
    };
    let (sums, copies) = sums(trace)?;
    let counted = Sums {
        messages: counters.messages,
        messages_with_self: counters.messages_with_self,
        duplicated: counters.duplicated,
        held: counters.held,
        received: counters.received,
        lost: counters.lost,
        corrupted: counters.corrupted,
        overflowed: counters.overflowed,
        cut: counters.cut,
        omitted: counters.omitted,
        no_channel: counters.no_channel,
        to_crashed: counters.to_crashed,
        refused: counters.refused,
    };
    if counted != sums {
        return Err(format!("counted {counted:?}\ntraced  {sums:?}"));
    }
    let mut under_way = 0;
    for (msg, copy) in &copies {
        if copy.under_way < 0 {
            return Err(format!(
                "m{msg} came to more ends than copies of it were made: {copy:?}"
            ));
        }
        let waits = copy.held && copy.under_way == 1;
        if run.ended == Ended::Quiescent && copy.under_way > 0 && !waits {
            return Err(format!("all is quiet, and m{msg} came to no end: {copy:?}"));
        }
        if copy.from != copy.to {
            under_way += u64::try_from(copy.under_way).unwrap_or(0);
        }
    }
    if made != settled + under_way {
        return Err(format!(
            "{made} copies, {settled} ends, {under_way} under way"
        ));
    }
    Ok(())
}

fn sums(trace: &Trace) -> Result<(Sums, BTreeMap<u64, Copy>), String> {
    let mut sums = Sums::default();
    let mut copies: BTreeMap<u64, Copy> = BTreeMap::new();
    for record in &trace.records {
        let (msg, left) = match record.what {
            What::Send { msg, to, .. } => {
                let from = record.node;
                sums.messages_with_self += 1;
                sums.messages += u64::from(from != to);
                let copy = Copy {
                    from,
                    to,
                    under_way: 1,
                    held: false,
                };
                if copies.insert(msg, copy).is_some() {
                    return Err(format!("m{msg} was sent twice"));
                }
                continue;
            }
            What::Duplicate { msg, .. } => (msg, 1),
            What::Recv { msg, .. } | What::Drop { msg, .. } => (msg, -1),
            What::Hold { msg, .. } => (msg, 0),
            _ => continue,
        };
        let copy = copies
            .get_mut(&msg)
            .ok_or_else(|| format!("m{msg} was never sent"))?;
        copy.under_way += left;
        let counts = u64::from(copy.from != copy.to);
        match record.what {
            What::Duplicate { .. } => sums.duplicated += 1,
            What::Hold { .. } => {
                copy.held = true;
                sums.held += 1;
            }
            What::Recv { .. } => sums.received += counts,
            What::Drop { why, .. } => match why {
                WhyDropped::Lost(_) => sums.lost += 1,
                WhyDropped::Corrupted(_) => sums.corrupted += 1,
                WhyDropped::Overflow(_) => sums.overflowed += 1,
                WhyDropped::Cut(_) => sums.cut += 1,
                WhyDropped::NotSent(_) | WhyDropped::NotReceived(_) => sums.omitted += 1,
                WhyDropped::NoChannel => sums.no_channel += 1,
                WhyDropped::Down(_) => sums.to_crashed += counts,
                WhyDropped::Refused(_) => sums.refused += 1,
            },
            _ => (),
        }
    }
    Ok((sums, copies))
}
