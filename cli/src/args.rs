//! The command line, as data.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand, ValueEnum};

use sim_core::kernel::time::Span;
use sim_core::trace::MODEL_VERSION;

use crate::out::Colour;

/// Simulate distributed systems: write a protocol and a scenario, get a verdict with reasons.
#[derive(Debug, Parser)]
#[command(
    name = "stormglass",
    version = version(),
    arg_required_else_help = true,
    infer_subcommands = false,
    max_term_width = 100
)]
#[command(after_help = "\
Exit codes:
   0  every expectation held       5  a protocol panicked
   1  one was violated             6  nondeterminism
   2  bad usage or scenario       70  internal error
   3  inconclusive                74  a file could not be read or written
   4  nothing to run             130  interrupted (143: by SIGTERM)

Begin with `stormglass new scenario NAME` and `stormglass run NAME.ron`.")]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Colours: auto (the default: on a terminal, without `NO_COLOR`), always, never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    #[arg(
        hide_possible_values = true,
        hide_default_value = true,
        display_order = 900
    )]
    pub color: Colour,
    /// Say less on standard error
    #[arg(short, long, global = true, display_order = 901)]
    pub quiet: bool,
}

/// The version of the program and of the meaning of a run: the same model version gives the same bytes.
fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{} (model version {MODEL_VERSION})",
            env!("CARGO_PKG_VERSION")
        )
    });
    &VERSION
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios: a verdict with reasons for each
    #[command(arg_required_else_help = true)]
    Run(RunArgs),
    /// Run every point of a grid of parameters, many times: a table, and how it grows
    #[command(arg_required_else_help = true)]
    Sweep(SweepArgs),
    /// Put the parts of a sweep together, and prove that nothing is missing or contradictory
    #[command(arg_required_else_help = true)]
    Merge(MergeArgs),
    /// Sweep several scenarios on the same axes and the same seeds, and draw them in one picture
    #[command(arg_required_else_help = true)]
    Compare(CompareArgs),
    /// Draw the results of sweeps: a metric against a parameter, its distribution, or a map of two parameters
    #[command(arg_required_else_help = true)]
    Plot(PlotArgs),
    /// Write the results of sweeps as one page with pictures and numbers
    #[command(arg_required_else_help = true)]
    Report(ReportArgs),
    /// Check scenario files without running them
    #[command(arg_required_else_help = true)]
    Validate(ValidateArgs),
    /// List what scenarios can use
    #[command(arg_required_else_help = true)]
    List(ListArgs),
    /// Explain a field, an error code, a protocol, a property, a metric or an event
    #[command(arg_required_else_help = true)]
    Explain(ExplainArgs),
    /// Print the trace of a run
    Trace(TraceArgs),
    /// Run the same protocols over real UDP sockets
    #[command(subcommand, arg_required_else_help = true)]
    Udp(Udp),
    /// Feed what was recorded of a real run to the same protocol again: every output must match
    Replay(ReplayArgs),
    /// Make the keys of a cluster, and a list of its peers to fill in
    #[command(arg_required_else_help = true)]
    Keygen(KeygenArgs),
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
#[derive(Clone, Debug, Default, Args)]
pub struct Overriding {
    /// Set a parameter: `-p n=10` (an expression over the parameters)
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Set any field: `--set network.loss=0.2`, `--set stop.at=3s`
    #[arg(long, value_name = "PATH=RON")]
    pub set: Vec<String>,
    /// The seed, in place of the file's
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
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
    /// How much to record
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

impl Level {
    /// The name in a scenario.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Off => "Off",
            Level::Summary => "Summary",
            Level::Messages => "Messages",
            Level::Full => "Full",
        }
    }
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
    /// A fault that never fired is an error: the run is inconclusive
    #[arg(long)]
    pub strict: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Say where the time of the computer went: queue, protocol, network, properties, trace
    #[arg(long, conflicts_with = "json")]
    pub profile: bool,
    /// Where run folders go
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Succeed if there is nothing to run
    #[arg(long)]
    pub allow_empty: bool,
}

/// `stormglass sweep`
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "\
An axis is a list, `-s n=4,8,16`, in which a range goes on with a pattern, `-s n=4,8,16..=1024`, or a range
by itself, `-s k=0..=7`, or `-s 'loss=Lin(0.0, 0.2, 5)'`, `-s 'n=Log(1, 1000, 7)'`, or names, `-s mode=ring,star`.
It takes the place of the scenario's own axis of that name, or is added. A parameter set by -p is not varied.

