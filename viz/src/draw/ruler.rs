//! From the numbers of an axis to places along it, and where its ticks are: plotters' linear and logarithmic axes with
//! ticks of our own.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{IntoLogRange, LogCoord};
use sim_core::kernel::random::detmath::{exp, ln};

use crate::chart::{Axis, Scale, float};
use crate::maths::{decade, ten_to};
use crate::number::{Style, power};

/// An axis that knows its ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ruler {
    scale: Scale,
    low: f64,
    high: f64,
    /// Steps of a linear axis.
    step: f64,
    style: Style,
    pub(crate) title: String,
    pub(crate) ticks: Vec<Tick>,
}

/// A mark on an axis; a small one has no label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// How an axis ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// At a tick, so that the highest value is easily read.
    AtTicks,
    /// A little beyond the data.
    Near,
    /// Exactly where the data end.
    Exact,
}

impl Ruler {
    /// A ruler for an axis that has to show `values`, those that have no place on it left out.
    pub(crate) fn new(axis: &Axis, values: impl Iterator<Item = f64>, ends: Ends) -> Ruler {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| has_place(axis.scale, *value)) {
            (low, high) = (low.min(value), high.max(value));
        }
        let given = axis.range.filter(|(from, to)| {
            from != to && has_place(axis.scale, from.min(*to)) && to.is_finite()
        });
        let ends = if given.is_some() { Ends::Exact } else { ends };
        if let Some((from, to)) = given {
            (low, high) = (from.min(to), from.max(to));
        }
        let mut ruler = Ruler {
            scale: axis.scale,
            low,
            high,
            step: 1.0,
            style: Style::of(&axis.unit, high),
            title: String::new(),
            ticks: Vec::new(),
        };
        match axis.scale {
            Scale::Linear => ruler.divide_linear(ends),
            Scale::Log => ruler.divide_log(ends),
        }
        ruler.use_samples(axis);
        ruler.title = ruler.style.title(&axis.label);
        ruler
    }

    /// A ruler for things with names: the first has its middle at ½, the next at 1½.
    pub(crate) fn of_names(names: &[String], axis: &Axis) -> Ruler {
        let style = Style::of(&axis.unit, 0.0);
        let tick = |(index, name): (usize, &String)| Tick {
            value: float(index) + 0.5,
            label: name.clone(),
        };
        Ruler {
            scale: Scale::Linear,
            low: 0.0,
            high: float(names.len().max(1)),
            step: 1.0,
            title: style.title(&axis.label),
            style,
            ticks: names.iter().enumerate().map(tick).collect(),
        }
    }

    /// Whether a value has a place between the ends. What lies on an end does, whatever the last bit says.
    pub(crate) fn holds(&self, value: f64) -> bool {
        let around = match self.scale {
            Scale::Linear => (self.high - self.low) * 1e-9,
            Scale::Log => value.abs() * 1e-9,
        };
        has_place(self.scale, value) && (self.low - around..=self.high + around).contains(&value)
    }

    /// The value, or the end that is nearer to it.
    pub(crate) fn within(&self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// Where a value is: 0 at the lower end, 1 at the upper. `None` if it is not on the axis.
    pub(crate) fn share(&self, value: f64) -> Option<f64> {
        const LENGTH: i32 = 1 << 20;
        let place = self.map(&self.within(value), (0, LENGTH));
        self.holds(value)
            .then_some(f64::from(place) / f64::from(LENGTH))
    }

    /// The value that lies higher by such a share of the axis.
    pub(crate) fn moved(&self, value: f64, share: f64) -> f64 {
        match self.scale {
            Scale::Linear => value + share * (self.high - self.low),
            Scale::Log => exp(ln(value) + share * (ln(self.high) - ln(self.low))),
        }
    }

    /// Takes labels away that would touch the one before, if the axis is so long and labels have such extents along it.
    /// Of labels at equal distances every second stays, or every third, ….
    pub(crate) fn thin(&mut self, length: f64, extent: impl Fn(&str) -> f64, gap: f64) {
        let labelled = self.ticks.iter().filter(|tick| !tick.label.is_empty());
        let places: Vec<(f64, f64)> = labelled
            .map(|tick| {
                let share = self.share(tick.value).unwrap_or(0.0);
                (share * length, extent(&tick.label))
            })
            .collect();
        let steps = || places.windows(2).map(|pair| pair[1].0 - pair[0].0);
        let shortest = steps().fold(f64::INFINITY, f64::min);
        let widest = places.iter().map(|(_, extent)| *extent).fold(0.0, f64::max);
        let mut every = 1;
        if steps().all(|step| step - shortest < 0.1) {
            while shortest * float(every) < widest + gap {
                every += 1;
            }
        }
        let mut free_from = f64::NEG_INFINITY;
        let labels = self.ticks.iter_mut().map(|tick| &mut tick.label);
        let labelled = labels.filter(|label| !label.is_empty());
        for (index, (label, (place, extent))) in labelled.zip(places).enumerate() {
            if index % every == 0 && place - extent / 2.0 > free_from {
                free_from = place + extent / 2.0 + gap;
            } else {
                label.clear();
            }
        }
    }

    /// Where ticks without labels are.
    pub(crate) fn small_ticks(&self) -> impl Iterator<Item = f64> {
        let small = |tick: &&Tick| tick.label.is_empty() && self.holds(tick.value);
        self.ticks.iter().filter(small).map(|tick| tick.value)
    }

    /// How values are written that stand in a table of colours: with equally many decimals, or on a log scale with
    /// equally many digits.
    pub(crate) fn cell(&self, value: f64, all_whole: bool) -> String {
        match self.scale {
            Scale::Log => self.style.value(value, 3),
            Scale::Linear if all_whole && !self.style.has_suffix() => self.style.value(value, 15),
            Scale::Linear => self.style.step(value, (self.high - self.low) / 500.0),
        }
    }

    fn divide_linear(&mut self, ends: Ends) {
        if self.low > self.high {
            (self.low, self.high) = (0.0, 1.0);
        }
        // From zero, unless that would press the data into the upper half.
        if ends != Ends::Exact && self.low > 0.0 && self.low <= self.high / 2.0 {
            self.low = 0.0;
        }
        if self.low == self.high {
            let around = if self.low == 0.0 {
                1.0
            } else {
                self.low.abs() / 4.0
            };
            (self.low, self.high) = match self.low {
                0.0 => (0.0, around),
                middle => (middle - around, middle + around),
            };
        }
        let span = self.high - self.low;
        let steps = if ends == Ends::AtTicks { 7.0 } else { 8.0 };
        self.step = nice(span / steps);
        match ends {
            Ends::AtTicks => {
                self.low = (self.low / self.step + 1e-9).floor() * self.step;
                self.high = (self.high / self.step - 1e-9).ceil() * self.step;
            }
            Ends::Near => {
                self.low -= if self.low == 0.0 { 0.0 } else { span * 0.03 };
                self.high += span * 0.03;
            }
            Ends::Exact => {}
        }
        let mut index = (self.low / self.step - 1e-9).ceil();
        while index * self.step <= self.high + span * 1e-9 {
            // Without the sum, a zero might be a negative one.
            let value = index * self.step + 0.0;
            let label = self.style.step(value, self.step);
            self.ticks.push(Tick { value, label });
            index += 1.0;
        }
    }

    fn divide_log(&mut self, ends: Ends) {
        if self.low > self.high || self.low <= 0.0 {
            (self.low, self.high) = (1.0, 10.0);
        }
        if ends != Ends::Exact || self.low == self.high {
            let span = ln(self.high) - ln(self.low);
            // An axis of less than a factor of two would have no ticks.
            let around = if span < 0.7 { 0.5 } else { span * 0.05 };
            self.low = exp(ln(self.low) - around);
            self.high = exp(ln(self.high) + around);
        }
        let (first, last) = (
            decade(self.low * (1.0 - 1e-9)) + 1,
            decade(self.high * (1.0 + 1e-9)),
        );
        let decades = last - first + 1;
        if decades <= 2 {
            self.divide_few_decades(first, last);
        } else {
            self.divide_decades(first, last);
        }
    }

    /// Labels at powers of ten, small ticks between them if there is room.
    fn divide_decades(&mut self, first: i32, last: i32) {
        let every = (last - first) / 7 + 1;
        let in_powers = self.powers(first, last);
        for exponent in first - 1..=last {
            let value = ten_to(exponent);
            let labelled = (exponent - first) % every == 0;
            if exponent >= first && (labelled || every < 6) {
                let label = match labelled {
                    true if in_powers => power(decade(self.style.scaled(value) * (1.0 + 1e-9))),
                    true => self.style.value(value, 3),
                    false => String::new(),
                };
                self.ticks.push(Tick { value, label });
            }
            if every == 1 {
                self.push_small_ticks(exponent, &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
            }
        }
    }

    /// Labels at 1, 2 and 5 times powers of ten.
    fn divide_few_decades(&mut self, first: i32, last: i32) {
        for exponent in first - 1..=last {
            for factor in [1.0, 2.0, 5.0] {
                let value = factor * ten_to(exponent);
                if self.share(value).is_some() {
                    let label = self.style.value(value, 3);
                    self.ticks.push(Tick { value, label });
                }
            }
            self.push_small_ticks(exponent, &[3.0, 4.0, 6.0, 7.0, 8.0, 9.0]);
        }
    }

    fn push_small_ticks(&mut self, exponent: i32, factors: &[f64]) {
        for factor in factors {
            let value = factor * ten_to(exponent);
            if self.share(value).is_some() {
                self.ticks.push(Tick {
                    value,
                    label: String::new(),
                });
            }
        }
    }

    /// Whether labels are 10², 10³ and not 100, 1000: when some would be long. All are of one kind.
    fn powers(&mut self, first: i32, last: i32) -> bool {
        let scaled = |exponent| decade(self.style.scaled(ten_to(exponent)) * (1.0 + 1e-9));
        if self.style.is_share() {
            return false;
        }
        let long =
            scaled(first) < -2 || scaled(last) > 3 || self.high >= 1e4 && self.style.has_suffix();
        if long {
            self.style.drop_suffix();
        }
        long
    }

    /// Few sampled values are better ticks than round numbers.
    fn use_samples(&mut self, axis: &Axis) {
        let placed: Vec<f64> = axis
            .ticks
            .iter()
            .copied()
            .filter(|value| self.share(*value).is_some())
            .collect();
        if placed.is_empty() || placed.len() > 12 {
            return;
        }
        let style = Style::exact(&axis.unit, self.high);
        self.ticks = placed
            .into_iter()
            .map(|value| Tick {
                value,
                label: style.value(value, 6),
            })
            .collect();
        self.style = style;
    }
}

impl Ranged for Ruler {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    /// Plotters takes the logarithm of the host. Its last bit may differ; the whole unit that comes of it does not.
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        match self.scale {
            Scale::Linear => RangedCoordf64::from(self.low..self.high).map(value, limit),
            Scale::Log => LogCoord::from((self.low..self.high).log_scale()).map(value, limit),
        }
    }

    /// Ticks with labels. The small ones have no lines in the grid.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        let labelled = self.ticks.iter().filter(|tick| !tick.label.is_empty());
        labelled.map(|tick| tick.value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Ruler {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|tick| tick.value == *value);
        tick.map_or_else(String::new, |tick| tick.label.clone())
    }
}

