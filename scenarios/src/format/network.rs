//! What the network and the links above it do, as a scenario says it.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use super::nodes::NodeSet;
use super::place::Place;
use sim_core::kernel::random::{Delay, Probability};
use sim_core::kernel::time::Span;

/// How a message finds its way in a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// To neighbours only: what is sent to another has no link, and is dropped.
    Direct,
    /// Every node passes on what it sees for the first time.
    Flooding {
        /// Over so many links at most, from 1.
        ttl: u32,
    },
}

/// What is known of how long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Nothing.
    Asynchronous,
    /// From some time on no message takes longer than a bound.
    PartiallySynchronous {
        /// Time since the start.
        gst: Span,
        /// Above zero.
        bound: Span,
    },
}

/// What the network does to a message. As a [`Conduct`] it is what holds where nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// What holds where [`Network::between`] says nothing else.
    pub everywhere: Conduct,
    /// Frames carry a checksum, so that corruption becomes loss.
    pub checksum: bool,
    /// What differs between some nodes; of two entries for one link the later wins.
    pub between: Vec<Between>,
}

impl Deref for Network {
    type Target = Conduct;

    fn deref(&self) -> &Conduct {
        &self.everywhere
    }
}

/// What one direction of a link does to a copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Conduct {
    /// How long a copy travels.
    pub latency: Delay,
    /// How likely it is lost.
    pub loss: Loss,
    /// How likely it arrives twice.
    pub duplicate: Probability,
    /// How likely some of its bytes change.
    pub corrupt: Probability,
    /// Copies do not overtake each other.
    pub fifo: bool,
    /// How much passes; no limit if none.
    pub bandwidth: Option<Rate>,
    /// Bytes that may wait for their turn before what comes is dropped; plays a part only with a bandwidth.
    pub queue: u64,
}

/// What differs from the network's [`Conduct`] between some nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// Its place in the list, from 0.
    pub index: usize,
    /// The senders.
    pub from: NodeSet,
    /// The receivers.
    pub to: NodeSet,
    /// In the other direction too.
    pub both: bool,
    /// What differs.
    pub differs: Differences,
    /// The entry with every default filled in, on one line: what its draws depend on.
    pub text: String,
    /// Where it is written.
    pub place: Place,
}

/// Some fields of a [`Conduct`]; what is none is left as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// See [`Conduct::latency`].
    pub latency: Option<Delay>,
    /// See [`Conduct::loss`].
    pub loss: Option<Loss>,
    /// See [`Conduct::duplicate`].
    pub duplicate: Option<Probability>,
    /// See [`Conduct::corrupt`].
    pub corrupt: Option<Probability>,
    /// See [`Conduct::fifo`].
    pub fifo: Option<bool>,
    /// See [`Conduct::bandwidth`].
    pub bandwidth: Option<Rate>,
    /// See [`Conduct::queue`].
    pub queue: Option<u64>,
}

impl Differences {
    /// `conduct` with these differences.
    #[must_use]
    pub fn over(&self, conduct: &Conduct) -> Conduct {
        Conduct {
            latency: self
                .latency
                .clone()
                .unwrap_or_else(|| conduct.latency.clone()),
            loss: self.loss.unwrap_or(conduct.loss),
            duplicate: self.duplicate.unwrap_or(conduct.duplicate),
            corrupt: self.corrupt.unwrap_or(conduct.corrupt),
            fifo: self.fifo.unwrap_or(conduct.fifo),
            bandwidth: self.bandwidth.or(conduct.bandwidth),
            queue: self.queue.unwrap_or(conduct.queue),
        }
    }
}

/// How copies are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Each by itself.
    Each(Probability),
    /// In bursts: a link is in one of two states, and may change before each copy.
    GilbertElliott {
        /// How likely a good link goes bad.
        to_bad: Probability,
        /// How likely a bad link recovers.
        to_good: Probability,
        /// How likely a copy is lost while the link is good.
        good: Probability,
        /// How likely a copy is lost while the link is bad.
        bad: Probability,
    },
}

impl Loss {
    /// No loss at all.
    pub const NEVER: Loss = Loss::Each(Probability::NEVER);

    /// Is nothing ever lost? A link is good in the beginning.
    #[must_use]
    pub const fn is_never(&self) -> bool {
        match self {
            Loss::Each(p) => p.is_never(),
            Loss::GilbertElliott {
                to_bad, good, bad, ..
            } => good.is_never() && (bad.is_never() || to_bad.is_never()),
        }
    }
}

