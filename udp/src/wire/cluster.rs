//! The seal on a datagram: it shows damage, and keeps clusters apart.

use core::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How many bytes a tag has.
pub const TAG_LEN: usize = 16;

/// The first 128 bits of an HMAC-SHA-256.
pub type Tag = [u8; TAG_LEN];

/// What the name of a cluster is hashed under. The number is the version of the format.
const LABEL: &[u8] = b"stormglass datagram 1";

/// A cluster, by its name: who has the same name reads the same datagrams.
///
/// The key is made from the name, and a name is no secret. So a good tag says that the bytes are those that were sent,
/// and that the sender meant this cluster; it does **not** say who sent them. Whoever knows the name can seal anything.
/// Authenticated links, above, are for those who need to know.
#[derive(Clone)]
pub struct Cluster {
    keyed: Hmac<Sha256>,
}

impl Cluster {
    /// The cluster of this name.
    #[must_use]
    pub fn new(name: &str) -> Cluster {
        let mut derive = keyed(LABEL);
        derive.update(name.as_bytes());
        let key = derive.finalize().into_bytes();
        Cluster { keyed: keyed(&key) }
    }

    /// The tag of these bytes.
    #[must_use]
    pub fn tag(&self, bytes: &[u8]) -> Tag {
        let mut mac = self.keyed.clone();
        mac.update(bytes);
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(&full[..TAG_LEN]);
        tag
    }

    /// Whether this is the tag of these bytes; takes the same time either way.
    #[must_use]
    pub fn verify(&self, bytes: &[u8], tag: &Tag) -> bool {
        let mut mac = self.keyed.clone();
        mac.update(bytes);
        mac.verify_truncated_left(tag).is_ok()
    }
}

/// Keys stay out of logs, public ones too.
impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cluster")
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length")
}
