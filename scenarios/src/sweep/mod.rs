//! Sweeps: every point of a grid of parameters, so many runs each, on one core or on many computers.
//!
//! ```text
//! file ──plan──▶ Plan: runs in order, each with its id ──execute──▶ rows ──Part──▶ part-<i>-of-<n>.jsonl
//!                                                                                      │ merge
//!                           runs.jsonl, runs.csv, sweep.json ◀──judge, finish── all rows, in the order of the plan
//! ```
//!
//! **The law:** what is merged is the same, byte for byte, for any number of shards, any order, any kill and retry. It holds
//! because each piece is a function of its inputs: the id of a run is a hash of all that the run depends on, its seed follows
//! from the point and the number of the repetition alone, a part is only appended to, and everything behind the parts is
//! made from their rows.

mod execute;
mod finish;
mod judge;
mod part;
mod plan;
mod points;
mod row;
mod shard;
mod theory;

pub use execute::execute;
pub use finish::{Finished, finish};
pub use judge::{Judged, Standing, column, fitted, judge};
pub use part::{Conflict, Merged, Part, Read, merge, read};
pub use plan::{Axis, Description, Plan, Planned, Theory, folder, plan};
pub use points::{Point, points};
pub use row::Row;
pub use shard::Shard;
