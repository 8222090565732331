//! The reader of trace files.

use std::collections::BTreeMap;
use std::io::Read;

use sim_core::trace::{TextId, Trace};

use super::frame::{self, Next};
use super::{Ending, Header, NAME, TraceError, VERSION, WHOLE_MAX, piece};

/// Reads a trace file piece by piece, in the memory that one takes. Whatever the bytes are, it does not panic.
pub struct Reader<R> {
    from: R,
    header: Header,
    /// The body of a frame.
    body: Vec<u8>,
    piece: Trace,
    /// Where the next frame begins, in bytes.
    offset: u64,
    pieces: u64,
    /// The last event so far.
    last: u64,
    ending: Option<Ending>,
}

/// A trace that was read into memory.
#[derive(Debug)]
pub struct Whole {
    /// What was run.
    pub header: Header,
    /// All its events.
    pub trace: Trace,
    /// Why that is not all, if the file ends before its run did.
    pub cut_off: Option<TraceError>,
}

impl<R: Read> Reader<R> {
    /// Begins to read, up to the first event.
    ///
    /// # Errors
    /// If `from` has no header of this version.
    pub fn new(mut from: R) -> Result<Reader<R>, TraceError> {
        let offset = version(&mut from)?;
        let header = Header {
            model_version: 0,
            name: String::new(),
            seed: 0,
            params: String::new(),
            faults: Vec::new(),
        };
        let mut reader = Reader {
            from,
            header,
            body: Vec::new(),
            piece: Trace::default(),
            offset,
            pieces: 0,
            last: 0,
            ending: None,
        };
        let Some(length) = reader.frame()? else {
            return Err(reader.cut_off());
        };
        let header = match reader.body.split_first() {
            Some((&frame::HEADER, bytes)) => postcard::take_from_bytes(bytes).ok(),
            _ => None,
        };
        let Some((header, [])) = header else {
            return Err(reader.damaged("this is no header"));
        };
        reader.header = header;
        reader.piece.faults.clone_from(&reader.header.faults);
        reader.offset += length;
        Ok(reader)
    }

    /// What was run.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What stands behind the events, once [`Reader::piece`] has given all.
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// The next events, with the texts that they point to; `None` if there are no more. Faults go by the same numbers in all
    /// pieces, texts do not.
    ///
    /// # Errors
    /// [`TraceError::CutOff`] if the file ends before the trace does, others if it cannot be read on. Behind an error there is
    /// nothing to be read.
    pub fn piece(&mut self) -> Result<Option<&Trace>, TraceError> {
        if self.ending.is_some() {
            return Ok(None);
        }
        let Some(length) = self.frame()? else {
            return Err(self.cut_off());
        };
        match self.body.split_first() {
            Some((&frame::PIECE, bytes)) => {
                let read = piece::decode(bytes, self.last, &mut self.piece);
                read.map_err(|why| self.damaged(why))?;
                self.offset += length;
                self.pieces += 1;
                self.last = self
                    .piece
                    .records
                    .last()
                    .map_or(self.last, |record| record.id);
                Ok(Some(&self.piece))
            }
            Some((&frame::ENDING, bytes)) => {
                let Ok((ending, [])) = postcard::take_from_bytes(bytes) else {
                    return Err(self.damaged("this is no end"));
                };
                self.offset += length;
                let mut behind = Vec::new();
                if self.from.by_ref().take(1).read_to_end(&mut behind)? > 0 {
                    return Err(self.damaged("there is more behind its end"));
                }
                self.ending = Some(ending);
                Ok(None)
            }
            _ => Err(self.damaged("nothing of this kind is written")),
        }
    }

    /// The whole trace, in memory. If it is cut off, what there is of it.
    ///
    /// # Errors
    /// If it is damaged, or has more than [`WHOLE_MAX`] events.
    pub fn whole(mut self) -> Result<Whole, TraceError> {
        let mut trace = Trace {
            faults: self.header.faults.clone(),
            ..Trace::default()
        };
        let mut known: BTreeMap<String, TextId> = BTreeMap::new();
        let cut_off = loop {
            let piece = match self.piece() {
                Ok(Some(piece)) => piece,
                Ok(None) => break None,
                Err(cut_off @ TraceError::CutOff { .. }) => break Some(cut_off),
                Err(error) => return Err(error),
            };
            if trace.records.len() + piece.records.len() > WHOLE_MAX {
                return Err(TraceError::TooLong);
            }
            let number = |text: &String| {
                *known.entry(text.clone()).or_insert_with(|| {
                    trace.texts.push(text.clone());
                    // At most one an event.
                    TextId(u32::try_from(trace.texts.len() - 1).unwrap_or(u32::MAX))
                })
            };
            let numbers: Vec<TextId> = piece.texts.iter().map(number).collect();
            trace.records.extend(piece.records.iter().map(|record| {
                let mut record = *record;
                if let Some(text) = record.what.text_mut() {
                    *text = numbers[text.0 as usize];
                }
                record
            }));
        };
        trace.left_out = self.ending.map_or(0, |ending| ending.left_out);
        Ok(Whole {
            header: self.header,
            trace,
            cut_off,
        })
    }

    /// Reads the next frame and gives its length; `None` if it is not all there.
    fn frame(&mut self) -> Result<Option<u64>, TraceError> {
        match frame::next(&mut self.from, &mut self.body)? {
            Next::Whole(length) => Ok(Some(length)),
            Next::Nothing | Next::Part => Ok(None),
            Next::Damaged(why) => Err(self.damaged(why)),
        }
    }

    const fn cut_off(&self) -> TraceError {
        TraceError::CutOff {
            offset: self.offset,
            pieces: self.pieces,
            event: self.last,
        }
    }

    const fn damaged(&self, why: &'static str) -> TraceError {
        TraceError::Damaged {
            offset: self.offset,
            pieces: self.pieces,
            why,
        }
    }
}

/// Reads the first line; gives its length in bytes.
fn version(from: &mut impl Read) -> Result<u64, TraceError> {
    let due = format!("{NAME}{VERSION}\n");
    let mut found = Vec::new();
    from.take(due.len() as u64).read_to_end(&mut found)?;
    if found == due.as_bytes() {
        return Ok(found.len() as u64);
    }
    if due.as_bytes().starts_with(&found) {
        let (offset, pieces, event) = (0, 0, 0);
        return Err(TraceError::CutOff {
            offset,
            pieces,
            event,
        });
    }
    let other = found.strip_prefix(NAME.as_bytes()).and_then(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
        let digits: String = digits.map(|digit| char::from(*digit)).collect();
        (!digits.is_empty() && digits != VERSION).then_some(digits)
    });
    Err(other.map_or(TraceError::Foreign, TraceError::Version))
}
