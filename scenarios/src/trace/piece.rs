//! A piece of a trace in bytes: the texts that its events point to, then the events.
//!
//! Numbers and times of events grow slowly, and so what is written is how far they are from those of the event before: most
//! then take a byte or two. All differences wrap around, so that there is one for any two values.

use serde::{Deserialize, Serialize};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::SimTime;
use sim_core::trace::{PIECE, Record, TextId, Trace, What};

/// One event, as it is written.
#[derive(Serialize, Deserialize)]
struct Row {
    /// How much larger its number is than that of the event before.
    id: u64,
    /// How much larger it is than that of its cause.
    cause: u64,
    /// How many nanoseconds after the event before.
    at: u64,
    node: NodeId,
    /// Its message counted from that of the event before, its text by its place in this piece, when it was sent as how long
    /// ago.
    what: What,
}

/// The event before, as far as the next one is told from it.
#[derive(Default)]
struct Before {
    id: u64,
    at: u64,
    msg: u64,
}

impl Before {
    fn row(&mut self, record: &Record) -> Row {
        let (id, at, mut what) = (record.id, record.at.as_nanos(), record.what);
        if let What::Recv { sent, .. } = &mut what {
            *sent = SimTime::from_nanos(zigzag(at.wrapping_sub(sent.as_nanos())));
        }
        if let Some(msg) = what.msg_mut() {
            let before = std::mem::replace(&mut self.msg, *msg);
            *msg = zigzag(msg.wrapping_sub(before));
        }
        let row = Row {
            id: id.wrapping_sub(self.id),
            cause: id.wrapping_sub(record.cause),
            at: at.wrapping_sub(self.at),
            node: record.node,
            what,
        };
        (self.id, self.at) = (id, at);
        row
    }

    fn record(&mut self, row: Row) -> Record {
        let (id, at) = (self.id.wrapping_add(row.id), self.at.wrapping_add(row.at));
        let mut what = row.what;
        if let What::Recv { sent, .. } = &mut what {
            *sent = SimTime::from_nanos(at.wrapping_sub(unzigzag(sent.as_nanos())));
        }
        if let Some(msg) = what.msg_mut() {
            *msg = self.msg.wrapping_add(unzigzag(*msg));
            self.msg = *msg;
        }
        (self.id, self.at) = (id, at);
        Record {
            id,
            cause: id.wrapping_sub(row.cause),
            at: SimTime::from_nanos(at),
            node: row.node,
            what,
        }
    }
}

/// Small numbers for small differences in either direction: 0, -1, 1, -2 become 0, 1, 2, 3.
const fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ (difference.cast_signed() >> 63).cast_unsigned()
}

const fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

/// Writes pieces; keeps its room from one to the next.
#[derive(Default)]
pub(super) struct Encoder {
    /// For each text of the whole, its place in the piece with one added; 0 if it is not there.
    places: Vec<u32>,
    /// The texts of the piece, in the order in which they are needed.
    used: Vec<usize>,
    rows: Vec<u8>,
}

impl Encoder {
    /// Appends a piece to `out`.
    pub(super) fn encode(
        &mut self,
        records: &[Record],
        texts: &[String],
        out: Vec<u8>,
    ) -> postcard::Result<Vec<u8>> {
        if self.places.len() < texts.len() {
            self.places.resize(texts.len(), 0);
        }
        let mut before = Before::default();
        self.rows.clear();
        for record in records {
            let mut row = before.row(record);
            if let Some(text) = row.what.text_mut() {
                *text = self.place(*text);
            }
            self.rows = postcard::to_extend(&row, std::mem::take(&mut self.rows))?;
        }
        let mut out = postcard::to_extend(&(self.used.len() as u64), out)?;
        for text in self.used.drain(..) {
            out = postcard::to_extend(texts.get(text).map_or("", String::as_str), out)?;
            self.places[text] = 0;
        }
        out = postcard::to_extend(&(records.len() as u64), out)?;
        out.extend_from_slice(&self.rows);
        Ok(out)
    }

    /// The place of a text in this piece. A text that is nowhere is empty, as everywhere.
    fn place(&mut self, text: TextId) -> TextId {
        let text = text.0 as usize;
        if self.places.len() <= text {
            self.places.resize(text + 1, 0);
        }
        if self.places[text] == 0 {
            self.used.push(text);
            self.places[text] = u32::try_from(self.used.len()).unwrap_or(u32::MAX);
        }
        TextId(self.places[text] - 1)
    }
}

/// Reads a piece into `into`, in place of what is there; its events come after `last`.
///
/// # Errors
/// What is wrong with it, if this is no piece.
pub(super) fn decode(bytes: &[u8], last: u64, into: &mut Trace) -> Result<(), &'static str> {
    const NO_PIECE: &str = "its bytes mean nothing";
    // None is there for nothing, which bounds what a reader has to keep.
    const TOO_MANY_TEXTS: &str = "it has more texts than events";
    into.records.clear();
    into.texts.clear();
    let (count, mut rest) = postcard::take_from_bytes::<u64>(bytes).map_err(|_| NO_PIECE)?;
    if count > PIECE as u64 {
        return Err(TOO_MANY_TEXTS);
    }
    for _ in 0..count {
        let (text, behind) = postcard::take_from_bytes::<&str>(rest).map_err(|_| NO_PIECE)?;
        into.texts.push(text.to_owned());
        rest = behind;
    }
    let (count, mut rest) = postcard::take_from_bytes::<u64>(rest).map_err(|_| NO_PIECE)?;
    let (mut before, mut last) = (Before::default(), last);
    for _ in 0..count {
        let (row, behind) = postcard::take_from_bytes::<Row>(rest).map_err(|_| NO_PIECE)?;
        let mut record = before.record(row);
        let text = record.what.text_mut();
        if text.is_some_and(|text| text.0 as usize >= into.texts.len()) {
            return Err("an event points to a text that is not there");
        }
        if record.id <= last {
            return Err("its events are out of order");
        }
        last = record.id;
        into.records.push(record);
        rest = behind;
    }
    if into.texts.len() > into.records.len() {
        return Err(TOO_MANY_TEXTS);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(NO_PIECE)
    }
}
