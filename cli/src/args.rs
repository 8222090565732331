//! The command line, as data.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::out::Colour;

/// Simulate distributed systems: write a protocol and a scenario, get a verdict with reasons.
#[derive(Debug, Parser)]
#[command(
    name = "stormglass",
    version,
    arg_required_else_help = true,
    infer_subcommands = false
)]
#[command(
    after_help = "Exit codes: 0 held · 1 violated · 2 bad usage or scenario · 3 inconclusive · 4 nothing to run · \
    5 protocol panicked · 6 nondeterminism · 70 internal error · 74 file trouble"
)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,
    /// Say less on standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios: a verdict with reasons for each
    Run(RunArgs),
    /// Check scenario files without running them
    Validate(ValidateArgs),
    /// List what scenarios can use
    List(ListArgs),
    /// Explain a scenario field, an error code, a property or an event of a run
    Explain(ExplainArgs),
    /// Print the trace of a run
    Trace(TraceArgs),
    /// Start something new
    #[command(subcommand)]
    New(New),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What every reader of scenarios takes.
#[derive(Clone, Debug, Args)]
pub struct Overriding {
    /// Set a parameter: `-p n=10` (an expression over the parameters)
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Set any field: `--set network.loss=0.2`
    #[arg(long, value_name = "PATH=RON")]
    pub set: Vec<String>,
    /// The seed, in place of the file's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The variant to run, in place of the scenario itself
    #[arg(long, value_name = "NAME", conflicts_with = "all_variants")]
    pub variant: Option<String>,
    /// Run the scenario and every variant
    #[arg(long)]
    pub all_variants: bool,
    /// Add an expectation: `--expect 'messages <= 20'`
    #[arg(long, value_name = "SENTENCE")]
    pub expect: Vec<String>,
    /// Judge a variant as if nothing were meant to break
    #[arg(long)]
    pub no_expect_violation: bool,
    /// How much to record, in place of the file's
    #[arg(long, value_name = "LEVEL")]
    pub trace: Option<Level>,
}

/// How much to record of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Nothing
    Off,
    /// Counts only
    Summary,
    /// Requests, messages, deliveries, faults and marks
    Messages,
    /// Timers and stable storage too
    Full,
}

/// `stormglass run`
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Scenario files, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub files: Vec<PathBuf>,
    /// Overrides
    #[command(flatten)]
    pub overriding: Overriding,
    /// Run everything twice and stop at the first different event
    #[arg(long)]
    pub twice: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Where run folders go
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Succeed if there is nothing to run
    #[arg(long)]
    pub allow_empty: bool,
}

/// `stormglass validate`
#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// Scenario files, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub files: Vec<PathBuf>,
    /// How to print what is wrong
    #[arg(long, value_name = "LOOK", default_value = "human")]
    pub message: Message,
}

/// How to print what is wrong with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Message {
    /// With the lines of the file
    #[default]
    Human,
    /// One line each
    Short,
    /// One JSON object a line
    Json,
}

/// `stormglass list`
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// What to list
    pub what: What,
    /// With typed parameters and their defaults
    #[arg(short, long)]
    pub verbose: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Protocols, their needs, costs and parameters
    Protocols,
    /// Properties, their numbers and meanings
    Properties,
    /// Links between protocol and network
    Links,
    /// What can go wrong
    Faults,
    /// Laws of delay
    Latencies,
    /// What can be measured
    Metrics,
    /// Who is connected to whom
    Topologies,
    /// Ways to print a trace
    Formats,
}

/// `stormglass explain`
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// `scenario`, `scenario.network.loss`, `S110`, `agreement`, or an event: `latest#19`
    pub what: String,
    /// Where run folders are
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
}

/// `stormglass trace`
#[derive(Clone, Debug, Args)]
pub struct TraceArgs {
    /// A run folder, a trace file, or `latest`
    #[arg(default_value = "latest")]
    pub run: String,
    /// Only these nodes: `0,2`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub nodes: Vec<u32>,
    /// Only these kinds of events: `send,recv,deliver`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// Only events after this one
    #[arg(long, value_name = "EVENT")]
    pub after: Option<u64>,
    /// Only up to this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only from this time on
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only lines that contain this text
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// The causal past of an event, and nothing else
    #[arg(long, value_name = "EVENT")]
    pub why: Option<u64>,
    /// Print the numbers of the events
    #[arg(long)]
    pub numbers: bool,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Form,
    /// Where run folders are
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
}

/// The form of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Fixed columns, for people and snapshots
    #[default]
    Text,
    /// One JSON object a line
    Jsonl,
}

/// `stormglass new`
#[derive(Debug, Subcommand)]
pub enum New {
    /// A commented scenario, ready to run
    Scenario {
        /// Its name; the file is NAME.ron
        name: String,
        /// The protocol
        #[arg(long, default_value = "EagerMulticast")]
        protocol: String,
    },
}
