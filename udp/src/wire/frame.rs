//! The bytes of a frame.

use serde::{Deserialize, Serialize, Serializer};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::kernel::wire;

use super::{Letter, To};

/// The largest list of receivers, in bytes: a head and a part of fair size fit in a datagram.
pub const RECEIVERS_BYTES_MAX: usize = 512;

/// What stands in a datagram between header and tag, once or more often. The order of variants is the format.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Frame<'a> {
    /// A whole letter.
    Whole {
        #[serde(borrow)]
        head: Head<'a>,
        #[serde(serialize_with = "as_bytes")]
        body: &'a [u8],
    },
    /// A part of a letter: `bytes` of a body of `total` bytes, from `offset`.
    Part {
        #[serde(borrow)]
        head: Head<'a>,
        total: u32,
        offset: u32,
        #[serde(serialize_with = "as_bytes")]
        bytes: &'a [u8],
    },
}

/// A letter without its body. The order of fields is the format.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Head<'a> {
    from: NodeId,
    #[serde(borrow)]
    to: Receivers<'a>,
    incarnation: u32,
    number: u64,
    event: u64,
    depth: u32,
    sent: SimTime,
    delay: Span,
}

/// The receivers of a letter. In either form of a list a byte stands for 8 of them at most, so a short datagram cannot
/// ask for a long list.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Receivers<'a> {
    One(NodeId),
    /// The first, then how many are left out before each of the others.
    Gaps(#[serde(serialize_with = "as_bytes")] &'a [u8]),
    /// One bit a process, from `first` on, the lowest bit of a byte first.
    Bits {
        first: u32,
        #[serde(serialize_with = "as_bytes")]
        bits: &'a [u8],
    },
}

impl<'a> Frame<'a> {
    /// The first frame of `bytes`, and what follows it.
    pub fn take(bytes: &'a [u8]) -> Option<(Frame<'a>, &'a [u8])> {
        postcard::take_from_bytes(bytes).ok()
    }

    /// Writes the frame at the start of `room` and says how many bytes it took; `None` if it does not fit. What the room
    /// held is lost either way.
    pub fn write(&self, room: &mut [u8]) -> Option<usize> {
        match postcard::to_slice(self, room) {
            Ok(written) => Some(written.len()),
            Err(postcard::Error::SerializeBufferFull) => None,
            Err(error) => unreachable!("a frame can be encoded: {error}"),
        }
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        wire::size(self)
    }
}

impl<'a> Head<'a> {
    /// The head of a letter; `list` is where a list of receivers is put. `None` if they take more than
    /// [`RECEIVERS_BYTES_MAX`].
    ///
    /// # Panics
    /// If there are no receivers or they are not in order.
    pub fn of(letter: &Letter, list: &'a mut Vec<u8>) -> Option<Head<'a>> {
        let to = match &letter.to {
            To::One(to) => Receivers::One(*to),
            To::Many(many) => Receivers::list(many, list)?,
        };
        Some(Head {
            from: letter.from,
            to,
            incarnation: letter.incarnation,
            number: letter.number,
            event: letter.event,
            depth: letter.depth,
            sent: letter.sent,
            delay: letter.delay,
        })
    }

    /// The letter with this head and no body yet; `None` if its list of receivers is none.
    pub fn letter(&self) -> Option<Letter> {
        Some(Letter {
            from: self.from,
            to: self.to.read()?,
            incarnation: self.incarnation,
            number: self.number,
            event: self.event,
            depth: self.depth,
            sent: self.sent,
            delay: self.delay,
            body: Vec::new(),
        })
    }
}

impl<'a> Receivers<'a> {
    fn list(many: &[NodeId], list: &'a mut Vec<u8>) -> Option<Receivers<'a>> {
        let (Some(NodeId(first)), Some(NodeId(last))) = (many.first(), many.last()) else {
            panic!("a letter has a receiver");
        };
        assert!(
            many.is_sorted_by(|a, b| a < b),
            "receivers are in ascending order, each once"
        );
        list.clear();
        let bits = ((last - first) / 8 + 1) as usize;
        // A gap takes a byte at least.
        if bits <= many.len() {
            if bits > RECEIVERS_BYTES_MAX {
                return None;
            }
            list.resize(bits, 0);
            for NodeId(id) in many {
                let place = id - first;
                list[(place / 8) as usize] |= 1 << (place % 8);
            }
            return Some(Receivers::Bits {
                first: *first,
                bits: list,
            });
        }
        let mut next = 0;
        for NodeId(id) in many {
            let mut room = [0; 5];
            let gap = postcard::to_slice(&(id - next), &mut room).expect("5 bytes hold any u32");
            list.extend_from_slice(gap);
            if list.len() > RECEIVERS_BYTES_MAX {
                return None;
            }
            next = id.saturating_add(1);
        }
        Some(Receivers::Gaps(list))
    }

    fn read(&self) -> Option<To> {
        let many: Vec<NodeId> = match *self {
            Receivers::One(to) => return Some(To::One(to)),
            // A longer list than a packer makes would take more memory than the table counts on.
            Receivers::Gaps(bytes) | Receivers::Bits { bits: bytes, .. }
                if bytes.len() > RECEIVERS_BYTES_MAX =>
            {
                return None;
            }
            Receivers::Gaps(mut gaps) => {
                let mut many = Vec::with_capacity(gaps.len());
                let mut next = Some(0_u32);
                while !gaps.is_empty() {
                    let (gap, rest) = postcard::take_from_bytes::<u32>(gaps).ok()?;
                    let id = next?.checked_add(gap)?;
                    many.push(NodeId(id));
                    next = id.checked_add(1);
                    gaps = rest;
                }
                many
            }
            Receivers::Bits { first, bits } => {
                let mut many = Vec::with_capacity(bits.len() * 8);
                for (at, byte) in (0_u32..).step_by(8).zip(bits) {
                    for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
                        many.push(NodeId(first.checked_add(at + bit)?));
                    }
                }
                many
            }
        };
        (!many.is_empty()).then_some(To::Many(many))
    }
}

/// A slice would be written as a list, item by item.
fn as_bytes<S: Serializer>(bytes: &&[u8], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_bytes(bytes)
}
