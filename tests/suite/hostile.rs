//! Broken scenario files: whatever is done to one, it is read or refused with a place, and nothing panics.

use proptest::prelude::*;
use scenarios::format::{Overrides, Problem, Reading, Severity, Sources, human, read, short};
use scenarios::protocols::shipped;

use crate::golden::files;

/// Reads a text; what comes of it must be whole.
fn try_to_read(text: &str) -> Result<(), String> {
    let mut sources = Sources::new();
    let file = sources.add("broken.ron", text);
    let Reading {
        scenario, problems, ..
    } = read(&sources, file, &Overrides::default(), shipped().entries());
    let wrong = |problem: &&Problem| problem.severity == Severity::Error;
    if scenario.is_none() && !problems.iter().any(|problem| wrong(&problem)) {
        return Err("neither a scenario nor an error".to_owned());
    }
    for problem in &problems {
        let place = problem.place;
        let source = sources.text(place.source);
        if source.get(place.range()).is_none() {
            return Err(format!("{place:?} does not lie in the text"));
        }
        let shown = human(&sources, problem, scenarios::format::Look::Plain);
        if shown.len() > 4_096 || shown.chars().any(|c| c.is_control() && c != '\n') {
            return Err(format!("an error of {} bytes: {shown:?}", shown.len()));
        }
        if !short(&sources, problem).starts_with("broken.ron:") {
            return Err("an error names its file".to_owned());
        }
    }
    Ok(())
}

/// Every shipped scenario, cut after every byte.
#[test]
fn truncations_never_panic() {
    for file in files() {
        let text = std::fs::read_to_string(file).expect("it can be read");
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            try_to_read(&text[..end])
                .unwrap_or_else(|error| panic!("{} cut at {end}: {error}", file.display()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every shipped scenario with up to four bits turned over.
    #[test]
    fn bit_flips_never_panic(file: prop::sample::Index, flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..=4)) {
        let files = files();
        let mut bytes = std::fs::read(file.get(files)).expect("it can be read");
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        // What is not UTF-8 is refused before it gets here; the rest of the damage still counts.
        let text = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(try_to_read(&text), Ok(()));
    }
}
