//! Signatures: what one process alone can say, and everybody can check.
//!
//! Source: Cachin, Guerraoui, Rodrigues, 2.3.4 (digital signatures); RFC 8032 (Ed25519). Two schemes with one interface:
//!
//! * `Ed25519` is the real one. It is deterministic, so runs repeat.
//! * `Symbolic` stands for one in simulations, and is much faster: an HMAC with a key of the signer, which whoever checks has
//!   too. That makes it no signature against an adversary who computes. Against those of
//!   [`byzantine`](crate::byzantine) it is as good as one: they alter, repeat, split and withhold the bytes of messages and
//!   hold no key, so a code that they come up with is genuine with probability 2⁻¹²⁸.
//!
//! With either, a traitor's honest code signs what it would sign anyway: the shipped behaviours never sign two statements of
//! which the algorithm allows one.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::wire::encode;

/// How statements are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// By a code that stands for a signature, in simulations.
    Symbolic,
    /// By Ed25519.
    Ed25519,
}

/// A signature, as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Signature {
    /// A code with the signer's key.
    Symbolic([u8; 16]),
    /// The two halves of RFC 8032: R and S.
    Ed25519([u8; 32], [u8; 32]),
}

/// The keys with which the processes of a cluster sign and check.
#[derive(Clone, PartialEq, Eq)]
pub struct Signatures {
    keys: Keys,
}

#[derive(Clone, PartialEq, Eq)]
enum Keys {
    /// All keys follow from a secret of the dealer.
    Dealt { scheme: Scheme, secret: [u8; 32] },
    /// The secret key of this process, and the public ones of all by number, sorted.
    Agreed {
        own: [u8; 32],
        public: Arc<[(NodeId, [u8; 32])]>,
    },
}

/// Without the secrets.
impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.keys {
            Keys::Dealt { scheme, .. } => write!(f, "Signatures({scheme:?}, ..)"),
            Keys::Agreed { .. } => f.write_str("Signatures(agreed, ..)"),
        }
    }
}

/// Of what is public alone: equal keys have equal hashes, and no hash tells of a secret.
impl Hash for Signatures {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.keys {
            Keys::Dealt { scheme, .. } => scheme.hash(state),
            Keys::Agreed { public, .. } => public.hash(state),
        }
    }
}

impl Signatures {
    /// Keys that a trusted dealer makes of one `secret`: for simulations, in which the secret stays, in spirit, with the
    /// driver that deals. Whoever knows it can sign for everybody.
    #[must_use]
    pub const fn dealt(scheme: Scheme, secret: [u8; 32]) -> Signatures {
        Signatures {
            keys: Keys::Dealt { scheme, secret },
        }
    }

    /// Ed25519 with the secret key of this process and the public keys of all: for a real cluster. What is signed by a
    /// process that is not among them is not valid.
    #[must_use]
    pub fn of_keys(
        own: [u8; 32],
        public: impl IntoIterator<Item = (NodeId, [u8; 32])>,
    ) -> Signatures {
        let mut public: Vec<_> = public.into_iter().collect();
        public.sort_by_key(|(node, _)| *node);
        let public = public.into();
        Signatures {
            keys: Keys::Agreed { own, public },
        }
    }

    /// The public key that belongs to a secret one: to be told to the others.
    #[must_use]
    pub fn public_key(own: &[u8; 32]) -> [u8; 32] {
        SigningKey::from_bytes(own).verifying_key().to_bytes()
    }

    /// What process `me` signs.
    #[must_use]
    pub fn sign<T: Serialize>(&self, me: NodeId, statement: &T) -> Signature {
        match &self.keys {
            Keys::Dealt { scheme, secret } => {
                let own = dealt(secret, me);
                match scheme {
                    Scheme::Symbolic => symbolic(&own, me, statement),
                    Scheme::Ed25519 => ed25519(&own, me, statement),
                }
            }
            Keys::Agreed { own, .. } => ed25519(own, me, statement),
        }
    }

    /// Did `signer` sign this?
    #[must_use]
    pub fn verify<T: Serialize>(
        &self,
        signer: NodeId,
        statement: &T,
        signature: &Signature,
    ) -> bool {
        let public = match &self.keys {
            Keys::Dealt { scheme, secret } => {
                let own = dealt(secret, signer);
                match scheme {
                    Scheme::Symbolic => return symbolic(&own, signer, statement) == *signature,
                    Scheme::Ed25519 => Signatures::public_key(&own),
                }
            }
            Keys::Agreed { public, .. } => {
                match public.binary_search_by_key(&signer, |(node, _)| *node) {
                    Ok(at) => public[at].1,
                    Err(_) => return false,
                }
            }
        };
        let Signature::Ed25519(r, s) = signature else {
            return false;
        };
        let signature = ed25519_dalek::Signature::from_components(*r, *s);
        // Strictly: without it there are keys and signatures that are valid for more than one statement.
        VerifyingKey::from_bytes(&public).is_ok_and(|key| {
            let checked = key.verify_strict(&signed_bytes(signer, statement), &signature);
            checked.is_ok()
        })
    }
}

/// What signing is for, so that no other use of a key makes the same.
const LABEL: &str = "stormglass signature 1";
/// The same of the keys that a dealer makes.
const KEY_LABEL: &str = "stormglass signing key 1";

fn signed_bytes<T: Serialize>(signer: NodeId, statement: &T) -> Vec<u8> {
    encode(&(LABEL, signer, statement))
}

