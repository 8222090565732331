//! `Byzantine`: an honest protocol whose messages an adversary rewrites.
//!
//! Source: Cachin, Guerraoui, Rodrigues, 2.2.6 (arbitrary faults), with the common ways to deviate by name. Needs and
//! offers what the protocol does, if that stands on a link; its timers and its disk are the protocol's. Cost: nothing to
//! an honest process but a look at a pointer. The driver says which behaviours are in force, and may change its mind at
//! any time; the layer reports those that make a difference. Where it fails: it sees what the protocol sends and nothing
//! else, so it cannot break a promise that the protocol keeps to itself, such as what it indicates.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem;

use sim_core::kernel::env::Env;
use sim_core::kernel::prelude::*;
use sim_core::kernel::summary::is_of_kind;

use super::alter::{mutated, replaced};
use super::behaviour::Behaviour;

/// How many messages are remembered for a replay.
const EARLIER_MAX: usize = 16;
/// How many behaviours there are bits for.
const BEHAVIOURS_MAX: usize = 64;
/// Why a bit is drawn.
const BIT: &str = "byzantine_bit";

/// One process, honest or in the hands of an adversary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Byzantine<P: Protocol> {
    /// The honest protocol.
    pub honest: P,
    attack: Option<Box<Attack<Req<P::Needs>>>>,
}

/// What the adversary knows: `T` is what the protocol asks of its link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Attack<T> {
    behaviours: Vec<Behaviour>,
    /// The last messages sent, and received from others; kept only if they may be replayed.
    earlier: VecDeque<T>,
}

impl<P: Protocol> Byzantine<P> {
    /// A process that never deviates.
    #[must_use]
    pub const fn honest(honest: P) -> Self {
        Byzantine {
            honest,
            attack: None,
        }
    }

    /// A process with these behaviours. Behaviour i is in force while bit i of
    /// [`Adversary::active`](sim_core::kernel::env::Adversary) is set, and sets bit i of `struck` whenever it makes a
    /// difference. If several are in force, each sees what the one before it has left.
    ///
    /// # Panics
    /// If there are more than 64.
    #[must_use]
    pub fn new(honest: P, behaviours: Vec<Behaviour>) -> Self {
        assert!(
            behaviours.len() <= BEHAVIOURS_MAX,
            "{} behaviours of one process: there are bits for {BEHAVIOURS_MAX}",
            behaviours.len()
        );
        let attack = (!behaviours.is_empty()).then(|| {
            Box::new(Attack {
                behaviours,
                earlier: VecDeque::new(),
            })
        });
        Byzantine { honest, attack }
    }
}

impl<P, M, Q> Protocol for Byzantine<P>
where
    P: Protocol<Needs = Link<M, Q>>,
    M: Payload,
    Q: Guarantee,
{
    type Offers = P::Offers;
    type Needs = P::Needs;
    type Timer = P::Timer;
    type Disk = P::Disk;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        if let (Some(attack), Event::Indication(said)) = (&mut self.attack, &event) {
            let me = fx.me();
            if said.from != me && attack.is_replayable(&said.msg) {
                attack.remember(one(me, &said.msg));
            }
        }
        let event = match event {
            Event::Boot(boot) => Event::Boot(boot),
            Event::Request(request) => Event::Request(request),
            Event::Indication(said) => Event::Indication(said),
            Event::Timer(tag) => Event::Timer(tag),
        };
        let mut under = Under {
            attack: self.attack.as_deref_mut(),
            fx,
            honest: PhantomData::<fn() -> P>,
        };
        self.honest.on(event, &mut under);
    }
}

/// What the honest protocol writes to: its sends pass through the adversary's hands.
struct Under<'a, T, F, P> {
    attack: Option<&'a mut Attack<T>>,
    fx: &'a mut F,
    honest: PhantomData<fn() -> P>,
}

impl<P, M, Q, F> Effects<P> for Under<'_, Transmit<M>, F, P>
where
    P: Protocol<Needs = Link<M, Q>>,
    M: Payload,
    Q: Guarantee,
    F: Effects<Byzantine<P>>,
{
    fn emit(&mut self, effect: Effect<P>) {
        match effect {
            Effect::Request(transmit) => match &mut self.attack {
                None => self.fx.request(transmit),
                Some(attack) => attack.on_send(transmit, self.fx),
            },
            Effect::Indicate(said) => self.fx.indicate(said),
            Effect::Arm(tag, span) => self.fx.arm(tag, span),
            Effect::Disarm(tag) => self.fx.disarm(tag),
            Effect::Persist(write) => self.fx.persist(write),
            Effect::Mark(name) => self.fx.mark(name),
        }
    }

    fn env(&mut self) -> &mut Env {
        self.fx.env()
    }
}

