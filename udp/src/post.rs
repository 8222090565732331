//! The sockets of one loop.
