//! From a chart to strokes of a painter: what goes where. Plotters draws.

mod frame;
mod heat;
mod legend;
mod ruler;
mod series;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

use plotters::coord::Shift;
use plotters::prelude::{Cartesian2d, ChartContext, DrawingArea, DrawingAreaErrorKind};

use crate::backend::{Backend, Painter};
use crate::chart::{Body, Chart};

use ruler::Ruler;

/// The whole picture.
type Root<'a, P> = DrawingArea<Backend<'a, P>, Shift>;
/// The part of it in which data are drawn.
type Plot<'a, P> = ChartContext<'a, Backend<'a, P>, Cartesian2d<Ruler, Ruler>>;
type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<Infallible>>;

/// Draws a chart.
pub(crate) fn draw<P: Painter>(chart: &Chart, painter: &mut P) {
    let drawn = match &chart.body {
        Body::Series(all) => series::draw(chart, all, painter),
        Body::Heat(heat) => heat::draw(chart, heat, painter),
    };
    drawn.expect("a painter takes everything");
}
