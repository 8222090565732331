//! The legend: beside the plot, or below it if its words are long. It never covers data.

use crate::chart::{Curve, Series, Shape, float};
use crate::font;
use crate::picture::{Anchor, Dash, Picture, Place};
use crate::theme::{Ink, SERIES};

use super::frame::{Frame, LINE, MARGIN, WORDS};

/// Theory is dashed, what was fitted is dotted.
pub(crate) const THEORY: Dash = &[7.0, 4.0];
pub(crate) const FIT: Dash = &[1.5, 3.0];
/// Lines without markers differ by their dashes too.
const DASHES: [Dash; 5] = [
    &[],
    &[9.0, 3.0],
    &[3.0, 2.5],
    &[10.0, 3.0, 2.0, 3.0],
    &[14.0, 3.0, 2.0, 3.0, 2.0, 3.0],
];
const SAMPLE: f64 = 28.0;
const GAP: f64 = 8.0;

/// One line of the legend.
struct Entry {
    words: String,
    sign: Sign,
}

enum Sign {
    Series(usize, Shape, bool),
    Line(Ink, Dash),
    /// The words of the entry before it go on.
    None,
}

/// A legend that knows where it goes.
pub(crate) struct Legend {
    entries: Vec<Entry>,
    beside: bool,
    /// The width of the widest entry.
    width: f64,
    columns: usize,
}

impl Legend {
    /// The legend of a picture of such a width.
    pub(crate) fn of(all: &[Series], picture_width: f64) -> Legend {
        let inner = picture_width - 2.0 * MARGIN;
        let entries = wrapped(entries(all), inner - SAMPLE - GAP);
        let widths = entries.iter().map(|entry| font::width(&entry.words, WORDS));
        let width = SAMPLE + GAP + widths.fold(0.0, f64::max);
        let beside = width <= picture_width * 0.3;
        let mut columns = 1;
        while float(columns + 1) * (width + 2.0 * GAP) <= inner + 2.0 * GAP {
            columns += 1;
        }
        Legend {
            entries,
            beside,
            width,
            columns,
        }
    }

    /// The room that it needs to the right of the plot.
    pub(crate) fn right(&self) -> f64 {
        if self.beside && !self.entries.is_empty() {
            self.width + 2.0 * GAP
        } else {
            0.0
        }
    }

    /// The room that it needs below the plot.
    pub(crate) fn below(&self) -> f64 {
        if self.beside || self.entries.is_empty() {
            return 0.0;
        }
        float(self.entries.len().div_ceil(self.columns)) * LINE + GAP
    }

    pub(crate) fn draw(&self, picture: &mut Picture, frame: &Frame) {
        for (index, entry) in self.entries.iter().enumerate() {
            let (x, y) = if self.beside {
                (
                    frame.right + 2.0 * GAP,
                    frame.top + 8.0 + float(index) * LINE,
                )
            } else {
                let (row, column) = (index / self.columns, index % self.columns);
                let x = MARGIN + float(column) * (self.width + 2.0 * GAP);
                (x, frame.bottom + 42.0 + GAP + float(row) * LINE + 4.0)
            };
            let ends = vec![(x, y), (x + SAMPLE, y)];
            match entry.sign {
                Sign::Series(series, shape, joined) => {
                    let (ink, width, dash) = stroke(series, shape);
                    if joined {
                        picture.line(ends, ink, width, dash);
                    }
                    if has_markers(shape) {
                        marker(picture, series, (x + SAMPLE / 2.0, y));
                    }
                }
                Sign::Line(ink, dash) => picture.line(ends, ink, 1.5, dash),
                Sign::None => {}
            }
            picture.text(
                (x + SAMPLE + GAP, y + 4.0),
                Anchor::Start,
                WORDS,
                Ink::Text,
                &entry.words,
            );
        }
    }
}

/// Words that are wider than the picture go on in an entry without a sign; there is one column then.
fn wrapped(entries: Vec<Entry>, limit: f64) -> Vec<Entry> {
    let mut all = Vec::new();
    for entry in entries {
        let mut sign = entry.sign;
        for words in font::wrap(&entry.words, WORDS, limit) {
            let sign = std::mem::replace(&mut sign, Sign::None);
            all.push(Entry { words, sign });
        }
    }
    all
}

