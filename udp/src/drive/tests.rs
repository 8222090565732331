use std::net::UdpSocket;
use std::sync::mpsc;
use std::thread;

use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Part, Setup, Sim};

use super::*;

/// Suspects whoever is silent for 300 ms, and tells all others that it lives, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Detector {
    every: Span,
}

/// A detector says whom it suspects, and whom it has heard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Suspicions;

impl Port for Suspicions {
    type Request = Never;
    type Indication = Either<NodeId, NodeId>;
}

/// To say that one lives: `None`; to suspect a node otherwise.
type Watch = Either<NodeId, u8>;

const SILENCE: Span = Span::from_millis(300);
const BEAT: Watch = Either::Right(0);

impl Protocol for Detector {
    type Offers = Suspicions;
    type Needs = Net<u8>;
    type Timer = Watch;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => {
                for node in (0..fx.nodes()).map(NodeId) {
                    if node != fx.me() {
                        fx.arm(Either::Left(node), SILENCE);
                    }
                }
                fx.arm(BEAT, self.every);
            }
            Event::Timer(Either::Right(_)) => {
                fx.send(Group::Others, 0);
                fx.arm(BEAT, self.every);
            }
            Event::Indication(Arrival { from, .. }) => {
                fx.arm(Either::Left(from), SILENCE);
                fx.indicate(Either::Right(from));
            }
            Event::Timer(Either::Left(node)) => fx.indicate(Either::Left(node)),
            Event::Request(never) => match never {},
        }
    }
}

/// Does not let the loop run for a while, as a signal to stop would: from the first sign of life of the last node on, once
/// all have settled. Notes whom its processes suspect.
struct Stopper {
    last: NodeId,
    stop_for: Option<Duration>,
    is_heard: bool,
    suspected: Vec<(NodeId, NodeId)>,
}

impl Listener for Stopper {
    fn said(&mut self, node: NodeId, bytes: &[u8]) {
        match sim_core::kernel::wire::decode(bytes) {
            Some(Either::<NodeId, NodeId>::Left(suspect)) => self.suspected.push((node, suspect)),
            Some(Either::Right(heard)) => self.is_heard |= heard == self.last,
            None => panic!("it is an indication"),
        }
    }

    fn order(&mut self, status: &Status) -> Order {
        let heard = std::mem::take(&mut self.is_heard);
        let settled = heard && status.now > SimTime::from_nanos(200_000_000);
        if let Some(span) = self.stop_for.take_if(|_| settled) {
            let (_nobody_sends, nothing) = mpsc::channel::<()>();
            let _ = nothing.recv_timeout(span);
        }
        Order::GoOn
    }
}

/// A cluster of detectors.
#[derive(Clone)]
struct Detectors {
    /// How often each says that it lives.
    every: Vec<Span>,
    /// What the network model adds.
    delay: Span,
    /// How long the loop of the first one does not run.
    stop_for: Duration,
    addresses: Vec<SocketAddr>,
    clock: Clock,
}

impl Detectors {
    fn new(every: &[u64], delay_ms: u64, stop_for_ms: u64) -> Detectors {
        let sockets: Vec<UdpSocket> = every
            .iter()
            .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
            .collect();
        Detectors {
            every: every.iter().copied().map(Span::from_micros).collect(),
            delay: Span::from_millis(delay_ms),
            stop_for: Duration::from_millis(stop_for_ms),
            addresses: sockets.iter().map(|s| s.local_addr().unwrap()).collect(),
            clock: Clock::start(),
        }
    }

    /// Runs some of them in one loop. Gives whom they suspect, and how many pauses were counted.
    fn run(&self, here: &[u32]) -> (Vec<(NodeId, NodeId)>, u64) {
        let nodes = u32::try_from(self.every.len()).unwrap();
        let here: BTreeSet<NodeId> = here.iter().copied().map(NodeId).collect();
        let stopped = u64::try_from(self.stop_for.as_nanos()).unwrap();
        let mut setup = Setup::new(nodes, 1);
        setup.network.law.latency = Delay::Fixed(self.delay).sampler().unwrap();
        setup.limits.at = Span::from_millis(700).saturating_add(Span::from_nanos(stopped));
        let part = Part {
            here: here.clone(),
            ..Part::whole(nodes, 1)
        };
        let site = Site {
            cluster: "detectors".to_owned(),
            addresses: self.addresses.clone(),
            group: None,
            here: here.clone(),
            bounds: Bounds::STANDARD,
        };
        let mut engine = Sim::live(setup, part, |node| Detector {
            every: self.every[node.index()],
        });
        let mut stopper = Stopper {
            last: NodeId(nodes - 1),
            stop_for: here.contains(&NodeId(0)).then_some(self.stop_for),
            is_heard: false,
            suspected: Vec::new(),
        };
        let lives: Vec<Life> = here.into_iter().map(Life::first).collect();
        let bound = Bound::new(site).unwrap();
        let mut drive = bound.drive(&mut engine, self.clock);
        let ran = drive.run(&lives, &mut stopper).unwrap();
        assert_eq!(ran.ended, Ended::Time);
        assert_eq!(stopper.stop_for, None);
        (stopper.suspected, ran.counts.pauses)
    }

