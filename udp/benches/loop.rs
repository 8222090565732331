//! The loop beside bare sockets on equal work, in one run: read the ratio, not the figure.
//!
//! `cargo bench -p stormglass-udp` plays ping-pong over loopback, in three ways. *Unbatched*: both players in one thread
//! and one message under way, so that a turn of the loop is one message. *Coalesced*: the same with hundreds of messages
//! ready together, which the loop packs. *Round trip*: a thread each. The bare sockets send the same payload with
//! `send_to` and take it with `recv_from`, a datagram a message. All take turns for several rounds; medians are shown.
//! A loop comes without a recording, as this bench reads it against bare sockets, and with one, as every real run has it.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::kernel::time::SimTime;
use sim_core::kernel::wire;
use sim_core::sim::{Life, Part, RealTime, Setup, Sim};
use sim_core::trace::MODEL_VERSION;
use udp::clock::Clock;
use udp::drive::{Bound, Listener, Order, Site, Status};
use udp::recording::{Header, Recording};
use udp::wire::Bounds;

/// Bytes of a message.
const PAYLOAD: usize = 64;
/// Messages of a measurement.
const UNBATCHED: u64 = 20_000;
const COALESCED: u64 = 200_000;
const TRIPS: u64 = 4_000;
/// Messages that are ready together.
const TOGETHER: u32 = 512;
const ROUNDS: usize = 7;

const PING: NodeId = NodeId(0);
const PONG: NodeId = NodeId(1);

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Ball {
    /// Others of its burst come behind it.
    more: bool,
    filling: ([u8; 31], [u8; 32]),
}

impl Ball {
    const fn new(more: bool) -> Ball {
        Ball {
            more,
            filling: ([1; 31], [1; 32]),
        }
    }
}

impl fmt::Display for Ball {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ball")
    }
}

/// To begin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Game;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Serve;

impl fmt::Display for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("serve")
    }
}

impl Port for Game {
    type Request = Serve;
    type Indication = Never;
}

/// Sends a burst of so many messages, and the next one when the last of it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Player {
    together: u32,
}

impl Protocol for Player {
    type Offers = Game;
    type Needs = Net<Ball>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let me = fx.me();
        match event {
            Event::Indication(Arrival { msg, .. }) if me == PONG => {
                if !msg.more {
                    fx.send(PING, Ball::new(false));
                }
            }
            Event::Request(_) | Event::Indication(_) => {
                for place in 1..=self.together {
                    fx.send(PONG, Ball::new(place < self.together));
                }
            }
            Event::Boot(_) | Event::Timer(_) => {}
        }
    }
}

/// The engine of the players who live here.
fn engine(here: &BTreeSet<NodeId>, together: u32) -> Box<dyn RealTime> {
    let mut setup = Setup::new(2, 1);
    let at_once = Delay::Fixed(Span::ZERO).sampler();
    setup.network.law.latency = at_once.expect("a law of delay");
    setup.limits.at = Span::from_secs(3_600);
    setup.limits.when_quiescent = false;
    setup.limits.events = u64::MAX;
    let part = Part {
        here: here.clone(),
        ..Part::whole(2, 1)
    };
    Box::new(Sim::live(setup, part, move |_| Player { together }))
}

/// Serves, and ends the game when enough has come.
struct Umpire {
    serves: bool,
    enough: u64,
    over: Arc<AtomicBool>,
    came: u64,
    last: SimTime,
    trips: Vec<u64>,
}

impl Umpire {
    fn new(serves: bool, enough: u64, over: &Arc<AtomicBool>) -> Umpire {
        Umpire {
            serves,
            enough,
            over: Arc::clone(over),
            came: 0,
            last: SimTime::ZERO,
            trips: Vec::new(),
        }
    }
}

impl Listener for Umpire {
    fn order(&mut self, status: &Status) -> Order {
        if status.came > self.came {
            if self.came > 0 {
                let trip = status.now.as_nanos() - self.last.as_nanos();
                self.trips.push(trip);
            }
            (self.came, self.last) = (status.came, status.now);
        }
        if status.came >= self.enough {
            self.over.store(true, Ordering::Relaxed);
        }
        if self.over.load(Ordering::Relaxed) {
            Order::End(None)
        } else {
            Order::GoOn
        }
    }

