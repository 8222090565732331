//! An authenticator: seals every message with a code that only its sender and its receiver can make.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.4 (Authenticate and Filter), directly above the network: acks that anybody
//! can forge would end the repetition of what never arrived, so the code stands under them. Needs fair-loss links, offers
//! authenticated fair-loss ones (FLL1, FLL2 and AL3); a [`PerfectLink`] above it makes them AL1 to AL3.
//! The code is HMAC-SHA-256, its first 128 bits, over a label, the pair and the canonical bytes of the message, under one
//! key a pair and direction: a message sent back to its sender, or to somebody else, is refused.
//! Cost: no message, 16 bytes each. A group send becomes one frame a receiver.
//! Model: crashes, and Byzantine processes, which hold their own keys and no others. It does not tell an old message from
//! a new one: replays are duplicates, which the perfect link drops as long as it keeps its record.
//!
//! [`PerfectLink`]: super::PerfectLink

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::{Key, Purpose};
use sim_core::kernel::wire::encode;

use super::perfect::Improves;

/// Fair-loss links on which nobody can speak in the name of another (FLL1, FLL2, AL3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuthenticFairLoss;

impl Guarantee for AuthenticFairLoss {}
impl AtLeast<FairLoss> for AuthenticFairLoss {}
impl AtLeast<AuthenticFairLoss> for Authentic {}

impl Improves for AuthenticFairLoss {
    type To = Authentic;
}

/// A message and the code that proves who sent it to whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sealed<M> {
    /// The message, for everybody to read.
    pub msg: M,
    /// The code.
    pub tag: Tag,
}

/// The first 128 bits of an HMAC.
pub type Tag = [u8; 16];

impl<M: fmt::Display> fmt::Display for Sealed<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed{{{}}}", self.msg)
    }
}

/// The secrets of one process: it gives the keys of the pairs that the process belongs to, and no others.
///
/// In a simulation they are keyed draws from the seed: good against an adversary who only holds what the driver hands
/// out, for it computes nothing. The master stays, in spirit, with the driver that deals the rings.
/// Over a real network they are a list that somebody has agreed on with each peer.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring {
    owner: NodeId,
    keys: Keys,
}

#[derive(Clone, PartialEq, Eq)]
enum Keys {
    Drawn(Key),
    /// By peer, sorted.
    Agreed(Arc<[(NodeId, PairKeys)]>),
}

/// The keys of one process with one peer: one a direction, so that nothing can be sent back as an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct PairKeys {
    /// Seals what the process sends to the peer.
    pub sending: [u8; 32],
    /// Opens what the peer has sent to the process.
    pub receiving: [u8; 32],
}

/// Without the secrets.
impl fmt::Debug for PairKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairKeys(..)")
    }
}

impl Keyring {
    /// The ring of `owner` in the runs with this `seed`.
    #[must_use]
    pub fn of_seed(seed: u64, owner: NodeId) -> Keyring {
        Keyring {
            owner,
            keys: Keys::Drawn(Key::new(seed, Purpose::LinkKey)),
        }
    }

    /// The ring of `owner` with these keys, by peer. A process that sends to itself needs a pair with itself, of two equal
    /// keys. What is for, or from, a process that is not among them does not pass.
    ///
    /// # Panics
    /// If a peer is named twice.
    #[must_use]
    pub fn of_keys(owner: NodeId, keys: impl IntoIterator<Item = (NodeId, PairKeys)>) -> Keyring {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by_key(|(peer, _)| *peer);
        for pair in keys.windows(2) {
            assert!(
                pair[0].0 != pair[1].0,
                "one pair of keys with {}",
                pair[0].0
            );
        }
        Keyring {
            owner,
            keys: Keys::Agreed(keys.into()),
        }
    }

    /// The key of what the owner sends to `to`, if it has one.
    fn sending(&self, to: NodeId) -> Option<[u8; 32]> {
        match &self.keys {
            Keys::Drawn(master) => Some(pair(master, self.owner, to)),
            Keys::Agreed(keys) => with(keys, to).map(|keys| keys.sending),
        }
    }