impl<M: Payload> Attack<Transmit<M>> {
    fn on_send<P, F>(&mut self, transmit: Transmit<M>, fx: &mut F)
    where
        P: Protocol<Needs: Port<Request = Transmit<M>>>,
        F: Effects<P>,
    {
        let active = fx.env().adversary.active;
        let honest = self.is_replayable(&transmit.msg).then(|| transmit.clone());
        let to = transmit.to;
        let mut sends = vec![transmit];
        for (place, behaviour) in self.behaviours.iter().enumerate() {
            if active >> place & 1 == 0 {
                continue;
            }
            let struck = match behaviour {
                // It is the honest send that a replay follows, not each of those that others have made of it.
                Behaviour::Replay { kinds } => self.replay(kinds, to, &mut sends, fx.env()),
                _ => rewrite(behaviour, &mut sends, fx.env()),
            };
            if struck {
                fx.env().adversary.struck |= 1 << place;
                fx.mark(behaviour.mark());
            }
        }
        for send in sends {
            fx.request(send);
        }
        if let Some(honest) = honest {
            self.remember(honest);
        }
    }

    /// Sends one of the earlier messages to the others among `to`.
    fn replay(
        &self,
        kinds: &[String],
        to: Group,
        sends: &mut Vec<Transmit<M>>,
        env: &mut Env,
    ) -> bool {
        let fitting = || {
            let all = self.earlier.iter();
            all.filter(|earlier| is_of_kind(&earlier.msg, kinds))
        };
        let count = u32::try_from(fitting().count()).expect("few are remembered");
        let Some(to) = others(to, env).filter(|_| count > 0) else {
            return false;
        };
        let which = env.pick_for_adversary("byzantine_replay", count);
        let Some(earlier) = fitting().nth(which as usize) else {
            return false;
        };
        let msg = earlier.msg.clone();
        sends.push(Transmit { to, msg });
        true
    }

    /// Could `msg` be repeated one day?
    fn is_replayable(&self, msg: &M) -> bool {
        self.behaviours.iter().any(|behaviour| {
            matches!(behaviour, Behaviour::Replay { .. }) && is_of_kind(msg, behaviour.kinds())
        })
    }

    fn remember(&mut self, transmit: Transmit<M>) {
        if self.earlier.len() == EARLIER_MAX {
            self.earlier.pop_front();
        }
        self.earlier.push_back(transmit);
    }
}

/// Puts in the place of each send what the behaviour makes of it; true if it made a difference.
fn rewrite<M: Payload>(behaviour: &Behaviour, sends: &mut Vec<Transmit<M>>, env: &mut Env) -> bool {
    let mut struck = false;
    for send in mem::take(sends) {
        if !is_of_kind(&send.msg, behaviour.kinds()) {
            sends.push(send);
            continue;
        }
        struck |= match behaviour {
            Behaviour::Silent { to, .. } => silence(to, send, sends, env),
            Behaviour::Equivocate { values, to, .. } => {
                equivocate(values.as_ref(), to, send, sends, env)
            }
            Behaviour::Mutate { .. } => mutate(send, sends, env),
            Behaviour::Flood { copies, .. } => flood(*copies, send, sends, env),
            Behaviour::Replay { .. } => false,
        };
    }
    struck
}

fn silence<M: Payload>(
    to: &[NodeId],
    send: Transmit<M>,
    sends: &mut Vec<Transmit<M>>,
    env: &Env,
) -> bool {
    let me = env.me;
    let is_cut_off = |node: &NodeId| match to {
        [] => *node != me,
        to => to.contains(node),
    };
    let all = send.to.receivers(env.me, &env.overlay);
    if !all.iter().any(|node| is_cut_off(&node)) {
        sends.push(send);
        return false;
    }
    let told = all.filter(|node| !is_cut_off(node));
    sends.extend(told.map(|node| one(node, &send.msg)));
    true
}

fn equivocate<M: Payload>(
    values: Option<&[String; 2]>,
    to: &[NodeId],
    send: Transmit<M>,
    sends: &mut Vec<Transmit<M>>,
    env: &mut Env,
) -> bool {
    let (me, half) = (env.me, env.nodes.div_ceil(2));
    let is_lied_to = |node: &NodeId| match to {
        [] => *node != me && node.0 >= half,
        to => to.contains(node),
    };
    let all = send.to.receivers(env.me, &env.overlay);
    let other = match values {
        _ if !all.iter().any(|node| is_lied_to(&node)) => None,
        Some([from, to]) => replaced(&send.msg, from, to),
        None => mutated(&send.msg, |bits| env.pick_for_adversary(BIT, bits)),
    };
    let Some(other) = other else {
        sends.push(send);
        return false;
    };
    sends.extend(all.map(|node| {
        let msg = if is_lied_to(&node) { &other } else { &send.msg };
        one(node, msg)
    }));
    true
}

