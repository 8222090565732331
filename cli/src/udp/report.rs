//! A real run, told: what held, and the simulated run beside it.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use scenarios::folder::{self, Files, TraceFile};
use scenarios::format::{Scenario, Sources};
use scenarios::json;
use scenarios::run::{Options, Run, Runner, Verdict, out_of_reach};
use scenarios::trace::Header;
use serde_json::{Value, json};
use sim_core::kernel::time::SimTime;
use sim_core::trace::{Trace, What};
use udp::counts::Counts;

use crate::out::Out;
use crate::panics;
use crate::plan;
use crate::screen::{self, Called, Shown};

/// A real run that is over, and the same scenario simulated.
pub struct Told<'a> {
    pub sources: &'a Sources,
    pub scenario: &'a Scenario,
    pub run: &'a Run,
    pub simulated: &'a Run,
    /// What the sockets counted, a process each; nothing where only recordings are left. Then nobody knows either
    /// whether the clocks of the hosts agreed.
    pub counts: &'a [Counts],
    /// `4 nodes on 127.0.0.1, one process`.
    pub site: &'a str,
    /// Every node was a process of its own.
    pub apart: bool,
    /// The command that runs it again.
    pub again: &'a str,
    /// Of the run folder, below the folder of all runs.
    pub id: &'a Path,
    /// The folder of all runs.
    pub root: &'a Path,
}

/// Simulates the same scenario, with its trace.
pub fn simulate(registry: &dyn Runner, scenario: &Scenario) -> Run {
    let options = Options {
        record: true,
        ..Options::default()
    };
    registry.run(scenario, options)
}

