//! A recording: all that came into a part of a cluster, in order, and all that it did.
//!
//! An engine is a function of what is fed to it, so that a recording replays exactly: [`replay`] feeds it to another engine
//! and compares every deed, byte for byte. The file is appended to before anything is let out, entry by entry, each with
//! its length and checksums of both: whatever kills the process, what was written before can be read, and a file that was
//! cut off is told from one that was damaged.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Deed, Ended, Life, Outcome, Packet, Part, RealTime, Refused};

/// First bytes of a recording: name, version, end of line.
const MAGIC: &[u8] = b"stormglass.recording/1\n";
/// Before each entry: its length, and the checksums of that and of the entry, four bytes each.
const HEAD: usize = 12;

/// What a recording is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the meaning of a run.
    pub model_version: u32,
    /// The scenario, resolved.
    pub scenario: String,
    /// Where it was read: paths in it are relative to that.
    pub file: String,
    /// What lived here.
    pub part: Part,
    /// The fingerprints of the keys that were used; none if they come from the seed. A recording never holds a key.
    pub keys: Vec<(NodeId, String)>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// The first one.
    Header(Box<Header>),
    /// The processes were started.
    Started(Vec<Life>),
    /// Time went on.
    Advanced(SimTime),
    /// A message came in.
    Came(SimTime, Packet),
    /// A process was asked for something.
    Asked(SimTime, NodeId, Vec<u8>),
    /// From here on the workload asks for nothing more.
    Closed,
    /// What came of the entries since the last of these.
    Did(Vec<Deed>),
    /// The run was over: why, and since when all was quiet.
    Ended(Ended, Option<SimTime>),
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recording {
    file: BufWriter<File>,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Recording {
    /// Makes the file, readable by its owner alone: with it goes the seed of all choices.
    ///
    /// # Errors
    /// Those of the file system, with the path; an existing file is one.
    pub fn create(path: &Path, header: Header) -> io::Result<Recording> {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let file = options.open(path).map_err(|error| at(path, &error))?;
        let mut recording = Recording {
            file: BufWriter::with_capacity(1 << 16, file),
            path: path.to_owned(),
            bytes: Vec::new(),
        };
        recording
            .file
            .write_all(MAGIC)
            .map_err(|error| at(path, &error))?;
        recording.write(&Entry::Header(Box::new(header)))?;
        recording.flush()?;
        Ok(recording)
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Those of the file system, with the path.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        self.bytes.clear();
        let bytes = postcard::to_extend(entry, std::mem::take(&mut self.bytes))
            .map_err(|error| at(&self.path, &io::Error::other(error)))?;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let length = length.to_le_bytes();
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&length);
        head[4..8].copy_from_slice(&crc32fast::hash(&length).to_le_bytes());
        head[8..].copy_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        let written = self
            .file
            .write_all(&head)
            .and_then(|()| self.file.write_all(&bytes));
        self.bytes = bytes;
        written.map_err(|error| at(&self.path, &error))
    }

    /// Hands what was written to the kernel: from here on no crash of this process loses it.
    ///
    /// # Errors
    /// Those of the file system, with the path.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| at(&self.path, &error))
    }
}

/// What was read of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What it is of.
    pub header: Header,
    /// The entries after the header.
    pub entries: Vec<Entry>,
    /// The file ends in the middle of an entry: its process was killed.
    pub torn: bool,
}

/// Reads a recording.
///
/// # Errors
/// If it cannot be read, is damaged or is none. A file that was cut off is read as far as it goes; one that was cut off
/// before it says what it is of gives [`io::ErrorKind::UnexpectedEof`]: its process was killed before it did anything.
pub fn read(path: &Path) -> io::Result<Recorded> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| at(path, &error))?;
    parse(&bytes).map_err(|why| {
        let kind = if why == CUT_OFF {
            io::ErrorKind::UnexpectedEof
        } else {
            io::ErrorKind::InvalidData
        };
        io::Error::new(kind, format!("{}: {why}", path.display()))
    })
}

