//! What surrounds the data: title, axes with their ticks and words, notes.

use plotters::prelude::{
    ChartBuilder, Color, IntoDrawingArea, IntoFont, PathElement, ShapeStyle, TRANSPARENT, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::backend::{Backend, Painter, Place, units};
use crate::chart::Chart;
use crate::font;
use crate::theme::Ink;

use super::ruler::{Ruler, Tick};
use super::{Drawn, Plot, Root};

/// Sizes of letters, in pixels.
pub(crate) const TITLE: f64 = 16.0;
pub(crate) const WORDS: f64 = 12.0;
pub(crate) const NUMBERS: f64 = 11.0;

/// What stays free at the edges of a picture.
pub(crate) const MARGIN: f64 = 16.0;
/// From one line of small text to the next.
pub(crate) const LINE: f64 = 17.0;
/// What numbers and words of the horizontal axis take.
pub(crate) const UNDER: f64 = 40.0;
/// The plot is never lower than this; the picture grows instead.
const LEAST_HEIGHT: f64 = 180.0;

/// The rectangle in which data are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

/// What has to find room around the plot.
pub(crate) struct Around {
    /// Words above the plot, over the vertical axis.
    pub(crate) y_title: String,
    /// The width of the widest number on the vertical axis.
    pub(crate) left: f64,
    /// Room to the right: a legend, a scale bar.
    pub(crate) right: f64,
    /// The height of what is there; it may reach down beside the words of the horizontal axis.
    pub(crate) height: f64,
    /// Room below the words of the horizontal axis: a legend.
    pub(crate) below: f64,
    /// Sentences at the bottom.
    pub(crate) notes: Vec<String>,
}

/// A picture with title and notes, and the frame that is left for the plot.
pub(crate) fn begin<'a, P: Painter>(
    chart: &Chart,
    around: &Around,
    painter: &'a mut P,
) -> Drawn<(Root<'a, P>, Frame)> {
    let width = f64::from(chart.size.0.max(240));
    let inner = width - 2.0 * MARGIN;
    let mut lines = Vec::new();
    let mut y = MARGIN;
    for line in font::wrap(&chart.title, TITLE, inner) {
        lines.push((y + 10.0, TITLE, Ink::Text, line));
        y += 20.0;
    }
    for line in font::wrap(&chart.subtitle, WORDS, inner) {
        lines.push((y + 8.0, WORDS, Ink::Muted, line));
        y += LINE;
    }
    y += 8.0;
    if !around.y_title.is_empty() {
        lines.push((y + 8.0, WORDS, Ink::Text, around.y_title.clone()));
        y += LINE;
    }
    let top = y + 7.0;
    let notes: Vec<String> = around
        .notes
        .iter()
        .flat_map(|note| font::wrap(note, NUMBERS, inner))
        .collect();
    let notes_height = match notes.len() {
        0 => 0.0,
        lines => 6.0 + crate::chart::float(lines) * 15.0,
    };
    let under = UNDER + around.below + notes_height + MARGIN;
    let least = LEAST_HEIGHT.max(around.height - UNDER);
    let bottom = (f64::from(chart.size.1) - under).max(top + least);
    let mut y = bottom + UNDER + around.below + 6.0;
    for line in notes {
        lines.push((y + 7.0, NUMBERS, Ink::Muted, line));
        y += 15.0;
    }

    let root = Backend::new(painter, (width, bottom + under)).into_drawing_area();
    root.fill(&Ink::Paper)?;
    for (y, size, ink, line) in lines {
        write(&root, (MARGIN, y), HPos::Left, size, ink, &line)?;
    }
    let frame = Frame {
        left: MARGIN + around.left + 10.0,
        top,
        right: width - MARGIN - around.right,
        bottom,
    };
    Ok((root, frame))
}

/// The width of the widest label.
pub(crate) fn widest(ticks: &[Tick]) -> f64 {
    let widths = ticks.iter().map(|tick| font::width(&tick.label, NUMBERS));
    widths.fold(0.0, f64::max)
}

/// Letters for plotters.
pub(crate) fn letters(size: f64, ink: Ink) -> TextStyle<'static> {
    ("DejaVu Sans", size * 100.0).into_font().color(&ink)
}

/// A line for plotters.
pub(crate) fn stroke(width: f64, ink: Ink) -> ShapeStyle {
    ink.stroke_width(units(width).unsigned_abs())
}

/// Writes words at a place of the picture; half of them are above it.
pub(crate) fn write<P: Painter>(
    root: &Root<P>,
    (x, y): Place,
    side: HPos,
    size: f64,
    ink: Ink,
    text: &str,
) -> Drawn {
    let style = letters(size, ink).pos(Pos::new(side, VPos::Center));
    root.draw_text(text, &style, (units(x), units(y)))
}

/// A plot in the frame, with room for labels to its left, to its right and below it. Labels that would touch are left
/// out.
pub(crate) fn plot<'a, P: Painter>(
    root: &Root<'a, P>,
    frame: &Frame,
    (left, right, below): (f64, f64, f64),
    (mut x, mut y): (Ruler, Ruler),
) -> Drawn<Plot<'a, P>> {
    let extent = |label: &str| font::width(label, NUMBERS);
    x.thin(frame.right - frame.left, extent, 6.0);
    y.thin(frame.bottom - frame.top, |_| NUMBERS, 3.0);
    let (width, height) = root.dim_in_pixel();
    let rest = |whole: u32, edge: f64| whole.saturating_sub(units(edge).unsigned_abs());
    ChartBuilder::on(root)
        .margin_top(units(frame.top))
        .margin_left(units(frame.left - left))
        .y_label_area_size(units(left))
        .margin_right(rest(width, frame.right + right))
        .right_y_label_area_size(units(right))
        .margin_bottom(rest(height, frame.bottom + below))
        .x_label_area_size(units(below))
        .build_cartesian_2d(x, y)
}

/// Labels and words of the axes of a plot, in the room that it has for them; with lines for series.
pub(crate) fn axes<P: Painter>(plot: &mut Plot<P>, has_grid: bool, has_lines: bool) -> Drawn {
    let words = plot.as_coord_spec().x_spec().title.clone();
    let axis = stroke(1.0, Ink::Frame);
    let mut mesh = plot.configure_mesh();
    mesh.bold_line_style(stroke(1.0, Ink::Grid))
        .axis_style(if has_lines { axis } else { TRANSPARENT.into() })
        .set_all_tick_mark_size(units(4.0))
        .label_style(letters(NUMBERS, Ink::Muted))
        .axis_desc_style(letters(WORDS, Ink::Text))
        .x_desc(words);
    if !has_grid {
        mesh.disable_mesh();
    }
    mesh.draw()
}

/// Small ticks at the left and at the bottom, where there are no labels.
pub(crate) fn small_ticks<P: Painter>(root: &Root<P>, plot: &Plot<P>) -> Drawn {
    const LENGTH: i32 = 250;
    let (x, y) = (plot.as_coord_spec().x_spec(), plot.as_coord_spec().y_spec());
    let corner = (x.within(f64::MIN), y.within(f64::MIN));
    let below = x.small_ticks().map(|x| ((x, corner.1), (0, LENGTH)));
    let left = y.small_ticks().map(|y| ((corner.0, y), (-LENGTH, 0)));
    for (place, (right, down)) in below.chain(left) {
        let (x, y) = plot.backend_coord(&place);
        let ends = [(x, y), (x + right, y + down)];
        root.draw(&PathElement::new(ends, stroke(1.0, Ink::Frame)))?;
    }
    Ok(())
}
