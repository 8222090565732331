//! Registers: whose writes get lost under which stamps, and mutants for their properties.

use protocols::link::Assumed;
use protocols::register::property::{ASKABLE, checker};
use protocols::register::{LastWriterWins, Operation, Register, Reply, Stamping};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property};
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Setup, Sim};

type Port = Register<u8>;

/// How a layer above an honest register misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// The wall clock of node 1 is behind by so much whenever it writes.
    Behind(Span),
    /// The wall clock of node 1 is set back by so much after its first write.
    SetBack(Span),
    /// Node 2 keeps every change back.
    KeepsChangesBack,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant {
    bug: Bug,
    writes: u32,
}

impl Protocol for Mutant {
    type Offers = Port;
    type Needs = Port;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(operation) => {
                let back = match self.bug {
                    Bug::Behind(span) if fx.me() == NodeId(1) => span,
                    Bug::SetBack(span) if fx.me() == NodeId(1) && self.writes > 0 => span,
                    _ => Span::ZERO,
                };
                self.writes += 1;
                // The register below reads the clock within this very event.
                let env = fx.env();
                let back = i64::try_from(back.as_nanos()).expect("a short time");
                env.now = LocalTime::from_nanos(env.now.as_nanos() - back);
                fx.request(operation);
            }
            Event::Indication(Reply::Changed(_))
                if self.bug == Bug::KeepsChangesBack && fx.me() == NodeId(2) => {}
            Event::Indication(said) => fx.indicate(said),
            Event::Timer(never) => match never {},
        }
    }
}

/// The names of the properties that are violated if the processes write at these milliseconds.
fn violated(bug: Bug, stamping: Stamping, writes: &[(u64, u32, u8)]) -> Vec<&'static str> {
    let mut sim = Sim::new(Setup::new(3, 1), |_| {
        Mutant { bug, writes: 0 }
            .over(LastWriterWins::new(stamping))
            .over(Assumed::<_, Perfect>::new())
    });
    for (at, node, value) in writes {
        let write = Operation::Write(*value);
        sim.request(Span::from_millis(*at), NodeId(*node), write);
    }
    for about in ASKABLE {
        let property = checker(about.name, 3).expect("it is a property of the port");
        sim.watch(property, Span::from_secs(1));
    }
    let verdicts = sim.run().verdicts;
    let violated = ASKABLE
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)));
    violated.map(|(about, _)| about.name).collect()
}

const STAMPINGS: [Stamping; 3] = [Stamping::Wall, Stamping::Hybrid, Stamping::Versions];
const HALF: Span = Span::from_millis(500);
/// Node 0 writes, and node 1 after it has seen that; and once more; and both at once.
const WRITES: [(u64, u32, u8); 5] = [
    (1_000, 0, 1),
    (1_200, 1, 2),
    (2_000, 0, 3),
    (3_000, 0, 4),
    (3_000, 1, 5),
];

#[test]
fn good_clocks_and_good_stamps_lose_nothing() {
    for stamping in STAMPINGS {
        assert_eq!(violated(Bug::None, stamping, &WRITES), [""; 0]);
    }
    for stamping in [Stamping::Hybrid, Stamping::Versions] {
        assert_eq!(violated(Bug::Behind(HALF), stamping, &WRITES), [""; 0]);
        assert_eq!(violated(Bug::SetBack(HALF), stamping, &WRITES), [""; 0]);
    }
}

/// A write at 1200 ms, stamped 700, loses to one at 1000 that its writer has seen.
#[test]
fn a_late_clock_loses_an_update() {
    let lost = violated(Bug::Behind(HALF), Stamping::Wall, &WRITES);
    assert_eq!(lost, ["no_lost_update"]);
    let short = Bug::Behind(Span::from_millis(199));
    assert_eq!(violated(short, Stamping::Wall, &WRITES), [""; 0]);
}

/// A clock that is set back hides a process's writes behind its own. That is a lost update, too: the stronger
/// promise.
#[test]
fn a_clock_that_is_set_back_hides_ones_own_writes() {
    let writes = [(1_000, 1, 1), (1_200, 1, 2)];
    let hidden = violated(Bug::SetBack(HALF), Stamping::Wall, &writes);
    assert_eq!(hidden, ["no_lost_update", "own_writes"]);
    let short = Bug::SetBack(Span::from_millis(199));
    assert_eq!(violated(short, Stamping::Wall, &writes), [""; 0]);
}

#[test]
fn a_replica_that_lags_breaks_convergence_alone() {
    for stamping in STAMPINGS {
        let lags = violated(Bug::KeepsChangesBack, stamping, &WRITES);
        assert_eq!(lags, ["convergence"]);
    }
}

/// Feeds facts to a checker; a millisecond is a moment.
struct Court(Box<dyn Property<Port>>);

impl Court {
    fn of(name: &str) -> Court {
        Court(checker(name, 3).expect("it is a property of a register"))
    }

