//! A chart as PNG: areas are filled by the part of each pixel that they cover, with no help from the host.

use ab_glyph_rasterizer::{Rasterizer, point};
use plotters::style::text_anchor::HPos;

use crate::backend::{Dash, Painter, Place};
use crate::chart::Chart;
use crate::draw;
use crate::font::{self, single};
use crate::theme::{Ink, Rgb, Theme};

/// The bytes of a file with `scale` pixels for each of the chart, at least one.
pub(crate) fn file(chart: &Chart, theme: Theme, scale: u32) -> Vec<u8> {
    let scale = scale.clamp(1, 8);
    let mut canvas = Canvas {
        width: 0,
        height: 0,
        pixels: Vec::new(),
        theme,
        scale: f64::from(scale),
    };
    draw::draw(chart, &mut canvas);
    canvas.encode(scale)
}

struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
    theme: Theme,
    scale: f64,
}

impl Painter for Canvas {
    fn begin(&mut self, (width, height): Place) {
        (self.width, self.height) = (whole(width * self.scale), whole(height * self.scale));
        self.pixels = vec![0; self.width as usize * self.height as usize * 3];
    }

    fn line(&mut self, places: &[Place], ink: Ink, width: f64, dash: Dash) {
        let outlines: Vec<Vec<Place>> = dashes(places, dash)
            .iter()
            .flat_map(|stroke| outlines(stroke, width / 2.0))
            .collect();
        self.fill(&outlines, ink, 1.0);
    }

    fn area(&mut self, corners: &[Place], ink: Ink, opacity: f64) {
        self.fill(&[corners.to_vec()], ink, opacity);
    }

    fn disc(&mut self, centre: Place, radius: f64, ink: Ink) {
        self.fill(&[circle(centre, radius)], ink, 1.0);
    }

    fn text(&mut self, at: Place, anchor: HPos, size: f64, ink: Ink, text: &str) {
        let before = match anchor {
            HPos::Left => 0.0,
            HPos::Center => font::width(text, size) / 2.0,
            HPos::Right => font::width(text, size),
        };
        let (x, y) = ((at.0 - before) * self.scale, at.1 * self.scale);
        for glyph in font::outlines(text, size * self.scale, x, y) {
            let corner = glyph.px_bounds().min;
            glyph.draw(|x, y, share| {
                let (x, y) = (
                    f64::from(corner.x) + f64::from(x),
                    f64::from(corner.y) + f64::from(y),
                );
                self.blend(x, y, ink, f64::from(share).min(1.0));
            });
        }
    }
}

impl Canvas {
    /// Fills what any of the outlines surrounds; all of them turn the same way, or there is one.
    fn fill(&mut self, outlines: &[Vec<Place>], ink: Ink, opacity: f64) {
        let (mut left, mut top) = (f64::INFINITY, f64::INFINITY);
        let (mut right, mut bottom) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for (x, y) in outlines.iter().flatten() {
            (left, right) = (left.min(*x), right.max(*x));
            (top, bottom) = (top.min(*y), bottom.max(*y));
        }
        if left > right {
            return;
        }
        let (left, top) = ((left * self.scale).floor(), (top * self.scale).floor());
        let width = whole(right * self.scale - left) + 2;
        let height = whole(bottom * self.scale - top) + 2;
        let mut cover = Rasterizer::new(width as usize, height as usize);
        let at = |(x, y): Place| point(single(x * self.scale - left), single(y * self.scale - top));
        for outline in outlines {
            let next = outline.iter().cycle().skip(1);
            for (from, to) in outline.iter().zip(next) {
                cover.draw_line(at(*from), at(*to));
            }
        }
        cover.for_each_pixel_2d(|x, y, share| {
            let share = f64::from(share).min(1.0) * opacity;
            self.blend(left + f64::from(x), top + f64::from(y), ink, share);
        });
    }

    fn blend(&mut self, x: f64, y: f64, ink: Ink, share: f64) {
        if share <= 0.0 || x < 0.0 || y < 0.0 {
            return;
        }
        let (x, y) = (whole(x), whole(y));
        if x >= self.width || y >= self.height {
            return;
        }
        let start = (y as usize * self.width as usize + x as usize) * 3;
        let Rgb(red, green, blue) = self.theme.colour(ink);
        for (old, new) in self.pixels[start..start + 3]
            .iter_mut()
            .zip([red, green, blue])
        {
            let mixed = f64::from(*old) + (f64::from(new) - f64::from(*old)) * share;
            *old = u8::try_from(whole(mixed.round())).unwrap_or(u8::MAX);
        }
    }

