//! What leaves: copies of messages become letters, letters become datagrams, and what finds no room waits, up to a bound.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;

use sim_core::kernel::id::NodeId;
use sim_core::sim::Packet;

use crate::counts::Messages;
use crate::post::{Post, Sent};
use crate::wire::{Bounds, Cluster, DATAGRAM_MAX, Letter, Packer, To};

/// Most bytes that wait for room in the send buffers; what comes then is given up, and counted.
pub const WAITING_MAX: usize = 4 << 20;

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// To one address.
    One(SocketAddr),
    /// To the multicast group.
    Group,
}

/// A datagram that waits.
#[derive(Debug)]
struct Parcel {
    from: NodeId,
    way: Way,
    bytes: Vec<u8>,
}

/// What a loop sends.
pub(crate) struct Outbox {
    packer: Packer,
    /// The address of each process of the cluster, by its number.
    addresses: Vec<SocketAddr>,
    /// Group sends go to everybody at once.
    has_group: bool,
    /// Who lives here: whoever does sends from its own socket.
    here: Vec<NodeId>,
    /// In which life they are.
    pub(crate) lives: BTreeMap<NodeId, u32>,
    letters: Vec<(NodeId, Way, Letter)>,
    waiting: VecDeque<Parcel>,
    waiting_bytes: usize,
}

impl Outbox {
    pub(crate) fn new(
        cluster: &Cluster,
        bounds: &Bounds,
        addresses: Vec<SocketAddr>,
        has_group: bool,
        here: Vec<NodeId>,
    ) -> Outbox {
        Outbox {
            packer: Packer::new(cluster, bounds),
            addresses,
            has_group,
            here,
            lives: BTreeMap::new(),
            letters: Vec::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        }
    }

    /// Does something wait for room?
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes the copies that leave in a turn, in order.
    pub(crate) fn add(&mut self, packet: Packet, counts: &mut Messages) {
        counts.sent += 1;
        if self.has_group && self.joins_the_last(&packet) {
            return;
        }
        let Some(address) = self.addresses.get(packet.to.index()) else {
            counts.no_address += 1;
            return;
        };
        let Packet {
            from,
            to,
            number,
            event,
            depth,
            sent,
            delay,
            body,
        } = packet;
        // A forged name has no socket here.
        let home = self.here.contains(&from);
        let socket = if home { from } else { self.here[0] };
        let letter = Letter {
            from,
            to: To::One(to),
            incarnation: self.lives.get(&socket).copied().unwrap_or_default(),
            number,
            event,
            depth,
            sent,
            delay,
            body,
        };
        self.letters.push((socket, Way::One(*address), letter));
    }

    /// Copies of one group send that follow each other travel in one datagram; their numbers follow each other too. The
    /// sender's own copy, which is not the network's business, keeps its number: it stays in the list, and nobody takes it.
    fn joins_the_last(&mut self, packet: &Packet) -> bool {
        let Some((_, way, last)) = self.letters.last_mut() else {
            return false;
        };
        let mut to = match &last.to {
            To::One(to) => vec![*to],
            To::Many(to) => to.clone(),
        };
        let same = (last.from, last.depth, last.sent, last.delay)
            == (packet.from, packet.depth, packet.sent, packet.delay);
        let (Some(before), true) = (to.last().copied(), same && last.body == packet.body) else {
            return false;
        };
        let place = to.len() as u64;
        let is_next = |gap| {
            (packet.number, packet.event) == (last.number + place + gap, last.event + place + gap)
        };
        if is_next(1) && before < packet.from && packet.from < packet.to {
            to.push(packet.from);
        } else if !is_next(0) || before >= packet.to {
            return false;
        }
        to.push(packet.to);
        last.to = To::Many(to);
        *way = Way::Group;
        true
    }

    /// Sends what was added, destination by destination, and what waited before it.
    pub(crate) fn send(&mut self, post: &mut Post, counts: &mut Messages) -> io::Result<()> {
        self.send_waiting(post)?;
        if self.letters.is_empty() {
            return Ok(());
        }
        let mut letters = std::mem::take(&mut self.letters);
        letters.sort_by_key(|(from, way, _)| (*from, *way));
        let mut failed = Ok(());
        for run in letters.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (from, way, _) = run[0];
            let (waiting, waiting_bytes) = (&mut self.waiting, &mut self.waiting_bytes);
            let mut sink = |bytes: &[u8]| {
                if failed.is_err() {
                    return;
                }
                let sent = if waiting.is_empty() {
                    put(post, from, way, bytes)
                } else {
                    Ok(Sent::Busy)
                };
                match sent {
                    Ok(Sent::Busy) if *waiting_bytes + bytes.len() <= WAITING_MAX => {
                        *waiting_bytes += bytes.len();
                        counts.queue_bytes_max = counts.queue_bytes_max.max(*waiting_bytes as u64);
                        let bytes = bytes.to_vec();
                        waiting.push_back(Parcel { from, way, bytes });
                    }
                    Ok(Sent::Busy) => counts.queue_full += 1,
                    Ok(_) => (),
                    Err(error) => failed = Err(error),
                }
            };
            let mut too_large = 0;
            for (_, _, letter) in run {
                if self.packer.push(letter, &mut sink).is_err() {
                    too_large += match &letter.to {
                        To::One(_) => 1,
                        To::Many(to) => to.len() as u64,
                    };
                }
            }
            self.packer.flush(&mut sink);
            counts.too_large += too_large;
        }
        letters.clear();
        self.letters = letters;
        failed
    }

    fn send_waiting(&mut self, post: &mut Post) -> io::Result<()> {
        while let Some(parcel) = self.waiting.front() {
            if put(post, parcel.from, parcel.way, &parcel.bytes)? == Sent::Busy {
                break;
            }
            self.waiting_bytes -= parcel.bytes.len();
            self.waiting.pop_front();
        }
        Ok(())
    }
}

fn put(post: &mut Post, from: NodeId, way: Way, bytes: &[u8]) -> io::Result<Sent> {
    debug_assert!(bytes.len() <= DATAGRAM_MAX, "the packer keeps to its limit");
    match way {
        Way::One(to) => post.send(from, to, bytes),
        Way::Group => post.send_group(from, bytes),
    }
}