    fn requests(&mut self) -> Vec<(NodeId, Vec<u8>)> {
        if std::mem::take(&mut self.serves) {
            vec![(PING, wire::encode(&Serve))]
        } else {
            Vec::new()
        }
    }
}

fn site(here: &[NodeId], addresses: &[SocketAddr]) -> Site {
    Site {
        cluster: "bench".to_owned(),
        addresses: addresses.to_vec(),
        group: None,
        here: here.iter().copied().collect(),
        bounds: Bounds::STANDARD,
    }
}

/// One loop with these players. Gives how long it took, and its umpire.
fn play(
    bound: Bound,
    here: &[NodeId],
    together: u32,
    mut umpire: Umpire,
    recorded: Option<&Path>,
) -> (Duration, Umpire) {
    let here: BTreeSet<NodeId> = here.iter().copied().collect();
    let mut engine = engine(&here, together);
    let mut drive = bound.drive(engine.as_mut(), Clock::start());
    if let Some(folder) = recorded {
        let header = Header {
            model_version: MODEL_VERSION,
            scenario: String::new(),
            file: String::new(),
            part: Part::whole(2, 1),
            keys: Vec::new(),
        };
        let path = folder.join("bench.recording");
        let _ = std::fs::remove_file(&path);
        drive = drive.with_recording(Recording::create(&path, header).expect("a file"));
    }
    let lives: Vec<Life> = here.into_iter().map(Life::first).collect();
    let begun = Instant::now();
    let ran = drive.run(&lives, &mut umpire).expect("sockets work");
    let took = begun.elapsed();
    assert!(ran.panic.is_none());
    assert!(
        umpire.came >= umpire.enough || umpire.enough == u64::MAX,
        "nothing was lost on loopback"
    );
    (took, umpire)
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Messages a second of both players in one loop.
fn loop_rate(messages: u64, together: u32, recorded: Option<&Path>) -> f64 {
    let bound = Bound::new(site(&[PING, PONG], &[any_port(); 2])).expect("sockets");
    let umpire = Umpire::new(true, messages, &Arc::default());
    let (took, umpire) = play(bound, &[PING, PONG], together, umpire, recorded);
    umpire.came as f64 / took.as_secs_f64()
}

/// Messages a second of two bare sockets in one thread.
fn bare_rate(messages: u64) -> f64 {
    let socket = || UdpSocket::bind(any_port()).expect("a socket");
    let pair = [socket(), socket()];
    let at = [0, 1].map(|place: usize| pair[place].local_addr().expect("it is bound"));
    let payload = [1; PAYLOAD];
    let mut buffer = [0; 2_048];
    let begun = Instant::now();
    for number in 0..messages {
        let (from, to) = if number.is_multiple_of(2) {
            (0, 1)
        } else {
            (1, 0)
        };
        pair[from].send_to(&payload, at[to]).expect("it leaves");
        let (length, _) = pair[to].recv_from(&mut buffer).expect("it comes");
        assert_eq!(length, PAYLOAD);
    }
    messages as f64 / begun.elapsed().as_secs_f64()
}

/// Round trips of a loop a thread, in ns.
fn loop_trips(recorded: Option<&Path>) -> Vec<u64> {
    let held: Vec<UdpSocket> = (0..2)
        .map(|_| UdpSocket::bind(any_port()).expect("a socket"))
        .collect();
    let addresses: Vec<SocketAddr> = held
        .iter()
        .map(|socket| socket.local_addr().expect("it is bound"))
        .collect();
    drop(held);
    let over = Arc::new(AtomicBool::new(false));
    let echo = Umpire::new(false, u64::MAX, &over);
    let both = Arc::new(Barrier::new(2));
    let bind = move |node, both: &Barrier| {
        let bound = Bound::new(site(&[node], &addresses)).expect("sockets");
        both.wait();
        bound
    };
    let thread = std::thread::spawn({
        let (bind, both) = (bind.clone(), Arc::clone(&both));
        move || {
            play(bind(PONG, &both), &[PONG], 1, echo, None);
        }
    });
    let umpire = Umpire::new(true, TRIPS + 1, &over);
    let (_, umpire) = play(bind(PING, &both), &[PING], 1, umpire, recorded);
    thread.join().expect("the other player ends too");
    umpire.trips
}

/// Round trips of a bare socket a thread, in ns.
fn bare_trips() -> Vec<u64> {
    let socket = || UdpSocket::bind(any_port()).expect("a socket");
    let (ping, pong) = (socket(), socket());
    let at = pong.local_addr().expect("it is bound");
    let thread = std::thread::spawn(move || {
        let mut buffer = [0; 2_048];
        for _ in 0..=TRIPS {
            let (length, from) = pong.recv_from(&mut buffer).expect("it comes");
            pong.send_to(&buffer[..length], from).expect("it leaves");
        }
    });
    let (payload, mut buffer) = ([1; PAYLOAD], [0; 2_048]);
    let mut trips = Vec::new();
    for _ in 0..=TRIPS {
        let begun = Instant::now();
        ping.send_to(&payload, at).expect("it leaves");
        ping.recv_from(&mut buffer).expect("it comes");
        trips.push(u64::try_from(begun.elapsed().as_nanos()).expect("it is short"));
    }
    thread.join().expect("the other player ends too");
    trips
}

/// The value below which this share of them is.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() - 1) as f64 * share;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and the length"
    )]
    let place = place.round() as usize;
    values[place]
}

