//! One's own protocol over UDP: a thread with the loop of one process, asked and heard through channels.
//!
//! ```no_run
//! # use std::path::Path;
//! # use protocols::link::{BACKLOG, PerfectLink, Retransmission, Rto};
//! # use sim_core::kernel::prelude::*;
//! # use sim_core::kernel::text::Text;
//! # use udp::peers::Peers;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let link = Retransmission { rto: Rto::Estimated, attempts: None, backlog: BACKLOG };
//! let peers = Peers::read(Path::new("peers.ron"))?;
//! let mut node = udp::host(NodeId(0), &peers, move |_| PerfectLink::<Text>::new(link))?;
//! node.request(&Transmit { to: Group::Others, msg: Text::from("hello") })?;
//! for Arrival { from, msg } in node.indications() {
//!     println!("{from}: {msg}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `examples/hello.rs` is a whole program. The engine is that of the simulator, with a network that adds nothing to the
//! real one and without faults.
//!
//! What is bounded: [`REQUESTS_MAX`] requests wait for the loop, then [`Hosted::request`] waits too. What the process says
//! waits for whoever listens, [`Host::indications_max`] of it; if nobody takes it the process ends with
//! [`HostError::Unheard`]: a crash is what protocols are made for, a delivery that is lost in silence is not. Memory for what
//! is in flight or armed ends at [`MEMORY_MAX`]. Datagrams, messages and send queues have the bounds of [`crate::wire`], what waits to be
//! sent takes [`WAITING_MAX`] bytes at most.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use protocols::link::Keyring;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Ind, Port, Req};
use sim_core::kernel::protocol::Node;
use sim_core::kernel::random::Delay;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::kernel::wire;
use sim_core::sim::{Counters, Ended, Life, Limits, Part, Setup, Sim};
use sim_core::trace::MODEL_VERSION;

use crate::clock::Clock;
use crate::counts::Counts;
use crate::drive::{Bound, Failure, Listener, Order, Site, Status};
use crate::keys::{KeyError, Secret};
use crate::peers::Peers;
use crate::post::Waker;
use crate::recording::{self, Header, Recording, Replayed};
use crate::store::{Identity, Opening, Store, StoreError};
use crate::wire::Bounds;

pub use crate::outbox::WAITING_MAX;

/// Most requests that wait for the loop.
pub const REQUESTS_MAX: usize = 1_024;
/// Most indications that wait for a listener, if nothing else is said.
pub const INDICATIONS_MAX: usize = 65_536;
/// Most bytes of what is in flight or armed.
pub const MEMORY_MAX: u64 = 1 << 30;
/// How long a process that is stopped may go on until all is quiet, if nothing else is said.
pub const DRAIN: Span = Span::from_secs(1);

/// A life has so many bits for the numbers of its events, and a process so many for its lives.
const LIFE_BITS: u32 = 34;
/// Numbers of the events of process 1 begin here, those of process 2 at twice that, and so on.
const NODE_BITS: u32 = 46;

/// Where the numbers of the events and messages of a life begin, so that those of several processes and lives differ.
///
/// # Errors
/// If there are no numbers left: from process 2^18 on, and after 4,096 lives.
pub fn first_number(node: NodeId, incarnation: u32) -> io::Result<u64> {
    let beyond = node.0 >> (u64::BITS - NODE_BITS) | incarnation >> (NODE_BITS - LIFE_BITS);
    if beyond > 0 {
        let text =
            format!("{node} in its life {incarnation}: there are no numbers left for its events");
        return Err(io::Error::other(text));
    }
    Ok((u64::from(node.0) << NODE_BITS) + (u64::from(incarnation) << LIFE_BITS))
}

/// Runs process `me` of a cluster with what `program` gives, in a thread of its own. For more than that see [`Host`].
///
/// # Errors
/// If it cannot begin: see [`Host::start`].
pub fn host<P: Node>(
    me: NodeId,
    peers: &Peers,
    program: impl FnMut(&Seat) -> P + Send + 'static,
) -> Result<Hosted<P::Offers>, HostError> {
    Host::new(me, peers).start(program)
}

