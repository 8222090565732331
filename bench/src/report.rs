//! What was measured, as tables, as JSON and as a picture.

use std::fmt::Write as _;

use serde::Serialize;
use viz::{Axis, Chart, Point, Series, Shape, Theme, Unit};

use crate::measure::Sample;
use crate::subject::Subject;
use crate::workload::{Load, Workload};

/// All samples of one subject at one workload, in the order of the rounds.
#[derive(Serialize)]
pub struct Cell {
    pub workload: &'static str,
    #[serde(skip)]
    about: &'static str,
    pub load: Load,
    pub subject: Subject,
    pub samples: Vec<Sample>,
}

#[derive(Default)]
pub struct Results {
    cells: Vec<Cell>,
}

impl Cell {
    /// CPU nanoseconds a delivery, by round.
    pub fn ns(&self) -> Vec<f64> {
        let ns = |sample: &Sample| sample.run_ns as f64 / sample.deliveries.max(1) as f64;
        self.samples.iter().map(ns).collect()
    }

    /// Seconds of CPU of the run, without the set-up.
    pub fn seconds(&self) -> f64 {
        median(self.samples.iter().map(|s| s.run_ns as f64 / 1e9).collect())
    }

    pub fn peak(&self) -> f64 {
        median(self.samples.iter().map(|s| s.bytes_peak as f64).collect())
    }

    /// Resident bytes that the built nodes took, a node. Of few nodes nothing can be said.
    pub fn bytes_per_node(&self) -> Option<f64> {
        let nodes = f64::from(self.load.nodes());
        let took = |s: &Sample| s.bytes_ready.saturating_sub(s.bytes_start) as f64 / nodes;
        (nodes >= 1e5).then(|| median(self.samples.iter().map(took).collect()))
    }

    /// Resident bytes that came on top of the nodes, by the most that was in flight.
    pub fn bytes_in_flight(&self, pending_max: u64) -> Option<f64> {
        let took =
            |s: &Sample| s.bytes_peak.saturating_sub(s.bytes_ready) as f64 / pending_max as f64;
        (pending_max >= 50_000).then(|| median(self.samples.iter().map(took).collect()))
    }

    /// For one load and seed, a run is the same every time.
    fn push(&mut self, sample: Sample) {
        let first = &self.samples[0];
        assert_eq!(
            (sample.fingerprint, sample.deliveries),
            (first.fingerprint, first.deliveries),
            "{} on {} is not deterministic",
            self.subject.name(),
            self.workload
        );
        self.samples.push(sample);
    }
}

impl Results {
    pub fn add(&mut self, workload: &Workload, load: Load, subject: Subject, sample: Sample) {
        let is_it = |cell: &&mut Cell| cell.workload == workload.name && cell.subject == subject;
        match self.cells.iter_mut().find(is_it) {
            Some(cell) => cell.push(sample),
            None => self.cells.push(Cell {
                workload: workload.name,
                about: workload.about,
                load,
                subject,
                samples: vec![sample],
            }),
        }
    }

    pub fn cell(&self, workload: &str, subject: Subject) -> Option<&Cell> {
        let is_it = |cell: &&Cell| cell.workload == workload && cell.subject == subject;
        self.cells.iter().find(is_it)
    }

    /// The quicker of the bare loops.
    pub fn bare(&self, workload: &str) -> Option<&Cell> {
        let bare = Subject::BARE
            .iter()
            .filter_map(|bare| self.cell(workload, *bare));
        bare.min_by(|a, b| median(a.ns()).total_cmp(&median(b.ns())))
    }

    /// The most that was in flight: the subject's own count, or that of a subject that counts.
    pub fn pending_max(&self, cell: &Cell) -> u64 {
        let of = |cell: &Cell| cell.samples.iter().map(|s| s.pending_max).max();
        let own = of(cell).filter(|own| *own > 0);
        let others = self.cells.iter().filter(|c| c.workload == cell.workload);
        own.or_else(|| others.filter_map(of).max()).unwrap_or(0)
    }

