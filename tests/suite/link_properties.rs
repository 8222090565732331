//! Properties of links: a broken link is caught by exactly the property that it breaks, and the checkers keep their books.

use std::fmt;
use std::marker::PhantomData;

use protocols::link::property::{OFTEN, Promises, askable, checker};
use protocols::link::{Assumed, AuthenticFairLoss, Retransmit, StubbornLink, Stubbornness, Until};
use serde::{Deserialize, Serialize};
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{About, End, Fact, Finding, Moment, Property};
use sim_core::kernel::random::Delay;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Job, Repeat, Setup, Sim, Verdict};

/// How a layer above an honest link misbehaves in node 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// Delivers nothing.
    Deaf,
    /// Says what it last heard again and again.
    Echoes,
    /// Says nothing twice, or more often than that.
    TiresOfIt,
    /// Swallows an 8.
    LosesOne,
    /// Delivers an 8 twice.
    DeliversTwice,
    /// Delivers an 8 after a 9.
    Swaps,
    /// Delivers what nobody has sent.
    Invents,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant<Q> {
    bug: Bug,
    heard: Vec<Arrival<u8>>,
    link: PhantomData<fn() -> Q>,
}

impl<Q: Guarantee> Protocol for Mutant<Q> {
    type Offers = Link<u8, Q>;
    type Needs = Link<u8, Q>;
    type Timer = char;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(transmit) => fx.request(transmit),
            Event::Indication(said) if fx.me() == NodeId(1) => self.on_arrival(said, fx),
            Event::Indication(said) => fx.indicate(said),
            Event::Timer(tag) => {
                fx.indicate(self.heard[0].clone());
                fx.arm(tag, Span::from_millis(10));
            }
        }
    }
}

impl<Q: Guarantee> Mutant<Q> {
    fn on_arrival(&mut self, said: Arrival<u8>, fx: &mut impl Effects<Self>) {
        let known = self.heard.iter().filter(|old| **old == said).count();
        self.heard.push(said.clone());
        match (self.bug, said.msg) {
            (Bug::Deaf, _) | (Bug::LosesOne | Bug::Swaps, 8) => (),
            (Bug::TiresOfIt, _) if known > 200 => (),
            (Bug::Echoes, _) => {
                fx.arm('e', Span::from_millis(10));
                fx.indicate(said);
            }
            (Bug::DeliversTwice, 8) => {
                fx.indicate(said.clone());
                fx.indicate(said);
            }
            (Bug::Swaps, 9) => {
                fx.indicate(said.clone());
                fx.indicate(Arrival { msg: 8, ..said });
            }
            (Bug::Invents, 8) => {
                fx.indicate(Arrival {
                    msg: 99,
                    ..said.clone()
                });
                fx.indicate(said);
            }
            _ => fx.indicate(said),
        }
    }
}

/// The names of the promised properties that a run breaks: one message more often than often, then two that differ.
fn violated<Q: Promises, P: Node<Offers = Link<u8, Q>>>(
    setup: Setup,
    program: impl Fn() -> P,
) -> Vec<&'static str> {
    let nodes = setup.nodes;
    let mut sim = Sim::new(setup, |_| program());
    let send = |msg| Transmit {
        to: Group::All,
        msg,
    };
    let (at, every) = (Span::from_millis(1), Span::from_millis(1));
    let until = at.saturating_add(every.saturating_mul(u64::from(OFTEN)));
    sim.job(Job {
        at,
        repeat: Some(Repeat::period(every, until)),
        nodes: vec![NodeId(0)],
        request: send(7),
        again: |first, _| first.clone(),
    });
    for (at, msg) in [(500, 8), (501, 9)] {
        sim.request(Span::from_millis(at), NodeId(0), send(msg));
    }
    let (overlay, second) = (Overlay::complete(nodes), Span::from_secs(1));
    for about in Q::PROMISED {
        let property = checker::<u8, Q>(about.name, &overlay).expect("it is promised");
        sim.watch(property, second);
    }
    let verdicts = sim.run().verdicts;
    let found = Q::PROMISED.iter().zip(verdicts);
    let broken = |(about, verdict): (&About, Verdict)| match verdict.finding {
        Finding::Violated(_) => Some(about.name),
        Finding::Held(_) => None,
        other => panic!("{}: {other:?}", about.name),
    };
    found.filter_map(broken).collect()
}

