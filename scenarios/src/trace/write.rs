//! The writer of trace files.

use std::io::{self, Write};
use std::ops::ControlFlow;

use serde::Serialize;
use sim_core::trace::{PIECE, Record, Sink, Trace};

use super::piece::Encoder;
use super::{Ending, Header, NAME, VERSION, frame};

/// Writes a trace file, a piece at a time: either a run has it as the [`Sink`] of its recorder, or it is given a trace that is
/// in memory.
pub struct Writer<W> {
    out: W,
    /// Room for a frame.
    frame: Vec<u8>,
    encoder: Encoder,
    left_out: u64,
    /// The last event that is written.
    last: u64,
    /// What ended the trace before its run was over.
    trouble: Option<io::Error>,
}

impl<W: Write> Writer<W> {
    /// Begins a trace file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, header: &Header) -> io::Result<Writer<W>> {
        out.write_all(format!("{NAME}{VERSION}\n").as_bytes())?;
        let mut writer = Writer {
            out,
            frame: Vec::new(),
            encoder: Encoder::default(),
            left_out: 0,
            last: 0,
            trouble: None,
        };
        writer.value(frame::HEADER, header)?;
        Ok(writer)
    }

    /// Writes all events of a trace.
    pub fn keep(&mut self, trace: &Trace) {
        for records in trace.records.chunks(PIECE) {
            if self.take(records, &trace.texts).is_break() {
                return;
            }
        }
        self.end(trace.left_out);
    }

    /// Ends the file, and gives back what it was written to.
    ///
    /// # Errors
    /// The first that `out` had since the file was begun. What was written before is good.
    pub fn finish(mut self, fingerprint: u64) -> io::Result<W> {
        let last = self.last;
        let left_out = self.left_out;
        let ended = match self.trouble.take() {
            Some(error) => Err(error),
            None => self
                .value(
                    frame::ENDING,
                    &Ending {
                        fingerprint,
                        left_out,
                    },
                )
                .and_then(|()| self.out.flush()),
        };
        match ended {
            Ok(()) => Ok(self.out),
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("{error} (the trace ends at event {last})"),
            )),
        }
    }

    fn value(&mut self, kind: u8, value: &impl Serialize) -> io::Result<()> {
        frame::begin(&mut self.frame, kind);
        self.frame = postcard::to_extend(value, std::mem::take(&mut self.frame))
            .map_err(io::Error::other)?;
        self.put()
    }

    fn piece(&mut self, records: &[Record], texts: &[String]) -> io::Result<()> {
        frame::begin(&mut self.frame, frame::PIECE);
        let frame = std::mem::take(&mut self.frame);
        self.frame = self
            .encoder
            .encode(records, texts, frame)
            .map_err(io::Error::other)?;
        self.put()
    }

    fn put(&mut self) -> io::Result<()> {
        frame::seal(&mut self.frame)?;
        self.out.write_all(&self.frame)
    }
}

impl<W: Write> Sink for Writer<W> {
    fn take(&mut self, records: &[Record], texts: &[String]) -> ControlFlow<()> {
        match self.piece(records, texts) {
            Ok(()) => {
                self.last = records.last().map_or(self.last, |record| record.id);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.trouble = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn end(&mut self, left_out: u64) {
        self.left_out = left_out;
    }
}
