//! Messages in flight: the body of a group send is held once.

use crate::kernel::id::NodeId;
use crate::kernel::overlay::Overlay;
use crate::kernel::port::Group;
use crate::kernel::time::SimTime;

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

/// A table with a free list: an arrival names its message by its row.
#[derive(Clone, Debug)]
pub(super) struct Messages<M> {
    rows: Vec<Option<InFlight<M>>>,
    free: Vec<u32>,
    bytes: u64,
}

impl<M: Clone> Messages<M> {
    pub(super) const fn new() -> Self {
        Messages {
            rows: Vec::new(),
            free: Vec::new(),
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
        self.rows.len()
    }

    /// Puts a message in and gives its row.
    #[inline]
    pub(super) fn insert(&mut self, message: InFlight<M>) -> u32 {
        self.bytes += message.bytes();
        if let Some(row) = self.free.pop() {
            self.rows[row as usize] = Some(message);
            return row;
        }
        let row = u32::try_from(self.rows.len()).expect("fewer than 2^32 messages in flight");
        self.rows.push(Some(message));
        row
    }

    /// Says how many copies will arrive; with none, the row is free again.
    pub(super) fn expect(&mut self, row: u32, copies: u32) {
        let slot = &mut self.rows[row as usize];
        let message = slot.as_mut().expect("copies belong to a message in flight");
        message.left = copies;
        if copies == 0 {
            self.bytes -= message.bytes();
            self.free.push(row);
            *slot = None;
        }
    }

    /// The message of a row in use.
    #[inline]
    pub(super) fn get(&self, row: u32) -> &InFlight<M> {
        self.rows[row as usize]
            .as_ref()
            .expect("an arrival points to a message in flight")
    }

    /// Counts one arrival, and hands out the body and what `look` finds: the last one gets the original, the others a
    /// clone.
    #[inline]
    pub(super) fn arrive<T>(&mut self, row: u32, look: impl FnOnce(&InFlight<M>) -> T) -> (M, T) {
        let slot = &mut self.rows[row as usize];
        let message = slot
            .as_mut()
            .expect("an arrival points to a message in flight");
        let seen = look(message);
        message.left -= 1;
        if message.left > 0 {
            return (message.body.clone(), seen);
        }
        self.bytes -= message.bytes();
        self.free.push(row);
        let message = slot.take().expect("it was there a line ago");
        (message.body, seen)
    }

    /// Counts one arrival at a process that is down.
    pub(super) fn discard(&mut self, row: u32) {
        let slot = &mut self.rows[row as usize];
        let message = slot
            .as_mut()
            .expect("an arrival points to a message in flight");
        message.left -= 1;
        if message.left == 0 {
            self.bytes -= message.bytes();
            self.free.push(row);
            *slot = None;
        }
    }
}
