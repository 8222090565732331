//! Letters become datagrams.

use core::fmt;

use super::frame::{Frame, Head};
use super::{Bounds, Cluster, DATAGRAM_MAX, FRAMES_MAX, HEADER, Letter, PART_MIN, TAG_LEN};

/// Where the tag begins in the longest datagram.
const FRAMES_END: usize = DATAGRAM_MAX - TAG_LEN;

/// Packs letters for one destination: several in a datagram while they fit, one over several where it does not.
///
/// Between destinations there is a [`Packer::flush`]. It allocates nothing but the list of receivers of the largest
/// group so far.
#[derive(Clone, Debug)]
pub struct Packer {
    cluster: Cluster,
    message_bytes_max: usize,
    buffer: [u8; DATAGRAM_MAX],
    /// How far the buffer is filled, from its header on.
    end: usize,
    frames: usize,
    receivers: Vec<u8>,
}

/// Why a letter cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// Its body is longer than the bounds allow.
    Body,
    /// Its list of receivers takes too many bytes: some 500 at least, and 4,096 if their ids are dense.
    Receivers,
}

impl Packer {
    /// A packer for datagrams of a cluster.
    ///
    /// # Panics
    /// If there is a [`Bounds::problem`].
    #[must_use]
    pub fn new(cluster: &Cluster, bounds: &Bounds) -> Packer {
        bounds.check();
        let mut buffer = [0; DATAGRAM_MAX];
        buffer[..HEADER.len()].copy_from_slice(&HEADER);
        Packer {
            cluster: cluster.clone(),
            message_bytes_max: bounds.message_bytes_max as usize,
            buffer,
            end: HEADER.len(),
            frames: 0,
            receivers: Vec::new(),
        }
    }

    /// Adds a letter. Datagrams that are full go to `sink`; the last one waits for more letters, or for
    /// [`Packer::flush`]. A letter that is refused leaves everything as it was.
    ///
    /// # Errors
    /// [`TooLarge`].
    ///
    /// # Panics
    /// If the receivers are none, or not in ascending order.
    pub fn push(&mut self, letter: &Letter, mut sink: impl FnMut(&[u8])) -> Result<(), TooLarge> {
        if letter.body.len() > self.message_bytes_max {
            return Err(TooLarge::Body);
        }
        // The list moves out while a head borrows it.
        let mut receivers = core::mem::take(&mut self.receivers);
        let done = match Head::of(letter, &mut receivers) {
            Some(head) => {
                self.frame(head, &letter.body, &mut sink);
                Ok(())
            }
            None => Err(TooLarge::Receivers),
        };
        self.receivers = receivers;
        done
    }

    /// Gives the datagram that is not full yet to `sink`, if there is one.
    pub fn flush(&mut self, mut sink: impl FnMut(&[u8])) {
        if self.frames == 0 {
            return;
        }
        let tag = self.cluster.tag(&self.buffer[..self.end]);
        let end = self.end + TAG_LEN;
        self.buffer[self.end..end].copy_from_slice(&tag);
        sink(&self.buffer[..end]);
        self.end = HEADER.len();
        self.frames = 0;
    }

    fn frame(&mut self, head: Head<'_>, body: &[u8], sink: &mut impl FnMut(&[u8])) {
        let whole = Frame::Whole { head, body };
        if self.add(&whole) {
            return;
        }
        self.flush(&mut *sink);
        if self.add(&whole) {
            return;
        }
        let size = |length: usize| u32::try_from(length).expect("bodies are below 1 MiB");
        let total = size(body.len());
        let mut offset = 0;
        while offset < body.len() {
            self.flush(&mut *sink);
            let part = |bytes| Frame::Part {
                head,
                total,
                offset: size(offset),
                bytes,
            };
            // The length of what fits takes a second byte.
            let room = FRAMES_END - self.end - part(&[]).size() - 1;
            assert!(room >= PART_MIN, "a head is short");
            let end = body.len().min(offset + room);
            let added = self.add(&part(&body[offset..end]));
            assert!(added, "a part was cut to fit");
            offset = end;
        }
    }

    /// Adds a frame to the datagram if it fits.
    fn add(&mut self, frame: &Frame<'_>) -> bool {
        if self.frames == FRAMES_MAX {
            return false;
        }
        let Some(length) = frame.write(&mut self.buffer[self.end..FRAMES_END]) else {
            return false;
        };
        self.end += length;
        self.frames += 1;
        true
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TooLarge::Body => "the message is too long to be sent",
            TooLarge::Receivers => "the list of receivers is too long for a datagram",
        })
    }
}

impl core::error::Error for TooLarge {}