Runs that were done before are not done again: whatever ended a sweep, the same command goes on with it.")]
pub struct SweepArgs {
    /// A scenario file, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Vary a parameter: `-s n=4,8,16..=64`
    #[arg(short, long = "vary", value_name = "NAME=AXIS")]
    pub sweep: Vec<String>,
    /// Runs of each point: so many, or these seeds, `100..=119`
    #[arg(long, value_name = "K")]
    pub seeds: Option<String>,
    /// Draw the messages against the first axis, with theory and a fit: a file `.svg` or `.png`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "run", "only", "shard", "json"])]
    pub plot: Option<PathBuf>,
    /// Measure this in every run, too: `--measure rounds`
    #[arg(long, value_name = "METRIC")]
    pub measure: Vec<String>,
    /// Overrides
    #[command(flatten)]
    pub overriding: Overriding,
    /// How many runs at a time; as many as there are cores, if this is not given
    #[arg(short, long, value_name = "N", value_parser = above_zero)]
    pub jobs: Option<usize>,
    /// Print the ids of all runs with their parameters, in order, and run nothing
    #[arg(long, conflicts_with_all = ["run", "json"])]
    pub list: bool,
    /// Run this one only
    #[arg(long, value_name = "ID", conflicts_with = "only")]
    pub run: Option<String>,
    /// Run only those whose ids begin the lines of this file (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub only: Option<PathBuf>,
    /// Run one part of all: `3/8`, or `auto` to hear it from Slurm, HyperQueue, Kubernetes, PBS, Grid Engine or MPI
    #[arg(long, value_name = "I/N|auto")]
    pub shard: Option<String>,
    /// How many shards there are, where the engine does not tell
    #[arg(long, value_name = "N", requires = "shard", value_parser = whole::<u32>)]
    pub shards: Option<u32>,
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

/// `stormglass compare`
#[derive(Clone, Debug, Args)]
pub struct CompareArgs {
    /// Scenario files, a protocol each
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Vary a parameter in all of them: `-s n=4,8,16..=64`
    #[arg(short, long = "vary", value_name = "NAME=AXIS")]
    pub sweep: Vec<String>,
    /// Runs of each point
    #[arg(long, value_name = "K", default_value = "10")]
    pub seeds: String,
    /// Set a parameter in all of them
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// The seed from which those of all runs follow, the same in all scenarios
    #[arg(long, value_name = "N", default_value = "1", value_parser = whole::<u64>)]
    pub seed: u64,
    /// What is varied
    #[arg(short, value_name = "PARAMETER", default_value = "n")]
    pub x: String,
    /// The metric
    #[arg(short, value_name = "METRIC", default_value = "messages")]
    pub y: String,
    /// Linear axes, in place of logarithmic ones
    #[arg(long)]
    pub linear: bool,
    /// How many runs at a time; as many as there are cores, if this is not given
    #[arg(short, long, value_name = "N", value_parser = above_zero)]
    pub jobs: Option<usize>,
    /// Where the results go
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Light letters on dark ground
    #[arg(long)]
    pub dark: bool,
    /// Where the picture goes: `.svg`, or `.png`
    #[arg(short, long, value_name = "FILE", default_value = "compare.svg")]
    pub output: PathBuf,
}

/// `stormglass merge`
#[derive(Clone, Debug, Args)]
pub struct MergeArgs {
    /// Parts of one sweep, or folders of them
    #[arg(required = true, value_name = "PART|FOLDER")]
    pub parts: Vec<PathBuf>,
    /// Print the ids of the runs that are missing, for `sweep --only`
    #[arg(long)]
    pub missing: bool,
    /// Print one JSON document
    #[arg(long, conflicts_with = "missing")]
    pub json: bool,
    /// Where run folders go
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
}

/// `stormglass plot`
#[derive(Clone, Debug, Args)]
pub struct PlotArgs {
    /// Folders that sweeps have written, or `latest`; several are drawn on the same axes
    #[arg(required = true, value_name = "RESULTS")]
    pub results: Vec<PathBuf>,
    /// What is varied: a parameter, or another metric
    #[arg(short, value_name = "COLUMN", default_value = "n")]
    pub x: String,
    /// The metric
    #[arg(short, value_name = "METRIC", default_value = "messages")]
    pub y: String,
    /// What tells the lines apart: a parameter, `variant` or `protocol`
    #[arg(long, value_name = "COLUMN")]
    pub by: Option<String>,
    /// Logarithmic axes
    #[arg(long)]
    pub log: bool,
    /// A logarithmic horizontal axis only
    #[arg(long, conflicts_with = "log")]
    pub log_x: bool,
    /// A logarithmic vertical axis only
    #[arg(long, conflicts_with = "log")]
    pub log_y: bool,
    /// Fit a power of x
    #[arg(long)]
    pub fit: bool,
    /// How the metric is distributed over runs
    #[arg(long, conflicts_with_all = ["fit", "heat"])]
    pub cdf: bool,
    /// A map of two parameters, with this one upwards
    #[arg(long, value_name = "COLUMN", conflicts_with = "fit")]
    pub heat: Option<String>,
    /// Of runs, not sweeps: how many nodes have delivered by then (an infection curve)
    #[arg(long, conflicts_with_all = ["fit", "heat", "cdf", "by", "log", "log_x", "log_y"])]
    pub spread: bool,
    /// Of runs, not sweeps: how long deliveries took
    #[arg(long, conflicts_with_all = ["fit", "heat", "cdf", "by", "log", "log_x", "log_y", "spread"])]
    pub latency: bool,
    /// Count time from zero in rounds as long as this: `--spread --round 100ms`
    #[arg(long, value_name = "TIME", requires = "spread")]
    pub round: Option<Span>,
    /// Light letters on dark ground
    #[arg(long)]
    pub dark: bool,
    /// Where `latest` is
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Where the picture goes: `.svg`, or `.png`
    #[arg(short, long, value_name = "FILE", default_value = "plot.svg")]
    pub output: PathBuf,
}

/// `stormglass report`
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// Folders that sweeps have written, or `latest`; several are drawn on the same axes
    #[arg(required = true, value_name = "RESULTS")]
    pub results: Vec<PathBuf>,
    /// What is varied
    #[arg(short, value_name = "COLUMN", default_value = "n")]
    pub x: String,
    /// The metrics, a picture each
    #[arg(short = 'y', value_name = "METRIC", default_values = ["messages", "steps", "bytes"])]
    pub metrics: Vec<String>,
    /// What tells the lines apart: a parameter, `variant` or `protocol`
    #[arg(long, value_name = "COLUMN")]
    pub by: Option<String>,
    /// Where `latest` is
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Where the page goes
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub output: PathBuf,
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
    #[value(alias = "protocol")]
    Protocols,
    /// Properties, their numbers and meanings
    #[value(alias = "property")]
    Properties,
    /// Links between protocol and network
    #[value(alias = "link")]
    Links,
    /// What can go wrong
    #[value(alias = "fault")]
    Faults,
    /// Laws of delay
    #[value(aliases = ["delay", "latency", "latencies"])]
    Delays,
    /// What can be measured
    #[value(alias = "metric")]
    Metrics,
    /// What protocols and links may leave in a trace
    #[value(alias = "mark")]
    Marks,
    /// Who is connected to whom
    #[value(alias = "topology")]
    Topologies,
    /// Ways to print a trace
    #[value(alias = "format")]
    Formats,
}

