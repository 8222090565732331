//! What an error of a socket means.
//!
//! To the layers above, this is a network that loses messages: nearly every error is such a loss, also those that look
//! like mistakes. `EINVAL` can be a route and `EPERM` a firewall. Only what no network can cause is a bug.

use std::io;

use rustix::io::Errno;

/// What has become of a datagram that could not be sent, or of a read that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A signal came in between: once more.
    Again,
    /// The socket's own buffer is full, or empty if this was a read.
    WouldBlock,
    /// The device has no room. The socket counts as writable all the same.
    DeviceFull,
    /// No way to the destination.
    Unreachable,
    /// A firewall or a prohibiting route.
    Refused,
    /// Too long for a datagram or for the link.
    TooLong,
    /// A loss like any other.
    Other,
    /// What only a bug of ours can cause.
    Bug,
}

impl Meaning {
    pub(super) fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(Errno::INTR) => Meaning::Again,
            Some(Errno::AGAIN) => Meaning::WouldBlock,
            Some(Errno::NOBUFS) => Meaning::DeviceFull,
            Some(Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::NETDOWN | Errno::HOSTDOWN) => {
                Meaning::Unreachable
            }
            Some(Errno::PERM | Errno::ACCESS) => Meaning::Refused,
            Some(Errno::MSGSIZE) => Meaning::TooLong,
            Some(Errno::BADF | Errno::NOTSOCK | Errno::FAULT) => Meaning::Bug,
            _ => Meaning::Other,
        }
    }
}

/// Why these sockets could not be had, in words; the kind of the error remains.
pub(super) fn explain(whose: &str, error: &io::Error) -> io::Error {
    let why = match Errno::from_io_error(error) {
        Some(Errno::ADDRINUSE) => "the address is in use".to_owned(),
        Some(Errno::ADDRNOTAVAIL) => "this host has no such address".to_owned(),
        Some(Errno::ACCESS | Errno::PERM) => {
            "no permission; ports below 1024 are the system's".to_owned()
        }
        Some(Errno::MFILE | Errno::NFILE) => {
            "too many open files; a node costs one descriptor, see `ulimit -n`".to_owned()
        }
        // Only a group needs a route at the start.
        Some(Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::NODEV) => {
            "no route to the group; on the loopback of IPv6 it takes \
             `ip -6 route add local ff00::/8 dev lo`"
                .to_owned()
        }
        Some(Errno::AFNOSUPPORT) => "this host does not speak this version of IP".to_owned(),
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), format!("{whose}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RELIABILITY asks that only three errors are bugs; a firewall or a missing route must not stop a node.
    #[test]
    fn only_bugs_are_bugs() {
        let meaning = |errno: Errno| Meaning::of(&errno.into());
        for errno in [Errno::BADF, Errno::NOTSOCK, Errno::FAULT] {
            assert_eq!(meaning(errno), Meaning::Bug);
        }
        assert_eq!(meaning(Errno::INVAL), Meaning::Other);
        assert_eq!(meaning(Errno::PERM), Meaning::Refused);
        assert_eq!(meaning(Errno::NETUNREACH), Meaning::Unreachable);
        assert_eq!(meaning(Errno::NOBUFS), Meaning::DeviceFull);
        assert_eq!(Meaning::of(&io::Error::other("no number")), Meaning::Other);
    }

    /// Who starts a hundred nodes must read what to do about it.
    #[test]
    fn says_that_a_node_costs_a_descriptor() {
        let said = explain("n7 at 127.0.0.1:0", &Errno::MFILE.into()).to_string();
        assert_eq!(
            said,
            "n7 at 127.0.0.1:0: too many open files; a node costs one descriptor, see `ulimit -n`"
        );
    }
}
