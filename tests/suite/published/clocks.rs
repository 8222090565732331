//! Published facts about logical time, found again by running: exact, one run for each size of the group, with delays of
//! any length.
//!
//! Happens-before is found again without any clock, as the set of all events that can be reached backwards.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Display;
use std::rc::Rc;

use protocols::clock::{
    AnyClock, Clock, ClockKind, Clocked, Hybrid, HybridTime, Said, Stamping, Timed, Timestamp,
};
use protocols::link::Assumed;
use protocols::multicast::{Basic, BestEffort, Cast, Deliver};
use protocols::register::{
    LastWriterWins, Operation, Register, Reply, Stamping as RegisterStamping,
};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::random::{Delay, Key, Purpose};
use sim_core::sim::{Fault, Lasting, Setup, Sim, Strike, Trigger};

use super::show;

/// A row of the table: exact, or within a bound.
fn row(what: &str, published: impl ToString, measured: impl Display) {
    let published = published.to_string();
    let tolerance = if published.starts_with(['<', '>']) {
        "bound"
    } else {
        "0"
    };
    show(what, published, measured, tolerance);
}

/// Writes down what is said at a port.
#[derive(Clone, Debug)]
struct Listener<P: Port>(Rc<RefCell<Notes<P>>>);

/// What was heard, and of whom.
type Notes<P> = Vec<(NodeId, Heard<P>)>;

#[derive(Clone, Debug)]
enum Heard<P: Port> {
    Requested(P::Request),
    Indicated(P::Indication),
}

impl<P: Port> Listener<P> {
    fn new() -> Self {
        Listener(Rc::default())
    }
}

impl<P: Port> Property<P> for Listener<P> {
    fn see(&mut self, _: Moment, fact: &Fact<'_, P>) -> Result<(), Violation> {
        let heard = match fact {
            Fact::Requested(node, request) => (*node, Heard::Requested((*request).clone())),
            Fact::Indicated(node, said) => (*node, Heard::Indicated((*said).clone())),
            _ => return Ok(()),
        };
        self.0.borrow_mut().push(heard);
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        Finding::NotExercised
    }
}

/// A group on a network whose delays are anything from nothing to 50 ms.
fn setup(nodes: u32) -> Setup {
    let mut setup = Setup::new(nodes, u64::from(nodes));
    let delay = Delay::Uniform {
        min: Span::ZERO,
        max: Span::from_millis(50),
    };
    setup.network.law.latency = delay.sampler().expect("a law");
    setup.counted = 1;
    setup
}

/// When the processes are asked for something, and which one: `each` times a process on the average, within half a second.
fn asked(nodes: u32, each: u32) -> impl Iterator<Item = (Span, NodeId, u32)> {
    let draws = Key::new(u64::from(nodes), Purpose::Workload);
    (0..nodes * each).map(move |what| {
        let draw = draws.at(0, u64::from(what));
        let at = Span::from_nanos(draw.below(0, 500_000_000));
        let node = u32::try_from(draw.below(1, u64::from(nodes))).expect("small");
        (at, NodeId(node), what)
    })
}

/// One stamped event, and all that came before it by their places.
struct Happening<T> {
    at: T,
    past: BTreeSet<usize>,
}

/// Happens-before among what was said. Payloads are unique, and no two casts of a process have the same stamp.
fn history<P: Payload, T: Timestamp>(said: &[(NodeId, Said<P, T>)]) -> Vec<Happening<T>> {
    let mut last: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut casts: BTreeMap<(NodeId, &T), usize> = BTreeMap::new();
    let mut all: Vec<Happening<T>> = Vec::new();
    for (place, (node, said)) in said.iter().enumerate() {
        let cause = match said {
            Said::Cast(timed) => {
                casts.insert((*node, &timed.at), place);
                None
            }
            Said::Delivered { message, cast, .. } => Some(casts[&(message.origin, cast)]),
        };
        let before = last.insert(*node, place);
        let mut past = BTreeSet::new();
        for earlier in [before, cause].into_iter().flatten() {
            past.extend(&all[earlier].past);
            past.insert(earlier);
        }
        let at = said.at().clone();
        all.push(Happening { at, past });
    }
    all
}

