//! Lines, points, steps and curves.

use plotters::prelude::{
    Color, EmptyElement, LineSeries, PathElement, PointSeries, Polygon, ShapeStyle,
};
use plotters::style::text_anchor::HPos;

use crate::backend::{Dash, Dashed, Painter, units};
use crate::chart::{Axis, Chart, Point, Scale, Series, Shape, Unit, float};
use crate::theme::Ink;

use super::frame::{self, Around, Frame, UNDER};
use super::legend::{self, Legend, Marker};
use super::ruler::{Ends, Ruler, has_place};
use super::{Drawn, Plot};

pub(crate) fn draw<P: Painter>(chart: &Chart, all: &[Series], painter: &mut P) -> Drawn {
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
        height: legend.height(),
        below: legend.below(),
        notes,
    };
    let (root, frame) = frame::begin(chart, &around, painter)?;
    let room = (around.left + 10.0, 0.0, UNDER);
    let mut plot = frame::plot(&root, &frame, room, (x, y))?;
    frame::axes(&mut plot, true, true)?;
    frame::small_ticks(&root, &plot)?;
    let apart = if crowded {
        apart(chart, all, &frame, plot.as_coord_spec().x_spec())
    } else {
        0.0
    };
    let mut pen = Pen {
        plot,
        apart,
        first: -apart * float(all.len().saturating_sub(1)) / 2.0,
        to_zero: chart.y.scale == Scale::Linear,
    };
    for (index, series) in all.iter().enumerate() {
        pen.computed(index, series)?;
    }
    for (index, series) in all.iter().enumerate() {
        pen.series(index, series)?;
    }
    if all.iter().all(|series| series.points.is_empty()) {
        let middle = (
            f64::midpoint(frame.left, frame.right),
            f64::midpoint(frame.top, frame.bottom),
        );
        let words = "no data";
        frame::write(&root, middle, HPos::Center, frame::WORDS, Ink::Muted, words)?;
    }
    legend.draw(&root, &frame)
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

/// Five pixels, or less where sampled values are close; as a share of the axis.
fn apart(chart: &Chart, all: &[Series], frame: &Frame, x: &Ruler) -> f64 {
    let places: Vec<f64> = chart
        .x
        .ticks
        .iter()
        .filter_map(|tick| x.share(*tick))
        .collect();
    let gaps = places.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let room = gaps.fold(f64::INFINITY, f64::min) * 0.5;
    (room / float(all.len())).min(5.0 / (frame.right - frame.left))
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
    let outside = count(&|point| placed(point) && !(x.holds(point.x) && y.holds(point.y)));
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
            "interval reaches zero and is",
            "intervals reach zero and are",
            "cut at the lower edge: a log axis has no zero.",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A pair of values on the axes.
type Pair = (f64, f64);

struct Pen<'a, P: Painter> {
    plot: Plot<'a, P>,
    /// How far each series is moved to the right of the one before it, so that bars at the same place can be told apart.
    apart: f64,
    /// How far the first is moved.
    first: f64,
    /// Steps begin at zero, where there is one.
    to_zero: bool,
}

