//! The secrets of processes: who makes them, and who may read them.
//!
//! Each process has one X25519 secret, in a file of its own; all know the public keys of all. Two processes agree on the
//! keys between them without a message: by Diffie–Hellman (RFC 7748), and HKDF-SHA-256 (RFC 5869) of what that gives, with
//! the name of the cluster as salt and a label, the sender and the receiver as information: one key a direction. Whoever
//! holds one secret can speak as that process, and as no other.

mod error;
mod file;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base16ct::{lower, mixed};
use hkdf::Hkdf;
use protocols::link::{Keyring, PairKeys};
use sha2::{Digest, Sha256};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::wire::encode;
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

pub use error::KeyError;

/// The secret of one process. It is wiped from memory when dropped.
pub struct Secret(StaticSecret);

/// What everybody may know of a [`Secret`]. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// What keys are made for, so that no other use of a secret gives the same.
const LABEL: &str = "stormglass link 1";

impl Secret {
    /// A new one, from the randomness of the operating system.
    ///
    /// # Errors
    /// If that has none.
    pub fn generate() -> Result<Secret, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|error| KeyError::Random {
            said: error.to_string(),
        })?;
        Ok(Secret(StaticSecret::from(*bytes)))
    }

    /// Reads the secret that is in a file. Nobody but its owner may be able to read it.
    ///
    /// # Errors
    /// If it cannot be read, can be read by others, is a symbolic link, or holds something else.
    pub fn read(path: &Path) -> Result<Secret, KeyError> {
        let text = file::read(path)?;
        let malformed = || KeyError::Malformed {
            path: path.to_owned(),
        };
        let line = text.strip_prefix(file::HEAD).ok_or_else(malformed)?;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let mut bytes = Zeroizing::new([0; 32]);
        match mixed::decode(line, bytes.as_mut()) {
            Ok(read) if read.len() == 32 => Ok(Secret(StaticSecret::from(*bytes))),
            _ => Err(malformed()),
        }
    }

    /// What the others need to know.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// The name of the secret in a recording.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.public().fingerprint()
    }

    /// The keys of `owner` with all processes of the cluster, itself among them.
    ///
    /// # Errors
    /// If the public key of `owner` is not that of this secret, or if one of them is such that everybody would know what
    /// is agreed on with it.
    ///
    /// # Panics
    /// If a process is named twice.
    pub fn ring(
        &self,
        cluster: &str,
        owner: NodeId,
        all: &[(NodeId, PublicKey)],
    ) -> Result<Keyring, KeyError> {
        let own = self.public();
        let known = all.iter().find(|(node, _)| *node == owner);
        if known.is_none_or(|(_, key)| *key != own) {
            return Err(KeyError::NotTheirs {
                node: owner,
                fingerprint: own.fingerprint(),
            });
        }
        let mut keys = Vec::with_capacity(all.len());
        for (peer, key) in all {
            let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(key.0));
            if !shared.was_contributory() {
                return Err(KeyError::Weak { node: *peer });
            }
            let agreed = Hkdf::<Sha256>::new(Some(cluster.as_bytes()), shared.as_bytes());
            let pair = PairKeys {
                sending: expanded(&agreed, owner, *peer),
                receiving: expanded(&agreed, *peer, owner),
            };
            keys.push((*peer, pair));
        }
        Ok(Keyring::of_keys(owner, keys))
    }
}

/// The key of one direction.
fn expanded(agreed: &Hkdf<Sha256>, from: NodeId, to: NodeId) -> [u8; 32] {
    let mut key = [0; 32];
    agreed
        .expand(&encode(&(LABEL, from, to)), &mut key)
        .expect("32 bytes can be had");
    key
}

/// Names the secret without telling it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, ..)", self.fingerprint())
    }
}

impl PublicKey {
    /// The first 64 bits of its SHA-256, in hexadecimal digits: short enough to compare by eye.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        lower::encode_string(&Sha256::digest(self.0)[..8])
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lower::encode_string(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// The text is not that of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPublicKey;

impl fmt::Display for NoPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a public key is 64 hexadecimal digits, as keygen prints it")
    }
}

impl std::error::Error for NoPublicKey {}

impl FromStr for PublicKey {
    type Err = NoPublicKey;

    fn from_str(text: &str) -> Result<PublicKey, NoPublicKey> {
        let mut bytes = [0; 32];
        let len = mixed::decode(text, &mut bytes).map_or(0, <[u8]>::len);
        // The last bit means nothing: with it, one key would have two names.
        if len == 32 && bytes[31] < 0x80 {
            Ok(PublicKey(bytes))
        } else {
            Err(NoPublicKey)
        }
    }
}

/// The file of a process's secret, in the folder that [`generate`] was given.
#[must_use]
pub fn path(folder: &Path, node: NodeId) -> PathBuf {
    folder.join(format!("node-{}.key", node.0))
}

/// Makes a secret for each process, in files that only their owner can read, and gives the public keys.
///
/// The folder is made if there is none. Either all files are new and complete, or none is left.
///
/// # Errors
/// If one of the files is there already, or cannot be written.
pub fn generate(folder: &Path, nodes: &[NodeId]) -> Result<Vec<(NodeId, PublicKey)>, KeyError> {
    file::make_folder(folder)?;
    let mut made = file::Made::default();
    let mut keys = Vec::with_capacity(nodes.len());
    for node in nodes {
        let secret = Secret::generate()?;
        let bytes = Zeroizing::new(secret.0.to_bytes());
        let text = Zeroizing::new(lower::encode_string(bytes.as_ref()));
        made.write(path(folder, *node), &text)?;
        keys.push((*node, secret.public()));
    }
    file::sync(folder)?;
    made.keep();
    Ok(keys)
}

#[cfg(test)]
mod tests;