/// `stormglass explain`
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A field (`scenario.network.loss`), a code (`S110`), a protocol, a property, a metric, an event (`latest#19`)
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
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = whole::<u32>)]
    pub nodes: Vec<u32>,
    /// Only these kinds of events: `send,recv,deliver`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// Only events after this one
    #[arg(long, value_name = "EVENT", value_parser = whole::<u64>)]
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
    #[arg(long, value_name = "EVENT", value_parser = whole::<u64>)]
    pub why: Option<u64>,
    /// Print the numbers of the events
    #[arg(long)]
    pub numbers: bool,
    /// Print the logical time of the events: what happened before what
    #[arg(long, value_name = "CLOCK")]
    pub clocks: Option<Clocks>,
    /// For people or for programs
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
    /// The events of processes with their vector clocks, for ShiViz, which draws them
    Shiviz,
}

/// The clock by which a trace tells what happened before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Clocks {
    /// How many events of each process are known: tells order from concurrency
    Vector,
    /// One number: smaller for what happened before
    Lamport,
}

/// `stormglass udp`
#[derive(Debug, Subcommand)]
pub enum Udp {
    /// All nodes of a scenario on this host
    #[command(arg_required_else_help = true)]
    Run(UdpRunArgs),
    /// One node of a scenario, for a cluster of several hosts
    #[command(arg_required_else_help = true)]
    Node(UdpNodeArgs),
    /// Put the recordings of the nodes together and judge the whole
    #[command(arg_required_else_help = true)]
    Collect(UdpCollectArgs),
}

