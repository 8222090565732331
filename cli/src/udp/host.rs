//! One part of a scenario's cluster in this process: engine, sockets, database, recording, metrics.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use scenarios::format::Scenario;
use scenarios::run::{Keys, Panicked, Runner};
use serde_json::json;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::Moment;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::sim::{Counters, Life, Outcome, Part};
use sim_core::trace::MODEL_VERSION;
use udp::clock::Clock;
use udp::counts::Counts;
use udp::drive::{Bound, Failure, Listener, Order, Ran, Site, Status};
use udp::host::first_number;
use udp::recording::{Header, Recording, finish};
use udp::store::{Identity, Opening, Store};
use udp::wire::Bounds;

use super::signals::Signals;

/// What lives here and where it keeps what.
pub struct Host<'a> {
    pub registry: &'a dyn Runner,
    pub scenario: &'a Scenario,
    /// Where the scenario was read.
    pub file: &'a str,
    pub here: BTreeSet<NodeId>,
    /// Events and messages are numbered as those of this node.
    pub first: NodeId,
    pub cluster: String,
    pub addresses: Vec<SocketAddr>,
    pub group: Option<SocketAddr>,
    pub keys: Keys,
    /// Fingerprints of the keys, if they are from files.
    pub key_names: Vec<(NodeId, String)>,
    pub state: PathBuf,
    pub opening: Opening,
    /// The folder of the recording.
    pub folder: PathBuf,
    /// What lives here, in names of files: `all`, `n2`.
    pub name: String,
    /// The network of the scenario is left out.
    pub own_network: bool,
}

/// When a part begins to live.
pub struct Beginning {
    /// That of a run that another process has started; else it starts when all is ready.
    pub clock: Option<Clock>,
    /// On that clock.
    pub since: SimTime,
    /// Faults that have struck before.
    pub spent: BTreeSet<u32>,
    /// Whose stable storage is lost.
    pub lost: Option<NodeId>,
}

impl Beginning {
    /// Now, for the first time.
    pub fn now() -> Beginning {
        Beginning {
            clock: None,
            since: SimTime::ZERO,
            spent: BTreeSet::new(),
            lost: None,
        }
    }
}

/// What came of it.
pub struct Hosted {
    pub ran: Ran,
    pub outcome: Outcome,
    pub panicked: Option<Panicked>,
}

impl Host<'_> {
    /// Binds the sockets and opens the database; then asks when to begin, and runs until all is over.
    pub fn run(
        self,
        listener: &mut dyn Listener,
        begin: impl FnOnce() -> Result<Beginning, Failure>,
    ) -> Result<Hosted, Failure> {
        let nodes: Vec<NodeId> = self.here.iter().copied().collect();
        let identity = Identity {
            cluster: self.cluster.clone(),
            program: self.scenario.protocol_text.clone(),
        };
        let bound = Bound::new(Site {
            cluster: self.cluster,
            addresses: self.addresses,
            group: self.group,
            here: self.here.clone(),
            bounds: Bounds::STANDARD,
        })?;
        let mut store = Store::open(&self.state, &identity, &nodes, self.opening)?;
        let Beginning {
            clock,
            since,
            spent,
            lost,
        } = begin()?;
        if let Some(node) = lost {
            store.lose(node)?;
        }
        let lives = store.begin_lives(&nodes)?;
        let lives: Vec<Life> = nodes
            .iter()
            .zip(lives)
            .map(|(node, life)| Life {
                node: *node,
                incarnation: life.incarnation,
                snapshot: life.snapshot,
                writes: life.writes,
            })
            .collect();
        let life = lives.first().map_or(0, |life| life.incarnation);
        let part = Part {
            here: self.here,
            since,
            choices: udp::entropy()?,
            base: first_number(self.first, life)?,
            spent,
            own_network: self.own_network,
        };
        let header = Header {
            model_version: MODEL_VERSION,
            scenario: self.scenario.resolved.clone(),
            // It may be replayed from another folder.
            file: std::path::absolute(self.file)?.display().to_string(),
            part: part.clone(),
            keys: self.key_names,
        };
        let recording = self.folder.join(format!("{}-{life}.recording", self.name));
        let recording = Recording::create(&recording, header)?;
        let mut engine = self.registry.live(self.scenario, part, self.keys, None);
        let mut drive = bound
            .drive(
                engine.as_mut(),
                clock.unwrap_or_else(|| Clock::start().showing(since)),
            )
            .with_store(store)
            .with_recording(recording);
        let ran = drive.run(&lives, listener)?;
        drop(drive);
        let outcome = finish(engine.as_mut(), (ran.ended, ran.quiet_since));
        let panicked = ran.panic.as_ref().map(|cause| {
            let at = Moment {
                at: outcome.at,
                event: outcome.events.saturating_sub(1),
            };
            Panicked::caught(cause.as_ref(), at)
        });
        Ok(Hosted {
            ran,
            outcome,
            panicked,
        })
    }
}

/// Looks after a part from outside: signals, and a line of metrics a second.
pub struct Watch {
    signals: Signals,
    drain: Span,
    metrics: File,
    failed: Option<io::Error>,
}

impl Watch {
    /// Writes metrics to `NAME.metrics.jsonl` in this folder.
    pub fn new(signals: &Signals, drain: Span, folder: &Path, name: &str) -> io::Result<Watch> {
        let path = folder.join(format!("{name}.metrics.jsonl"));
        let mut options = fs::OpenOptions::new();
        let metrics = options.create(true).append(true).open(&path);
        Ok(Watch {
            signals: signals.clone(),
            drain,
            metrics: metrics.map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?,
            failed: None,
        })
    }

    /// The run is over: were all metrics written?
    pub fn finish(self) -> io::Result<()> {
        match self.failed {
            Some(error) => {
                let text = format!("the metrics could not be written: {error}");
                Err(io::Error::new(error.kind(), text))
            }
            None => Ok(()),
        }
    }
}

impl Listener for Watch {
    fn order(&mut self, _: &Status) -> Order {
        match self.signals.asked() {
            Some(_) => Order::Drain(self.drain),
            None => Order::GoOn,
        }
    }

    fn metrics(&mut self, now: SimTime, counts: &Counts, counters: &Counters) {
        let line = json!({
            "at_ns": now.as_nanos(),
            "messages": counters.messages,
            "received": counters.received,
            "deliveries": counters.indications,
            "writes": counters.writes,
            "timers": counters.timers,
            "memory_bytes": resident(),
            "counts": counts,
        });
        // Metrics that cannot be written are no reason to stop; the end tells.
        let line = format!("{line}\n");
        if let Err(error) = self.metrics.write_all(line.as_bytes()) {
            self.failed.get_or_insert(error);
        }
    }
}

/// Bytes of memory that this process has in use; 0 where it cannot be told.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1);
    let pages = pages.and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * rustix::param::page_size() as u64
}
