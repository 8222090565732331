//! The `stormglass` command: parses, calls and prints. What deserves a test of its own lives in a library.

#![forbid(unsafe_code)]

mod args;
mod compare;
mod exit;
mod explain;
mod fields;
mod files;
mod interrupt;
mod list;
mod merge;
mod new;
mod out;
mod panics;
mod plan;
mod plot;
mod profile;
mod progress;
mod run;
mod screen;
mod sweep;
mod table;
mod trace;
mod udp;
mod validate;

use std::process::exit;

use clap::{CommandFactory, Parser};
use scenarios::protocols::shipped;

use args::{Cli, Command};
use exit::Exit;
use out::Out;

fn main() {
    let cli = Cli::parse();
    let out = Out::new(cli.color, cli.quiet);
    let code = panics::guarded(out, || command(out, &cli.command));
    exit(code.code());
}

fn command(out: Out, command: &Command) -> Exit {
    let registry = shipped();
    match command {
        Command::Run(args) => run::run(out, registry, args),
        Command::Sweep(args) => sweep::sweep(out, registry, args),
        Command::Merge(args) => merge::merge(out, args),
        Command::Compare(args) => compare::compare(out, registry, args),
        Command::Plot(args) => plot::plot(out, args),
        Command::Report(args) => plot::report(out, args),
        Command::Validate(args) => validate::validate(out, registry, args),
        Command::List(args) => list::list(out, registry, args),
        Command::Explain(args) => explain::explain(out, registry, args),
        Command::Trace(args) => trace::trace(out, args),
        Command::Udp(command) => udp::udp(out, registry, command),
        Command::Replay(args) => udp::replay(out, registry, args),
        Command::Keygen(args) => udp::keygen(out, args),
        Command::New(what) => new::new(out, registry, what),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "stormglass", &mut script);
            out.answer(String::from_utf8_lossy(&script));
            Exit::Held
        }
    }
}
