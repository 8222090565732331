//! Every node a process of its own: a crash is a SIGKILL in the middle of what it does, and a recovery is a new process
//! that finds its database. Nobody knows how the whole stands but this parent, which hears from all of them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use scenarios::run::{Panicked, keys_of_seed};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::Moment;
use udp::clock::Clock;
use udp::counts::Counts;
use udp::drive::Failure;
use udp::peers::{Peer, Peers};

use super::gather::{gather, read_all};
use super::run::{Came, Real};
use super::talk::{Says, Told, hear, say};

/// No run starts more processes.
pub const NODES_MAX: u32 = 200;
/// How long the nodes have between the word and time zero.
const LEAD: Duration = Duration::from_millis(30);
/// How often the parent looks around.
const LOOK: Duration = Duration::from_millis(10);
/// Who has heard nothing for so long takes what is missing for lost.
const GRACE_NS: u64 = 250_000_000;
/// After the end a process has so long to leave.
const LEAVE: Duration = Duration::from_secs(10);

/// One node.
struct Node {
    id: NodeId,
    process: Child,
    told: ChildStdin,
    /// Which of its lives this is: what an earlier one said late does not count.
    life: u32,
    state: State,
    /// Copies sent and come, in all its lives.
    before: (u64, u64),
    now: (u64, u64),
    quiet: bool,
    last: u64,
    /// When it last said how it is.
    heard: u64,
    spent: BTreeSet<u32>,
    counts: Option<Counts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Up,
    /// Down; it returns at this time, perhaps with an empty disk.
    Down(Option<(u64, bool)>),
    /// Its next life was started, perhaps with an empty disk, and has not said that it is ready.
    Returning(bool),
    Over,
}

/// The run of all processes.
pub fn run(real: &Real<'_>) -> Result<Came, Failure> {
    if real.file == "-" {
        let text = "--processes needs a file: standard input cannot be read by every node";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text).into());
    }
    let peers = real.folder.join("peers.ron");
    fs::write(&peers, peers_text(real)?)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", peers.display())))?;
    let (said, hearing) = channel();
    let mut cluster = Cluster {
        real,
        nodes: Vec::new(),
        said,
        hearing,
        clock: Clock::start(),
        panic: None,
    };
    let done = cluster.live();
    // Whatever happened, nobody is left behind.
    for node in &mut cluster.nodes {
        let _ = node.process.kill();
        let _ = node.process.wait();
    }
    done?;
    let counts = cluster.nodes.iter().filter_map(|node| node.counts.clone());
    let counts = counts.collect();
    let (tapes, _) = read_all(real.folder)?;
    let keys = keys_of_seed(real.scenario.seed);
    let outcome = gather(real.registry, real.scenario, &tapes, &keys)
        .map_err(|different| Failure::Io(io::Error::other(different)))?;
    let at = Moment {
        at: outcome.at,
        event: outcome.events,
    };
    let panicked = cluster.panic.map(|message| Panicked { at, message });
    Ok(Came {
        outcome,
        panicked,
        counts,
    })
}

/// Who is where, as `udp node` reads it.
fn peers_text(real: &Real<'_>) -> Result<String, Failure> {
    let peer = |(id, address): (u32, &SocketAddr)| Peer {
        id: NodeId(id),
        address: *address,
        key: None,
    };
    let peers: Vec<Peer> = (0..).zip(&real.addresses).map(peer).collect();
    // Runs at the same time do not hear each other.
    let cluster = format!("run-{:016x}", udp::entropy()?);
    let peers = Peers::new(&cluster, real.group, &peers);
    Ok(peers.map_err(io::Error::other)?.to_string())
}

struct Cluster<'a> {
    real: &'a Real<'a>,
    nodes: Vec<Node>,
    said: Sender<(NodeId, u32, Says)>,
    hearing: Receiver<(NodeId, u32, Says)>,
    clock: Clock,
    /// What a protocol said when it panicked.
    panic: Option<String>,
}

