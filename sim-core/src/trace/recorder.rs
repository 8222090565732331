//! Who writes the events of a run down: in memory, or piece by piece into a sink.

use std::fmt::Display;
use std::ops::ControlFlow;

use super::texts::Texts;
use super::{Record, TextId, Trace};

/// So many events are handed to a sink together.
pub const PIECE: usize = 4_096;
/// With so many different texts in its table a recorder that has a sink begins a new one.
const TEXTS_MAX: usize = 1 << 16;

/// Takes the events of a run while it goes on, so that a trace of any length needs bounded memory.
pub trait Sink {
    /// Takes the next events. The texts they point to are in `texts`, and others: a [`TextId`] means something within
    /// this call only. It breaks off if it can take no more; then nothing more is recorded.
    fn take(&mut self, records: &[Record], texts: &[String]) -> ControlFlow<()>;

    /// That was all; so many events more were left out.
    fn end(&mut self, left_out: u64);
}

/// Writes events down while a run goes on. It sees and never steers: with or without it a run is the same.
#[derive(Default)]
pub struct Recorder<'s> {
    /// All that was recorded, or what the sink has not yet got.
    records: Vec<Record>,
    texts: Texts,
    faults: Vec<String>,
    details: bool,
    /// So many events more.
    room: usize,
    left_out: u64,
    keep: Keep<'s>,
}

/// Where events go.
#[derive(Default)]
enum Keep<'s> {
    #[default]
    Memory,
    Sink(&'s mut dyn Sink),
    /// The sink takes no more.
    Nowhere,
}

impl<'s> Recorder<'s> {
    /// A recorder that keeps the first `limit` events, timers and writes to storage only if `details`.
    #[must_use]
    pub fn new(details: bool, limit: usize) -> Recorder<'s> {
        Recorder {
            details,
            room: limit,
            ..Recorder::default()
        }
    }

    /// Names the faults that records point to by number.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<String>) -> Recorder<'s> {
        self.faults = faults;
        self
    }

    /// Hands all events to `sink`, in place of keeping them. Memory is bounded then, whatever the limit.
    #[must_use]
    pub fn into_sink(mut self, sink: &'s mut dyn Sink) -> Recorder<'s> {
        self.keep = Keep::Sink(sink);
        self
    }

    /// Writes one event down.
    #[inline]
    pub fn record(&mut self, record: Record) {
        if record.what.is_detail() && !self.details {
            return;
        }
        if self.room == 0 {
            self.left_out += 1;
            return;
        }
        self.room -= 1;
        self.records.push(record);
        if self.records.len() >= PIECE {
            self.hand_over();
        }
    }

    /// The number of the summary of `value`, cut at 60 characters. It is good until the next one is asked for.
    ///
    /// # Panics
    /// If there are 2³² different summaries in memory.
    pub fn summary(&mut self, value: &impl Display) -> TextId {
        if self.room == 0 {
            // Nobody will ever see it.
            return TextId(0);
        }
        if self.texts.len() >= TEXTS_MAX && !matches!(self.keep, Keep::Memory) {
            self.hand_over();
            self.texts.clear();
        }
        self.texts.summary(value)
    }

    /// The trace, unless a sink has it.
    #[must_use]
    pub fn finish(mut self) -> Option<Trace> {
        self.hand_over();
        match self.keep {
            Keep::Memory => Some(Trace {
                records: self.records,
                texts: self.texts.into_inner(),
                faults: self.faults,
                left_out: self.left_out,
            }),
            Keep::Sink(sink) => {
                sink.end(self.left_out);
                None
            }
            Keep::Nowhere => None,
        }
    }

    /// Gives the sink, if there is one, what it has not yet got.
    fn hand_over(&mut self) {
        let Keep::Sink(sink) = &mut self.keep else {
            return;
        };
        if !self.records.is_empty() && sink.take(&self.records, self.texts.all()).is_break() {
            (self.keep, self.room) = (Keep::Nowhere, 0);
        }
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::NodeId;
    use crate::kernel::time::{SimTime, Span};
    use crate::trace::What;

    /// Keeps the texts of marks, and takes so many pieces.
    #[derive(Default)]
    struct Marks {
        marks: Vec<String>,
        pieces: usize,
        most: usize,
        left_out: Option<u64>,
    }

    impl Sink for Marks {
        fn take(&mut self, records: &[Record], texts: &[String]) -> ControlFlow<()> {
            if self.pieces == self.most {
                return ControlFlow::Break(());
            }
            assert!(records.len() <= PIECE && texts.len() <= TEXTS_MAX);
            self.pieces += 1;
            for record in records {
                if let What::Mark(text) = record.what {
                    self.marks.push(texts[text.0 as usize].clone());
                }
            }
            ControlFlow::Continue(())
        }

        fn end(&mut self, left_out: u64) {
            self.left_out = Some(left_out);
        }
    }

    fn mark(recorder: &mut Recorder<'_>, id: u64) {
        let text = recorder.summary(&format_args!("mark {id}"));
        recorder.record(record(id, What::Mark(text)));
    }

    fn record(id: u64, what: What) -> Record {
        Record {
            id,
            cause: 0,
            at: SimTime::from_nanos(id),
            node: NodeId(0),
            what,
        }
    }

    /// The table of texts begins anew twice, and nothing gets another's text.
    #[test]
    fn every_event_reaches_the_sink_with_its_own_text() {
        let mut sink = Marks {
            most: usize::MAX,
            ..Marks::default()
        };
        let mut recorder = Recorder::new(false, usize::MAX).into_sink(&mut sink);
        let last = 3 * TEXTS_MAX as u64;
        (1..=last).for_each(|id| mark(&mut recorder, id));
        assert!(recorder.finish().is_none());
        let all = (1..=last).map(|id| format!("mark {id}"));
        assert!(sink.marks.iter().cloned().eq(all));
        assert_eq!(sink.left_out, Some(0));
    }

    #[test]
    fn a_sink_that_breaks_off_is_left_alone() {
        let mut sink = Marks {
            most: 1,
            ..Marks::default()
        };
        let mut recorder = Recorder::new(false, usize::MAX).into_sink(&mut sink);
        (1..=10 * PIECE as u64).for_each(|id| mark(&mut recorder, id));
        assert!(recorder.records.is_empty());
        assert!(recorder.finish().is_none());
        assert_eq!((sink.marks.len(), sink.left_out), (PIECE, None));
    }

    /// What is left out costs no memory either.
    #[test]
    fn keeps_the_first_events_and_counts_the_rest() {
        let mut recorder = Recorder::new(false, 2);
        (1..=5).for_each(|id| mark(&mut recorder, id));
        let text = recorder.summary(&"a timer");
        recorder.record(record(6, What::Arm(text, Span::ZERO)));
        let trace = recorder.finish().expect("it is in memory");
        assert_eq!((trace.records.len(), trace.left_out), (2, 3));
        assert_eq!(trace.texts, ["mark 1", "mark 2"]);
    }
}
