//! Lines, points, steps and curves.

use crate::chart::{Axis, Chart, Point, Scale, Series, Shape, Unit, float};
use crate::picture::{Anchor, Dash, Picture, Place};
use crate::theme::Ink;

use super::frame::{self, Around, Frame};
use super::legend::{self, Legend};
use super::ruler::{Ends, Ruler, has_place};

pub(crate) fn draw(chart: &Chart, all: &[Series]) -> Picture {
    let (x, y) = rulers(chart, all);
    let legend = Legend::of(all, f64::from(chart.size.0));
    let mut notes = chart.notes.clone();
    notes.extend(left_out(chart, all, &x, &y));
    let crowded = is_crowded(chart, all);
    if crowded {
        notes.push(format!(
            "Points of the same {} are drawn side by side.",
            chart.x.label
        ));
    }
    let around = Around {
        y_title: y.title.clone(),
        left: frame::widest(&y.ticks),
        right: legend.right(),
        below: legend.below(),
        notes,
    };
    let (mut picture, frame) = frame::begin(chart, &around);
    frame::axes(&mut picture, &frame, &x, &y);
    let apart = if crowded {
        apart(chart, all, &frame, &x)
    } else {
        0.0
    };
    let pen = Pen {
        frame,
        apart,
        first: -apart * float(all.len().saturating_sub(1)) / 2.0,
        x,
        y,
        to_zero: chart.y.scale == Scale::Linear,
    };
    for (index, series) in all.iter().enumerate() {
        pen.computed(&mut picture, index, series);
    }
    for (index, series) in all.iter().enumerate() {
        pen.series(&mut picture, index, series);
    }
    if all.iter().all(|series| series.points.is_empty()) {
        let middle = (frame.x(0.5), frame.y(0.5));
        picture.text(middle, Anchor::Middle, frame::WORDS, Ink::Muted, "no data");
    }
    legend.draw(&mut picture, &frame);
    picture
}

/// Whether bars of several series would lie over each other: at sampled values, and with no line that markers have to
/// lie on.
fn is_crowded(chart: &Chart, all: &[Series]) -> bool {
    let has_bars = |series: &&Series| {
        legend::has_markers(series.shape) && series.points.iter().any(Point::has_interval)
    };
    let free = all
        .iter()
        .all(|series| series.theory.is_none() && series.fit.is_none());
    !chart.x.ticks.is_empty() && free && all.iter().filter(has_bars).count() > 1
}

/// Five pixels, or less where sampled values are close.
fn apart(chart: &Chart, all: &[Series], frame: &Frame, x: &Ruler) -> f64 {
    let places: Vec<f64> = chart
        .x
        .ticks
        .iter()
        .filter_map(|tick| x.share(*tick))
        .map(|share| frame.x(share))
        .collect();
    let gaps = places.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let room = gaps.fold(f64::INFINITY, f64::min) * 0.5;
    (room / float(all.len())).min(5.0)
}

/// Both axes, long enough for every point, interval and curve.
fn rulers(chart: &Chart, all: &[Series]) -> (Ruler, Ruler) {
    let shown =
        |point: &&Point| has_place(chart.x.scale, point.x) && has_place(chart.y.scale, point.y);
    let points = || all.iter().flat_map(|series| &series.points).filter(shown);
    let curves = || {
        let both = |series| -> [&Option<_>; 2] {
            let series: &Series = series;
            [&series.theory, &series.fit]
        };
        all.iter()
            .flat_map(both)
            .flatten()
            .flat_map(|curve| &curve.points)
    };
    let xs = points()
        .map(|point| point.x)
        .chain(curves().map(|(x, _)| *x));
    // An interval of a share may reach beyond all or below nothing; the axis need not.
    let is_share = chart.y.unit == Unit::Share;
    let at_most_all = |point: &Point, end: f64| match is_share && (0.0..=1.0).contains(&point.y) {
        true => end.clamp(0.0, 1.0),
        false => end,
    };
    let ys = points()
        .flat_map(|point| {
            [
                point.y,
                at_most_all(point, point.low),
                at_most_all(point, point.high),
            ]
        })
        .chain(curves().map(|(_, y)| *y));
    let up_to_the_edge = |series: &Series| series.shape == Shape::Curve;
    let x_ends = if all.iter().all(up_to_the_edge) {
        Ends::Exact
    } else {
        Ends::Near
    };
    (
        Ruler::new(&chart.x, xs, x_ends),
        Ruler::new(&chart.y, ys, Ends::AtTicks),
    )
}

