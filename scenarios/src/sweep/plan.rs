//! From a file to the list of runs: anyone who reads the same file under the same overrides gets the same list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sim_core::kernel::canonical::Fold;
use sim_core::trace::MODEL_VERSION;

use super::theory;
use crate::format::{
    self, Entry, Overrides, Problem, Reading, Scenario, Seeds, Severity, SourceId, Sources, Sweep,
    Trace, Value, is_meant, read,
};

/// More points are taken for a mistake.
const POINTS_MAX: usize = 1_000_000;

/// What a sweep is, without its runs: what `sweep.json` and each part begin with. A function of the file and the overrides.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// The version of the program.
    pub stormglass: String,
    /// The version of these files.
    pub format: u32,
    /// The version of the meaning of a run.
    pub model_version: u32,
    /// The name of the scenario.
    pub scenario: String,
    /// A hash over the ids of all runs, in order, and over what is expected of them: the name of the folder.
    pub scenario_hash: String,
    /// What the nodes run.
    pub protocol: String,
    /// What the scenario asks.
    pub about: String,
    /// What varies.
    pub axes: Vec<Axis>,
    /// Runs of a point.
    pub seeds: u32,
    /// The variants; the scenario itself is "".
    pub variants: Vec<String>,
    /// How many points there are.
    pub points: usize,
    /// How many runs.
    pub runs: usize,
    /// What the literature says, where it can be compared with the scenario itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub theory: BTreeMap<String, Theory>,
    /// What is expected of all runs together.
    pub expect: Vec<String>,
}

impl PartialEq for Description {
    fn eq(&self, other: &Description) -> bool {
        // One value has one form.
        serde_json::to_string(self).ok() == serde_json::to_string(other).ok()
    }
}

/// A parameter and its values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Axis {
    /// The parameter.
    pub name: String,
    /// Numbers, texts, true or false.
    pub values: Vec<Box<RawValue>>,
}

/// What the literature says of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theory {
    /// An expression over parameters; empty if figures were published, and no formula.
    pub formula: String,
    /// Where it says so; empty for the costs that `stormglass list protocols` prints.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub source: String,
}

/// A run of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// A hash of all that it depends on, in hexadecimal.
    pub id: String,
    /// Its point, from 0.
    pub point: usize,
    /// Which run of the point, from 0.
    pub replicate: u32,
    /// Its seed.
    pub seed: u64,
    /// Its variant, as a place among those of the description.
    pub variant: usize,
}

/// A sweep that can be run.
#[derive(Debug)]
pub struct Plan {
    /// What it is.
    pub description: Description,
    /// The runs: by points, then variants, then repetitions.
    pub runs: Vec<Planned>,
    /// The values of each point, as texts.
    pub points: Vec<Vec<(String, String)>>,
    /// Warnings about the file.
    pub warnings: Vec<Problem>,
    file: SourceId,
    overrides: Overrides,
    settings: Vec<Vec<SourceId>>,
    variants: Vec<Option<SourceId>>,
    measure: Vec<String>,
    theory: Vec<Vec<(String, Option<f64>)>>,
}

/// The place of a sweep below the folder of all runs: `eager/sweep-77c0aa`.
#[must_use]
pub fn folder(description: &Description) -> PathBuf {
    let hash = description.scenario_hash.get(..6).unwrap_or_default();
    Path::new(&description.scenario).join(format!("sweep-{hash}"))
}

/// Makes the plan of a file. `variants` are names, none for the scenario itself; the values of points become sources.
///
/// # Errors
/// All that is wrong with the file, or with one of its points.
pub fn plan(
    sources: &mut Sources,
    file: SourceId,
    overrides: &Overrides,
    variants: &[Option<String>],
    registry: &[&dyn Entry],
) -> Result<Plan, Vec<Problem>> {
    let base = Overrides {
        variant: None,
        ..overrides.clone()
    };
    let Reading {
        scenario, problems, ..
    } = read(sources, file, &base, registry);
    let Some(mut scenario) = scenario else {
        return Err(problems);
    };
    measure_too(sources, overrides, &mut scenario)?;
    // A parameter that is set by itself is not varied.
    let set = |axis: &format::Axis| {
        let names = overrides.params.iter().map(|id| sources.text(*id));
        names
            .filter_map(|text| text.split_once('='))
            .any(|(name, _)| name.trim() == axis.name)
    };
    scenario.sweep.axes.retain(|axis| !set(axis));
    let (settings, points) = grid(sources, file, &base, &scenario.sweep)?;
    let names = variants.iter().map(|name| name.clone().unwrap_or_default());
    let names: Vec<String> = names.collect();
    let mut plan = Plan {
        description: describe(&scenario, names, points.len()),
        runs: Vec::new(),
        points,
        warnings: problems,
        file,
        overrides: base,
        settings,
        variants: variants
            .iter()
            .map(|name| Some(sources.add("--variant", name.as_ref()?.as_str())))
            .collect(),
        measure: measured(&scenario),
        theory: Vec::new(),
    };
    plan.fill(sources, &scenario, registry)?;
    Ok(plan)
}

