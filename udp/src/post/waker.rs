//! How another thread ends a wait.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// Wakes the loop that it comes from, from any thread. A loop that is not waiting does not wait the next time.
#[derive(Clone, Debug)]
pub struct Waker {
    bell: Arc<OwnedFd>,
}

impl Waker {
    pub(super) fn new() -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Waker {
            bell: Arc::new(bell),
        })
    }

    /// Ends the wait. Several calls before the loop looks are as good as one.
    pub fn wake(&self) {
        // It can only fail if the bell has been rung 2^64 - 2 times: then it rings already.
        let _rings_already = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    /// The loop has heard it.
    pub(super) fn hush(&self) {
        // It can only fail if nobody rang.
        let _silent_already = rustix::io::read(&self.bell, &mut [0_u8; 8]);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
