//! Stormglass beside a bare event loop and other simulators, on equal work, interleaved in one run.
//!
//! Every measurement is a process of its own, so that CPU time and memory peak are its own. Read ratios, not figures:
//! the machine's load moves the figures, and it moves all that run at the same time alike.

mod bare;
mod measure;
#[cfg(feature = "peers")]
mod peers;
mod random;
mod report;
mod stormglass;
mod subject;
mod targets;
mod threads;
mod wheel;
mod workload;

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

use measure::Sample;
use report::Results;
use subject::Subject;
use workload::{ALL, Load, Workload};

/// Runs four workloads on Stormglass, a bare event loop and other simulators.
#[derive(Parser)]
struct Arguments {
    /// How often each is run; the table shows medians.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Small sizes, and not all of them.
    #[arg(long)]
    quick: bool,
    /// Only workloads whose name begins so: W2 is also W2-1e6. May be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// Only subjects whose name begins so. May be given several times.
    #[arg(long)]
    subject: Vec<String>,
    /// Writes all samples to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draws the medians into this file.
    #[arg(long)]
    svg: Option<PathBuf>,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Subcommand)]
enum Child {
    /// One measurement, printed as JSON: what the command starts for every cell of the table.
    #[command(hide = true)]
    Child {
        subject: Subject,
        /// The load as JSON.
        load: String,
    },
    /// An experiment: one run on several threads.
    Threads {
        /// How often each is run; the table shows medians.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Sizes of some milliseconds: with many rounds, for a busy machine.
        #[arg(long)]
        small: bool,
        /// Only cases of this name. May be given several times.
        #[arg(long)]
        only: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.child {
        Some(Child::Child { subject, load }) => child(*subject, load),
        Some(Child::Threads {
            rounds,
            small,
            only,
        }) => {
            threads::measure(*rounds, *small, only);
            Ok(())
        }
        None => parent(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn child(subject: Subject, load: &str) -> Result<(), Box<dyn Error>> {
    let sample = subject.run(serde_json::from_str(load)?);
    println!("{}", serde_json::to_string(&sample)?);
    Ok(())
}

fn parent(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let plan = plan(arguments);
    let mut results = Results::default();
    for round in 0..arguments.rounds {
        for (workload, load, subjects) in &plan {
            for subject in subjects {
                eprint!(
                    "\r\x1b[Kround {} of {}: {} {}",
                    round + 1,
                    arguments.rounds,
                    workload.name,
                    subject.name()
                );
                results.add(workload, *load, *subject, spawn(*subject, *load)?);
            }
        }
    }
    eprint!("\r\x1b[K");
    print!("{}", results.tables());
    print!("{}", targets::judge(&results));
    if let Some(path) = &arguments.json {
        std::fs::write(path, results.json()?)?;
    }
    if let Some(path) = &arguments.svg {
        std::fs::write(path, results.svg())?;
    }
    Ok(())
}

/// What is run, in this order, each round.
fn plan(arguments: &Arguments) -> Vec<(Workload, Load, Vec<Subject>)> {
    let begins = |name: &str, wanted: &[String]| {
        wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted))
    };
    let load = |workload: &Workload| match arguments.quick {
        true => workload.quick,
        false => Some(workload.load),
    };
    let all = ALL.iter().filter(|w| begins(w.name, &arguments.only));
    all.filter_map(|workload| {
        let load = load(workload)?;
        let subjects = Subject::ALL.iter().copied();
        let subjects = subjects
            .filter(|subject| begins(subject.name(), &arguments.subject) && subject.takes(load))
            .collect();
        Some((*workload, load, subjects))
    })
    .collect()
}

/// A measurement in a fresh process.
fn spawn(subject: Subject, load: Load) -> Result<Sample, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .args(["child", subject.name(), &serde_json::to_string(&load)?])
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{} on {load:?}: {}: {said}", subject.name(), output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
