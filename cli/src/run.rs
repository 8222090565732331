//! `stormglass run`: reads everything, then runs it, then says how it ended.

use std::path::Path;
use std::time::Instant;

use scenarios::folder::{self, Files, TraceHeader};
use scenarios::format::{
    Look, Overrides, Reading, Scenario, Severity, SourceId, Sources, Variant, human, read,
};
use scenarios::json;
use scenarios::run::{Options, Runner, Verdict};
use sim_core::trace::MODEL_VERSION;

use crate::args::{Overriding, RunArgs};
use crate::exit::Exit;
use crate::files::{self, Trouble};
use crate::interrupt;
use crate::out::Out;
use crate::panics;
use crate::progress::Progress;
use crate::screen::{self, Called};

/// A scenario or a variant that is about to run.
struct Planned {
    scenario: Scenario,
    file: String,
    variant: Option<String>,
}

/// Runs scenarios.
pub fn run(out: Out, registry: &dyn Runner, args: &RunArgs) -> Exit {
    let (sources, planned) = match plan(out, registry, args) {
        Ok(planned) => planned,
        Err(exit) => return exit,
    };
    if planned.is_empty() {
        let nothing = format!("nothing to run: {}", files::none_in(&args.files));
        return if args.allow_empty {
            out.note(format_args!("note: {nothing}"));
            Exit::Held
        } else {
            out.complain(format_args!(
                "error: {nothing} (--allow-empty makes that a success)"
            ));
            Exit::Nothing
        };
    }
    interrupt::listen();
    let mut worst = Exit::Held;
    let mut documents = Vec::new();
    let mut counts = screen::Counts::default();
    let names = planned
        .iter()
        .map(|planned| planned.scenario.name.chars().count());
    let many = names.max().filter(|_| planned.len() > 1);
    let mut progress = Progress::new(planned.len(), args.json);
    for Planned {
        scenario,
        file,
        variant,
    } in &planned
    {
        progress.now(&scenario.name);
        let started = Instant::now();
        let options = Options {
            twice: args.twice,
            strict: args.strict,
        };
        let run = registry.run(scenario, options);
        let wall = started.elapsed();
        let again = again(file, variant.as_deref(), scenario, args);
        let called = called(scenario, many.is_some(), args);
        let document = json::run(&sources, scenario, &run, &again);
        let header = TraceHeader {
            model_version: MODEL_VERSION,
            name: scenario.name.clone(),
            seed: scenario.seed,
            params: screen::params(scenario),
            fingerprint: run.fingerprint,
        };
        let files = Files {
            scenario,
            result: &document,
            trace: run.trace.as_ref().map(|trace| (&header, trace)),
            metrics: &run.metrics.all(),
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
        };
        let saved = folder::write(&args.out, &files);
        worst = worst.worst(run.verdict.into());
        let line_above = counts.line_above();
        counts.add(run.verdict);
        progress.around(|| {
            if !args.json {
                let panic_place = panics::place();
                let shown = screen::Shown {
                    sources: &sources,
                    scenario,
                    run: &run,
                    again: &again,
                    called: &called,
                    twice: args.twice,
                    wall: out.is_terminal().then_some(wall),
                };
                if line_above && run.verdict != Verdict::Pass {
                    out.answer("\n");
                }
                out.answer(shown.screen(out, many, panic_place.as_deref()));
            }
            match &saved {
                Ok(path) if !args.json && many.is_none() => {
                    out.answer(format_args!("saved  {}\n", path.display()));
                    if run.trace.is_some() {
                        out.answer(format_args!(
                            "look   stormglass trace {}{}\n",
                            called.name, called.flag
                        ));
                    }
                }
                Ok(_) => (),
                Err(error) => {
                    out.complain(format_args!(
                        "error: the run folder could not be written: {error}"
                    ));
                    worst = worst.worst(Exit::Io);
                }
            }
            for fault in run.faults.iter().filter(|fault| fault.is_vacuous()) {
                let told = format!(
                    "{}: {} never fired ({}): the run shows nothing about it",
                    scenario.name, fault.id, fault.what
                );
                if args.strict {
                    out.complain(format_args!("error: {told}"));
                } else {
                    out.note(format_args!("warning: {told}"));
                }
            }
        });
        if args.json {
            documents.push(document);
        }
        progress.done();
        if run.verdict == Verdict::Nondeterministic {
            break;
        }
        // A run that was the last has left nothing undone.
        if interrupt::asked() && counts.all() < planned.len() {
            out.complain(format_args!(
                "interrupted: {} of {} runs were done",
                counts.all(),
                planned.len()
            ));
            worst = Exit::Interrupted;
            break;
        }
    }
    progress.finish();
    if args.json {
        let text = serde_json::to_string_pretty(&json::document(documents)).unwrap_or_default();
        out.answer(format_args!("{text}\n"));
    } else if planned.len() > 1 {
        out.answer(counts.line(out));
    }
    worst
}

/// What a run is called in the commands that its screen suggests.
fn called(scenario: &Scenario, many: bool, args: &RunArgs) -> Called {
    if many {
        // `latest` will be another one.
        let name = quoted(&args.out.join(folder::id(scenario)).to_string_lossy());
        let flag = String::new();
        return Called { name, flag };
    }
    let flag = match args.out.as_path() {
        out if out == Path::new("runs") => String::new(),
        out => format!(" -o {}", quoted(&out.to_string_lossy())),
    };
    Called {
        name: "latest".to_owned(),
        flag,
    }
}

/// Reads all files and their variants; complains of everything that is wrong before anything runs.
fn plan(out: Out, registry: &dyn Runner, args: &RunArgs) -> Result<(Sources, Vec<Planned>), Exit> {
    let mut sources = Sources::new();
    let (mut planned, mut errors) = (Vec::new(), 0_usize);
    let found = files::find(&args.files).map_err(|error| {
        out.complain(format_args!("error: {error}"));
        Exit::Io
    })?;
    let overrides = overrides(&mut sources, &args.overriding);
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
        let variants = take(&mut sources, args.overriding.variant.clone());
        if args.overriding.all_variants {
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
fn overrides(sources: &mut Sources, args: &Overriding) -> Overrides {
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
        expects: args
            .expect
            .iter()
            .map(|text| add("--expect", text))
            .collect(),
        no_expect_violation: args.no_expect_violation,
    }
}

/// The command that runs this run again.
fn again(file: &str, variant: Option<&str>, scenario: &Scenario, args: &RunArgs) -> String {
    if file == "-" {
        // Standard input is gone; what was made of it is in the run folder.
        let resolved = args
            .out
            .join(folder::id(scenario))
            .join("scenario.resolved.ron");
        return format!("stormglass run {}", quoted(&resolved.to_string_lossy()));
    }
    let mut words = vec!["stormglass".to_owned(), "run".to_owned(), quoted(file)];
    if let Some(variant) = variant {
        words.extend(["--variant".to_owned(), quoted(variant)]);
    }
    words.extend(["--seed".to_owned(), scenario.seed.to_string()]);
    let Overriding {
        params,
        set,
        expect,
        no_expect_violation,
        trace,
        ..
    } = &args.overriding;
    for (flag, values) in [("-p", params), ("--set", set), ("--expect", expect)] {
        for value in values {
            words.extend([flag.to_owned(), quoted(value)]);
        }
    }
    if *no_expect_violation {
        words.push("--no-expect-violation".to_owned());
    }
    if let Some(level) = trace {
        words.extend(["--trace".to_owned(), level.word().to_lowercase()]);
    }
    words.join(" ")
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
