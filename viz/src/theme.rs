//! Colours: Okabe–Ito for series (Okabe and Ito 2008), cividis for amounts (Nuñez et al. 2018). People who see fewer
//! colours tell both apart, and each series has a marker and a dash of its own besides.

use plotters::style::Color;
use plotters_backend::BackendColor;

/// On what the picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// Dark on white: print.
    #[default]
    Light,
    /// Light on nearly black.
    Dark,
}

/// What a colour is for. The theme says which it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ink {
    /// What lies under everything.
    Paper,
    /// Titles and labels.
    Text,
    /// What is said less loudly: numbers at ticks, notes.
    Muted,
    /// The frame of the plot and its ticks.
    Frame,
    /// Lines that help the eye.
    Grid,
    /// The series with this index.
    Series(usize),
    /// What can be read on any amount that is light.
    Black,
    /// What can be read on any amount that is dark.
    White,
    /// The colour of an amount, of 255 at most; it is the same in both themes.
    Amount(u8),
}

/// Inks that are there once.
const SINGLE: [Ink; 7] = [
    Ink::Paper,
    Ink::Text,
    Ink::Muted,
    Ink::Frame,
    Ink::Grid,
    Ink::Black,
    Ink::White,
];

/// Through plotters goes the name of an ink, in two of the three bytes of a colour: [`Ink::of`] reads it again. The
/// page of a report has no colours when it is written.
impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        let low = |index: usize| u8::try_from(index).unwrap_or_default();
        let (kind, which) = match self {
            Ink::Series(index) => (1, low(index % SERIES)),
            Ink::Amount(amount) => (2, *amount),
            single => {
                let index = SINGLE.iter().position(|ink| ink == single);
                (0, low(index.unwrap_or_default()))
            }
        };
        BackendColor {
            rgb: (kind, which, 0),
            alpha: 1.0,
        }
    }
}

impl Ink {
    /// The ink that plotters brings; `None` if it cannot be seen.
    pub(crate) fn of(colour: BackendColor) -> Option<Ink> {
        let (kind, which, _) = colour.rgb;
        match kind {
            _ if colour.alpha <= 0.0 => None,
            0 => SINGLE.get(usize::from(which)).copied(),
            1 => Some(Ink::Series(usize::from(which))),
            _ => Some(Ink::Amount(which)),
        }
    }

    /// The ink of an amount between 0 and 1.
    pub(crate) fn amount(share: f64) -> Ink {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates"
        )]
        let amount = (share * 255.0).round() as u8;
        Ink::Amount(amount)
    }

    /// Black or white, whichever is easier to read on an ink (by WCAG's contrast, about).
    pub(crate) fn readable_on(self) -> Ink {
        let Rgb(red, green, blue) = Theme::Light.colour(self);
        let square = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            share * share
        };
        let light = 0.2126 * square(red) + 0.7152 * square(green) + 0.0722 * square(blue);
        if light > 0.18 { Ink::Black } else { Ink::White }
    }
}

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// The number of colours of series; further ones begin anew, with other markers.
pub(crate) const SERIES: usize = 7;

const LIGHT: [Rgb; SERIES] = [
    Rgb(0x00, 0x72, 0xb2), // blue
    Rgb(0xd5, 0x5e, 0x00), // vermilion
    Rgb(0x00, 0x9e, 0x73), // bluish green
    Rgb(0xcc, 0x79, 0xa7), // reddish purple
    Rgb(0xe6, 0x9f, 0x00), // orange
    Rgb(0x56, 0xb4, 0xe9), // sky blue
    Rgb(0x00, 0x00, 0x00), // black
];

/// The lighter colours come first, and yellow, which is not seen on white, is among them.
const DARK: [Rgb; SERIES] = [
    Rgb(0x56, 0xb4, 0xe9), // sky blue
    Rgb(0xe6, 0x9f, 0x00), // orange
    Rgb(0x00, 0x9e, 0x73), // bluish green
    Rgb(0xcc, 0x79, 0xa7), // reddish purple
    Rgb(0xf0, 0xe4, 0x42), // yellow
    Rgb(0xd5, 0x5e, 0x00), // vermilion
    Rgb(0xff, 0xff, 0xff), // white
];