/// What stamps claim of every ordered pair of different events, against the truth.
#[derive(Debug, Default, PartialEq, Eq)]
struct Census {
    ordered: u64,
    concurrent: u64,
    /// One happened before the other, and the stamps do not say so.
    missed: u64,
    /// Neither did, and the stamps say that one did.
    invented: u64,
}

fn census<T: Timestamp>(history: &[Happening<T>]) -> Census {
    let mut census = Census::default();
    for (place, event) in history.iter().enumerate() {
        for (earlier, old) in history[..place].iter().enumerate() {
            let (forth, back) = (old.at.claim(&event.at), event.at.claim(&old.at));
            assert_eq!(forth, back.map(std::cmp::Ordering::reverse), "of both ways");
            if event.past.contains(&earlier) {
                census.ordered += 1;
                census.missed += u64::from(forth != Some(std::cmp::Ordering::Less));
            } else {
                census.concurrent += 1;
                census.invented += u64::from(forth.is_some());
            }
        }
    }
    census
}

fn casts(nodes: u32, kind: ClockKind) -> Census {
    let mut sim = Sim::new(setup(nodes), |_| {
        Stamping::<_, u32, BestEffort>::new(AnyClock::new(kind))
            .over(Basic::<_, Perfect>::new())
            .over(Assumed::new())
    });
    for (at, node, what) in asked(nodes, 5) {
        sim.request(at, node, Cast(what));
    }
    let listener = Listener::new();
    let heard = Rc::clone(&listener.0);
    sim.watch(Box::new(listener), Span::ZERO);
    sim.run();
    let said: Vec<_> = heard
        .take()
        .into_iter()
        .filter_map(|(node, heard)| match heard {
            Heard::Indicated(said) => Some((node, said)),
            Heard::Requested(_) => None,
        })
        .collect();
    assert_eq!(
        said.len(),
        (5 * nodes * (nodes + 1)) as usize,
        "nothing is lost"
    );
    census(&history(&said))
}

/// Mattern 1989, theorem 10: one event happened before another if and only if its vector is smaller. Lamport 1978: if, but
/// not only if, its number is.
#[test]
fn published_vectors_characterize_causality_and_numbers_do_not() {
    for nodes in [2, 3, 4, 5, 7, 10] {
        let vector = casts(nodes, ClockKind::Vector);
        let exceptions = vector.missed + vector.invented;
        row(
            &format!("vector clocks, exceptions, n={nodes}"),
            0,
            exceptions,
        );
        assert_eq!(exceptions, 0, "n={nodes}: {vector:?}");
        assert!(vector.ordered > 0 && vector.concurrent > 0, "{vector:?}");
        assert_eq!(
            casts(nodes, ClockKind::Matrix),
            vector,
            "a matrix has the vectors in it"
        );

        let lamport = casts(nodes, ClockKind::Lamport);
        row(
            &format!("Lamport's clock condition broken, n={nodes}"),
            0,
            lamport.missed,
        );
        row(
            &format!("concurrent pairs that look ordered, n={nodes}"),
            "> 0",
            format!("{}/{}", lamport.invented, lamport.concurrent),
        );
        assert_eq!(lamport.missed, 0, "n={nodes}: {lamport:?}");
        assert!(lamport.invented > 0, "n={nodes}: {lamport:?}");
        let same = (vector.ordered, vector.concurrent);
        assert_eq!((lamport.ordered, lamport.concurrent), same, "the same run");
    }
}

/// A tick of the physical clocks that the published bounds speak of.
const TICK: Span = Span::from_millis(1);

/// Sends to others and receives from them with a hybrid clock, one event at a time and at least a tick between two, as the
/// bound on the counter assumes. It says what its physical clock showed, in ticks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Gossip {
    clock: Hybrid,
    inbox: VecDeque<(NodeId, HybridTime)>,
}

