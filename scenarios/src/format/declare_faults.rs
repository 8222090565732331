//! The declaration of `faults`: each kind with its own fields, and then when it strikes and when it is over.

use super::declare_byzantine::{BEHAVIOURS_MAX, byzantine};
use super::declare_delay::{LAWS, delay};
use super::declare_partitions::partition;
use super::declare_trigger::{end, trigger};
use super::entry::Configured;
use super::faults::{Behaviour, DiskAfterCrash, Drift, Fault, FaultKind, Skew};
use super::fields::Fields;
use super::problem::{Code, Problem};
use super::resolved::Ron;
use super::triggers::Lasting;
use sim_core::kernel::random::{Delay, Probability};
use sim_core::kernel::time::Span;

/// What goes wrong.
pub(super) fn faults(f: &mut Fields<'_>, protocol: Option<&dyn Configured>) -> Vec<Fault> {
    let marks = protocol.map(|protocol| protocol.marks());
    let names = FaultKind::ABOUT.map(|about| about.name);
    let doc = "what goes wrong; each has the id `faults[i]`";
    let mut faults = f.variants("faults", &names, doc, |f| fault(f, marks.as_deref()));
    let texts = f.recorded("faults").map(Ron::item_lines);
    for (index, (fault, text)) in faults.iter_mut().zip(texts.unwrap_or_default()).enumerate() {
        (fault.index, fault.text) = (index, text);
    }
    too_many_behaviours(f, &faults);
    faults
}

/// Floods multiply: so often may one message be sent at most.
const COPIES_MAX: u64 = 10_000;

/// A process has a bit for each of its behaviours, whichever faults they come from.
fn too_many_behaviours(f: &mut Fields<'_>, faults: &[Fault]) {
    let (mut behaviours, mut copies) = (0, 1_u64);
    for fault in faults {
        if let FaultKind::Byzantine { behaviour, .. } = &fault.kind {
            behaviours += behaviour.len();
            for one in behaviour {
                if let Behaviour::Flood { copies: times, .. } = one {
                    copies = copies.saturating_mul(*times);
                }
            }
            if copies > COPIES_MAX {
                let title = format!("these floods together send each message {copies} times");
                let problem = Problem::error(Code::S105, fault.place, title);
                return f.report(problem.label(format!("at most {COPIES_MAX} times")));
            }
            if behaviours > BEHAVIOURS_MAX {
                let title =
                    format!("these are {behaviours} behaviours, with those of the faults before");
                let problem = Problem::error(Code::S105, fault.place, title);
                return f.report(problem.label(format!("at most {BEHAVIOURS_MAX} in a scenario")));
            }
        }
    }
}

fn fault(f: &mut Fields<'_>, marks: Option<&[&'static str]>) -> Fault {
    let mut kind = kind(f);
    let about = kind.about();
    let trigger = trigger(f, about, marks);
    let end = end(f, about, trigger.as_ref());
    if let FaultKind::Crash { disk, .. } = &mut kind {
        *disk = disk_after(f, end);
    }
    Fault {
        index: 0,
        kind,
        trigger,
        end,
        text: String::new(),
        place: f.place(),
    }
}

fn kind(f: &mut Fields<'_>) -> FaultKind {
    match f.name() {
        "Crash" => FaultKind::Crash {
            node: f.nodes("node", None, "which nodes stop"),
            disk: DiskAfterCrash::Durable,
        },
        "Pause" => FaultKind::Pause {
            node: f.nodes(
                "node",
                None,
                "which nodes take no event; what arrives waits",
            ),
        },
        "Slow" => FaultKind::Slow {
            node: f.nodes("node", None, "which nodes take time for every event"),
            processing: law(f, "processing", "how long one event takes"),
        },
        "Omission" => omission(f),
        "Byzantine" => byzantine(f),
        "SlowDisk" => FaultKind::SlowDisk {
            node: f.nodes("node", None, "whose disks are slow"),
            latency: law(f, "latency", "how long one write takes"),
        },
        "LostWrites" => FaultKind::LostWrites {
            node: f.nodes("node", None, "whose disks lie about syncing"),
            count: f.integer(
                "count",
                1..=u64::MAX,
                None,
                "so many writes before a crash are gone",
            ),
        },
        "TornWrite" => FaultKind::TornWrite {
            node: f.nodes(
                "node",
                None,
                "of whom the last write before a crash is torn",
            ),
        },
        "FullDisk" => FaultKind::FullDisk {
            node: f.nodes(
                "node",
                None,
                "whose disks are small; a write that fails stops the process",
            ),
            capacity: f.bytes("capacity", None, "how much a disk holds"),
        },
        "FailingDisk" => {
            let node = f.nodes(
                "node",
                None,
                "whose disks fail; a write that fails stops the process",
            );
            let before = f.cx.count();
            let p = f.probability("p", None, "how likely one write fails");
            if p.is_never() && f.has("p") && f.cx.count() == before {
                f.zero("p", "this disk never fails");
            }
            FaultKind::FailingDisk { node, p }
        }
        "Skew" => skew(f),
        "Drift" => drift(f),
        "Step" => {
            let node = f.nodes("node", None, "whose wall clocks jump");
            let before = f.cx.count();
            let by = f.signed_time("by", "how far; ahead is above zero");
            if by.as_nanos() == 0 && f.has("by") && f.cx.count() == before {
                not_zero(f, "by");
            }
            FaultKind::Step { node, by }
        }
        _ => partition(f),
    }
}

