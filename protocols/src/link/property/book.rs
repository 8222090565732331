//! The book that checkers of a link keep: a page for each message on its way from one process to another.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Guarantee, Link, Payload};
use sim_core::kernel::property::{Fact, Finding, Moment, Violation};
use sim_core::kernel::summary::summary;

use super::roll::Roll;

/// A message, its sender and its receiver. Several that look alike share a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trip<M> {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) msg: M,
}

/// `node 0 sent "hello" to node 1`.
impl<M: fmt::Display> fmt::Display for Trip<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let msg = summary(&self.msg);
        write!(f, "node {} sent {msg} to node {}", self.from.0, self.to.0)
    }
}

/// What a fact is to a link: one message leaves, or one is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Sent,
    Delivered,
}

/// Pages of a kind that suits the checker.
#[derive(Clone, Debug)]
pub(super) struct Book<M, Page> {
    overlay: Overlay,
    pub(super) roll: Roll,
    pub(super) pages: BTreeMap<Trip<M>, Page>,
}

impl<M: Payload, Page: Default> Book<M, Page> {
    pub(super) fn new(overlay: &Overlay) -> Self {
        Book {
            overlay: overlay.clone(),
            roll: Roll::default(),
            pages: BTreeMap::new(),
        }
    }

    /// Takes a fact down, and lets `note` write on the page of every message that it is about.
    pub(super) fn see<Q: Guarantee>(
        &mut self,
        moment: Moment,
        fact: &Fact<'_, Link<M, Q>>,
        mut note: impl FnMut(&Roll, &Trip<M>, &mut Page, Step) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        self.roll.see(moment, fact);
        for (trip, step) in trips(&self.overlay, fact) {
            // What a liar says, or a process that omits what it should do, is not the link's word.
            if step == Step::Delivered && !self.roll.is_honest(trip.to) {
                continue;
            }
            let page = self.pages.entry(trip.clone()).or_default();
            note(&self.roll, &trip, page, step)?;
        }
        Ok(())
    }
}

/// The messages that a fact is about.
pub(super) fn trips<M: Payload, Q: Guarantee>(
    overlay: &Overlay,
    fact: &Fact<'_, Link<M, Q>>,
) -> Vec<(Trip<M>, Step)> {
    match fact {
        Fact::Requested(from, transmit) => {
            let trip = |to| {
                let (from, msg) = (*from, transmit.msg.clone());
                (Trip { from, to, msg }, Step::Sent)
            };
            let to = transmit.to.receivers(*from, overlay);
            to.map(trip).collect()
        }
        Fact::Indicated(to, arrival) => {
            let (from, to, msg) = (arrival.from, *to, arrival.msg.clone());
            vec![(Trip { from, to, msg }, Step::Delivered)]
        }
        _ => Vec::new(),
    }
}

/// What became of what a page owes.
#[derive(Clone, Debug)]
pub(super) enum Debt {
    Paid,
    /// Its time has not run out.
    Open,
    Broken(Violation),
}

/// A broken debt for which one process has to answer.
pub(super) fn broken(since: Moment, node: NodeId, what: String) -> Debt {
    let nodes = vec![node];
    Debt::Broken(Violation {
        before: None,
        since,
        what,
        nodes,
    })
}

/// What is to be said of all debts: the oldest broken one, else how many are open, else that all were paid.
pub(super) fn settle(debts: impl Iterator<Item = Debt>, paid: &str, open: &str) -> Finding {
    let (mut judged, mut opened, mut broken) = (0_u64, 0_u64, Vec::new());
    for debt in debts {
        judged += 1;
        match debt {
            Debt::Paid => (),
            Debt::Open => opened += 1,
            Debt::Broken(violation) => broken.push(violation),
        }
    }
    let more = broken.len().saturating_sub(1);
    match broken.into_iter().min_by_key(|violation| violation.since) {
        Some(mut violation) => {
            if more > 0 {
                let s = if more == 1 { "" } else { "s" };
                let rest = format!("; and so for {more} more message{s}");
                violation.what.push_str(&rest);
            }
            Finding::Violated(violation)
        }
        None if opened > 0 => Finding::Pending(format!("{} {open}", messages(opened))),
        None if judged > 0 => Finding::Held(format!("{} {paid}", messages(judged))),
        None => Finding::NotExercised,
    }
}

/// `1 message`, `2 messages`.
fn messages(count: u64) -> String {
    match count {
        1 => "1 message".into(),
        count => format!("{count} messages"),
    }
}

/// A safety property that was kept, of so many deliveries.
pub(super) fn kept(deliveries: u64) -> Finding {
    match deliveries {
        0 => Finding::NotExercised,
        1 => Finding::Held("1 delivery".into()),
        deliveries => Finding::Held(format!("{deliveries} deliveries")),
    }
}