fn parse(bytes: &[u8]) -> Result<Recorded, &'static str> {
    if bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes) {
        return Err(CUT_OFF);
    }
    let mut rest = bytes
        .strip_prefix(MAGIC)
        .ok_or("this is no recording, or one of another version of Stormglass")?;
    let mut header = None;
    let mut entries = Vec::new();
    let mut torn = false;
    while !rest.is_empty() {
        let Some((entry, behind)) = next(rest)? else {
            torn = true;
            break;
        };
        match (entry, &header) {
            (Entry::Header(first), None) => header = Some(*first),
            (_, None) | (Entry::Header(_), _) => return Err(DAMAGED),
            (entry, _) => entries.push(entry),
        }
        rest = behind;
    }
    let header = header.ok_or(CUT_OFF)?;
    Ok(Recorded {
        header,
        entries,
        torn,
    })
}

const CUT_OFF: &str = "the recording is cut off before its first entry";
const DAMAGED: &str = "the recording is damaged: what was written in it is not what is there. Bring it back from a copy";

/// The next entry and what is behind it; `None` if the file ends before it does.
fn next(bytes: &[u8]) -> Result<Option<(Entry, &[u8])>, &'static str> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let word = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
    let is_of = |at: usize, bytes: &[u8]| crc32fast::hash(bytes) == u32::from_le_bytes(word(at));
    if !is_of(4, &word(0)) {
        return Err(DAMAGED);
    }
    let length = u32::from_le_bytes(word(0)) as usize;
    let Some((body, rest)) = rest.split_at_checked(length) else {
        return Ok(None);
    };
    match postcard::take_from_bytes(body) {
        Ok((entry, [])) if is_of(8, body) => Ok(Some((entry, rest))),
        _ => Err(DAMAGED),
    }
}

/// Where a replay did something else than the recording says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Different {
    /// When, on the clock of the run.
    pub at: SimTime,
    /// What is different.
    pub what: Difference,
}

/// What can be different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A deed.
    Output {
        /// The how-manyth, from 1.
        place: u64,
        /// What was recorded; `None` if nothing more was.
        recorded: Option<Deed>,
        /// What the replay did; `None` if it did nothing more.
        replayed: Option<Deed>,
    },
    /// The recorded run went on after an input that the replay did not take.
    Input {
        /// The how-manyth, from 1.
        place: u64,
        /// Why it was not taken.
        why: Refused,
    },
}

impl fmt::Display for Different {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |deed: &Option<Deed>| match deed {
            Some(deed) => format!("{deed:?}"),
            None => "nothing more".to_owned(),
        };
        match &self.what {
            Difference::Output {
                place,
                recorded,
                replayed,
            } => {
                writeln!(f, "output {place} at {}ms is different", self.at)?;
                writeln!(f, "  recorded  {}", shown(recorded))?;
                write!(f, "  replayed  {}", shown(replayed))
            }
            Difference::Input { place, why } => {
                writeln!(f, "input {place} at {}ms is different", self.at)?;
                writeln!(f, "  recorded  it was taken")?;
                write!(f, "  replayed  not taken: {why}")
            }
        }
    }
}

/// What came of a replay.
#[derive(Debug)]
pub struct Replayed {
    /// How many outputs were compared.
    pub outputs: u64,
    /// How many inputs were fed.
    pub inputs: u64,
    /// What came of the run, as of the real one.
    pub outcome: Outcome,
    /// The first difference, if there is one.
    pub different: Option<Different>,
}

