//! Authenticated echo broadcast: deliver what a quorum says it has heard.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.16. Needs authenticated links, offers Byzantine consistent broadcast (BCB1 to
//! BCB4). Cost: N²−1 messages a cast, two message delays. Model: asynchronous, f traitors, N > 3f.
//! Not reliable: a caster that leaves some out lets some deliver and others never (no totality). With N = 3f a quorum
//! is more than those who answer, and nothing is delivered at all; with a smaller one the caster can lie to two halves.
//! Memory: a message that was delivered takes a few bits; one that never gets a quorum is kept, and traitors can begin as many
//! of those as they like: the algorithm sets no bound.

use alloc::collections::BTreeMap;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::quorums::Quorums;
use super::votes::Votes;
use crate::multicast::port::{Cast, Consistent, Deliver, Multicast};
use crate::seen::Seen;

/// What the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EchoMessage<P> {
    /// The caster says what it casts.
    Send {
        /// Which of its messages.
        id: MsgId,
        /// What it says.
        payload: P,
    },
    /// A process says what the caster told it.
    Echo {
        /// Which message.
        id: MsgId,
        /// What the caster said, as far as this process knows.
        payload: P,
    },
}

impl<P: fmt::Display> fmt::Display for EchoMessage<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EchoMessage::Send { id, payload } => write!(f, "Send{{{id} {payload}}}"),
            EchoMessage::Echo { id, payload } => write!(f, "Echo{{{id} {payload}}}"),
        }
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuthenticatedEcho<P> {
    quorums: Quorums,
    next: u32,
    /// A process echoes a message once, whatever it is told first.
    echoed: Seen,
    delivered: Seen,
    /// The echoes of what is not delivered.
    echoes: BTreeMap<MsgId, Votes<P>>,
}

impl<P> AuthenticatedEcho<P> {
    /// A node that has heard nothing.
    #[must_use]
    pub const fn new(quorums: Quorums) -> Self {
        AuthenticatedEcho {
            quorums,
            next: 0,
            echoed: Seen::new(),
            delivered: Seen::new(),
            echoes: BTreeMap::new(),
        }
    }
}

