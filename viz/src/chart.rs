//! What a chart is: a plain value that says what is shown, not where.

use crate::table::Table;
use crate::theme::Theme;
use crate::{png, svg};

/// A chart with a title, two axes and a body. [`Chart::svg`] and [`Chart::png`] draw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// One line that says what is compared; broken into several if it is long.
    pub title: String,
    /// Smaller, below the title: the protocol, the parameters, how many runs. May be empty.
    pub subtitle: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub body: Body,
    /// Sentences below the chart. What drawing leaves out (a zero on a log axis) is added by itself.
    pub notes: Vec<String>,
    /// Width and height in pixels; a long legend or many notes make a picture higher.
    pub size: (u32, u32),
}

/// What is drawn between the axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Lines, points, steps or curves.
    Series(Vec<Series>),
    /// A table of colours.
    Heat(Heat),
}

/// An axis: what it measures and how it is divided.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Axis {
    /// What is measured, without the unit.
    pub label: String,
    /// What the numbers count.
    pub unit: Unit,
    /// How numbers become places.
    pub scale: Scale,
    /// The values that were sampled: they are the ticks if there are few. Empty: the axis chooses.
    pub ticks: Vec<f64>,
    /// The ends of the axis. `None`: what the data need.
    pub range: Option<(f64, f64)>,
}

/// What the numbers of an axis count.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Unit {
    /// Nothing that has to be said: nodes, messages.
    #[default]
    None,
    /// Nanoseconds, shown in the unit that suits the largest: ns, µs, ms or s.
    Nanoseconds,
    /// Bytes, shown in B, kB, MB or GB (powers of 1000).
    Bytes,
    /// Shares of one, shown in per cent.
    Share,
    /// Another one, by its name: `messages/s`.
    Named(String),
}

/// How numbers become places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal steps are equal distances.
    #[default]
    Linear,
    /// Equal factors are equal distances; what is not above zero has no place.
    Log,
}

/// Points with one name, one colour and one marker.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// As the legend calls it. Empty: it is not in the legend.
    pub name: String,
    /// In the order in which a line joins them.
    pub points: Vec<Point>,
    /// How they are drawn.
    pub shape: Shape,
    /// What theory says: dashed, in the same colour.
    pub theory: Option<Curve>,
    /// What was fitted: dotted, in the same colour.
    pub fit: Option<Curve>,
}

/// A value with its interval; `low` and `high` are `y` if there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where on the horizontal axis.
    pub x: f64,
    /// The value, mostly a mean.
    pub y: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// How the points of a series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A marker at each point, a bar for its interval, a line between them unless there is a line of theory or a fit.
    Line,
    /// Markers and bars, no line.
    Points,
    /// Steps, as a distribution function has them: the value holds from its `x` to the next.
    Steps,
    /// A line without markers; the interval is a band.
    Curve,
}

/// A line that was computed, with its words in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// As the legend calls it: `n·(n−1)`, `n^1.98`.
    pub label: String,
    /// The line, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A table of colours: one value for each pair of two parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    /// The columns, from left to right.
    pub columns: Vec<String>,
    /// The rows, from the bottom up.
    pub rows: Vec<String>,
    /// `values[row][column]`; `None` where nothing was measured.
    pub values: Vec<Vec<Option<f64>>>,
    /// What the colours mean: the axis of the scale bar.
    pub value: Axis,
}

impl Chart {
    /// A chart of series, with 760 × 460 pixels.
    #[must_use]
    pub fn of_series(title: &str, x: Axis, y: Axis, series: Vec<Series>) -> Chart {
        Chart::new(title, x, y, Body::Series(series))
    }

    /// A heat map, with 760 × 460 pixels. Of `x` and `y` only labels and units count.
    #[must_use]
    pub fn of_heat(title: &str, x: Axis, y: Axis, heat: Heat) -> Chart {
        Chart::new(title, x, y, Body::Heat(heat))
    }