/// What a program is told when it is built.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Which process it is.
    pub me: NodeId,
    /// How many there are.
    pub nodes: u32,
    /// The keys that it shares with the others, if [`Host::key`] was called.
    pub keys: Option<Keyring>,
}

/// How a process is to be hosted.
///
/// ```no_run
/// # use std::path::Path;
/// # use protocols::link::{AuthenticFairLoss, Authenticator, BACKLOG, PerfectLink, Retransmission, Rto};
/// # use sim_core::kernel::prelude::*;
/// # use sim_core::kernel::text::Text;
/// # use udp::{Host, keys::Secret, peers::Peers, store::Opening};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let link = Retransmission { rto: Rto::Estimated, attempts: None, backlog: BACKLOG };
/// let peers = Peers::read(Path::new("keys/peers.ron"))?;
/// let node = Host::new(NodeId(0), &peers)
///     .key(Secret::read(Path::new("keys/node-0.key"))?)
///     .state("n0.redb", Opening::Fresh)
///     .recording("n0.recording")
///     .start(move |seat| {
///         let ring = seat.keys.clone().expect("a key was given");
///         PerfectLink::<Text, AuthenticFairLoss>::new(link).over(Authenticator::new(ring))
///     })?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Host<'a> {
    me: NodeId,
    peers: &'a Peers,
    key: Option<Secret>,
    state: Option<(PathBuf, Opening)>,
    name: Option<String>,
    recording: Option<PathBuf>,
    indications_max: usize,
    drain: Span,
}

