//! A picture as SVG: real strokes, dashes and texts, so that it can be edited for a paper.

use std::fmt::Write;

use crate::picture::{Anchor, Item, Picture, Place};
use crate::theme::{Ink, Rgb, SERIES, Theme};

/// A file of its own, on its paper.
pub(crate) fn file(picture: &Picture, theme: Theme) -> String {
    let paint = |ink| hex(theme.colour(ink));
    write(picture, &paint, r#" xmlns="http://www.w3.org/2000/svg""#)
}

/// An element of a page, whose colours are variables: `--text`, `--series-0`, ….
pub(crate) fn inline(picture: &Picture) -> String {
    let paint = |ink| match ink {
        Ink::Amount(colour) => hex(colour),
        other => format!("var(--{})", name(other)),
    };
    write(picture, &paint, "")
}

/// The variables that [`inline`] asks for, as declarations of CSS.
pub(crate) fn variables(theme: Theme) -> String {
    let plain = [Ink::Paper, Ink::Text, Ink::Muted, Ink::Frame, Ink::Grid];
    let inks = plain.into_iter().chain((0..SERIES).map(Ink::Series));
    inks.map(|ink| format!("--{}:{};", name(ink), hex(theme.colour(ink))))
        .collect()
}

fn name(ink: Ink) -> String {
    match ink {
        Ink::Paper => "paper".to_owned(),
        Ink::Text => "text".to_owned(),
        Ink::Muted => "muted".to_owned(),
        Ink::Frame => "frame".to_owned(),
        Ink::Grid => "grid".to_owned(),
        Ink::Series(index) => format!("series-{}", index % SERIES),
        Ink::Amount(colour) => hex(colour),
    }
}

fn hex(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

type Paint<'a> = &'a dyn Fn(Ink) -> String;

fn write(picture: &Picture, paint: Paint, namespace: &str) -> String {
    let (width, height) = (number(picture.width), number(picture.height));
    let title = escape(&picture.title);
    let mut out = format!(
        "<svg{namespace} role=\"img\" aria-label=\"{title}\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans, Verdana, sans-serif\">\n"
    );
    let paper = paint(Ink::Paper);
    let _ = writeln!(
        out,
        "<rect width=\"{width}\" height=\"{height}\" fill=\"{paper}\"/>"
    );
    for item in &picture.items {
        out.push_str(&element(item, paint));
        out.push('\n');
    }
    out.push_str("</svg>\n");
    out
}

fn element(item: &Item, paint: Paint) -> String {
    match item {
        Item::Line {
            places,
            ink,
            width,
            dash,
        } => {
            let lengths: Vec<String> = dash.iter().map(|length| number(*length)).collect();
            let dashes = if lengths.is_empty() {
                String::new()
            } else {
                format!(" stroke-dasharray=\"{}\"", lengths.join(" "))
            };
            format!(
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{dashes}/>",
                path(places),
                paint(*ink),
                number(*width),
            )
        }
        Item::Area {
            corners,
            ink,
            opacity,
        } => {
            let opacity = if *opacity < 1.0 {
                format!(" fill-opacity=\"{}\"", number(*opacity))
            } else {
                String::new()
            };
            format!(
                "<path d=\"{}Z\" fill=\"{}\"{opacity}/>",
                path(corners),
                paint(*ink)
            )
        }
        Item::Disc {
            centre,
            radius,
            ink,
        } => format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>",
            number(centre.0),
            number(centre.1),
            number(*radius),
            paint(*ink)
        ),
        Item::Text {
            at,
            anchor,
            size,
            ink,
            text,
        } => {
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            format!(
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor} fill=\"{}\">{}</text>",
                number(at.0),
                number(at.1),
                number(*size),
                paint(*ink),
                escape(text)
            )
        }
    }
}

fn path(places: &[Place]) -> String {
    let mut out = String::new();
    for (index, (x, y)) in places.iter().enumerate() {
        out.push(if index == 0 { 'M' } else { 'L' });
        out.push_str(&number(*x));
        out.push(' ');
        out.push_str(&number(*y));
    }
    out
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