    fn new(title: &str, x: Axis, y: Axis, body: Body) -> Chart {
        Chart {
            title: title.to_owned(),
            subtitle: String::new(),
            x,
            y,
            body,
            notes: Vec::new(),
            size: (760, 460),
        }
    }

    /// The text of an SVG file.
    #[must_use]
    pub fn svg(&self, theme: Theme) -> String {
        svg::file(self, theme)
    }

    /// An SVG element for a page that defines the colours: see [`crate::report`].
    pub(crate) fn inline_svg(&self) -> String {
        svg::inline(self)
    }

    /// The bytes of a PNG file with `scale` pixels for each of [`Chart::size`]; 2 is sharp on most screens and in print.
    #[must_use]
    pub fn png(&self, theme: Theme, scale: u32) -> Vec<u8> {
        png::file(self, theme, scale)
    }

    /// The numbers that the chart shows, one row a point.
    #[must_use]
    pub fn table(&self) -> Table {
        Table::of(self)
    }
}

impl Axis {
    /// A linear axis without a unit.
    #[must_use]
    pub fn linear(label: &str) -> Axis {
        Axis {
            label: label.to_owned(),
            ..Axis::default()
        }
    }

    /// A log axis without a unit.
    #[must_use]
    pub fn log(label: &str) -> Axis {
        Axis {
            scale: Scale::Log,
            ..Axis::linear(label)
        }
    }

    /// The same axis with a unit.
    #[must_use]
    pub fn with_unit(self, unit: Unit) -> Axis {
        Axis { unit, ..self }
    }

    /// The same axis with the sampled values as its ticks.
    #[must_use]
    pub fn with_ticks(self, ticks: Vec<f64>) -> Axis {
        Axis { ticks, ..self }
    }

    /// The same axis from `low` to `high`.
    #[must_use]
    pub fn with_range(self, low: f64, high: f64) -> Axis {
        Axis {
            range: Some((low, high)),
            ..self
        }
    }
}

impl Series {
    /// A series without theory and fit.
    #[must_use]
    pub fn new(name: &str, shape: Shape, points: Vec<Point>) -> Series {
        Series {
            name: name.to_owned(),
            points,
            shape,
            theory: None,
            fit: None,
        }
    }

    /// The distribution function of samples: at each value, the share that is not above it.
    #[must_use]
    pub fn distribution(name: &str, samples: &[f64]) -> Series {
        let mut sorted: Vec<f64> = samples.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let mut points: Vec<Point> = Vec::new();
        for (index, x) in sorted.iter().enumerate() {
            let share = float(index + 1) / float(sorted.len());
            match points.last_mut() {
                Some(last) if last.x == *x => *last = Point::exact(*x, share),
                _ => points.push(Point::exact(*x, share)),
            }
        }
        Series::new(name, Shape::Steps, points)
    }

    /// The same series with a dashed line.
    #[must_use]
    pub fn with_theory(self, label: &str, points: Vec<(f64, f64)>) -> Series {
        Series {
            theory: Some(Curve::new(label, points)),
            ..self
        }
    }

    /// The same series with a dotted line.
    #[must_use]
    pub fn with_fit(self, label: &str, points: Vec<(f64, f64)>) -> Series {
        Series {
            fit: Some(Curve::new(label, points)),
            ..self
        }
    }
}

impl Point {
    /// A value without an interval.
    #[must_use]
    pub fn exact(x: f64, y: f64) -> Point {
        Point {
            x,
            y,
            low: y,
            high: y,
        }
    }

    pub(crate) fn has_interval(&self) -> bool {
        self.low < self.y || self.high > self.y
    }
}

impl Curve {
    fn new(label: &str, points: Vec<(f64, f64)>) -> Curve {
        Curve {
            label: label.to_owned(),
            points,
        }
    }
}

/// A count as a float.
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of points and rows are far below 2^53"
)]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}