fn mutate<M: Payload>(send: Transmit<M>, sends: &mut Vec<Transmit<M>>, env: &mut Env) -> bool {
    let me = env.me;
    let mut struck = false;
    let mut copies = Vec::new();
    for node in send.to.receivers(me, &env.overlay) {
        let other = match node {
            node if node == me => None,
            _ => mutated(&send.msg, |bits| env.pick_for_adversary(BIT, bits)),
        };
        struck |= other.is_some();
        copies.push(one(node, other.as_ref().unwrap_or(&send.msg)));
    }
    if struck {
        sends.append(&mut copies);
    } else {
        sends.push(send);
    }
    struck
}

fn flood<M: Payload>(
    copies: u32,
    send: Transmit<M>,
    sends: &mut Vec<Transmit<M>>,
    env: &Env,
) -> bool {
    let to = others(send.to, env).filter(|_| copies > 0);
    let msg = send.msg.clone();
    sends.push(send);
    let Some(to) = to else {
        return false;
    };
    sends.extend((0..copies).map(|_| Transmit {
        to,
        msg: msg.clone(),
    }));
    true
}

fn one<M: Payload>(node: NodeId, msg: &M) -> Transmit<M> {
    Transmit {
        to: node.into(),
        msg: msg.clone(),
    }
}