impl<P: Painter> Pen<'_, P> {
    fn x(&self) -> &Ruler {
        self.plot.as_coord_spec().x_spec()
    }

    fn y(&self) -> &Ruler {
        self.plot.as_coord_spec().y_spec()
    }

    fn holds(&self, (x, y): Pair) -> Option<Pair> {
        (self.x().holds(x) && self.y().holds(y)).then_some((x, y))
    }

    /// Where a point of the series with this index is drawn.
    fn spot(&self, index: usize, point: &Point) -> Option<Pair> {
        let (x, y) = self.holds((point.x, point.y))?;
        let share = self.first + self.apart * float(index);
        Some((
            if share == 0.0 {
                x
            } else {
                self.x().moved(x, share)
            },
            y,
        ))
    }

    fn computed(&mut self, index: usize, series: &Series) -> Drawn {
        let style = frame::stroke(1.5, Ink::Series(index));
        for (curve, dash) in [(&series.theory, legend::THEORY), (&series.fit, legend::FIT)] {
            let Some(curve) = curve else { continue };
            let pairs = curve.points.iter().map(|pair| self.holds(*pair)).collect();
            self.pieces(pairs, style, dash)?;
        }
        Ok(())
    }

    fn series(&mut self, index: usize, series: &Series) -> Drawn {
        let (style, dash) = legend::stroke(index, series.shape);
        let points = &series.points;
        let spots: Vec<Option<Pair>> = points.iter().map(|point| self.spot(index, point)).collect();
        match series.shape {
            Shape::Line if legend::is_joined(series) => {
                self.pieces(spots.clone(), style, dash)?;
            }
            Shape::Curve => {
                self.band(index, points)?;
                self.pieces(spots.clone(), style, dash)?;
            }
            Shape::Steps => {
                let corners = self.steps(points).into_iter().map(Some).collect();
                self.pieces(corners, style, dash)?;
            }
            Shape::Line | Shape::Points => {}
        }
        if legend::has_markers(series.shape) {
            for point in points.iter().filter(|point| point.has_interval()) {
                self.bar(index, point)?;
            }
            let make = |at, _, _| Marker { series: index, at };
            let spots = spots.into_iter().flatten();
            self.plot
                .draw_series(PointSeries::of_element(spots, 0, style, &make))?;
        }
        Ok(())
    }

    /// A line through the pairs, broken where there is none: no line pretends to know what was left out.
    fn pieces(&mut self, pairs: Vec<Option<Pair>>, style: ShapeStyle, dash: Dash) -> Drawn {
        for piece in pairs.split(Option::is_none) {
            let mut line: Vec<Pair> = piece.iter().flatten().copied().collect();
            // A line of a hundred thousand points needs few of them.
            line.dedup_by(|next, last| self.near(*last, *next));
            let series = LineSeries::new(line, style).map(|line| Dashed(line, dash));
            self.plot.draw_series(series)?;
        }
        Ok(())
    }

    /// Closer than a third of a pixel.
    fn near(&self, one: Pair, other: Pair) -> bool {
        let ((x, y), (u, v)) = (
            self.plot.backend_coord(&one),
            self.plot.backend_coord(&other),
        );
        (x - u).abs().max((y - v).abs()) < units(0.3)
    }

    fn steps(&self, points: &[Point]) -> Vec<Pair> {
        let mut corners: Vec<Pair> = Vec::new();
        let pairs = points.iter().map(|point| (point.x, point.y));
        for (x, y) in pairs.filter_map(|pair| self.holds(pair)) {
            match corners.last() {
                Some((_, before)) => corners.push((x, *before)),
                None if self.to_zero => {
                    // Before the first value there is nothing: along the bottom, if zero is on the axis.
                    let ground = self.y().within(0.0);
                    corners.extend([(self.x().within(f64::MIN), ground), (x, ground)]);
                }
                None => {}
            }
            corners.push((x, y));
        }
        if let Some((_, y)) = corners.last().copied() {
            corners.push((self.x().within(f64::MAX), y));
        }
        corners
    }

    /// The ends of an interval, cut at the edges of the plot.
    fn ends(&self, index: usize, point: &Point) -> Option<[Pair; 2]> {
        let (x, _) = self.spot(index, point)?;
        Some([point.low, point.high].map(|end| (x, self.y().within(end))))
    }

    /// Plotters' own bar of an interval puts a circle around the mean, where the marker is.
    fn bar(&mut self, index: usize, point: &Point) -> Drawn {
        let style = frame::stroke(1.25, Ink::Series(index));
        let Some(ends) = self.ends(index, point) else {
            return Ok(());
        };
        self.plot.draw_series(LineSeries::new(ends, style))?;
        let cap = [(-400, 0), (400, 0)];
        self.plot
            .draw_series(ends.map(|end| EmptyElement::at(end) + PathElement::new(cap, style)))?;
        Ok(())
    }

    fn band(&mut self, index: usize, points: &[Point]) -> Drawn {
        if points.iter().any(Point::has_interval) {
            let ends = points.iter().filter_map(|point| self.ends(index, point));
            let ends: Vec<[Pair; 2]> = ends.collect();
            let lower = ends.iter().map(|[low, _]| *low);
            let upper = ends.iter().rev().map(|[_, high]| *high);
            let corners: Vec<Pair> = lower.chain(upper).collect();
            let style = Ink::Series(index).mix(0.18);
            self.plot.draw_series([Polygon::new(corners, style)])?;
        }
        Ok(())
    }
}
