//! Plots that could go into a paper: SVG and PNG without a font, a library or a clock of the host.
//!
//! A [`Chart`] is a plain value. It says what is shown; [`Chart::svg`] and [`Chart::png`] find out where, and give the
//! same bytes on every computer.
//!
//! ```
//! use viz::{Axis, Chart, Point, Series, Shape, Theme};
//!
//! let ns = [4.0, 8.0, 16.0, 32.0];
//! let measured = ns.iter().map(|n| Point::exact(*n, n * (n - 1.0))).collect();
//! let chart = Chart::of_series(
//!     "Messages of one multicast",
//!     Axis::log("nodes").with_ticks(ns.to_vec()),
//!     Axis::log("messages"),
//!     vec![Series::new("eager", Shape::Line, measured)],
//! );
//! assert!(chart.svg(Theme::Light).starts_with("<svg"));
//! assert!(chart.png(Theme::Dark, 1).starts_with(b"\x89PNG"));
//! ```

// The charts of the gallery, which unit tests draw too, name this crate as everybody does.
#[cfg(test)]
extern crate self as viz;

mod backend;
mod chart;
mod draw;
mod font;
mod maths;
mod number;
mod png;
pub mod report;
pub mod results;
pub mod runs;
mod svg;
mod table;
mod theme;

pub use chart::{Axis, Body, Chart, Curve, Heat, Point, Scale, Series, Shape, Unit};
pub use table::Table;
pub use theme::Theme;