impl<'a> Host<'a> {
    /// Process `me` of this cluster.
    #[must_use]
    pub fn new(me: NodeId, peers: &'a Peers) -> Host<'a> {
        Host {
            me,
            peers,
            key: None,
            state: None,
            name: None,
            recording: None,
            indications_max: INDICATIONS_MAX,
            drain: DRAIN,
        }
    }

    /// Agrees on keys with the others, whose public ones are in the list of peers. [`Seat::keys`] has them.
    #[must_use]
    pub fn key(mut self, secret: Secret) -> Self {
        self.key = Some(secret);
        self
    }

    /// Keeps in this file how often the process was started, and what it writes to its disk. Without it the process lives
    /// once: if it came back, the others would take it for its former self, and drop what they believe to have heard.
    #[must_use]
    pub fn state(mut self, path: impl Into<PathBuf>, opening: Opening) -> Self {
        self.state = Some((path.into(), opening));
        self
    }

    /// What the state is of: another name does not open it. Without one it is the name of the program's type.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Records all that comes in and all that is done, for [`Host::replay`]. The file must not be there.
    #[must_use]
    pub fn recording(mut self, path: impl Into<PathBuf>) -> Self {
        self.recording = Some(path.into());
        self
    }

    /// How many indications may wait for a listener; at least 1.
    #[must_use]
    pub fn indications_max(mut self, most: usize) -> Self {
        self.indications_max = most.max(1);
        self
    }

    /// How long [`Hosted::stop`] waits until all is quiet.
    #[must_use]
    pub fn drain(mut self, span: Span) -> Self {
        self.drain = span;
        self
    }

    /// Begins: when this returns the socket is bound, the state is open, and the life of the process is on the disk.
    ///
    /// The program is built in the thread that runs it. A panic in it ends the process; [`Hosted::stop`] tells.
    ///
    /// # Errors
    /// If there is no such process among the peers, its key is missing or not its own, its address cannot be had, or a file
    /// is not as it should be.
    pub fn start<P: Node>(
        self,
        mut program: impl FnMut(&Seat) -> P + Send + 'static,
    ) -> Result<Hosted<P::Offers>, HostError> {
        let seat = self.seat()?;
        let me = self.me;
        let site = Site {
            cluster: self.peers.cluster().to_owned(),
            addresses: self.peers.addresses(),
            group: self.peers.multicast(),
            here: BTreeSet::from([me]),
            bounds: Bounds::STANDARD,
        };
        let program_name = self.name.clone();
        let identity = Identity {
            cluster: self.peers.cluster().to_owned(),
            program: program_name.unwrap_or_else(|| std::any::type_name::<P>().to_owned()),
        };
        let (state, tape, names) = (self.state.clone(), self.recording.clone(), self.names());
        let (asking, asked) = mpsc::sync_channel(REQUESTS_MAX);
        let (saying, said) = mpsc::sync_channel(self.indications_max);
        let (binding, bound) = mpsc::sync_channel(1);
        let shared = Arc::new(Shared::default());
        let (drain, of_ear) = (self.drain, Arc::clone(&shared));
        // Neither engine nor sockets can be moved to a thread: it makes them.
        let run = move || {
            let sockets = Bound::new(site)?;
            let (waker, address) = (sockets.waker(), sockets.address(me));
            let (store, life) = opened(me, &identity, state)?;
            let part = Part {
                own_network: true,
                here: BTreeSet::from([me]),
                since: SimTime::ZERO,
                choices: crate::entropy()?,
                base: first_number(me, life.incarnation)?,
                spent: BTreeSet::new(),
            };
            let recording = match tape {
                Some(path) => Some(Recording::create(
                    &path,
                    header(seat.nodes, names, part.clone()),
                )?),
                None => None,
            };
            let _who_waits_for_it = binding.send((waker.clone(), address));
            let mut ear = Ear {
                me,
                asked,
                saying,
                waker,
                shared: of_ear,
                drain,
                unheard: false,
            };
            let nodes = seat.nodes;
            let mut engine = Sim::live(setup(nodes), part, |_| program(&seat));
            let mut drive = sockets.drive(&mut engine, Clock::start());
            if let Some(store) = store {
                drive = drive.with_store(store);
            }
            if let Some(recording) = recording {
                drive = drive.with_recording(recording);
            }
            let ran = drive.run(&[life], &mut ear)?;
            match (ran.panic, ran.ended) {
                (Some(cause), _) => Err(HostError::Panicked(text_of(cause.as_ref()))),
                (None, _) if ear.unheard => Err(HostError::Unheard),
                (None, Ended::Memory) => Err(HostError::Memory),
                (None, _) => Ok(ran.counts),
            }
        };
        let run = move || {
            let ran = catch_unwind(AssertUnwindSafe(run));
            ran.unwrap_or_else(|cause| Err(HostError::Panicked(text_of(cause.as_ref()))))
        };
        let thread = std::thread::Builder::new()
            .name(me.to_string())
            .spawn(run)?;
        let Ok((waker, Some(address))) = bound.recv() else {
            return Err(joined(thread).err().unwrap_or(HostError::Over));
        };
        Ok(Hosted {
            thread: Some(thread),
            asker: Asker {
                asking,
                waker,
                port: PhantomData,
            },
            said,
            shared,
            address,
        })
    }

    /// Feeds the recording of such a process to the same program, and compares all that it does, byte for byte.
    ///
    /// # Errors
    /// If the recording cannot be read, or is of another process or key.
    pub fn replay<P: Node>(
        self,
        path: &Path,
        mut program: impl FnMut(&Seat) -> P,
    ) -> Result<Replayed, HostError> {
        let seat = self.seat()?;
        let recorded = recording::read(path)?;
        let part = recorded.header.part.clone();
        let wanted = header(seat.nodes, self.names(), part.clone());
        if recorded.header != wanted || part.here != BTreeSet::from([self.me]) {
            return Err(HostError::OtherRecording(path.to_owned()));
        }
        let mut engine = Sim::live(setup(seat.nodes), part, |_| program(&seat));
        Ok(recording::replay(&recorded, &mut engine))
    }

    fn seat(&self) -> Result<Seat, HostError> {
        let nodes = u32::try_from(self.peers.peers().len()).unwrap_or(u32::MAX);
        if self.me.0 >= nodes {
            let me = self.me;
            return Err(HostError::NoSuchProcess { me, nodes });
        }
        let keys = match (&self.key, self.peers.keys()) {
            (None, None) => None,
            (None, Some(_)) => return Err(HostError::KeyMissing),
            (Some(_), None) => return Err(HostError::NoKeys),
            (Some(secret), Some(public)) => {
                Some(secret.ring(self.peers.cluster(), self.me, &public)?)
            }
        };
        Ok(Seat {
            me: self.me,
            nodes,
            keys,
        })
    }

    /// The fingerprint of its key.
    fn names(&self) -> Vec<(NodeId, String)> {
        let name = self.key.as_ref().map(|key| (self.me, key.fingerprint()));
        name.into_iter().collect()
    }
}

/// The next life of a process, which is on the disk then, and where it keeps what.
fn opened(
    me: NodeId,
    identity: &Identity,
    state: Option<(PathBuf, Opening)>,
) -> Result<(Option<Store>, Life), StoreError> {
    let Some((path, opening)) = state else {
        return Ok((None, Life::first(me)));
    };
    let mut store = Store::open(&path, identity, &[me], opening)?;
    let life = store.begin_life(me)?;
    let life = Life {
        node: me,
        incarnation: life.incarnation,
        snapshot: life.snapshot,
        writes: life.writes,
    };
    Ok((Some(store), life))
}

fn header(nodes: u32, keys: Vec<(NodeId, String)>, part: Part) -> Header {
    Header {
        model_version: MODEL_VERSION,
        scenario: format!("hosted, {nodes} processes"),
        file: String::new(),
        part,
        keys,
    }
}

/// A world without faults that adds nothing to the network, and does not end.
fn setup(nodes: u32) -> Setup {
    // Faults and laws draw from this seed, and there are none.
    let mut setup = Setup::new(nodes, 0);
    setup.network.law.latency = Delay::Fixed(Span::ZERO)
        .sampler()
        .expect("no delay is a law of delay");
    setup.limits = Limits {
        at: Span::from_nanos(u64::MAX / 2),
        when_quiescent: false,
        events: u64::MAX,
        memory: MEMORY_MAX,
    };
    setup
}

/// A process that runs in a thread of its own. Dropped, it ends at once; see [`Hosted::stop`].
#[derive(Debug)]
pub struct Hosted<O: Port> {
    /// Gone once it was waited for.
    thread: Option<JoinHandle<Result<Counts, HostError>>>,
    asker: Asker<O>,
    said: Receiver<Vec<u8>>,
    shared: Arc<Shared>,
    address: SocketAddr,
}

/// Asks a process for something, from any thread.
pub struct Asker<O> {
    asking: SyncSender<Vec<u8>>,
    waker: Waker,
    port: PhantomData<fn(O)>,
}

/// What came of a process that was stopped.
#[derive(Clone, Debug)]
pub struct Stopped<O: Port> {
    /// What its sockets and messages counted.
    pub counts: Counts,
    /// What it had said and nobody had taken yet.
    pub rest: Vec<Ind<O>>,
}

impl<O: Port> Hosted<O> {
    /// Asks the process for something. It takes effect at once; if [`REQUESTS_MAX`] others wait, this waits for room.
    ///
    /// # Errors
    /// If the process has ended: [`Hosted::stop`] says why.
    pub fn request(&self, request: &Req<O>) -> Result<(), HostError> {
        self.asker.request(request)
    }