    fn encode(&self, scale: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        // 96 pixels an inch is what a pixel of SVG means: both files are printed equally large.
        let pixels_a_metre = 3780 * scale;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: pixels_a_metre,
            yppu: pixels_a_metre,
            unit: png::Unit::Meter,
        }));
        let mut writer = encoder.write_header().expect("a buffer takes everything");
        writer
            .write_image_data(&self.pixels)
            .expect("there are three bytes a pixel");
        writer.finish().expect("a buffer takes everything");
        bytes
    }
}

/// The strokes of a line with gaps.
fn dashes(places: &[Place], dash: &[f64]) -> Vec<Vec<Place>> {
    if dash.is_empty() {
        return vec![places.to_vec()];
    }
    let mut strokes = Vec::new();
    let mut lengths = dash.iter().copied().cycle();
    let mut rest = lengths.next().unwrap_or(1.0);
    let mut drawn = true;
    let mut stroke = vec![places[0]];
    for pair in places.windows(2) {
        let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
        let length = ((to_x - x) * (to_x - x) + (to_y - y) * (to_y - y)).sqrt();
        let mut done = 0.0;
        while length - done > rest {
            done += rest;
            let share = done / length;
            let turn = (x + (to_x - x) * share, y + (to_y - y) * share);
            stroke.push(turn);
            if drawn {
                strokes.push(std::mem::take(&mut stroke));
            }
            stroke = vec![turn];
            drawn = !drawn;
            rest = lengths.next().unwrap_or(1.0);
        }
        rest -= length - done;
        stroke.push((to_x, to_y));
    }
    if drawn && stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

/// A stroke as areas: a rectangle for each piece and a disc for each joint.
fn outlines(stroke: &[Place], half: f64) -> Vec<Vec<Place>> {
    let mut areas = Vec::new();
    for pair in stroke.windows(2) {
        let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
        let length = ((to_x - x) * (to_x - x) + (to_y - y) * (to_y - y)).sqrt();
        if length > 0.0 {
            let (across_x, across_y) = ((y - to_y) / length * half, (to_x - x) / length * half);
            areas.push(vec![
                (x + across_x, y + across_y),
                (x - across_x, y - across_y),
                (to_x - across_x, to_y - across_y),
                (to_x + across_x, to_y + across_y),
            ]);
        }
    }
    let joints = stroke.iter().skip(1).take(stroke.len().saturating_sub(2));
    areas.extend(joints.map(|joint| circle(*joint, half)));
    areas
}

/// A circle as a polygon, turning the same way as [`outlines`]: 32 corners, made by halving a right angle three times.
fn circle((x, y): Place, radius: f64) -> Vec<Place> {
    // cos and sin of 11.25°, without the host's functions.
    let half = |cosine: f64| f64::midpoint(1.0, cosine).sqrt();
    let cosine = half(half(half(0.0)));
    let sine = (1.0 - cosine * cosine).sqrt();
    let mut direction = (1.0, 0.0);
    (0..32)
        .map(|_| {
            let corner = (x + radius * direction.0, y + radius * direction.1);
            let (right, down) = direction;
            direction = (right * cosine - down * sine, right * sine + down * cosine);
            corner
        })
        .collect()
}

/// Rounds up to a whole number of pixels; nothing below zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pictures have far fewer than 2^32 pixels, and a cast saturates"
)]
fn whole(x: f64) -> u32 {
    x.ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(outline: &[Place]) -> f64 {
        let next = outline.iter().cycle().skip(1);
        let pairs = outline.iter().zip(next);
        pairs.map(|((x, y), (u, v))| x * v - u * y).sum()
    }

    /// Areas that turn differently would cancel where they overlap.
    #[test]
    fn all_parts_of_a_stroke_turn_the_same_way() {
        let around = circle((0.0, 0.0), 1.0);
        for to in &around {
            for part in outlines(&[(0.0, 0.0), *to, (0.0, 3.0)], 0.5) {
                assert!(turn(&part) > 0.0, "{part:?}");
            }
        }
        assert!((around[8].0).abs() < 1e-12 && (around[8].1 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn dashes_run_on_around_corners() {
        let strokes = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)], &[4.0, 2.0]);
        let expected = [vec![(0.0, 0.0), (4.0, 0.0)], vec![(5.0, 1.0), (5.0, 5.0)]];
        assert_eq!(strokes, expected);
    }
}
