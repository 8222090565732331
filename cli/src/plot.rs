//! `stormglass plot` and `stormglass report`: the results of sweeps as pictures.

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::metrics;
use sim_core::kernel::time::Span;
use viz::report::{Section, page};
use viz::results::{Ask, Results, ResultsError, compare};
use viz::runs::{self, Named};
use viz::{Chart, Scale, Theme};

use crate::args::{PlotArgs, ReportArgs};
use crate::exit::Exit;
use crate::out::Out;
use crate::trace::whole;

/// Dots of a PNG for each of the picture's own: sharp on a dense screen and in print.
const PNG_SCALE: u32 = 2;

/// Draws one chart.
pub fn plot(out: Out, args: &PlotArgs) -> Exit {
    if args.spread || args.latency {
        return of_runs(out, args);
    }
    let drawn = read(&args.results, &args.runs).and_then(|results| chart(&results, args));
    let chart = match drawn {
        Ok(chart) => chart,
        Err(error) => return refused(out, &error),
    };
    write(out, &chart, args.dark, &args.output)
}

/// Writes a chart to a file, whose name says in which form.
pub fn write(out: Out, chart: &Chart, dark: bool, path: &Path) -> Exit {
    let theme = if dark { Theme::Dark } else { Theme::Light };
    let is_png = path.extension().is_some_and(|end| end == "png");
    let bytes = if is_png {
        chart.png(theme, PNG_SCALE)
    } else {
        chart.svg(theme).into_bytes()
    };
    saved(out, path, &bytes)
}

/// Writes a page with every metric that the sweeps vary, against what they vary.
pub fn report(out: Out, args: &ReportArgs) -> Exit {
    let sections = read(&args.results, &args.runs).and_then(|results| {
        let charts = args.metrics.iter().map(|metric| {
            let metric = &column(metric);
            let ask = Ask {
                by: args.by.as_deref(),
                fit: true,
                ..Ask::new(&args.x, metric).log()
            };
            let chart = together(&results, &ask)?;
            let words = String::new();
            Ok(Section { chart, words })
        });
        charts.collect::<Result<Vec<_>, ResultsError>>()
    });
    let sections = match sections {
        Ok(sections) => sections,
        Err(error) => return refused(out, &error),
    };
    let names: Vec<String> = args
        .results
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let html = page(
        "Stormglass",
        &format!("From {}.", names.join(", ")),
        &sections,
    );
    saved(out, &args.output, html.as_bytes())
}

fn read(folders: &[PathBuf], runs: &Path) -> Result<Vec<Results>, ResultsError> {
    let one = |folder: &PathBuf| {
        if folder.as_os_str() == "latest" {
            Results::read(&runs.join("latest"))
        } else {
            Results::read(folder)
        }
    };
    folders.iter().map(one).collect()
}

/// The column that is meant: `p99(delivery_latency)` and `delivery_latency`, its mean, are metrics of many samples a run, whose columns
/// are `delivery_latency_ns_p99` and so on.
pub fn column(asked: &str) -> String {
    let sampled = |name: &str| metrics::all().any(|about| about.sampled && about.name == name);
    let asked = asked.trim();
    let called = asked
        .strip_suffix(')')
        .and_then(|rest| rest.split_once('('));
    match called {
        Some((statistic, name)) if sampled(name.trim()) => {
            format!("{}_ns_{}", name.trim(), statistic.trim())
        }
        None if sampled(asked) => format!("{asked}_ns_mean"),
        None if asked == "virtual_time" => "virtual_time_ns".to_owned(),
        _ => asked.to_owned(),
    }
}

/// Draws what the traces of runs say.
fn of_runs(out: Out, args: &PlotArgs) -> Exit {
    let mut traces = Vec::new();
    for run in &args.results {
        match whole(out, &args.runs, &run.to_string_lossy()) {
            Ok(read) => traces.push(read),
            Err((error, exit)) => {
                out.complain(format_args!("error: {error}"));
                return exit;
            }
        }
    }
    let mut named: Vec<Named<'_>> = Vec::new();
    for (header, trace) in &traces {
        let name = format!("{} {}", header.name, header.params);
        named.push((name.trim().to_owned(), trace));
    }
    let chart = if args.spread {
        runs::spread(&named, args.round.map(Span::as_nanos))
    } else {
        runs::latencies(&named)
    };
    match chart {
        Some(chart) => write(out, &chart, args.dark, &args.output),
        None => {
            out.complain(if args.spread {
                "error: no delivery was recorded in these runs"
            } else {
                "error: no delivery at another node that goes back to a request was recorded in these runs"
            });
            Exit::Usage
        }
    }
}

/// One sweep by itself; several beside each other, on the same axes.
fn together(results: &[Results], ask: &Ask) -> Result<Chart, ResultsError> {
    match results {
        [one] => one.chart(ask),
        several => compare(several, ask),
    }
}

fn chart(results: &[Results], args: &PlotArgs) -> Result<Chart, ResultsError> {
    let by = args.by.as_deref();
    let (x, y) = (&column(&args.x), &column(&args.y));
    if results.len() > 1 && (args.cdf || args.heat.is_some()) {
        return Err(ResultsError::OneOnly);
    }
    if let ([one], true) = (results, args.cdf) {
        return one.distribution(y, by);
    }
    let scale = |log: bool| if log { Scale::Log } else { Scale::Linear };
    if let ([one], Some(heat)) = (results, &args.heat) {
        return one.heat(x, heat, y, scale(args.log));
    }
    let ask = Ask {
        by,
        fit: args.fit,
        x_scale: scale(args.log || args.log_x),
        y_scale: scale(args.log || args.log_y),
        ..Ask::new(x, y)
    };
    together(results, &ask)
}

/// Says why there is no picture.
pub fn refused(out: Out, error: &ResultsError) -> Exit {
    out.complain(format_args!("error: {error}"));
    match error {
        ResultsError::File { .. } => Exit::Io,
        _ => Exit::Usage,
    }
}

fn saved(out: Out, path: &Path, bytes: &[u8]) -> Exit {
    if let Err(error) = fs::write(path, bytes) {
        out.complain(format_args!("error: {}: {error}", path.display()));
        return Exit::Io;
    }
    out.answer(format_args!("saved  {}\n", path.display()));
    Exit::Held
}
