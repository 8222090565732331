//! Signed echo broadcast: the caster collects a quorum of signatures, and shows them.
//!
//! Source: Reiter, *Secure agreement protocols* (1994); Cachin, Guerraoui, Rodrigues, Alg. 3.17. Needs authenticated links
//! and signatures, offers Byzantine consistent broadcast (BCB1 to BCB4). Cost: 3(N−1) messages a cast, three message delays,
//! and a message with a quorum of signatures in it. Model: asynchronous, f traitors, N > 3f.
//! Linear where authenticated echo is quadratic: an echo that is signed need not be told to everybody. Not reliable: a
//! caster shows the signatures to whom it likes (no totality). With N = 3f it fails as authenticated echo does.
//! Memory: what was delivered takes a few bits; a cast of one's own stays until it has its signatures; of what was echoed the
//! numbers are kept, and traitors can scatter theirs as they like: the algorithm sets no bound.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::quorums::Quorums;
use crate::multicast::port::{Cast, Consistent, Deliver, Multicast};
use crate::seen::Seen;
use crate::signature::{Signature, Signatures};

/// What an echo is signed for, so that no other use of a key makes the same.
const ECHO: &str = "signed echo";

/// What the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SignedEchoMessage<P> {
    /// The caster says what it casts.
    Send {
        /// Which of its messages.
        id: MsgId,
        /// What it says.
        payload: P,
    },
    /// A process signs what the caster told it.
    Echo {
        /// Which message.
        id: MsgId,
        /// Over the name and the payload.
        signature: Signature,
    },
    /// The caster shows that a quorum has signed.
    Final {
        /// Which message.
        id: MsgId,
        /// What they signed.
        payload: P,
        /// The signatures.
        signed: Vec<Signed>,
    },
}

/// A signature with the name of who made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signed {
    /// Who signed.
    pub by: NodeId,
    /// What it made.
    pub signature: Signature,
}

impl<P: fmt::Display> fmt::Display for SignedEchoMessage<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignedEchoMessage::Send { id, payload } => write!(f, "Send{{{id} {payload}}}"),
            SignedEchoMessage::Echo { id, .. } => write!(f, "Echo{{{id}}}"),
            SignedEchoMessage::Final {
                id,
                payload,
                signed,
            } => {
                let count = signed.len();
                write!(f, "Final{{{id} {payload} signed by {count}}}")
            }
        }
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignedEcho<P> {
    quorums: Quorums,
    signatures: Signatures,
    next: u32,
    /// A process signs a message once, whatever it is told first.
    echoed: Seen,
    delivered: Seen,
    /// What this process has cast and lacks signatures for, by number.
    collecting: BTreeMap<u32, Collecting<P>>,
}

/// A cast on its way to a quorum.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Collecting<P> {
    payload: P,
    signed: BTreeMap<NodeId, Signature>,
}

impl<P> SignedEcho<P> {
    /// A node that has heard nothing, with the keys to sign and to check.
    #[must_use]
    pub const fn new(quorums: Quorums, signatures: Signatures) -> Self {
        SignedEcho {
            quorums,
            signatures,
            next: 0,
            echoed: Seen::new(),
            delivered: Seen::new(),
            collecting: BTreeMap::new(),
        }
    }
}

