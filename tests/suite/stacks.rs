//! How layers compose: requests go down at once, indications wait, timers and disks find their layer, roles keep apart.

use std::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::disk::Pair;
use sim_core::kernel::port::Ind;
use sim_core::kernel::prelude::*;
use sim_core::kernel::rig::Rig;
use sim_core::sim::{Setup, Sim};

/// A port of plain numbers, numbered so that ports of different heights differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Numbers<const HEIGHT: u8>;

impl<const HEIGHT: u8> Port for Numbers<HEIGHT> {
    type Request = u32;
    type Indication = u32;
}

/// A layer that passes everything on and keeps a diary of the order in which it was called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Diary<const ABOVE: u8, const BELOW: u8>(Vec<String>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Alarm(u8);

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alarm {}", self.0)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Notes(Vec<u32>);

impl Disk for Notes {
    type Write = u32;
    fn apply(&mut self, write: u32) {
        self.0.push(write);
    }
}

impl<const ABOVE: u8, const BELOW: u8> Protocol for Diary<ABOVE, BELOW> {
    type Offers = Numbers<ABOVE>;
    type Needs = Numbers<BELOW>;
    type Timer = Alarm;
    type Disk = Notes;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => {
                self.0.push(format!("boot {:?}", boot.disk.0));
                fx.indicate(1000 + u32::from(ABOVE));
            }
            Event::Request(n) => {
                self.0.push(format!("request {n}"));
                fx.request(n);
                self.0.push(format!("asked {n}"));
                fx.indicate(n);
                fx.arm(Alarm(ABOVE), Span::from_millis(1));
                fx.persist(n);
            }
            Event::Indication(n) => self.0.push(format!("told {n}")),
            Event::Timer(Alarm(n)) => self.0.push(format!("alarm {n}")),
        }
    }
}

type Two = Stack<Diary<2, 1>, Diary<1, 0>>;

fn two() -> Two {
    Diary::default().over(Diary::default())
}

/// What the lower layer says while the upper one runs waits until that one has returned: no handler is re-entered.
#[test]
fn requests_go_down_at_once_and_indications_wait() {
    let mut rig = Rig::new(two());
    rig.request(7);
    assert_eq!(rig.layer.upper.0, ["request 7", "asked 7", "told 7"]);
    assert_eq!(rig.layer.lower.0, ["request 7", "asked 7"]);
    let (millisecond, upper, lower) = (Span::from_millis(1), Either::Left, Either::Right);
    // One list of effects: those of the lower layer where the upper one called it.
    let effects: [Effect<Two>; 6] = [
        Effect::Request(7),
        Effect::Arm(lower(Alarm(1)), millisecond),
        Effect::Persist(Either::Right(7)),
        Effect::Indicate(7),
        Effect::Arm(upper(Alarm(2)), millisecond),
        Effect::Persist(Either::Left(7)),
    ];
    assert_eq!(rig.effects(), effects);
}

#[test]
fn timers_find_their_layer() {
    let mut rig = Rig::new(two());
    rig.timer(Either::Right(Alarm(1)))
        .timer(Either::Left(Alarm(2)));
    assert_eq!(
        (&rig.layer.upper.0[..], &rig.layer.lower.0[..]),
        (&["alarm 2".to_owned()][..], &["alarm 1".to_owned()][..])
    );
}

/// From the bottom up, each with its half of the disk; what the lower layer says while it boots waits for the upper.
#[test]
fn boots_from_the_bottom_up_with_each_its_disk() {
    let mut rig = Rig::new(two());
    let disk = Pair {
        upper: Notes(vec![2]),
        lower: Notes(vec![1]),
    };
    rig.boot_with(Boot {
        disk,
        incarnation: 1,
    });
    assert_eq!(rig.layer.upper.0, ["boot [2]", "told 1001"]);
    assert_eq!(rig.layer.lower.0, ["boot [1]"]);
}

#[test]
fn writes_find_their_half_of_the_disk() {
    let mut disk = Pair::<Notes, Notes>::default();
    disk.apply(Either::Left(1));
    disk.apply(Either::Right(2));
    assert_eq!((disk.upper.0, disk.lower.0), (vec![1], vec![2]));
}

/// A client asks, a server answers: two roles over one network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Server {
    sum: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Call {
    Add(u32),
    Sum(u32),
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Call::Add(n) => write!(f, "Add {n}"),
            Call::Sum(n) => write!(f, "Sum {n}"),
        }
    }
}

impl Protocol for Client {
    type Offers = Numbers<1>;
    type Needs = Net<Call>;
    type Timer = Never;
    type Disk = ();
    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Request(n) => fx.send(NodeId(0), Call::Add(n)),
            Event::Indication(Arrival {
                msg: Call::Sum(n), ..
            }) => fx.indicate(n),
            _ => (),
        }
    }
}

impl Protocol for Server {
    type Offers = Silent;
    type Needs = Net<Call>;
    type Timer = Never;
    type Disk = ();
    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        if let Event::Indication(Arrival {
            from,
            msg: Call::Add(n),
        }) = event
        {
            self.sum += n;
            fx.send(from, Call::Sum(self.sum));
        }
    }
}

#[test]
fn two_roles_share_a_network() {
    let mut sim = Sim::new(Setup::new(3, 0), |id| {
        if id == NodeId(0) {
            Either::Left(Server { sum: 0 })
        } else {
            Either::Right(Client)
        }
    });
    sim.request(Span::from_millis(1), NodeId(1), Either::Right(5));
    sim.request(Span::from_millis(9), NodeId(2), Either::Right(6));
    let outcome = sim.run();
    assert_eq!(
        (outcome.counters.messages, outcome.counters.indications),
        (4, 2)
    );
    assert_eq!(sim.node(NodeId(0)), &Either::Left(Server { sum: 11 }));
}

/// What is meant for the other role is dropped and marked, not believed.
#[test]
fn a_role_drops_what_is_not_for_it() {
    type Process = Either<Server, Client>;
    let mut rig = Rig::<Process>::new(Either::Left(Server { sum: 0 }));
    assert_eq!(rig.request(Either::Right(5)).marks(), ["roles.not_mine"]);
    assert_eq!(rig.effects(), []);
    let said: Ind<<Process as Protocol>::Needs> = Arrival {
        from: NodeId(1),
        msg: Call::Add(2),
    };
    let answer = Transmit {
        to: Group::One(NodeId(1)),
        msg: Call::Sum(2),
    };
    assert_eq!(rig.indication(said).effects(), [Effect::Request(answer)]);
}
