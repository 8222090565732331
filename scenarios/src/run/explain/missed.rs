//! Messages to those who were left out that came to nothing.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::kernel::id::NodeId;
use sim_core::trace::{Record, TextId, What, WhyDropped};

use super::super::judge::Reason;
use super::{Story, TOLD_MAX};

/// A message that did not arrive.
#[derive(Clone, Copy)]
pub(super) struct Missed<'a> {
    pub(super) record: &'a Record,
    msg: u64,
    pub(super) from: NodeId,
    to: NodeId,
    text: TextId,
    /// None if it still waits for a partition to heal.
    why: Option<WhyDropped>,
    pub(super) fault: Option<u32>,
}

impl<'a> Missed<'a> {
    /// The messages of one group came to nothing for the same reason, on the same way.
    fn group(&self) -> (NodeId, NodeId, Option<WhyDropped>, Option<u32>) {
        (self.from, self.to, self.why, self.fault)
    }

    fn of(record: &'a Record) -> Option<Missed<'a>> {
        match record.what {
            What::Drop {
                msg,
                peer,
                text,
                why,
            } => {
                let (from, to) = if why.is_at_receiver() {
                    (peer, record.node)
                } else {
                    (record.node, peer)
                };
                Some(Missed {
                    record,
                    msg,
                    from,
                    to,
                    text,
                    why: Some(why),
                    fault: why.fault(),
                })
            }
            What::Hold {
                msg,
                to,
                text,
                fault,
            } => Some(Missed {
                record,
                msg,
                from: record.node,
                to,
                text,
                why: None,
                fault: Some(fault),
            }),
            _ => None,
        }
    }

    /// Was its receiver down when it arrived?
    pub(super) const fn found_it_down(&self) -> bool {
        matches!(self.why, Some(WhyDropped::Down(_)))
    }

    fn in_words(&self) -> String {
        let (msg, from, to) = (self.msg, self.from.0, self.to.0);
        let what = format!("#{msg} from node {from} to node {to}");
        match self.why {
            None => format!("{what} waits for a heal that never came"),
            Some(WhyDropped::Lost(_)) => format!("{what} was lost"),
            Some(WhyDropped::Corrupted(_)) => format!("{what} was corrupted, and dropped for that"),
            Some(WhyDropped::Overflow(_)) => format!("{what} found the queue full"),
            Some(WhyDropped::Cut(_)) => format!("{what} was cut off"),
            Some(WhyDropped::NotSent(_)) => {
                format!("node {from} omitted to send #{msg} to node {to}")
            }
            Some(WhyDropped::NotReceived(_)) => {
                format!("node {to} omitted to receive #{msg} from node {from}")
            }
            Some(WhyDropped::Down(_)) => format!("{what} found it down"),
            Some(WhyDropped::Refused(_)) => format!("{what} was refused: it bore another's name"),
            Some(WhyDropped::NoChannel) => {
                format!("{what} came to nothing: they are no neighbours")
            }
        }
    }
}

impl<'a> Story<'a> {
    /// Messages of this story to those who were left out that came to nothing, with what is told of them. If there are
    /// none, those that they sent themselves; and then, what those who acted sent later may have carried the same news.
    pub(super) fn missed(&self) -> Vec<(Missed<'a>, Reason)> {
        let of_this_story = self.came_to_nothing(|missed, root| {
            root == self.root && self.left_out.contains(&missed.to)
        });
        if !of_this_story.is_empty() || self.end != u64::MAX {
            return self.told(&of_this_story);
        }
        let from_them = self.came_to_nothing(|missed, root| {
            root == self.root && self.left_out.contains(&missed.from)
        });
        if !from_them.is_empty() {
            return self.told(&from_them);
        }
        let mut acted: BTreeMap<NodeId, u64> = BTreeMap::new();
        for record in &self.chain {
            acted.entry(record.node).or_insert(record.id);
        }
        self.told(&self.came_to_nothing(|missed, _| {
            let since = acted.get(&missed.from);
            let is_later = since.is_some_and(|since| *since <= missed.record.id);
            is_later && self.left_out.contains(&missed.to)
        }))
    }

    fn came_to_nothing(&self, is_it: impl Fn(&Missed<'_>, u64) -> bool) -> Vec<Missed<'a>> {
        let all = self.records().filter_map(|(record, root)| {
            let missed = Missed::of(record)?;
            (missed.from != missed.to && is_it(&missed, root)).then_some(missed)
        });
        let mut all: Vec<Missed<'a>> = all.collect();
        if all.iter().any(|missed| missed.why.is_none()) {
            let came: BTreeSet<u64> = self.records().filter_map(|(it, _)| came(it)).collect();
            all.retain(|missed| missed.why.is_some() || !came.contains(&missed.msg));
        }
        all
    }

    fn told(&self, all: &[Missed<'a>]) -> Vec<(Missed<'a>, Reason)> {
        let mut groups: Vec<(Missed<'a>, usize)> = Vec::new();
        let mut more = 0;
        for missed in all {
            let same = |(first, _): &&mut (Missed<'a>, usize)| first.group() == missed.group();
            if let Some((_, count)) = groups.iter_mut().find(same) {
                *count += 1;
            } else if groups.len() < TOLD_MAX {
                groups.push((*missed, 1));
            } else {
                more += 1;
            }
        }
        let reason = |(missed, count): (Missed<'a>, usize)| {
            let text = self.book.trace.text(missed.text);
            let again = match count {
                1 => String::new(),
                n => format!(" (and {} more like it)", n - 1),
            };
            let said = format!("{}: {text}{again}", missed.in_words());
            let reason = match missed.fault {
                Some(fault) => self.book.fault(missed.record, fault, said),
                None => self.book.event(missed.record, said),
            };
            (missed, reason)
        };
        let mut told: Vec<(Missed<'a>, Reason)> = groups.into_iter().map(reason).collect();
        if let (Some((last, reason)), true) = (told.last().cloned(), more > 0) {
            let s = if more == 1 { "" } else { "s" };
            let text = format!("… and {more} more message{s} to them came to nothing");
            let (cause, place) = (None, None);
            let event = reason.event;
            told.push((
                last,
                Reason {
                    event,
                    text,
                    cause,
                    place,
                },
            ));
        }
        told
    }
}

/// The number of a message that got to its receiver, whatever that did with it.
fn came(record: &Record) -> Option<u64> {
    match record.what {
        What::Recv { msg, .. } => Some(msg),
        What::Drop { msg, why, .. } if why.is_at_receiver() => Some(msg),
        _ => None,
    }
}