impl<P: Payload> Protocol for SignedEcho<P> {
    type Offers = Multicast<P, Consistent>;
    type Needs = Link<SignedEchoMessage<P>, Authentic>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Arrival { from, msg }) => match msg {
                SignedEchoMessage::Send { id, payload } => self.on_send(from, id, &payload, fx),
                SignedEchoMessage::Echo { id, signature } => self.on_echo(from, id, signature, fx),
                SignedEchoMessage::Final {
                    id,
                    payload,
                    signed,
                } => self.on_final(from, id, payload, &signed, fx),
            },
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload> SignedEcho<P> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let id = MsgId {
            origin: fx.me(),
            seq: self.next,
        };
        self.next += 1;
        let begun = Collecting {
            payload: payload.clone(),
            signed: BTreeMap::new(),
        };
        self.collecting.insert(id.seq, begun);
        fx.send(Group::All, SignedEchoMessage::Send { id, payload });
    }

    fn on_send(&mut self, from: NodeId, id: MsgId, payload: &P, fx: &mut impl Effects<Self>) {
        if from != id.origin {
            fx.mark("not_from_its_origin");
            return;
        }
        if self.echoed.insert(id) {
            let signature = self.signatures.sign(fx.me(), &(ECHO, id, payload));
            fx.send(from, SignedEchoMessage::Echo { id, signature });
        }
    }

    fn on_echo(
        &mut self,
        from: NodeId,
        id: MsgId,
        signature: Signature,
        fx: &mut impl Effects<Self>,
    ) {
        if id.origin != fx.me() {
            fx.mark("not_from_its_origin");
            return;
        }
        // Without an entry it has its signatures already, or was never cast.
        let Some(collecting) = self.collecting.get_mut(&id.seq) else {
            return;
        };
        let statement = (ECHO, id, &collecting.payload);
        if !self.signatures.verify(from, &statement, &signature) {
            fx.mark("signature_refused");
            return;
        }
        collecting.signed.insert(from, signature);
        let quorum = self.quorums.echoes(fx.nodes()) as usize;
        if collecting.signed.len() < quorum {
            return;
        }
        if let Some(Collecting { payload, signed }) = self.collecting.remove(&id.seq) {
            let signed = signed
                .into_iter()
                .map(|(by, signature)| Signed { by, signature })
                .collect();
            let msg = SignedEchoMessage::Final {
                id,
                payload,
                signed,
            };
            fx.send(Group::All, msg);
        }
    }

    fn on_final(
        &mut self,
        from: NodeId,
        id: MsgId,
        payload: P,
        signed: &[Signed],
        fx: &mut impl Effects<Self>,
    ) {
        if from != id.origin {
            fx.mark("not_from_its_origin");
            return;
        }
        if self.delivered.contains(id) {
            return;
        }
        if !self.is_quorum(fx.nodes(), id, &payload, signed) {
            fx.mark("signature_refused");
            return;
        }
        self.delivered.insert(id);
        fx.indicate(Deliver {
            origin: id.origin,
            payload,
        });
    }

    /// Has a quorum of different processes signed this payload? Nobody is looked at twice, so what a traitor sends costs
    /// one check a process at the most.
    fn is_quorum(&self, nodes: u32, id: MsgId, payload: &P, signed: &[Signed]) -> bool {
        let mut signers = BTreeSet::new();
        let valid = signed.iter().filter(|Signed { by, signature }| {
            let is_new = by.0 < nodes && signers.insert(*by);
            is_new && self.signatures.verify(*by, &(ECHO, id, payload), signature)
        });
        valid.count() >= self.quorums.echoes(nodes) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Scheme;
    use sim_core::kernel::rig::Rig;

    type Layer = SignedEcho<u8>;
    type Message = SignedEchoMessage<u8>;

    fn id(origin: u32, seq: u32) -> MsgId {
        MsgId {
            origin: NodeId(origin),
            seq,
        }
    }

    fn keys(scheme: Scheme) -> Signatures {
        Signatures::dealt(scheme, [7; 32])
    }

    fn sign(by: u32, id: MsgId, payload: u8) -> Signature {
        keys(Scheme::Symbolic).sign(NodeId(by), &(ECHO, id, &payload))
    }

    /// Process 0 of 4, of which one may be a traitor: three signatures are a quorum.
    fn rig(scheme: Scheme) -> Rig<Layer> {
        let mut rig = Rig::new(SignedEcho::new(Quorums::new(None, None), keys(scheme)));
        rig.as_node(NodeId(0), 4).boot();
        rig
    }

    fn hear(rig: &mut Rig<Layer>, from: u32, msg: Message) -> Vec<Effect<Layer>> {
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    /// What signers `by` have signed for `signed_for`, shown for `payload`.
    fn shown(id: MsgId, payload: u8, by: &[u32], signed_for: u8) -> Message {
        let signed = by.iter().map(|by| Signed {
            by: NodeId(*by),
            signature: sign(*by, id, signed_for),
        });
        SignedEchoMessage::Final {
            id,
            payload,
            signed: signed.collect(),
        }
    }

    /// The whole way, with both schemes: node 0 casts, the others sign, it shows the signatures, they deliver.
    #[test]
    fn a_quorum_of_signatures_delivers() {
        for scheme in [Scheme::Symbolic, Scheme::Ed25519] {
            let (mut caster, id) = (rig(scheme), id(0, 0));
            let send = SignedEchoMessage::Send { id, payload: 7 };
            let to_all = |msg| {
                [Effect::Request(Transmit {
                    to: Group::All,
                    msg,
                })]
            };
            assert_eq!(caster.request(Cast(7)).effects(), to_all(send.clone()));
            let mut shown = Vec::new();
            for node in 0..4 {
                let mut signer = rig(scheme);
                signer.as_node(NodeId(node), 4);
                let sent = hear(&mut signer, 0, send.clone());
                let [Effect::Request(Transmit { to, msg: echo })] = &sent[..] else {
                    panic!("{sent:?}");
                };
                assert_eq!(*to, Group::One(NodeId(0)));
                let then = hear(&mut caster, node, echo.clone());
                assert_eq!(hear(&mut caster, node, echo.clone()), [], "it has signed");
                assert_eq!(then.len(), usize::from(node == 2), "{node}");
                shown.extend(then);
            }
            let Some(Effect::Request(Transmit { to, msg })) = shown.pop() else {
                panic!("nothing was shown");
            };
            assert_eq!(to, Group::All);
            let delivered = Effect::Indicate(Deliver {
                origin: NodeId(0),
                payload: 7,
            });
            assert_eq!(hear(&mut caster, 0, msg.clone()), [delivered]);
            assert_eq!(hear(&mut caster, 0, msg), [], "once");
            assert_eq!(caster.marks(), [""; 0]);
            assert!(caster.layer.collecting.is_empty());
        }
    }

    #[test]
    fn signs_once_whatever_it_is_told_first() {
        let mut rig = rig(Scheme::Symbolic);
        let send = |payload| SignedEchoMessage::Send {
            id: id(1, 0),
            payload,
        };
        assert_eq!(hear(&mut rig, 2, send(7)), []);
        assert_eq!(rig.marks(), ["not_from_its_origin"]);
        assert_eq!(hear(&mut rig, 1, send(7)).len(), 1);
        assert_eq!(hear(&mut rig, 1, send(8)), []);
    }

    #[test]
    fn a_signature_for_something_else_is_refused() {
        let mut rig = rig(Scheme::Symbolic);
        rig.request(Cast(7)).effects();
        let own = id(0, 0);
        for signature in [sign(1, own, 8), sign(2, own, 7), sign(1, id(0, 1), 7)] {
            let echo = SignedEchoMessage::Echo { id: own, signature };
            assert_eq!(hear(&mut rig, 1, echo), []);
            assert_eq!(rig.marks(), ["signature_refused"]);
        }
        let signature = sign(1, id(1, 0), 7);
        let astray = SignedEchoMessage::Echo {
            id: id(1, 0),
            signature,
        };
        assert_eq!(hear(&mut rig, 1, astray), []);
        assert_eq!(rig.marks(), ["not_from_its_origin"]);
    }

    /// BCB4 Consistency rests on this: what does not bear a quorum of signatures is not delivered.
    #[test]
    fn no_quorum_no_delivery() {
        let (mut rig, id) = (rig(Scheme::Symbolic), id(1, 0));
        let short = shown(id, 7, &[1, 2], 7);
        let twice = shown(id, 7, &[1, 2, 2, 1], 7);
        let strangers = shown(id, 7, &[1, 2, 4, 5], 7);
        let of_another = shown(id, 8, &[0, 1, 2], 7);
        for forged in [short, twice, strangers, of_another] {
            assert_eq!(hear(&mut rig, 1, forged), []);
            assert_eq!(rig.marks(), ["signature_refused"]);
        }
        let genuine = shown(id, 7, &[0, 1, 2], 7);
        assert_eq!(hear(&mut rig, 2, genuine.clone()), []);
        assert_eq!(rig.marks(), ["not_from_its_origin"]);
        assert_eq!(hear(&mut rig, 1, genuine).len(), 1);
    }
}
