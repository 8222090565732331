//! Datagrams become letters.

use core::fmt;

use sim_core::kernel::time::SimTime;

use super::fragments::{Fragments, Part};
use super::frame::Frame;
use super::{
    Bounds, Cluster, Counts, DATAGRAM_MAX, DATAGRAM_MIN, FRAMES_MAX, HEADER, Letter, TAG_LEN, Tag,
};

/// Bytes of a frame with a short message: room is made for so many, and more when there are more.
const FRAME_USUAL: usize = 80;

/// Opens the datagrams of a socket: checks them, hands out whole letters, joins those that came in parts.
#[derive(Debug)]
pub struct Opener {
    cluster: Cluster,
    counts: Counts,
    fragments: Fragments,
    /// Where bodies are put together; kept for its memory.
    body: Vec<u8>,
}

/// Why a datagram was refused: the first of these, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing fits in so few bytes.
    TooShort,
    /// Longer than [`DATAGRAM_MAX`].
    TooLong,
    /// The first byte is somebody else's.
    Magic,
    /// Another version of the format.
    Version,
    /// A flag, or a reserved bit, that this version does not know.
    Flags,
    /// Damaged, or from another cluster.
    Tag,
    /// Sealed, but its frames cannot be read.
    Malformed,
    /// Sealed, but with more than [`FRAMES_MAX`] frames.
    TooManyFrames,
}

/// A frame that was read: a letter without its body, and what there is of the body.
struct Opened<'a> {
    letter: Letter,
    content: Content<'a>,
}

enum Content<'a> {
    Whole(&'a [u8]),
    Part(Part<'a>),
}

impl Opener {
    /// An opener of the datagrams of a cluster.
    ///
    /// # Panics
    /// If there is a [`Bounds::problem`].
    #[must_use]
    pub fn new(cluster: &Cluster, bounds: &Bounds) -> Opener {
        bounds.check();
        Opener {
            cluster: cluster.clone(),
            counts: Counts::default(),
            fragments: Fragments::new(*bounds),
            body: Vec::new(),
        }
    }

    /// Opens one datagram, which came in at `now`, and gives its letters to `deliver`, in order. Of a datagram that is
    /// refused nothing is taken, and nothing but a counter moves.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn open(
        &mut self,
        datagram: &[u8],
        now: SimTime,
        mut deliver: impl FnMut(&Letter),
    ) -> Result<(), Refusal> {
        self.counts.datagrams += 1;
        let frames = match self.check(datagram).and_then(read) {
            Ok(frames) => frames,
            Err(why) => {
                self.counts.refuse(why);
                return Err(why);
            }
        };
        self.counts.opened += 1;
        self.expire(now);
        for Opened {
            mut letter,
            content,
        } in frames
        {
            self.counts.frames += 1;
            letter.body = core::mem::take(&mut self.body);
            letter.body.clear();
            let complete = match content {
                Content::Whole(body) => {
                    self.counts.whole += 1;
                    letter.body.extend_from_slice(body);
                    true
                }
                Content::Part(part) => {
                    self.counts.parts += 1;
                    self.fragments.add(&mut letter, part, now, &mut self.counts)
                }
            };
            if complete {
                deliver(&letter);
            }
            self.body = letter.body;
        }
        Ok(())
    }

    /// Gives up letters that have been unfinished for too long. Opening does it too; this is for quiet times.
    pub fn expire(&mut self, now: SimTime) {
        self.fragments.expire(now, &mut self.counts);
    }

    /// What became of everything so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How much memory unfinished letters take, with what it costs to keep them: never above
    /// [`Bounds::table_bytes_max`].
    #[must_use]
    pub fn table_bytes(&self) -> u64 {
        self.fragments.bytes()
    }

    /// The frames' bytes, of a datagram that is sealed.
    fn check<'a>(&self, datagram: &'a [u8]) -> Result<&'a [u8], Refusal> {
        if datagram.len() < DATAGRAM_MIN {
            return Err(Refusal::TooShort);
        }
        if datagram.len() > DATAGRAM_MAX {
            return Err(Refusal::TooLong);
        }
        if datagram[0] != HEADER[0] {
            return Err(Refusal::Magic);
        }
        if datagram[1] != HEADER[1] {
            return Err(Refusal::Version);
        }
        if datagram[2..4] != HEADER[2..4] {
            return Err(Refusal::Flags);
        }
        match datagram.split_last_chunk::<TAG_LEN>() {
            Some((bytes, tag)) if self.sealed(bytes, tag) => Ok(&bytes[HEADER.len()..]),
            _ => Err(Refusal::Tag),
        }
    }

    fn sealed(&self, bytes: &[u8], tag: &Tag) -> bool {
        self.cluster.verify(bytes, tag)
    }
}

/// Reads all frames before any is used: a datagram that is half nonsense is all nonsense.
fn read(mut bytes: &[u8]) -> Result<Vec<Opened<'_>>, Refusal> {
    // One frame most often, or many that are short.
    let mut frames = Vec::with_capacity(FRAMES_MAX.min(bytes.len() / FRAME_USUAL + 1));
    while !bytes.is_empty() {
        if frames.len() == FRAMES_MAX {
            return Err(Refusal::TooManyFrames);
        }
        let (frame, rest) = Frame::take(bytes).ok_or(Refusal::Malformed)?;
        let (head, content) = match frame {
            Frame::Whole { head, body } => (head, Content::Whole(body)),
            Frame::Part {
                head,
                total,
                offset,
                bytes,
            } => {
                let part = Part {
                    total,
                    offset,
                    bytes,
                };
                (head, Content::Part(part))
            }
        };
        let letter = head.letter().ok_or(Refusal::Malformed)?;
        frames.push(Opened { letter, content });
        bytes = rest;
    }
    Ok(frames)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::TooShort => "too short for a datagram",
            Refusal::TooLong => "too long for a datagram",
            Refusal::Magic => "not a datagram of this program",
            Refusal::Version => "another version of the format",
            Refusal::Flags => "a flag that this version does not know",
            Refusal::Tag => "damaged, or from another cluster",
            Refusal::Malformed => "its frames cannot be read",
            Refusal::TooManyFrames => "it has too many frames",
        })
    }
}

impl core::error::Error for Refusal {}
