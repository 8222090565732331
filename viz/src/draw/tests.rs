//! Every text of every picture has a place of its own.

use viz::{Axis, Chart, Point, Series, Shape};

use plotters::style::text_anchor::HPos;

use crate::backend::{Dash, Painter, Place};
use crate::font;
use crate::theme::Ink;

#[path = "../../examples/gallery/charts.rs"]
mod charts;

/// Left, top, right and bottom of a text.
struct Text(f64, f64, f64, f64, String);

/// Reads and does not paint.
#[derive(Default)]
struct Reader {
    size: Place,
    texts: Vec<Text>,
}

impl Painter for Reader {
    fn begin(&mut self, size: Place) {
        self.size = size;
    }

    fn line(&mut self, _: &[Place], _: Ink, _: f64, _: Dash) {}

    fn area(&mut self, _: &[Place], _: Ink, _: f64) {}

    fn disc(&mut self, _: Place, _: f64, _: Ink) {}

    fn text(&mut self, (x, y): Place, anchor: HPos, size: f64, _: Ink, text: &str) {
        let width = font::width(text, size);
        let left = match anchor {
            HPos::Left => x,
            HPos::Center => x - width / 2.0,
            HPos::Right => x - width,
        };
        let (top, bottom) = (y - size * 0.75, y + size * 0.2);
        self.texts
            .push(Text(left, top, left + width, bottom, text.to_owned()));
    }
}

/// A legend, a long title and many notes take room of their own: nothing leaves the picture, no texts overlap.
#[test]
fn texts_neither_overlap_nor_leave_the_picture() {
    let mut all = charts::all();
    all.push(("crowded", crowded()));
    all.push((
        "nothing",
        Chart::of_series("", Axis::log("x"), Axis::linear("y"), Vec::new()),
    ));
    for (name, chart) in all {
        let mut reader = Reader::default();
        super::draw(&chart, &mut reader);
        let (width, height) = reader.size;
        for (index, Text(left, top, right, bottom, text)) in reader.texts.iter().enumerate() {
            let inside = *left >= 0.0 && *right <= width && *top >= 0.0 && *bottom <= height;
            assert!(inside, "{name}: `{text}` leaves the picture");
            for Text(other_left, other_top, other_right, other_bottom, other) in
                &reader.texts[..index]
            {
                let apart = left > other_right
                    || right < other_left
                    || top > other_bottom
                    || bottom < other_top;
                assert!(apart, "{name}: `{text}` lies over `{other}`");
            }
        }
    }
}

fn crowded() -> Chart {
    let ns: Vec<f64> = (1..=12).map(|n| f64::from(n) * 1000.0).collect();
    let series = (0..9_usize).map(|index| {
        let points = ns
            .iter()
            .map(|n| Point::exact(*n, n * crate::chart::float(index + 1)));
        let name = format!("protocol number {index} with parameters that are told at some length")
            .repeat(index / 4 + 1);
        Series::new(&name, Shape::Line, points.collect())
    });
    let title = "A title that is so long that one line of the picture cannot hold it, because somebody explains in it \
                 everything that was measured, and how";
    Chart {
        subtitle: "the second line is not short either: ".repeat(6),
        notes: vec!["A note follows a note. ".repeat(8); 3],
        ..Chart::of_series(
            title,
            Axis::linear("nodes").with_ticks(ns.clone()),
            Axis::log("messages"),
            series.collect(),
        )
    }
}
