//! Keys from files, and who is where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use protocols::link::Keyring;
use scenarios::format::Scenario;
use scenarios::run::{Keys, keys_of_seed};
use sim_core::kernel::id::NodeId;
use udp::keys::{PublicKey, Secret};
use udp::peers::Peers;
use udp::recording::Header;

/// The keys of nodes whose secrets are in files, and their fingerprints.
pub struct Dealt {
    pub keys: Keys,
    pub names: Vec<(NodeId, String)>,
}

/// The keys of a run: from files where there are some, else from the seed.
pub fn dealt(
    scenario: &Scenario,
    files: &[PathBuf],
    peers: Option<&Peers>,
) -> Result<Dealt, String> {
    let seed = keys_of_seed(scenario.seed);
    let public: Vec<(NodeId, PublicKey)> = peers.and_then(Peers::keys).unwrap_or_default();
    if files.is_empty() {
        return if public.is_empty() {
            Ok(Dealt {
                keys: seed,
                names: Vec::new(),
            })
        } else {
            Err("the peers have keys: say which one is this node's, with --key FILE".to_owned())
        };
    }
    let cluster = peers.map_or("", Peers::cluster);
    let mut rings: BTreeMap<NodeId, Keyring> = BTreeMap::new();
    let mut names = Vec::new();
    for file in files {
        let secret = Secret::read(file).map_err(|error| error.to_string())?;
        let own = public.iter().find(|(_, key)| *key == secret.public());
        let Some((owner, _)) = own else {
            return Err(format!(
                "{}: the peers file has no node with this key ({})",
                file.display(),
                secret.fingerprint()
            ));
        };
        let ring = secret.ring(cluster, *owner, &public);
        rings.insert(*owner, ring.map_err(|error| error.to_string())?);
        names.push((*owner, secret.fingerprint()));
    }
    // Processes that live elsewhere have keys of their own there.
    let keys: Keys = Rc::new(move |node| rings.get(&node).cloned().unwrap_or_else(|| seed(node)));
    Ok(Dealt { keys, names })
}

/// The keys with which a recording is replayed: those that its header names.
pub fn of_recording(
    scenario: &Scenario,
    files: &[PathBuf],
    peers: Option<&Path>,
    header: &Header,
) -> Result<Keys, String> {
    if header.keys.is_empty() {
        return Ok(keys_of_seed(scenario.seed));
    }
    let peers = peers
        .map(Peers::read)
        .transpose()
        .map_err(|error| error.to_string())?;
    let dealt = if files.is_empty() {
        None
    } else {
        Some(dealt(scenario, files, peers.as_ref())?)
    };
    let has = |wanted: &(NodeId, String)| {
        dealt
            .as_ref()
            .is_some_and(|dealt| dealt.names.contains(wanted))
    };
    if let Some((node, name)) = header.keys.iter().find(|wanted| !has(wanted)) {
        return Err(format!(
            "this run used the key {name} of {node}: give its file with --key, and --peers"
        ));
    }
    Ok(dealt.map_or_else(|| keys_of_seed(scenario.seed), |dealt| dealt.keys))
}
