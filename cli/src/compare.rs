//! `stormglass compare`: several protocols on the same axes and the same seeds.
//!
//! Each scenario is a sweep of its own, which goes on where it was. The seed of a run follows from its point and repetition
//! alone, so that protocols are compared on common random numbers: what is told of their difference is told of pairs of runs.

use std::collections::BTreeMap;
use std::iter::once;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use scenarios::run::Runner;
use scenarios::sweep::{Judged, Row, Standing, fitted};
use stats::Mean;
use viz::results::{Ask, Results};

use crate::args::{CompareArgs, Overriding, SweepArgs};
use crate::exit::Exit;
use crate::out::Out;
use crate::plot;
use crate::sweep::{Complete, complete};
use crate::table::{fit_lines, interval, judged, number, worst_of};

/// Sweeps all, prints how they compare, and draws them.
pub fn compare(out: Out, registry: &dyn Runner, args: &CompareArgs) -> Exit {
    let args = CompareArgs {
        y: plot::column(&args.y),
        ..args.clone()
    };
    go(out, registry, &args).unwrap_or_else(|exit| exit)
}

fn go(out: Out, registry: &dyn Runner, args: &CompareArgs) -> Result<Exit, Exit> {
    let mut sweeps = Vec::new();
    for file in &args.files {
        out.note(format_args!("note: {}", file.display()));
        let sweep = SweepArgs {
            file: file.clone(),
            sweep: args.sweep.clone(),
            seeds: Some(args.seeds.clone()),
            measure: vec![metric(&args.y).to_owned()],
            overriding: Overriding {
                params: args.params.clone(),
                seed: Some(args.seed),
                ..Overriding::default()
            },
            jobs: args.jobs,
            out: args.runs.clone(),
            ..SweepArgs::default()
        };
        sweeps.push(complete(out, registry, &sweep, &args.x)?);
    }
    let scale = if args.linear {
        Ask::new(&args.x, &args.y)
    } else {
        Ask::new(&args.x, &args.y).log()
    };
    let ask = Ask { fit: true, ..scale };
    let read = sweeps.iter().map(|sweep| Results::read(&sweep.folder));
    let results: Vec<Results> = read
        .collect::<Result<_, _>>()
        .map_err(|error| plot::refused(out, &error))?;
    let chart =
        viz::results::compare(&results, &ask).map_err(|error| plot::refused(out, &error))?;
    let names = viz::results::names(&results);
    let sides = sweeps.iter().zip(names);
    let sides: Vec<Side> = sides
        .map(|(sweep, name)| Side::of(sweep, name, args))
        .collect();
    out.answer(tables(&sides, args));
    for side in &sides {
        let fit = fitted(&side.name, &said(&args.y), &args.x, &side.means());
        out.answer(fit.map_or(String::new(), |fit| fit_lines(&fit)));
    }
    out.answer("\n");
    for (sweep, side) in sweeps.iter().zip(&sides) {
        out.answer(unmet(sweep, &side.name, out));
    }
    for sweep in &sweeps {
        out.answer(format_args!("saved  {}\n", sweep.folder.display()));
    }
    let drawn = plot::write(out, &chart, args.dark, &args.output);
    let worst = sweeps
        .iter()
        .map(|sweep| worst_of(&sweep.rows, &sweep.judged));
    Ok(worst.fold(drawn, Exit::worst))
}

/// What did not hold of one protocol: the reason for the exit code.
fn unmet(sweep: &Complete, name: &str, out: Out) -> String {
    let failed = |row: &&Row| row.get("verdict").as_deref() != Some("pass");
    let mut text = match sweep.rows.iter().filter(failed).count() {
        0 => String::new(),
        failed => format!(
            "{name}: {failed} of {} runs did not pass\n",
            sweep.rows.len()
        ),
    };
    let unmet = sweep
        .judged
        .iter()
        .filter(|one| one.standing != Standing::Held);
    let unmet: Vec<Judged> = unmet
        .map(|one| Judged {
            fits: Vec::new(),
            ..one.clone()
        })
        .collect();
    if !unmet.is_empty() {
        text.push_str(&format!("{name}\n{}", judged(&unmet, out)));
    }
    text
}

