//! Colours: Okabe–Ito for series (Okabe and Ito 2008), cividis for amounts (Nuñez et al. 2018). People who see fewer
//! colours tell both apart, and each series has a marker and a dash of its own besides.

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
    /// A colour that means an amount, the same in both themes.
    Amount(Rgb),
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
            Ink::Amount(colour) => colour,
        }
    }
}

/// The colour of an amount between 0 and 1.
pub(crate) fn amount(share: f64) -> Rgb {
    let place = share.clamp(0.0, 1.0) * 16.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 15: the entry before it"
    )]
    let index = (place as usize).min(15);
    let rest = place - crate::chart::float(index);
    let mix = |from: u8, to: u8| {
        let mixed = f64::from(from) + (f64::from(to) - f64::from(from)) * rest;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between two bytes"
        )]
        let byte = mixed.round() as u8;
        byte
    };
    let (Rgb(r, g, b), Rgb(red, green, blue)) = (CIVIDIS[index], CIVIDIS[index + 1]);
    Rgb(mix(r, red), mix(g, green), mix(b, blue))
}

/// Black or white, whichever is easier to read on a colour (by WCAG's contrast, about).
pub(crate) fn readable_on(Rgb(red, green, blue): Rgb) -> Rgb {
    let square = |byte: u8| {
        let share = f64::from(byte) / 255.0;
        share * share
    };
    let light = 0.2126 * square(red) + 0.7152 * square(green) + 0.0722 * square(blue);
    if light > 0.18 {
        Rgb(0, 0, 0)
    } else {
        Rgb(0xff, 0xff, 0xff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_lighter() {
        let light = |Rgb(r, g, b): Rgb| u32::from(r) * 2 + u32::from(g) * 7 + u32::from(b);
        for step in 0..100 {
            let share = f64::from(step) / 100.0;
            assert!(
                light(amount(share)) <= light(amount(share + 0.01)),
                "{share}"
            );
        }
        assert_eq!(amount(0.0), CIVIDIS[0]);
        assert_eq!(amount(1.0), CIVIDIS[16]);
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
