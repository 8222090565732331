//! Reading scenarios: all files, their variants and the overrides of the command line, before anything runs.

use std::path::PathBuf;

use scenarios::format::{
    Look, Overrides, Reading, Scenario, Severity, SourceId, Sources, Variant, human, read,
};
use scenarios::run::Runner;

use crate::args::Overriding;
use crate::exit::Exit;
use crate::files::{self, Trouble};
use crate::out::Out;

/// A scenario or a variant that is about to run.
pub struct Planned {
    pub scenario: Scenario,
    pub file: String,
    pub variant: Option<String>,
}

/// Reads all files and their variants; complains of everything that is wrong before anything runs.
pub fn plan(
    out: Out,
    registry: &dyn Runner,
    files: &[PathBuf],
    overriding: &Overriding,
) -> Result<(Sources, Vec<Planned>), Exit> {
    let mut sources = Sources::new();
    let (mut planned, mut errors) = (Vec::new(), 0_usize);
    let found = files::find(files).map_err(|error| {
        out.complain(format_args!("error: {error}"));
        Exit::Io
    })?;
    let overrides = overrides(&mut sources, overriding);
    let mut told = Vec::new();
    for path in found {
        let text = match files::text(&path) {
            Ok(text) => text,
            Err(Trouble::Content(error)) => {
                out.complain(format_args!("error: {error}\n"));
                errors += 1;
                continue;
            }
            Err(Trouble::System(error)) => {
                out.complain(format_args!("error: {error}"));
                return Err(Exit::Io);
            }
        };
        let file = sources.add(path.display().to_string(), text);
        let mut take = |sources: &mut Sources, variant: Option<String>| -> Vec<Variant> {
            let chosen = variant
                .as_ref()
                .map(|name| sources.add("--variant", name.as_str()));
            let overrides = Overrides {
                variant: chosen,
                ..overrides.clone()
            };
            let Reading {
                scenario,
                variants,
                problems,
            } = read(sources, file, &overrides, registry.entries());
            for problem in problems {
                // The same mistake shows in every variant of a file.
                if !told.contains(&problem) {
                    out.complain(format_args!("{}\n", human(sources, &problem, look_of(out))));
                    errors += usize::from(problem.severity == Severity::Error);
                    told.push(problem);
                }
            }
            if let Some(scenario) = scenario {
                planned.push(Planned {
                    scenario,
                    file: path.display().to_string(),
                    variant,
                });
            }
            variants
        };
        let variants = take(&mut sources, overriding.variant.clone());
        if overriding.all_variants {
            for variant in variants {
                take(&mut sources, Some(variant.name));
            }
        }
    }
    match errors {
        0 => return Ok((sources, planned)),
        1 => out.complain("nothing was run: 1 error"),
        n => out.complain(format_args!("nothing was run: {n} errors")),
    }
    Err(Exit::Usage)
}

/// How diagnostics look.
pub fn look_of(out: Out) -> Look {
    if out.colours_errors() {
        Look::Coloured
    } else {
        Look::Plain
    }
}

/// The overrides of the command line; each is a source of its own, so that a mistake in it is shown like one in a file.
pub fn overrides(sources: &mut Sources, args: &Overriding) -> Overrides {
    let mut add = |name: &str, text: &str| -> SourceId { sources.add(name, text) };
    let mut sets: Vec<SourceId> = args.set.iter().map(|text| add("--set", text)).collect();
    if let Some(seed) = args.seed {
        sets.push(add("--seed", &format!("seed={seed}")));
    }
    if let Some(level) = args.trace {
        sets.push(add("--trace", &format!("trace={}", level.word())));
    }
    Overrides {
        variant: None,
        params: args.params.iter().map(|text| add("-p", text)).collect(),
        sets,
        axes: Vec::new(),
        measures: Vec::new(),
        expects: args
            .expect
            .iter()
            .map(|text| add("--expect", text))
            .collect(),
        no_expect_violation: args.no_expect_violation,
    }
}

/// The words of a command that choose this variant and override the scenario as it was.
pub fn words(planned: &Planned, overriding: &Overriding) -> Vec<String> {
    let Planned {
        scenario,
        file,
        variant,
    } = planned;
    words_of(file, variant.as_deref(), scenario.seed, overriding)
}

/// The same for a file, a variant and a seed.
pub fn words_of(
    file: &str,
    variant: Option<&str>,
    seed: u64,
    overriding: &Overriding,
) -> Vec<String> {
    let mut words = vec![file.to_owned()];
    if let Some(variant) = variant {
        words.extend(["--variant".to_owned(), variant.to_owned()]);
    }
    words.extend(["--seed".to_owned(), seed.to_string()]);
    let Overriding {
        params,
        set,
        expect,
        no_expect_violation,
        trace,
        ..
    } = overriding;
    for (flag, values) in [("-p", params), ("--set", set), ("--expect", expect)] {
        for value in values {
            words.extend([flag.to_owned(), value.clone()]);
        }
    }
    if *no_expect_violation {
        words.push("--no-expect-violation".to_owned());
    }
    if let Some(level) = trace {
        words.extend(["--trace".to_owned(), level.word().to_lowercase()]);
    }
    words
}

/// Words as a shell reads them back.
pub fn command(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