/// A curve that says the same of several series is explained once.
fn entries(all: &[Series]) -> Vec<Entry> {
    let shared_theory = shared(all, |series| series.theory.as_ref());
    let shared_fit = shared(all, |series| series.fit.as_ref());
    let mut entries = Vec::new();
    for (index, series) in all.iter().enumerate() {
        if !series.name.is_empty() {
            entries.push(Entry {
                words: series.name.clone(),
                sign: Sign::Series(index, series.shape, is_joined(series)),
            });
        }
        let own = [
            (&series.theory, &shared_theory, THEORY),
            (&series.fit, &shared_fit, FIT),
        ];
        for (curve, shared, dash) in own {
            if let (Some(curve), None) = (curve, shared) {
                entries.push(Entry {
                    words: curve.label.clone(),
                    sign: Sign::Line(Ink::Series(index), dash),
                });
            }
        }
    }
    for (words, dash) in [(shared_theory, THEORY), (shared_fit, FIT)] {
        entries.extend(words.map(|words| Entry {
            words,
            sign: Sign::Line(Ink::Muted, dash),
        }));
    }
    entries.retain(|entry| !entry.words.is_empty());
    entries
}

/// The label that all curves of a kind have, if there are at least two.
fn shared<'a>(
    all: &'a [Series],
    curve: impl Fn(&'a Series) -> Option<&'a Curve>,
) -> Option<String> {
    let labels: Vec<&str> = all
        .iter()
        .filter_map(curve)
        .map(|curve| curve.label.as_str())
        .collect();
    let all_equal = labels.iter().all(|label| *label == labels[0]);
    (labels.len() > 1 && all_equal).then(|| labels[0].to_owned())
}

/// Ink, width and dash of the line of a series.
pub(crate) fn stroke(series: usize, shape: Shape) -> (Ink, f64, Dash) {
    let dash = if has_markers(shape) {
        &[]
    } else {
        DASHES[series % DASHES.len()]
    };
    let width = if has_markers(shape) { 1.75 } else { 2.0 };
    (Ink::Series(series), width, dash)
}

/// Whether a line joins the points. Where theory or a fit has a line, markers on it show how well it fits; a second
/// line in the same colour would hide it.
pub(crate) fn is_joined(series: &Series) -> bool {
    match series.shape {
        Shape::Points => false,
        Shape::Line => series.theory.is_none() && series.fit.is_none(),
        Shape::Steps | Shape::Curve => true,
    }
}

pub(crate) fn has_markers(shape: Shape) -> bool {
    matches!(shape, Shape::Line | Shape::Points)
}

/// The marker of a series: eight forms and seven colours make 56 pairs.
pub(crate) fn marker(picture: &mut Picture, series: usize, (x, y): Place) {
    const FORMS: usize = SERIES + 1;
    let ink = Ink::Series(series);
    let around = |corners: &[Place]| corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    let corners: Vec<Place> = match series % FORMS {
        0 => return picture.disc((x, y), 4.0, ink),
        1 => around(&[(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)]),
        2 => around(&[(0.0, -5.0), (4.6, 3.2), (-4.6, 3.2)]),
        3 => around(&[(0.0, -5.0), (5.0, 0.0), (0.0, 5.0), (-5.0, 0.0)]),
        4 => around(&[(0.0, 5.0), (-4.6, -3.2), (4.6, -3.2)]),
        5 => around(&[
            (-1.4, -4.8),
            (1.4, -4.8),
            (1.4, -1.4),
            (4.8, -1.4),
            (4.8, 1.4),
            (1.4, 1.4),
            (1.4, 4.8),
            (-1.4, 4.8),
            (-1.4, 1.4),
            (-4.8, 1.4),
            (-4.8, -1.4),
            (-1.4, -1.4),
        ]),
        6 => around(&[
            (-4.4, -2.4),
            (-2.4, -4.4),
            (0.0, -2.0),
            (2.4, -4.4),
            (4.4, -2.4),
            (2.0, 0.0),
            (4.4, 2.4),
            (2.4, 4.4),
            (0.0, 2.0),
            (-2.4, 4.4),
            (-4.4, 2.4),
            (-2.0, 0.0),
        ]),
        _ => around(&[(-4.8, -2.2), (4.8, -2.2), (4.8, 2.2), (-4.8, 2.2)]),
    };
    picture.area(corners, ink, 1.0);
}
