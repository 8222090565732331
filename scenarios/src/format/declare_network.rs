//! The declaration of `network` and `links`.

use super::declare::Chosen;
use super::entry::Need;
use super::fields::Fields;
use super::leaves::Choice;
use super::problem::{Code, Problem};
use super::scenario::{Links, Network, Places};
use sim_core::kernel::random::{Delay, DelayError, Probability};
use sim_core::kernel::time::Span;

/// What happens to a message on its way.
pub(super) fn network(f: &mut Fields<'_>) -> Network {
    const LAWS: [&str; 6] = [
        "Fixed",
        "Uniform",
        "Exponential",
        "Normal",
        "LogNormal",
        "Pareto",
    ];
    let latency = f.variant(
        "latency",
        &LAWS,
        Some("Fixed(\"1ms\")"),
        "how long a copy travels",
        latency,
    );
    Network {
        latency: latency.unwrap_or(Delay::Fixed(Span::from_millis(1))),
        loss: f.probability(
            "loss",
            Some(Probability::NEVER),
            "how likely a copy is lost",
        ),
        duplicate: f.probability(
            "duplicate",
            Some(Probability::NEVER),
            "how likely a copy arrives twice",
        ),
    }
}

fn latency(f: &mut Fields<'_>) -> Delay {
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
        _ => Delay::Pareto {
            scale: f.time("scale", None, "the shortest"),
            shape_ppm: millionths(f.number(
                "shape",
                0.000_001..=1000.0,
                None,
                "the larger, the shorter the tail",
            )),
            max: f.optional_time("max", MAX),
        },
    };
    // What is missing reads as zero, and has been reported.
    if !f.describing()
        && f.cx.count() == before
        && let Err(error) = delay.sampler()
    {
        let field = match error {
            DelayError::Zero { field } | DelayError::Order { field, .. } => field,
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

/// Which links the protocol gets, and whether it can live with them.
pub(super) fn links(
    f: &mut Fields<'_>,
    protocol: Option<&Chosen<'_>>,
    network: &Network,
    places: &Places,
) -> Links {
    let needs = protocol.map_or(Need::FairLoss, |(entry, _)| entry.about().needs);
    let default = match needs {
        _ if f.describing() => "what the protocol needs",
        Need::FairLoss => "FairLoss",
        Need::Reliable => "Assumed(Reliable)",
    };
    let (place, written) = (f.place_of("links"), f.has("links"));
    let doc = "what lies between the protocol and the network";
    let read = f.variant(
        "links",
        &["FairLoss", "Assumed", "Weaker"],
        Some(default),
        doc,
        |f| match f.name() {
            "Assumed" => {
                f.positional();
                let options = [Choice {
                    name: "Reliable",
                    value: (),
                }];
                f.choice(
                    "guarantee",
                    &options,
                    None,
                    "nothing is lost or duplicated, and no acknowledgements are sent",
                );
                Links::AssumedReliable
            }
            "Weaker" => {
                f.positional();
                let options = [Choice {
                    name: "FairLoss",
                    value: (),
                }];
                f.choice(
                    "guarantee",
                    &options,
                    None,
                    "less than the protocol needs, on purpose",
                );
                Links::Weaker
            }
            _ => Links::FairLoss,
        },
    );
    let links = read.unwrap_or(Links::FairLoss);
    let name = protocol.map_or("", |(entry, _)| entry.about().name);
    if read.is_some() && links == Links::FairLoss && needs == Need::Reliable {
        let title = format!("`{name}` needs Reliable links, and FairLoss may lose messages");
        let problem = Problem::error(Code::S121, place, title).label("too weak");
        f.report(problem.help(
            "`Assumed(Reliable)` assumes them, `Weaker(FairLoss)` goes without on purpose",
            Vec::new(),
        ));
    }
    if links == Links::AssumedReliable {
        for (field, value, at) in [
            ("loss", network.loss, places.loss),
            ("duplicate", network.duplicate, places.duplicate),
        ] {
            if value.is_never() {
                continue;
            }
            let title = format!("Assumed(Reliable) cannot stand beside a {field} of {value}");
            let mut problem = Problem::error(Code::S121, place, title)
                .label("nothing is lost or duplicated here");
            if !written {
                problem.place = at.unwrap_or(place);
                problem.label = format!("`{name}` needs Reliable links, and they are assumed here");
            } else if let Some(at) = at {
                problem = problem.also(at, format!("{field} is {value}"));
            }
            let help = format!(
                "leave out `{field}`, or write `links: Weaker(FairLoss)` to see what breaks"
            );
            f.report(problem.help(help, Vec::new()));
        }
    }
    links
}
