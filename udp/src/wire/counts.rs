//! What became of every datagram, every frame and every part.

use serde::{Deserialize, Serialize};

use super::Refusal;

/// Counters of an opener. Every datagram, frame and part is in exactly one place: [`Counts::broken_rule`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Datagrams that came in.
    pub datagrams: u64,
    /// Datagrams with a good tag and good frames.
    pub opened: u64,
    /// Refused: nothing fits in so few bytes.
    pub too_short: u64,
    /// Refused: longer than any datagram of ours.
    pub too_long: u64,
    /// Refused: the first byte is somebody else's.
    pub bad_magic: u64,
    /// Refused: another version of the format.
    pub bad_version: u64,
    /// Refused: a flag, or a reserved bit, that this version does not know.
    pub bad_flags: u64,
    /// Refused: damaged, or from another cluster.
    pub bad_tag: u64,
    /// Refused: sealed, but its frames cannot be read.
    pub malformed: u64,
    /// Refused: sealed, but with more frames than a datagram may have.
    pub too_many_frames: u64,

    /// Frames of opened datagrams.
    pub frames: u64,
    /// Frames that were whole letters, handed out.
    pub whole: u64,
    /// Frames that were parts of letters.
    pub parts: u64,

    /// Parts of letters that were completed.
    pub parts_joined: u64,
    /// Parts of unfinished letters, at this moment.
    pub parts_waiting: u64,
    /// Parts dropped: known already.
    pub parts_repeated: u64,
    /// Parts dropped: of a letter that was completed before.
    pub parts_late: u64,
    /// Parts dropped: empty, too short for a part that is not the last, or beyond the end of the letter.
    pub parts_misplaced: u64,
    /// Parts dropped: of a letter longer than the bounds allow.
    pub parts_too_large: u64,
    /// Parts dropped: its letter has another head or another length.
    pub parts_contradicting: u64,
    /// Parts dropped: they cover bytes that are known, and are not the same part.
    pub parts_overlapping: u64,
    /// Parts dropped: their letter gave way to a newer one.
    pub parts_evicted: u64,
    /// Parts dropped: their letter was unfinished for too long.
    pub parts_expired: u64,

    /// Letters of which a first part was kept.
    pub begun: u64,
    /// Letters put together from parts, handed out.
    pub joined: u64,
    /// Letters of which some parts are here, at this moment.
    pub unfinished: u64,
    /// Unfinished letters that gave way to newer ones.
    pub evicted: u64,
    /// Unfinished letters given up after too long a time.
    pub expired: u64,
}

impl Counts {
    /// Which sum does not add up, if one does not. Holds at any moment between two calls of an opener.
    #[must_use]
    pub fn broken_rule(&self) -> Option<&'static str> {
        let refused = [
            self.too_short,
            self.too_long,
            self.bad_magic,
            self.bad_version,
            self.bad_flags,
            self.bad_tag,
            self.malformed,
            self.too_many_frames,
        ];
        let dropped = [
            self.parts_repeated,
            self.parts_late,
            self.parts_misplaced,
            self.parts_too_large,
            self.parts_contradicting,
            self.parts_overlapping,
            self.parts_evicted,
            self.parts_expired,
        ];
        if self.datagrams != self.opened + refused.iter().sum::<u64>() {
            Some("datagrams = opened + refused, by reason")
        } else if self.frames != self.whole + self.parts {
            Some("frames = whole + parts")
        } else if self.parts != self.parts_joined + self.parts_waiting + dropped.iter().sum::<u64>()
        {
            Some("parts = joined + waiting + dropped, by reason")
        } else if self.begun != self.joined + self.unfinished + self.evicted + self.expired {
            Some("letters begun = joined + unfinished + evicted + expired")
        } else {
            None
        }
    }

    /// How many letters were handed out.
    #[must_use]
    pub fn letters(&self) -> u64 {
        self.whole + self.joined
    }

    pub(super) fn refuse(&mut self, why: Refusal) {
        *match why {
            Refusal::TooShort => &mut self.too_short,
            Refusal::TooLong => &mut self.too_long,
            Refusal::Magic => &mut self.bad_magic,
            Refusal::Version => &mut self.bad_version,
            Refusal::Flags => &mut self.bad_flags,
            Refusal::Tag => &mut self.bad_tag,
            Refusal::Malformed => &mut self.malformed,
            Refusal::TooManyFrames => &mut self.too_many_frames,
        } += 1;
    }
}
