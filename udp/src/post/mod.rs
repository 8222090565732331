//! The sockets of one loop: sends, waits and receives datagrams, and knows nothing of what is in them.
//!
//! To what stands above, this is a network that loses messages and says so in its counts. A thread has one [`Post`],
//! and that has a socket for each process that lives in this loop. It knows Linux only.

mod counts;
mod errno;
mod interface;
mod kernel_drops;
mod ready;
mod socket;
#[cfg(test)]
mod tests;
mod waker;

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use sim_core::kernel::id::NodeId;

use errno::{Meaning, explain};
use ready::Ready;

pub use counts::{Counts, SendLost};
pub use socket::BUFFER;
pub use waker::Waker;

/// Datagrams that are read from one socket before the others have their turn.
pub const READS: usize = 64;
/// Bytes of a datagram that are read. What is longer is cut off there.
pub const LONGEST: usize = 2_048;

/// The sockets of one loop: one for each process that lives here, and one more for the multicast group if there is one.
///
/// ```
/// use std::time::Duration;
/// use sim_core::kernel::id::NodeId;
/// use udp::post::{Post, Sent};
///
/// let (a, b) = (NodeId(0), NodeId(1));
/// let any_port = "127.0.0.1:0".parse().unwrap();
/// let mut post = Post::bind(&[(a, any_port), (b, any_port)], None)?;
/// let to = post.address(b).unwrap();
/// assert_eq!(post.send(a, to, b"hello")?, Sent::Done);
///
/// post.wait(Some(Duration::from_secs(5)), false)?;
/// let mut heard = Vec::new();
/// post.receive(|received| heard.push((received.at, received.bytes.to_vec())))?;
/// assert_eq!(heard, [(Some(b), b"hello".to_vec())]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Post {
    /// In order of nodes, that of the group first.
    sockets: Vec<Socket>,
    group: Option<SocketAddr>,
    ready: Ready,
    /// A byte longer than the longest datagram, which tells a datagram that was cut off.
    buffer: Box<[u8]>,
    counts: Counts,
    inodes: Vec<u64>,
}

/// A socket and whose it is. Nobody's is the group's.
#[derive(Debug)]
struct Socket {
    node: Option<NodeId>,
    udp: UdpSocket,
    address: SocketAddr,
}

/// What has become of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The kernel has taken it.
    Done,
    /// There is no room: try again when something can be written.
    Busy,
    /// It will never be sent. The counts say why.
    Lost,
}

/// A datagram that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The process whose socket it came to. None is the socket of the group.
    pub at: Option<NodeId>,
    /// Where it says that it comes from. A sender hears its own group sends.
    pub source: SocketAddr,
    /// Its payload, at most [`LONGEST`] bytes. It may be empty.
    pub bytes: &'a [u8],
    /// It was longer than that.
    pub truncated: bool,
}

impl Post {
    /// Binds a socket for each of these processes; port 0 stands for any free port. `group` is a multicast address with
    /// a port: all these processes send to it through the interface of their own address, and it is heard on all of
    /// these.
    ///
    /// The error says which address could not be had, and why.
    pub fn bind(local: &[(NodeId, SocketAddr)], group: Option<SocketAddr>) -> io::Result<Post> {
        let group = match group {
            Some(group) => Some(checked(group, local)?),
            None => None,
        };
        let mut sockets = Vec::with_capacity(local.len() + 1);
        for &(node, wanted) in local {
            let whose = format!("{node} at {wanted}");
            let udp =
                socket::node_socket(wanted, group).map_err(|error| explain(&whose, &error))?;
            sockets.push(Socket::new(Some(node), udp)?);
        }
        if let Some(group) = group {
            let interfaces = local.iter().map(|(_, address)| address.ip());
            let udp = socket::group_socket(group, interfaces)
                .map_err(|error| explain(&format!("group {group}"), &error))?;
            sockets.push(Socket::new(None, udp)?);
        }
        sockets.sort_by_key(|socket| socket.node);
        if let Some(twice) = sockets.windows(2).find(|two| two[0].node == two[1].node) {
            let said = twice[0]
                .node
                .map(|node| format!("{node} has two addresses"));
            return Err(mistake(said.unwrap_or_default()));
        }
        let table = |error| explain("the sockets", &error);
        let (mut inodes, mut granted) = (Vec::new(), u64::from(BUFFER));
        for socket in &sockets {
            inodes.push(kernel_drops::inode(&socket.udp).map_err(table)?);
            // The kernel counts its own expense too and therefore doubles what it grants (socket(7)).
            let doubled = rustix::net::sockopt::socket_recv_buffer_size(&socket.udp)?;
            granted = granted.min(doubled as u64 / 2);
        }
        Ok(Post {
            ready: Ready::of(sockets.iter().map(|socket| &socket.udp)).map_err(table)?,
            sockets,
            group,
            buffer: vec![0; LONGEST + 1].into_boxed_slice(),
            counts: Counts {
                buffer_granted: granted,
                ..Counts::default()
            },
            inodes,
        })
    }

    /// The address that this process is bound to. None if it does not live here.
    #[must_use]
    pub fn address(&self, node: NodeId) -> Option<SocketAddr> {
        self.find(node).map(|number| self.sockets[number].address)
    }

