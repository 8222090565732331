//! `stormglass udp node`: one node of a scenario, on this host.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufReader};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Signal, getpid, kill_process};
use scenarios::format::Scenario;
use scenarios::run::Runner;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::sim::{Counters, Ended};
use udp::clock::Clock;
use udp::counts::Counts;
use udp::drive::{Failure, Listener, Order, Status};
use udp::peers::Peers;
use udp::store::Opening;

use super::host::{Beginning, Host, Watch};
use super::keyed::dealt;
use super::signals::Signals;
use super::talk::{Says, Told, hear, say};
use crate::args::UdpNodeArgs;
use crate::exit::Exit;
use crate::out::Out;
use crate::plan;

/// How often a node tells its parent how it is.
const TELL: Span = Span::from_millis(10);

/// Runs one node.
pub fn node(out: Out, registry: &dyn Runner, args: &UdpNodeArgs) -> Exit {
    let files = std::slice::from_ref(&args.file);
    let planned = match plan::plan(out, registry, files, &args.overriding) {
        Ok((_, planned)) => planned,
        Err(exit) => return exit,
    };
    let [planned] = planned.as_slice() else {
        out.complain("error: a node runs one scenario or one variant");
        return Exit::Usage;
    };
    let complain = |error: &dyn std::fmt::Display| {
        out.complain(format_args!("error: {error}"));
        Exit::Usage
    };
    let peers = match Peers::read(&args.peers) {
        Ok(peers) => peers,
        Err(error) => return complain(&error),
    };
    let scenario = &planned.scenario;
    let nodes = scenario.nodes as usize;
    if peers.addresses().len() != nodes {
        return complain(&format_args!(
            "{} has {} peers, and the scenario {nodes} nodes",
            args.peers.display(),
            peers.addresses().len()
        ));
    }
    if args.id >= scenario.nodes {
        return complain(&format_args!(
            "--id {}: the nodes are 0 to {}",
            args.id,
            nodes - 1
        ));
    }
    let keys = args.key.as_slice();
    let keys = match dealt(scenario, keys, Some(&peers)) {
        Ok(keys) => keys,
        Err(error) => return complain(&error),
    };
    let id = NodeId(args.id);
    if let Some((other, _)) = keys.names.iter().find(|(owner, _)| *owner != id) {
        return complain(&format_args!(
            "--key is the key of {other}, and this is {id}"
        ));
    }
    if let Err(error) = fs::create_dir_all(&args.out) {
        out.complain(format_args!("error: {}: {error}", args.out.display()));
        return Exit::Io;
    }
    let state = args.state.clone();
    let host = Host {
        registry,
        scenario,
        file: &planned.file,
        here: BTreeSet::from([id]),
        first: id,
        cluster: peers.cluster().to_owned(),
        addresses: peers.addresses(),
        group: peers.multicast(),
        keys: keys.keys,
        key_names: keys.names,
        state: state.unwrap_or_else(|| args.out.join(format!("{id}.redb"))),
        opening: if args.fresh {
            Opening::Fresh
        } else {
            Opening::Existing
        },
        folder: args.out.clone(),
        name: id.to_string(),
        own_network: args.own_network,
    };
    match live(out, host, args, id) {
        Ok(exit) => exit,
        Err(failure) => {
            if args.child {
                let _ = say(io::stdout(), &Says::Failed(failure.to_string()));
            } else {
                out.complain(format_args!("error: {failure}"));
            }
            Exit::Io
        }
    }
}

