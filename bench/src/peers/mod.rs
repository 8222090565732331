//! Other simulators on the same loads. Each does the work in its own idiom; what is not the same is told in README.md.

pub mod anysystem;
pub mod desru;
pub mod nexosim;
pub mod simcore;