    /// To ask from other threads.
    #[must_use]
    pub fn asker(&self) -> Asker<O> {
        self.asker.clone()
    }

    /// What the process says, as it says it; waits for the next. It ends when the process does: [`Hosted::stop`] says why.
    pub fn indications(&mut self) -> impl Iterator<Item = Ind<O>> + '_ {
        self.said.iter().map(|bytes| decoded::<O>(&bytes))
    }

    /// What the process says next, if it does within this time.
    ///
    /// # Errors
    /// If it has ended, and all that it said was taken: [`Hosted::stop`] says why.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<Ind<O>>, HostError> {
        match self.said.recv_timeout(timeout) {
            Ok(bytes) => Ok(Some(decoded::<O>(&bytes))),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(HostError::Over),
        }
    }

    /// What the process has said and nobody has taken, if there is something.
    ///
    /// # Errors
    /// As [`Hosted::next_within`].
    pub fn try_next(&mut self) -> Result<Option<Ind<O>>, HostError> {
        match self.said.try_recv() {
            Ok(bytes) => Ok(Some(decoded::<O>(&bytes))),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(HostError::Over),
        }
    }

    /// Where it receives.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was counted, as of a second ago at most.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.counts().clone()
    }

    /// Has it ended by itself?
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Lets the process go on until all is quiet, for [`Host::drain`] at most, then ends it.
    ///
    /// # Errors
    /// If it had ended before: why.
    pub fn stop(mut self) -> Result<Stopped<O>, HostError> {
        self.end(STOP);
        // What it says until then must find room.
        let rest = self.said.iter().map(|bytes| decoded::<O>(&bytes)).collect();
        let counts = self.join()?;
        Ok(Stopped { counts, rest })
    }

    fn end(&self, how: u8) {
        self.shared.end.store(how, Ordering::Release);
        self.asker.waker.wake();
    }

    fn join(&mut self) -> Result<Counts, HostError> {
        self.thread.take().map_or(Err(HostError::Over), joined)
    }
}

