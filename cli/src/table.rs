//! A sweep as people read it: a line a point, what was fitted, what became of the expectations.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use scenarios::format::{Ask, Term};
use scenarios::sweep::{Description, Judged, Point, Row, Standing, column, points};
use stats::Mean;

use crate::exit::Exit;
use crate::out::{Out, Style};

/// More lines than this say less than the file does.
const POINTS_MAX: usize = 60;

/// A line for each point.
pub fn table(description: &Description, rows: &[Row], out: Out) -> String {
    let points = points(rows);
    let variants = description.variants.len() > 1;
    let said = |metric: &str| {
        let column = format!("theory_{metric}");
        points
            .iter()
            .any(|point| !point.numbers(&column).is_empty())
    };
    let theory = said("messages");
    let metrics: Vec<(Term, bool)> = metrics(description)
        .into_iter()
        .map(|metric| {
            let said = said(&column(&metric));
            (metric, said)
        })
        .collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let mut header: Vec<String> = Vec::new();
    if variants {
        header.push("variant".to_owned());
    }
    header.extend(description.axes.iter().map(|axis| axis.name.clone()));
    header.extend(["runs", "messages", "95 % CI"].map(str::to_owned));
    if theory {
        header.push("theory".to_owned());
    }
    for (metric, said) in &metrics {
        header.push(column(metric).replace("_ns", ""));
        header.extend(said.then(|| format!("theory {}", column(metric))));
    }
    header.push("passed".to_owned());
    table.set_header(&header);
    for point in points.iter().take(POINTS_MAX) {
        table.add_row(line(description, point, variants, theory, &metrics));
    }
    for column in table.column_iter_mut().skip(usize::from(variants)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text: String = table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    if points.len() > POINTS_MAX {
        let more = format!(
            "  … {} more points in runs.csv\n",
            points.len() - POINTS_MAX
        );
        text.push_str(&out.style(Style::Dim, more));
    }
    format!("\n{text}\n")
}

fn line(
    description: &Description,
    point: &Point<'_>,
    variants: bool,
    theory: bool,
    metrics: &[(Term, bool)],
) -> Vec<String> {
    let mut cells = Vec::new();
    if variants {
        let variant = point.variant();
        cells.push(if variant.is_empty() {
            "-".to_owned()
        } else {
            variant
        });
    }
    for axis in &description.axes {
        cells.push(
            point
                .param(&axis.name)
                .map_or("-".to_owned(), |value| value.to_string()),
        );
    }
    cells.push(point.rows.len().to_string());
    let messages = point.numbers("messages");
    let mean = Mean::of(&messages);
    cells.push(number(mean.map(|mean| mean.value), 1.0));
    cells.push(interval(mean));
    if theory {
        let theory = point.numbers("theory_messages");
        cells.push(number(theory.first().copied(), 1.0));
    }
    for (metric, said) in metrics {
        let column = column(metric);
        let numbers = point.numbers(&column);
        let is_time = column.contains("_ns");
        let mean = Mean::of(&numbers).map(|mean| mean.value);
        let mut text = number(mean, if is_time { 1e6 } else { 1.0 });
        if is_time && text != "-" {
            text.push_str("ms");
        }
        cells.push(text);
        if *said {
            let theory = point.numbers(&format!("theory_{column}"));
            cells.push(number(theory.first().copied(), 1.0));
        }
    }
    cells.push(format!("{}/{}", point.passed(), point.rows.len()));
    cells
}

/// Where the mean lies with a confidence of 95 %.
pub fn interval(mean: Option<Mean>) -> String {
    match mean.and_then(|mean| mean.interval) {
        Some((low, high)) => format!("[{}, {}]", number(Some(low), 1.0), number(Some(high), 1.0)),
        None => "-".to_owned(),
    }
}

/// What the expectations are about, and theory, besides messages.
fn metrics(description: &Description) -> Vec<Term> {
    let theory = description.theory.keys().filter(|name| *name != "messages");
    let plain = |name: &String| Term {
        name: name.clone(),
        statistic: None,
    };
    let mut metrics: Vec<Term> = theory.map(plain).collect();
    for ask in description
        .expect
        .iter()
        .filter_map(|text| Ask::parse(text).ok())
    {
        let metric = ask.metric();
        if column(metric) != "messages" && !metrics.contains(metric) {
            metrics.push(metric.clone());
        }
    }
    metrics
}

/// Whole numbers as they are, others with few digits.
pub fn number(number: Option<f64>, unit: f64) -> String {
    match number.map(|number| number / unit) {
        None => "-".to_owned(),
        Some(number) if number.fract() == 0.0 => format!("{number:.0}"),
        Some(number) if number.abs() >= 100.0 => format!("{number:.1}"),
        Some(number) if number.abs() < 1e-3 => format!("{number:.1e}"),
        Some(number) => {
            let text = format!("{number:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// What became of the expectations, with what was fitted for them.
pub fn judged(judged: &[Judged], out: Out) -> String {
    let mut text = String::new();
    let width = judged
        .iter()
        .map(|one| one.text.chars().count())
        .max()
        .unwrap_or(0);
    for one in judged {
        for fit in &one.fits {
            text.push_str(&fit_lines(fit));
        }
        let (sign, style) = match one.standing {
            Standing::Held => ("✔", Style::Good),
            Standing::Inconclusive => ("?", Style::Unsure),
            Standing::Violated => ("✘", Style::Bad),
        };
        let line = format!(
            "  {} {:width$}   {}",
            out.style(style, sign),
            one.text,
            one.said
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// A fit and what is said of it.
pub fn fit_lines(fit: &str) -> String {
    format!("  fit  {}\n", fit.replace('\n', "\n       "))
}

/// How bad the runs are.
pub fn worst(rows: &[Row]) -> Exit {
    let exit = |row: &Row| match row.get("verdict").as_deref() {
        Some("pass") => Exit::Held,
        Some("fail") => Exit::Violated,
        Some("nondeterministic") => Exit::Nondeterminism,
        Some("panicked") => Exit::Panicked,
        _ => Exit::Inconclusive,
    };
    rows.iter().map(exit).fold(Exit::Held, Exit::worst)
}

/// How bad the runs and the expectations are.
pub fn worst_of(rows: &[Row], judged: &[Judged]) -> Exit {
    let exit = |one: &Judged| match one.standing {
        Standing::Held => Exit::Held,
        Standing::Inconclusive => Exit::Inconclusive,
        Standing::Violated => Exit::Violated,
    };
    judged.iter().map(exit).fold(worst(rows), Exit::worst)
}
