//! Point-to-point links (CGR ch. 2.4).

mod assumed;
mod flooding;

pub use assumed::Assumed;
pub use flooding::{Flooded, Flooding, Ttl};
