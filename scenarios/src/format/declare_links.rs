//! The declaration of `links`.

use super::declare::Chosen;
use super::entry::Need;
use super::fields::Fields;
use super::leaves::Choice;
use super::links::{Guarantee, Layer, Links, Retries};
use super::network::Network;
use super::place::Place;
use super::problem::{Code, Problem};
use super::scenario::Places;
use sim_core::kernel::time::Span;

const LINKS: [&str; 8] = [
    "FairLoss",
    "Stubborn",
    "Reliable",
    "Logged",
    "Fifo",
    "Authenticated",
    "Assumed",
    "Weaker",
];

const GUARANTEES: [Choice<Guarantee>; 3] = [
    Choice {
        name: "Reliable",
        value: Guarantee::Reliable,
    },
    Choice {
        name: "Fifo",
        value: Guarantee::Fifo,
    },
    Choice {
        name: "Authenticated",
        value: Guarantee::Authenticated,
    },
];

/// Which links the protocol gets, and whether it can live with them.
pub(super) fn links(
    f: &mut Fields<'_>,
    protocol: Option<&Chosen<'_>>,
    network: &Network,
    places: &Places,
) -> Links {
    let needs = protocol.map_or(Need::FairLoss, |(entry, _)| entry.about().needs);
    let default = if f.describing() {
        "what the protocol needs, built"
    } else {
        needs.name()
    };
    let place = f.place_of("links");
    let doc = "what lies between the protocol and the network";
    let read = f.variant("links", &LINKS, Some(default), doc, |f| match f.name() {
        "Assumed" => {
            f.positional();
            let doc = "what holds without a single message more";
            Links::Assumed(f.choice("guarantee", &GUARANTEES, None, doc))
        }
        "Weaker" => {
            f.positional();
            let doc = "less than the protocol needs, on purpose";
            let built = &LINKS[..LINKS.len() - 2];
            let layer = f.variant("layer", built, None, doc, layer);
            Links::Weaker(layer.unwrap_or(Layer::FairLoss))
        }
        _ => Links::Built(layer(f)),
    });
    let links = read.unwrap_or(Links::Built(Layer::FairLoss));
    if read.is_some() && !matches!(links, Links::Weaker(_)) {
        let name = protocol.map_or("", |(entry, _)| entry.about().name);
        if !links.promise().is_at_least(needs) {
            too_weak(f, place, name, needs, links);
        }
    }
    if let (Links::Weaker(layer), false) = (links, f.describing())
        && read.is_some()
        && layer.promise().is_at_least(needs)
    {
        let title = format!(
            "{} links are not weaker than the protocol needs",
            layer.promise().name()
        );
        let problem = Problem::error(Code::S121, place, title).label("they are enough");
        f.report(problem.help(format!("write `links: {layer}`"), Vec::new()));
    }
    if links.is_assumed() && !f.describing() {
        beside_faults(f, place, links, network, places);
    }
    links
}

fn layer(f: &mut Fields<'_>) -> Layer {
    match f.name() {
        "FairLoss" => Layer::FairLoss,
        "Stubborn" => Layer::Stubborn {
            every: f.time_above_zero(
                "every",
                Some(Span::from_millis(100)),
                "how often everything is sent again",
            ),
            acks: f.flag(
                "acks",
                false,
                "until the receiver has acknowledged it, and not for ever",
            ),
        },
        "Logged" => Layer::Logged(retries(f)),
        "Fifo" => Layer::Fifo(retries(f)),
        "Authenticated" => Layer::Authenticated(retries(f)),
        _ => Layer::Reliable(retries(f)),
    }
}

fn retries(f: &mut Fields<'_>) -> Retries {
    let rto = f.optional_time(
        "rto",
        "after what time a message is sent again; without it, a time that follows what is measured",
    );
    if rto == Some(Span::ZERO) {
        f.zero("rto", "this would never come to an end");
    }
    let attempts = f.optional_small(
        "attempts",
        1,
        "how often a message is sent at most; without it, until it is acknowledged",
    );
    Retries { rto, attempts }
}

/// Reports links that promise less than the protocol needs.
fn too_weak(f: &mut Fields<'_>, place: Place, name: &str, needs: Need, links: Links) {
    let why = match links.promise() {
        Need::FairLoss => "FairLoss may lose messages",
        Need::Stubborn => "Stubborn links deliver a message again and again",
        _ if needs == Need::Logged => "these forget what they delivered when a node crashes",
        _ if needs == Need::Fifo => "on these messages overtake each other",
        _ if needs == Need::Authenticated => "on these anybody can speak in another's name",
        _ => "these stop once a message has been delivered",
    };
    let needed = needs.name();
    let title = format!("`{name}` needs {needed} links, and {why}");
    let problem = Problem::error(Code::S121, place, title).label("too weak");
    let assumed = GUARANTEES.iter().any(|known| known.name == needed);
    let weaker = match links {
        Links::Built(layer) => layer.to_string(),
        _ => links.promise().name().to_owned(),
    };
    let help = if assumed {
        format!(
            "`{needed}` builds them, `Assumed({needed})` assumes them, `Weaker({weaker})` goes without on purpose"
        )
    } else {
        format!("`{needed}` builds them, `Weaker({weaker})` goes without on purpose")
    };
    f.report(problem.help(help, Vec::new()));
}

/// Reports what a perfect network does not do.
fn beside_faults(
    f: &mut Fields<'_>,
    place: Place,
    links: Links,
    network: &Network,
    places: &Places,
) {
    let built = links.promise().name();
    let mut found = Vec::new();
    let everywhere = &network.everywhere;
    found.extend(
        (!everywhere.loss.is_never()).then(|| ("loss", everywhere.loss.to_string(), places.loss)),
    );
    for (field, p, at) in [
        ("duplicate", everywhere.duplicate, places.duplicate),
        ("corrupt", everywhere.corrupt, places.corrupt),
    ] {
        found.extend((!p.is_never()).then(|| (field, p.to_string(), at)));
    }
    for entry in &network.between {
        let differs = &entry.differs;
        if let Some(loss) = differs.loss.filter(|loss| !loss.is_never()) {
            found.push(("loss", loss.to_string(), Some(entry.place)));
        }
        for (field, p) in [
            ("duplicate", differs.duplicate),
            ("corrupt", differs.corrupt),
        ] {
            if let Some(p) = p.filter(|p| !p.is_never()) {
                found.push((field, p.to_string(), Some(entry.place)));
            }
        }
    }
    for (field, value, at) in found {
        let title = format!("{links} cannot stand beside a {field} of {value}");
        let mut problem = Problem::error(Code::S121, place, title)
            .label("the network is taken to be perfect here");
        if let Some(at) = at {
            problem = problem.also(at, format!("{field} is {value}"));
        }
        let help = format!(
            "leave out `{field}`, or write `links: {built}` for links that are built, or `links: Weaker(FairLoss)` to see \
             what breaks"
        );
        f.report(problem.help(help, Vec::new()));
    }
}