/// Adds the metrics that were asked for besides those of the file.
fn measure_too(
    sources: &Sources,
    overrides: &Overrides,
    scenario: &mut Scenario,
) -> Result<(), Vec<Problem>> {
    let known: Vec<&str> = scenario
        .protocol
        .metrics()
        .iter()
        .map(|about| about.name)
        .collect();
    let mut unknown = Vec::new();
    for id in &overrides.measures {
        let name = sources.text(*id);
        if known.contains(&name) {
            scenario.sweep.measure.push(name.to_owned());
            continue;
        }
        let place = format::Place {
            source: *id,
            start: 0,
            end: name.len(),
        };
        let title = format!("`{name}` is no metric");
        let problem = Problem::error(format::Code::S130, place, title);
        unknown.push(
            problem
                .label("unknown")
                .note(format!("metrics: {}", known.join(", "))),
        );
    }
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(unknown)
    }
}

/// What is measured in every run, whether or not a sentence asks for it there.
fn measured(scenario: &Scenario) -> Vec<String> {
    let asked = scenario
        .sweep
        .expect
        .iter()
        .map(|ask| ask.metric().name.clone());
    let expected = scenario
        .expect
        .iter()
        .filter_map(|one| match &one.sentence {
            format::Sentence::Metric { metric, .. } => Some(metric.clone()),
            _ => None,
        });
    let said = scenario.sweep.theory.iter().map(|said| said.metric.clone());
    let named = scenario.sweep.measure.iter().cloned();
    asked.chain(expected).chain(said).chain(named).collect()
}

fn describe(scenario: &Scenario, variants: Vec<String>, points: usize) -> Description {
    let sweep = &scenario.sweep;
    let axes = sweep.axes.iter().map(|axis| {
        let values = axis.values.iter().map(json).collect();
        let name = axis.name.clone();
        Axis { name, values }
    });
    let seeds = sweep.seeds.count();
    let name = scenario.protocol_text.split('(').next().unwrap_or_default();
    Description {
        stormglass: env!("CARGO_PKG_VERSION").to_owned(),
        format: 1,
        model_version: MODEL_VERSION,
        scenario: scenario.name.clone(),
        scenario_hash: String::new(),
        protocol: name.to_owned(),
        about: scenario.about.clone(),
        axes: axes.collect(),
        seeds,
        points,
        runs: points * variants.len() * seeds as usize,
        variants,
        theory: BTreeMap::new(),
        expect: sweep.expect.iter().map(|ask| ask.text.clone()).collect(),
    }
}