/// The group without this process; `None` if nobody is left.
fn others(group: Group, env: &Env) -> Option<Group> {
    let group = match group {
        Group::All => Group::Others,
        group => group,
    };
    let any = group.receivers(env.me, &env.overlay).others() > 0;
    any.then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;
    use sim_core::kernel::text::Text;

    use crate::multicast::{Basic, Cast};

    type Process = Byzantine<Basic<Text, Perfect>>;
    type Sent = Vec<(Group, &'static str)>;

    const HI: &str = "hi";

    /// Process 0 of 4 with these behaviours, all in force.
    fn rig(behaviours: Vec<Behaviour>) -> Rig<Process> {
        let mut rig = Rig::new(Byzantine::new(Basic::new(), behaviours));
        rig.as_node(NodeId(0), 4);
        rig.env().adversary.active = u64::MAX;
        rig
    }

    fn to(node: u32) -> Group {
        Group::One(NodeId(node))
    }

    fn cast(rig: &mut Rig<Process>) -> &mut Rig<Process> {
        rig.request(Cast(HI.into()))
    }

    #[track_caller]
    fn sends(rig: &mut Rig<Process>, sent: Sent, marks: &[&str], struck: u64) {
        let effects = rig.effects().into_iter().map(|effect| match effect {
            Effect::Request(Transmit { to, msg }) => (to, msg),
            other => panic!("{other:?} is no send"),
        });
        let sent: Vec<_> = sent.into_iter().map(|(to, msg)| (to, msg.into())).collect();
        assert_eq!(effects.collect::<Vec<(Group, Text)>>(), sent);
        assert_eq!(rig.marks(), marks);
        assert_eq!(mem::take(&mut rig.env().adversary.struck), struck);
    }

    fn equivocate(values: Option<[&str; 2]>, to: &[u32]) -> Behaviour {
        Behaviour::Equivocate {
            kinds: vec![],
            values: values.map(|values| values.map(String::from)),
            to: to.iter().copied().map(NodeId).collect(),
        }
    }

    fn silent(to: &[u32]) -> Behaviour {
        Behaviour::Silent {
            kinds: vec![],
            to: to.iter().copied().map(NodeId).collect(),
        }
    }

    #[test]
    fn an_honest_process_is_left_alone() {
        let mut honest = Rig::new(Byzantine::honest(Basic::new()));
        honest.env().adversary.active = 1;
        sends(cast(&mut honest), vec![(Group::All, HI)], &[], 0);
        let mut patient = rig(vec![silent(&[])]);
        patient.env().adversary.active = 2;
        sends(cast(&mut patient), vec![(Group::All, HI)], &[], 0);
        let hi = Arrival {
            from: NodeId(2),
            msg: HI.into(),
        };
        assert_eq!(honest.indication(hi.clone()).effects().len(), 1);
        assert_eq!(patient.indication(hi).effects().len(), 1);
    }

    #[test]
    fn the_silent_send_to_those_who_are_not_cut_off() {
        let mark = &["byzantine_silent"];
        let mut some = rig(vec![silent(&[1, 3])]);
        sends(cast(&mut some), vec![(to(0), HI), (to(2), HI)], mark, 1);
        let mut nobody = rig(vec![silent(&[])]);
        sends(cast(&mut nobody), vec![(to(0), HI)], mark, 1);
        let mut absent = rig(vec![silent(&[9])]);
        sends(cast(&mut absent), vec![(Group::All, HI)], &[], 0);
        let mut selective = rig(vec![Behaviour::Silent {
            kinds: vec!["Data".into()],
            to: vec![],
        }]);
        sends(cast(&mut selective), vec![(Group::All, HI)], &[], 0);
    }

    #[test]
    fn who_equivocates_splits_a_group_send() {
        let mark = &["byzantine_equivocated"];
        let split = |a, b, c| vec![(to(0), HI), (to(1), a), (to(2), b), (to(3), c)];
        let mut half = rig(vec![equivocate(Some([HI, "ha!"]), &[])]);
        sends(cast(&mut half), split(HI, "ha!", "ha!"), mark, 1);
        let mut named = rig(vec![equivocate(Some([HI, "ha!"]), &[1])]);
        sends(cast(&mut named), split("ha!", HI, HI), mark, 1);
        let mut pointless = rig(vec![equivocate(Some(["ho", "ha!"]), &[])]);
        sends(cast(&mut pointless), vec![(Group::All, HI)], &[], 0);
        // The bytes are 2, 'h', 'i': bit 16 makes an 'h' of the 'i', for everybody who is lied to.
        let mut drawn = rig(vec![equivocate(None, &[])]);
        sends(cast(drawn.choices(&[16])), split(HI, "hh", "hh"), mark, 1);
    }

    #[test]
    fn every_copy_is_mutated_by_itself() {
        let mut rig = rig(vec![Behaviour::Mutate { kinds: vec![] }]);
        let sent = vec![(to(0), HI), (to(1), "hh"), (to(2), "ii"), (to(3), "hh")];
        // Bit 0 makes the text longer than the bytes are: that is no message, and another bit is drawn.
        cast(rig.choices(&[16, 8, 0, 16]));
        sends(&mut rig, sent, &["byzantine_mutated"], 1);
        cast(rig.choices(&[0; 96]));
        sends(&mut rig, vec![(Group::All, HI)], &[], 0);
    }

    #[test]
    fn earlier_messages_come_again() {
        let mut rig = rig(vec![Behaviour::Replay { kinds: vec![] }]);
        for (from, msg) in [(2, "two"), (0, "me")] {
            let from = NodeId(from);
            rig.indication(Arrival {
                from,
                msg: msg.into(),
            });
        }
        let said = rig.effects();
        assert!(said.iter().all(|said| matches!(said, Effect::Indicate(_))));
        let mark = &["byzantine_replayed"];
        let two = vec![(Group::All, HI), (Group::Others, "two")];
        sends(cast(rig.choices(&[0])), two, mark, 1);
        let own = vec![(Group::All, HI), (Group::Others, HI)];
        sends(cast(rig.choices(&[1])), own, mark, 1);
    }

    #[test]
    fn a_flood_is_more_of_the_same() {
        let flood = |copies| Behaviour::Flood {
            kinds: vec![],
            copies,
        };
        let more = (Group::Others, HI);
        let mut two = rig(vec![flood(2)]);
        let sent = vec![(Group::All, HI), more, more];
        sends(cast(&mut two), sent, &["byzantine_flooded"], 1);
        sends(
            cast(&mut rig(vec![flood(0)])),
            vec![(Group::All, HI)],
            &[],
            0,
        );
    }

    /// Each behaviour sees what the one before it has left, and answers for itself.
    #[test]
    fn behaviours_follow_one_another() {
        let mut both = rig(vec![
            silent(&[1, 2]),
            equivocate(Some([HI, "ha!"]), &[2, 3]),
        ]);
        let marks = &["byzantine_silent", "byzantine_equivocated"];
        sends(cast(&mut both), vec![(to(0), HI), (to(3), "ha!")], marks, 3);
        both.env().adversary.active = 2;
        let sent = vec![(to(0), HI), (to(1), HI), (to(2), "ha!"), (to(3), "ha!")];
        sends(cast(&mut both), sent, &["byzantine_equivocated"], 2);
    }
}