/// What becomes of the disk, which only a node that boots again can find out.
fn disk_after(f: &mut Fields<'_>, end: Lasting) -> DiskAfterCrash {
    let doc = "what becomes of the disk; Durable if nothing is written";
    let written = f.optional_variant("disk", &["Durable", "Lost"], doc, |f| match f.name() {
        "Lost" => DiskAfterCrash::Lost,
        _ => DiskAfterCrash::Durable,
    });
    let ends = f.has("restart") || f.has("for");
    if written.is_some() && !ends {
        let title = "`disk` belongs to `restart`, and this node never boots again";
        let problem = Problem::error(Code::S103, f.place_of("disk"), title);
        let help = "write `for: \"1s\"` as well, so long after it stopped";
        f.report(problem.label("nobody looks at it").help(help, Vec::new()));
    }
    if end != Lasting::Forever && written.is_none() {
        f.record("disk", Ron::Leaf("Durable".to_owned()));
    }
    written.unwrap_or(DiskAfterCrash::Durable)
}

/// A law of delay; a stand-in if it is missing, which is reported.
fn law(f: &mut Fields<'_>, name: &'static str, doc: &'static str) -> Delay {
    let read = f.variant(name, &LAWS, None, doc, delay);
    read.unwrap_or(Delay::Fixed(Span::ZERO))
}

fn omission(f: &mut Fields<'_>) -> FaultKind {
    let node = f.nodes("node", None, "which nodes lose messages");
    let before = f.cx.count();
    let never = Some(Probability::NEVER);
    let send = f.probability("send", never, "how likely a copy that they send is lost");
    let doc = "how likely a copy that reaches them is lost";
    let receive = f.probability("receive", never, doc);
    if send.is_never() && receive.is_never() && f.cx.count() == before {
        let title = "this `Omission` omits nothing";
        let problem = Problem::error(Code::S103, f.place(), title).label("never");
        let help = "write `send` or `receive` with a probability above zero";
        f.report(problem.help(help, Vec::new()));
    }
    FaultKind::Omission {
        node,
        send,
        receive,
    }
}

fn skew(f: &mut Fields<'_>) -> FaultKind {
    let node = f.nodes("node", None, "whose wall clocks are wrong from the start");
    let before = f.cx.count();
    let by = f.optional_signed_time("by", "how far; ahead is above zero");
    let doc = "how far at most, to either side, drawn for each node";
    let within = f.optional_time("within", doc);
    if either(f, before, "by") {
        if within == Some(Span::ZERO) {
            f.zero("within", "these clocks are right");
        } else if by.is_some_and(|by| by.as_nanos() == 0) {
            not_zero(f, "by");
        }
    }
    let offset = match within {
        Some(within) => Skew::Within(within),
        None => Skew::By(by.unwrap_or_default()),
    };
    FaultKind::Skew { node, offset }
}

fn drift(f: &mut Fields<'_>) -> FaultKind {
    const FULL_SPEED: i32 = 1_000_000;
    let node = f.nodes("node", None, "whose clocks run at a wrong rate");
    let before = f.cx.count();
    let doc = "how wrong, in millionths: 100 gains 100us a second";
    let ppm = f.optional_signed("ppm", 1 - FULL_SPEED..=FULL_SPEED, doc);
    let doc = "how wrong at most, to either side, drawn for each node";
    let within = f.optional_integer("within", 1..=FULL_SPEED as u64 - 1, doc);
    if either(f, before, "ppm") && ppm == Some(0) {
        not_zero(f, "ppm");
    }
    let rate = match within.and_then(|within| u32::try_from(within).ok()) {
        Some(within) => Drift::Within(within),
        None => Drift::Ppm(ppm.unwrap_or_default()),
    };
    FaultKind::Drift { node, rate }
}

/// Reports if not one of `first` and `within` is written. True if nothing is wrong.
fn either(f: &mut Fields<'_>, before: usize, first: &'static str) -> bool {
    if f.describing() || f.cx.count() != before {
        return false;
    }
    let title = format!("`{}` needs either `{first}` or `within`", f.name());
    let (place, code) = match (f.has(first), f.has("within")) {
        (true, true) => (f.place_of("within"), Code::S106),
        (false, false) => (f.place_of(first), Code::S103),
        _ => return true,
    };
    f.report(Problem::error(code, place, title).label("one of the two"));
    false
}

fn not_zero(f: &mut Fields<'_>, name: &str) {
    let title = format!("`{name}` has to be other than zero");
    let problem = Problem::error(Code::S105, f.place_of(name), title);
    f.report(problem.label("this clock is right"));
}
