//! What surrounds the data: title, axes with their ticks and words, notes.

use crate::chart::Chart;
use crate::font;
use crate::picture::{Anchor, Picture, Place};
use crate::theme::Ink;

use super::ruler::{Ruler, Tick};

/// Sizes of letters, in pixels.
pub(crate) const TITLE: f64 = 16.0;
pub(crate) const WORDS: f64 = 12.0;
pub(crate) const NUMBERS: f64 = 11.0;

/// What stays free at the edges of a picture.
pub(crate) const MARGIN: f64 = 16.0;
/// From one line of small text to the next.
pub(crate) const LINE: f64 = 17.0;
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

impl Frame {
    pub(crate) fn x(&self, share: f64) -> f64 {
        self.left + share * (self.right - self.left)
    }

    pub(crate) fn y(&self, share: f64) -> f64 {
        self.bottom - share * (self.bottom - self.top)
    }

    /// The place of a pair of values, if both are on their axes.
    pub(crate) fn place(&self, x: &Ruler, y: &Ruler, (across, up): (f64, f64)) -> Option<Place> {
        Some((self.x(x.share(across)?), self.y(y.share(up)?)))
    }
}

/// What has to find room around the plot.
pub(crate) struct Around {
    /// Words above the plot, over the vertical axis.
    pub(crate) y_title: String,
    /// The width of the widest number on the vertical axis.
    pub(crate) left: f64,
    /// Room to the right: a legend, a scale bar.
    pub(crate) right: f64,
    /// Room below the words of the horizontal axis: a legend.
    pub(crate) below: f64,
    /// Sentences at the bottom.
    pub(crate) notes: Vec<String>,
}

/// A picture with title and notes, and the frame that is left for the plot.
pub(crate) fn begin(chart: &Chart, around: &Around) -> (Picture, Frame) {
    let (width, height) = (f64::from(chart.size.0.max(240)), f64::from(chart.size.1));
    let inner = width - 2.0 * MARGIN;
    let title = font::wrap(&chart.title, TITLE, inner);
    let subtitle = font::wrap(&chart.subtitle, WORDS, inner);
    let notes: Vec<String> = around
        .notes
        .iter()
        .flat_map(|note| font::wrap(note, NUMBERS, inner))
        .collect();

    let mut picture = Picture {
        title: chart.title.clone(),
        width,
        height,
        items: Vec::new(),
    };
    let mut y = MARGIN;
    for line in &title {
        y += TITLE + 4.0;
        picture.text((MARGIN, y - 6.0), Anchor::Start, TITLE, Ink::Text, line);
    }
    for line in &subtitle {
        y += LINE;
        picture.text((MARGIN, y - 5.0), Anchor::Start, WORDS, Ink::Muted, line);
    }
    y += 8.0;
    if !around.y_title.is_empty() {
        y += LINE;
        picture.text(
            (MARGIN, y - 5.0),
            Anchor::Start,
            WORDS,
            Ink::Text,
            &around.y_title,
        );
    }
    let top = y + 7.0;

    let notes_height = match notes.len() {
        0 => 0.0,
        lines => 6.0 + crate::chart::float(lines) * 15.0,
    };
    // Numbers and words of the horizontal axis take 42 pixels.
    let under = 42.0 + around.below + notes_height + MARGIN;
    let bottom = (height - under).max(top + LEAST_HEIGHT);
    picture.height = bottom + under;
    let mut y = picture.height - MARGIN - notes_height + 6.0;
    for line in &notes {
        y += 15.0;
        picture.text((MARGIN, y - 4.0), Anchor::Start, NUMBERS, Ink::Muted, line);
    }
    let frame = Frame {
        left: MARGIN + around.left + 10.0,
        top,
        right: width - MARGIN - around.right,
        bottom,
    };
    (picture, frame)
}

/// The width of the widest label.
pub(crate) fn widest(ticks: &[Tick]) -> f64 {
    let widths = ticks.iter().map(|tick| font::width(&tick.label, NUMBERS));
    widths.fold(0.0, f64::max)
}

/// Grid, ticks, numbers and words of both axes.
pub(crate) fn axes(picture: &mut Picture, frame: &Frame, x: &Ruler, y: &Ruler) {
    for (ruler, upright) in [(x, true), (y, false)] {
        for tick in ruler.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let Some(share) = ruler.share(tick.value) else {
                continue;
            };
            let ends = if upright {
                vec![(frame.x(share), frame.top), (frame.x(share), frame.bottom)]
            } else {
                vec![(frame.left, frame.y(share)), (frame.right, frame.y(share))]
            };
            picture.line(ends, Ink::Grid, 1.0, &[]);
        }
    }
    border(picture, frame);
    vertical(picture, frame.left, -1.0, frame, y);
    let mut free_from = f64::NEG_INFINITY;
    for tick in &x.ticks {
        let Some(share) = x.share(tick.value) else {
            continue;
        };
        let place = frame.x(share);
        let length = if tick.label.is_empty() { 3.0 } else { 5.0 };
        picture.line(
            vec![(place, frame.bottom), (place, frame.bottom + length)],
            Ink::Frame,
            1.0,
            &[],
        );
        let half = font::width(&tick.label, NUMBERS) / 2.0;
        // A label that would touch the one before it is left out; its tick stays.
        if !tick.label.is_empty() && place - half > free_from {
            picture.text(
                (place, frame.bottom + 18.0),
                Anchor::Middle,
                NUMBERS,
                Ink::Muted,
                &tick.label,
            );
            free_from = place + half + 6.0;
        }
    }
    x_title(picture, frame, &x.title);
}

/// The words under the horizontal axis.
pub(crate) fn x_title(picture: &mut Picture, frame: &Frame, title: &str) {
    let middle = f64::midpoint(frame.left, frame.right);
    picture.text(
        (middle, frame.bottom + 37.0),
        Anchor::Middle,
        WORDS,
        Ink::Text,
        title,
    );
}

/// Ticks and numbers of a vertical axis at `x`, to the left (-1) or to the right (1).
pub(crate) fn vertical(picture: &mut Picture, x: f64, side: f64, frame: &Frame, ruler: &Ruler) {
    let anchor = if side < 0.0 {
        Anchor::End
    } else {
        Anchor::Start
    };
    for tick in &ruler.ticks {
        let Some(share) = ruler.share(tick.value) else {
            continue;
        };
        let y = frame.y(share);
        let length = if tick.label.is_empty() { 3.0 } else { 5.0 };
        picture.line(vec![(x, y), (x + side * length, y)], Ink::Frame, 1.0, &[]);
        picture.text(
            (x + side * 8.0, y + 4.0),
            anchor,
            NUMBERS,
            Ink::Muted,
            &tick.label,
        );
    }
}

/// Lines to the left and below: what is above and to the right needs none.
fn border(picture: &mut Picture, frame: &Frame) {
    let corner = (frame.left, frame.bottom);
    let places = vec![(frame.left, frame.top), corner, (frame.right, frame.bottom)];
    picture.line(places, Ink::Frame, 1.0, &[]);
}
