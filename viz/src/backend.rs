//! Where plotters draws: what it asks of a backend becomes four kinds of strokes, which `svg` and `png` make.
//!
//! A backend of plotters works in whole pixels. Ours are hundredths of one, so that places, widths and letters are as
//! fine as the outputs can show.

use std::convert::Infallible;

use plotters::element::{Drawable, DynElement, PointCollection};
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use crate::font;
use crate::theme::Ink;

/// A place in pixels, from the upper left corner.
pub(crate) type Place = (f64, f64);

/// Lengths of strokes and gaps in turn, in pixels; empty for a line without gaps.
pub(crate) type Dash = &'static [f64];

/// Makes a file of what is drawn, the later over the earlier. All lengths are pixels.
pub(crate) trait Painter {
    /// Comes first, with width and height.
    fn begin(&mut self, size: Place);

    /// A line through places.
    fn line(&mut self, places: &[Place], ink: Ink, width: f64, dash: Dash);

    /// What a closed line surrounds, with an opacity between 0 and 1.
    fn area(&mut self, corners: &[Place], ink: Ink, opacity: f64);

    /// A full circle.
    fn disc(&mut self, centre: Place, radius: f64, ink: Ink);

    /// A text; `at` lies on its baseline.
    fn text(&mut self, at: Place, anchor: HPos, size: f64, ink: Ink, text: &str);
}

/// A painter as plotters knows it.
pub(crate) struct Backend<'a, P> {
    painter: &'a mut P,
    size: (u32, u32),
    dash: Dash,
}

impl<'a, P: Painter> Backend<'a, P> {
    /// A backend for a picture of so many pixels.
    pub(crate) fn new(painter: &'a mut P, (width, height): Place) -> Backend<'a, P> {
        painter.begin((width, height));
        let size = (units(width).unsigned_abs(), units(height).unsigned_abs());
        Backend {
            painter,
            size,
            dash: &[],
        }
    }
}

/// The unit of plotters for a length in pixels.
#[expect(
    clippy::cast_possible_truncation,
    reason = "pictures have some thousand pixels, and a cast saturates"
)]
pub(crate) fn units(pixels: f64) -> i32 {
    (pixels * 100.0).round() as i32
}

fn pixels(length: impl Into<f64>) -> f64 {
    length.into() / 100.0
}

fn place((x, y): BackendCoord) -> Place {
    (pixels(x), pixels(y))
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl<P: Painter> DrawingBackend for Backend<'_, P> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        if fill {
            self.fill_polygon(corners, style)
        } else {
            self.draw_path(corners.into_iter().chain([(left, top)]), style)
        }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let places: Vec<Place> = path.into_iter().map(place).collect();
        if let (Some(ink), true) = (Ink::of(style.color()), places.len() > 1) {
            let width = pixels(style.stroke_width());
            self.painter.line(&places, ink, width, self.dash);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        if let Some(ink) = Ink::of(style.color()) {
            self.painter.disc(place(center), pixels(radius), ink);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        let corners: Vec<Place> = vert.into_iter().map(place).collect();
        if let Some(ink) = Ink::of(style.color()) {
            self.painter.area(&corners, ink, style.color().alpha);
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        pos: BackendCoord,
    ) -> Drawn {
        let size = pixels(style.size());
        let (x, y) = place(pos);
        // Capitals of the font are 0.73 em high, its longest tails 0.24 em.
        let baseline = match style.anchor().v_pos {
            VPos::Top => y + size * 0.76,
            VPos::Center => y + size * 0.365,
            VPos::Bottom => y - size * 0.24,
        };
        if let (Some(ink), false) = (Ink::of(style.color()), text.is_empty()) {
            let anchor = style.anchor().h_pos;
            self.painter.text((x, baseline), anchor, size, ink, text);
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = pixels(style.size());
        let width = units(font::width(text, size)).unsigned_abs();
        Ok((width, units(size).unsigned_abs()))
    }
}

/// An element whose lines have gaps. Those of plotters have one length of stroke, and each stroke is a line of its own.
pub(crate) struct Dashed<'b, P: Painter, C: Clone>(
    pub(crate) DynElement<'static, Backend<'b, P>, C>,
    pub(crate) Dash,
);

impl<'a, P: Painter, C: Clone> PointCollection<'a, C> for &'a Dashed<'_, P, C> {
    type Point = &'a C;
    type IntoIter = &'a Vec<C>;

    fn point_iter(self) -> Self::IntoIter {
        self.0.point_iter()
    }
}

impl<'b, P: Painter, C: Clone> Drawable<Backend<'b, P>> for Dashed<'b, P, C> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        places: I,
        backend: &mut Backend<'b, P>,
        parent: (u32, u32),
    ) -> Drawn {
        backend.dash = self.1;
        let drawn = self.0.draw(places, backend, parent);
        backend.dash = &[];
        drawn
    }
}