/// In words: `0.1`, `bursts (0 when good, 1 when bad)`.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Each(p) => p.fmt(f),
            Loss::GilbertElliott { good, bad, .. } => {
                write!(f, "bursts ({good} when good, {bad} when bad)")
            }
        }
    }
}

/// How much passes in a second: whole bits, above zero. Written with a unit: `"10Mbit/s"`, `"125kB/s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    bits_per_second: u64,
}

/// The units of a rate from large to small, and how many bits a second each is. The `k` is a thousand, as in all
/// networks, and the `Ki` is 1024.
pub(super) const RATE_UNITS: [(&str, u64); 11] = [
    ("Gbit/s", 1_000_000_000),
    ("Mbit/s", 1_000_000),
    ("kbit/s", 1_000),
    ("bit/s", 1),
    ("GiB/s", 8 << 30),
    ("MiB/s", 8 << 20),
    ("KiB/s", 8 << 10),
    ("GB/s", 8_000_000_000),
    ("MB/s", 8_000_000),
    ("kB/s", 8_000),
    ("B/s", 8),
];

impl Rate {
    /// So many bits a second; none if that is zero.
    #[must_use]
    pub const fn new(bits_per_second: u64) -> Option<Rate> {
        if bits_per_second == 0 {
            return None;
        }
        Some(Rate { bits_per_second })
    }

    /// Bits a second.
    #[must_use]
    pub const fn bits_per_second(self) -> u64 {
        self.bits_per_second
    }
}

/// With the largest decimal unit of bits that leaves a whole number: `1Mbit/s`. Reads back to the same rate.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, bits): &(&str, u64)| self.bits_per_second.is_multiple_of(*bits);
        let (unit, bits) = RATE_UNITS.into_iter().find(fits).unwrap_or(("bit/s", 1));
        write!(f, "{}{unit}", self.bits_per_second / bits)
    }
}

/// Why a text is no [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateError {
    /// It is not a decimal number and a unit, or the number is too large.
    Syntax,
    /// What follows the number is no unit of a rate.
    UnknownUnit,
    /// It is no whole number of bits a second, or none.
    Fraction,
}

impl FromStr for Rate {
    type Err = RateError;

    /// Reads a decimal number and a unit, exactly.
    fn from_str(text: &str) -> Result<Rate, RateError> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
            .unwrap_or(text.len());
        let (number, unit) = (text[..end].replace('_', ""), text[end..].trim_start());
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 18 {
            return Err(RateError::Syntax);
        }
        let (_, bits) = RATE_UNITS
            .into_iter()
            .find(|(known, _)| *known == unit)
            .ok_or(RateError::UnknownUnit)?;
        let tenths = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(u32::MAX));
        let number: u64 = whole.parse().map_err(|_| RateError::Syntax)?;
        let fraction: u128 = format!("0{fraction}").parse().unwrap_or(0);
        let scaled = (u128::from(number) * tenths + fraction)
            .checked_mul(u128::from(bits))
            .ok_or(RateError::Syntax)?;
        if scaled % tenths != 0 {
            return Err(RateError::Fraction);
        }
        let bits = u64::try_from(scaled / tenths).map_err(|_| RateError::Syntax)?;
        Rate::new(bits).ok_or(RateError::Fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_and_read_back() {
        for (text, bits) in [
            ("10Mbit/s", 10_000_000),
            ("125kB/s", 1_000_000),
            ("1.5 Gbit/s", 1_500_000_000),
            ("1KiB/s", 8192),
            ("0.125B/s", 1),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.bits_per_second(), bits, "{text}");
            assert_eq!(rate.to_string().parse(), Ok(rate));
        }
        for (text, error) in [
            ("10", RateError::UnknownUnit),
            ("Mbit/s", RateError::Syntax),
            ("-1bit/s", RateError::Syntax),
            ("0bit/s", RateError::Fraction),
            ("0.5bit/s", RateError::Fraction),
            ("99999999999Gbit/s", RateError::Syntax),
            ("10mbit/s", RateError::UnknownUnit),
        ] {
            assert_eq!(text.parse::<Rate>(), Err(error), "{text}");
        }
    }
}
