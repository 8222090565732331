//! What was recorded of a real run happens again, byte for byte; and what was changed in a recording is noticed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sim_core::sim::Deed;
use udp::recording::{Entry, Recorded, Recording, read};

use crate::stage::{Came, Stage, side_by_side};

/// Everything that can go wrong, in a process for all: a file or one of its variants, under three seeds each.
const TROUBLE: [&str; 14] = [
    "multicast/eager-lossy.ron",
    "links/logged-recovery.ron",
    "links/bursts.ron",
    "links/perfect-grid.ron",
    "links/corruption.ron",
    "links/forged-sender.ron",
    "partitions/one-way.ron",
    "partitions/isolate.ron",
    "partitions/bridge.ron",
    "processes/equivocation.ron",
    "processes/mutation.ron",
    "processes/slow-disk.ron",
    "processes/failing-disk.ron",
    "processes/manager-crash.ron",
];
/// The same with a process for each node, under two.
const APART: [&str; 4] = [
    "multicast/eager-sender-crash.ron",
    "links/logged-recovery.ron",
    "processes/amnesia.ron",
    "processes/silence.ron",
];

/// A recording is all that a run was: nothing that a protocol does may come from anywhere else.
#[test]
fn fifty_runs_with_faults_replay_byte_for_byte() {
    let mut runs: Vec<(&str, u64, bool)> = Vec::new();
    for file in TROUBLE {
        runs.extend((1..=3).map(|seed| (file, seed, false)));
    }
    for file in APART {
        runs.extend((1..=2).map(|seed| (file, seed, true)));
    }
    assert_eq!(runs.len(), 50);
    let came = side_by_side(&runs, |(file, seed, apart)| {
        let stage = Stage::new();
        let (file, seed) = (format!("scenarios/{file}"), seed.to_string());
        let mut words = vec!["udp", "run", &file, "--seed", &seed];
        if *apart {
            words.push("--processes");
        }
        let run = stage.run(&words);
        (run, stage.run(&["replay", "latest"]))
    });
    let mut same = 0;
    let mut outputs = 0;
    for (what, (run, replay)) in runs.iter().zip(&came) {
        // With another seed a run may break what it promises with its own; it happened all the same.
        assert!(matches!(run.code, Some(0 | 1 | 3)), "{what:?}: {run:?}");
        assert_eq!(replay.code, Some(0), "{what:?}: {replay:?}");
        assert!(replay.out.starts_with("SAME "), "{what:?}: {replay:?}");
        outputs += compared(replay);
        same += 1;
    }
    assert_eq!(same, 50);
    assert!(outputs > 1_000, "{outputs} outputs were compared");
}

/// How many outputs a replay says that it has compared.
fn compared(replay: &Came) -> u64 {
    let words: Vec<&str> = replay.out.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "outputs,");
    let number = at.and_then(|at| words[at - 1].parse().ok());
    number.unwrap_or_else(|| panic!("no number of outputs in {replay:?}"))
}

