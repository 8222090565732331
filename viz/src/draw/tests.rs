//! Every text of every picture has a place of its own.

use viz::{Axis, Chart, Point, Series, Shape};

use crate::font;
use crate::picture::{Anchor, Item, Picture};

#[path = "../../examples/gallery/charts.rs"]
mod charts;

/// Left, top, right and bottom of a text.
struct Place<'a>(f64, f64, f64, f64, &'a str);

fn texts(picture: &Picture) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for item in &picture.items {
        if let Item::Text {
            at,
            anchor,
            size,
            text,
            ..
        } = item
        {
            let width = font::width(text, *size);
            let left = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - width / 2.0,
                Anchor::End => at.0 - width,
            };
            places.push(Place(
                left,
                at.1 - size * 0.75,
                left + width,
                at.1 + size * 0.2,
                text,
            ));
        }
    }
    places
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
        let picture = super::draw(&chart);
        let places = texts(&picture);
        for (index, Place(left, top, right, bottom, text)) in places.iter().enumerate() {
            let inside =
                *left >= 0.0 && *right <= picture.width && *top >= 0.0 && *bottom <= picture.height;
            assert!(inside, "{name}: `{text}` leaves the picture");
            for Place(other_left, other_top, other_right, other_bottom, other) in &places[..index] {
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