impl<O: Port> Drop for Hosted<O> {
    fn drop(&mut self) {
        self.end(DROP);
        let _whoever_drops_it_does_not_ask = self.join();
    }
}

impl<O: Port> Asker<O> {
    /// As [`Hosted::request`].
    ///
    /// # Errors
    /// If the process has ended.
    pub fn request(&self, request: &Req<O>) -> Result<(), HostError> {
        let sent = self.asking.send(wire::encode(request));
        self.waker.wake();
        sent.map_err(|_| HostError::Over)
    }

    /// The same, but does not wait for room.
    ///
    /// # Errors
    /// If there is no room, or if the process has ended.
    pub fn try_request(&self, request: &Req<O>) -> Result<(), HostError> {
        let sent = self.asking.try_send(wire::encode(request));
        self.waker.wake();
        sent.map_err(|error| match error {
            TrySendError::Full(_) => HostError::Busy,
            TrySendError::Disconnected(_) => HostError::Over,
        })
    }
}

impl<O> Clone for Asker<O> {
    fn clone(&self) -> Self {
        Asker {
            asking: self.asking.clone(),
            waker: self.waker.clone(),
            port: PhantomData,
        }
    }
}

impl<O> fmt::Debug for Asker<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").finish_non_exhaustive()
    }
}

fn decoded<O: Port>(bytes: &[u8]) -> Ind<O> {
    wire::decode(bytes).expect("it was an indication of this port")
}

/// To drain, then end.
const STOP: u8 = 1;
/// To end at once.
const DROP: u8 = 2;

/// What a process and its owner both look at.
#[derive(Debug, Default)]
struct Shared {
    /// Whether it is to end, and how.
    end: AtomicU8,
    counts: Mutex<Counts>,
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loop's end of the channels.
struct Ear {
    me: NodeId,
    asked: Receiver<Vec<u8>>,
    saying: SyncSender<Vec<u8>>,
    waker: Waker,
    shared: Arc<Shared>,
    drain: Span,
    /// There was no room for something that the process said.
    unheard: bool,
}

impl Listener for Ear {
    fn order(&mut self, _: &Status) -> Order {
        match self.shared.end.load(Ordering::Acquire) {
            _ if self.unheard => Order::End(None),
            STOP => Order::Drain(self.drain),
            DROP => Order::End(None),
            _ => Order::GoOn,
        }
    }

