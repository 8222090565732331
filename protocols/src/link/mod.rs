//! Point-to-point links (CGR ch. 2.4).

mod assumed;
mod exchange;
mod logged;
mod perfect;
mod receivers;

pub use assumed::Assumed;
pub use exchange::{
    BACKLOG, Frame, Receipt, Records, Retransmission, Retransmit, Rto, Stamp, WINDOW, Watermark,
};
pub use logged::{Log, LoggedLink};
pub use perfect::{Improves, PerfectLink};
