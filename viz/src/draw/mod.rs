//! From a chart to a picture: what goes where.

mod frame;
mod heat;
mod legend;
mod ruler;
mod series;
#[cfg(test)]
mod tests;

use crate::chart::{Body, Chart};
use crate::picture::Picture;

/// The picture of a chart.
pub(crate) fn draw(chart: &Chart) -> Picture {
    match &chart.body {
        Body::Series(all) => series::draw(chart, all),
        Body::Heat(heat) => heat::draw(chart, heat),
    }
}