impl Told<'_> {
    /// The run as JSON.
    pub fn document(&self) -> Value {
        let mut document = json::run(self.sources, self.scenario, self.run, self.again);
        let simulated = json::run(self.sources, self.scenario, self.simulated, self.again);
        if let Value::Object(fields) = &mut document {
            fields.insert("world".to_owned(), json!("udp"));
            fields.insert("apart".to_owned(), json!(self.apart));
            fields.insert("datagrams".to_owned(), json!(self.counts));
            let beside = json!({
                "verdict": simulated["verdict"],
                "metrics": simulated["metrics"],
                "message_latency_ns": latencies(self.simulated.trace.as_ref()),
            });
            fields.insert("simulated".to_owned(), beside);
            fields.insert("message_latency_ns".to_owned(), json!(self.latencies()));
        }
        document
    }

    /// Writes the run folder.
    pub fn save(&self, document: &Value, wall_ms: u64) -> io::Result<PathBuf> {
        let files = Files {
            scenario: self.scenario,
            id: self.id.to_owned(),
            result: document,
            fingerprint: self.run.fingerprint,
            metrics: &self.run.metrics.all(),
            wall_ms,
        };
        let trace = self.run.trace.as_ref().map(|trace| {
            let header = Header::of(self.scenario, screen::params(self.scenario));
            let mut file = TraceFile::create(self.root, self.id, &header)?;
            file.keep(trace);
            Ok::<_, io::Error>(file)
        });
        let saved = folder::write(self.root, &files, trace.transpose())?;
        saved.no_trace.map_or(Ok(saved.path), Err)
    }

    /// What is printed. Of `many` runs, one that passed is a line.
    pub fn screen(&self, out: Out, many: Option<usize>) -> String {
        let name = if many.is_some() {
            plan::quoted(&self.root.join(self.id).to_string_lossy())
        } else {
            "latest".to_owned()
        };
        let flag = if many.is_some() {
            String::new()
        } else {
            screen::folder_flag(self.root)
        };
        let called = Called { name, flag };
        let place = panics::place();
        let shown = Shown {
            sources: self.sources,
            scenario: self.scenario,
            run: self.run,
            again: self.again,
            traced: self.run.trace.is_some(),
            called: &called,
            twice: false,
            wall: None,
            time: "real time",
        };
        let screen = shown.screen(out, many, place.as_deref());
        if many.is_some() && self.run.verdict == Verdict::Pass {
            return screen;
        }
        let mut text = format!("udp: {}\n", self.site);
        for said in out_of_reach(self.scenario, self.apart) {
            let _ = writeln!(text, "  out of reach: {said}");
        }
        text.push_str(&screen);
        text.push_str(&self.side_by_side());
        text
    }

    /// How long messages really took, if that can be told.
    fn latencies(&self) -> Option<[u64; 3]> {
        let clocks_agree = !self.counts.is_empty();
        latencies(self.run.trace.as_ref().filter(|_| clocks_agree))
    }

    /// Real and simulated, side by side.
    fn side_by_side(&self) -> String {
        let mut text = String::new();
        let (real, virt) = (&self.run.metrics.counters, &self.simulated.metrics.counters);
        let mut row = |name: &str, real: String, simulated: String| {
            let _ = writeln!(text, "  {name:<22}{real:>14}{simulated:>14}");
        };
        row("", "real".to_owned(), "simulated".to_owned());
        for (name, real, virt) in [
            ("messages", real.messages, virt.messages),
            ("received", real.received, virt.received),
            ("deliveries", real.indications, virt.indications),
        ] {
            row(name, real.to_string(), virt.to_string());
        }
        let quantiles = self.latencies();
        let simulated = latencies(self.simulated.trace.as_ref());
        for (place, name) in QUANTILES.iter().enumerate() {
            let shown = |all: &Option<[u64; 3]>| match all {
                Some(all) => format!("{}ms", SimTime::from_nanos(all[place])),
                None => "-".to_owned(),
            };
            row(
                &format!("message latency {name}"),
                shown(&quantiles),
                shown(&simulated),
            );
        }
        if self.counts.is_empty() {
            return text;
        }
        let sum = |of: fn(&Counts) -> u64| self.counts.iter().map(of).sum::<u64>();
        let refused = sum(|counts| counts.datagrams.datagrams - counts.datagrams.opened);
        let lost = sum(|counts| counts.kernel_drops + counts.sockets.send_lost.total());
        let _ = writeln!(
            text,
            "datagrams  {} sent, {} received, {lost} lost by this host, {refused} refused",
            sum(|counts| counts.sockets.sent),
            sum(|counts| counts.sockets.received),
        );
        let told = [
            (
                sum(|counts| counts.messages.too_large),
                "messages were larger than 64 KiB and not sent",
            ),
            (
                sum(|counts| counts.messages.queue_full),
                "datagrams found no room in the send buffers",
            ),
            (
                sum(|counts| counts.kernel_drops),
                "datagrams came faster than they were read",
            ),
            (
                sum(|counts| counts.messages.inbox_full),
                "messages came when too much was waiting already",
            ),
        ];
        for (count, what) in told.into_iter().filter(|(count, _)| *count > 0) {
            let _ = writeln!(text, "warning: {count} {what}");
        }
        let pauses = sum(|counts| counts.pauses);
        if pauses > 0 {
            let _ = writeln!(
                text,
                "warning: a loop was away for more than a second, {pauses} times: this host has too much to do"
            );
        }
        text
    }
}

/// Which quantiles are told.
const QUANTILES: [&str; 3] = ["p50", "p90", "p99"];

/// How long messages took from their send to their receipt, in ns: the quantiles; `None` if there were none.
fn latencies(trace: Option<&Trace>) -> Option<[u64; 3]> {
    let taken = trace?
        .records
        .iter()
        .filter_map(|record| match record.what {
            What::Recv { sent, from, .. } if from != record.node => {
                Some(record.at.as_nanos().saturating_sub(sent.as_nanos()))
            }
            _ => None,
        });
    let mut taken: Vec<u64> = taken.collect();
    taken.sort();
    let last = taken.len().checked_sub(1)?;
    // The smallest value that so many percent do not exceed.
    let quantile =
        |percent: usize| taken[(taken.len() * percent).div_ceil(100).clamp(1, last + 1) - 1];
    Some([quantile(50), quantile(90), quantile(99)])
}