fn three_seconds() -> Setup {
    let mut setup = Setup::new(3, 1);
    setup.limits.at = Span::from_secs(3);
    setup
}

fn mutant<Q>(bug: Bug) -> Mutant<Q> {
    Mutant {
        bug,
        heard: Vec::new(),
        link: PhantomData,
    }
}

/// Over a network that keeps the promise by itself.
fn caught<Q: Promises>(bug: Bug) -> Vec<&'static str> {
    violated::<Q, _>(three_seconds(), || mutant::<Q>(bug).over(Assumed::new()))
}

fn caught_over_stubborn(bug: Bug) -> Vec<&'static str> {
    let config = Stubbornness {
        every: Span::from_millis(100),
        until: Until::Forever,
        most: 1_000,
    };
    violated(three_seconds(), || {
        mutant(bug).over(StubbornLink::new(config))
    })
}

#[test]
fn the_honest_link_is_caught_by_nothing() {
    assert_eq!(caught::<FairLoss>(Bug::None), [""; 0]);
    assert_eq!(caught::<AuthenticFairLoss>(Bug::None), [""; 0]);
    assert_eq!(caught::<Perfect>(Bug::None), [""; 0]);
    assert_eq!(caught::<Logged>(Bug::None), [""; 0]);
    assert_eq!(caught::<Fifo>(Bug::None), [""; 0]);
    assert_eq!(caught::<Authentic>(Bug::None), [""; 0]);
    assert_eq!(caught_over_stubborn(Bug::None), [""; 0]);
}

#[test]
fn each_mutant_is_caught_by_exactly_its_property() {
    assert_eq!(caught::<FairLoss>(Bug::Deaf), ["fair_loss"]);
    assert_eq!(caught::<FairLoss>(Bug::Echoes), ["finite_duplication"]);
    assert_eq!(caught::<FairLoss>(Bug::Invents), ["no_creation"]);
    assert_eq!(caught_over_stubborn(Bug::TiresOfIt), ["stubborn_delivery"]);
    assert_eq!(caught_over_stubborn(Bug::Invents), ["no_creation"]);
    assert_eq!(caught::<Perfect>(Bug::LosesOne), ["reliable_delivery"]);
    assert_eq!(caught::<Perfect>(Bug::DeliversTwice), ["no_duplication"]);
    assert_eq!(caught::<Perfect>(Bug::Invents), ["no_creation"]);
    assert_eq!(
        caught::<Perfect>(Bug::Swaps),
        [""; 0],
        "it promises no order"
    );
    assert_eq!(caught::<Fifo>(Bug::Swaps), ["fifo_delivery"]);
    assert_eq!(caught::<Authentic>(Bug::Invents), ["authenticity"]);
}

/// A fair-loss link may lose one; a stubborn link that stops is no stubborn link.
#[test]
fn weaker_links_may_do_more() {
    assert_eq!(caught::<FairLoss>(Bug::LosesOne), [""; 0]);
    assert_eq!(caught::<FairLoss>(Bug::DeliversTwice), [""; 0]);
    assert_eq!(caught::<Stubborn>(Bug::None), ["stubborn_delivery"]);
}

