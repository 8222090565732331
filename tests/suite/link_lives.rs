//! Links of processes that crash and recover: on the bench, a crash after every single effect.

use protocols::link::property::{Promises, checker};
use protocols::link::{BACKLOG, Built, Keyring, LinkChoice, Log, Retransmission, Retransmit, Rto};
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Ind, Req};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property};
use sim_core::kernel::rig::Rig;
use sim_core::kernel::time::SimTime;

const MS: Span = Span::from_millis(1);

const CONFIG: Retransmission = Retransmission {
    rto: Rto::Fixed(MS),
    attempts: None,
    backlog: BACKLOG,
};

type Wire<Q> = Arrival<<Built<u8, Q> as Node>::Wire>;

type Judge<Q> = Box<dyn Property<Link<u8, Q>>>;

/// Two processes and the wire between them. The second crashes after so many of its effects, and recovers at once.
struct Story<Q: Promises> {
    choice: LinkChoice,
    rigs: [Rig<Built<u8, Q>>; 2],
    armed: [Option<Span>; 2],
    /// What is under way, and to whom.
    wire: Vec<(usize, Wire<Q>)>,
    disk: Log<u8>,
    lives: u32,
    effects_left: u32,
    judges: Vec<(&'static str, Judge<Q>)>,
    violated: Vec<&'static str>,
    /// What the second process has said.
    said: Vec<u8>,
    now: u64,
}

impl<Q: Promises> Story<Q> {
    fn new(choice: LinkChoice, crash_after: u32) -> Self {
        let judge = |about: &sim_core::kernel::property::About| {
            let overlay = Overlay::complete(2);
            let judge = checker(about.name, &overlay).expect("it is promised");
            (about.name, judge)
        };
        let mut story = Story {
            choice,
            rigs: [0, 1].map(|me| rig(choice, me)),
            armed: [None; 2],
            wire: Vec::new(),
            disk: Log::default(),
            lives: 1,
            effects_left: crash_after,
            judges: Q::PROMISED.iter().map(judge).collect(),
            violated: Vec::new(),
            said: Vec::new(),
            now: 0,
        };
        for node in [0, 1] {
            story.rigs[node].boot();
            story.carry_out(node);
        }
        story
    }

    fn see(&mut self, fact: &Fact<'_, Link<u8, Q>>) {
        let at = SimTime::from_nanos(self.now);
        let moment = Moment {
            at,
            event: self.now,
        };
        for (name, judge) in &mut self.judges {
            if judge.see(moment, fact).is_err() && !self.violated.contains(name) {
                self.violated.push(name);
            }
        }
    }

    fn send(&mut self, msg: u8) {
        self.now += 1;
        let to = Group::One(NodeId(1));
        let request: Req<Link<u8, Q>> = Transmit { to, msg };
        self.see(&Fact::Requested(NodeId(0), &request));
        self.rigs[0].request(request);
        self.carry_out(0);
    }

    /// What was sent last arrives first; when all has arrived, timers run out.
    fn settle(&mut self) {
        for _ in 0..1_000 {
            self.now += 1;
            if let Some((to, arrival)) = self.wire.pop() {
                self.rigs[to].indication(arrival);
                self.carry_out(to);
            } else if let Some(node) = [0, 1].into_iter().find(|node| self.armed[*node].is_some()) {
                let span = self.armed[node].take().expect("it is armed");
                self.rigs[node].wait(span).timer(Retransmit);
                self.carry_out(node);
            } else {
                return;
            }
        }
        panic!("it never rests");
    }

    /// The rule of interpretation, with a crash between two effects.
    fn carry_out(&mut self, node: usize) {
        for effect in self.rigs[node].effects() {
            if node == 1 && self.lives == 1 {
                if self.effects_left == 0 {
                    return self.crash();
                }
                self.effects_left -= 1;
            }
            match effect {
                Effect::Request(Transmit { to, msg }) => {
                    let from = NodeId(u32::try_from(node).expect("0 or 1"));
                    let other = 1 - node;
                    let wanted = [Group::Others, Group::One(NodeId(1 - from.0))];
                    assert!(wanted.contains(&to));
                    self.wire.push((other, Arrival { from, msg }));
                }
                Effect::Indicate(said) => {
                    let said: Ind<Link<u8, Q>> = said;
                    assert_eq!(node, 1);
                    self.said.push(said.msg);
                    self.see(&Fact::Indicated(NodeId(1), &said));
                }
                Effect::Arm(Retransmit, span) => self.armed[node] = Some(span),
                Effect::Disarm(Retransmit) => self.armed[node] = None,
                Effect::Persist(write) => self.disk.apply(write),
                Effect::Mark(_) => (),
            }
        }
    }

