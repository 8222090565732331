//! Point-to-point links (CGR ch. 2.4).

mod assumed;

pub use assumed::Assumed;
