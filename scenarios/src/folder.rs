//! The run folder: what a run leaves on disk.
//!
//! ```text
//! runs/eager-sender-crash/s42-5d1e0c/   id = seed + hash(resolved scenario, model version): no clock
//!   scenario.resolved.ron   defaults filled in, parameters substituted; running this file gives the same run
//!   result.json             verdict, findings, metrics, fault counts, fingerprint, how to run it again
//!   trace.bin               the trace (see `trace`); `trace.part` while the run goes on (of a second process that does the
//!                           same run at the same time: `trace.4711.part`)
//!   metrics.csv             one row per metric
//!   host.json               wall time: the only file outside the determinism contract
//! runs/latest -> …          runs/index.jsonl   one line per run
//! ```
//!
//! Files are written under a temporary name and renamed, so that none is ever seen half-written.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process;

use sim_core::kernel::canonical::Fold;
use sim_core::trace::{MODEL_VERSION, Sink, Trace};

use crate::format::Scenario;
use crate::metrics::Figure;
use crate::trace::{Header, Reader, TraceError, Whole, Writer};

/// The name of the resolved scenario in a run folder.
pub const RESOLVED: &str = "scenario.resolved.ron";
/// The name of the trace in a run folder, and its name until the run is over.
const TRACE: &str = "trace.bin";
const TRACE_PART: &str = "trace.part";

/// The place of a run below the folder of all runs: `eager-sender-crash/no-relay/s42-5d1e0c`.
#[must_use]
pub fn id(scenario: &Scenario) -> PathBuf {
    let mut fold = Fold::default();
    fold.bytes(scenario.resolved.as_bytes());
    fold.word(u64::from(MODEL_VERSION));
    let hash = format!("{:016x}", fold.digest());
    Path::new(&scenario.name).join(format!("s{}-{}", scenario.seed, &hash[..6]))
}

/// The files of a run, ready to be written.
#[derive(Clone, Debug)]
pub struct Files<'a> {
    /// The scenario that was run.
    pub scenario: &'a Scenario,
    /// The place of the run below the folder of all runs; see [`id`].
    pub id: PathBuf,
    /// The run as JSON.
    pub result: &'a serde_json::Value,
    /// The fingerprint of the run.
    pub fingerprint: u64,
    /// Names and values of metrics.
    pub metrics: &'a [(String, Option<Figure>)],
    /// How long the run took on this machine, in milliseconds.
    pub wall_ms: u64,
}

/// What has been written of a run.
#[derive(Debug)]
pub struct Saved {
    /// The folder.
    pub path: PathBuf,
    /// Why there is no trace, or not all of it, though one was recorded.
    pub no_trace: Option<io::Error>,
}

/// Writes the folder of a run below `root`, with its trace if one was recorded. A trace that cannot be written is no reason
/// to leave out the rest.
///
/// # Errors
/// Those of the file system; the path is in the text.
pub fn write(
    root: &Path,
    files: &Files<'_>,
    trace: io::Result<Option<TraceFile>>,
) -> io::Result<Saved> {
    let folder = root.join(&files.id);
    fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
    put(&folder.join(RESOLVED), files.scenario.resolved.as_bytes())?;
    let mut result = serde_json::to_string_pretty(files.result).map_err(io::Error::other)?;
    result.push('\n');
    put(&folder.join("result.json"), result.as_bytes())?;
    let mut metrics = String::from("metric,value\n");
    for (name, value) in files.metrics {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        metrics.push_str(&format!("{name},{value}\n"));
    }
    put(&folder.join("metrics.csv"), metrics.as_bytes())?;
    let no_trace = match trace {
        Ok(Some(trace)) => trace.finish(files.fingerprint).err(),
        Ok(None) => absent(&folder).err(),
        Err(error) => Some(error),
    };
    put(
        &folder.join("host.json"),
        format!("{{\"wall_ms\":{}}}\n", files.wall_ms).as_bytes(),
    )?;
    index(root, files)?;
    point_latest(root, &folder)?;
    let path = folder;
    Ok(Saved { path, no_trace })
}

/// Removes a trace of an earlier run, which would be taken for this one's.
fn absent(folder: &Path) -> io::Result<()> {
    for name in [TRACE, TRACE_PART] {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path, &error)),
            _ => (),
        }
    }
    Ok(())
}

/// Appends the run to the list of all runs.
fn index(root: &Path, files: &Files<'_>) -> io::Result<()> {
    let path = root.join("index.jsonl");
    let field = |name: &str| files.result.get(name).cloned().unwrap_or_default();
    let line = serde_json::json!({
        "run": files.id.to_string_lossy(),
        "scenario": field("scenario"),
        "variant": field("variant"),
        "seed": field("seed"),
        "verdict": field("verdict"),
        "fingerprint": field("fingerprint"),
    });
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| at(&path, &error))?;
    writeln!(file, "{line}").map_err(|error| at(&path, &error))
}