    fn crash(&mut self) {
        self.see(&Fact::Crashed(NodeId(1)));
        self.now += 1;
        self.see(&Fact::Recovered(NodeId(1)));
        (self.rigs[1], self.armed[1]) = (rig(self.choice, 1), None);
        let boot = Boot {
            disk: self.disk.clone(),
            incarnation: self.lives,
        };
        self.lives += 1;
        self.rigs[1].boot_with(boot);
        self.carry_out(1);
    }

    /// The promises that were broken.
    fn end(mut self) -> Vec<&'static str> {
        let at = SimTime::from_nanos(self.now);
        let end = End {
            at,
            complete: true,
            quiet_since: Some(at),
            within: Span::from_secs(1),
            last_repair: SimTime::ZERO,
        };
        for (name, judge) in &mut self.judges {
            if !self.violated.contains(name) && matches!(judge.finish(&end), Finding::Violated(_)) {
                self.violated.push(name);
            }
        }
        self.violated
    }
}

fn rig<Q: Promises>(choice: LinkChoice, me: u32) -> Rig<Built<u8, Q>> {
    let me = NodeId(me);
    let mut rig = Rig::new(Built::new(choice, Keyring::of_seed(1, me)));
    rig.as_node(me, 2);
    rig
}

/// Four messages under way at once, and when all is quiet two more; what breaks, by the place of the crash.
fn broken_by_a_crash<Q: Promises>(choice: LinkChoice) -> Vec<Vec<&'static str>> {
    let mut broken = Vec::new();
    for crash_after in 0.. {
        let mut story = Story::<Q>::new(choice, crash_after);
        (0..4).for_each(|msg| story.send(msg));
        story.settle();
        let before = story.said.len();
        (4..6).for_each(|msg| story.send(msg));
        story.settle();
        if story.lives == 1 {
            break; // It ended before so many effects.
        }
        let after = &story.said[before..];
        let late = [4, 5].map(|msg| after.contains(&msg));
        // What is sent when the news of a recovery is out arrives, whatever the link.
        let crashed_late = crash_after >= 8;
        assert!(
            crashed_late || late == [true; 2],
            "{choice:?} {crash_after} {after:?}"
        );
        broken.push(story.end());
    }
    assert!(broken.len() > 8, "the crash had places to fall");
    broken
}

/// LPL1 to LPL3 hold wherever the crash falls.
#[test]
fn a_logged_link_survives_a_crash_after_any_effect() {
    for broken in broken_by_a_crash::<Logged>(LinkChoice::Logged(CONFIG)) {
        assert_eq!(broken, [""; 0]);
    }
}

/// Whose record is volatile delivers again what it has delivered but not acknowledged; no other promise breaks.
#[test]
fn a_perfect_link_may_deliver_twice_across_a_recovery() {
    let broken = broken_by_a_crash::<Perfect>(LinkChoice::Perfect(CONFIG));
    assert!(broken.contains(&vec!["no_duplication"]));
    let known: [&[&str]; 2] = [&[], &["no_duplication"]];
    assert!(broken.iter().all(|names| known.contains(&&names[..])));
}

/// What is under way when its receiver crashes is lost, in order; nothing is delivered twice or too late.
#[test]
fn a_fifo_link_drops_a_former_life_and_keeps_the_order() {
    let broken = broken_by_a_crash::<Fifo>(LinkChoice::Fifo(CONFIG));
    assert!(broken.contains(&vec!["reliable_delivery"]));
    let known: [&[&str]; 2] = [&[], &["reliable_delivery"]];
    assert!(
        broken.iter().all(|names| known.contains(&&names[..])),
        "{broken:?}"
    );
}