fn live(out: Out, host: Host<'_>, args: &UdpNodeArgs, id: NodeId) -> Result<Exit, Failure> {
    let signals = Signals::listen();
    let watch = Watch::new(&signals, args.drain, &args.out, &id.to_string())?;
    if args.child {
        let (telling, told) = channel();
        let mut parent = BufReader::new(io::stdin());
        let mut child = Child {
            watch,
            told,
            next: SimTime::ZERO,
            before: None,
        };
        let begin = move || {
            say(io::stdout(), &Says::Ready)?;
            let beginning = hear(&mut parent)?;
            std::thread::spawn(move || {
                while let Ok(Some(Told::End { quiet_since })) = hear(&mut parent) {
                    if telling
                        .send(Order::End(quiet_since.map(SimTime::from_nanos)))
                        .is_err()
                    {
                        return;
                    }
                }
                // A parent that is gone wants nothing more.
                let _ = telling.send(Order::End(None));
            });
            match beginning {
                Some(Told::Begin {
                    epoch,
                    since,
                    spent,
                    disk_lost,
                }) => Ok(Beginning {
                    clock: Clock::since(epoch),
                    since: SimTime::from_nanos(since),
                    spent,
                    lost: disk_lost.then_some(id),
                }),
                _ => Err(io::Error::other("nobody said when to begin").into()),
            }
        };
        let hosted = host.run(&mut child, begin)?;
        let counts = Box::new(hosted.ran.counts);
        let panic = hosted.panicked.map(|panicked| panicked.message);
        say(io::stdout(), &Says::Over { counts, panic })?;
        return Ok(Exit::Held);
    }
    let crashes: BTreeSet<u32> = crashes(host.scenario);
    let address = host.addresses[id.index()];
    out.note(format_args!(
        "{id} of {} at {address}, cluster {:?}; recording in {}",
        host.addresses.len(),
        host.cluster,
        args.out.display()
    ));
    let (since, fresh) = (SimTime::ZERO.after(args.since), args.fresh);
    let mut alone = Alone { watch, out };
    let hosted = host.run(&mut alone, || {
        let now = Clock::start();
        Ok(Beginning {
            clock: now.showing(since),
            since,
            // Whoever lives again has survived its crashes.
            spent: if fresh { BTreeSet::new() } else { crashes },
            lost: None,
        })
    })?;
    let (counters, counts) = (&hosted.outcome.counters, &hosted.ran.counts);
    out.answer(format_args!(
        "{id}: {} messages sent, {} received, {} deliveries; {} datagrams sent, {} received\n",
        counters.messages,
        counters.received,
        counters.indications,
        counts.sockets.sent,
        counts.sockets.received
    ));
    Ok(match (signals.asked(), hosted.ran.ended) {
        (Some(exit), _) => exit,
        (None, Ended::Panicked) => Exit::Panicked,
        (None, Ended::Events | Ended::Memory) => Exit::Inconclusive,
        (None, _) => Exit::Held,
    })
}

/// The numbers of the faults that are crashes.
fn crashes(scenario: &Scenario) -> BTreeSet<u32> {
    use scenarios::format::FaultKind;
    let crash = |kind: &FaultKind| matches!(kind, FaultKind::Crash { .. });
    let numbered = (0..).zip(&scenario.faults);
    let crashes = numbered.filter(|(_, fault)| crash(&fault.kind));
    crashes.map(|(number, _)| number).collect()
}

/// The process stops at once, and nothing of it is tidied up.
fn kill_oneself() {
    let _ = kill_process(getpid(), Signal::KILL);
}

/// A node that a person started.
struct Alone {
    watch: Watch,
    out: Out,
}

impl Listener for Alone {
    fn order(&mut self, status: &Status) -> Order {
        self.watch.order(status)
    }

    fn crashed(&mut self, node: NodeId, fault: u32, _: Option<(SimTime, bool)>) {
        self.out.note(format_args!(
            "{node} crashes here, by faults[{fault}]; start it again without --fresh"
        ));
        kill_oneself();
    }

    fn metrics(&mut self, now: SimTime, counts: &Counts, counters: &Counters) {
        self.watch.metrics(now, counts, counters);
    }
}

/// A node that `udp run --processes` started.
struct Child {
    watch: Watch,
    told: Receiver<Order>,
    /// When it says the next time how it is.
    next: SimTime,
    /// What it said last.
    before: Option<(bool, u64, u64)>,
}

impl Child {
    fn tell(&mut self, status: &Status) {
        let is = (status.is_quiet, status.sent, status.came);
        if self.before == Some(is) || status.now < self.next && !status.is_quiet {
            return;
        }
        (self.before, self.next) = (Some(is), status.now.after(TELL));
        // A parent that is gone is noticed on standard input.
        let _ = say(
            io::stdout(),
            &Says::Status {
                quiet: status.is_quiet,
                sent: status.sent,
                came: status.came,
                last: status.last.as_nanos(),
            },
        );
    }
}

impl Listener for Child {
    fn order(&mut self, status: &Status) -> Order {
        self.tell(status);
        self.told
            .try_recv()
            .unwrap_or_else(|_| self.watch.order(status))
    }

    fn crashed(&mut self, _: NodeId, fault: u32, returns: Option<(SimTime, bool)>) {
        let says = Says::Crash {
            fault,
            returns: returns.map(|(at, _)| at.as_nanos()),
            disk_lost: returns.is_some_and(|(_, lost)| lost),
        };
        let _ = say(io::stdout(), &says);
        kill_oneself();
    }

    fn metrics(&mut self, now: SimTime, counts: &Counts, counters: &Counters) {
        self.watch.metrics(now, counts, counters);
    }
}
