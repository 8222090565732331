//! Heat maps: a cell for each pair of parameters, its number in it if there is room, and a bar that explains the colours.

use plotters::prelude::{Color, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::backend::Painter;
use crate::chart::{Axis, Chart, Heat, Scale, float};
use crate::font;
use crate::theme::Ink;

use super::frame::{self, Around, Frame, NUMBERS, UNDER};
use super::ruler::{Ends, Ruler, has_place};
use super::{Drawn, Plot, Root};

const BAR: f64 = 14.0;
/// From the plot to the bar, and from the bar to the edge of the picture besides its numbers.
const BESIDE_BAR: f64 = 18.0;

pub(crate) fn draw<P: Painter>(chart: &Chart, heat: &Heat, painter: &mut P) -> Drawn {
    let values = heat.values.iter().flatten().flatten().copied();
    let ruler = Ruler::new(&heat.value, values.clone(), Ends::Exact);
    let mut notes = chart.notes.clone();
    let without = values
        .filter(|value| !has_place(heat.value.scale, *value))
        .count();
    if without > 0 && heat.value.scale == Scale::Log {
        notes.push(format!(
            "{without} of the values have no colour: a log scale has no place for zero."
        ));
    }
    let x = Ruler::of_names(&heat.columns, &chart.x);
    let y = Ruler::of_names(&heat.rows, &chart.y);
    let bar_title = font::width(&ruler.title, NUMBERS);
    let numbers = (frame::widest(&ruler.ticks) + 8.0).max(bar_title - BAR);
    let around = Around {
        y_title: y.title.clone(),
        left: frame::widest(&y.ticks),
        right: BESIDE_BAR + BAR + numbers,
        height: 0.0,
        below: 0.0,
        notes,
    };
    let (root, frame) = frame::begin(chart, &around, painter)?;
    let mut plot = frame::plot(&root, &frame, (around.left + 10.0, 0.0, UNDER), (x, y))?;
    cells(&plot, &frame, heat, &ruler)?;
    frame::axes(&mut plot, false, false)?;
    scale_bar(&root, &frame, ruler, numbers)
}

fn cells<P: Painter>(plot: &Plot<P>, frame: &Frame, heat: &Heat, ruler: &Ruler) -> Drawn {
    let width = (frame.right - frame.left) / float(heat.columns.len().max(1));
    let height = (frame.bottom - frame.top) / float(heat.rows.len().max(1));
    let mut all = heat.values.iter().flatten().flatten();
    let all_whole = all.all(|value| value.fract() == 0.0);
    let words = |value: &f64| ruler.cell(*value, all_whole);
    let texts = heat.values.iter().flatten().flatten().map(words);
    let widest = texts
        .map(|text| font::width(&text, NUMBERS))
        .fold(0.0, f64::max);
    // All numbers or none: a table with holes would be read as one with missing values.
    let room = widest + 6.0 <= width && NUMBERS + 5.0 <= height;
    // A thin line of paper between cells, unless they are small.
    let gap = if width.min(height) > 8.0 { 100 } else { 0 };
    // At whole pixels: no seams.
    let area = plot.plotting_area().use_screen_coord();
    let corner = |column: usize, row: usize| {
        let (x, y) = plot.backend_coord(&(float(column), float(row)));
        ((x + 50) / 100 * 100, (y + 50) / 100 * 100)
    };
    for row in 0..heat.rows.len() {
        for column in 0..heat.columns.len() {
            let value = heat.values.get(row).and_then(|values| *values.get(column)?);
            let amount = value.and_then(|value| ruler.share(value)).map(Ink::amount);
            let style = amount.unwrap_or(Ink::Grid).filled();
            let corners = [corner(column, row), corner(column + 1, row + 1)];
            let mut cell = Rectangle::new(corners, style);
            cell.set_margin(gap, 0, 0, gap);
            area.draw(&cell)?;
            if room {
                let text = value.as_ref().map_or("–".to_owned(), words);
                let ink = amount.map_or(Ink::Muted, Ink::readable_on);
                let style = frame::letters(NUMBERS, ink).pos(Pos::new(HPos::Center, VPos::Center));
                let middle = (float(column) + 0.5, float(row) + 0.5);
                plot.plotting_area().draw(&Text::new(text, middle, style))?;
            }
        }
    }
    Ok(())
}

fn scale_bar<P: Painter>(root: &Root<P>, frame: &Frame, ruler: Ruler, numbers: f64) -> Drawn {
    const STEPS: usize = 64;
    let left = frame.right + BESIDE_BAR;
    let bar = Frame {
        left,
        right: left + BAR,
        ..*frame
    };
    let place = (left, frame.top - 16.0);
    frame::write(root, place, HPos::Left, NUMBERS, Ink::Text, &ruler.title)?;
    let across = Ruler::of_names(&[], &Axis::default());
    let (low, high) = (ruler.within(f64::MIN), ruler.within(f64::MAX));
    let steps: Vec<Rectangle<(f64, f64)>> = (0..STEPS)
        .map(|step| {
            // Each reaches up to the end, and the next covers the rest of it: no seams.
            let from = ruler.moved(low, float(step) / float(STEPS));
            let ink = Ink::amount((float(step) + 0.5) / float(STEPS));
            Rectangle::new([(0.0, from), (1.0, high)], ink.filled())
        })
        .collect();
    let mut plot = frame::plot(root, &bar, (0.0, numbers, 0.0), (across, ruler))?;
    plot.draw_series(steps)?;
    frame::axes(&mut plot, false, true)
}