/// The metric of a run that has this column: `delivery_latency` for `delivery_latency_ns_p99`.
fn metric(column: &str) -> &str {
    column.split("_ns").next().unwrap_or(column)
}

/// The values of the runs of a point, by seed and variant: what tells them apart, and which are a pair.
type Runs = BTreeMap<(String, String), f64>;

/// What is told of one protocol.
struct Side {
    name: String,
    points: Vec<(f64, Runs)>,
}

impl Side {
    fn of(sweep: &Complete, name: String, args: &CompareArgs) -> Side {
        let mut points: Vec<(f64, Runs)> = Vec::new();
        for row in &sweep.rows {
            let (Some(x), Some(y)) = (row.number(&args.x), row.number(&args.y)) else {
                continue;
            };
            let place = points.iter().position(|(known, _)| *known == x);
            let place = place.unwrap_or_else(|| {
                points.push((x, Runs::new()));
                points.len() - 1
            });
            points[place].1.insert(pair(row), y / unit(&args.y));
        }
        points.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        Side { name, points }
    }

    fn means(&self) -> Vec<(f64, f64)> {
        let mean = |(x, runs): &(f64, Runs)| {
            let runs: Vec<f64> = runs.values().copied().collect();
            Some((*x, Mean::of(&runs)?.value))
        };
        self.points.iter().filter_map(mean).collect()
    }

    fn at(&self, x: f64) -> Option<&Runs> {
        let found = self.points.iter().find(|(known, _)| *known == x);
        found.map(|(_, runs)| runs)
    }
}

/// Runs with the same seed and variant are a pair.
fn pair(row: &Row) -> (String, String) {
    let text = |name| row.get(name).unwrap_or_default();
    (text("seed"), text("variant"))
}

/// The means of all, and by how much each differs from the first, run by run.
fn tables(sides: &[Side], args: &CompareArgs) -> String {
    let mut xs: Vec<f64> = sides
        .iter()
        .flat_map(|side| side.points.iter().map(|(x, _)| *x))
        .collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let (first, others) = sides.split_first().expect("there are two files at least");
    let value = |mean: Option<Mean>| number(mean.map(|mean| mean.value), 1.0);
    let mut means = plain(once(&args.x).chain(sides.iter().map(|side| &side.name)));
    let mut differences = plain(once(&args.x).chain(others.iter().map(|side| &side.name)));
    for x in xs {
        let mean = |side: &Side| {
            let runs: Vec<f64> = side.at(x)?.values().copied().collect();
            Mean::of(&runs)
        };
        let more = |side: &Side| {
            let (own, other) = (side.at(x)?, first.at(x)?);
            let pairs = own.iter().filter_map(|(key, y)| Some(*y - other.get(key)?));
            Mean::of(&pairs.collect::<Vec<f64>>())
        };
        let here = || once(number(Some(x), 1.0));
        means.add_row(here().chain(sides.iter().map(|side| value(mean(side)))));
        let more = others.iter().map(more);
        let told = more.map(|more| format!("{} {}", value(more), interval(more)));
        differences.add_row(here().chain(told));
    }
    let (means, differences) = (lines(&mut means), lines(&mut differences));
    format!(
        "{}\n\n{means}\nmore than {}, on the same seeds, with the 95 % confidence interval\n\n{differences}\n",
        said(&args.y),
        first.name
    )
}

/// A column, and what its figures are in: times are shown in milliseconds.
fn said(column: &str) -> String {
    let (name, unit) = (column.replace("_ns", ""), unit(column));
    if unit > 1.0 {
        format!("{name} (ms)")
    } else {
        name
    }
}

fn unit(column: &str) -> f64 {
    if column.contains("_ns") { 1e6 } else { 1.0 }
}

fn plain<'n>(header: impl Iterator<Item = &'n String>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table
}

fn lines(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}