/// Every sixteenth colour of cividis, from the least to the most.
const CIVIDIS: [Rgb; 17] = [
    Rgb(0, 34, 78),
    Rgb(0, 45, 103),
    Rgb(18, 54, 111),
    Rgb(42, 65, 109),
    Rgb(59, 75, 108),
    Rgb(73, 86, 108),
    Rgb(87, 96, 110),
    Rgb(100, 107, 113),
    Rgb(113, 117, 117),
    Rgb(127, 128, 121),
    Rgb(142, 140, 120),
    Rgb(157, 151, 118),
    Rgb(172, 163, 113),
    Rgb(188, 176, 106),
    Rgb(205, 189, 96),
    Rgb(222, 202, 82),
    Rgb(254, 232, 56),
];

impl Theme {
    pub(crate) fn colour(self, ink: Ink) -> Rgb {
        let of = |light, dark| match self {
            Theme::Light => light,
            Theme::Dark => dark,
        };
        match ink {
            Ink::Paper => of(Rgb(0xff, 0xff, 0xff), Rgb(0x16, 0x19, 0x1d)),
            Ink::Text => of(Rgb(0x1a, 0x1a, 0x1a), Rgb(0xec, 0xec, 0xec)),
            Ink::Muted => of(Rgb(0x55, 0x5b, 0x61), Rgb(0xa9, 0xb1, 0xb8)),
            Ink::Frame => of(Rgb(0x6b, 0x72, 0x78), Rgb(0x8a, 0x92, 0x99)),
            Ink::Grid => of(Rgb(0xe6, 0xe8, 0xea), Rgb(0x2d, 0x33, 0x39)),
            Ink::Series(index) => of(LIGHT[index % SERIES], DARK[index % SERIES]),
            Ink::Black => Rgb(0, 0, 0),
            Ink::White => Rgb(0xff, 0xff, 0xff),
            Ink::Amount(amount) => cividis(amount),
        }
    }
}

/// The colour of an amount.
fn cividis(amount: u8) -> Rgb {
    let place = u16::from(amount) * 16;
    let before = (place / 255).min(15);
    let (index, rest) = (usize::from(before), place - before * 255);
    let mix = |from: u8, to: u8| {
        let mixed = (u16::from(from) * (255 - rest) + u16::from(to) * rest + 127) / 255;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    };
    let (Rgb(r, g, b), Rgb(red, green, blue)) = (CIVIDIS[index], CIVIDIS[index + 1]);
    Rgb(mix(r, red), mix(g, green), mix(b, blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_lighter() {
        let light = |Rgb(r, g, b): Rgb| u32::from(r) * 2 + u32::from(g) * 7 + u32::from(b);
        for amount in 0..255 {
            assert!(
                light(cividis(amount)) <= light(cividis(amount + 1)),
                "{amount}"
            );
        }
    }

    #[test]
    fn inks_come_back_from_plotters() {
        let others = [Ink::Series(3), Ink::amount(0.0), Ink::amount(1.0)];
        for ink in SINGLE.into_iter().chain(others) {
            assert_eq!(Ink::of(ink.to_backend_color()), Some(ink));
        }
        assert_eq!(Ink::of(Ink::Text.mix(0.0).to_backend_color()), None);
    }

    #[test]
    fn no_two_series_share_a_colour() {
        for theme in [Theme::Light, Theme::Dark] {
            let all: Vec<Rgb> = (0..SERIES).map(|i| theme.colour(Ink::Series(i))).collect();
            for (index, colour) in all.iter().enumerate() {
                assert!(!all[..index].contains(colour));
                assert_ne!(*colour, theme.colour(Ink::Paper));
            }
        }
    }
}