impl Protocol for Gossip {
    type Offers = Clocked<i64, HybridTime, BestEffort>;
    type Needs = Net<HybridTime>;
    type Timer = char;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => fx.arm('t', TICK),
            Event::Request(_) => (),
            Event::Indication(Arrival { from, msg }) => self.inbox.push_back((from, msg)),
            Event::Timer(tag) => {
                fx.arm(tag, Span::from_micros(1_100));
                self.on_tick(fx);
            }
        }
    }
}

impl Gossip {
    fn on_tick(&mut self, fx: &mut impl Effects<Self>) {
        let (me, nodes) = (fx.me(), fx.nodes());
        let tick_ns = i64::try_from(TICK.as_nanos()).expect("short");
        let pt = fx.now().as_nanos().div_euclid(tick_ns);
        let wall = || LocalTime::from_nanos(pt);
        if let Some((origin, cast)) = self.inbox.pop_front() {
            let at = self.clock.receive(me, &cast, wall);
            let message = Deliver {
                origin,
                payload: pt,
            };
            fx.indicate(Said::Delivered { message, at, cast });
        } else {
            let at = self.clock.tick(me, wall);
            fx.indicate(Said::Cast(Timed { at, payload: pt }));
            let to = (me.0 + 1 + fx.pick("peer", nodes - 1)) % nodes;
            fx.send(NodeId(to), at);
        }
    }
}

/// What each process of a group with skewed, drifting clocks said within a second.
fn gossip(nodes: u32, skew: Span, ppm: i64) -> Vec<(NodeId, Said<i64, HybridTime>)> {
    let mut setup = setup(nodes);
    setup.counted = 2 * nodes;
    setup.limits.at = Span::from_secs(1);
    let draws = Key::new(u64::from(nodes), Purpose::Workload);
    for node in (0..nodes).map(NodeId) {
        let draw = draws.at(1, u64::from(node.0));
        let within = skew.as_nanos();
        let by = i64::try_from(draw.below(0, 2 * within + 1)).expect("short")
            - i64::try_from(within).expect("short");
        let ppm = if node.0 % 2 == 0 { ppm } else { -ppm };
        for strike in [Strike::Skew { node, by }, Strike::Drift { node, ppm }] {
            setup.faults.push(Fault {
                number: u32::try_from(setup.faults.len()).expect("few"),
                trigger: Trigger::Start,
                strike,
                lasting: Lasting::Forever,
            });
        }
    }
    let mut sim = Sim::new(setup, |_| Gossip {
        clock: Hybrid::new(),
        inbox: VecDeque::new(),
    });
    let listener = Listener::new();
    let heard = Rc::clone(&listener.0);
    sim.watch(Box::new(listener), Span::ZERO);
    sim.run();
    let said = heard.take().into_iter().map(|(node, heard)| match heard {
        Heard::Indicated(said) => (node, said),
        Heard::Requested(_) => panic!("nobody asks"),
    });
    said.collect()
}

/// Kulkarni et al. 2014, theorems 1 to 4: what happened before has the smaller stamp; the reading in a stamp is never
/// behind the physical clock, and ahead of it by no more than clocks differ (eps); the counter stays below n(eps+1).
#[test]
fn published_hybrid_clocks_stay_close_to_physical_ones() {
    let (skew, ppm) = (Span::from_millis(20), 1_000);
    // Twice the skew and twice the drift of a second, in ticks; one more, for readings are cut to whole ticks.
    let eps = 2 * 20 + 2 + 1;
    for nodes in [2, 3, 5, 8] {
        let said = gossip(nodes, skew, ppm);
        assert!(
            said.len() > 500 * nodes as usize,
            "n={nodes}: {} events",
            said.len()
        );
        let first = &said[..said.len().min(1_500)];
        let census = census(&history(first));
        row(&format!("HLC order broken, n={nodes}"), 0, census.missed);
        assert_eq!(census.missed, 0, "n={nodes}: {census:?}");
        assert!(census.ordered > 0);

        let ahead = |(_, said): &(NodeId, Said<i64, HybridTime>)| {
            let pt = match said {
                Said::Cast(timed) => timed.payload,
                Said::Delivered { message, .. } => message.payload,
            };
            said.at().time_ns - pt
        };
        let least = said.iter().map(ahead).min().expect("events");
        let most = said.iter().map(ahead).max().expect("events");
        let count = said
            .iter()
            .map(|(_, said)| said.at().count)
            .max()
            .expect("events");
        let bound = i64::from(nodes) * (eps + 1);
        row(&format!("HLC, least l - pt, n={nodes}"), ">= 0", least);
        row(
            &format!("HLC, most l - pt in ms, n={nodes}"),
            format!("<= {eps}"),
            most,
        );
        row(
            &format!("HLC, largest c, n={nodes}"),
            format!("<= {bound}"),
            count,
        );
        assert_eq!(
            least, 0,
            "n={nodes}: the fastest clock is nowhere ahead of itself"
        );
        assert!(0 < most && most <= eps, "n={nodes}: {most}");
        assert!(0 < count && i64::from(count) <= bound, "n={nodes}: {count}");
    }
}

