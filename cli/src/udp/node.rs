//! `stormglass udp node`: one node of a scenario, on this host.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufReader};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Signal, getpid, kill_process};
use scenarios::format::{Need, Scenario, Trigger};
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
    let authentic = scenario.links.promise() == Need::Authenticated;
    if authentic && keys.names.is_empty() && !args.child {
        return complain(
            &"the links of this scenario are authenticated, and the peers have no keys: `stormglass keygen` makes them",
        );
    }
    if !authentic && !keys.names.is_empty() {
        out.note(format_args!(
            "warning: --key: the links of this scenario are {}, and keys protect nothing there; with `--set links=Authenticated()` they do",
            scenario.links
        ));
    }
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
        let drain = args.drain;
        let (telling, told) = channel();
        let mut parent = BufReader::new(io::stdin());
        let mut child = Child {
            watch,
            told,
            next: SimTime::ZERO,
            before: None,
            draining: None,
        };
        let begin = move || {
            say(io::stdout(), &Says::Ready)?;
            let beginning = hear(&mut parent)?;
            std::thread::spawn(move || {
                while let Ok(Some(told)) = hear(&mut parent) {
                    let order = match told {
                        Told::End { quiet_since } => {
                            Order::End(quiet_since.map(SimTime::from_nanos))
                        }
                        Told::Drain => Order::Drain(drain),
                        Told::Begin { .. } => continue,
                    };
                    if telling.send(order).is_err() {
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
                    clock: Some(Clock::since(epoch)),
                    since: SimTime::from_nanos(since),
                    spent,
                    lost: disk_lost.then_some(id),
                }),
                _ => Err(io::Error::other("nobody said when to begin").into()),
            }
        };
        let hosted = host.run(&mut child, begin)?;
        child.watch.finish()?;
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
    let mut alone = Alone {
        watch,
        out,
        now: since,
    };
    let hosted = host.run(&mut alone, || {
        Ok(Beginning {
            clock: None,
            since,
            // Nobody knows any more which of these have struck; those at a time that is past are over anyway.
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
    alone.watch.finish()?;
    Ok(match (signals.asked(), hosted.ran.ended) {
        (Some(exit), _) => exit,
        (None, Ended::Panicked) => Exit::Panicked,
        (None, Ended::Events | Ended::Memory) => Exit::Inconclusive,
        (None, _) => Exit::Held,
    })
}

/// The numbers of the faults that are crashes, and strike when something has happened.
fn crashes(scenario: &Scenario) -> BTreeSet<u32> {
    use scenarios::format::FaultKind;
    let timed = |trigger: &Option<Trigger>| !matches!(trigger, Some(Trigger::When(_)));
    let crash = |kind: &FaultKind| matches!(kind, FaultKind::Crash { .. });
    let numbered = (0..).zip(&scenario.faults);
    let crashes = numbered.filter(|(_, fault)| crash(&fault.kind) && !timed(&fault.trigger));
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
    now: SimTime,
}

impl Listener for Alone {
    fn order(&mut self, status: &Status) -> Order {
        self.now = status.now;
        self.watch.order(status)
    }

    fn crashed(&mut self, node: NodeId, fault: u32, returns: Option<(SimTime, bool)>) {
        self.out.note(format_args!(
            "{node} crashes here, by faults[{fault}]; start it again without --fresh, and with --since {}ms",
            returns.map_or(self.now, |(at, _)| at)
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
    /// It was told to let nobody ask for more.
    draining: Option<Order>,
}

impl Child {
    fn tell(&mut self, status: &Status) {
        let is = (status.is_quiet, status.sent, status.came);
        // News at once if all is quiet; else, and without news, now and then: who says nothing may be stopped.
        let is_news = self.before != Some(is) && status.is_quiet;
        if !is_news && status.now < self.next {
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
                now: status.now.as_nanos(),
            },
        );
    }
}

impl Listener for Child {
    fn order(&mut self, status: &Status) -> Order {
        self.tell(status);
        match self.told.try_recv() {
            Ok(order @ Order::Drain(_)) => self.draining = Some(order),
            Ok(order) => return order,
            Err(_) => (),
        }
        self.draining.unwrap_or_else(|| self.watch.order(status))
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
