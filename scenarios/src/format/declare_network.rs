//! The declaration of `network` and `timing`.

use super::declare_delay::{LAWS, delay};
use super::fields::{Absent, Fields, Spec};
use super::leaves::Label;
use super::network::{Between, Conduct, Differences, Loss, Network, Timing};
use super::problem::{Code, Problem};
use super::raw::Opened;
use super::resolved::Ron;
use super::words::similar;
use sim_core::kernel::random::{Delay, Probability};
use sim_core::kernel::time::Span;

/// What may wait when nothing else is said.
const QUEUE: u64 = 64 << 10;

/// What happens to a message on its way.
pub(super) fn network(f: &mut Fields<'_>) -> Network {
    let written = conduct(f, true);
    let limited = written.bandwidth.is_some();
    let everywhere = written.over(&Conduct {
        latency: Delay::Fixed(Span::from_millis(1)),
        loss: Loss::NEVER,
        duplicate: Probability::NEVER,
        corrupt: Probability::NEVER,
        fifo: false,
        bandwidth: None,
        queue: QUEUE,
    });
    let checksum = f.flag(
        "checksum",
        true,
        "frames carry one, so that what is corrupted is dropped",
    );
    let mut between = f.structures(
        "between",
        "other values of the fields above (but `checksum`) between some nodes; the last entry for a link wins",
        |f| differing(f, limited),
    );
    let texts = f.recorded("between").map(Ron::item_lines);
    for (index, (entry, text)) in between
        .iter_mut()
        .zip(texts.unwrap_or_default())
        .enumerate()
    {
        (entry.index, entry.text) = (index, text);
    }
    Network {
        everywhere,
        checksum,
        between,
    }
}

/// One entry of `between`. `limited` if there is a bandwidth everywhere.
fn differing(f: &mut Fields<'_>, limited: bool) -> Between {
    let before = f.cx.count();
    let from = f.nodes("from", None, "which senders");
    let to = f.nodes("to", None, "which receivers");
    let both = f.flag("both", false, "in the other direction too");
    let differs = conduct(f, false);
    if !f.describing() && differs == Differences::default() && f.cx.count() == before {
        let problem = Problem::error(Code::S103, f.place(), "nothing differs between these nodes");
        f.report(problem.label("like everywhere").help(
            "write one of `latency`, `loss`, `duplicate`, `corrupt`, `fifo`, `bandwidth`, `queue`",
            Vec::new(),
        ));
    }
    needless_queue(f, limited || differs.bandwidth.is_some());
    Between {
        index: 0,
        from,
        to,
        both,
        differs,
        text: String::new(),
        place: f.place(),
    }
}

/// What one direction of a link does to a copy: with all defaults `everywhere`, else only what is written.
fn conduct(f: &mut Fields<'_>, everywhere: bool) -> Differences {
    const LATENCY: &str = "how long a copy travels";
    let latency = if everywhere {
        f.variant("latency", &LAWS, Some("Fixed(\"1ms\")"), LATENCY, delay)
    } else {
        f.optional_variant("latency", &LAWS, LATENCY, delay)
    };
    let loss = loss(f, everywhere);
    let mut chance = |name, doc| {
        if everywhere {
            Some(f.probability(name, Some(Probability::NEVER), doc))
        } else {
            f.optional_probability(name, doc)
        }
    };
    let duplicate = chance("duplicate", "how likely a copy arrives twice");
    let corrupt = chance("corrupt", "how likely some bytes of a copy change");
    const FIFO: &str = "copies do not overtake each other";
    let fifo = if everywhere {
        Some(f.flag("fifo", false, FIFO))
    } else {
        f.optional_flag("fifo", FIFO)
    };
    let bandwidth = f.optional_rate("bandwidth", "how much passes; without it there is no limit");
    const WAITING: &str = "how much may wait for its turn; what comes then is dropped";
    let queue = if everywhere && (bandwidth.is_some() || f.describing()) {
        Some(f.bytes("queue", Some(QUEUE), WAITING))
    } else {
        f.optional_bytes("queue", WAITING)
    };
    if everywhere {
        needless_queue(f, bandwidth.is_some());
    }
    Differences {
        latency,
        loss,
        duplicate,
        corrupt,
        fifo,
        bandwidth,
        queue,
    }
}

/// Reports a queue that nothing has to wait in.
fn needless_queue(f: &mut Fields<'_>, limited: bool) {
    // A bandwidth that could not be read is one nevertheless.
    if f.describing() || limited || f.has("bandwidth") || !f.has("queue") {
        return;
    }
    let title = "`queue` belongs to `bandwidth`, and there is none";
    let problem = Problem::error(Code::S103, f.place_of("queue"), title);
    f.report(
        problem
            .label("nothing ever waits")
            .help("write `bandwidth: \"10Mbit/s\"` as well", Vec::new()),
    );
}

/// A probability for each copy by itself, or bursts.
fn loss(f: &mut Fields<'_>, everywhere: bool) -> Option<Loss> {
    const DOC: &str = "how likely a copy is lost";
    let node = f.take(Spec {
        name: "loss",
        kind: "one of".to_owned(),
        absent: if everywhere {
            Absent::Default("0".to_owned())
        } else {
            Absent::Nothing
        },
        doc: DOC,
        options: &["0.1", "GilbertElliott"],
    });
    if f.describing() {
        f.each_option("loss", &["GilbertElliott"], bursts);
        return None;
    }
    let read = match node.raw.map(|raw| (raw, raw.open())) {
        Some((raw, Opened::Struct(name, _) | Opened::Tuple(name, _)))
            if raw.text.ends_with(')') || similar(name, ["GilbertElliott"]).is_some() =>
        {
            f.constructed("loss", node, &["GilbertElliott"], &mut bursts)
        }
        _ => f.only("loss", node).and_then(|raw| {
            let label = Label {
                name: "loss",
                doc: DOC,
            };
            let p = f.chance_value(raw, raw.open(), label)?;
            Some((Loss::Each(p), Ron::Leaf(p.to_string())))
        }),
    };
    match read {
        Some((loss, ron)) => {
            f.record("loss", ron);
            Some(loss)
        }
        None if everywhere => {
            f.record("loss", Ron::Leaf("0".to_owned()));
            Some(Loss::NEVER)
        }
        None => None,
    }
}

fn bursts(f: &mut Fields<'_>) -> Loss {
    Loss::GilbertElliott {
        to_bad: f.probability(
            "to_bad",
            None,
            "how likely a good link goes bad before a copy",
        ),
        to_good: f.probability(
            "to_good",
            None,
            "how likely a bad link recovers before a copy",
        ),
        good: f.probability(
            "good",
            Some(Probability::NEVER),
            "how likely a copy is lost while the link is good",
        ),
        bad: f.probability(
            "bad",
            Some(Probability::ALWAYS),
            "how likely a copy is lost while the link is bad",
        ),
    }
}

/// What is known of how long things take.
pub(super) fn timing(f: &mut Fields<'_>) -> Timing {
    let read = f.variant(
        "timing",
        &["Asynchronous", "PartiallySynchronous"],
        Some("Asynchronous"),
        "what is known of how long a message takes",
        |f| match f.name() {
            "PartiallySynchronous" => Timing::PartiallySynchronous {
                gst: f.time("gst", None, "from then on the bound holds"),
                bound: f.time_above_zero("bound", None, "no message takes longer than this"),
            },
            _ => Timing::Asynchronous,
        },
    );
    read.unwrap_or(Timing::Asynchronous)
}
