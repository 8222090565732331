//! The declaration of laws of delay, wherever one is chosen.

use super::fields::Fields;
use super::problem::{Code, Problem};
use sim_core::kernel::random::{Delay, DelayError};
use sim_core::kernel::time::Span;

/// The laws.
pub(super) const LAWS: [&str; 7] = [
    "Fixed",
    "Uniform",
    "Exponential",
    "Normal",
    "LogNormal",
    "Pareto",
    "Empirical",
];

impl Fields<'_> {
    /// A law of delay, or nothing.
    pub fn optional_law(&mut self, name: &'static str, doc: &'static str) -> Option<Delay> {
        self.optional_variant(name, &LAWS, doc, delay)
    }
}

/// A law of delay.
pub(super) fn delay(f: &mut Fields<'_>) -> Delay {
    const MIN: &str = "what is shorter becomes this";
    const MAX: &str = "what is longer becomes this";
    let before = f.cx.count();
    let delay = match f.name() {
        "Fixed" => {
            f.positional();
            Delay::Fixed(f.time("delay", None, "always the same"))
        }
        "Uniform" => {
            f.positional();
            Delay::Uniform {
                min: f.time("min", None, "the shortest"),
                max: f.time("max", None, "the longest"),
            }
        }
        "Exponential" => Delay::Exponential {
            mean: f.time("mean", None, "on average, before clamping"),
            min: f.time("min", Some(Span::ZERO), MIN),
            max: f.optional_time("max", MAX),
        },
        "Normal" => Delay::Normal {
            mean: f.time("mean", None, "the centre"),
            sd: f.time("sd", None, "the standard deviation"),
            min: f.time("min", Some(Span::ZERO), MIN),
            max: f.optional_time("max", MAX),
        },
        "LogNormal" => Delay::LogNormal {
            median: f.time("median", None, "half of the copies take at most this"),
            p99: f.time("p99", None, "99 of 100 take at most this"),
            min: f.time("min", Some(Span::ZERO), MIN),
            max: f.optional_time("max", MAX),
        },
        "Pareto" => Delay::Pareto {
            scale: f.time("scale", None, "the shortest"),
            shape_ppm: millionths(f.number(
                "shape",
                0.000_001..=1000.0,
                None,
                "the larger, the shorter the tail",
            )),
            max: f.optional_time("max", MAX),
        },
        _ => {
            f.positional();
            let delays = f.times(
                "delays",
                "as measured, each as likely; one that is named twice is twice as likely",
            );
            Delay::Empirical(delays.into())
        }
    };
    // What is missing reads as zero, and has been reported.
    if !f.describing()
        && f.cx.count() == before
        && let Err(error) = delay.sampler()
    {
        let field = match error {
            DelayError::Zero { field }
            | DelayError::Order { field, .. }
            | DelayError::Empty { field } => field,
        };
        let place = if f.has(field) {
            f.place_of(field)
        } else {
            f.place()
        };
        f.report(
            Problem::error(Code::S105, place, "there is no such delay").label(error.to_string()),
        );
    }
    delay
}

fn millionths(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1 to 1e9"
    )]
    let ppm = (number * 1e6).round() as u32;
    ppm
}