    /// Sends one datagram from the socket of `from`. What goes wrong is a loss that is counted, not an error.
    ///
    /// An error is a bug: a process that does not live here, or a socket that is none.
    pub fn send(&mut self, from: NodeId, to: SocketAddr, bytes: &[u8]) -> io::Result<Sent> {
        let number = self
            .find(from)
            .ok_or_else(|| mistake(format!("{from} does not live here")))?;
        let socket = &self.sockets[number];
        let error = loop {
            match socket.udp.send_to(bytes, to) {
                Ok(_) => {
                    self.counts.sent += 1;
                    self.counts.bytes_sent += bytes.len() as u64;
                    return Ok(Sent::Done);
                }
                Err(error) if Meaning::of(&error) == Meaning::Again => {}
                Err(error) => break error,
            }
        };
        let lost = &mut self.counts.send_lost;
        let kind = match Meaning::of(&error) {
            Meaning::Bug => return Err(error),
            Meaning::WouldBlock => {
                self.ready.note_full(number);
                self.counts.busy += 1;
                return Ok(Sent::Busy);
            }
            Meaning::DeviceFull => {
                self.ready.note_device_full();
                self.counts.busy += 1;
                return Ok(Sent::Busy);
            }
            Meaning::Unreachable => &mut lost.unreachable,
            Meaning::Refused => &mut lost.refused,
            Meaning::TooLong => &mut lost.too_long,
            Meaning::Again | Meaning::Other => &mut lost.other,
        };
        *kind += 1;
        Ok(Sent::Lost)
    }

    /// Sends one datagram to the group: to all who have joined it, the sender among them.
    ///
    /// An error is a bug, as in [`send`](Self::send), and so is a group send where there is no group.
    pub fn send_group(&mut self, from: NodeId, bytes: &[u8]) -> io::Result<Sent> {
        let group = self
            .group
            .ok_or_else(|| mistake("there is no group".to_owned()))?;
        self.send(from, group, bytes)
    }

    /// Waits until something can be read, until a socket that was busy has room if `want_write`, until a signal or the
    /// waker, or until the timeout is over. None is for ever. It may end without a reason, but it is never late by
    /// rounding: the timeout is good to the kernel's timers.
    ///
    /// With `want_write` it returns at once if no socket is busy.
    pub fn wait(&mut self, timeout: Option<Duration>, want_write: bool) -> io::Result<()> {
        let sockets = &self.sockets;
        self.ready
            .wait(timeout, want_write, |number| &sockets[number].udp)
    }

    /// Reads what is there, at most [`READS`] datagrams a socket, and returns how many it read. What it leaves ends the
    /// next wait at once, so that a loop can see to its timers in between.
    pub fn receive(&mut self, mut sink: impl FnMut(Received<'_>)) -> io::Result<usize> {
        let sockets = &self.sockets;
        let readable = self.ready.take_readable(|number| &sockets[number].udp)?;
        let mut read = 0;
        for &number in &readable {
            read += self.receive_at(number, &mut sink)?;
        }
        self.ready.give_back(readable);
        Ok(read)
    }

    /// What ends a wait from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.ready.waker()
    }

    /// What has been sent, received and lost so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Datagrams for these sockets that the kernel dropped, as it tells; 0 where it does not. This reads a file of the
    /// kernel's: once a second is often enough.
    #[must_use]
    pub fn kernel_drops(&self) -> u64 {
        kernel_drops::kernel_drops(&self.inodes)
    }

    fn receive_at(
        &mut self,
        number: usize,
        sink: &mut impl FnMut(Received<'_>),
    ) -> io::Result<usize> {
        let socket = &self.sockets[number];
        let mut read = 0;
        for _ in 0..READS {
            let (length, source) = match socket.udp.recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) => match Meaning::of(&error) {
                    Meaning::WouldBlock => break,
                    Meaning::Bug => return Err(error),
                    Meaning::Again => continue,
                    _ => {
                        self.counts.receive_errors += 1;
                        continue;
                    }
                },
            };
            let bytes = &self.buffer[..length.min(LONGEST)];
            let truncated = length > LONGEST;
            read += 1;
            self.counts.received += 1;
            self.counts.bytes_received += bytes.len() as u64;
            self.counts.truncated += u64::from(truncated);
            sink(Received {
                at: socket.node,
                source,
                bytes,
                truncated,
            });
        }
        Ok(read)
    }

    fn find(&self, node: NodeId) -> Option<usize> {
        let found = self
            .sockets
            .binary_search_by_key(&Some(node), |socket| socket.node);
        found.ok()
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("sockets", &self.sockets)
            .field("group", &self.group)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Socket {
    fn new(node: Option<NodeId>, udp: UdpSocket) -> io::Result<Self> {
        let address = udp.local_addr()?;
        Ok(Socket { node, udp, address })
    }
}

/// The group, if all who live here can be in it.
fn checked(group: SocketAddr, local: &[(NodeId, SocketAddr)]) -> io::Result<SocketAddr> {
    if !group.ip().is_multicast() || group.port() == 0 {
        let said = format!("group {group}: not a multicast address with a port");
        return Err(mistake(said));
    }
    let Some(&(_, first)) = local.first() else {
        return Err(mistake(format!("group {group}: nobody lives here")));
    };
    let mut strangers = local
        .iter()
        .filter(|(_, address)| address.is_ipv6() != group.is_ipv6());
    if let Some((node, address)) = strangers.next() {
        let said = format!("group {group}: {node} at {address} speaks another version of IP");
        return Err(mistake(said));
    }
    socket::with_scope(group, first).map_err(|error| explain(&format!("group {group}"), &error))
}

fn mistake(said: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, said)
}
