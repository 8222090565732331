//! The run folder: what a run leaves on disk.
//!
//! ```text
//! runs/eager-sender-crash/s42-5d1e0c/   id = seed + hash(resolved scenario, model version): no clock
//!   scenario.resolved.ron   defaults filled in, parameters substituted; running this file gives the same run
//!   result.json             verdict, findings, metrics, fault counts, fingerprint, how to run it again
//!   trace.bin               the trace, compressed (see `write_trace`)
//!   metrics.csv             one row per metric
//!   host.json               wall time: the only file outside the determinism contract
//! runs/latest -> …          runs/index.jsonl   one line per run
//! ```
//!
//! Files are written under a temporary name and renamed, so that none is ever seen half-written.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sim_core::kernel::canonical::Fold;
use sim_core::trace::{MODEL_VERSION, Trace};

use crate::format::Scenario;
use crate::metrics::Figure;

/// The name of the resolved scenario in a run folder.
pub const RESOLVED: &str = "scenario.resolved.ron";
/// First bytes of a trace file: name, version of the file, end of line.
const MAGIC: &[u8] = b"stormglass.trace/1\n";
/// A trace larger than this when unpacked is refused.
const TRACE_MAX_BYTES: u64 = 1 << 30;

/// What stands before the events of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// The version of the meaning of a run.
    pub model_version: u32,
    /// Scenario and variant.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// The parameters: `n=5 k=2`.
    pub params: String,
    /// The fingerprint of the run.
    pub fingerprint: u64,
}

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
    /// The trace, if one was recorded.
    pub trace: Option<(&'a TraceHeader, &'a Trace)>,
    /// Names and values of metrics.
    pub metrics: &'a [(String, Option<Figure>)],
    /// How long the run took on this machine, in milliseconds.
    pub wall_ms: u64,
}

/// Writes the folder of a run below `root` and gives its path.
///
/// # Errors
/// Those of the file system; the path is in the text.
pub fn write(root: &Path, files: &Files<'_>) -> io::Result<PathBuf> {
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
    let trace = folder.join("trace.bin");
    match files.trace {
        Some((header, events)) => put(&trace, &pack(header, events)?)?,
        // A trace of an earlier run would be taken for this one's.
        None => match fs::remove_file(&trace) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at(&trace, &error));
            }
            _ => (),
        },
    }
    put(
        &folder.join("host.json"),
        format!("{{\"wall_ms\":{}}}\n", files.wall_ms).as_bytes(),
    )?;
    index(root, files)?;
    point_latest(root, &folder)?;
    Ok(folder)
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

/// The trace file: the magic line, then, deflated, the header and the trace in postcard's format.
fn pack(header: &TraceHeader, trace: &Trace) -> io::Result<Vec<u8>> {
    let plain = postcard::to_allocvec(&(header, trace)).map_err(io::Error::other)?;
    let mut packed =
        flate2::write::DeflateEncoder::new(MAGIC.to_vec(), flate2::Compression::fast());
    packed.write_all(&plain)?;
    packed.finish()
}

/// Finds the trace that `run` names (a run folder, a trace file, or `latest` below `root`) and reads it.
///
/// # Errors
/// If there is none, or what is there is not a trace of this version; the text says which and what to do.
pub fn read_trace(root: &Path, run: &str) -> io::Result<(TraceHeader, Trace)> {
    let mut path = if run == "latest" {
        root.join("latest")
    } else {
        PathBuf::from(run)
    };
    let absent = |text: String| io::Error::new(io::ErrorKind::NotFound, text);
    let shown = path.display().to_string();
    if path.is_dir() {
        path.push("trace.bin");
        if !path.exists() {
            let text = "this run has no trace (`--trace messages` or `--trace full` records one)";
            return Err(absent(format!("{shown}: {text}")));
        }
    }
    let bytes = fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if run == "latest" => absent(format!(
            "there is no run in {} (`stormglass run FILE` makes one)",
            root.display()
        )),
        io::ErrorKind::NotFound => absent(format!(
            "{shown}: there is no such run folder or trace file"
        )),
        _ => at(&path, &error),
    })?;
    let refuse = |why: &str| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {why}", path.display()),
        )
    };
    let packed = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| refuse("this is no trace, or one of another version of Stormglass"))?;
    let mut plain = Vec::new();
    let unpacked = flate2::read::DeflateDecoder::new(packed)
        .take(TRACE_MAX_BYTES + 1)
        .read_to_end(&mut plain);
    unpacked.map_err(|_| refuse("the trace is damaged"))?;
    if plain.len() as u64 > TRACE_MAX_BYTES {
        return Err(refuse("the trace is larger than 1 GiB"));
    }
    postcard::from_bytes(&plain).map_err(|_| refuse("the trace is damaged"))
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
