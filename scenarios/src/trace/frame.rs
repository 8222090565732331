//! Frames: what is written and read at once.
//!
//! ```text
//! length of the body    u32, little-endian
//! checksum of that      CRC-32 of the four bytes: a wrong length must not look like the end of the file
//! checksum of the body  CRC-32
//! body                  its kind in one byte, and what it holds in postcard's format
//! ```

use std::io::{self, Read};

/// Bytes before the body.
const HEAD: usize = 12;

/// What a frame holds.
pub(super) const HEADER: u8 = 0;
pub(super) const PIECE: u8 = 1;
pub(super) const ENDING: u8 = 2;

/// Longest body, in bytes: of a piece some fifth of that is usual, a header names all faults.
const BODY_MAX: usize = 4 << 20;

/// Room for a frame of this kind, to which its body is appended; see [`seal`].
pub(super) fn begin(room: &mut Vec<u8>, kind: u8) {
    room.clear();
    room.extend([0; HEAD]);
    room.push(kind);
}

/// Fills in what stands before the body.
///
/// # Errors
/// If the body is too long for any reader.
pub(super) fn seal(frame: &mut [u8]) -> io::Result<()> {
    let (head, body) = frame.split_at_mut(HEAD);
    let length = u32::try_from(body.len()).ok();
    let Some(length) = length.filter(|_| body.len() <= BODY_MAX) else {
        let text = "what is to be written at once is longer than 4 MiB";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    };
    let length = length.to_le_bytes();
    head[..4].copy_from_slice(&length);
    head[4..8].copy_from_slice(&crc32fast::hash(&length).to_le_bytes());
    head[8..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    Ok(())
}

/// What came of looking for the next frame.
pub(super) enum Next {
    /// It has this many bytes with its head, and its body is in the room.
    Whole(u64),
    /// Nothing more was there.
    Nothing,
    /// A part of it was there.
    Part,
    /// It is not what was written.
    Damaged(&'static str),
}

/// Reads the next frame; its body goes into `room`. Takes no more memory than there are bytes.
pub(super) fn next(from: &mut impl Read, room: &mut Vec<u8>) -> io::Result<Next> {
    room.clear();
    from.by_ref().take(HEAD as u64).read_to_end(room)?;
    if room.len() < HEAD {
        return Ok(if room.is_empty() {
            Next::Nothing
        } else {
            Next::Part
        });
    }
    let word = |at: usize| [room[at], room[at + 1], room[at + 2], room[at + 3]];
    let (length, sum) = (word(0), u32::from_le_bytes(word(8)));
    if crc32fast::hash(&length) != u32::from_le_bytes(word(4)) {
        return Ok(Next::Damaged("its length is not the one that was written"));
    }
    let length = u32::from_le_bytes(length);
    if length as usize > BODY_MAX {
        return Ok(Next::Damaged("it is longer than any that is written"));
    }
    room.clear();
    from.by_ref().take(u64::from(length)).read_to_end(room)?;
    if room.len() < length as usize {
        return Ok(Next::Part);
    }
    if crc32fast::hash(room) != sum {
        return Ok(Next::Damaged("its bytes are not those that were written"));
    }
    Ok(Next::Whole(HEAD as u64 + u64::from(length)))
}
