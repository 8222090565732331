//! Who is where: the addresses and public keys of a cluster, in a file that all its processes read.
//!
//! ```
//! let text = r#"(
//!     cluster: "demo",
//!     peers: [
//!         (id: 0, address: "10.0.0.1:4000"),
//!         (id: 1, address: "10.0.0.2:4000"),
//!     ],
//! )"#;
//! let peers = udp::peers::Peers::parse(text, "peers.ron".as_ref()).unwrap();
//! assert_eq!(peers.peers().len(), 2);
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ron::extensions::Extensions;
use serde::Deserialize;
use sim_core::kernel::id::NodeId;

use crate::keys::{NoPublicKey, PublicKey};
use crate::text;

/// The processes of a cluster: numbered `0..n`, all with addresses of one family, all with keys or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peers {
    cluster: String,
    multicast: Option<SocketAddr>,
    peers: Vec<Peer>,
}

/// One process of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its number.
    pub id: NodeId,
    /// Where it receives.
    pub address: SocketAddr,
    /// Whose messages to take for its own, if messages are sealed.
    pub key: Option<PublicKey>,
}

/// Why a file of peers cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeersError {
    /// It cannot be read.
    Io {
        /// Where it is.
        path: PathBuf,
        /// What the operating system said, as a kind.
        kind: io::ErrorKind,
        /// What it said, in words.
        said: String,
    },
    /// It is not written as it should be.
    Syntax {
        /// Where it is.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character of that line, from 1.
        column: usize,
        /// What is wrong.
        said: String,
    },
    /// What it says makes no sense.
    Meaning {
        /// Where it is.
        path: PathBuf,
        /// What is wrong, and the field in which it is.
        mistake: Mistake,
    },
}

/// A field that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field, as `peers[1].address`.
    pub field: String,
    /// What is wrong with it.
    pub said: String,
}

/// The longest file that is read, in bytes.
const LEN_MAX: u64 = 1 << 20;
/// The longest name of a cluster, in bytes.
const NAME_MAX: usize = 64;
/// The longest complaint of the parser that is repeated, in characters.
const SAID_MAX: usize = 200;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(rename = "Peers", deny_unknown_fields)]
struct Written {
    cluster: String,
    #[serde(default)]
    multicast: Option<String>,
    peers: Vec<WrittenPeer>,
}

#[derive(Deserialize)]
#[serde(rename = "Peer", deny_unknown_fields)]
struct WrittenPeer {
    id: u32,
    address: String,
    #[serde(default)]
    key: Option<String>,
}

