//! Messages in flight: the body of a group send is held once. What goes to one process and meets nothing but a delay is
//! a letter, of which less has to be kept.

use core::num::NonZeroU16;

use crate::kernel::id::NodeId;
use crate::kernel::overlay::Overlay;
use crate::kernel::port::Group;
use crate::kernel::time::SimTime;

use super::rows::Rows;

/// One send, to one process or to a group.
#[derive(Clone, Debug)]
pub(super) struct InFlight<M> {
    pub(super) body: M,
    /// Who it says sent it, and who did.
    pub(super) from: NodeId,
    pub(super) sender: NodeId,
    pub(super) to: Group,
    /// Which of its sender's group sends it is: the ordinal of its draws.
    pub(super) ordinal: u32,
    /// Place of the first copy among the receivers: a fault may fall in the middle of a group send.
    pub(super) start: u32,
    /// When it was sent.
    pub(super) sent: SimTime,
    /// Event and message number of the first copy; the others follow in the order of the receivers.
    pub(super) first_event: u64,
    pub(super) first_message: u64,
    /// Length of the chain of network messages that led to it, itself not included.
    pub(super) depth: u32,
    /// Copies that have yet to arrive.
    pub(super) left: u32,
    /// Bytes of its body in the canonical encoding.
    pub(super) size: u32,
}

/// Accounted bytes of one message besides its body: a round number above what it takes on a 64-bit machine. It is part of
/// the meaning of a limit on memory, and so it stays.
const BYTES_MESSAGE: u64 = 104;

impl<M> InFlight<M> {
    /// Accounted bytes.
    #[inline]
    fn bytes(&self) -> u64 {
        BYTES_MESSAGE + u64::from(self.size)
    }

    /// Place of the copy for `receiver` among the copies.
    #[inline]
    pub(super) fn place(&self, receiver: NodeId, overlay: &Overlay) -> u64 {
        let place = self.to.place(self.sender, receiver, overlay);
        u64::from(place - self.start)
    }
}

/// One message to one other process, in a simulation that nobody records: 20 bytes and the body.
#[derive(Clone, Debug)]
pub(super) struct Letter<M> {
    pub(super) body: M,
    pub(super) from: NodeId,
    ordinal: u32,
    size: u16,
    /// One more than the depth, so that there is a value left for a free row.
    depth: NonZeroU16,
    /// The message number, its low half first: as a whole it would stand at a multiple of eight bytes.
    number: [u32; 2],
}

impl<M> Letter<M> {
    /// The message in short; none if it is a group send, has another's name on it, or is beyond the measure of most.
    #[inline]
    pub(super) fn of(message: InFlight<M>) -> Result<Letter<M>, InFlight<M>> {
        let to_one = matches!(message.to, Group::One(to) if to != message.sender);
        let depth = message.depth.checked_add(1);
        let depth = depth.and_then(|depth| NonZeroU16::new(u16::try_from(depth).ok()?));
        match (depth, u16::try_from(message.size)) {
            (Some(depth), Ok(size)) if to_one && message.from == message.sender => Ok(Letter {
                body: message.body,
                from: message.from,
                ordinal: message.ordinal,
                size,
                depth,
                number: halves(message.first_message),
            }),
            _ => Err(message),
        }
    }

    /// The whole of it, as it arrives at `to`. Only a trace tells when a message was sent, and by
    /// which event, and there is none.
    pub(super) fn unfold(self, to: NodeId) -> InFlight<M> {
        InFlight {
            from: self.from,
            sender: self.from,
            to: Group::One(to),
            ordinal: self.ordinal,
            start: 0,
            sent: SimTime::ZERO,
            first_event: 0,
            first_message: self.number(),
            depth: self.depth() - 1,
            left: 1,
            size: self.size.into(),
            body: self.body,
        }
    }

    /// Length of the chain of network messages that leads to what it brings about.
    #[inline]
    pub(super) fn depth(&self) -> u32 {
        u32::from(self.depth.get())
    }

    #[inline]
    pub(super) fn number(&self) -> u64 {
        let [low, high] = self.number.map(u64::from);
        high << 32 | low
    }

    #[inline]
    fn bytes(&self) -> u64 {
        BYTES_MESSAGE + u64::from(self.size)
    }
}

/// The low and the high half.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "cut into two halves")]
fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// All messages in flight: an arrival names its message, or its letter, by the row.
#[derive(Clone, Debug)]
pub(super) struct Messages<M> {
    rows: Rows<InFlight<M>>,
    letters: Rows<Letter<M>>,
    bytes: u64,
}