    /// The key of what `from` sends to the owner, if it has one.
    fn receiving(&self, from: NodeId) -> Option<[u8; 32]> {
        match &self.keys {
            Keys::Drawn(master) => Some(pair(master, from, self.owner)),
            Keys::Agreed(keys) => with(keys, from).map(|keys| keys.receiving),
        }
    }
}

fn with(keys: &[(NodeId, PairKeys)], peer: NodeId) -> Option<&PairKeys> {
    let at = keys.binary_search_by_key(&peer, |(peer, _)| *peer).ok()?;
    Some(&keys[at].1)
}

/// A draw for each pair and direction.
fn pair(master: &Key, from: NodeId, to: NodeId) -> [u8; 32] {
    let draws = master.at(u64::from(from.0), u64::from(to.0));
    let mut key = [0; 32];
    for (lane, bytes) in (0..).zip(key.chunks_exact_mut(8)) {
        bytes.copy_from_slice(&draws.word(lane).to_le_bytes());
    }
    key
}

/// Without the secret.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({}, ..)", self.owner)
    }
}

/// Of the owner alone: equal rings have equal hashes, and no hash tells of a secret.
impl Hash for Keyring {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.owner.hash(state);
    }
}

/// One process's end of its links.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authenticator<M> {
    keys: Keyring,
    msg: PhantomData<fn() -> M>,
}

impl<M> Authenticator<M> {
    /// The layer of the process that owns the keys.
    #[must_use]
    pub const fn new(keys: Keyring) -> Self {
        Authenticator {
            keys,
            msg: PhantomData,
        }
    }
}

impl<M: Payload> Protocol for Authenticator<M> {
    type Offers = Link<M, AuthenticFairLoss>;
    type Needs = Net<Sealed<M>>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => assert!(
                fx.me() == self.keys.owner,
                "a process holds its own keys, not those of {}",
                self.keys.owner
            ),
            Event::Request(Transmit { to, msg }) => {
                let me = fx.me();
                for to in to.receivers(me, &fx.env().overlay) {
                    let Some(key) = self.keys.sending(to) else {
                        fx.mark("no_key");
                        continue;
                    };
                    let tag = code(&key, me, to, &msg);
                    let tag = tag.finalize().into_bytes();
                    let mut sealed = Sealed {
                        msg: msg.clone(),
                        tag: [0; 16],
                    };
                    sealed.tag.copy_from_slice(&tag[..16]);
                    fx.send(to, sealed);
                }
            }
            Event::Indication(Arrival { from, msg: sealed }) => {
                let me = fx.me();
                // In constant time: how much of a guess was right is not to be told by how long the refusal took.
                let genuine = self.keys.receiving(from).is_some_and(|key| {
                    let code = code(&key, from, me, &sealed.msg);
                    code.verify_truncated_left(&sealed.tag).is_ok()
                });
                if genuine {
                    let msg = sealed.msg;
                    fx.indicate(Arrival { from, msg });
                } else {
                    fx.mark("forged_refused");
                }
            }
            Event::Timer(never) => match never {},
        }
    }
}

/// What the code is for, so that no other use of a key makes the same.
const LABEL: &str = "stormglass link 1";