fn json(value: &Value) -> Box<RawValue> {
    let json = match value {
        Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    };
    // What a finite number or true or false looks like is JSON; a text is made so.
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

type Grid = (Vec<Vec<SourceId>>, Vec<Vec<(String, String)>>);

/// The points: how each is set, and its values.
fn grid(
    sources: &mut Sources,
    file: SourceId,
    overrides: &Overrides,
    sweep: &Sweep,
) -> Result<Grid, Vec<Problem>> {
    // Axes that go together are one dimension, at the place of the first of them.
    let mut dimensions: Vec<Vec<&format::Axis>> = Vec::new();
    let mut zipped: Option<usize> = None;
    for axis in &sweep.axes {
        let together = sweep.zip.contains(&axis.name);
        match zipped.filter(|_| together) {
            Some(place) => dimensions[place].push(axis),
            None => {
                if together {
                    zipped = Some(dimensions.len());
                }
                dimensions.push(vec![axis]);
            }
        }
    }
    let lengths: Vec<usize> = dimensions.iter().map(|axes| axes[0].values.len()).collect();
    let product = lengths
        .iter()
        .try_fold(1_usize, |all, length| all.checked_mul(*length));
    let count = product
        .filter(|count| *count <= POINTS_MAX)
        .ok_or_else(|| {
            let place = sweep.axes[0].place;
            let title = format!("these axes have more than {POINTS_MAX} points");
            vec![
                Problem::error(format::Code::S140, place, title)
                    .label("fewer values, or axes that go together (`zip`)"),
            ]
        })?;
    let settings: Vec<Vec<Vec<SourceId>>> = dimensions
        .iter()
        .map(|axes| {
            let set = |axis: &&format::Axis| -> Vec<SourceId> {
                let values = axis.values.iter();
                values
                    .map(|value| sources.add("sweep", axis.set(value)))
                    .collect()
            };
            axes.iter().map(set).collect()
        })
        .collect();
    let (mut chosen, mut points) = (Vec::new(), Vec::new());
    for at in 0..count {
        let mut rest = at;
        let mut places = vec![0; lengths.len()];
        for (place, length) in places.iter_mut().zip(&lengths).rev() {
            (*place, rest) = (rest % length, rest / length);
        }
        let mut sets = Vec::new();
        let mut point = Vec::new();
        for ((axes, ids), place) in dimensions.iter().zip(&settings).zip(&places) {
            sets.extend(ids.iter().map(|ids| ids[*place]));
            let values = axes
                .iter()
                .map(|axis| (axis.name.clone(), axis.values[*place].to_string()));
            point.extend(values);
        }
        let meant = match &sweep.condition {
            None => true,
            Some(condition) => {
                let there = with(overrides, &sets);
                is_meant(sources, file, &there, condition)
                    .map_err(|problems| at_point(problems, &point))?
            }
        };
        if meant {
            chosen.push(sets);
            points.push(point);
        }
    }
    Ok((chosen, points))
}

fn with(overrides: &Overrides, sets: &[SourceId]) -> Overrides {
    let mut there = overrides.clone();
    there.params.extend(sets);
    there
}

/// Problems that are there at one point only, perhaps.
fn at_point(problems: Vec<Problem>, point: &[(String, String)]) -> Vec<Problem> {
    let values: Vec<String> = point
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let note = |problem: Problem| match values.is_empty() {
        true => problem,
        false => problem.note(format!("at {}", values.join(", "))),
    };
    problems.into_iter().map(note).collect()
}

impl Plan {
    /// Reads each point in each variant, and lists its runs.
    fn fill(
        &mut self,
        sources: &Sources,
        base: &Scenario,
        registry: &[&dyn Entry],
    ) -> Result<(), Vec<Problem>> {
        let mut hash = Fold::default();
        for (point, values) in self.points.iter().enumerate() {
            for variant in 0..self.variants.len() {
                let overrides = self.overrides_at(point, variant);
                let reading = read(sources, self.file, &overrides, registry);
                let Some(scenario) = reading.scenario else {
                    return Err(at_point(reading.problems, values));
                };
                for problem in reading
                    .problems
                    .into_iter()
                    .filter(|problem| problem.severity == Severity::Warning)
                {
                    if !self.warnings.contains(&problem) {
                        self.warnings.push(problem);
                    }
                }
                if let Some(axis) = overruled(&base.sweep.axes, values, &scenario) {
                    let title = format!("`{}` is varied, and set to one value, too", axis.name);
                    let problem = Problem::error(format::Code::S106, axis.place, title)
                        .label("varied here")
                        .help("set it by `-p`, then it is not varied", Vec::new());
                    return Err(vec![problem]);
                }
                let cost = theory::messages(sources, self.file, &overrides, &scenario, registry);
                let is_itself = self.variants[variant].is_none();
                let theory = theory::at(&base.sweep, is_itself, &scenario, cost);
                let mut columns = Vec::new();
                for (metric, theory, value) in theory {
                    if let (0, 0, Some(theory)) = (point, variant, theory) {
                        self.description.theory.insert(metric.clone(), theory);
                    }
                    columns.push((metric, value));
                }
                self.theory.push(columns);
                for replicate in 0..self.description.seeds {
                    let seed = match &base.sweep.seeds {
                        Seeds::Given(seeds) => seeds.start() + u64::from(replicate),
                        Seeds::Derived(_) => seed(base.seed, values, replicate),
                    };
                    let id = id(&scenario.resolved, seed);
                    hash.word(id);
                    self.runs.push(Planned {
                        id: format!("{id:016x}"),
                        point,
                        replicate,
                        seed,
                        variant,
                    });
                }
            }
        }
        // What is measured is part of the rows, and so is what theory says.
        for text in self.description.expect.iter().chain(&base.sweep.measure) {
            hash.bytes(text.as_bytes());
        }
        for (metric, theory) in &self.description.theory {
            for text in [metric, &theory.formula, &theory.source] {
                hash.bytes(text.as_bytes());
            }
        }
        for (metric, value) in self.theory.iter().flatten() {
            hash.bytes(metric.as_bytes());
            hash.word(u64::from(value.is_some()));
            hash.word(value.map_or(0, f64::to_bits));
        }
        hash.bytes(env!("CARGO_PKG_VERSION").as_bytes());
        self.description.scenario_hash = format!("{:016x}", hash.digest());
        Ok(())
    }

    fn overrides_at(&self, point: usize, variant: usize) -> Overrides {
        Overrides {
            variant: self.variants[variant],
            ..with(&self.overrides, &self.settings[point])
        }
    }

    /// The scenario of one run.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn scenario(
        &self,
        sources: &Sources,
        run: &Planned,
        registry: &[&dyn Entry],
    ) -> Result<Scenario, String> {
        let mut sources = sources.clone();
        let mut overrides = self.overrides_at(run.point, run.variant);
        overrides
            .sets
            .push(sources.add("seed", format!("seed={}", run.seed)));
        let reading = read(&sources, self.file, &overrides, registry);
        let mut scenario = reading.scenario.ok_or_else(|| {
            let problems = at_point(reading.problems, &self.points[run.point]);
            let texts = problems
                .iter()
                .map(|problem| format::human(&sources, problem, format::Look::Plain));
            texts.collect::<Vec<_>>().join("\n")
        })?;
        scenario.trace = Trace::Off;
        scenario.measure.clone_from(&self.measure);
        Ok(scenario)
    }

    /// What the literature says of the metrics of this run.
    pub(super) fn theory(&self, run: &Planned) -> &[(String, Option<f64>)] {
        let place = run.point * self.variants.len() + run.variant;
        self.theory.get(place).map_or(&[], Vec::as_slice)
    }

    /// The ids of all runs, in order.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.id.clone()).collect()
    }
}

