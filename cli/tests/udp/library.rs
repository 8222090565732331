//! Every protocol of the registry holds over UDP what its shipped scenarios promise. One that is added joins by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::format::{Overrides, Scenario, Sources, read};
use scenarios::protocols::shipped;
use scenarios::run::Options;

use crate::stage::{Came, Stage, library, side_by_side};

/// No cluster of these tests is larger.
const NODES_MAX: u32 = 10;
/// No run of these tests is longer, in virtual time.
const LONGEST_NS: u64 = 2_500_000_000;

/// A file of the library.
pub struct Shipped {
    /// From the folder of a stage.
    pub file: String,
    pub protocol: String,
    pub nodes: u32,
    /// How long it takes in the simulator.
    pub takes_ns: u64,
}

/// The files of the library that are no trouble for a small host, the quickest first.
pub fn small_files() -> Vec<Shipped> {
    let mut found: Vec<Shipped> = files().iter().filter_map(|path| look(path)).collect();
    found.sort_by_key(|shipped| shipped.takes_ns);
    found
}

fn look(path: &Path) -> Option<Shipped> {
    let mut sources = Sources::new();
    let text = fs::read_to_string(path).expect("it is there");
    let source = sources.add(path.display().to_string(), text);
    let reading = read(&sources, source, &Overrides::default(), shipped().entries());
    let scenario: Scenario = reading.scenario.expect("shipped files can be read");
    // In real time no timer runs out at the very nanosecond of a deadline.
    let is_exact = scenario
        .expect
        .iter()
        .any(|expectation| expectation.text.contains("deadline_respected"));
    if scenario.nodes > NODES_MAX || is_exact {
        return None;
    }
    let run = shipped().run(&scenario, Options::default());
    let takes_ns = run.metrics.virtual_time_ns;
    let below = path.strip_prefix(library()).expect("it is in the library");
    (takes_ns <= LONGEST_NS).then(|| Shipped {
        file: Path::new("scenarios").join(below).display().to_string(),
        protocol: name(&scenario.protocol_text).to_owned(),
        nodes: scenario.nodes,
        takes_ns,
    })
}

/// The name in `EagerMulticast(relay: true)`.
fn name(text: &str) -> &str {
    text.split('(').next().unwrap_or(text)
}

/// All scenario files, in order.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![library()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is a folder") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "ron") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// For each protocol of the registry, some of its files.
pub fn of_each(files: &[Shipped], most: usize) -> BTreeMap<&'static str, Vec<&Shipped>> {
    let entries = shipped().entries().iter().map(|entry| entry.about().name);
    let of = |name| {
        let own = files.iter().filter(move |file| file.protocol == name);
        own.take(most).collect()
    };
    entries.map(|name| (name, of(name))).collect()
}

/// Runs a file until it passes: a host that is busy elsewhere may break a bound on time, but not thrice.
fn passes(words: &[&str]) -> Result<(), Came> {
    let mut came = run(words);
    for _ in 0..2 {
        if came.code != Some(1) {
            break;
        }
        came = run(words);
    }
    if came.code == Some(0) {
        Ok(())
    } else {
        Err(came)
    }
}

fn run(words: &[&str]) -> Came {
    Stage::new().run(&[&["udp", "run"], words].concat())
}

fn all_pass(runs: &[Vec<&str>]) {
    let failed = side_by_side(runs, |words| passes(words).err());
    let failed: Vec<_> = runs.iter().zip(failed).collect();
    for (words, came) in failed {
        if let Some(Came { code, out, err }) = came {
            panic!("{words:?} ended with {code:?}\n{out}\n{err}");
        }
    }
}

/// A protocol that nobody has run over UDP is not shipped.
#[test]
fn every_protocol_keeps_its_promises_over_udp() {
    let files = small_files();
    let chosen = of_each(&files, 4);
    for (name, files) in &chosen {
        assert!(
            !files.is_empty(),
            "no shipped scenario with at most {NODES_MAX} nodes and {LONGEST_NS} ns uses {name}: add one to scenarios/"
        );
    }
    let runs: Vec<Vec<&str>> = chosen
        .values()
        .flatten()
        .map(|shipped| vec![shipped.file.as_str()])
        .collect();
    all_pass(&runs);
}

/// Nothing may rest on memory that processes of one host would share.
#[test]
fn every_protocol_keeps_its_promises_with_a_process_for_each_node() {
    let files = small_files();
    let chosen = of_each(&files, 1);
    let runs: Vec<Vec<&str>> = chosen
        .values()
        .flatten()
        .map(|shipped| vec!["--processes", shipped.file.as_str()])
        .collect();
    assert_eq!(runs.len(), shipped().entries().len(), "{runs:?}");
    all_pass(&runs);
}

/// The whole library, variants too, but what only a simulator can do: bounds without any slack (`at-last`, deadlines), and a
/// crowd that is too much for one loop (`eager-crowd`).
#[test]
#[ignore = "heavy: the whole library in real time, for the release suite"]
fn the_library_holds_over_udp() {
    let mut runs: Vec<Vec<String>> = Vec::new();
    for path in files() {
        let below = path.strip_prefix(library()).expect("it is in the library");
        let file = Path::new("scenarios").join(below).display().to_string();
        let only_simulated = [
            "eager-crowd",
            "partial-synchrony",
            "deadline",
            "chain",
            "retry-storm",
        ];
        let named = |name: &&str| file.ends_with(&format!("/{name}.ron"));
        if !only_simulated.iter().any(named) {
            runs.push(vec![file]);
        }
    }
    let more = ["--all-variants", "--longest", "2s", "--allow-empty"];
    let runs: Vec<Vec<&str>> = runs
        .iter()
        .map(|file| {
            let file = file.iter().map(String::as_str);
            file.chain(more).collect()
        })
        .collect();
    assert!(runs.len() > 50, "{} files", runs.len());
    all_pass(&runs);
}