    fn requests(&mut self) -> Vec<(NodeId, Vec<u8>)> {
        let asked = self.asked.try_iter().take(REQUESTS_MAX);
        let asked: Vec<_> = asked.map(|request| (self.me, request)).collect();
        if asked.len() == REQUESTS_MAX {
            // There may be more: the loop is not to wait.
            self.waker.wake();
        }
        asked
    }

    fn is_open(&self) -> bool {
        true
    }

    fn said(&mut self, _: NodeId, bytes: &[u8]) {
        self.unheard |= matches!(
            self.saying.try_send(bytes.to_vec()),
            Err(TrySendError::Full(_))
        );
    }

    fn metrics(&mut self, _: SimTime, counts: &Counts, _: &Counters) {
        *self.shared.counts() = counts.clone();
    }
}

/// Why a process cannot begin, has ended, or does not take a request.
#[derive(Debug)]
pub enum HostError {
    /// It is not among the peers.
    NoSuchProcess {
        /// Who.
        me: NodeId,
        /// How many there are.
        nodes: u32,
    },
    /// The peers have keys, and it was given none.
    KeyMissing,
    /// It was given a key, and the peers have none.
    NoKeys,
    /// Its key is of no use here.
    Key(KeyError),
    /// A socket, a file or the database.
    Failed(Failure),
    /// The recording is of another process, cluster or key, or of a scenario.
    OtherRecording(PathBuf),
    /// Its program panicked, and said this.
    Panicked(String),
    /// Nobody took what it said.
    Unheard,
    /// What is in flight or armed took more than [`MEMORY_MAX`] bytes.
    Memory,
    /// So many requests wait that there is no room for one more.
    Busy,
    /// It has ended.
    Over,
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::NoSuchProcess { me, nodes } => {
                write!(
                    f,
                    "there is no process {}: the peers are 0 to {}",
                    me.0,
                    nodes - 1
                )
            }
            HostError::KeyMissing => {
                f.write_str("the peers have keys: give this process its own, with `Host::key`")
            }
            HostError::NoKeys => {
                f.write_str("this process has a key, and the list of peers has none of theirs")
            }
            HostError::Key(error) => error.fmt(f),
            HostError::Failed(failure) => failure.fmt(f),
            HostError::OtherRecording(path) => write!(
                f,
                "{}: it is not a recording of this process, with this key, in this cluster and version",
                path.display()
            ),
            HostError::Panicked(said) => write!(f, "the protocol panicked: {said}"),
            HostError::Unheard => {
                f.write_str("nobody took what the process said, and no more of it can wait")
            }
            HostError::Memory => write!(
                f,
                "what is in flight or armed takes more than {} MiB",
                MEMORY_MAX >> 20
            ),
            HostError::Busy => write!(f, "{REQUESTS_MAX} requests wait already"),
            HostError::Over => f.write_str("the process has ended"),
        }
    }
}

impl std::error::Error for HostError {}

impl From<Failure> for HostError {
    fn from(failure: Failure) -> HostError {
        HostError::Failed(failure)
    }
}

impl From<io::Error> for HostError {
    fn from(error: io::Error) -> HostError {
        HostError::Failed(error.into())
    }
}

impl From<StoreError> for HostError {
    fn from(error: StoreError) -> HostError {
        HostError::Failed(error.into())
    }
}

impl From<KeyError> for HostError {
    fn from(error: KeyError) -> HostError {
        HostError::Key(error)
    }
}

fn joined(thread: JoinHandle<Result<Counts, HostError>>) -> Result<Counts, HostError> {
    let panicked = |cause: Box<dyn Any + Send>| Err(HostError::Panicked(text_of(cause.as_ref())));
    thread.join().unwrap_or_else(panicked)
}

/// What somebody said who panicked.
fn text_of(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().copied();
    let text = text.or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a word").to_owned()
}

#[cfg(test)]
mod tests;