impl<P: Payload> Protocol for AuthenticatedEcho<P> {
    type Offers = Multicast<P, Consistent>;
    type Needs = Link<EchoMessage<P>, Authentic>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Arrival { from, msg }) => match msg {
                EchoMessage::Send { id, payload } => self.on_send(from, id, payload, fx),
                EchoMessage::Echo { id, payload } => self.on_echo(from, id, payload, fx),
            },
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload> AuthenticatedEcho<P> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let id = MsgId {
            origin: fx.me(),
            seq: self.next,
        };
        self.next += 1;
        fx.send(Group::All, EchoMessage::Send { id, payload });
    }

    fn on_send(&mut self, from: NodeId, id: MsgId, payload: P, fx: &mut impl Effects<Self>) {
        if from != id.origin {
            fx.mark("not_from_its_origin");
            return;
        }
        if self.echoed.insert(id) {
            fx.send(Group::All, EchoMessage::Echo { id, payload });
        }
    }

    fn on_echo(&mut self, from: NodeId, id: MsgId, payload: P, fx: &mut impl Effects<Self>) {
        let nodes = fx.nodes();
        if id.origin.0 >= nodes {
            fx.mark("no_such_origin");
            return;
        }
        if self.delivered.contains(id) {
            return;
        }
        let Some(count) = self.echoes.entry(id).or_default().add(from, &payload) else {
            return;
        };
        if count >= self.quorums.echoes(nodes) {
            self.echoes.remove(&id);
            self.delivered.insert(id);
            fx.indicate(Deliver {
                origin: id.origin,
                payload,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use sim_core::kernel::rig::Rig;

    type Layer = AuthenticatedEcho<u8>;

    fn id(origin: u32, seq: u32) -> MsgId {
        MsgId {
            origin: NodeId(origin),
            seq,
        }
    }

    /// Process 0 of 4, of which one may be a traitor.
    fn rig() -> Rig<Layer> {
        let mut rig = Rig::new(AuthenticatedEcho::new(Quorums::new(None, None)));
        rig.as_node(NodeId(0), 4).boot();
        rig
    }

    fn send(rig: &mut Rig<Layer>, from: u32, id: MsgId, payload: u8) -> Vec<Effect<Layer>> {
        let msg = EchoMessage::Send { id, payload };
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    fn echo(rig: &mut Rig<Layer>, from: u32, id: MsgId, payload: u8) -> Vec<Effect<Layer>> {
        let msg = EchoMessage::Echo { id, payload };
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    fn to_all(msg: EchoMessage<u8>) -> Effect<Layer> {
        Effect::Request(Transmit {
            to: Group::All,
            msg,
        })
    }

    fn delivery(origin: u32, payload: u8) -> Effect<Layer> {
        Effect::Indicate(Deliver {
            origin: NodeId(origin),
            payload,
        })
    }

    #[test]
    fn casts_have_names_of_their_own() {
        let mut rig = rig();
        for (seq, payload) in [(0, 7), (1, 7)] {
            let id = id(0, seq);
            let sent = rig.request(Cast(payload)).effects();
            assert_eq!(sent, [to_all(EchoMessage::Send { id, payload })]);
        }
    }

    /// Else a caster could have a process vote for both of its lies.
    #[test]
    fn echoes_once_whatever_it_is_told_first() {
        let (mut rig, id) = (rig(), id(1, 0));
        let payload = 7;
        assert_eq!(
            send(&mut rig, 1, id, payload),
            [to_all(EchoMessage::Echo { id, payload })]
        );
        assert_eq!(send(&mut rig, 1, id, 8), []);
        assert_eq!(send(&mut rig, 1, id, payload), []);
    }

    /// BCB3 Integrity: what the link says of the sender is all there is to go by.
    #[test]
    fn nobody_casts_in_the_name_of_another() {
        let mut rig = rig();
        assert_eq!(send(&mut rig, 2, id(1, 0), 7), []);
        assert_eq!(rig.marks(), ["not_from_its_origin"]);
        assert_eq!(send(&mut rig, 1, id(1, 0), 8).len(), 1, "it may itself");
        assert_eq!(echo(&mut rig, 2, id(4, 0), 7), []);
        assert_eq!(rig.marks(), ["no_such_origin"]);
    }

    #[test]
    fn delivers_once_at_a_quorum_for_one_payload() {
        let (mut rig, id) = (rig(), id(1, 0));
        assert_eq!(echo(&mut rig, 0, id, 7), []);
        assert_eq!(echo(&mut rig, 1, id, 8), []);
        assert_eq!(echo(&mut rig, 2, id, 7), []);
        assert_eq!(echo(&mut rig, 2, id, 7), [], "it has voted");
        assert_eq!(echo(&mut rig, 1, id, 7), [], "it cannot change its mind");
        assert_eq!(echo(&mut rig, 3, id, 7), [delivery(1, 7)]);
        assert_eq!(echo(&mut rig, 3, id, 7), []);
    }

    /// What was delivered takes bits; late echoes do not begin it anew. And it is still echoed, for those who wait.
    #[test]
    fn forgets_the_echoes_of_what_it_has_delivered() {
        let mut rig = rig();
        for seq in 0..100 {
            for from in 0..4 {
                echo(&mut rig, from, id(1, seq), 7);
            }
            assert_eq!(send(&mut rig, 1, id(1, seq), 7).len(), 1);
        }
        let mut settled = AuthenticatedEcho::new(Quorums::new(None, None));
        for seq in 0..100 {
            settled.echoed.insert(id(1, seq));
            settled.delivered.insert(id(1, seq));
        }
        assert_eq!(rig.layer, settled);
    }
}