type Content = BTreeSet<u32>;

/// What replicas with version vectors show, against the writes that each write had in sight.
struct Writes {
    /// All that came before each write.
    past: BTreeMap<u32, Content>,
    shown: BTreeMap<NodeId, Content>,
    /// The most values that were kept side by side.
    siblings: usize,
    /// Two values side by side of which one was written with the other in sight.
    kept_though_older: u64,
}

fn writes(nodes: u32) -> Writes {
    let mut sim = Sim::new(setup(nodes), |_| {
        LastWriterWins::<u32, Perfect>::new(RegisterStamping::Versions).over(Assumed::new())
    });
    for (at, node, what) in asked(nodes, 8) {
        sim.request(at, node, Operation::Write(what));
    }
    let listener = Listener::<Register<u32>>::new();
    let heard = Rc::clone(&listener.0);
    sim.watch(Box::new(listener), Span::ZERO);
    sim.run();
    let mut writes = Writes {
        past: BTreeMap::new(),
        shown: BTreeMap::new(),
        siblings: 0,
        kept_though_older: 0,
    };
    for (node, heard) in heard.take() {
        match heard {
            Heard::Requested(Operation::Write(value)) => {
                let seen = writes.shown.entry(node).or_default().clone();
                let older = seen.iter().flat_map(|value| writes.past[value].clone());
                let past: Content = older.chain(seen.iter().copied()).collect();
                writes.past.insert(value, past);
            }
            Heard::Indicated(Reply::Changed(content)) => {
                writes.siblings = writes.siblings.max(content.len());
                for (one, two) in content
                    .iter()
                    .flat_map(|one| content.iter().map(move |two| (one, two)))
                {
                    writes.kept_though_older += u64::from(writes.past[one].contains(two));
                }
                writes.shown.insert(node, content.into_iter().collect());
            }
            _ => (),
        }
    }
    writes
}

/// Parker et al. 1983: a version is dropped if, and only if, another was written with it in sight. So what is held in the
/// end is every write that nobody had seen when writing, and that everywhere.
#[test]
fn published_version_vectors_drop_what_is_causally_older_and_nothing_else() {
    for nodes in [2, 3, 5, 8] {
        let writes = writes(nodes);
        let dominated: Content = writes.past.values().flatten().copied().collect();
        let newest: Content = writes
            .past
            .keys()
            .copied()
            .filter(|value| !dominated.contains(value))
            .collect();
        let wrong: usize = (0..nodes)
            .map(|node| {
                writes.shown[&NodeId(node)]
                    .symmetric_difference(&newest)
                    .count()
            })
            .sum();
        row(
            &format!("versions lost or kept too long, n={nodes}"),
            0,
            wrong,
        );
        assert_eq!(wrong, 0, "n={nodes}");
        assert_eq!(writes.kept_though_older, 0, "n={nodes}");
        assert_eq!(writes.past.len(), 8 * nodes as usize);
        assert!(writes.siblings > 1, "n={nodes}: nothing was concurrent");
        assert!(!dominated.is_empty(), "n={nodes}: nothing was seen");
    }
}
