//! What `sweep.json` says. Fields that are not known here are passed over: a newer sweep may say more.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ResultsError;

/// The format of results folders that this program reads.
const FORMAT: u64 = 1;

/// A sweep as it was asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct About {
    /// The version of the folder.
    pub format: u64,
    /// The name of the scenario.
    pub scenario: String,
    /// The name of the protocol.
    #[serde(default)]
    pub protocol: String,
    /// The scenario in one line.
    #[serde(default)]
    pub about: String,
    /// The parameters that were varied.
    #[serde(default)]
    pub axes: Vec<Parameter>,
    /// Runs of each point.
    #[serde(default)]
    pub seeds: u64,
    /// Exact costs by metric, where theory has one.
    #[serde(default)]
    pub theory: BTreeMap<String, Theory>,
}

/// A parameter and its values.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Parameter {
    /// The name of the parameter, and of its column.
    pub name: String,
    /// Its values, in order.
    #[serde(default)]
    pub values: Vec<serde_json::Value>,
}

/// What theory says of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Theory {
    /// A formula over the parameters: `n*(n-1)`; empty if figures were published, and no formula.
    pub formula: String,
    /// Where it says so; may be empty.
    #[serde(default)]
    pub source: String,
}

impl About {
    pub(super) fn parse(text: &str) -> Result<About, ResultsError> {
        let about: About =
            serde_json::from_str(text).map_err(|error| ResultsError::Sweep(error.to_string()))?;
        if about.format == FORMAT {
            Ok(about)
        } else {
            Err(ResultsError::Format(about.format))
        }
    }

    /// What is said of a metric, as a legend has room for it: the formula as a paper prints it, `n·(n−1)`, or the paper.
    pub(super) fn theory(&self, metric: &str) -> Option<String> {
        let Theory { formula, source } = self.theory.get(metric)?;
        let formula = formula.replace('*', "·").replace('-', "−");
        Some(match (formula.as_str(), source.as_str()) {
            ("", "") => return None,
            ("", source) => source.to_owned(),
            (_, "") => formula,
            (_, source) => format!("{formula} ({source})"),
        })
    }
}
