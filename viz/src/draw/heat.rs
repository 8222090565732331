//! Heat maps: a cell for each pair of parameters, its number in it if there is room, and a bar that explains the colours.

use crate::chart::{Chart, Heat, Scale, float};
use crate::font;
use crate::number::Style;
use crate::picture::{Anchor, Picture};
use crate::theme::{Ink, amount, readable_on};

use super::frame::{self, Around, Frame, NUMBERS};
use super::ruler::{Ends, Ruler, has_place};

const BAR: f64 = 14.0;
/// From the plot to the bar, and from the bar to the edge of the picture besides its numbers.
const BESIDE_BAR: f64 = 18.0;

pub(crate) fn draw(chart: &Chart, heat: &Heat) -> Picture {
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
    let widths = heat.rows.iter().map(|row| font::width(row, NUMBERS));
    let bar_title = font::width(&ruler.title, NUMBERS);
    let numbers = (frame::widest(&ruler.ticks) + 8.0).max(bar_title - BAR);
    let y_title = Style::of(&chart.y.unit, 0.0).title(&chart.y.label);
    let around = Around {
        y_title,
        left: widths.fold(0.0, f64::max),
        right: BESIDE_BAR + BAR + numbers,
        below: 0.0,
        notes,
    };
    let (mut picture, frame) = frame::begin(chart, &around);
    cells(&mut picture, &frame, heat, &ruler);
    labels(&mut picture, &frame, heat);
    let x_title = Style::of(&chart.x.unit, 0.0).title(&chart.x.label);
    frame::x_title(&mut picture, &frame, &x_title);
    scale_bar(&mut picture, &frame, &ruler);
    picture
}

/// The middle of a column or row, as a share of the whole.
fn middle(index: usize, count: usize) -> f64 {
    (float(index) + 0.5) / float(count)
}

fn cells(picture: &mut Picture, frame: &Frame, heat: &Heat, ruler: &Ruler) {
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
    let gap = if width.min(height) > 8.0 { 1.0 } else { 0.0 };
    for (row, values) in heat.values.iter().enumerate().take(heat.rows.len()) {
        let y = frame.y(middle(row, heat.rows.len()));
        for (column, value) in values.iter().enumerate().take(heat.columns.len()) {
            let x = frame.x(middle(column, heat.columns.len()));
            let corner = (x - width / 2.0, y - height / 2.0);
            let colour = value.and_then(|value| ruler.share(value)).map(amount);
            let ink = colour.map_or(Ink::Grid, Ink::Amount);
            picture.rectangle(corner, (width - gap, height - gap), ink);
            if room {
                let text = value.as_ref().map_or("–".to_owned(), words);
                let ink = colour.map_or(Ink::Muted, |colour| Ink::Amount(readable_on(colour)));
                picture.text(
                    (x - gap / 2.0, y + 4.0),
                    Anchor::Middle,
                    NUMBERS,
                    ink,
                    &text,
                );
            }
        }
    }
}

/// The names of columns and rows, as many as have room.
fn labels(picture: &mut Picture, frame: &Frame, heat: &Heat) {
    let mut free_from = f64::NEG_INFINITY;
    for (index, column) in heat.columns.iter().enumerate() {
        let x = frame.x(middle(index, heat.columns.len()));
        let half = font::width(column, NUMBERS) / 2.0;
        if x - half > free_from {
            picture.text(
                (x, frame.bottom + 18.0),
                Anchor::Middle,
                NUMBERS,
                Ink::Muted,
                column,
            );
            free_from = x + half + 6.0;
        }
    }
    let mut free_above = f64::INFINITY;
    for (index, row) in heat.rows.iter().enumerate() {
        let y = frame.y(middle(index, heat.rows.len()));
        if y + 7.0 < free_above {
            picture.text(
                (frame.left - 8.0, y + 4.0),
                Anchor::End,
                NUMBERS,
                Ink::Muted,
                row,
            );
            free_above = y - 7.0;
        }
    }
}

fn scale_bar(picture: &mut Picture, frame: &Frame, ruler: &Ruler) {
    const STEPS: usize = 64;
    let left = frame.right + BESIDE_BAR;
    for step in 0..STEPS {
        // Each reaches up to the end, and the next covers the rest of it: no seams.
        let bottom = frame.y(float(step) / float(STEPS));
        let ink = Ink::Amount(amount(middle(step, STEPS)));
        picture.rectangle((left, frame.top), (BAR, bottom - frame.top), ink);
    }
    frame::vertical(picture, left + BAR, 1.0, frame, ruler);
    picture.text(
        (left, frame.top - 12.0),
        Anchor::Start,
        NUMBERS,
        Ink::Text,
        &ruler.title,
    );
}