/// A run with its only recording.
fn recorded() -> (Stage, PathBuf) {
    let stage = Stage::new();
    let run = stage.run(&["udp", "run", "scenarios/multicast/eager.ron"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let path = stage.latest("all-0.recording");
    (stage, path)
}

/// Writes a recording anew, with its lengths and checksums as they should be.
fn write(path: &Path, recorded: &Recorded) {
    fs::remove_file(path).expect("it is there");
    let mut recording = Recording::create(path, recorded.header.clone()).expect("it is new");
    for entry in &recorded.entries {
        recording.write(entry).expect("there is room");
    }
    recording.flush().expect("there is room");
}

/// The `wanted`-th of the deeds that fit, and its place among all.
fn nth_deed<'a, T>(
    recorded: &'a mut Recorded,
    wanted: usize,
    fits: impl Fn(&'a mut Deed) -> Option<T>,
) -> (usize, T) {
    let deeds = recorded.entries.iter_mut().filter_map(|entry| match entry {
        Entry::Did(deeds) => Some(deeds),
        _ => None,
    });
    let numbered = (1..).zip(deeds.flatten());
    let fitting = numbered.filter_map(|(place, deed)| fits(deed).map(|what| (place, what)));
    let mut fitting = fitting.skip(wanted);
    fitting.next().expect("there are as many of them")
}

/// The control of the test above: a byte is enough.
#[test]
fn a_changed_byte_of_an_output_is_found() {
    let (stage, path) = recorded();
    let mut tape = read(&path).expect("it was just written");
    let (place, byte) = nth_deed(&mut tape, 7, |deed| match deed {
        Deed::Sent(packet) => packet.body.last_mut(),
        _ => None,
    });
    *byte ^= 1;
    write(&path, &tape);
    let replay = stage.run(&["replay", "latest"]);
    assert_eq!(replay.code, Some(6), "{replay:?}");
    let first = format!("output {place} at ");
    assert!(replay.out.contains(&first), "{first:?} in {replay:?}");
    for word in ["recorded  Sent(", "replayed  Sent(", "NONDETERMINISM"] {
        assert!(replay.out.contains(word), "{word:?} in {replay:?}");
    }
}

/// What is missing is a difference too.
#[test]
fn an_output_that_is_missing_is_found() {
    let (stage, path) = recorded();
    let mut tape = read(&path).expect("it was just written");
    let last = tape.entries.iter_mut().rev().find_map(|entry| match entry {
        Entry::Did(deeds) => deeds.pop(),
        _ => None,
    });
    assert!(last.is_some(), "it did something");
    write(&path, &tape);
    let replay = stage.run(&["replay", "latest"]);
    assert_eq!(replay.code, Some(6), "{replay:?}");
    assert!(replay.out.contains("recorded  nothing more"), "{replay:?}");
}

/// An input that could not have come is none that is passed over.
#[test]
fn an_input_that_is_not_taken_is_found() {
    let (stage, path) = recorded();
    let mut tape = read(&path).expect("it was just written");
    let packet = tape.entries.iter_mut().find_map(|entry| match entry {
        Entry::Came(_, packet) => Some(packet),
        _ => None,
    });
    packet.expect("something came in").body.clear();
    write(&path, &tape);
    let replay = stage.run(&["replay", "latest"]);
    assert_eq!(replay.code, Some(6), "{replay:?}");
    assert!(
        replay.out.contains("replayed  not taken: its bytes"),
        "{replay:?}"
    );
}

/// A process that was killed in the middle of an entry has done everything before it.
#[test]
fn a_recording_that_was_cut_off_replays_as_far_as_it_goes() {
    let (stage, path) = recorded();
    let whole = stage.run(&["replay", "latest"]);
    let bytes = fs::read(&path).expect("it is there");
    for cut in [1, bytes.len() / 3, bytes.len() / 2] {
        fs::write(&path, &bytes[..bytes.len() - cut]).expect("there is room");
        let replay = stage.run(&["replay", "latest"]);
        assert_eq!(replay.code, Some(0), "{cut} bytes less: {replay:?}");
        let told = replay.err.contains("ends in the middle of an entry");
        assert!(told, "{cut} bytes less: {replay:?}");
        assert!(compared(&replay) <= compared(&whole));
    }
}

/// What was written and is not there any more is not passed over in silence, wherever it is.
#[test]
fn a_damaged_recording_is_refused() {
    let (stage, path) = recorded();
    let bytes = fs::read(&path).expect("it is there");
    let step = (bytes.len() / 23).max(1);
    let places = (0..bytes.len()).step_by(step).chain([bytes.len() - 1]);
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        fs::write(&path, damaged).expect("there is room");
        let replay = stage.run(&["replay", "latest"]);
        assert_eq!(replay.code, Some(74), "byte {place}: {replay:?}");
        let said = ["the recording is damaged", "this is no recording"];
        let told = said.iter().any(|said| replay.err.contains(said));
        assert!(told, "byte {place}: {replay:?}");
        assert!(!replay.err.contains("panicked"), "{replay:?}");
    }
}

/// A folder without recordings and a file of another kind are told apart from a run that was different.
#[test]
fn what_is_no_recording_is_refused() {
    let stage = Stage::new();
    stage.write("letter.txt", "Dear node,");
    stage.write("empty.recording", "");
    for (word, code, said) in [
        ("letter.txt", 74, "no recording"),
        ("empty.recording", 74, "cut off before its first entry"),
        ("scenarios", 2, "there is no recording"),
        ("nowhere", 2, "there is no such run folder or recording"),
    ] {
        let replay = stage.run(&["replay", word]);
        assert_eq!(replay.code, Some(code), "{word}: {replay:?}");
        assert!(replay.err.contains(said), "{word}: {replay:?}");
    }
}

const TELLING: &str = r#"Scenario(
    name: "telling",
    nodes: 3,
    protocol: BestEffortMulticast,
    workload: [(at: "1ms", node: 0, do: Multicast("hello"))],
    expect: ["always no_duplication"],
)"#;

/// How often something was delivered in all, in the words of the property.
fn deliveries(stage: &Stage) -> String {
    let came = stage.run(&["udp", "collect", "runs/telling/udp-1", "--json"]);
    let document: Value =
        serde_json::from_str(&came.out).unwrap_or_else(|error| panic!("{error}: {came:?}"));
    let detail = &document["runs"][0]["properties"][0]["detail"];
    detail.as_str().expect("it is a text").to_owned()
}

/// A process was killed after the inputs of a turn were recorded and before anything that came of them: a replay does it,
/// and the run has not.
#[test]
fn what_a_killed_process_has_not_said_nobody_has_heard() {
    let stage = Stage::new();
    stage.write("telling.ron", TELLING);
    let run = stage.run(&["udp", "run", "telling.ron", "--processes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(deliveries(&stage), "3 deliveries");
    let path = stage.path("runs/telling/udp-1/n2-0.recording");
    let mut tape = read(&path).expect("it was just written");
    let said = |entry: &Entry| match entry {
        Entry::Did(deeds) => deeds.iter().any(|deed| matches!(deed, Deed::Said(..))),
        _ => false,
    };
    let cut = tape.entries.iter().position(said);
    tape.entries.truncate(cut.expect("it said something"));
    write(&path, &tape);
    assert_eq!(deliveries(&stage), "2 deliveries");
}
