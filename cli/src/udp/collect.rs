//! `stormglass udp collect`: the recordings of nodes that ran apart, put together and judged as one.

use std::path::PathBuf;

use scenarios::format::Sources;
use scenarios::json;
use scenarios::run::{Keys, Panicked, Runner, conclude};
use sim_core::kernel::property::Moment;
use sim_core::sim::Ended;

use super::gather::{Tape, gather, mixed, read_all, unread};
use super::keyed::of_recording;
use super::report::{Told, simulate};
use super::run::fresh_folder;
use crate::args::UdpCollectArgs;
use crate::exit::Exit;
use crate::out::Out;
use crate::plan::quoted;

/// Puts recordings together.
pub fn collect(out: Out, registry: &dyn Runner, args: &UdpCollectArgs) -> Exit {
    let mut tapes: Vec<Tape> = Vec::new();
    for path in &args.recordings {
        match read_all(path) {
            Ok((read, notes)) => {
                tapes.extend(read);
                for note in notes {
                    out.note(format_args!("note: {note}"));
                }
            }
            Err(error) => {
                out.complain(format_args!("error: {error}"));
                return unread(&error);
            }
        }
    }
    let first = &tapes[0];
    let other = tapes
        .iter()
        .find(|tape| tape.recorded.header.scenario != first.recorded.header.scenario);
    if let Some(other) = other {
        out.complain(format_args!(
            "error: {} and {} are of different scenarios: one run is collected at a time",
            first.path.display(),
            other.path.display()
        ));
        return Exit::Usage;
    }
    let mut sources = Sources::new();
    let scenario = match first.scenario(&mut sources, registry) {
        Ok(scenario) => scenario,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Io;
        }
    };
    if let Some(why) = mixed(&scenario, &tapes) {
        out.complain(format_args!("error: {why}"));
        return Exit::Usage;
    }
    let (files, peers) = (&args.keyed.key, args.keyed.peers.as_deref());
    let headers = tapes.iter().map(|tape| &tape.recorded.header);
    let keys = headers.map(|header| of_recording(&scenario, files, peers, header));
    let keys = match keys.collect::<Result<Vec<Keys>, String>>() {
        Ok(keys) => keys,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Usage;
        }
    };
    let outcome = match gather(registry, &scenario, &tapes, &keys[0]) {
        Ok(outcome) => outcome,
        Err(different) => {
            out.complain(format_args!("error: {different}"));
            return Exit::Nondeterminism;
        }
    };
    let simulated = simulate(registry, &scenario);
    let panicked = (outcome.ended == Ended::Panicked).then(|| Panicked {
        at: Moment {
            at: outcome.at,
            event: outcome.events,
        },
        message: "as a recording says".to_owned(),
    });
    let run = conclude(&scenario, outcome, panicked, simulated.metrics.steps);
    let path = |path: &PathBuf| quoted(&path.to_string_lossy());
    let mut words: Vec<String> = args.recordings.iter().map(path).collect();
    if let Some(peers) = &args.keyed.peers {
        words.extend(["--peers".to_owned(), path(peers)]);
    }
    for key in &args.keyed.key {
        words.extend(["--key".to_owned(), path(key)]);
    }
    let (id, folder) = match fresh_folder(&args.out, &scenario.name) {
        Ok(folder) => folder,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Io;
        }
    };
    let told = Told {
        sources: &sources,
        scenario: &scenario,
        run: &run,
        simulated: &simulated,
        counts: &[],
        site: &format!("{} recordings put together", tapes.len()),
        apart: true,
        again: &format!("stormglass udp collect {}", words.join(" ")),
        id: &id,
        root: &args.out,
    };
    let document = told.document();
    if let Err(error) = told.save(&document, 0) {
        out.complain(format_args!("error: {error}"));
        return Exit::Io;
    }
    if args.json {
        let text = json::document(vec![document]);
        let text = serde_json::to_string_pretty(&text).unwrap_or_default();
        out.answer(format_args!("{text}\n"));
    } else {
        out.answer(told.screen(out, None));
        out.answer(format_args!("saved  {}\n", folder.display()));
    }
    run.verdict.into()
}
