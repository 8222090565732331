//! Which sockets can be read or written, and the wait for one.

use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::waker::Waker;

/// In place of a socket's number.
const WAKER: u64 = u64::MAX;
/// Nobody says when a device has room again: try after this.
const DEVICE_PAUSE: Duration = Duration::from_millis(1);

/// The sockets of a loop as the kernel sees them. They are known by their place in a list, which never changes.
pub(super) struct Ready {
    epoll: OwnedFd,
    waker: Waker,
    events: Vec<epoll::Event>,
    readable: Vec<usize>,
    full: Vec<Full>,
    is_device_full: bool,
}

/// A socket whose send buffer was full when it was last used.
#[derive(Clone, Copy, Debug)]
struct Full {
    socket: usize,
    /// The kernel has been told to say when there is room again.
    is_watched: bool,
}

impl Ready {
    pub(super) fn of<'a>(sockets: impl Iterator<Item = &'a UdpSocket>) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let waker = Waker::new()?;
        epoll::add(&epoll, &waker, EventData::new_u64(WAKER), EventFlags::IN)?;
        // Room for an event of each, so that no socket is ever left out.
        let mut events = 1;
        for socket in sockets {
            epoll::add(&epoll, socket, key(events - 1), EventFlags::IN)?;
            events += 1;
        }
        Ok(Ready {
            epoll,
            waker,
            events: Vec::with_capacity(events),
            readable: Vec::new(),
            full: Vec::new(),
            is_device_full: false,
        })
    }

    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// There was no room for a datagram in this socket.
    pub(super) fn note_full(&mut self, socket: usize) {
        if self.full.iter().all(|full| full.socket != socket) {
            self.full.push(Full {
                socket,
                is_watched: false,
            });
        }
    }

    /// There was no room for a datagram in the device.
    pub(super) fn note_device_full(&mut self) {
        self.is_device_full = true;
    }

    /// Waits for a socket, a signal, the waker, or the end of the timeout. `socket` finds one by its number.
    pub(super) fn wait<'a>(
        &mut self,
        timeout: Option<Duration>,
        want_write: bool,
        socket: impl Fn(usize) -> &'a UdpSocket,
    ) -> io::Result<()> {
        let has_room = self.full.is_empty() && !self.is_device_full;
        let timeout = match timeout {
            _ if want_write && has_room => Some(Duration::ZERO),
            _ if want_write && self.is_device_full => {
                Some(timeout.map_or(DEVICE_PAUSE, |timeout| timeout.min(DEVICE_PAUSE)))
            }
            timeout => timeout,
        };
        for full in &mut self.full {
            if full.is_watched != want_write {
                watch(&self.epoll, full.socket, want_write, &socket)?;
                full.is_watched = want_write;
            }
        }
        self.is_device_full = false;
        // The kernel's own wait counts in milliseconds. It takes the whole ones; who called waits again for what is left.
        let long = timeout.map(|timeout| Duration::from_millis(millis(timeout)));
        if long != Some(Duration::ZERO) {
            self.look_for(long, &socket)?;
        // While there is much to do, this first look is the only system call of the wait.
        } else if !self.look(&socket)? && timeout != Some(Duration::ZERO) {
            self.sleep(timeout)?;
            self.look(&socket)?;
        }
        if self.is_woken() {
            self.waker.hush();
        }
        Ok(())
    }

    /// The sockets that can be read: those that the last wait found, else those that can be read now.
    pub(super) fn take_readable<'a>(
        &mut self,
        socket: impl Fn(usize) -> &'a UdpSocket,
    ) -> io::Result<Vec<usize>> {
        if self.readable.is_empty() {
            self.look(socket)?;
        }
        Ok(std::mem::take(&mut self.readable))
    }

    /// Gives the list back, so that its memory is used again.
    pub(super) fn give_back(&mut self, mut readable: Vec<usize>) {
        readable.clear();
        self.readable = readable;
    }

    /// Asks the kernel what is the matter now. Returns whether anything is.
    fn look<'a>(&mut self, socket: impl Fn(usize) -> &'a UdpSocket) -> io::Result<bool> {
        self.look_for(Some(Duration::ZERO), socket)
    }

    /// The same, and waits for something for so many whole milliseconds; none is for ever.
    fn look_for<'a>(
        &mut self,
        timeout: Option<Duration>,
        socket: impl Fn(usize) -> &'a UdpSocket,
    ) -> io::Result<bool> {
        self.events.clear();
        self.readable.clear();
        let room = spare_capacity(&mut self.events);
        // Longer than the kernel can count is for ever.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match epoll::wait(&self.epoll, room, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &self.events {
            let Some(number) = number(event.data) else {
                continue;
            };
            let (flags, only_room) = (event.flags, EventFlags::OUT);
            if flags.contains(EventFlags::OUT) {
                self.full.retain(|full| full.socket != number);
                watch(&self.epoll, number, false, &socket)?;
            }
            // An error is read like a datagram, which clears it.
            if flags != only_room {
                self.readable.push(number);
            }
        }
        Ok(!self.events.is_empty())
    }

    /// Nothing but the passing of time. The epoll descriptor itself can be polled, which takes nanoseconds on every
    /// kernel: `epoll_wait` rounds up to milliseconds, and `epoll_pwait2` is young.
    fn sleep(&self, timeout: Option<Duration>) -> io::Result<()> {
        // Longer than the kernel can count is for ever.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let epoll = PollFd::from_borrowed_fd(self.epoll.as_fd(), PollFlags::IN);
        match poll(&mut [epoll], timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn is_woken(&self) -> bool {
        let mut keys = self.events.iter().map(|event| event.data);
        keys.any(|data| data.u64() == WAKER)
    }
}

/// The whole milliseconds of this time, no more than fit into the kernel's count.
fn millis(time: Duration) -> u64 {
    let most = u128::from(i32::MAX.unsigned_abs());
    u64::try_from(time.as_millis().min(most)).unwrap_or_default()
}

/// Asks the kernel to tell of room in this socket too, or no longer.
fn watch<'a>(
    epoll: &OwnedFd,
    number: usize,
    writes: bool,
    socket: impl Fn(usize) -> &'a UdpSocket,
) -> io::Result<()> {
    let mut flags = EventFlags::IN;
    flags.set(EventFlags::OUT, writes);
    Ok(epoll::modify(epoll, socket(number), key(number), flags)?)
}

fn key(number: usize) -> EventData {
    EventData::new_u64(number as u64)
}

fn number(data: EventData) -> Option<usize> {
    usize::try_from(data.u64())
        .ok()
        .filter(|_| data.u64() != WAKER)
}
