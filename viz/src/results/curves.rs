//! Curves beside the means: what was fitted, and theory between the values that were sampled.

use sim_core::kernel::random::detmath::{exp, ln};
use stats::{Forms, PowerLaw};

use crate::chart::{Curve, Series, Unit};
use crate::number::{Style, significant, two_places};

use super::Ask;

/// Fits a power to a series, and says what it is and how sure.
pub(super) fn add_fit(series: &mut Series, ask: &Ask, unit: &Unit) -> Option<String> {
    let points: Vec<(f64, f64)> = series
        .points
        .iter()
        .map(|point| (point.x, point.y))
        .collect();
    let law = PowerLaw::of(&points)?;
    // In the unit of the axis: a power of milliseconds where milliseconds are shown.
    let largest = points.iter().fold(0.0, |most: f64, (_, y)| most.max(*y));
    let style = match unit {
        Unit::Nanoseconds | Unit::Bytes => Style::of(unit, largest),
        _ => Style::of(&Unit::None, 0.0),
    };
    let factor = significant(style.scaled(law.factor), 2);
    let power = format!("{factor}·{}^{}", ask.x, two_places(law.exponent));
    let label = format!("{power} {}", style.unit).trim_end().to_owned();
    // On linear axes a power is bent: it needs points between those that were measured.
    let xs = between(points.iter().map(|(x, _)| *x).filter(|x| *x > 0.0));
    series.fit = Some(Curve {
        label: label.clone(),
        points: xs.into_iter().map(|x| (x, law.at(x))).collect(),
    });
    let of = if series.name.is_empty() {
        String::new()
    } else {
        format!("{}: ", series.name)
    };
    let sure = match law.interval() {
        Some((low, high)) => {
            format!(
                ", exponent {} to {} (95 %)",
                two_places(low),
                two_places(high)
            )
        }
        None => ", two points".to_owned(),
    };
    let moves = match law.halves {
        Some((first, last)) if law.moves => {
            format!(
                "; the slope still moves, from {} to {}",
                two_places(first),
                two_places(last)
            )
        }
        _ => String::new(),
    };
    let form = Forms::of(&points).map(|forms| format!("; form: {}", forms.sentence(ask.x)));
    Some(format!(
        "Fit of {of}{label}{sure}{moves}{}.",
        form.unwrap_or_default()
    ))
}

/// What theory says between sampled values, on linear axes: a power between each two, as costs nearly are. Straight lines
/// would show corners that no theory has.
pub(super) fn bent(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut all = Vec::new();
    for (index, (x, y)) in points.iter().enumerate() {
        all.push((*x, *y));
        let Some((to_x, to_y)) = points.get(index + 1) else {
            break;
        };
        if [x, y, to_x, to_y].iter().all(|value| **value > 0.0) && x < to_x {
            let exponent = ln(to_y / y) / ln(to_x / x);
            for step in 1..16 {
                let at = x + (to_x - x) * f64::from(step) / 16.0;
                all.push((at, y * exp(exponent * ln(at / x))));
            }
        }
    }
    all
}

/// Sixty equal steps from the smallest to the largest.
fn between(xs: impl Iterator<Item = f64>) -> Vec<f64> {
    let (low, high) = xs.fold((f64::INFINITY, 0.0), |(low, high), x| {
        (x.min(low), x.max(high))
    });
    (0..=60)
        .map(|step| low + (high - low) * f64::from(step) / 60.0)
        .collect()
}
