//! The scenario library: every file says what to look at, and what it resolves to is the same run.

use std::fs;

use scenarios::format::{Overrides, Sources, read};
use scenarios::protocols::shipped;
use scenarios::run::Options;

use crate::golden::{all_files, files};

/// Whoever opens a file reads first what it is about and what to look at.
#[test]
fn every_scenario_says_what_to_look_at() {
    for file in all_files() {
        let text = fs::read_to_string(&file).expect("it can be read");
        let header: String = text
            .lines()
            .take_while(|line| line.starts_with("//"))
            .collect();
        assert!(header.contains("Look at:"), "{}", file.display());
        let name = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name");
        assert!(
            text.contains(&format!("name: \"{name}\"")),
            "{}: the name is the file's",
            file.display()
        );
    }
}

/// The resolved scenario, with every default written out, is the same scenario and gives the same run.
#[test]
fn the_resolved_scenario_gives_the_same_run() {
    for file in files() {
        for tested in scenarios::testing::runs(file) {
            if tested.run().metrics.counters.messages > 10_000 {
                continue;
            }
            let mut sources = Sources::new();
            // Beside the file, for the paths in it are relative.
            let place = file.with_file_name("resolved.ron").display().to_string();
            let resolved = sources.add(place, tested.scenario().resolved.as_str());
            let reading = read(
                &sources,
                resolved,
                &Overrides::default(),
                shipped().entries(),
            );
            let again = reading
                .scenario
                .unwrap_or_else(|| panic!("{}: {:?}", tested.title(), reading.problems));
            assert_eq!(
                again.resolved,
                tested.scenario().resolved,
                "{}",
                tested.title()
            );
            let same = shipped().run(&again, Options::default());
            assert_eq!(
                same.fingerprint,
                tested.run().fingerprint,
                "{}",
                tested.title()
            );
        }
    }
}

/// Whatever is sent is of a kind that an expectation may name: those are read off the types of messages.
#[test]
fn every_kind_that_is_sent_is_known_before() {
    for tested in files().iter().flat_map(scenarios::testing::runs) {
        let known = tested.scenario().protocol.kinds();
        let known = known.unwrap_or_else(|| panic!("{}", tested.title()));
        for (kind, _) in tested.run().metrics.counters.kinds.iter() {
            assert!(
                known.contains(&kind),
                "{}: {kind} of {known:?}",
                tested.title()
            );
        }
    }
}