/// What a well-known library's ordered link does: it acknowledges everything, and passes on only what comes after all that
/// it has passed on before. Whatever is overtaken is lost, and its sender believes that it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct AcknowledgesAndDrops {
    next: u32,
    unacked: Vec<(Group, Numbered)>,
    last: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Numbered {
    Msg { number: u32, msg: u8 },
    Ack(u32),
}

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Protocol for AcknowledgesAndDrops {
    type Offers = Link<u8, Perfect>;
    type Needs = Net<Numbered>;
    type Timer = Retransmit;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => fx.arm(Retransmit, Span::from_millis(200)),
            Event::Request(Transmit { msg, .. }) => {
                self.next += 1;
                let number = self.next;
                for to in (0..fx.nodes()).map(|to| Group::One(NodeId(to))) {
                    fx.send(to, Numbered::Msg { number, msg });
                    self.unacked.push((to, Numbered::Msg { number, msg }));
                }
            }
            Event::Indication(Arrival { from, msg }) => match msg {
                Numbered::Ack(acked) => self.unacked.retain(|(to, msg)| {
                    !matches!(msg, Numbered::Msg { number, .. } if *number == acked)
                        || *to != Group::One(from)
                }),
                Numbered::Msg { number, msg } => {
                    fx.send(from, Numbered::Ack(number));
                    if number > self.last {
                        self.last = number;
                        fx.indicate(Arrival { from, msg });
                    }
                }
            },
            Event::Timer(Retransmit) => {
                for (to, msg) in &self.unacked {
                    fx.send(*to, *msg);
                }
                fx.arm(Retransmit, Span::from_millis(200));
            }
        }
    }
}

#[test]
fn a_link_that_acknowledges_and_drops_what_was_overtaken_is_caught() {
    let mut setup = three_seconds();
    assert_eq!(
        violated(setup.clone(), AcknowledgesAndDrops::default),
        [""; 0],
        "nothing is overtaken"
    );
    let (min, max) = (Span::from_millis(1), Span::from_millis(50));
    setup.network.law.latency = Delay::Uniform { min, max }.sampler().unwrap();
    assert_eq!(
        violated(setup, AcknowledgesAndDrops::default),
        ["reliable_delivery"]
    );
}

/// Feeds facts to a checker and asks for its finding.
struct Court<Q: Promises> {
    property: Box<dyn Property<Link<u8, Q>>>,
    event: u64,
    broken: bool,
}

const fn ms(ms: u64) -> SimTime {
    SimTime::from_nanos(ms * 1_000_000)
}

impl<Q: Promises> Court<Q> {
    fn of(name: &str) -> Self {
        Court {
            property: checker(name, &Overlay::complete(3)).expect("it is a property of a link"),
            event: 0,
            broken: false,
        }
    }

    fn see(&mut self, at: u64, fact: &Fact<'_, Link<u8, Q>>) -> &mut Self {
        self.event += 1;
        let moment = Moment {
            at: ms(at),
            event: self.event,
        };
        self.broken |= self.property.see(moment, fact).is_err();
        self
    }

    /// Node 0 sends to node 1.
    fn send(&mut self, at: u64, msg: u8) -> &mut Self {
        let to = Group::One(NodeId(1));
        self.see(at, &Fact::Requested(NodeId(0), &Transmit { to, msg }))
    }

    /// Node 1 delivers from node 0.
    fn deliver(&mut self, at: u64, msg: u8) -> &mut Self {
        let from = NodeId(0);
        self.see(at, &Fact::Indicated(NodeId(1), &Arrival { from, msg }))
    }

    fn crash(&mut self, at: u64, node: u32) -> &mut Self {
        self.see(at, &Fact::Crashed(NodeId(node)))
    }

    fn recover(&mut self, at: u64, node: u32) -> &mut Self {
        self.see(at, &Fact::Recovered(NodeId(node)))
    }

