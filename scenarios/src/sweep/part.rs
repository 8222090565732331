//! Parts: what one shard has done so far, a file that is only appended to.
//!
//! Its first line says which sweep it belongs to and lists the ids of all runs, so that parts can be merged wherever they
//! come from. Each further line is a run. A line without an end was cut off by whatever killed the shard: it is ignored, and
//! removed by whoever goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::plan::{Description, Plan};
use super::row::Row;

/// So many lines are forced to the disk together.
const BATCH: u32 = 32;

/// The first line of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    sweep: Description,
    ids: Vec<String>,
}

/// The contents of a part.
#[derive(Clone, Debug)]
pub struct Read {
    /// Which sweep it belongs to.
    pub description: Description,
    /// The ids of all its runs, in order.
    pub ids: Vec<String>,
    /// The rows that are there, as lines.
    pub rows: Vec<(String, String)>,
    /// So many bytes are sound.
    pub sound: u64,
}

/// Why parts do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Something is no part, or of another sweep or version.
    Foreign(String),
    /// Two parts have different rows of the same run.
    Contradiction(String),
    /// The file system would not.
    Io(String),
}

/// Reads the bytes of a part called `name`. `None` if not even its first line is whole.
///
/// # Errors
/// If it is no part.
pub fn read(name: &str, bytes: &[u8]) -> Result<Option<Read>, Conflict> {
    let foreign = |why: &str| Conflict::Foreign(format!("{name}: {why}"));
    let whole = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    if whole == 0 {
        return Ok(None);
    }
    let text =
        std::str::from_utf8(&bytes[..whole]).map_err(|_| foreign("this is no part of a sweep"))?;
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let Header { sweep, ids } = serde_json::from_str(header).map_err(|_| {
        foreign("this is no part of a sweep, or one of another version of Stormglass")
    })?;
    let known: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    for (number, line) in lines.enumerate() {
        let row = Row::parse(line).filter(|row| known.contains(row.id().as_str()));
        let Some(row) = row else {
            return Err(foreign(&format!(
                "line {} is no run of this sweep",
                number + 2
            )));
        };
        rows.push((row.id(), line.to_owned()));
    }
    Ok(Some(Read {
        description: sweep,
        ids,
        rows,
        sound: whole as u64,
    }))
}

/// A part that is being written.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    file: File,
    unsynced: u32,
}

impl Part {
    /// Opens the part at `path`, which may be there already, and gives the ids of the runs that it has.
    ///
    /// # Errors
    /// If it is of another sweep, or cannot be written.
    pub fn open(path: &Path, plan: &Plan) -> Result<(Part, BTreeSet<String>), Conflict> {
        let trouble = |error: io::Error| Conflict::Io(format!("{}: {error}", path.display()));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(trouble)?;
        }
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(trouble)?,
        };
        let there = read(&path.display().to_string(), &bytes)?;
        let header = Header {
            sweep: plan.description.clone(),
            ids: plan.ids(),
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(trouble)?;
        let mut part = Part {
            path: path.to_owned(),
            file,
            unsynced: 0,
        };
        let done = match there {
            Some(there) => {
                if there.description != header.sweep || there.ids != header.ids {
                    let text = format!("{}: this is a part of another sweep", path.display());
                    return Err(Conflict::Foreign(text));
                }
                if there.sound < bytes.len() as u64 {
                    part.file.set_len(there.sound).map_err(trouble)?;
                }
                there.rows.into_iter().map(|(id, _)| id).collect()
            }
            None => {
                part.file.set_len(0).map_err(trouble)?;
                let header = serde_json::to_string(&header)
                    .map_err(io::Error::other)
                    .map_err(trouble)?;
                part.line(&header)?;
                BTreeSet::new()
            }
        };
        part.sync()?;
        Ok((part, done))
    }

    /// Appends a row.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, row: &Row) -> Result<(), Conflict> {
        self.line(&row.line())?;
        self.unsynced += 1;
        if self.unsynced >= BATCH {
            self.sync()?;
        }
        Ok(())
    }

    fn line(&mut self, text: &str) -> Result<(), Conflict> {
        let written = self.file.write_all(format!("{text}\n").as_bytes());
        written.map_err(|error| Conflict::Io(format!("{}: {error}", self.path.display())))
    }

    /// Forces everything to the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn sync(&mut self) -> Result<(), Conflict> {
        self.unsynced = 0;
        let synced = self.file.sync_data();
        synced.map_err(|error| Conflict::Io(format!("{}: {error}", self.path.display())))
    }
}

/// What parts have together.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The sweep.
    pub description: Description,
    /// The rows that are there, in the order of the plan.
    pub rows: Vec<Row>,
    /// The ids of the runs that are not, in the same order.
    pub missing: Vec<String>,
}

/// Puts parts together, each with its name. `None` if none of them has anything.
///
/// # Errors
/// If they do not go together.
pub fn merge(parts: &[(String, Vec<u8>)]) -> Result<Option<Merged>, Conflict> {
    let mut first: Option<(&str, Read)> = None;
    let mut lines: BTreeMap<String, (String, &str)> = BTreeMap::new();
    for (name, bytes) in parts {
        let Some(mut part) = read(name, bytes)? else {
            continue;
        };
        for (id, line) in std::mem::take(&mut part.rows) {
            match lines.get(&id) {
                Some((known, of)) if *known != line => {
                    let text = format!("{of} and {name} have different results of run {id}");
                    return Err(Conflict::Contradiction(text));
                }
                Some(_) => {}
                None => {
                    lines.insert(id, (line, name));
                }
            }
        }
        match &first {
            Some((of, known)) => same_sweep(of, known, name, &part)?,
            None => first = Some((name, part)),
        }
    }
    let Some((
        _,
        Read {
            description, ids, ..
        },
    )) = first
    else {
        return Ok(None);
    };
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match lines.get(&id).and_then(|(line, _)| Row::parse(line)) {
            Some(row) => rows.push(row),
            None => missing.push(id),
        }
    }
    Ok(Some(Merged {
        description,
        rows,
        missing,
    }))
}

fn same_sweep(of: &str, known: &Read, name: &str, part: &Read) -> Result<(), Conflict> {
    let (a, b) = (&known.description, &part.description);
    let difference = if a.model_version != b.model_version {
        format!("model versions {} and {}", a.model_version, b.model_version)
    } else if a.scenario_hash != b.scenario_hash {
        format!(
            "sweeps {} of {} and {} of {}",
            a.scenario_hash, a.scenario, b.scenario_hash, b.scenario
        )
    } else if a != b || known.ids != part.ids {
        "descriptions that differ".to_owned()
    } else {
        return Ok(());
    };
    Err(Conflict::Foreign(format!(
        "{of} and {name} do not go together: {difference}"
    )))
}
