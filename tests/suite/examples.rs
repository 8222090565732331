//! The examples of the format, and whether the library shows all that the format can say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use scenarios::format::{
    Links, Overrides, Scenario, Severity, Sources, describe, examples, human, read,
};
use scenarios::protocols::shipped;
use scenarios::run::Options;

use crate::golden::files;

/// A folder with the graph that an example names.
fn folder_with_a_graph() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("examples");
    fs::create_dir_all(&folder).expect("a folder of tests can be made");
    let ring: String = (0..8)
        .map(|node| format!("{node} {}\n", (node + 1) % 8))
        .collect();
    fs::write(folder.join("graph.txt"), ring).expect("it can be written");
    folder
}

/// What `stormglass explain` shows can be run as it is, and twice with the same result.
#[test]
fn every_example_runs() {
    let folder = folder_with_a_graph();
    let twice = Options {
        twice: true,
        ..Options::default()
    };
    let mut count = 0;
    for (path, text) in examples() {
        let mut sources = Sources::new();
        let name = folder.join(format!("{path}.ron")).display().to_string();
        let file = sources.add(name, text.as_str());
        let reading = read(&sources, file, &Overrides::default(), shipped().entries());
        let errors = reading
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error);
        let errors: Vec<String> = errors
            .map(|problem| human(&sources, problem, scenarios::format::Look::Plain))
            .collect();
        let Some(scenario) = reading.scenario else {
            panic!("{path}:\n{}\n{text}", errors.join("\n"))
        };
        let run = shipped().run(&scenario, twice.clone());
        assert_eq!(run.panicked, None, "{path}\n{text}");
        assert_eq!(run.difference, None, "{path}\n{text}");
        assert!(
            run.metrics.counters.requests > 0,
            "{path}: somebody is asked\n{text}"
        );
        count += 1;
    }
    assert!(count > 70, "{count} examples");
}

/// Fields whose options the library has to show, each with the words that a scenario says there.
fn vocabulary(scenario: &Scenario) -> [(&'static str, BTreeSet<String>); 10] {
    let words = |value: &dyn std::fmt::Debug| -> BTreeSet<String> {
        let text = format!("{value:?}");
        let word = |c: char| !c.is_ascii_alphanumeric();
        text.split(word).map(str::to_owned).collect()
    };
    let links = match scenario.links {
        Links::Built(layer) => vec![layer.promise().name()],
        Links::Weaker(layer) => vec!["Weaker", layer.promise().name()],
        Links::Assumed(_) => vec!["Assumed"],
    };
    let links = links.into_iter().map(str::to_owned).collect();
    let assumed = match scenario.links {
        Links::Assumed(guarantee) => words(&guarantee),
        _ => BTreeSet::new(),
    };
    let faults = || words(&scenario.faults);
    [
        ("scenario.topology", words(&scenario.topology)),
        ("scenario.routing", words(&scenario.routing)),
        ("scenario.network.latency", words(&scenario.network)),
        ("scenario.network.loss", words(&scenario.network)),
        ("scenario.timing", words(&scenario.timing)),
        ("scenario.links", links),
        ("scenario.links.Assumed.guarantee", assumed),
        ("scenario.faults", faults()),
        ("scenario.faults.Byzantine.behaviour", faults()),
        ("scenario.faults.Crash.when", faults()),
    ]
}

/// Whatever a scenario can say, some shipped one says: every kind of fault, behaviour, trigger, link, topology and law.
#[test]
fn the_library_shows_all_that_the_format_can_say() {
    let mut shown: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut fields = BTreeSet::new();
    for file in files() {
        for tested in scenarios::testing::runs(file) {
            let scenario = tested.scenario();
            for (path, words) in vocabulary(scenario) {
                shown.entry(path).or_default().extend(words);
            }
            // What is on only if it is written: the resolved text has it then.
            let resolved = &scenario.resolved;
            for field in [
                "bandwidth:",
                "fifo: true",
                "checksum: false",
                "flap:",
                "both: true",
                "disk: Lost",
            ] {
                if resolved.contains(field) {
                    fields.insert(field);
                }
            }
            let network = &scenario.network;
            let some = [
                ("loss", !network.loss.is_never()),
                ("duplicate", !network.duplicate.is_never()),
                ("corrupt", !network.corrupt.is_never()),
                ("between", !network.between.is_empty()),
            ];
            fields.extend(some.iter().filter(|(_, is)| *is).map(|(name, _)| *name));
        }
    }
    let docs = describe(shipped().entries());
    let mut missing = Vec::new();
    for (path, words) in &shown {
        let field = docs.iter().find(|doc| doc.path == *path).expect("a field");
        // A loss without a name is a number.
        let named = field
            .options
            .iter()
            .filter(|option| option.parse::<f64>().is_err());
        missing.extend(
            named
                .filter(|option| !words.contains(*option))
                .map(|option| format!("{path}: {option}")),
        );
    }
    let wanted = [
        "bandwidth:",
        "fifo: true",
        "checksum: false",
        "flap:",
        "both: true",
        "disk: Lost",
        "loss",
        "duplicate",
        "corrupt",
        "between",
    ];
    missing.extend(
        wanted
            .into_iter()
            .filter(|field| !fields.contains(field))
            .map(str::to_owned),
    );
    assert!(
        missing.is_empty(),
        "no shipped scenario shows:\n  {}",
        missing.join("\n  ")
    );
}