    /// The finding of a run that ended at `at`, with a bound of 10 ms.
    fn end(&mut self, at: u64, quiet: bool) -> &'static str {
        if self.broken {
            return "violated";
        }
        let end = End {
            at: ms(at),
            complete: true,
            quiet_since: quiet.then_some(ms(at)),
            within: Span::from_millis(10),
            last_repair: SimTime::ZERO,
        };
        match self.property.finish(&end) {
            Finding::Held(_) => "held",
            Finding::Violated(_) => "violated",
            Finding::Pending(_) => "pending",
            Finding::NotExercised => "not exercised",
            Finding::Measured(_) => "measured",
        }
    }
}

/// What a log says again in the instant of a recovery is no second delivery; in any later instant it is.
#[test]
fn a_log_that_is_read_again_is_no_duplicate() {
    let case = |again: u64| {
        let mut court = Court::<Logged>::of("no_duplication");
        court.send(1, 7).deliver(2, 7).crash(3, 1).recover(5, 1);
        court.deliver(again, 7).end(9, true)
    };
    assert_eq!((case(5), case(6)), ("held", "violated"));
}

/// A crash between the write and the indication: what the log says then is the first and only delivery.
#[test]
fn what_only_the_log_says_counts_once() {
    for (name, once, twice) in [
        ("no_duplication", "held", "violated"),
        ("reliable_delivery", "held", "held"),
    ] {
        let mut court = Court::<Logged>::of(name);
        court.send(1, 7).crash(3, 1).recover(5, 1).deliver(5, 7);
        assert_eq!(court.end(9, true), once, "{name}");
        assert_eq!(court.deliver(6, 7).end(9, true), twice, "{name}");
    }
}

/// Whoever recovers is correct again; a logged link promises for senders that never crashed.
#[test]
fn crashes_free_of_debts_and_recoveries_do_not() {
    let finding = |node: u32, recovers: bool, logged: bool| {
        fn run<Q: Promises>(node: u32, recovers: bool) -> &'static str {
            let mut court = Court::<Q>::of("reliable_delivery");
            court.send(1, 7).crash(2, node);
            if recovers {
                court.recover(3, node);
            }
            court.end(50, true)
        }
        match logged {
            true => run::<Logged>(node, recovers),
            false => run::<Perfect>(node, recovers),
        }
    };
    for node in [0, 1] {
        assert_eq!(finding(node, false, false), "not exercised");
        assert_eq!(finding(node, true, false), "violated");
    }
    assert_eq!(finding(0, true, true), "not exercised");
    assert_eq!(finding(1, true, true), "violated");
}

#[test]
fn reliable_delivery_counts_what_looks_alike_and_looks_at_the_clock() {
    let mut court = Court::<Perfect>::of("reliable_delivery");
    court.send(1, 7).send(2, 7).deliver(3, 7);
    assert_eq!(
        (court.end(5, false), court.end(12, false)),
        ("pending", "violated")
    );
    assert_eq!(court.end(5, true), "violated", "nothing is under way");
    assert_eq!(court.deliver(12, 7).end(50, true), "held");
    let mut court = Court::<Perfect>::of("reliable_delivery");
    assert_eq!(
        court.send(1, 7).deliver(12, 7).end(50, true),
        "violated",
        "late"
    );
}

/// A gap breaks the order between processes that stay up. Once one has crashed, only what comes too late does.
#[test]
fn order_is_judged_by_lives() {
    let mut court = Court::<Fifo>::of("fifo_delivery");
    court.send(1, 7).send(2, 8).deliver(3, 8);
    assert_eq!(court.end(9, true), "violated", "7 is missing");
    let mut court = Court::<Fifo>::of("fifo_delivery");
    court
        .send(1, 7)
        .send(2, 8)
        .send(3, 7)
        .crash(4, 1)
        .recover(5, 1);
    assert_eq!(
        court.deliver(6, 8).deliver(7, 7).end(9, true),
        "held",
        "the first is lost"
    );
    assert_eq!(
        court.deliver(8, 7).end(9, true),
        "violated",
        "it comes after all"
    );
}

