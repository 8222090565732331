//! `stormglass sweep`: every point of a grid of parameters, and what became of all runs together.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use scenarios::folder;
use scenarios::format::{Overrides, Problem, Severity, Sources, human, read};
use scenarios::run::Runner;
use scenarios::sweep::{self, Conflict, Judged, Merged, Part, Plan, Row, Shard};
use viz::results::{Ask, Results};

use crate::args::SweepArgs;
use crate::exit::Exit;
use crate::files::{self, Trouble};
use crate::interrupt;
use crate::out::Out;
use crate::plan::{self, look_of};
use crate::plot;
use crate::progress::Progress;
use crate::table;

/// Runs a sweep, or a part of it.
pub fn sweep(out: Out, registry: &dyn Runner, args: &SweepArgs) -> Exit {
    let done = Sweep::of(out, registry, args).and_then(|sweep| sweep.go());
    done.unwrap_or_else(|exit| exit)
}

/// A sweep whose runs are all there, and on disk.
pub struct Complete {
    /// Where it is.
    pub folder: PathBuf,
    /// What came of its runs.
    pub rows: Vec<Row>,
    /// What became of its sentences.
    pub judged: Vec<Judged>,
}

/// Runs all of a sweep that is missing, if it varies nothing but `axis`; prints nothing but mistakes.
pub fn complete(
    out: Out,
    registry: &dyn Runner,
    args: &SweepArgs,
    axis: &str,
) -> Result<Complete, Exit> {
    let sweep = Sweep::of(out, registry, args)?;
    sweep.is_sound()?;
    let axes = &sweep.plan.description.axes;
    if let Some(other) = axes.iter().find(|other| other.name != axis) {
        let (file, name) = (args.file.display(), &other.name);
        let error = format!(
            "{file} varies `{name}`, too: compared is along `{axis}` alone (`-p {name}=..` sets the other)"
        );
        return Err(usage(out, &error));
    }
    sweep.complete()
}

struct Sweep<'a> {
    out: Out,
    registry: &'a dyn Runner,
    args: &'a SweepArgs,
    sources: Sources,
    plan: Plan,
    shard: Shard,
    folder: PathBuf,
}