/// What cannot be shown is said.
fn left_out(chart: &Chart, all: &[Series], x: &Ruler, y: &Ruler) -> Vec<String> {
    let points: Vec<&Point> = all.iter().flat_map(|series| &series.points).collect();
    let count = |is: &dyn Fn(&Point) -> bool| points.iter().filter(|point| is(point)).count();
    let not_numbers = count(&|point| !(point.x.is_finite() && point.y.is_finite()));
    let not_above_zero = |axis: &Axis, value: f64| axis.scale == Scale::Log && value <= 0.0;
    let zeros =
        count(&|point| not_above_zero(&chart.x, point.x) || not_above_zero(&chart.y, point.y));
    let placed =
        |point: &Point| has_place(chart.x.scale, point.x) && has_place(chart.y.scale, point.y);
    let outside =
        count(&|point| placed(point) && (x.share(point.x).is_none() || y.share(point.y).is_none()));
    let cut = count(&|point| {
        placed(point) && point.has_interval() && not_above_zero(&chart.y, point.low)
    });
    let says = |count: usize, one: &str, many: &str, why: &str| match count {
        0 => None,
        1 => Some(format!("1 {one} {why}")),
        _ => Some(format!("{count} {many} {why}")),
    };
    [
        says(
            zeros,
            "point is",
            "points are",
            "left out: a log axis has no place for zero.",
        ),
        says(
            not_numbers,
            "point is",
            "points are",
            "left out: no finite number.",
        ),
        says(outside, "point lies", "points lie", "outside the axes."),
        says(
            cut,
            "interval reaches",
            "intervals reach",
            "zero and is cut at the lower edge: a log axis has no zero.",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Pen {
    frame: Frame,
    /// How far each series is moved to the right of the one before it, so that bars at the same place can be told apart.
    apart: f64,
    /// How far the first is moved.
    first: f64,
    x: Ruler,
    y: Ruler,
    /// Steps begin at zero, where there is one.
    to_zero: bool,
}

impl Pen {
    fn place(&self, x: f64, y: f64) -> Option<Place> {
        self.frame.place(&self.x, &self.y, (x, y))
    }

    /// The place of a point of the series with this index.
    fn spot(&self, index: usize, point: &Point) -> Option<Place> {
        let (x, y) = self.place(point.x, point.y)?;
        Some((x + self.first + self.apart * float(index), y))
    }

    fn computed(&self, picture: &mut Picture, index: usize, series: &Series) {
        for (curve, dash) in [(&series.theory, legend::THEORY), (&series.fit, legend::FIT)] {
            let Some(curve) = curve else { continue };
            let places = curve.points.iter().map(|(x, y)| self.place(*x, *y));
            self.pieces(picture, places, Ink::Series(index), 1.5, dash);
        }
    }

    fn series(&self, picture: &mut Picture, index: usize, series: &Series) {
        let (ink, width, dash) = legend::stroke(index, series.shape);
        let places = || series.points.iter().map(|point| self.spot(index, point));
        match series.shape {
            Shape::Line if legend::is_joined(series) => {
                self.pieces(picture, places(), ink, width, dash);
            }
            Shape::Curve => {
                self.band(picture, index, &series.points);
                self.pieces(picture, places(), ink, width, dash);
            }
            Shape::Steps => {
                let places = self.steps(&series.points);
                self.pieces(picture, places.into_iter().map(Some), ink, width, dash);
            }
            Shape::Line | Shape::Points => {}
        }
        if legend::has_markers(series.shape) {
            for point in &series.points {
                self.bar(picture, index, point);
            }
            for place in places().flatten() {
                legend::marker(picture, index, place);
            }
        }
    }

    /// A line through the places, broken where there is none: no line pretends to know what was left out.
    fn pieces(
        &self,
        picture: &mut Picture,
        places: impl Iterator<Item = Option<Place>>,
        ink: Ink,
        width: f64,
        dash: Dash,
    ) {
        let mut piece: Vec<Place> = Vec::new();
        for place in places {
            match (place, piece.last()) {
                (Some(place), Some(last)) if near(*last, place) => {}
                (Some(place), _) => piece.push(place),
                (None, _) => picture.line(std::mem::take(&mut piece), ink, width, dash),
            }
        }
        picture.line(piece, ink, width, dash);
    }

    fn steps(&self, points: &[Point]) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for point in points {
            let Some((x, y)) = self.place(point.x, point.y) else {
                continue;
            };
            match places.last() {
                Some((_, before)) => places.push((x, *before)),
                None if self.to_zero => {
                    // Before the first value there is nothing: along the bottom, if zero is on the axis.
                    let ground = self.frame.y(self.y.share(0.0).unwrap_or(0.0));
                    places.extend([(self.frame.left, ground), (x, ground)]);
                }
                None => {}
            }
            places.push((x, y));
        }
        if let Some((_, y)) = places.last().copied() {
            places.push((self.frame.right, y));
        }
        places
    }

    /// The ends of an interval, cut at the edges of the plot.
    fn ends(&self, index: usize, point: &Point) -> Option<(f64, f64, f64)> {
        let (x, _) = self.spot(index, point)?;
        let low = self.y.share(point.low).unwrap_or(0.0);
        let high = self.y.share(point.high).unwrap_or(1.0);
        Some((x, self.frame.y(low), self.frame.y(high)))
    }

    fn bar(&self, picture: &mut Picture, index: usize, point: &Point) {
        let ink = Ink::Series(index);
        let Some((x, low, high)) = self.ends(index, point).filter(|_| point.has_interval()) else {
            return;
        };
        picture.line(vec![(x, low), (x, high)], ink, 1.25, &[]);
        for end in [low, high] {
            picture.line(vec![(x - 4.0, end), (x + 4.0, end)], ink, 1.25, &[]);
        }
    }

    fn band(&self, picture: &mut Picture, index: usize, points: &[Point]) {
        let ends: Vec<(f64, f64, f64)> = points
            .iter()
            .filter_map(|point| self.ends(index, point))
            .collect();
        if points.iter().any(Point::has_interval) {
            let upper = ends.iter().map(|(x, _, high)| (*x, *high));
            let lower = ends.iter().rev().map(|(x, low, _)| (*x, *low));
            picture.area(upper.chain(lower).collect(), Ink::Series(index), 0.18);
        }
    }
}

/// Closer than a third of a pixel: a line of a hundred thousand points needs few of them.
fn near((x, y): Place, (u, v): Place) -> bool {
    (x - u).abs() < 0.3 && (y - v).abs() < 0.3
}