/// An axis whose parameter has another value than that of the point. The value of a text is for the scenario to work out.
fn overruled<'a>(
    axes: &'a [format::Axis],
    point: &[(String, String)],
    scenario: &Scenario,
) -> Option<&'a format::Axis> {
    axes.iter().find(|axis| {
        let there = |(name, _): &&(String, String)| *name == axis.name;
        let meant = point.iter().find(there).map(|(_, value)| value);
        let is = scenario.params.iter().find(there).map(|(_, value)| value);
        let is_text = axis
            .values
            .iter()
            .any(|value| matches!(value, Value::Text(_)) && Some(&value.to_string()) == meant);
        !is_text && meant != is
    })
}

/// The id of a run: a hash of the resolved scenario, which names the variant and all parameters, of the seed and of what
/// decides the meaning of both.
fn id(resolved: &str, seed: u64) -> u64 {
    let mut fold = Fold::default();
    fold.bytes(resolved.as_bytes());
    fold.word(seed);
    fold.word(u64::from(MODEL_VERSION));
    fold.digest()
}

/// The seed of a run. The variant has no part in it, so that variants are compared on the same draws. 53 bits, which every
/// reader of numbers can hold.
fn seed(master: u64, point: &[(String, String)], replicate: u32) -> u64 {
    let mut fold = Fold::default();
    fold.word(master);
    for (name, value) in point {
        fold.bytes(name.as_bytes());
        fold.bytes(value.as_bytes());
    }
    fold.word(u64::from(replicate));
    // One more step, so that neighbours have nothing in common.
    fold.word(0);
    fold.digest() >> 11
}