fn code<M: Payload>(key: &[u8; 32], from: NodeId, to: NodeId, msg: &M) -> Hmac<Sha256> {
    let mut code = keyed(key);
    code.update(&encode(&(LABEL, from, to, msg)));
    code
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::super::exchange::{Frame, Retransmission, Retransmit, Rto, Stamp};
    use super::super::perfect::PerfectLink;
    use super::*;
    use alloc::format;
    use sim_core::kernel::rig::Rig;

    fn hex(text: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(byte).collect()
    }

    /// RFC 4231, test cases 1, 2, 5 (truncated to 128 bits) and 6.
    #[test]
    fn is_the_hmac_of_rfc_4231() {
        let cases: [(&[u8], &[u8], &str); 4] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0x0c; 20],
                b"Test With Truncation",
                "a3b6167473100ee06e0c796c2955552b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, data, expected) in cases {
            let mut code = keyed(key);
            code.update(data);
            let expected = hex(expected);
            assert_eq!(code.finalize().into_bytes()[..expected.len()], expected);
        }
    }

    fn bench(owner: u32) -> Rig<Authenticator<u8>> {
        let owner = NodeId(owner);
        let mut rig = Rig::new(Authenticator::new(Keyring::of_seed(42, owner)));
        rig.as_node(owner, 3).boot();
        rig
    }

    /// What `from` sends to all, by receiver.
    fn sealed(from: u32, msg: u8) -> Vec<Sealed<u8>> {
        let to = Group::All;
        let sent = bench(from).request(Transmit { to, msg }).effects();
        let body = |effect| match effect {
            Effect::Request(Transmit { msg, .. }) => msg,
            other => panic!("{other:?}"),
        };
        sent.into_iter().map(body).collect()
    }

    #[test]
    fn what_is_sealed_is_let_in() {
        let from = NodeId(1);
        let msg = sealed(1, 7)[0].clone();
        let said = bench(0).indication(Arrival { from, msg }).effects();
        assert_eq!(said, [Effect::Indicate(Arrival { from, msg: 7 })]);
        let to_itself = sealed(1, 7)[1].clone();
        let arrival = Arrival {
            from,
            msg: to_itself,
        };
        assert_eq!(bench(1).indication(arrival).effects().len(), 1);
    }

    /// AL3: another sender, another receiver, another direction, another message, another code, another cluster.
    #[test]
    fn what_is_forged_is_refused() {
        let honest = sealed(1, 7)[0].clone();
        let flipped = |bit: usize| {
            let mut forged = honest.clone();
            forged.tag[bit / 8] ^= 1 << (bit % 8);
            forged
        };
        let other = Sealed {
            msg: 8,
            ..honest.clone()
        };
        let mut forged = Vec::from([
            (2, honest.clone()),
            (1, sealed(1, 7)[2].clone()),
            (1, sealed(0, 7)[1].clone()),
            (1, other),
        ]);
        forged.extend((0..128).map(|bit| (1, flipped(bit))));
        let mut rig = bench(0);
        for (from, msg) in forged {
            let from = NodeId(from);
            let name = format!("{from} {msg:?}");
            let arrival = Arrival { from, msg };
            assert_eq!(rig.indication(arrival).effects(), [], "{name}");
            assert_eq!(rig.marks(), ["forged_refused"], "{name}");
        }
        let (from, msg) = (NodeId(1), honest);
        let mut elsewhere = Rig::new(Authenticator::<u8>::new(Keyring::of_seed(43, NodeId(0))));
        assert_eq!(elsewhere.indication(Arrival { from, msg }).effects(), []);
    }

    /// Why the code stands under the acks: whoever may forge those ends the repetition of what never arrived.
    #[test]
    fn a_forged_ack_ends_nothing() {
        let config = Retransmission {
            rto: Rto::Fixed(Span::from_millis(1)),
            attempts: None,
            backlog: 3,
        };
        let (from, to) = (NodeId(1), Group::One(NodeId(1)));
        let ack = Frame::Ack(Stamp {
            incarnation: 0,
            seq: 0,
            attempt: 0,
        });
        let mut bare = Rig::new(PerfectLink::<u8>::new(config));
        bare.boot().request(Transmit { to, msg: 7 }).effects();
        let msg = ack.clone();
        let ended = bare.indication(Arrival { from, msg }).effects();
        assert_eq!(ended, [Effect::Disarm(Retransmit)]);

        let keys = Keyring::of_seed(42, NodeId(0));
        let link = PerfectLink::<u8, _>::new(config).over(Authenticator::new(keys));
        let mut rig = Rig::new(link);
        rig.boot().request(Transmit { to, msg: 7 }).effects();
        let msg = Sealed {
            msg: ack,
            tag: [0; 16],
        };
        assert_eq!(rig.indication(Arrival { from, msg }).effects(), []);
        assert_eq!(rig.marks(), ["forged_refused"]);
    }

    #[test]
    fn keys_show_nothing_and_differ_by_pair_and_direction() {
        assert_eq!(
            format!("{:?}", Keyring::of_seed(42, NodeId(1))),
            "Keyring(n1, ..)"
        );
        let rings = [0, 1, 2].map(|owner| Keyring::of_seed(42, NodeId(owner)));
        let mut keys: Vec<_> = rings
            .iter()
            .flat_map(|ring| rings.iter().map(|other| ring.sending(other.owner)))
            .collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 9);
        assert!(keys.iter().all(Option::is_some));
        assert_eq!(rings[0].sending(NodeId(1)), rings[1].receiving(NodeId(0)));
    }

    /// The pairs of `owner` with itself and `peers`, as if agreed on.
    fn agreed(owner: u32, peers: &[u32]) -> Keyring {
        let key = |from: u32, to: u32| [u8::try_from(16 * from + to).unwrap(); 32];
        let pair = |peer: &u32| {
            let sending = key(owner, *peer);
            let receiving = key(*peer, owner);
            (NodeId(*peer), PairKeys { sending, receiving })
        };
        Keyring::of_keys(NodeId(owner), peers.iter().map(pair))
    }

    #[test]
    fn agreed_keys_open_what_they_have_sealed() {
        fn is_send<T: Send + Sync>(_: &T) {}
        let boot = |ring: Keyring| {
            let owner = ring.owner;
            let mut rig = Rig::new(Authenticator::<u8>::new(ring));
            rig.as_node(owner, 3).boot();
            rig
        };
        let (to, from) = (Group::All, NodeId(1));
        let mut sender = boot(agreed(1, &[2, 1, 0]));
        let sent = sender.request(Transmit { to, msg: 7 }).effects();
        assert_eq!(sent.len(), 3);
        for (node, effect) in (0..).zip(sent) {
            let Effect::Request(Transmit { msg, .. }) = effect else {
                panic!("{effect:?}");
            };
            let mut receiver = boot(agreed(node, &[0, 1, 2]));
            let arrival = Arrival { from, msg };
            assert_eq!(
                receiver.indication(arrival.clone()).effects(),
                [Effect::Indicate(Arrival { from, msg: 7 })]
            );
            let mut stranger = boot(agreed(node, &[0, 2]));
            assert_eq!(stranger.indication(arrival).effects(), []);
            assert_eq!(stranger.marks(), ["forged_refused"]);
        }
        let ring = agreed(1, &[0, 1, 2]);
        is_send(&ring);
        assert_eq!(ring, agreed(1, &[2, 0, 1]));
        assert!(ring != agreed(1, &[0, 1]));
        assert_eq!(format!("{ring:?}"), "Keyring(n1, ..)");
        let pair = PairKeys {
            sending: [1; 32],
            receiving: [2; 32],
        };
        assert_eq!(format!("{pair:?}"), "PairKeys(..)");
    }

    /// Nothing goes out unsealed, and what the others get does not suffer.
    #[test]
    fn nothing_is_sent_to_whom_there_is_no_key_with() {
        let mut rig = Rig::new(Authenticator::<u8>::new(agreed(1, &[2])));
        rig.as_node(NodeId(1), 3).boot();
        let to = Group::All;
        let sent = rig.request(Transmit { to, msg: 7 }).effects();
        assert_eq!(sent.len(), 1);
        assert_eq!(rig.marks(), ["no_key", "no_key"]);
    }

    /// The summary of what is inside stays in sight: triggers go by it.
    #[test]
    fn shows_what_is_inside() {
        let sealed = &sealed(1, 7)[0];
        assert_eq!(format!("{sealed}"), "Sealed{7}");
    }
}