impl Peers {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or says something that makes no sense.
    pub fn read(path: &Path) -> Result<Peers, PeersError> {
        let failed = |error: io::Error| PeersError::Io {
            path: path.to_owned(),
            kind: error.kind(),
            said: error.to_string(),
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(LEN_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() > usize::try_from(LEN_MAX).expect("a length fits") {
            let said = format!("a file of peers has at most {LEN_MAX} bytes");
            return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, said)));
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Peers::parse(text, path),
            Err(error) => {
                let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let last = good.rsplit('\n').next().unwrap_or_default();
                Err(PeersError::Syntax {
                    path: path.to_owned(),
                    line: good.matches('\n').count() + 1,
                    column: last.chars().count() + 1,
                    said: "this is not UTF-8".to_owned(),
                })
            }
        }
    }

    /// Reads a text, of which errors say that it stands at `path`.
    ///
    /// # Errors
    /// If it says something that makes no sense.
    pub fn parse(text: &str, path: &Path) -> Result<Peers, PeersError> {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        let written: Written = options.from_str(text).map_err(|error| PeersError::Syntax {
            path: path.to_owned(),
            line: error.span.start.line,
            column: error.span.start.col,
            said: text::cut(&error.code.to_string(), SAID_MAX),
        })?;
        written.meant().map_err(|mistake| PeersError::Meaning {
            path: path.to_owned(),
            mistake,
        })
    }

    /// A cluster of these processes, in any order.
    ///
    /// # Errors
    /// If they do not go together: see [`Peers`].
    pub fn new(
        cluster: &str,
        multicast: Option<SocketAddr>,
        peers: &[Peer],
    ) -> Result<Peers, Mistake> {
        check_name(cluster)?;
        check_together(peers)?;
        if let Some(group) = multicast {
            check_group(group, peers)?;
        }
        let mut peers = peers.to_vec();
        peers.sort_by_key(|peer| peer.id);
        Ok(Peers {
            cluster: cluster.to_owned(),
            multicast,
            peers,
        })
    }

    /// A cluster on this host: at 127.0.0.1, from `port` on, in the order of the numbers.
    ///
    /// # Errors
    /// If there are not enough ports, or see [`Peers`].
    pub fn local(
        cluster: &str,
        port: u16,
        keys: &[(NodeId, Option<PublicKey>)],
    ) -> Result<Peers, Mistake> {
        let mut peers = Vec::with_capacity(keys.len());
        for (at, (id, key)) in keys.iter().enumerate() {
            let port = u32::from(port).checked_add(id.0);
            let port = port.and_then(|port| u16::try_from(port).ok());
            let port =
                port.ok_or_else(|| mistake(at, "address", "there is no port left for it"))?;
            peers.push(Peer {
                id: *id,
                address: (Ipv4Addr::LOCALHOST, port).into(),
                key: *key,
            });
        }
        Peers::new(cluster, None, &peers)
    }

    /// The name of the cluster.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The group to which messages for all are sent, if there is one.
    #[must_use]
    pub const fn multicast(&self) -> Option<SocketAddr> {
        self.multicast
    }

    /// The processes, in the order of their numbers: the first has number 0.
    #[must_use]
    pub fn peers(&self) -> &[Peer] {
        &self.peers
    }

    /// Their addresses, in the same order.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.peers.iter().map(|peer| peer.address).collect()
    }

    /// All public keys, if messages are sealed.
    #[must_use]
    pub fn keys(&self) -> Option<Vec<(NodeId, PublicKey)>> {
        let key = |peer: &Peer| Some((peer.id, peer.key?));
        self.peers.iter().map(key).collect()
    }
}

/// The text of the file.
impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name has no character that means something in a text: see `check_name`.
        writeln!(f, "(\n    cluster: \"{}\",", self.cluster)?;
        if let Some(group) = self.multicast {
            writeln!(f, "    multicast: \"{group}\",")?;
        }
        writeln!(f, "    peers: [")?;
        for Peer { id, address, key } in &self.peers {
            write!(f, "        (id: {}, address: \"{address}\"", id.0)?;
            if let Some(key) = key {
                write!(f, ", key: \"{key}\"")?;
            }
            writeln!(f, "),")?;
        }
        writeln!(f, "    ],\n)")
    }
}

impl Written {
    fn meant(self) -> Result<Peers, Mistake> {
        let mut peers = Vec::with_capacity(self.peers.len());
        for (at, peer) in self.peers.iter().enumerate() {
            let field = format!("peers[{at}].address");
            let key = peer.key.as_deref().map(|key| {
                let wrong =
                    |error: NoPublicKey| mistake(at, "key", &quoted(key, &error.to_string()));
                key.parse().map_err(wrong)
            });
            peers.push(Peer {
                id: NodeId(peer.id),
                address: address(&field, &peer.address)?,
                key: key.transpose()?,
            });
        }
        let multicast = self.multicast.as_deref();
        let multicast = multicast.map(|group| address("multicast", group));
        Peers::new(&self.cluster, multicast.transpose()?, &peers)
    }
}

fn address(field: &str, text: &str) -> Result<SocketAddr, Mistake> {
    text.parse().map_err(|_| Mistake {
        field: field.to_owned(),
        said: quoted(
            text,
            "an address is one like 10.0.0.1:4000 or [fd00::1]:4000: numbers, no names",
        ),
    })
}

fn quoted(text: &str, said: &str) -> String {
    format!("`{}`: {said}", text::shown(text))
}

fn mistake(at: usize, field: &str, said: &str) -> Mistake {
    Mistake {
        field: format!("peers[{at}].{field}"),
        said: said.to_owned(),
    }
}

