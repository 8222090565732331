//! `stormglass keygen`: the keys of a cluster, and a list of its peers to fill in.

use std::fs::OpenOptions;
use std::io::Write;

use sim_core::kernel::id::NodeId;
use udp::keys::{self, KeyError};
use udp::peers::Peers;

use crate::args::KeygenArgs;
use crate::exit::Exit;
use crate::out::Out;
use crate::plan::quoted;

/// The port of node 0 in the list.
const PORT: u16 = 41_000;

/// Makes keys and the list.
pub fn keygen(out: Out, args: &KeygenArgs) -> Exit {
    let nodes: Vec<NodeId> = (0..args.nodes).map(NodeId).collect();
    if nodes.is_empty() || args.nodes > 10_000 {
        out.complain("error: --nodes: a cluster with keys has 1 to 10000 nodes");
        return Exit::Usage;
    }
    let made = match keys::generate(&args.folder, &nodes) {
        Ok(made) => made,
        Err(error @ KeyError::Exists { .. }) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Usage;
        }
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Io;
        }
    };
    let made: Vec<_> = made
        .into_iter()
        .map(|(node, key)| (node, Some(key)))
        .collect();
    let peers = match Peers::local(&args.cluster, PORT, &made) {
        Ok(peers) => peers,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Usage;
        }
    };
    let path = args.folder.join("peers.ron");
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(peers.to_string().as_bytes()));
    if let Err(error) = written {
        out.complain(format_args!("error: {}: {error}", path.display()));
        return Exit::Io;
    }
    let folder = quoted(&args.folder.to_string_lossy());
    out.answer(format_args!(
        "wrote  {} keys, {folder}/node-0.key and so on: each belongs on the host of its node alone\n\
         wrote  {folder}/peers.ron: put the real addresses in, then copy it to every host\n\
         try    stormglass udp node FILE --id 0 --peers {folder}/peers.ron --key {folder}/node-0.key --fresh\n",
        args.nodes
    ));
    Exit::Held
}