    fn see(&mut self, at: u64, fact: &Fact<'_, Port>) -> bool {
        let at_ns = SimTime::from_nanos(at * 1_000_000);
        let moment = Moment {
            at: at_ns,
            event: at,
        };
        self.0.see(moment, fact).is_ok()
    }

    fn write(&mut self, at: u64, node: u32, value: u8) -> bool {
        self.see(at, &Fact::Requested(NodeId(node), &Operation::Write(value)))
    }

    fn say(&mut self, at: u64, node: u32, said: Reply<u8>) -> bool {
        self.see(at, &Fact::Indicated(NodeId(node), &said))
    }

    fn change(&mut self, at: u64, node: u32, content: &[u8]) -> bool {
        self.say(at, node, Reply::Changed(content.to_vec()))
    }

    fn wrote(&mut self, at: u64, node: u32, value: u8) -> bool {
        self.say(at, node, Reply::Wrote(value))
    }

    fn end(&mut self, at: u64, quiet: bool) -> Finding {
        let at = SimTime::from_nanos(at * 1_000_000);
        self.0.finish(&End {
            at,
            complete: true,
            quiet_since: quiet.then_some(at),
            within: Span::from_millis(10),
            last_repair: SimTime::ZERO,
        })
    }
}

/// The two rules of `no_lost_update`, and what each of them excuses.
#[test]
fn a_write_may_give_way_to_what_its_writer_had_not_seen() {
    let seen = || {
        let mut court = Court::of("no_lost_update");
        assert!(court.write(1, 0, 1) && court.change(2, 1, &[1]) && court.write(3, 1, 2));
        court
    };
    assert!(!seen().wrote(4, 1, 2), "it still shows 1");
    let mut concurrent = seen();
    assert!(concurrent.write(3, 0, 3) && concurrent.change(4, 1, &[3]));
    assert!(
        concurrent.wrote(5, 1, 2),
        "3 has won, which it had not seen"
    );
    assert!(!concurrent.change(6, 1, &[1]), "but 1 must not come back");
    let mut kept = seen();
    assert!(kept.change(4, 1, &[2]) && kept.wrote(4, 1, 2));
    assert!(kept.change(5, 1, &[2, 3]) && kept.change(6, 1, &[3]));
    assert!(!kept.say(7, 1, Reply::Value(vec![1])), "a read counts, too");
    let mut again = seen();
    assert!(again.change(4, 1, &[2]) && again.wrote(4, 1, 2) && again.write(5, 2, 1));
    assert!(again.change(6, 1, &[1]), "1 was written a second time");
    let mut nothing = Court::of("no_lost_update");
    assert!(
        nothing.write(1, 0, 1) && !nothing.wrote(2, 0, 1),
        "shows nothing"
    );
    let mut amnesia = seen();
    assert!(amnesia.see(4, &Fact::Crashed(NodeId(1))) && amnesia.change(5, 1, &[1]));
    let mut failed = seen();
    assert!(failed.see(4, &Fact::Failed(NodeId(1))) && failed.wrote(5, 1, 2));
}

/// `own_writes` does not mind losing to others.
#[test]
fn own_writes_looks_at_own_writes_alone() {
    let mut other = Court::of("own_writes");
    assert!(other.write(1, 0, 1) && other.change(2, 1, &[1]));
    assert!(other.write(3, 1, 2) && other.wrote(4, 1, 2));
    let mut own = Court::of("own_writes");
    assert!(own.write(1, 1, 1) && own.change(1, 1, &[1]) && own.wrote(1, 1, 1));
    assert!(own.write(3, 1, 2) && !own.wrote(4, 1, 2));
}

/// Paid, late, open and broken.
#[test]
fn convergence_is_a_debt_since_the_last_write() {
    let court = |changes: &[(u64, u32)]| {
        let mut court = Court::of("convergence");
        court.write(1, 0, 7);
        for (at, node) in changes {
            court.change(*at, *node, &[7]);
        }
        court
    };
    let (all, late) = ([(1, 0), (2, 1), (11, 2)], [(1, 0), (2, 1), (12, 2)]);
    assert!(matches!(court(&all).end(50, true), Finding::Held(_)));
    assert!(matches!(court(&late).end(50, true), Finding::Violated(_)));
    assert!(matches!(
        court(&all[..2]).end(10, false),
        Finding::Pending(_)
    ));
    let Finding::Violated(violation) = court(&all[..2]).end(50, true) else {
        panic!("node 2 shows nothing");
    };
    assert_eq!(violation.nodes, [NodeId(2)]);
    let mut crashed = court(&all[..2]);
    crashed.see(5, &Fact::Crashed(NodeId(2)));
    assert!(matches!(crashed.end(50, true), Finding::Held(_)));
    crashed.see(6, &Fact::Recovered(NodeId(2)));
    assert!(matches!(crashed.end(50, true), Finding::Violated(_)));
    assert!(matches!(
        Court::of("convergence").end(50, true),
        Finding::NotExercised
    ));
}