    pub fn tables(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        for cell in &self.cells {
            if cell.workload == last {
                continue;
            }
            last = cell.workload;
            let _ = write!(
                text,
                "\n{}: {}\n\n| {:<11} | deliveries | CPU ns/delivery | min | x bare | peak MiB | B/node | B/in flight | set-up s |\n|-------------|-----------:|----------------:|----:|-------:|---------:|-------:|------------:|---------:|\n",
                cell.workload, cell.about, "subject"
            );
            let bare = self.bare(cell.workload);
            let same = self.cells.iter().filter(|c| c.workload == last);
            for cell in same {
                self.row(&mut text, cell, bare);
            }
        }
        text
    }

    fn row(&self, text: &mut String, cell: &Cell, bare: Option<&Cell>) {
        let ns = cell.ns();
        let min = ns.iter().copied().fold(f64::INFINITY, f64::min);
        let times = bare.map_or(f64::NAN, |bare| ratio(cell, bare));
        let or_dash = |bytes: Option<f64>| bytes.map_or("–".into(), |b| format!("{b:.0}"));
        let setup = median(
            cell.samples
                .iter()
                .map(|s| s.setup_ns as f64 / 1e9)
                .collect(),
        );
        let _ = writeln!(
            text,
            "| {:<11} | {:>10} | {:>15.1} | {:>3.0} | {:>6.2} | {:>8.1} | {:>6} | {:>11} | {:>8.2} |",
            cell.subject.name(),
            cell.samples[0].deliveries,
            median(ns),
            min,
            times,
            cell.peak() / MIB,
            or_dash(cell.bytes_per_node()),
            or_dash(cell.bytes_in_flight(self.pending_max(cell))),
            setup
        );
    }

    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&self.cells)
    }

    /// A point a subject and workload, from the quickest round to the slowest, on a log axis.
    pub fn svg(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for cell in &self.cells {
            if !names.contains(&cell.workload) {
                names.push(cell.workload);
            }
        }
        let series = Subject::ALL.iter().map(|subject| {
            let point = |(place, name): (usize, &&str)| {
                let ns = self.cell(name, *subject)?.ns();
                Some(Point {
                    x: place as f64 + 1.0,
                    y: median(ns.clone()),
                    low: ns.iter().copied().fold(f64::INFINITY, f64::min),
                    high: ns.iter().copied().fold(0.0, f64::max),
                })
            };
            let points = names.iter().enumerate().filter_map(point).collect();
            Series::new(subject.name(), Shape::Points, points)
        });
        let ticks = (1..=names.len()).map(|place| place as f64).collect();
        let x = Axis::linear("workload").with_ticks(ticks);
        let y = Axis::log("CPU time a delivery").with_unit(Unit::Nanoseconds);
        let mut chart = Chart::of_series(
            "What a delivered message costs",
            x,
            y,
            series.filter(|series| !series.points.is_empty()).collect(),
        );
        let numbered = names.iter().enumerate();
        let numbered = numbered.map(|(place, name)| format!("{} {name}", place + 1));
        let list = numbered.collect::<Vec<_>>().join(", ");
        chart.subtitle =
            "Median of interleaved runs; the bar goes from the quickest to the slowest".into();
        chart.notes = vec![format!("Workloads: {list}.")];
        chart.svg(Theme::Light)
    }
}

pub const MIB: f64 = 1_048_576.0;

/// How many times as long `cell` takes as `other`: the median over pairs of the same round.
pub fn ratio(cell: &Cell, other: &Cell) -> f64 {
    let pairs = cell.ns().into_iter().zip(other.ns());
    median(pairs.map(|(one, other)| one / other).collect())
}

/// The middle one; of an even number the lower middle, so that it is one that was measured.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers
        .get(numbers.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(f64::NAN)
}