fn median(mut values: Vec<f64>) -> f64 {
    quantile(&mut values, 0.5)
}

fn trips_at(rounds: &[Vec<u64>], share: f64) -> f64 {
    let of = |round: &Vec<u64>| {
        let mut us: Vec<f64> = round.iter().map(|ns| *ns as f64 / 1e3).collect();
        quantile(&mut us, share)
    };
    median(rounds.iter().map(of).collect())
}

#[expect(clippy::print_stdout, reason = "a table is what a bench is for")]
fn main() {
    // `cargo test --benches` runs it too, and then it has nothing to do.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    assert_eq!(wire::encode(&Ball::new(true)).len(), PAYLOAD);
    let folder = tempfile::TempDir::new().expect("a folder");
    let at = Some(folder.path());
    let (mut bare, mut one, mut one_recorded) = (Vec::new(), Vec::new(), Vec::new());
    let (mut many, mut many_recorded) = (Vec::new(), Vec::new());
    let (mut bare_trip, mut trip, mut trip_recorded) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(bare_rate(UNBATCHED));
        one.push(loop_rate(UNBATCHED, 1, None));
        one_recorded.push(loop_rate(UNBATCHED, 1, at));
        many.push(loop_rate(COALESCED, TOGETHER, None));
        many_recorded.push(loop_rate(COALESCED, TOGETHER, at));
        bare_trip.push(bare_trips());
        trip.push(loop_trips(None));
        trip_recorded.push(loop_trips(at));
    }
    let bare = median(bare);
    println!("messages of {PAYLOAD} B over loopback, medians of {ROUNDS} rounds\n");
    println!("{:<34}{:>12}{:>10}", "one thread", "messages/s", "ratio");
    let row = |name: &str, rate: f64, wanted: Option<f64>| {
        let ratio = rate / bare;
        let held = match wanted {
            None => String::new(),
            Some(wanted) if ratio >= wanted => format!("   held: at least {wanted}"),
            Some(wanted) => format!("   missed by {:.2}: at least {wanted}", wanted - ratio),
        };
        println!("{name:<34}{rate:>12.0}{ratio:>10.2}{held}");
    };
    row("bare sockets", bare, None);
    row("loop, one a turn", median(one), Some(0.85));
    row("  and recorded", median(one_recorded), None);
    row("loop, 512 together", median(many), Some(5.0));
    row("  and recorded", median(many_recorded), None);
    println!(
        "\n{:<34}{:>12}{:>12}{:>10}",
        "round trip, a thread each", "p50 us", "p99 us", "ratio"
    );
    let base = trips_at(&bare_trip, 0.5);
    for (name, rounds) in [
        ("bare sockets", &bare_trip),
        ("loop", &trip),
        ("  and recorded", &trip_recorded),
    ] {
        let (half, most) = (trips_at(rounds, 0.5), trips_at(rounds, 0.99));
        println!("{name:<34}{half:>12.1}{most:>12.1}{:>10.2}", half / base);
    }
}
