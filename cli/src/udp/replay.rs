//! `stormglass replay`: the recorded inputs of a real run, fed to the same protocol in the simulator.

use std::path::PathBuf;

use scenarios::format::Sources;
use scenarios::run::Runner;

use super::gather::{read_all, unread};
use super::keyed::of_recording;
use crate::args::ReplayArgs;
use crate::exit::Exit;
use crate::out::Out;

/// Replays a run and compares every output.
pub fn replay(out: Out, registry: &dyn Runner, args: &ReplayArgs) -> Exit {
    let path = if args.run == "latest" {
        args.out.join("latest")
    } else {
        PathBuf::from(&args.run)
    };
    let (tapes, notes) = match read_all(&path) {
        Ok(read) => read,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            if error.kind() == std::io::ErrorKind::NotFound {
                out.complain("`stormglass udp run FILE` records one");
            }
            return unread(&error);
        }
    };
    for note in notes {
        out.note(format_args!("note: {note}"));
    }
    let (mut inputs, mut outputs) = (0, 0);
    for tape in &tapes {
        let mut sources = Sources::new();
        let scenario = match tape.scenario(&mut sources, registry) {
            Ok(scenario) => scenario,
            Err(error) => {
                out.complain(format_args!("error: {error}"));
                return Exit::Io;
            }
        };
        let part = &tape.recorded.header.part;
        if let Some(node) = part.here.iter().find(|node| node.0 >= scenario.nodes) {
            let path = tape.path.display();
            out.complain(format_args!(
                "error: {path}: the scenario in it has no {node}"
            ));
            return Exit::Io;
        }
        let keys = match of_recording(
            &scenario,
            &args.keyed.key,
            args.keyed.peers.as_deref(),
            &tape.recorded.header,
        ) {
            Ok(keys) => keys,
            Err(error) => {
                out.complain(format_args!("error: {error}"));
                return Exit::Usage;
            }
        };
        let replayed = tape.replay(registry, &scenario, keys, None);
        if let Some(different) = replayed.different {
            out.answer(format_args!("{}: {different}\n", tape.path.display()));
            out.answer("NONDETERMINISM   the protocol did not do again what it did\n");
            return Exit::Nondeterminism;
        }
        inputs += replayed.inputs;
        outputs += replayed.outputs;
        if tape.recorded.torn {
            out.note(format_args!(
                "note: {} ends in the middle of an entry: its process was killed there",
                tape.path.display()
            ));
        }
    }
    let plural = if tapes.len() == 1 {
        "recording"
    } else {
        "recordings"
    };
    out.answer(format_args!(
        "SAME   {} {plural}: {inputs} inputs gave the same {outputs} outputs, byte for byte\n",
        tapes.len()
    ));
    Exit::Held
}
