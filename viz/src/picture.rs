//! What is drawn: lines, areas and texts at places, in inks. The painters (`svg`, `png`) know nothing else.

use crate::theme::Ink;

/// A list of things to draw, the later over the earlier.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// For those who hear it.
    pub(crate) title: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) items: Vec<Item>,
}

/// A place in pixels, from the upper left corner.
pub(crate) type Place = (f64, f64);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A line through places.
    Line {
        places: Vec<Place>,
        ink: Ink,
        width: f64,
        dash: Dash,
    },
    /// What a closed line surrounds, with an opacity between 0 and 1.
    Area {
        corners: Vec<Place>,
        ink: Ink,
        opacity: f64,
    },
    /// A full circle.
    Disc {
        centre: Place,
        radius: f64,
        ink: Ink,
    },
    /// A text; `at` lies on its baseline.
    Text {
        at: Place,
        anchor: Anchor,
        size: f64,
        ink: Ink,
        text: String,
    },
}

/// Lengths of strokes and gaps in turn; empty for a line without gaps.
pub(crate) type Dash = &'static [f64];

/// Which point of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Picture {
    pub(crate) fn line(&mut self, places: Vec<Place>, ink: Ink, width: f64, dash: Dash) {
        if places.len() > 1 {
            self.items.push(Item::Line {
                places,
                ink,
                width,
                dash,
            });
        }
    }

    pub(crate) fn area(&mut self, corners: Vec<Place>, ink: Ink, opacity: f64) {
        self.items.push(Item::Area {
            corners,
            ink,
            opacity,
        });
    }

    pub(crate) fn rectangle(&mut self, (x, y): Place, (width, height): Place, ink: Ink) {
        let corners = vec![
            (x, y),
            (x + width, y),
            (x + width, y + height),
            (x, y + height),
        ];
        self.area(corners, ink, 1.0);
    }

    pub(crate) fn disc(&mut self, centre: Place, radius: f64, ink: Ink) {
        self.items.push(Item::Disc {
            centre,
            radius,
            ink,
        });
    }

    pub(crate) fn text(&mut self, at: Place, anchor: Anchor, size: f64, ink: Ink, text: &str) {
        if !text.is_empty() {
            self.items.push(Item::Text {
                at,
                anchor,
                size,
                ink,
                text: text.to_owned(),
            });
        }
    }
}
