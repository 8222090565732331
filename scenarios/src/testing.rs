//! Snapshot tests of scenarios, for any crate, in three lines.
//!
//! ```no_run
//! # // The macros of `insta` read their own files; this shows the three lines.
//! # macro_rules! assert_snapshot { ($name:expr, $text:expr) => { let _ = ($name, $text); } }
//! for run in scenarios::testing::runs("scenarios/multicast/eager.ron") {
//!     assert_snapshot!(run.title(), run.snapshot());      // insta::assert_snapshot!
//! }
//! ```
//!
//! A crate with protocols of its own makes a registry and calls [`runs_with`]:
//!
//! ```
//! let file = std::env::temp_dir().join("stormglass-doc.ron");
//! std::fs::write(&file, r#"Scenario(
//!     name: "two-casts", nodes: 3, protocol: EagerMulticast,
//!     workload: [(at: "1ms", node: 0, do: Multicast("hello"))],
//!     expect: ["always no_duplication", "eventually agreement within 1s"],
//! )"#)?;
//! let runs = scenarios::testing::runs_with(scenarios::protocols::shipped(), &file);
//! assert_eq!(runs.len(), 1);                              // no variants
//! assert!(runs[0].snapshot().contains("n2   deliver    \"hello\" from n0"));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fs;
use std::path::Path;

use sim_core::trace::{fingerprint_text, text};

use crate::format::{Look, Overrides, Scenario, Severity, Sources, human, read};
use crate::protocols::shipped;
use crate::run::{Options, Run, Runner, Verdict};

/// Longest trace that a snapshot holds whole, in lines.
const WHOLE_MAX: usize = 300;
/// How much of a longer one it shows at either end.
const ENDS: usize = 20;

/// More nodes than this, and a scenario is run in release builds only.
pub const LARGE: u32 = 20_000;

/// Is the scenario of a file too large to be run by every test that runs the library? The release suite runs it.
///
/// # Panics
/// If the file cannot be read or is not a scenario of the protocols that come with Stormglass.
#[must_use]
pub fn is_large(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut sources = Sources::new();
    let file = sources.add(path.display().to_string(), text);
    let reading = read(&sources, file, &Overrides::default(), shipped().entries());
    let scenario = reading.scenario;
    scenario
        .unwrap_or_else(|| panic!("{}: {:?}", path.display(), reading.problems))
        .nodes
        > LARGE
}

/// A scenario or one of its variants, run and judged.
#[derive(Debug)]
pub struct Tested {
    scenario: Scenario,
    run: Run,
}

/// Runs the scenario of a file and all its variants, with the protocols that come with Stormglass.
///
/// # Panics
/// If the file cannot be read, is not a scenario, or an expectation breaks; the text says how to see why.
#[must_use]
pub fn runs(path: impl AsRef<Path>) -> Vec<Tested> {
    runs_with(shipped(), path)
}

/// The same with the protocols of `registry`.
///
/// # Panics
/// As [`runs`].
#[must_use]
pub fn runs_with(registry: &dyn Runner, path: impl AsRef<Path>) -> Vec<Tested> {
    let path = path.as_ref();
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut sources = Sources::new();
    let file = sources.add(path.display().to_string(), text);
    let plain = read(&sources, file, &Overrides::default(), registry.entries());
    let variants = plain
        .variants
        .iter()
        .map(|variant| Some(variant.name.clone()));
    let all = [None].into_iter().chain(variants);
    all.map(|variant| {
        let chosen = variant
            .as_ref()
            .map(|name| sources.add("variant", name.as_str()));
        let overrides = Overrides {
            variant: chosen,
            ..Overrides::default()
        };
        let reading = read(&sources, file, &overrides, registry.entries());
        let errors = reading
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error);
        let errors: Vec<String> = errors
            .map(|problem| human(&sources, problem, Look::Plain))
            .collect();
        let Some(scenario) = reading.scenario else {
            panic!("{}", errors.join("\n"))
        };
        let run = registry.run(&scenario, Options::default());
        assert!(run.verdict == Verdict::Pass, "{}", report(&scenario, &run));
        Tested { scenario, run }
    })
    .collect()
}

/// Why a run did not pass.
fn report(scenario: &Scenario, run: &Run) -> String {
    let mut report = format!(
        "{}, seed {}: {}\n",
        scenario.name,
        scenario.seed,
        run.verdict.word()
    );
    if let Some(panicked) = &run.panicked {
        report.push_str(&format!(
            "  panicked after event {}: {}\n",
            panicked.at.event, panicked.message
        ));
    }
    for finding in run.findings.iter().filter(|finding| !finding.is_fine()) {
        report.push_str(&format!("  {}   {}\n", finding.sentence, finding.said));
        if let Some(violation) = &finding.violation {
            report.push_str(&format!("    {}\n", violation.what));
        }
        for reason in &finding.why {
            report.push_str(&format!("      {}\n", reason.text));
        }
    }
    report
}

impl Tested {
    /// Scenario and variant: the name of the snapshot.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.scenario.name
    }

    /// The scenario.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The run.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// What a snapshot holds: a line of figures, the fingerprint, and the trace (of a long one both ends).
    #[must_use]
    pub fn snapshot(&self) -> String {
        let Run {
            metrics,
            fingerprint,
            trace,
            ..
        } = &self.run;
        let mut shown = format!(
            "{}  seed {}  {} events  {} messages ({} with self)  {} deliveries\nfingerprint {}\n",
            self.scenario.name,
            self.scenario.seed,
            metrics.events,
            metrics.counters.messages,
            metrics.counters.messages_with_self,
            metrics.counters.indications,
            fingerprint_text(*fingerprint),
        );
        let Some(trace) = trace else { return shown };
        let all = text::render(trace);
        let lines: Vec<&str> = all.lines().collect();
        if lines.len() <= WHOLE_MAX {
            shown.push_str(&all);
            return shown;
        }
        for line in &lines[..ENDS] {
            shown.push_str(&format!("{line}\n"));
        }
        shown.push_str(&format!("… {} lines …\n", lines.len() - 2 * ENDS));
        for line in &lines[lines.len() - ENDS..] {
            shown.push_str(&format!("{line}\n"));
        }
        shown
    }
}
