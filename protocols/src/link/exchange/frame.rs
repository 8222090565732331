//! What two ends of a reliable link write to each other.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Which message of a sender to one receiver, and which of its transmissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The life of the sender: it counts from 0 again in each.
    pub incarnation: u32,
    /// The place of the message among those of this life to this receiver, from 0.
    pub seq: u64,
    /// 0 for the first transmission. An ack echoes it, so that it is known what the ack answers.
    pub attempt: u32,
}

/// The lowest number that has not arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Watermark(pub u64);

/// A frame of a link that acknowledges and repeats.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Frame<M> {
    /// A message to another process.
    Msg {
        /// Its number.
        stamp: Stamp,
        /// The lowest number that the sender still waits for: a receiver that has lost its record goes on from here.
        base: u64,
        /// What was sent.
        msg: M,
    },
    /// It has arrived.
    Ack(Stamp),
    /// A message to oneself, which no network touches: it needs neither number nor ack.
    Own(M),
}

/// `Msg{#3 "hello"}`, the second transmission `Msg{#3 x2 "hello"}`, the ack `Ack{#3}`.
impl<M: fmt::Display> fmt::Display for Frame<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Msg { stamp, msg, .. } if stamp.attempt == 0 => {
                write!(f, "Msg{{#{} {msg}}}", stamp.seq)
            }
            Frame::Msg { stamp, msg, .. } => {
                let times = u64::from(stamp.attempt) + 1;
                write!(f, "Msg{{#{} x{times} {msg}}}", stamp.seq)
            }
            Frame::Ack(stamp) => write!(f, "Ack{{#{}}}", stamp.seq),
            Frame::Own(msg) => write!(f, "Msg{{{msg}}}"),
        }
    }
}