fn symbolic<T: Serialize>(own: &[u8; 32], me: NodeId, statement: &T) -> Signature {
    let code = hmac(own, &signed_bytes(me, statement));
    let mut short = [0; 16];
    short.copy_from_slice(&code[..16]);
    Signature::Symbolic(short)
}

fn ed25519<T: Serialize>(own: &[u8; 32], me: NodeId, statement: &T) -> Signature {
    let signature = SigningKey::from_bytes(own).sign(&signed_bytes(me, statement));
    Signature::Ed25519(*signature.r_bytes(), *signature.s_bytes())
}

/// The secret key of `node`.
fn dealt(secret: &[u8; 32], node: NodeId) -> [u8; 32] {
    hmac(secret, &encode(&(KEY_LABEL, node)))
}

fn hmac(key: &[u8; 32], data: &[u8]) -> [u8; 32] {
    let mut code =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    code.update(data);
    code.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const SCHEMES: [Scheme; 2] = [Scheme::Symbolic, Scheme::Ed25519];

    fn hex(text: &str) -> [u8; 32] {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        core::array::from_fn(|place| byte(2 * place))
    }

    /// RFC 8032, 7.1, tests 1 and 2: keys and signatures of the crate are those of the standard.
    #[test]
    fn is_the_ed25519_of_rfc_8032() {
        let cases: [([&str; 2], &[u8], [&str; 2]); 2] = [
            (
                [
                    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                ],
                b"",
                [
                    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
                    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
                ],
            ),
            (
                [
                    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                ],
                &[0x72],
                [
                    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
                    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                ],
            ),
        ];
        for ([secret, public], message, [r, s]) in cases {
            let secret = hex(secret);
            assert_eq!(Signatures::public_key(&secret), hex(public));
            let signature = SigningKey::from_bytes(&secret).sign(message);
            assert_eq!(
                (*signature.r_bytes(), *signature.s_bytes()),
                (hex(r), hex(s))
            );
        }
    }

    #[test]
    fn what_is_signed_is_valid_and_signed_the_same_each_time() {
        for scheme in SCHEMES {
            let keys = Signatures::dealt(scheme, [1; 32]);
            let signature = keys.sign(NodeId(2), &"yes");
            assert!(keys.verify(NodeId(2), &"yes", &signature), "{scheme:?}");
            assert_eq!(keys.sign(NodeId(2), &"yes"), signature, "{scheme:?}");
        }
    }

    /// Another signer, another statement, another secret, another scheme, and every bit of the signature.
    #[test]
    fn what_is_forged_is_not_valid() {
        for scheme in SCHEMES {
            let keys = Signatures::dealt(scheme, [1; 32]);
            let me = NodeId(2);
            let signature = keys.sign(me, &"yes");
            let other_scheme = match scheme {
                Scheme::Symbolic => Scheme::Ed25519,
                Scheme::Ed25519 => Scheme::Symbolic,
            };
            assert!(!keys.verify(NodeId(1), &"yes", &signature));
            assert!(!keys.verify(me, &"no", &signature));
            let elsewhere = Signatures::dealt(scheme, [2; 32]);
            assert!(!elsewhere.verify(me, &"yes", &signature));
            let otherwise = Signatures::dealt(other_scheme, [1; 32]);
            assert!(!otherwise.verify(me, &"yes", &signature));
            let bits = match signature {
                Signature::Symbolic(_) => 128,
                Signature::Ed25519(..) => 512,
            };
            for bit in 0..bits {
                let mut forged = signature.clone();
                let byte = match &mut forged {
                    Signature::Symbolic(code) => &mut code[bit / 8],
                    Signature::Ed25519(r, _) if bit < 256 => &mut r[bit / 8],
                    Signature::Ed25519(_, s) => &mut s[bit / 8 - 32],
                };
                *byte ^= 1 << (bit % 8);
                assert!(!keys.verify(me, &"yes", &forged), "{scheme:?} bit {bit}");
            }
        }
    }

    #[test]
    fn keys_that_were_agreed_on_check_what_they_have_signed() {
        let secret = |node: u32| [u8::try_from(node).unwrap() + 1; 32];
        let public = |node: u32| (NodeId(node), Signatures::public_key(&secret(node)));
        let ring = |own: u32, nodes: &[u32]| {
            Signatures::of_keys(secret(own), nodes.iter().copied().map(public))
        };
        let signature = ring(1, &[0, 1, 2]).sign(NodeId(1), &"yes");
        let other = ring(0, &[2, 1, 0]);
        assert!(other.verify(NodeId(1), &"yes", &signature));
        assert!(!other.verify(NodeId(2), &"yes", &signature));
        assert!(
            !ring(0, &[0, 2]).verify(NodeId(1), &"yes", &signature),
            "a stranger"
        );
        let code = Signatures::dealt(Scheme::Symbolic, [1; 32]).sign(NodeId(1), &"yes");
        assert!(!other.verify(NodeId(1), &"yes", &code));
    }

    #[test]
    fn secrets_do_not_show() {
        let dealt = Signatures::dealt(Scheme::Symbolic, [1; 32]);
        assert_eq!(format!("{dealt:?}"), "Signatures(Symbolic, ..)");
        let agreed = Signatures::of_keys([1; 32], []);
        assert_eq!(format!("{agreed:?}"), "Signatures(agreed, ..)");
    }
}