impl Cluster<'_> {
    fn live(&mut self) -> Result<(), Failure> {
        for id in (0..self.real.scenario.nodes).map(NodeId) {
            let (process, told) = self.spawn(id, 0)?;
            self.nodes.push(Node {
                id,
                process,
                told,
                life: 0,
                state: State::Starting,
                before: (0, 0),
                now: (0, 0),
                quiet: false,
                last: 0,
                heard: 0,
                spent: BTreeSet::new(),
                counts: None,
            });
        }
        self.all_ready()?;
        self.clock = Clock::starting_in(LEAD);
        for place in 0..self.nodes.len() {
            self.begin(place, 0, false)?;
        }
        let (mut ended, mut drained) = (false, false);
        loop {
            match self.hearing.recv_timeout(LOOK) {
                Ok((id, life, says)) => self.hear(id, life, says)?,
                Err(RecvTimeoutError::Timeout) => (),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            self.bring_back()?;
            if self
                .nodes
                .iter()
                .all(|node| matches!(node.state, State::Over | State::Down(None)))
            {
                return Ok(());
            }
            let quiet_since = self.quiet_since();
            let asked = self.real.signals.asked().is_some();
            if asked && !drained {
                drained = true;
                for node in &mut self.nodes {
                    let _ = say(&mut node.told, &Told::Drain);
                }
            }
            if quiet_since.is_some() && !ended {
                ended = true;
                for node in self.nodes.iter_mut().filter(|node| node.state == State::Up) {
                    // Who has just ended by itself does not listen any more.
                    let _ = say(&mut node.told, &Told::End { quiet_since });
                }
            }
            if ended
                && self.clock.now().as_nanos()
                    > self.last() + u64::try_from(LEAVE.as_nanos()).unwrap_or(u64::MAX)
            {
                return Err(io::Error::other("a node did not end when it was told to").into());
            }
        }
    }

    fn last(&self) -> u64 {
        self.nodes
            .iter()
            .map(|node| node.last)
            .max()
            .unwrap_or_default()
    }

    /// Starts the process of a node. It waits for the word.
    fn spawn(&self, id: NodeId, life: u32) -> Result<(Child, ChildStdin), Failure> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(program);
        command.args(["udp", "node"]).args(&self.real.words);
        command.args(["--id", &id.0.to_string()]);
        command
            .arg("--peers")
            .arg(self.real.folder.join("peers.ron"));
        command
            .arg("--state")
            .arg(self.real.folder.join(format!("{id}.redb")));
        command.arg("-o").arg(self.real.folder).arg("--child");
        if life == 0 {
            command.arg("--fresh");
        }
        if self.real.own_network {
            command.arg("--own-network");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let told = process.stdin.take().expect("it is piped");
        let mut heard = BufReader::new(process.stdout.take().expect("it is piped"));
        let said = self.said.clone();
        std::thread::spawn(move || {
            while let Ok(Some(says)) = hear(&mut heard) {
                if said.send((id, life, says)).is_err() {
                    return;
                }
            }
            // Whoever cannot say more is gone. Nobody may be listening any more either.
            let _ = said.send((id, life, Says::Gone));
        });
        Ok((process, told))
    }

    fn all_ready(&mut self) -> Result<(), Failure> {
        let mut waiting = self.nodes.len();
        while waiting > 0 {
            match self.hearing.recv_timeout(Duration::from_secs(20)) {
                Ok((_, _, Says::Ready)) => waiting -= 1,
                Ok((id, life, says)) => self.hear(id, life, says)?,
                Err(_) => return Err(io::Error::other("a node did not start in time").into()),
            }
        }
        Ok(())
    }

    fn begin(&mut self, place: usize, since: u64, disk_lost: bool) -> Result<(), Failure> {
        let epoch = self.clock.epoch();
        let node = &mut self.nodes[place];
        node.state = State::Up;
        let spent = node.spent.clone();
        say(
            &mut node.told,
            &Told::Begin {
                epoch,
                since,
                spent,
                disk_lost,
            },
        )?;
        Ok(())
    }

    fn hear(&mut self, id: NodeId, life: u32, says: Says) -> Result<(), Failure> {
        let node = &mut self.nodes[id.index()];
        if life != node.life {
            return Ok(());
        }
        match says {
            Says::Ready => {
                // A later life begins as soon as it can.
                let State::Returning(disk_lost) = node.state else {
                    return Ok(());
                };
                let since = self.clock.now().as_nanos();
                self.begin(id.index(), since, disk_lost)?;
            }
            Says::Status {
                quiet,
                sent,
                came,
                last,
                now,
            } => {
                node.heard = now;
                node.quiet = quiet;
                node.now = (sent, came);
                node.last = last;
            }
            Says::Crash {
                fault,
                returns,
                disk_lost,
            } => {
                node.spent.insert(fault);
                node.state = State::Down(returns.map(|at| (at, disk_lost)));
                node.before = (node.before.0 + node.now.0, node.before.1 + node.now.1);
                node.now = (0, 0);
                node.last = self.clock.now().as_nanos();
                // It has killed itself by now; the kernel keeps it until somebody asks.
                node.process.wait()?;
            }
            Says::Over { counts, panic } => {
                self.panic = self.panic.take().or(panic);
                node.state = State::Over;
                node.counts = Some(*counts);
                node.process.wait()?;
            }
            Says::Gone
                if matches!(
                    node.state,
                    State::Starting | State::Up | State::Returning(_)
                ) =>
            {
                return Err(io::Error::other(format!("{id} ended without a word")).into());
            }
            Says::Gone => (),
            Says::Failed(why) => {
                return Err(io::Error::other(format!("{id}: {why}")).into());
            }
        }
        Ok(())
    }

    /// Starts the next life of whoever is to return by now.
    fn bring_back(&mut self) -> Result<(), Failure> {
        let now = self.clock.now().as_nanos();
        for place in 0..self.nodes.len() {
            let node = &self.nodes[place];
            let (id, life) = (node.id, node.life + 1);
            if let State::Down(Some((at, disk_lost))) = node.state
                && at <= now
            {
                let (process, told) = self.spawn(id, life)?;
                let node = &mut self.nodes[place];
                (node.process, node.told, node.life) = (process, told, life);
                node.quiet = false;
                node.state = State::Returning(disk_lost);
            }
        }
        Ok(())
    }

    /// Since when all is quiet everywhere, if it is.
    fn quiet_since(&self) -> Option<u64> {
        let alive = self
            .nodes
            .iter()
            .filter(|node| node.state != State::Down(None));
        if !alive
            .clone()
            .all(|node| node.state == State::Over || node.state == State::Up && node.quiet)
        {
            return None;
        }
        let last = self.last();
        let sum = |of: fn(&Node) -> u64| self.nodes.iter().map(of).sum::<u64>();
        let sent = sum(|node| node.before.0 + node.now.0);
        let came = sum(|node| node.before.1 + node.now.1);
        // Only what was said after the last event counts: a node that is stopped has nothing to say, and is waited for.
        let up = self.nodes.iter().filter(|node| node.state == State::Up);
        let heard = up.map(|node| node.heard).min();
        let heard = heard.unwrap_or_else(|| self.clock.now().as_nanos());
        let waited = heard.saturating_sub(last);
        let settled = waited > 5 * u64::try_from(LOOK.as_nanos()).unwrap_or(u64::MAX);
        (settled && sent == came || waited > GRACE_NS).then_some(last)
    }
}
