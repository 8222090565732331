//! Recordings, read and replayed: what a real run did, step by step, in the simulator.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use scenarios::format::{Overrides, Scenario, Sources, read};
use scenarios::run::{Keys, PartRun, Runner, Seen, SeenFact, Witnessed};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::Moment;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Deed, Ended, Outcome};
use sim_core::trace::MODEL_VERSION;
use udp::recording::{self, Entry, Recorded, Replayed};

use crate::exit::Exit;

/// How the files of recordings end.
const ENDING: &str = "recording";

/// The recordings that `path` names: itself, or those of a run folder, in the order of their names.
fn find(path: &Path) -> io::Result<Vec<PathBuf>> {
    let at =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if !path.exists() {
        let text = format!(
            "{}: there is no such run folder or recording",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries: io::Result<Vec<_>> = fs::read_dir(path).map_err(at)?.collect();
    let paths = entries.map_err(at)?.into_iter().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
        .collect();
    found.sort();
    if found.is_empty() {
        let text = format!(
            "{}: there is no recording of a real run in it (what `udp collect` makes has none: the nodes' folders do)",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    Ok(found)
}

/// What it means that recordings cannot be read: that there are none is a mistake of who asks for them.
pub fn unread(error: &io::Error) -> Exit {
    match error.kind() {
        io::ErrorKind::NotFound => Exit::Usage,
        _ => Exit::Io,
    }
}

/// The recordings that `path` names, read, and notes about those of a folder in which nothing is.
pub fn read_all(path: &Path) -> io::Result<(Vec<Tape>, Vec<String>)> {
    let (mut tapes, mut notes) = (Vec::new(), Vec::new());
    for file in find(path)? {
        match Tape::read(file) {
            Ok(tape) => tapes.push(tape),
            // Its process was killed before it did anything.
            Err(error) if path.is_dir() && error.kind() == io::ErrorKind::UnexpectedEof => {
                notes.push(format!("{error}; it is left out"));
            }
            Err(error) => return Err(error),
        }
    }
    if tapes.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            notes.join("\n"),
        ));
    }
    Ok((tapes, notes))
}

/// A recording and where it was.
pub struct Tape {
    pub path: PathBuf,
    pub recorded: Recorded,
}

impl Tape {
    fn read(path: PathBuf) -> io::Result<Tape> {
        let recorded = recording::read(&path)?;
        let version = recorded.header.model_version;
        if version != MODEL_VERSION {
            let text = format!(
                "{}: recorded by another version of Stormglass (model version {version}; this is {MODEL_VERSION})",
                path.display()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(Tape { path, recorded })
    }

    /// The scenario that was run.
    pub fn scenario(&self, sources: &mut Sources, registry: &dyn Runner) -> io::Result<Scenario> {
        let header = &self.recorded.header;
        let place = Path::new(&header.file).with_file_name("recorded.ron");
        let source = sources.add(place.display().to_string(), header.scenario.as_str());
        let reading = read(sources, source, &Overrides::default(), registry.entries());
        reading.scenario.ok_or_else(|| {
            let text = format!(
                "{}: the scenario in it cannot be read here (was it made by another program?)",
                self.path.display()
            );
            io::Error::new(io::ErrorKind::InvalidData, text)
        })
    }

    /// Feeds it to the same protocol. A witness is shown what properties see.
    pub fn replay(
        &self,
        registry: &dyn Runner,
        scenario: &Scenario,
        keys: Keys,
        witness: Option<Witnessed>,
    ) -> Replayed {
        let part = self.recorded.header.part.clone();
        let mut engine = registry.live(scenario, part, keys, witness);
        recording::replay(&self.recorded, engine.as_mut())
    }

    /// How the run ended here, as far as it is recorded.
    fn end(&self) -> Option<End> {
        match self.recorded.entries.last() {
            Some(Entry::Ended(ended, quiet)) => Some((*ended, *quiet)),
            _ => None,
        }
    }

    /// How often something was said in it.
    fn said(&self) -> usize {
        let deeds = self.recorded.entries.iter().map(|entry| match entry {
            Entry::Did(deeds) => deeds.as_slice(),
            _ => &[],
        });
        let said = deeds
            .flatten()
            .filter(|deed| matches!(deed, Deed::Said(..)));
        said.count()
    }

    /// Who is known to have crashed in it.
    fn crashed(&self) -> BTreeSet<NodeId> {
        let mut down = BTreeSet::new();
        for entry in &self.recorded.entries {
            let Entry::Did(deeds) = entry else { continue };
            for deed in deeds {
                match deed {
                    Deed::Crashed(node, _) => down.insert(*node),
                    Deed::Life(node, _) => down.remove(node),
                    _ => false,
                };
            }
        }
        down
    }
}

/// How a run ended: why, and since when all was quiet, if it was.
type End = (Ended, Option<SimTime>);

/// What is wrong with these recordings as those of one run, if something is.
pub fn mixed(scenario: &Scenario, tapes: &[Tape]) -> Option<String> {
    let mut lives: BTreeMap<(&BTreeSet<NodeId>, u64), &Path> = BTreeMap::new();
    let mut missing: BTreeSet<NodeId> = (0..scenario.nodes).map(NodeId).collect();
    for tape in tapes {
        let part = &tape.recorded.header.part;
        if let Some(node) = part.here.iter().find(|node| node.0 >= scenario.nodes) {
            return Some(format!(
                "{}: the scenario has no {node}",
                tape.path.display()
            ));
        }
        if let Some(other) = lives.insert((&part.here, part.base), &tape.path) {
            return Some(format!(
                "{} and {} are of the same life of the same node: one run is judged at a time",
                other.display(),
                tape.path.display()
            ));
        }
        missing.retain(|node| !part.here.contains(node));
    }
    let first = missing.first()?;
    Some(format!(
        "the recording of {first} is missing ({} of {} nodes are): a run is judged whole",
        missing.len(),
        scenario.nodes
    ))
}

/// Replays all recordings of a run and puts them together. Gives the first output that was different, with its file.
pub fn gather(
    registry: &dyn Runner,
    scenario: &Scenario,
    tapes: &[Tape],
    keys: &Keys,
) -> Result<Outcome, String> {
    let mut parts = Vec::new();
    // Of a process that was killed the last life says how it ended.
    let mut ends: BTreeMap<&BTreeSet<NodeId>, (SimTime, Option<End>)> = BTreeMap::new();
    for tape in tapes {
        let witness = Witnessed::default();
        let replayed = tape.replay(registry, scenario, keys.clone(), Some(witness.clone()));
        if let Some(different) = replayed.different {
            return Err(format!("{}: {different}", tape.path.display()));
        }
        let mut seen = witness.take();
        let part = &tape.recorded.header.part;
        if tape.end().is_none() {
            // The last turn may have been cut short: what it would have said nobody has heard.
            forget_unsaid(&mut seen, tape.said());
            // It was killed: whoever lived here crashed, whether a fault of the scenario did it or somebody else.
            let moment = Moment {
                at: replayed.outcome.at,
                event: part.base + replayed.outcome.events,
            };
            let known = tape.crashed();
            let crashed = part.here.iter().filter(|node| !known.contains(node));
            seen.extend(crashed.map(|node| Seen {
                moment,
                fact: SeenFact::Crashed(*node),
            }));
        }
        let end = ends.entry(&part.here).or_insert((part.since, None));
        if end.0 <= part.since {
            *end = (part.since, tape.end());
        }
        parts.push(PartRun {
            outcome: replayed.outcome,
            seen,
        });
    }
    let ends: Vec<Option<End>> = ends.into_values().map(|(_, end)| end).collect();
    let (ended, quiet_since) = together(&ends);
    let whole = scenario.nodes as usize == tapes[0].recorded.header.part.here.len();
    Ok(match <[PartRun; 1]>::try_from(parts) {
        Ok([only]) if whole => only.outcome,
        Ok([only]) => registry.join(scenario, vec![only], ended, quiet_since),
        Err(parts) => registry.join(scenario, parts, ended, quiet_since),
    })
}

/// Leaves as much of what was seen as comes before anything that was not said.
fn forget_unsaid(seen: &mut Vec<Seen>, said: usize) {
    let mut indicated = seen
        .iter()
        .enumerate()
        .filter(|(_, seen)| matches!(seen.fact, SeenFact::Indicated(..)));
    if let Some((first, _)) = indicated.nth(said) {
        seen.truncate(first);
    }
}

/// How a run ended as a whole. A process that stays down has nothing more to say.
fn together(ends: &[Option<End>]) -> End {
    let known: Vec<End> = ends.iter().flatten().copied().collect();
    let any = |wanted: Ended| known.iter().any(|(ended, _)| *ended == wanted);
    for worst in [Ended::Panicked, Ended::Memory, Ended::Events] {
        if any(worst) {
            return (worst, None);
        }
    }
    let quiet = known
        .iter()
        .map(|(_, quiet)| *quiet)
        .collect::<Option<Vec<_>>>();
    let quiet = quiet.and_then(|quiet| quiet.into_iter().max());
    let ended = if !known.is_empty() && known.iter().all(|(ended, _)| *ended == Ended::Quiescent) {
        Ended::Quiescent
    } else {
        Ended::Time
    };
    (ended, quiet)
}
