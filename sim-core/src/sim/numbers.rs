//! Every event has a number and enters the fingerprint, whether it is recorded or not.

use crate::kernel::id::NodeId;
use crate::kernel::property::Moment;
use crate::kernel::protocol::Node;
use crate::trace::{Record, Recorder, TextId, What};

use super::engine::Sim;
use super::gauge::Doing;

/// The kinds of event as they enter the fingerprint. Numbers are frozen: append only.
#[derive(Clone, Copy)]
pub(super) enum Folded {
    Request = 1,
    Deliver = 2,
    Send = 3,
    Recv = 4,
    Drop = 5,
    Lost = 6,
    Duplicate = 7,
    Crash = 8,
    Arm = 9,
    Disarm = 10,
    Timer = 11,
    Persist = 12,
    Mark = 13,
    Skip = 14,
    Panic = 15,
    Corrupted = 16,
    Garbled = 17,
    Overflow = 18,
    Cut = 19,
    Hold = 20,
    NotSent = 21,
    NotReceived = 22,
    NoChannel = 23,
    Recover = 24,
    Fault = 25,
    Over = 26,
    Deviate = 27,
    Refused = 28,
}

impl Folded {
    /// Kind (of at most 255) and node in one word, spread so that neither meets the low bits of the time.
    pub(super) const fn tag(self, node: NodeId) -> u64 {
        ((self as u64) << 32 | node.0 as u64).rotate_left(24)
    }
}

impl<P: Node> Sim<'_, P> {
    /// Gives the next event its number and folds it into the fingerprint.
    #[inline]
    pub(super) fn next_event(&mut self, folded: Folded, node: NodeId, detail: u64) -> u64 {
        self.events += 1;
        self.fold.word(self.now.as_nanos() ^ folded.tag(node));
        self.fold.word(detail);
        self.events
    }

    /// Counts one strike of a fault, if its number is counted.
    pub(super) fn fire(&mut self, fault: u32, event: u64) {
        let moment = Moment {
            at: self.now,
            event,
        };
        if let Some(count) = self.fired.get_mut(fault as usize) {
            count.fired += 1;
            count.first.get_or_insert(moment);
        }
    }

    /// Writes an event down, if somebody watches.
    #[inline]
    pub(super) fn note(
        &mut self,
        id: u64,
        cause: u64,
        node: NodeId,
        what: impl FnOnce(&mut Recorder) -> What,
    ) {
        if let Some(recorder) = &mut self.recorder {
            let before = self.gauge.read();
            self.gauge.set(Doing::Trace);
            let what = what(recorder);
            recorder.record(Record {
                id,
                cause,
                at: self.now,
                node,
                what,
            });
            self.gauge.set(before);
        }
    }

    /// The same for an event of a message whose summary is known; there is one only if somebody watches.
    #[inline]
    pub(super) fn note_text(
        &mut self,
        id: u64,
        cause: u64,
        node: NodeId,
        text: Option<TextId>,
        what: impl FnOnce(TextId) -> What,
    ) {
        if let Some(text) = text {
            self.note(id, cause, node, |_| what(text));
        }
    }
}
