//! `stormglass run`: reads everything, then runs it, then says how it ended.

use std::io;
use std::path::Path;
use std::time::Instant;

use scenarios::folder::{self, Files, Saved, TraceFile};
use scenarios::format::{Scenario, Trace as Level};
use scenarios::json;
use scenarios::run::{Options, Overload, Run, Runner, Verdict};
use scenarios::trace::Header;

use crate::args::RunArgs;
use crate::exit::Exit;
use crate::files;
use crate::interrupt;
use crate::out::Out;
use crate::panics;
use crate::plan::{self, Planned, plan, quoted};
use crate::profile::Profile;
use crate::progress::Progress;
use crate::screen::{self, Called};

/// Runs scenarios.
pub fn run(out: Out, registry: &dyn Runner, args: &RunArgs) -> Exit {
    let (sources, planned) = match plan(out, registry, &args.files, &args.overriding) {
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
    let mut progress = Progress::new(planned.len(), args.json || out.is_quiet());
    for this in &planned {
        let scenario = &this.scenario;
        progress.now(&scenario.name);
        let started = Instant::now();
        let options = Options {
            twice: args.twice,
            strict: args.strict,
            ..Options::default()
        };
        let mut trace = Ok(None);
        let mut once = |options: Options| {
            // Let go of the file of the last time, before it is begun anew.
            trace = Ok(None);
            let (run, file) = recorded(registry, scenario, options, &args.out);
            trace = file;
            run
        };
        let (run, profile) = if args.profile {
            let (run, profile) = Profile::of(|gauge| {
                let gauge = Some(gauge);
                let options = options.clone();
                once(Options { gauge, ..options })
            });
            (run, Some(profile))
        } else {
            (once(options), None)
        };
        let wall = match &profile {
            Some(profile) => profile.first,
            None => started.elapsed(),
        };
        let again = again(this, args);
        let called = called(scenario, many.is_some(), args);
        let document = json::run(&sources, scenario, &run, &again);
        let files = Files {
            scenario,
            id: folder::id(scenario),
            result: &document,
            fingerprint: run.fingerprint,
            metrics: &run.metrics.all(),
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
        };
        let recorded = !matches!(trace, Ok(None));
        let saved = folder::write(&args.out, &files, trace);
        let whole = |saved: &Saved| recorded && saved.no_trace.is_none();
        let traced = saved.as_ref().is_ok_and(whole);
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
                    traced,
                    again: &again,
                    called: &called,
                    twice: args.twice,
                    wall: out.is_terminal().then_some(wall),
                    time: "virtual time",
                };
                if line_above && run.verdict != Verdict::Pass {
                    out.answer("\n");
                }
                out.answer(shown.screen(out, many, panic_place.as_deref()));
            }
            match &saved {
                Ok(Saved { path, .. }) if !args.json && many.is_none() => {
                    out.answer(format_args!("saved  {}\n", path.display()));
                    if traced {
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
            if let Ok(Saved {
                no_trace: Some(error),
                ..
            }) = &saved
            {
                out.complain(format_args!(
                    "error: the trace could not be written: {error}"
                ));
                worst = worst.worst(Exit::Io);
            }
            if let Some(profile) = &profile {
                out.answer(format_args!("\n{profile}"));
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
            if let Some(Overload { faulty, bears }) = run.overload {
                let (nodes, protocol) = (scenario.nodes, &scenario.protocol_text);
                out.note(format_args!(
                    "warning: {}: {faulty} of {nodes} nodes are faulty, {protocol} bears {} ({}): it promises nothing here",
                    scenario.name, bears.faulty, bears.rule
                ));
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

/// Runs a scenario. Its trace goes to a file while the run goes on; only if runs are compared it is kept in memory, to say
/// where they part. A file that cannot be made is told behind the run, which is the same without it.
fn recorded(
    registry: &dyn Runner,
    scenario: &Scenario,
    options: Options,
    root: &Path,
) -> (Run, io::Result<Option<TraceFile>>) {
    if matches!(scenario.trace, Level::Off | Level::Summary) {
        return (registry.run(scenario, options), Ok(None));
    }
    let header = Header::of(scenario, screen::params(scenario));
    match TraceFile::create(root, &folder::id(scenario), &header) {
        Ok(mut file) => {
            let run = if options.twice {
                let run = registry.run(scenario, options);
                run.trace.iter().for_each(|trace| file.keep(trace));
                run
            } else {
                registry.run_into(scenario, options, file.sink())
            };
            (run, Ok(Some(file)))
        }
        Err(error) => (registry.run(scenario, options), Err(error)),
    }
}

/// What a run is called in the commands that its screen suggests.
fn called(scenario: &Scenario, many: bool, args: &RunArgs) -> Called {
    if many {
        // `latest` will be another one.
        let name = quoted(&args.out.join(folder::id(scenario)).to_string_lossy());
        let flag = String::new();
        return Called { name, flag };
    }
    let flag = screen::folder_flag(&args.out);
    Called {
        name: "latest".to_owned(),
        flag,
    }
}

/// The command that runs this run again.
fn again(planned: &Planned, args: &RunArgs) -> String {
    if planned.file == "-" {
        // Standard input is gone; what was made of it is in the run folder.
        let resolved = args
            .out
            .join(folder::id(&planned.scenario))
            .join("scenario.resolved.ron");
        return format!("stormglass run {}", quoted(&resolved.to_string_lossy()));
    }
    let words = plan::words(planned, &args.overriding);
    format!("stormglass run {}", plan::command(&words))
}