impl<M: Clone> Messages<M> {
    pub(super) const fn new() -> Self {
        Messages {
            rows: Rows::new(),
            letters: Rows::new(),
            bytes: 0,
        }
    }

    /// Accounted bytes of all rows in use.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Rows, in use or not.
    #[inline]
    pub(super) fn rows(&self) -> usize {
        self.rows.len() + self.letters.len()
    }

    /// Puts a message in and gives its row.
    #[inline]
    pub(super) fn insert(&mut self, message: InFlight<M>) -> u32 {
        self.bytes += message.bytes();
        self.rows.insert(message)
    }

    /// Says how many copies will arrive; with none, the row is free again.
    pub(super) fn expect(&mut self, row: u32, copies: u32) {
        let message = self.rows.get_mut(row);
        message.left = copies;
        if copies == 0 {
            self.bytes -= message.bytes();
            self.rows.take(row);
        }
    }

    /// The message of a row in use.
    #[inline]
    pub(super) fn get(&self, row: u32) -> &InFlight<M> {
        self.rows.get(row)
    }

    /// Counts one arrival, and hands out the body and what `look` finds: the last one gets the original, the others a
    /// clone.
    #[inline]
    pub(super) fn arrive<T>(&mut self, row: u32, look: impl FnOnce(&InFlight<M>) -> T) -> (M, T) {
        let message = self.rows.get_mut(row);
        let seen = look(message);
        message.left -= 1;
        if message.left > 0 {
            return (message.body.clone(), seen);
        }
        self.bytes -= message.bytes();
        (self.rows.take(row).body, seen)
    }

    /// Counts one arrival at a process that is down.
    pub(super) fn discard(&mut self, row: u32) {
        let message = self.rows.get_mut(row);
        message.left -= 1;
        if message.left == 0 {
            self.bytes -= message.bytes();
            self.rows.take(row);
        }
    }

    /// Puts a letter in and gives its row among the letters.
    #[inline]
    pub(super) fn post(&mut self, letter: Letter<M>) -> u32 {
        self.bytes += letter.bytes();
        self.letters.insert(letter)
    }

    /// The letter of a row in use.
    #[inline]
    pub(super) fn letter(&self, row: u32) -> &Letter<M> {
        self.letters.get(row)
    }

    /// Takes a letter out.
    #[inline]
    pub(super) fn open(&mut self, row: u32) -> Letter<M> {
        let letter = self.letters.take(row);
        self.bytes -= letter.bytes();
        letter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: Group, number: u64, depth: u32) -> InFlight<u32> {
        InFlight {
            body: 7,
            from: NodeId(1),
            sender: NodeId(1),
            to,
            ordinal: 5,
            start: 0,
            sent: SimTime::ZERO,
            first_event: 2 * number.min(1 << 50),
            first_message: number,
            depth,
            left: 1,
            size: 4,
        }
    }

    #[test]
    fn a_letter_says_what_the_message_says() {
        let to = NodeId(2);
        for (number, depth) in [(1, 0), (u64::MAX, 9), (1 << 40 | 77, 65_534)] {
            let whole = InFlight {
                first_event: 0,
                ..message(Group::One(to), number, depth)
            };
            let letter = Letter::of(whole.clone()).expect("it is one");
            assert_eq!((letter.depth(), letter.number()), (depth + 1, number));
            assert_eq!(format!("{:?}", letter.unfold(to)), format!("{whole:?}"));
        }
    }

    #[test]
    fn what_does_not_fit_is_no_letter() {
        let one = Group::One(NodeId(2));
        for message in [
            message(Group::All, 1, 0),
            message(Group::One(NodeId(1)), 1, 0),
            message(one, 1, u32::MAX),
            message(one, 1, 65_535),
            InFlight {
                size: 65_536,
                ..message(one, 1, 0)
            },
            InFlight {
                from: NodeId(3),
                ..message(one, 1, 0)
            },
        ] {
            assert!(Letter::of(message).is_err());
        }
    }

    #[test]
    fn a_letter_takes_20_bytes_and_its_body() {
        let mut messages = Messages::new();
        let letter = Letter::of(message(Group::One(NodeId(2)), 1, 0)).expect("it is one");
        assert_eq!(size_of_val(&letter), 24);
        let row = messages.post(letter);
        assert_eq!(messages.bytes(), 108);
        assert_eq!((messages.open(row).body, messages.bytes()), (7, 0));
    }
}
