//! Authenticated double echo, Bracha's broadcast: deliver what a quorum says that a quorum has heard.
//!
//! Source: Bracha, *Asynchronous Byzantine agreement protocols* (1987); Cachin, Guerraoui, Rodrigues, Alg. 3.18. Needs
//! authenticated links, offers Byzantine reliable broadcast (BRB1 to BRB5). Cost: (N−1)(2N+1) messages a cast, three message
//! delays (fewer with f = 0). Model: asynchronous, f traitors, N > 3f.
//! Totality rests on the amplification: who delivers has heard more than 2f, so everybody hears more than f correct ones
//! in the end, and joins them. With N = 3f, or a smaller quorum, it fails as authenticated echo does.
//! Memory: as there, a message that was delivered takes a few bits, and what traitors begin in vain stays.

use alloc::collections::BTreeMap;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::quorums::Quorums;
use super::votes::Votes;
use crate::multicast::port::{ByzantineReliable, Cast, Deliver, Multicast};
use crate::seen::Seen;

/// What the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DoubleEchoMessage<P> {
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
    /// A process says that no other payload can get a quorum any more.
    Ready {
        /// Which message.
        id: MsgId,
        /// The only payload that can be delivered.
        payload: P,
    },
}

impl<P: fmt::Display> fmt::Display for DoubleEchoMessage<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DoubleEchoMessage::Send { id, payload } => write!(f, "Send{{{id} {payload}}}"),
            DoubleEchoMessage::Echo { id, payload } => write!(f, "Echo{{{id} {payload}}}"),
            DoubleEchoMessage::Ready { id, payload } => write!(f, "Ready{{{id} {payload}}}"),
        }
    }
}

/// Whether a process is ready because more than f others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amplification {
    /// As published.
    On,
    /// A lesson: a caster that leaves some out lets some deliver and others never.
    Off,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DoubleEcho<P> {
    quorums: Quorums,
    amplification: Amplification,
    next: u32,
    /// A process says each of the three once, whatever it is told first.
    echoed: Seen,
    ready: Seen,
    delivered: Seen,
    /// The echoes of what it is not ready for, and who is ready for what is not delivered.
    echoes: BTreeMap<MsgId, Votes<P>>,
    readies: BTreeMap<MsgId, Votes<P>>,
}

impl<P> DoubleEcho<P> {
    /// A node that has heard nothing.
    #[must_use]
    pub const fn new(quorums: Quorums, amplification: Amplification) -> Self {
        DoubleEcho {
            quorums,
            amplification,
            next: 0,
            echoed: Seen::new(),
            ready: Seen::new(),
            delivered: Seen::new(),
            echoes: BTreeMap::new(),
            readies: BTreeMap::new(),
        }
    }
}