fn check_name(name: &str) -> Result<(), Mistake> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' ');
    if !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(fits) {
        return Ok(());
    }
    let said = format!(
        "a name is 1 to {NAME_MAX} characters long, of letters, digits, spaces and any of - _ . /"
    );
    Err(Mistake {
        field: "cluster".to_owned(),
        said: quoted(name, &said),
    })
}

/// That the numbers are complete, addresses can be sent to, and nothing is given twice.
fn check_together(peers: &[Peer]) -> Result<(), Mistake> {
    let Some(first) = peers.first() else {
        return Err(Mistake {
            field: "peers".to_owned(),
            said: "there is nobody in the cluster".to_owned(),
        });
    };
    let mut ids = BTreeMap::new();
    let mut addresses = BTreeMap::new();
    let mut keys = BTreeMap::new();
    for (at, peer) in peers.iter().enumerate() {
        if peer.id.index() >= peers.len() {
            let last = peers.len() - 1;
            let said = format!(
                "{} is too high: {} peers have the numbers 0 to {last}",
                peer.id.0,
                peers.len()
            );
            return Err(mistake(at, "id", &said));
        }
        if let Some(other) = ids.insert(peer.id, at) {
            let said = format!("{} is the number of peers[{other}] already", peer.id.0);
            return Err(mistake(at, "id", &said));
        }
        check_address(peer.address)
            .map_err(|said| mistake(at, "address", &quoted(&peer.address.to_string(), said)))?;
        if peer.address.is_ipv4() != first.address.is_ipv4() {
            let said = "IPv4 and IPv6 do not go together: peers[0] has the other";
            let said = quoted(&peer.address.to_string(), said);
            return Err(mistake(at, "address", &said));
        }
        if let Some(other) = addresses.insert(peer.address, at) {
            let said = format!("{} is the address of peers[{other}] already", peer.address);
            return Err(mistake(at, "address", &said));
        }
        if peer.key.is_some() != first.key.is_some() {
            let (with, without) = match peer.key {
                Some(_) => (at, 0),
                None => (0, at),
            };
            let said = format!("all have a key or none has one: peers[{with}] has, this one not");
            return Err(mistake(without, "key", &said));
        }
        if let Some(key) = peer.key
            && let Some(other) = keys.insert(key, at)
        {
            let said = format!("it is the key of peers[{other}] already");
            return Err(mistake(at, "key", &said));
        }
    }
    Ok(())
}

/// That an address is that of one socket.
fn check_address(address: SocketAddr) -> Result<(), &'static str> {
    let ip = address.ip();
    if address.port() == 0 {
        return Err("port 0 is nobody's");
    }
    if ip.is_unspecified() {
        return Err("this is no address that others could send to");
    }
    if ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
        return Err("this is the address of many; a group goes under `multicast`");
    }
    if ip != ip.to_canonical() {
        return Err("this is IPv4 written as IPv6; write it as IPv4");
    }
    Ok(())
}

fn check_group(group: SocketAddr, peers: &[Peer]) -> Result<(), Mistake> {
    let said = if !group.ip().is_multicast() {
        "this is no multicast address: 224.0.0.0 to 239.255.255.255, or ff00::/8"
    } else if group.port() == 0 {
        "port 0 is nobody's"
    } else if group.is_ipv4() != peers[0].address.is_ipv4() {
        "IPv4 and IPv6 do not go together: the peers have the other"
    } else {
        return Ok(());
    };
    Err(Mistake {
        field: "multicast".to_owned(),
        said: quoted(&group.to_string(), said),
    })
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.said)
    }
}

impl fmt::Display for PeersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeersError::Io { path, said, .. } => write!(f, "{}: {said}", text::path(path)),
            PeersError::Syntax {
                path,
                line,
                column,
                said,
            } => write!(f, "{}:{line}:{column}: {said}", text::path(path)),
            PeersError::Meaning { path, mistake } => write!(f, "{}: {mistake}", text::path(path)),
        }
    }
}

impl std::error::Error for Mistake {}
impl std::error::Error for PeersError {}

#[cfg(test)]
mod tests;
