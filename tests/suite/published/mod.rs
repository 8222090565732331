//! Published numbers, found again by running. A row of the table that they print: what, published, measured, tolerance.
//!
//! The acceptance rule: the mean over R independent runs is within the tolerance of the published value; where none is
//! given, that is three standard errors, plus one unit of its last digit. Two sets of seeds, none of them chosen. The whole
//! number of runs belongs to the release suite; with fewer, three standard errors come on top:
//!
//! ```text
//! cargo test --release --workspace -- --ignored published --nocapture --test-threads=1
//! ```

mod clocks;
mod gossip;
mod phi;
mod registers_and_bursts;
mod rpc;
mod swim;

use std::fmt::Display;
use std::ops::Range;

/// Two sets of seeds of `runs` each.
fn seed_sets(runs: u64) -> [Range<u64>; 2] {
    [0..runs, 1_000_000..1_000_000 + runs]
}

/// Mean and standard error.
#[expect(
    clippy::cast_precision_loss,
    reason = "a number of runs, far below 2^53"
)]
fn mean(values: &[f64]) -> (f64, f64) {
    let runs = values.len() as f64;
    let mean = values.iter().sum::<f64>() / runs;
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    let sd = (squares.sum::<f64>() / (runs - 1.0)).sqrt();
    (mean, sd / runs.sqrt())
}

/// A row of the table, and nothing but that.
#[expect(
    clippy::print_stdout,
    reason = "whoever asks for the numbers reads them here"
)]
fn show(what: &str, published: impl Display, measured: impl Display, tolerance: impl Display) {
    println!("{what:<44} {published:>12} {measured:>12} {tolerance:>10}");
}

/// A row of the table, and the judgement.
fn compare(what: &str, published: f64, measured: f64, tolerance: f64) {
    show(
        what,
        format!("{published:.6}"),
        format!("{measured:.6}"),
        format!("{tolerance:.6}"),
    );
    assert!(
        (measured - published).abs() <= tolerance,
        "{what}: {measured:.6}, published {published:.6} ± {tolerance:.6}"
    );
}