impl<'a> Sweep<'a> {
    /// Reads the file and makes the plan.
    fn of(out: Out, registry: &'a dyn Runner, args: &'a SweepArgs) -> Result<Sweep<'a>, Exit> {
        let shard = shard(args).map_err(|error| usage(out, &error))?;
        twice(args).map_err(|error| usage(out, &error))?;
        let text = files::text(&args.file).map_err(|trouble| match trouble {
            Trouble::Content(error) => usage(out, &error),
            Trouble::System(error) => io_error(out, &error),
        })?;
        let mut sources = Sources::new();
        let mut overrides = plan::overrides(&mut sources, &args.overriding);
        let file = sources.add(args.file.display().to_string(), text);
        let axes = args
            .sweep
            .iter()
            .map(|axis| sources.add("-s", axis.as_str()));
        overrides.axes = axes.collect();
        if let Some(seeds) = &args.seeds {
            overrides
                .sets
                .push(sources.add("--seeds", format!("sweep.seeds={seeds}")));
        }
        let measures = args.measure.iter();
        overrides.measures = measures
            .map(|name| sources.add("metric", name.as_str()))
            .collect();
        let mut variants = vec![args.overriding.variant.clone()];
        if args.overriding.all_variants {
            let reading = read(&sources, file, &Overrides::default(), registry.entries());
            variants.extend(
                reading
                    .variants
                    .into_iter()
                    .map(|variant| Some(variant.name)),
            );
        }
        let planned = sweep::plan(
            &mut sources,
            file,
            &overrides,
            &variants,
            registry.entries(),
        );
        let tell = |problems: &[Problem]| {
            for problem in problems {
                out.complain(format_args!("{}\n", human(&sources, problem, look_of(out))));
            }
        };
        let plan = match planned {
            Ok(plan) => plan,
            Err(problems) => {
                tell(&problems);
                let errors = problems
                    .iter()
                    .filter(|problem| problem.severity == Severity::Error);
                out.complain(match errors.count() {
                    1 => "nothing was run: 1 error".to_owned(),
                    n => format!("nothing was run: {n} errors"),
                });
                return Err(Exit::Usage);
            }
        };
        tell(&plan.warnings);
        let folder = args.out.join(sweep::folder(&plan.description));
        Ok(Sweep {
            out,
            registry,
            args,
            sources,
            plan,
            shard,
            folder,
        })
    }

    /// Runs those of these that are missing; gives how many had been done before.
    fn run_missing(&self, places: &[usize]) -> Result<usize, Exit> {
        let (mut part, done) = self.part(places)?;
        let missing = |place: &usize| !done.contains(&self.plan.runs[*place].id);
        let todo: Vec<usize> = places.iter().copied().filter(missing).collect();
        self.execute(&mut part, &todo)?;
        if interrupt::asked() {
            return Err(Exit::Interrupted);
        }
        Ok(places.len() - todo.len())
    }

    /// Runs what is missing of the whole sweep, and gives all.
    fn complete(&self) -> Result<Complete, Exit> {
        self.run_missing(&self.places()?)?;
        let Merged {
            description, rows, ..
        } = self.merged()?;
        let finished = sweep::finish(&self.folder, &description, &rows)
            .and_then(|finished| {
                folder::point_latest(&self.args.out, &self.folder).map(|()| finished)
            })
            .map_err(|error| io_error(self.out, &error.to_string()))?;
        Ok(Complete {
            folder: self.folder.clone(),
            rows,
            judged: finished.judged,
        })
    }

    /// Two points with one id would be one run.
    fn is_sound(&self) -> Result<(), Exit> {
        let ids: BTreeSet<&str> = self.plan.runs.iter().map(|run| run.id.as_str()).collect();
        if ids.len() == self.plan.runs.len() {
            return Ok(());
        }
        let error = "two points of this sweep are the same scenario (is a swept parameter set by --set, too?)";
        Err(usage(self.out, error))
    }

    fn go(&self) -> Result<Exit, Exit> {
        self.is_sound()?;
        let places = self.places()?;
        if self.args.list {
            self.list(&places);
            return Ok(Exit::Held);
        }
        if places.is_empty() {
            return Ok(self.nothing());
        }
        if !self.args.json {
            self.out.answer(self.title());
        }
        if self.plan.description.runs == self.plan.description.variants.len() {
            let note = "note: nothing varies (`-s n=4,8,16..=64` is an axis, `--seeds 20` so many runs of each point)";
            self.out.note(note);
        }
        let reused = self.run_missing(&places)?;
        self.conclude(&places, reused)
    }

    /// One line a run: its id, then what it is.
    fn list(&self, places: &[usize]) {
        for run in places.iter().map(|place| &self.plan.runs[*place]) {
            let mut words = vec![run.id.clone()];
            let variant = &self.plan.description.variants[run.variant];
            if !variant.is_empty() {
                words.push(format!("variant={variant}"));
            }
            let values = self.plan.points[run.point].iter();
            words.extend(values.map(|(name, value)| format!("{name}={value}")));
            words.push(format!("replicate={} seed={}", run.replicate, run.seed));
            self.out.answer(format_args!("{}\n", words.join(" ")));
        }
    }

    /// The places of the runs that are asked for.
    fn places(&self) -> Result<Vec<usize>, Exit> {
        let wanted: Option<Vec<String>> = match (&self.args.run, &self.args.only) {
            (Some(id), _) => Some(vec![id.clone()]),
            (None, Some(file)) => {
                let text = files::text(file).map_err(|trouble| match trouble {
                    Trouble::Content(error) => usage(self.out, &error),
                    Trouble::System(error) => io_error(self.out, &error),
                })?;
                let ids = text
                    .lines()
                    .filter_map(|line| line.split_whitespace().next());
                Some(ids.map(str::to_owned).collect())
            }
            (None, None) => None,
        };
        let runs = &self.plan.runs;
        if let Some(wanted) = &wanted {
            let unknown = |id: &&String| !runs.iter().any(|run| run.id == **id);
            if let Some(id) = wanted.iter().find(unknown) {
                let error = format!("this sweep has no run {id} (`--list` prints all)");
                return Err(usage(self.out, &error));
            }
        }
        let wanted: Option<BTreeSet<String>> = wanted.map(|wanted| wanted.into_iter().collect());
        let is_wanted = |place: &usize| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&runs[*place].id))
                && self.shard.has(*place)
        };
        Ok((0..runs.len()).filter(is_wanted).collect())
    }

    fn nothing(&self) -> Exit {
        if self.args.allow_empty {
            self.out.note("note: nothing to run");
            return Exit::Held;
        }
        self.out
            .complain("error: nothing to run (--allow-empty makes that a success)");
        Exit::Nothing
    }

    fn title(&self) -> String {
        let about = &self.plan.description;
        let mut title = about.scenario.clone();
        for (place, axis) in about.axes.iter().enumerate() {
            let values: Vec<&str> = axis.values.iter().map(|value| value.get()).collect();
            let shown = match values.as_slice() {
                [first, second, third, .., last] if values.len() > 12 => {
                    format!(
                        "{first} {second} {third} .. {last} ({} values)",
                        values.len()
                    )
                }
                _ => values.join(" "),
            };
            let word = if place == 0 { "vary " } else { "" };
            title.push_str(&format!("   {word}{} = {shown}", axis.name));
        }
        let variants = match about.variants.len() {
            1 => String::new(),
            many => format!("{many} variants, "),
        };
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        format!(
            "{title}   seeds {}   =>   {} point{}, {variants}{} run{}\n",
            about.seeds,
            about.points,
            plural(about.points),
            about.runs,
            plural(about.runs)
        )
    }

    /// Is this all of the sweep, in one process?
    fn is_whole(&self) -> bool {
        self.shard == Shard::default() && self.args.run.is_none() && self.args.only.is_none()
    }

    /// The file that this process appends to, and the ids of the runs that need not be done.
    fn part(&self, places: &[usize]) -> Result<(Part, BTreeSet<String>), Exit> {
        let Shard { index, count } = self.shard;
        let name = if self.args.run.is_some() || self.args.only.is_some() {
            // The same selection goes on with the same part.
            let first = &self.plan.runs[places[0]].id;
            let last = &self.plan.runs[places[places.len() - 1]].id;
            format!("part-only-{first}-{last}-{}.jsonl", places.len())
        } else {
            format!("part-{index}-of-{count}.jsonl")
        };
        let refuse = |conflict| conflicting(self.out, conflict);
        let (part, mut done) = Part::open(&self.folder.join(name), &self.plan).map_err(refuse)?;
        if count == 1 {
            done.extend(self.merged()?.rows.iter().map(Row::id));
        }
        Ok((part, done))
    }

    /// All parts that are in the folder.
    fn merged(&self) -> Result<Merged, Exit> {
        let parts = parts(&self.folder).map_err(|error| io_error(self.out, &error))?;
        let merged = sweep::merge(&parts).map_err(|conflict| conflicting(self.out, conflict))?;
        merged.ok_or_else(|| io_error(self.out, "the parts of the sweep have gone"))
    }

    fn execute(&self, part: &mut Part, todo: &[usize]) -> Result<(), Exit> {
        interrupt::listen();
        let jobs = self.args.jobs.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        });
        let mut progress = Progress::new(todo.len(), self.args.json || self.out.is_quiet());
        let (mut violations, mut done) = (0, 0);
        let mut trouble = None;
        let mut take = |row: Row| {
            violations += usize::from(row.get("verdict").as_deref() != Some("pass"));
            done += 1;
            progress.now(&format!("{violations} not passed"));
            progress.done();
            if let Err(conflict) = part.append(&row) {
                trouble = Some(conflict);
                return ControlFlow::Break(());
            }
            if interrupt::asked() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let executed = sweep::execute(
            &self.sources,
            &self.plan,
            self.registry,
            todo,
            jobs,
            &mut take,
        );
        progress.finish();
        let synced = part.sync();
        executed.map_err(|error| {
            self.out.complain(error);
            Exit::Usage
        })?;
        if let Some(conflict) = trouble.or(synced.err()) {
            return Err(conflicting(self.out, conflict));
        }
        if interrupt::asked() {
            self.out.complain(format_args!(
                "interrupted: {done} of {} runs were done; the same command goes on",
                todo.len()
            ));
        }
        Ok(())
    }

    fn conclude(&self, places: &[usize], reused: usize) -> Result<Exit, Exit> {
        let merged = self.merged()?;
        if self.is_whole() {
            let again = |row: &Row| self.again(row);
            let exit = finish(
                self.out,
                &self.folder,
                &self.args.out,
                &merged,
                reused,
                self.args.json,
                &again,
            );
            let drawn = self.args.plot.as_ref().map(|file| self.draw(file));
            return Ok(exit.worst(drawn.unwrap_or(Exit::Held)));
        }
        let ids: BTreeSet<&str> = places
            .iter()
            .map(|place| self.plan.runs[*place].id.as_str())
            .collect();
        let rows: Vec<Row> = merged
            .rows
            .into_iter()
            .filter(|row| ids.contains(row.id().as_str()))
            .collect();
        if !self.args.json {
            if self.args.run.is_some() || self.args.only.is_some() {
                self.out
                    .answer(table::table(&merged.description, &rows, self.out));
            }
            let folder = self.folder.display();
            let missing = match merged.missing.len() {
                0 => "nothing of the whole sweep is missing here".to_owned(),
                many => format!("{many} of the whole sweep are missing here"),
            };
            self.out.answer(format_args!(
                "{} runs of shard {}; {missing}\nsaved  {folder}\nthen   stormglass merge {folder}\n",
                rows.len(),
                self.shard,
            ));
            if reused > 0 {
                let note = format!("note: {reused} of these runs had been done before");
                self.out.note(note);
            }
        }
        Ok(table::worst(&rows))
    }

    /// Messages against the first axis; what else varies tells lines apart, as far as one parameter can.
    fn draw(&self, file: &Path) -> Exit {
        let mut varied = self.plan.description.axes.iter().map(|axis| &axis.name);
        let Some(x) = varied.next() else {
            return usage(self.out, "--plot needs an axis: `-s n=4,8,16..=64`");
        };
        let by = match self.plan.description.variants.len() {
            1 => varied.next().map(String::as_str),
            _ => Some("variant"),
        };
        let ask = Ask {
            by,
            fit: true,
            ..Ask::new(x, "messages").log()
        };
        match Results::read(&self.folder).and_then(|results| results.chart(&ask)) {
            Ok(chart) => plot::write(self.out, &chart, false, file),
            Err(error) => plot::refused(self.out, &error),
        }
    }

    /// The command that runs one run by itself.
    fn again(&self, row: &Row) -> String {
        let Some(run) = self.plan.runs.iter().find(|run| run.id == row.id()) else {
            return String::new();
        };
        let variant = &self.plan.description.variants[run.variant];
        let values = self.plan.points[run.point]
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let mut overriding = self.args.overriding.clone();
        overriding.params.extend(values);
        let variant = (!variant.is_empty()).then_some(variant.as_str());
        let file = self.args.file.display().to_string();
        let words = plan::words_of(&file, variant, run.seed, &overriding);
        format!("stormglass run {}", plan::command(&words))
    }
}

