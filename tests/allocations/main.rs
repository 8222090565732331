//! The hot loop allocates nothing per delivered message while nobody watches, and a trace that is written to disk takes the
//! same memory however long it is. A binary of its own, for it counts.

use std::alloc::System;
use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::sync::Mutex;

use scenarios::trace::{Header, Reader, Writer};
use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Setup, Sim};
use sim_core::trace::{Record, Recorder, What};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One test counts at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Tells everybody, as often as it is asked to by what it receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Chatter;

/// So many more rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Rounds(u32);

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rounds{{{}}}", self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Talk;

impl Port for Talk {
    type Request = Rounds;
    type Indication = Rounds;
}

impl Protocol for Chatter {
    type Offers = Talk;
    type Needs = Net<Rounds>;
    type Timer = u8;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(rounds) => fx.send(Group::Others, rounds),
            Event::Indication(Arrival { from, msg }) => {
                if let Some(left) = msg.0.checked_sub(1) {
                    // An answer and a timer: both sides of the queue are at work.
                    fx.send(from, Rounds(left));
                    fx.arm(1, Span::from_millis(1));
                }
            }
            Event::Timer(_) => fx.disarm(1),
        }
    }
}

/// Allocations of a run of so many rounds, and how many messages were received in it.
fn allocations(rounds: u32) -> (usize, u64) {
    let mut setup = Setup::new(16, 1);
    let (min, max) = (Span::from_millis(1), Span::from_millis(9));
    setup.network.law.latency = Delay::Uniform { min, max }.sampler().expect("a law");
    setup.limits.at = Span::from_secs(1_000_000);
    setup.limits.events = u64::MAX;
    let mut sim = Sim::new(setup, |_| Chatter);
    for node in 0..16 {
        sim.request(Span::ZERO, NodeId(node), Rounds(rounds));
    }
    let region = Region::new(COUNTING);
    let received = sim.run().counters.received;
    let change = region.change();
    (change.allocations + change.reallocations, received)
}

#[test]
fn messages_cost_no_allocations() {
    let _alone = ALONE.lock();
    let (few, first) = allocations(100);
    let (many, then) = allocations(2_100);
    let messages = then - first;
    assert_eq!(messages, 16 * 15 * 2_000);
    // What is left are buffers that have to grow once more.
    assert!(
        many.saturating_sub(few) <= 64,
        "{few} allocations, and {many} with {messages} messages more"
    );
}

/// A file that is never there: it looks at the memory in use whenever it is written to or read.
struct Passing {
    written: u64,
    before: isize,
    most: isize,
}

impl Passing {
    fn new() -> Passing {
        Passing {
            written: 0,
            before: in_use(),
            most: 0,
        }
    }

    fn look(&mut self) {
        self.most = self.most.max(in_use() - self.before);
    }
}

/// Bytes that are allocated now.
fn in_use() -> isize {
    let stats = COUNTING.stats();
    stats
        .bytes_allocated
        .wrapping_sub(stats.bytes_deallocated)
        .cast_signed()
}

impl Write for Passing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.look();
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same for what is read.
struct Watched<R>(R, Passing);

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.1.look();
        self.0.read(room)
    }
}

/// Records so many events, each with a text of its own, and gives what they were written to.
fn record(events: u64, out: impl Write) -> impl Write {
    let header = Header {
        model_version: 1,
        name: "long".to_owned(),
        seed: 1,
        params: String::new(),
        faults: Vec::new(),
    };
    let mut writer = Writer::new(out, &header).expect("it takes all");
    let mut recorder = Recorder::new(true, usize::MAX).into_sink(&mut writer);
    for id in 1..=events {
        let text = recorder.summary(&format_args!("the message of number {id}"));
        recorder.record(Record {
            id,
            cause: id / 2,
            at: SimTime::from_nanos(1_000 * id),
            node: NodeId(7),
            what: What::Mark(text),
        });
    }
    assert!(recorder.finish().is_none());
    writer.finish(0).expect("it takes all")
}

/// Most memory that was in use while so many events were written and read, in bytes.
fn memory(events: u64) -> [isize; 2] {
    let mut file = tempfile::tempfile().expect("a file");
    record(events, &mut file);
    file.rewind().expect("a file");
    let mut writes = Passing::new();
    record(events, &mut writes);
    assert!(writes.written > 30 * events);
    let mut watched = Watched(file, Passing::new());
    let mut reader = Reader::new(&mut watched).expect("a header");
    let mut read = 0;
    while let Some(piece) = reader.piece().expect("it is whole") {
        read += piece.records.len() as u64;
    }
    assert_eq!(read, events);
    [writes.most, watched.1.most]
}

#[test]
fn a_longer_trace_takes_no_more_memory() {
    let _alone = ALONE.lock();
    let (short, long) = (memory(200_000), memory(1_000_000));
    // The numbers in the texts are a digit longer.
    let same = |short: isize, long: isize| long <= short + short / 10;
    assert!(
        same(short[0], long[0]) && same(short[1], long[1]),
        "{short:?} {long:?} bytes while written and while read"
    );
    // The table of texts is the largest part.
    assert!(short[0] < 16 << 20 && short[1] < 2 << 20, "{short:?}");
}
