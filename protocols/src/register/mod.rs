//! Registers: one value that every process may read and write, replicated without consensus.

mod last_writer_wins;
mod port;
pub mod property;
mod stamp;

pub use last_writer_wins::{LastWriterWins, Update};
pub use port::{Operation, Register, Reply};
pub use stamp::{Stamp, Stamping};