/// Lets `latest` point to `folder`: a link where there are links, else a file that holds the path.
///
/// # Errors
/// Those of the file system; the path is in the text.
pub fn point_latest(root: &Path, folder: &Path) -> io::Result<()> {
    let latest = root.join("latest");
    let target = folder.strip_prefix(root).unwrap_or(folder);
    let temporary = root.join(".latest.new");
    let _ = fs::remove_file(&temporary);
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, &temporary).map_err(|error| at(&temporary, &error))?;
    #[cfg(not(unix))]
    fs::write(&temporary, target.to_string_lossy().as_bytes())
        .map_err(|error| at(&temporary, &error))?;
    fs::rename(&temporary, &latest).map_err(|error| at(&latest, &error))
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    fs::write(&temporary, bytes).map_err(|error| at(&temporary, &error))?;
    fs::rename(&temporary, path).map_err(|error| at(path, &error))
}

/// The trace of a run, written while it goes on: under a temporary name, which becomes the right one when all is there.
pub struct TraceFile {
    writer: Writer<File>,
    part: PathBuf,
}

impl TraceFile {
    /// Begins the trace of the run that has this place below the folder of all runs; see [`id`].
    ///
    /// # Errors
    /// Those of the file system; the path is in the text.
    pub fn create(root: &Path, id: &Path, header: &Header) -> io::Result<TraceFile> {
        let folder = root.join(id);
        fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
        let mut part = folder.join(TRACE_PART);
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(|error| at(&part, &error))?;
        if file.try_lock().is_ok() {
            file.set_len(0).map_err(|error| at(&part, &error))?;
        } else {
            // Another process does the same run. It will write the same, but not at the same time.
            part = folder.join(format!("trace.{}.part", process::id()));
            file = File::create(&part).map_err(|error| at(&part, &error))?;
        }
        let writer = Writer::new(file, header).map_err(|error| at(&part, &error))?;
        Ok(TraceFile { writer, part })
    }

    /// What takes the events of the run.
    pub const fn sink(&mut self) -> &mut dyn Sink {
        &mut self.writer
    }

    /// Writes all events of a trace that is in memory.
    pub fn keep(&mut self, trace: &Trace) {
        self.writer.keep(trace);
    }

    /// Ends it. If it could not be written to its end it keeps its temporary name.
    fn finish(self, fingerprint: u64) -> io::Result<()> {
        let TraceFile { writer, part } = self;
        writer
            .finish(fingerprint)
            .map_err(|error| at(&part, &error))?;
        let whole = part.with_file_name(TRACE);
        fs::rename(&part, &whole).map_err(|error| at(&whole, &error))
    }
}

/// A trace that can be read, and its path.
pub struct OpenTrace {
    /// Reads it.
    pub reader: Reader<BufReader<File>>,
    /// Where it is.
    pub path: PathBuf,
}

/// Finds the trace that `run` names (a run folder, a trace file, or `latest` below `root`) and begins to read it. A run that
/// was killed may have left a part of one.
///
/// # Errors
/// If there is none, or what is there is not a trace of this version; the text says which and what to do.
pub fn open_trace(root: &Path, run: &str) -> io::Result<OpenTrace> {
    let mut path = if run == "latest" {
        root.join("latest")
    } else {
        PathBuf::from(run)
    };
    let absent = |text: String| io::Error::new(io::ErrorKind::NotFound, text);
    let shown = path.display().to_string();
    if path.is_dir() {
        let whole = path.join(TRACE);
        let part = path.join(TRACE_PART);
        path = if whole.exists() { whole } else { part };
        if !path.exists() {
            let text = "this run has no trace (`--trace messages` or `--trace full` records one)";
            return Err(absent(format!("{shown}: {text}")));
        }
    }
    let file = File::open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if run == "latest" => absent(format!(
            "there is no run in {} (`stormglass run FILE` makes one)",
            root.display()
        )),
        io::ErrorKind::NotFound => absent(format!(
            "{shown}: there is no such run folder or trace file"
        )),
        _ => at(&path, &error),
    })?;
    match Reader::new(BufReader::new(file)) {
        Ok(reader) => Ok(OpenTrace { reader, path }),
        Err(error) => Err(unreadable(&path, error)),
    }
}

/// The same, read into memory.
///
/// # Errors
/// The same, and those of [`Reader::whole`].
pub fn read_trace(root: &Path, run: &str) -> io::Result<(Whole, PathBuf)> {
    let OpenTrace { reader, path } = open_trace(root, run)?;
    match reader.whole() {
        Ok(whole) => Ok((whole, path)),
        Err(error) => Err(unreadable(&path, error)),
    }
}

/// Why a trace could not be read on, with its path.
#[must_use]
pub fn unreadable(path: &Path, error: TraceError) -> io::Error {
    match error {
        TraceError::Io(error) => at(path, &error),
        error => io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {error}", path.display()),
        ),
    }
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
