//! The legend: beside the plot, or below it if its words are long. It never covers data.

use plotters::element::{Drawable, PointCollection};
use plotters::prelude::{Color, IntoDynElement, PathElement, ShapeStyle};
use plotters::style::text_anchor::HPos;
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use crate::backend::{Dash, Dashed, Painter, Place, units};
use crate::chart::{Curve, Series, Shape, float};
use crate::font;
use crate::theme::{Ink, SERIES};

use super::frame::{self, Frame, LINE, MARGIN, UNDER, WORDS};
use super::{Drawn, Root};

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

    /// How high it is beside the plot.
    pub(crate) fn height(&self) -> f64 {
        if self.beside {
            float(self.entries.len()) * LINE
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

    pub(crate) fn draw<P: Painter>(&self, root: &Root<P>, frame: &Frame) -> Drawn {
        for (index, entry) in self.entries.iter().enumerate() {
            let (x, y) = if self.beside {
                (
                    frame.right + 2.0 * GAP,
                    frame.top + 8.0 + float(index) * LINE,
                )
            } else {
                let (row, column) = (index / self.columns, index % self.columns);
                let x = MARGIN + float(column) * (self.width + 2.0 * GAP);
                (x, frame.bottom + UNDER + GAP + float(row) * LINE + 6.0)
            };
            let line = |style: ShapeStyle, dash| {
                let ends = [(units(x), units(y)), (units(x + SAMPLE), units(y))];
                root.draw(&Dashed(PathElement::new(ends, style).into_dyn(), dash))
            };
            match entry.sign {
                Sign::Series(series, shape, joined) => {
                    let (style, dash) = stroke(series, shape);
                    if joined {
                        line(style, dash)?;
                    }
                    if has_markers(shape) {
                        let at = (units(x + SAMPLE / 2.0), units(y));
                        root.draw(&Marker { series, at })?;
                    }
                }
                Sign::Line(ink, dash) => line(frame::stroke(1.5, ink), dash)?,
                Sign::None => {}
            }
            let place = (x + SAMPLE + GAP, y);
            frame::write(root, place, HPos::Left, WORDS, Ink::Text, &entry.words)?;
        }
        Ok(())
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

/// Style and dash of the line of a series.
pub(crate) fn stroke(series: usize, shape: Shape) -> (ShapeStyle, Dash) {
    let ink = Ink::Series(series);
    if has_markers(shape) {
        (frame::stroke(1.75, ink), &[])
    } else {
        (frame::stroke(2.0, ink), DASHES[series % DASHES.len()])
    }
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
pub(crate) struct Marker<C> {
    pub(crate) series: usize,
    pub(crate) at: C,
}

impl<'a, C> PointCollection<'a, C> for &'a Marker<C> {
    type Point = &'a C;
    type IntoIter = std::iter::Once<&'a C>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl<C, B: DrawingBackend> Drawable<B> for Marker<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        places: I,
        backend: &mut B,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<B::ErrorType>> {
        let style = Ink::Series(self.series).filled();
        for (x, y) in places {
            let corners = form(self.series);
            if corners.is_empty() {
                backend.draw_circle((x, y), 400, &style, true)?;
            } else {
                let corners = corners
                    .iter()
                    .map(|(right, down)| (x + units(*right), y + units(*down)));
                backend.fill_polygon(corners, &style)?;
            }
        }
        Ok(())
    }
}

/// The corners of a marker around its place; none for a disc.
fn form(series: usize) -> &'static [Place] {
    const FORMS: usize = SERIES + 1;
    match series % FORMS {
        0 => &[],
        1 => &[(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)],
        2 => &[(0.0, -5.0), (4.6, 3.2), (-4.6, 3.2)],
        3 => &[(0.0, -5.0), (5.0, 0.0), (0.0, 5.0), (-5.0, 0.0)],
        4 => &[(0.0, 5.0), (-4.6, -3.2), (4.6, -3.2)],
        5 => &[
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
        ],
        6 => &[
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
        ],
        _ => &[(-4.8, -2.2), (4.8, -2.2), (4.8, 2.2), (-4.8, 2.2)],
    }
}