/// Feeds a recording to an engine of the same scenario and part, and compares all that it does.
pub fn replay(recorded: &Recorded, engine: &mut dyn RealTime) -> Replayed {
    let mut replay = Replay {
        at: recorded.header.part.since,
        outputs: 0,
        inputs: 0,
        undone: VecDeque::new(),
        began: false,
        different: None,
    };
    let mut over = None;
    for (place, entry) in recorded.entries.iter().enumerate() {
        match entry {
            Entry::Did(deeds) => {
                replay.undone.extend(engine.deeds().drain(..));
                replay.compare(deeds);
            }
            Entry::Ended(why, quiet_since) => {
                replay.undone.extend(engine.deeds().drain(..));
                replay.nothing_more();
                over = Some((*why, *quiet_since));
            }
            input => {
                replay.nothing_more();
                replay.inputs += 1;
                let is_last = place + 1 == recorded.entries.len();
                if replay.different.is_some() {
                    break;
                }
                // A panic is what came of it, and is recorded as its end.
                let fed = catch_unwind(AssertUnwindSafe(|| replay.feed(input, engine)));
                match fed.unwrap_or(Ok(())) {
                    Ok(()) => (),
                    // It ended the recorded run too: a process that cannot read its disk does not start.
                    Err(_) if is_last => break,
                    Err(why) => replay.differs(Difference::Input {
                        place: replay.inputs,
                        why,
                    }),
                }
            }
        }
        if replay.different.is_some() {
            break;
        }
    }
    let outcome = finish(engine, over.unwrap_or((Ended::Time, None)));
    Replayed {
        outputs: replay.outputs,
        inputs: replay.inputs,
        outcome,
        different: replay.different,
    }
}

/// Ends a run as it is recorded.
pub fn finish(engine: &mut dyn RealTime, over: (Ended, Option<SimTime>)) -> Outcome {
    match over {
        (Ended::Panicked, _) => engine.panicked(),
        (ended, quiet_since) => engine.finish(ended, quiet_since),
    }
}

struct Replay {
    at: SimTime,
    outputs: u64,
    inputs: u64,
    /// What the replay did in the turn whose outputs are being compared, and the recording has not told yet: it tells of a
    /// turn in as many entries as that took commits.
    undone: VecDeque<Deed>,
    /// The processes were started.
    began: bool,
    different: Option<Different>,
}

impl Replay {
    fn feed(&mut self, input: &Entry, engine: &mut dyn RealTime) -> Result<(), Refused> {
        match input {
            // Nobody starts twice; whoever says so has not recorded it.
            Entry::Started(_) if self.began => return Err(Refused::NotHere),
            Entry::Started(lives) => {
                self.began = true;
                engine.start(lives)?;
            }
            _ if !self.began => return Err(Refused::NotHere),
            Entry::Advanced(now) => {
                self.at = *now;
                engine.advance(*now);
            }
            Entry::Came(now, packet) => {
                self.at = *now;
                engine.receive(*now, packet)?;
            }
            Entry::Asked(now, node, request) => {
                self.at = *now;
                match engine.ask(*now, *node, request) {
                    Err(Refused::Unreadable) => return Err(Refused::Unreadable),
                    // It was recorded before it was asked: it may be for somebody who is not here.
                    Ok(()) | Err(Refused::NotHere | Refused::Stranger | Refused::TooLate) => (),
                }
            }
            Entry::Closed => engine.close(),
            Entry::Header(_) | Entry::Did(_) | Entry::Ended(..) => (),
        }
        Ok(())
    }

    fn differs(&mut self, what: Difference) {
        self.different = Some(Different { at: self.at, what });
    }

    /// The recording tells of these outputs.
    fn compare(&mut self, recorded: &[Deed]) {
        for recorded in recorded {
            let replayed = self.undone.pop_front();
            self.outputs += 1;
            if Some(recorded) != replayed.as_ref() {
                let (place, recorded) = (self.outputs, Some(recorded.clone()));
                return self.differs(Difference::Output {
                    place,
                    recorded,
                    replayed,
                });
            }
        }
    }

    /// The recording goes on: all that was done in the turn before has been told.
    fn nothing_more(&mut self) {
        if let Some(replayed) = self.undone.pop_front() {
            self.differs(Difference::Output {
                place: self.outputs + 1,
                recorded: None,
                replayed: Some(replayed),
            });
        }
    }
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