/// A parameter is either set or varied.
fn twice(args: &SweepArgs) -> Result<(), String> {
    let name = |text: &str| text.split('=').next().unwrap_or_default().trim().to_owned();
    let varied: Vec<String> = args.sweep.iter().map(|axis| name(axis)).collect();
    let both = args.overriding.params.iter().map(|param| name(param));
    match both.into_iter().find(|name| varied.contains(name)) {
        Some(name) => Err(format!(
            "-p sets `{name}`, and -s varies it: which of them?"
        )),
        None => Ok(()),
    }
}

fn shard(args: &SweepArgs) -> Result<Shard, String> {
    let environment = |name: &str| std::env::var(name).ok();
    match args.shard.as_deref() {
        None => Ok(Shard::default()),
        Some("auto") => Shard::auto(&environment, args.shards),
        Some(text) => {
            let shard: Shard = text.parse()?;
            match args.shards {
                Some(shards) if shards != shard.count => Err(format!(
                    "--shard {shard} and --shards {shards} contradict each other"
                )),
                _ => Ok(shard),
            }
        }
    }
}

/// Writes the files of a sweep whose runs are all there, and tells what they say.
pub fn finish(
    out: Out,
    folder: &Path,
    root: &Path,
    merged: &Merged,
    reused: usize,
    json: bool,
    again: &dyn Fn(&Row) -> String,
) -> Exit {
    let Merged {
        description, rows, ..
    } = merged;
    let finished = sweep::finish(folder, description, rows)
        .and_then(|finished| folder::point_latest(root, folder).map(|()| finished));
    let finished = match finished {
        Ok(finished) => finished,
        Err(error) => return io_error(out, &error.to_string()),
    };
    if json {
        let mut document = finished.document;
        document["schema"] = "stormglass.sweep/1".into();
        document["saved"] = folder.display().to_string().into();
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        out.answer(format_args!("{text}\n"));
    } else {
        out.answer(table::table(description, rows, out));
        out.answer(table::judged(&finished.judged, out));
        if let Some(row) = rows
            .iter()
            .find(|row| row.get("verdict").as_deref() != Some("pass"))
        {
            out.answer(format_args!("again  {}\n", again(row)));
        }
        out.answer(format_args!(
            "saved  {}/runs.csv ({} rows)\n",
            folder.display(),
            rows.len()
        ));
        if reused > 0 {
            out.note(format_args!(
                "note: {reused} of these runs had been done before"
            ));
        }
    }
    table::worst_of(rows, &finished.judged)
}

/// The parts in a folder, in the order of their names, with their bytes.
pub fn parts(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let trouble = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(folder)
        .map_err(|error| trouble(folder, error))?
        .collect();
    let mut paths: Vec<PathBuf> = entries
        .map_err(|error| trouble(folder, error))?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("part-") && name.ends_with(".jsonl")
        })
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).map_err(|error| trouble(&path, error))?;
        Ok((path.display().to_string(), bytes))
    };
    paths.into_iter().map(read).collect()
}

/// Tells why parts do not go together.
pub fn conflicting(out: Out, conflict: Conflict) -> Exit {
    let (text, exit) = match conflict {
        Conflict::Foreign(text) => (text, Exit::Usage),
        Conflict::Contradiction(text) => (text, Exit::Nondeterminism),
        Conflict::Io(text) => (text, Exit::Io),
    };
    out.complain(format_args!("error: {text}"));
    exit
}

fn usage(out: Out, error: &str) -> Exit {
    out.complain(format_args!("error: {error}"));
    Exit::Usage
}

fn io_error(out: Out, error: &str) -> Exit {
    out.complain(format_args!("error: {error}"));
    Exit::Io
}