impl<P: Payload> Protocol for DoubleEcho<P> {
    type Offers = Multicast<P, ByzantineReliable>;
    type Needs = Link<DoubleEchoMessage<P>, Authentic>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Arrival { from, msg }) => match msg {
                DoubleEchoMessage::Send { id, payload } => self.on_send(from, id, payload, fx),
                DoubleEchoMessage::Echo { id, payload } => self.on_echo(from, id, payload, fx),
                DoubleEchoMessage::Ready { id, payload } => self.on_ready(from, id, payload, fx),
            },
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload> DoubleEcho<P> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let id = MsgId {
            origin: fx.me(),
            seq: self.next,
        };
        self.next += 1;
        fx.send(Group::All, DoubleEchoMessage::Send { id, payload });
    }

    fn on_send(&mut self, from: NodeId, id: MsgId, payload: P, fx: &mut impl Effects<Self>) {
        if from != id.origin {
            fx.mark("not_from_its_origin");
            return;
        }
        if self.echoed.insert(id) {
            fx.send(Group::All, DoubleEchoMessage::Echo { id, payload });
        }
    }

    fn on_echo(&mut self, from: NodeId, id: MsgId, payload: P, fx: &mut impl Effects<Self>) {
        let nodes = fx.nodes();
        if id.origin.0 >= nodes {
            fx.mark("no_such_origin");
            return;
        }
        if self.ready.contains(id) {
            return;
        }
        let Some(count) = self.echoes.entry(id).or_default().add(from, &payload) else {
            return;
        };
        if count >= self.quorums.echoes(nodes) {
            self.be_ready(id, payload, fx);
        }
    }

    fn on_ready(&mut self, from: NodeId, id: MsgId, payload: P, fx: &mut impl Effects<Self>) {
        let nodes = fx.nodes();
        if id.origin.0 >= nodes {
            fx.mark("no_such_origin");
            return;
        }
        if self.delivered.contains(id) {
            return;
        }
        let Some(count) = self.readies.entry(id).or_default().add(from, &payload) else {
            return;
        };
        let joins = self.amplification == Amplification::On && !self.ready.contains(id);
        if joins && count >= self.quorums.one_correct(nodes) {
            fx.mark("ready_amplified");
            self.be_ready(id, payload.clone(), fx);
        }
        if count >= self.quorums.readies(nodes) {
            self.readies.remove(&id);
            self.delivered.insert(id);
            fx.indicate(Deliver {
                origin: id.origin,
                payload,
            });
        }
    }

    fn be_ready(&mut self, id: MsgId, payload: P, fx: &mut impl Effects<Self>) {
        self.echoes.remove(&id);
        self.ready.insert(id);
        fx.send(Group::All, DoubleEchoMessage::Ready { id, payload });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use sim_core::kernel::rig::Rig;

    type Layer = DoubleEcho<u8>;
    type Message = DoubleEchoMessage<u8>;

    const ID: MsgId = MsgId {
        origin: NodeId(1),
        seq: 0,
    };

    /// Process 0 of 4, of which one may be a traitor: three echoes make ready, two ready ones too, three deliver.
    fn rig(amplification: Amplification) -> Rig<Layer> {
        let mut rig = Rig::new(DoubleEcho::new(Quorums::new(None, None), amplification));
        rig.as_node(NodeId(0), 4).boot();
        rig
    }

    fn hear(rig: &mut Rig<Layer>, from: u32, msg: Message) -> Vec<Effect<Layer>> {
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    fn send(payload: u8) -> Message {
        DoubleEchoMessage::Send { id: ID, payload }
    }

    fn echo(payload: u8) -> Message {
        DoubleEchoMessage::Echo { id: ID, payload }
    }

    fn ready(payload: u8) -> Message {
        DoubleEchoMessage::Ready { id: ID, payload }
    }

    fn to_all(msg: Message) -> Effect<Layer> {
        Effect::Request(Transmit {
            to: Group::All,
            msg,
        })
    }

    fn delivery(payload: u8) -> Effect<Layer> {
        Effect::Indicate(Deliver {
            origin: ID.origin,
            payload,
        })
    }

    #[test]
    fn says_each_of_the_three_once() {
        let mut rig = rig(Amplification::On);
        assert_eq!(hear(&mut rig, 1, send(7)), [to_all(echo(7))]);
        assert_eq!(hear(&mut rig, 1, send(8)), []);
        assert_eq!(hear(&mut rig, 0, echo(7)), []);
        assert_eq!(hear(&mut rig, 1, echo(8)), []);
        assert_eq!(hear(&mut rig, 2, echo(7)), []);
        assert_eq!(hear(&mut rig, 3, echo(7)), [to_all(ready(7))]);
        assert_eq!(hear(&mut rig, 0, ready(7)), []);
        assert_eq!(hear(&mut rig, 1, ready(7)), [], "it is ready already");
        assert_eq!(hear(&mut rig, 1, ready(7)), [], "it has voted");
        assert_eq!(hear(&mut rig, 2, ready(7)), [delivery(7)]);
        assert_eq!(hear(&mut rig, 3, ready(7)), []);
        assert_eq!(rig.marks(), [""; 0]);
    }

    /// BRB5 Totality: a correct process among f+1 is ready, so it can be joined without an echo of its own.
    #[test]
    fn joins_more_than_f_who_are_ready() {
        let mut rig = rig(Amplification::On);
        assert_eq!(hear(&mut rig, 1, ready(8)), []);
        assert_eq!(hear(&mut rig, 2, ready(7)), []);
        assert_eq!(hear(&mut rig, 3, ready(7)), [to_all(ready(7))]);
        assert_eq!(rig.marks(), ["ready_amplified"]);
        assert_eq!(hear(&mut rig, 0, ready(7)), [delivery(7)]);
        for from in 0..4 {
            assert_eq!(hear(&mut rig, from, echo(8)), [], "it has said so");
        }
    }

    #[test]
    fn without_amplification_nobody_is_joined() {
        let mut rig = rig(Amplification::Off);
        assert_eq!(hear(&mut rig, 2, ready(7)), []);
        assert_eq!(hear(&mut rig, 3, ready(7)), []);
        assert_eq!(hear(&mut rig, 1, ready(7)), [delivery(7)]);
        // It still owes its own to the others.
        for from in 1..3 {
            assert_eq!(hear(&mut rig, from, echo(7)), []);
        }
        assert_eq!(hear(&mut rig, 3, echo(7)), [to_all(ready(7))]);
    }

    #[test]
    fn what_is_out_of_place_is_dropped() {
        let mut rig = rig(Amplification::On);
        assert_eq!(hear(&mut rig, 2, send(7)), []);
        let id = MsgId {
            origin: NodeId(4),
            seq: 0,
        };
        let payload = 7;
        assert_eq!(
            hear(&mut rig, 2, DoubleEchoMessage::Echo { id, payload }),
            []
        );
        assert_eq!(
            hear(&mut rig, 2, DoubleEchoMessage::Ready { id, payload }),
            []
        );
        let marks = ["not_from_its_origin", "no_such_origin", "no_such_origin"];
        assert_eq!(rig.marks(), marks);
        assert_eq!(hear(&mut rig, 1, send(7)), [to_all(echo(7))]);
    }

    #[test]
    fn forgets_the_votes_on_what_is_settled() {
        let mut rig = rig(Amplification::On);
        hear(&mut rig, 1, send(7));
        for msg in [echo(7), ready(7)] {
            for from in 0..4 {
                hear(&mut rig, from, msg.clone());
            }
        }
        assert!(rig.layer.echoes.is_empty() && rig.layer.readies.is_empty());
    }
}