    /// Runs each in a loop of its own. Gives whom the first one suspects.
    fn run_apart(&self) -> Vec<(NodeId, NodeId)> {
        let others: Vec<_> = (1..self.addresses.len())
            .map(|node| {
                let (all, node) = (self.clone(), u32::try_from(node).unwrap());
                thread::spawn(move || all.run(&[node]))
            })
            .collect();
        let (suspected, pauses) = self.run(&[0]);
        assert!(pauses > 0, "a pause is counted");
        for other in others {
            other.join().expect("it runs");
        }
        suspected
    }
}

/// A loop that did not run for two seconds finds that the other has been sending all the while.
#[test]
fn a_stopped_loop_suspects_nobody_who_was_sending() {
    assert_eq!(Detectors::new(&[50_000, 50_000], 0, 2_000).run_apart(), []);
}

/// What the network model delays is heard before the timers that were missed too. Nothing else is on its way here.
#[test]
fn nor_if_messages_have_delays() {
    let all = Detectors::new(&[50_000, 250_000], 40, 2_000);
    assert_eq!(all.run_apart(), []);
}

/// Not even if its signs of life wait behind more datagrams of others than one look at a socket takes.
#[test]
fn nor_if_much_waits() {
    let all = Detectors::new(&[50_000, 250, 50_000], 0, 2_000);
    assert_eq!(all.run_apart(), []);
}

/// If all processes live in the loop none of them lived meanwhile: time stood still.
#[test]
fn a_stopped_cluster_does_not_notice() {
    let (suspected, pauses) = Detectors::new(&[50_000, 50_000], 0, 1_500).run(&[0, 1]);
    assert_eq!(suspected, []);
    assert_eq!(pauses, 1);
}

/// Counts on its disk, in its first life: often at once, and once more after it has told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Counter;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Count(u64);

impl Disk for Count {
    type Write = u8;

    fn apply(&mut self, _: u8) {
        self.0 += 1;
    }
}

impl Protocol for Counter {
    type Offers = Suspicions;
    type Needs = Net<u8>;
    type Timer = Never;
    type Disk = Count;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        if let Event::Boot(boot) = event
            && boot.incarnation == 0
        {
            for _ in 0..=WRITES_MAX {
                fx.persist(0);
            }
            fx.indicate(Either::Right(NodeId(0)));
            fx.persist(0);
        }
    }
}

/// Writes that are put together while others of the same turn are outstanding would be made twice.
#[test]
fn what_is_put_together_is_written_once() {
    use crate::store::{Identity, Opening};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let identity = Identity {
        cluster: "counter".to_owned(),
        program: "counter".to_owned(),
    };
    let only = NodeId(0);
    let engine = || Sim::live(Setup::new(1, 1), Part::whole(1, 1), |_| Counter);
    let site = Site {
        cluster: "counter".to_owned(),
        addresses: vec!["127.0.0.1:0".parse().unwrap()],
        group: None,
        here: BTreeSet::from([only]),
        bounds: Bounds::STANDARD,
    };
    let mut store = Store::open(&path, &identity, &[only], Opening::Fresh).unwrap();
    store.begin_life(only).unwrap();
    let mut first = engine();
    let bound = Bound::new(site).unwrap();
    let mut drive = bound.drive(&mut first, Clock::start()).with_store(store);
    drive.run(&[Life::first(only)], &mut ()).unwrap();
    drop(drive);

    let mut store = Store::open(&path, &identity, &[only], Opening::Existing).unwrap();
    let found = store.begin_life(only).unwrap();
    assert!(found.snapshot.is_some(), "they were put together");
    let mut second = engine();
    let life = Life {
        node: only,
        incarnation: found.incarnation,
        snapshot: found.snapshot,
        writes: found.writes,
    };
    second.start(&[life]).unwrap();
    let disk: Option<Count> = sim_core::kernel::wire::decode(&second.disk(only));
    assert_eq!(disk, Some(Count(WRITES_MAX + 2)));
}
