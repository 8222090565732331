//! `stormglass plot` and `stormglass report`: the results of sweeps as pictures.

use std::fs;
use std::path::{Path, PathBuf};

use viz::report::{Section, page};
use viz::results::{Ask, Results, ResultsError, compare};
use viz::{Chart, Scale, Theme};

use crate::args::{PlotArgs, ReportArgs};
use crate::exit::Exit;
use crate::out::Out;

/// Dots of a PNG for each of the picture's own: sharp on a dense screen and in print.
const PNG_SCALE: u32 = 2;

/// Draws one chart.
pub fn plot(out: Out, args: &PlotArgs) -> Exit {
    let drawn = read(&args.results).and_then(|results| chart(&results, args));
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
    let sections = read(&args.results).and_then(|results| {
        let charts = args.metrics.iter().map(|metric| {
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

fn read(folders: &[PathBuf]) -> Result<Vec<Results>, ResultsError> {
    folders.iter().map(|folder| Results::read(folder)).collect()
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
    if let ([one], true) = (results, args.cdf) {
        return one.distribution(&args.y, by);
    }
    let scale = |log: bool| if log { Scale::Log } else { Scale::Linear };
    if let ([one], Some(heat)) = (results, &args.heat) {
        return one.heat(&args.x, heat, &args.y, scale(args.log));
    }
    let ask = Ask {
        by,
        fit: args.fit,
        x_scale: scale(args.log),
        y_scale: scale(args.log),
        ..Ask::new(&args.x, &args.y)
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