/// Whether a value can be on an axis of such a scale at all. Nothing that is measured is so large, or so near zero,
/// that the arithmetic of an axis has to fear for its floats.
pub(crate) fn has_place(scale: Scale, value: f64) -> bool {
    value.abs() < 1e150 && (scale == Scale::Linear || value > 1e-150)
}

/// The nearest of 1, 2, 5 times a power of ten that is not below `least`.
fn nice(least: f64) -> f64 {
    let ten = ten_to(decade(least));
    let found = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * ten >= least * (1.0 - 1e-9));
    found.unwrap_or(10.0) * ten
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Unit;

    fn labels(axis: &Axis, values: &[f64]) -> Vec<String> {
        let ruler = Ruler::new(axis, values.iter().copied(), Ends::AtTicks);
        let labels = ruler.ticks.into_iter().map(|tick| tick.label);
        labels.filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn log_axes_have_powers_or_plain_numbers_but_not_both() {
        let axis = Axis::log("messages");
        assert_eq!(
            labels(&axis, &[3.0, 300.0]),
            ["5", "10", "20", "50", "100", "200"]
        );
        assert_eq!(labels(&axis, &[1.0, 1500.0]), ["1", "10", "100", "1000"]);
        assert_eq!(
            labels(&axis, &[12.0, 1e6]),
            ["10", "10²", "10³", "10⁴", "10⁵", "10⁶"]
        );
        assert_eq!(labels(&axis, &[12e3, 60e3]), ["20k", "50k"]);
    }

    #[test]
    fn a_time_has_the_unit_that_suits_it() {
        let axis = Axis::linear("latency").with_unit(Unit::Nanoseconds);
        assert_eq!(
            labels(&axis, &[1e6, 9.5e6]),
            ["0", "2", "4", "6", "8", "10"]
        );
        let ruler = Ruler::new(&axis, [1e6, 9.5e6].into_iter(), Ends::AtTicks);
        assert_eq!(ruler.title, "latency (ms)");
    }

    #[test]
    fn few_sampled_values_are_the_ticks() {
        let axis = Axis::log("n").with_ticks(vec![4.0, 64.0, 16_384.0]);
        assert_eq!(
            labels(&axis, &[4.0, 16_384.0]),
            ["4", "64", "16\u{202f}384"]
        );
    }

    #[test]
    fn labels_that_would_touch_are_left_out() {
        let left = |mut ruler: Ruler| {
            ruler.thin(100.0, |_| 15.0, 5.0);
            let labels = ruler.ticks.into_iter().map(|tick| tick.label);
            labels.filter(|label| !label.is_empty()).collect::<String>()
        };
        let names: Vec<String> = "abcdefgh".chars().map(String::from).collect();
        assert_eq!(left(Ruler::of_names(&names, &Axis::default())), "aceg");
        let axis = Axis::linear("n").with_ticks(vec![1.0, 5.0, 6.0, 9.0]);
        let ruler = Ruler::new(&axis, [0.0, 10.0].into_iter(), Ends::Exact);
        assert_eq!(left(ruler), "159");
    }

    #[test]
    fn a_log_axis_has_no_zero() {
        let ruler = Ruler::new(&Axis::log("n"), [0.0, 1.0, 100.0].into_iter(), Ends::Near);
        assert_eq!(ruler.share(0.0), None);
        assert!(
            ruler
                .share(1.0)
                .is_some_and(|share| share > 0.0 && share < 0.1)
        );
    }

    /// No data, one value, or the same value again and again must not divide by zero.
    #[test]
    fn every_set_of_values_has_an_axis() {
        for axis in [Axis::linear("x"), Axis::log("x")] {
            for values in [
                &[][..],
                &[0.0],
                &[5.0, 5.0],
                &[f64::NAN],
                &[-3.0],
                &[1e-300, 1e-140, 1e140, 1e300],
            ] {
                for ends in [Ends::AtTicks, Ends::Near, Ends::Exact] {
                    let ruler = Ruler::new(&axis, values.iter().copied(), ends);
                    assert!(ruler.ticks.len() < 300, "{axis:?} {values:?}");
                    for value in values.iter().filter(|value| has_place(axis.scale, **value)) {
                        assert!(
                            ruler.share(*value).is_some(),
                            "{axis:?} {values:?} {ends:?}"
                        );
                    }
                }
            }
        }
    }
}
