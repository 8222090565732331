//! What each fault does to a process or to a message, told by the trace of a puppet.

mod corners;
mod network;
mod processes;

use std::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::sim::{Fault, Lasting, Nodes, Outcome, Setup, Sim, Strike, Trigger};
use sim_core::trace::{Recorder, text};

/// Does what it is told, says what happens to it, and remembers: in vain, unless it writes it down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Puppet {
    told: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Strings;

impl Port for Strings {
    type Request = Move;
    type Indication = Said;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Move {
    /// Say what the wall clock and the monotonic clock show, in ms.
    Look,
    /// Send a number.
    Send(u8, Group),
    /// Write a number, say that it is written, and send it to process 0.
    Write(u8),
    /// Arm a timer.
    Arm(Span),
    /// Say how often it was told something in this life, and leave a mark.
    Count,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Said(String);

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What puppets send each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Data(u8);

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data{{{}}}", self.0)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Shelf(Vec<u8>);

impl Disk for Shelf {
    type Write = u8;
    fn apply(&mut self, write: u8) {
        self.0.push(write);
    }
}

impl Protocol for Puppet {
    type Offers = Strings;
    type Needs = Net<Data>;
    type Timer = char;
    type Disk = Shelf;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) if boot.is_recovery() => {
                fx.indicate(Said(format!(
                    "life {} with {:?}",
                    boot.incarnation + 1,
                    boot.disk.0
                )));
            }
            Event::Boot(_) => (),
            Event::Request(told) => {
                self.told += 1;
                match told {
                    Move::Look => {
                        let (wall, monotonic) = (fx.now(), fx.monotonic());
                        let ms = |time: LocalTime| time.as_nanos() / 1_000_000;
                        fx.indicate(Said(format!("{}/{}", ms(wall), ms(monotonic))));
                    }
                    Move::Send(what, to) => fx.send(to, Data(what)),
                    Move::Write(what) => {
                        fx.persist(what);
                        fx.indicate(Said(format!("wrote {what}")));
                        fx.send(NodeId(0), Data(what));
                    }
                    Move::Arm(span) => fx.arm('t', span),
                    Move::Count => {
                        fx.indicate(Said(format!("told {}", self.told)));
                        fx.mark("counted");
                    }
                }
            }
            Event::Indication(Arrival { from, msg }) => {
                fx.indicate(Said(format!("{} from {from}", msg.0)));
            }
            Event::Timer(_) => fx.indicate(Said("rang".to_owned())),
        }
    }
}

const fn ms(n: u64) -> Span {
    Span::from_millis(n)
}

fn nodes(list: &[u32]) -> Nodes {
    list.iter().copied().map(NodeId).collect()
}

fn fault(trigger: Trigger, strike: Strike, lasting: Lasting) -> Fault {
    Fault {
        number: 0,
        trigger,
        strike,
        lasting,
    }
}

/// A crash of process 1.
fn crash(trigger: Trigger, lasting: Lasting, disk_lost: bool) -> Fault {
    let strike = Strike::Crash {
        node: NodeId(1),
        disk_lost,
    };
    fault(trigger, strike, lasting)
}

/// A run of puppets that are told something at a time in ms: what was said, `time node what`, and the outcome.
fn run(mut setup: Setup, faults: Vec<Fault>, told: &[(u64, u32, Move)]) -> (Vec<String>, Outcome) {
    setup.counted = setup.counted.max(4);
    setup.faults = faults;
    let mut sim = Sim::new(setup, |_| Puppet { told: 0 });
    sim.record(Recorder::new(true, 10_000).with_faults(vec!["faults[0]: a fault".to_owned()]));
    for (at, node, what) in told {
        sim.request(ms(*at), NodeId(*node), *what);
    }
    let outcome = sim.run();
    let trace = outcome.trace.as_ref().expect("it was recorded");
    let said = trace
        .records
        .iter()
        .filter(|record| record.what.kind() == "deliver");
    let squeeze = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = said
        .map(|record| squeeze(text::line(trace, record).to_string()).replace("deliver ", ""))
        .collect();
    (said, outcome)
}

fn to(node: u32) -> Group {
    Group::One(NodeId(node))
}
