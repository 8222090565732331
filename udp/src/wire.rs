//! What is in a datagram.
