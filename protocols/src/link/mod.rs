//! Point-to-point links (CGR ch. 2.4).

mod assumed;
mod authenticated;
mod chosen;
mod eliminate;
mod exchange;
mod fifo;
mod flooding;
mod itself;
mod logged;
mod perfect;
pub mod property;
mod routed;
mod stubborn;

pub use assumed::Assumed;
pub use authenticated::{AuthenticFairLoss, Authenticator, Keyring, PairKeys, Sealed, Tag};
pub use chosen::{AnyFrame, Built, LinkChoice};
pub use eliminate::{EliminateDuplicates, Numbered};
pub use exchange::{
    BACKLOG, Frame, Receipt, Records, Retransmission, Retransmit, Rto, Stamp, WINDOW, Watermark,
};
pub use fifo::{FifoFrame, FifoLink, Stream};
pub use flooding::{Flooded, Flooding, Ttl};
pub use itself::Itself;
pub use logged::{Log, LoggedLink};
pub use perfect::{Improves, PerfectLink};
pub use routed::{Hop, Routed};
pub use stubborn::{StubbornLink, Stubbornness, Until};