/// Nobody answers for a liar; in the name of all others nobody may speak.
#[test]
fn authenticity_protects_those_who_follow_their_algorithm() {
    for (name, liar) in [
        ("authenticity", "not exercised"),
        ("no_creation", "violated"),
    ] {
        let mut court = Court::<Authentic>::of(name);
        assert_eq!(
            court
                .see(1, &Fact::Failed(NodeId(0)))
                .deliver(2, 7)
                .end(9, true),
            liar
        );
        let mut court = Court::<Authentic>::of(name);
        assert_eq!(
            court.crash(1, 0).deliver(2, 7).end(9, true),
            "violated",
            "{name}"
        );
        let mut court = Court::<Authentic>::of(name);
        court.see(1, &Fact::Failed(NodeId(1))).deliver(2, 7);
        assert_eq!(
            court.end(9, true),
            "not exercised",
            "a liar delivers what it likes"
        );
    }
}

/// What was sent before a repair says nothing about the link after it.
#[test]
fn fair_loss_counts_from_the_last_repair() {
    let mut court = Court::<FairLoss>::of("fair_loss");
    for at in 0..u64::from(OFTEN) - 1 {
        court.send(at, 7);
    }
    assert_eq!(court.end(500, true), "not exercised");
    court.see(120, &Fact::Healed).send(121, 7);
    assert_eq!(court.end(500, true), "not exercised");
    for at in 0..u64::from(OFTEN) {
        court.send(200 + at, 7);
    }
    assert_eq!(
        (court.end(305, false), court.end(500, true)),
        ("pending", "violated")
    );
    assert_eq!(court.deliver(305, 7).end(500, true), "held");
}

#[test]
fn stubborn_delivery_wants_it_twice_and_to_the_end() {
    let mut court = Court::<Stubborn>::of("stubborn_delivery");
    assert_eq!(court.send(1, 7).end(5, false), "pending");
    assert_eq!(court.deliver(2, 7).end(12, false), "violated", "once");
    assert_eq!(court.deliver(5, 7).end(15, false), "held");
    assert_eq!(court.end(16, false), "violated", "silent for too long");
    assert_eq!(court.end(15, true), "violated", "silent for ever");
}

#[test]
fn copies_die_out_in_time() {
    let mut court = Court::<FairLoss>::of("finite_duplication");
    court.send(1, 7).deliver(2, 7);
    assert_eq!(
        (court.end(5, false), court.end(5, true)),
        ("pending", "held")
    );
    assert_eq!(court.deliver(11, 7).end(50, false), "held");
    assert_eq!(court.deliver(12, 7).end(50, false), "violated");
    assert_eq!(
        court.send(13, 7).end(50, false),
        "held",
        "it was sent once more"
    );
}

/// Every promise of a guarantee has a checker, and a number in the literature.
#[test]
fn every_promise_can_be_checked() {
    fn all<Q: Promises>() {
        assert_eq!(askable::<Q>().count(), 8);
        for about in askable::<Q>() {
            let overlay = Overlay::complete(3);
            assert!(
                checker::<u8, Q>(about.name, &overlay).is_some(),
                "{}",
                about.name
            );
            assert!(!about.number.is_empty() && about.meaning.ends_with('.'));
        }
        assert!(checker::<u8, Q>("agreement", &Overlay::complete(3)).is_none());
    }
    all::<FairLoss>();
    all::<AuthenticFairLoss>();
    all::<Stubborn>();
    all::<Perfect>();
    all::<Logged>();
    all::<Fifo>();
    all::<Authentic>();
}

/// One message from one process to another is in any order.
#[test]
fn a_single_message_is_in_any_order() {
    let mut court = Court::<Fifo>::of("fifo_delivery");
    assert_eq!(court.send(1, 7).deliver(3, 7).end(9, true), "not exercised");
    assert_eq!(court.send(10, 8).end(11, true), "not exercised");
    assert_eq!(court.deliver(12, 8).end(13, true), "held");
}
