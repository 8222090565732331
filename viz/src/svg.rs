//! A chart as SVG: real strokes, dashes and texts, so that it can be edited for a paper.

use std::fmt::Write;

use plotters::style::text_anchor::HPos;

use crate::backend::{Dash, Painter, Place};
use crate::chart::Chart;
use crate::draw;
use crate::theme::{Ink, Rgb, SERIES, Theme};

/// A file of its own, on its paper.
pub(crate) fn file(chart: &Chart, theme: Theme) -> String {
    let paint = |ink| hex(theme.colour(ink));
    write(chart, &paint, r#" xmlns="http://www.w3.org/2000/svg""#)
}

/// An element of a page, whose colours are variables: `--text`, `--series-0`, ….
pub(crate) fn inline(chart: &Chart) -> String {
    let paint = |ink| match name(ink) {
        Some(name) => format!("var(--{name})"),
        None => hex(Theme::Light.colour(ink)),
    };
    write(chart, &paint, "")
}

/// The variables that [`inline`] asks for, as declarations of CSS.
pub(crate) fn variables(theme: Theme) -> String {
    let plain = [Ink::Paper, Ink::Text, Ink::Muted, Ink::Frame, Ink::Grid];
    let inks = plain.into_iter().chain((0..SERIES).map(Ink::Series));
    inks.filter_map(|ink| Some(format!("--{}:{};", name(ink)?, hex(theme.colour(ink)))))
        .collect()
}

/// What an ink is called whose colour is the theme's.
fn name(ink: Ink) -> Option<String> {
    let name = match ink {
        Ink::Paper => "paper",
        Ink::Text => "text",
        Ink::Muted => "muted",
        Ink::Frame => "frame",
        Ink::Grid => "grid",
        Ink::Series(index) => return Some(format!("series-{}", index % SERIES)),
        Ink::Black | Ink::White | Ink::Amount(_) => return None,
    };
    Some(name.to_owned())
}

fn hex(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn write(chart: &Chart, paint: &dyn Fn(Ink) -> String, namespace: &str) -> String {
    let out = format!(
        "<svg{namespace} role=\"img\" aria-label=\"{}\"",
        escape(&chart.title)
    );
    let mut svg = Svg { out, paint };
    draw::draw(chart, &mut svg);
    svg.out + "</svg>\n"
}

struct Svg<'a> {
    out: String,
    paint: &'a dyn Fn(Ink) -> String,
}

impl Painter for Svg<'_> {
    fn begin(&mut self, (width, height): Place) {
        let (width, height) = (number(width), number(height));
        let _ = writeln!(
            self.out,
            " width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"DejaVu Sans, Verdana, sans-serif\">"
        );
    }

    fn line(&mut self, places: &[Place], ink: Ink, width: f64, dash: Dash) {
        let lengths: Vec<String> = dash.iter().map(|length| number(*length)).collect();
        let dashes = if lengths.is_empty() {
            String::new()
        } else {
            format!(" stroke-dasharray=\"{}\"", lengths.join(" "))
        };
        let _ = writeln!(
            self.out,
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{dashes}/>",
            path(places),
            (self.paint)(ink),
            number(width),
        );
    }

    fn area(&mut self, corners: &[Place], ink: Ink, opacity: f64) {
        let opacity = if opacity < 1.0 {
            format!(" fill-opacity=\"{}\"", number(opacity))
        } else {
            String::new()
        };
        let _ = writeln!(
            self.out,
            "<path d=\"{}Z\" fill=\"{}\"{opacity}/>",
            path(corners),
            (self.paint)(ink)
        );
    }

    fn disc(&mut self, centre: Place, radius: f64, ink: Ink) {
        let _ = writeln!(
            self.out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>",
            tenths(centre.0),
            tenths(centre.1),
            number(radius),
            (self.paint)(ink)
        );
    }

    fn text(&mut self, at: Place, anchor: HPos, size: f64, ink: Ink, text: &str) {
        let anchor = match anchor {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let _ = writeln!(
            self.out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor} fill=\"{}\">{}</text>",
            tenths(at.0),
            tenths(at.1),
            number(size),
            (self.paint)(ink),
            escape(text)
        );
    }
}

fn path(places: &[Place]) -> String {
    let mut out = String::new();
    for (index, (x, y)) in places.iter().enumerate() {
        out.push(if index == 0 { 'M' } else { 'L' });
        out.push_str(&tenths(*x));
        out.push(' ');
        out.push_str(&tenths(*y));
    }
    out
}

/// A place: a tenth of a pixel is enough, and is not seen that the plots of plotters end a unit early.
fn tenths(x: f64) -> String {
    number((x * 10.0).round() / 10.0)
}

/// Two decimals at most: a hundredth of a pixel is not seen.
fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

/// A text as XML and HTML have it. Characters that XML forbids become spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_brought_cannot_leave_its_text() {
        assert_eq!(
            escape("</text><script>\"&\u{1}"),
            "&lt;/text&gt;&lt;script&gt;&quot;&amp; "
        );
    }

    #[test]
    fn numbers_are_short() {
        let all = [1.0, 1.5, -0.001, 0.126].map(number);
        assert_eq!(all, ["1", "1.5", "0", "0.13"]);
    }
}