/// `stormglass udp run`
#[derive(Clone, Debug, Args)]
pub struct UdpRunArgs {
    /// Scenario files, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub files: Vec<PathBuf>,
    /// Overrides
    #[command(flatten)]
    pub overriding: Overriding,
    /// Every node is a process of its own: a crash is a SIGKILL
    #[arg(long)]
    pub processes: bool,
    /// Leave delay, loss, duplication and corruption to the real network; nodes still fail as the scenario says
    #[arg(long)]
    pub own_network: bool,
    /// The address of all nodes; IPv6 works too
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub bind: std::net::IpAddr,
    /// The port of node 0; those of the others follow. Without it, any that are free
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Leave out runs that take longer than this in the simulator
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub longest: Option<Span>,
    /// How long to go on after SIGTERM or Ctrl-C
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    pub drain: Span,
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

/// `stormglass udp node`
#[derive(Clone, Debug, Args)]
pub struct UdpNodeArgs {
    /// The scenario, the same for all nodes
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which node this is
    #[arg(long, value_name = "N", value_parser = whole::<u32>)]
    pub id: u32,
    /// Who is where
    #[arg(long, value_name = "FILE")]
    pub peers: PathBuf,
    /// The key of this node, where the peers have keys
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// What the node must not forget: its database, made with --fresh
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// This is the first life of the node: there is no database yet
    #[arg(long)]
    pub fresh: bool,
    /// Overrides, the same for all nodes
    #[command(flatten)]
    pub overriding: Overriding,
    /// Leave delay, loss, duplication and corruption to the real network; nodes still fail as the scenario says
    #[arg(long)]
    pub own_network: bool,
    /// How long to go on after SIGTERM or Ctrl-C
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    pub drain: Span,
    /// Where on the scenario's clock this life begins
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    pub since: Span,
    /// Where its recording goes
    #[arg(short, long, value_name = "DIR", default_value = "runs/node")]
    pub out: PathBuf,
    /// Started by `udp run --processes`: it is told what to do on standard input
    #[arg(long, hide = true)]
    pub child: bool,
}

/// `stormglass udp collect`
#[derive(Clone, Debug, Args)]
pub struct UdpCollectArgs {
    /// Recordings, or folders of them
    #[arg(required = true, value_name = "RECORDING|FOLDER")]
    pub recordings: Vec<PathBuf>,
    /// The keys that were used, if any, and who was where
    #[command(flatten)]
    pub keyed: Keyed,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Where the run folder goes
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
}

/// Keys that did not come from the seed.
#[derive(Clone, Debug, Args)]
pub struct Keyed {
    /// A key that was used, a file of `stormglass keygen`; for each node whose recording is read
    #[arg(long, value_name = "FILE", requires = "peers")]
    pub key: Vec<PathBuf>,
    /// Who was where, if keys were used
    #[arg(long, value_name = "FILE")]
    pub peers: Option<PathBuf>,
}

/// `stormglass replay`
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// The folder of a real run, a recording, or `latest`
    #[arg(default_value = "latest")]
    pub run: String,
    /// The keys that were used, if any, and who was where
    #[command(flatten)]
    pub keyed: Keyed,
    /// Where run folders are
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
}

/// `stormglass keygen`
#[derive(Clone, Debug, Args)]
pub struct KeygenArgs {
    /// A new folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How many nodes
    #[arg(short, long, value_name = "N", value_parser = whole::<u32>)]
    pub nodes: u32,
    /// The name of the cluster
    #[arg(long, value_name = "NAME", default_value = "stormglass")]
    pub cluster: String,
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

fn time(text: &str) -> Result<Span, String> {
    text.parse::<Span>()
        .map_err(|error| format!("{error} (units: ns us ms s min h)"))
}

fn above_zero(text: &str) -> Result<usize, &'static str> {
    whole(text).and_then(|number| (number > 0).then_some(number).ok_or("at least 1"))
}

fn whole<N: FromStr>(text: &str) -> Result<N, &'static str> {
    text.parse().map_err(|_| "a whole number is due")
}
