use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use super::*;

const N0: NodeId = NodeId(0);
const N1: NodeId = NodeId(1);

fn identity() -> Identity {
    Identity {
        cluster: "demo".to_owned(),
        program: "register/majority".to_owned(),
    }
}

fn open(path: &Path, opening: Opening) -> Result<Store, StoreError> {
    Store::open(path, &identity(), &[N0, N1], opening)
}

fn existing(path: &Path) -> Store {
    open(path, Opening::Existing).unwrap()
}

/// A folder, and a path in it where no file is.
fn nowhere() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    (folder, path)
}

fn life(incarnation: u32, snapshot: Option<&str>, writes: &[&str]) -> Life {
    Life {
        incarnation,
        snapshot: snapshot.map(|text| text.as_bytes().to_vec()),
        writes: writes.iter().map(|text| text.as_bytes().to_vec()).collect(),
    }
}

#[test]
fn keeps_lives_snapshots_and_writes_in_order() {
    let (_folder, path) = nowhere();
    let mut store = open(&path, Opening::Fresh).unwrap();
    assert_eq!(store.begin_life(N0), Ok(life(0, None, &[])));
    store.write(N0, b"a");
    store.write(N1, b"x");
    store.write(N0, b"b");
    store.commit().unwrap();
    store.commit().unwrap();
    store.write(N0, b"lost");
    assert_eq!((store.writes(N0), store.writes(N1)), (3, 1));
    drop(store);

    let mut store = existing(&path);
    assert_eq!(store.begin_life(N0), Ok(life(1, None, &["a", "b"])));
    assert_eq!(store.begin_life(N1), Ok(life(0, None, &["x"])));
    store.write(N0, b"c");
    store.compact(N0, b"abc").unwrap();
    store.write(N0, b"d");
    store.commit().unwrap();
    assert_eq!(store.writes(N0), 1);
    drop(store);

    let mut store = existing(&path);
    assert_eq!(store.begin_life(N0), Ok(life(2, Some("abc"), &["d"])));
    store.lose(N0).unwrap();
    assert_eq!(store.begin_life(N0), Ok(life(3, None, &[])));
    store.write(N0, b"e");
    assert_eq!(store.begin_life(N0), Ok(life(4, None, &["e"])));
    drop(store);
    assert_eq!(existing(&path).begin_life(N1), Ok(life(1, None, &["x"])));
}

/// Nobody forgets by accident: neither what is missing nor what is there decides for the caller.
#[test]
fn missing_and_existing_files_are_what_the_caller_said() {
    let (_folder, path) = nowhere();
    let missing = open(&path, Opening::Existing).unwrap_err();
    assert_eq!(missing, StoreError::Missing { path: path.clone() });
    assert!(missing.to_string().contains("--fresh"));
    assert!(!path.exists());

    let store = open(&path, Opening::Fresh).unwrap();
    let in_use = open(&path, Opening::Existing).unwrap_err();
    assert_eq!(in_use, StoreError::InUse { path: path.clone() });
    drop(store);
    let exists = open(&path, Opening::Fresh).unwrap_err();
    assert_eq!(exists, StoreError::Exists { path: path.clone() });
    assert!(
        exists
            .to_string()
            .contains(&format!("rm '{}'", path.display()))
    );
}

#[test]
fn a_store_of_somebody_else_is_refused() {
    let (_folder, path) = nowhere();
    drop(open(&path, Opening::Fresh).unwrap());
    let with = |cluster: &str, program: &str, nodes: &[NodeId]| {
        let identity = Identity {
            cluster: cluster.to_owned(),
            program: program.to_owned(),
        };
        Store::open(&path, &identity, nodes, Opening::Existing)
            .unwrap_err()
            .to_string()
    };
    let program = "register/majority";
    for (message, said) in [
        (
            with("a\u{1b}b", program, &[N0, N1]),
            "storage of another cluster: of `demo`, not of `a\\u{1b}b`",
        ),
        (
            with("demo", "lease/clocks", &[N0, N1]),
            "another program: of `register/majority`, not of `lease/clocks`",
        ),
        (
            with("demo", program, &[N0]),
            "another set of nodes: of `n0, n1`, not of `n0`",
        ),
        (
            with("demo", program, &[NodeId(2), N1, N0]),
            "another set of nodes: of `n0, n1`, not of `n0, n1, n2`",
        ),
    ] {
        assert!(message.contains(said), "{message}");
    }
    assert!(Store::open(&path, &identity(), &[N1, N0], Opening::Existing).is_ok());
}

/// After an error nothing is certain: the store does not go on as if nothing had happened.
#[test]
fn incarnations_end_with_an_error() {
    let (_folder, path) = nowhere();
    let mut store = open(&path, Opening::Fresh).unwrap();
    store.rows.get_mut(&N0).unwrap().lives = u32::MAX;
    let node = N0;
    let exhausted = StoreError::Exhausted {
        path: path.clone(),
        node,
    };
    assert_eq!(store.begin_life(N0), Err(exhausted));
    assert_eq!(store.begin_life(N1), Ok(life(0, None, &[])));
    store.failed = true;
    let failed = StoreError::Failed { path };
    assert_eq!(store.commit(), Err(failed.clone()));
    assert_eq!(store.lose(N0), Err(failed));
}

/// How many commits the child makes at most, should nobody kill it.
const COMMITS: u32 = 10_000;

/// What the child of the next test does. Where nobody has asked for it, it is no test at all.
#[test]
fn child_that_is_killed() {
    let path = Path::new("child.redb");
    if !Path::new("run-as-child").exists() {
        return;
    }
    let mut store = existing(path);
    let life = store.begin_life(N0).unwrap();
    let mut out = std::io::stdout();
    let mut number = u32::try_from(life.writes.len()).unwrap();
    while number < COMMITS {
        store.write(N0, &number.to_le_bytes());
        store.write(N1, &number.to_le_bytes());
        store.commit().unwrap();
        number += 1;
        writeln!(out, "\ncommitted {number}").unwrap();
        out.flush().unwrap();
    }
}

/// What was committed is there after SIGKILL, and a transaction is there as a whole or not at all.
#[test]
fn a_killed_process_has_what_it_committed() {
    let (folder, _) = nowhere();
    let path = folder.path().join("child.redb");
    fs::write(folder.path().join("run-as-child"), "").unwrap();
    drop(open(&path, Opening::Fresh).unwrap());
    for round in 0..8_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::tests::child_that_is_killed",
                "--nocapture",
            ])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = 0;
        let mut commits = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some(number) = line.strip_prefix("committed ") else {
                continue;
            };
            said = number.parse().unwrap();
            commits += 1;
            if commits == 3 + round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(commits >= 3 + round, "round {round}: the child has failed");
        let store = existing(&path);
        assert_eq!(store.row(N0).lives, round + 1);
        let writes = store.read(N0, 0).unwrap().writes;
        assert!((said..COMMITS).contains(&u32::try_from(writes.len()).unwrap()));
        for (number, write) in (0_u32..).zip(&writes) {
            assert_eq!(*write, number.to_le_bytes());
        }
        assert_eq!(store.read(N1, 0).unwrap().writes, writes);
    }
}

/// A copy of the file of a running store holds the last commit: nothing is left in memory.
#[test]
fn a_copy_made_between_commits_is_complete() {
    let (folder, path) = nowhere();
    let copy = folder.path().join("copy.redb");
    let mut store = open(&path, Opening::Fresh).unwrap();
    for number in 0..5_u8 {
        store.write(N1, &[number]);
        store.commit().unwrap();
        store.write(N1, b"not yet");
        fs::copy(&path, &copy).unwrap();
        let writes = existing(&copy).read(N1, 0).unwrap().writes;
        assert_eq!(writes.last(), Some(&vec![number]));
        assert_eq!(writes.len(), usize::from(number) * 2 + 1);
    }
}

/// A store with some history, and what must be found in it.
fn history(path: &Path) -> (Store, Life, Life) {
    let mut store = open(path, Opening::Fresh).unwrap();
    store.begin_life(N0).unwrap();
    for _ in 0..3 {
        store.begin_life(N1).unwrap();
    }
    for number in 0..40_u32 {
        store.write(N0, format!("write {number}").repeat(20).as_bytes());
        if number % 7 == 0 {
            store.commit().unwrap();
        }
    }
    store.commit().unwrap();
    store.compact(N1, &[7; 5000]).unwrap();
    store.write(N1, b"the last");
    store.commit().unwrap();
    let writes = (0..40)
        .map(|number| format!("write {number}").repeat(20).into_bytes())
        .collect();
    let first = Life {
        incarnation: 1,
        snapshot: None,
        writes,
    };
    let second = Life {
        incarnation: 3,
        snapshot: Some(vec![7; 5000]),
        writes: vec![b"the last".to_vec()],
    };
    (store, first, second)
}

/// Both states in which a file can be found: closed in order, and left behind by a crash.
fn found() -> [(Vec<u8>, Life, Life); 2] {
    let (_folder, path) = nowhere();
    let (store, first, second) = history(&path);
    let left = fs::read(&path).unwrap();
    drop(store);
    let closed = fs::read(&path).unwrap();
    [
        (left, first.clone(), second.clone()),
        (closed, first, second),
    ]
}

/// Opens a file of these bytes: `None` if it is refused, and then it is as it was.
fn reopened(path: &Path, bytes: &[u8]) -> Option<(Life, Life)> {
    fs::write(path, bytes).unwrap();
    match open(path, Opening::Existing) {
        Ok(store) => {
            let [first, second] =
                [N0, N1].map(|node| store.read(node, store.row(node).lives).unwrap());
            Some((first, second))
        }
        Err(error) => {
            assert!(
                matches!(
                    error,
                    StoreError::Damaged { .. } | StoreError::Foreign { .. }
                ),
                "{error:?}"
            );
            assert!(error.to_string().len() < 600);
            assert!(
                fs::read(path).unwrap() == bytes,
                "a refused file is left alone"
            );
            None
        }
    }
}

#[test]
fn a_file_that_was_cut_is_refused_or_complete() {
    let (_folder, path) = nowhere();
    for (bytes, first, second) in found() {
        assert_eq!(
            reopened(&path, &bytes),
            Some((first.clone(), second.clone()))
        );
        let lengths = [0, 1, 8, 9, 31, 32, 319, 320, 4095].into_iter();
        let lengths = lengths
            .chain((0..bytes.len()).step_by(4096 * 16))
            .chain((0..bytes.len()).step_by(99_991))
            .chain(bytes.len() - 3..bytes.len());
        let mut refused = 0;
        for length in lengths {
            match reopened(&path, &bytes[..length]) {
                None => refused += 1,
                Some(lives) => assert_eq!(lives, (first.clone(), second.clone()), "{length}"),
            }
        }
        assert!(refused > 0);
    }
}

/// Bits of the head, all of those without a checksum, and bytes all over the file.
#[test]
fn a_file_that_has_rotted_is_refused_or_complete() {
    let (_folder, path) = nowhere();
    for (bytes, first, second) in found() {
        let bare = (0..32).flat_map(|at| (0..8).map(move |bit| (at, 1 << bit)));
        let roots = (32..320).step_by(3).map(|at| (at, 1 << (at % 8)));
        let used = (320..bytes.len()).filter(|at| bytes[*at] != 0);
        let used = used.step_by(397).map(|at| (at, 0x55));
        let mut refused = 0;
        for (at, mask) in bare.chain(roots).chain(used) {
            let mut rotten = bytes.clone();
            rotten[at] ^= mask;
            match reopened(&path, &rotten) {
                None => refused += 1,
                Some(lives) => {
                    assert_eq!(
                        lives,
                        (first.clone(), second.clone()),
                        "byte {at}, {mask:#x}"
                    );
                }
            }
        }
        assert!(refused > 0);
    }
}

/// What a database has asked of its file.
#[derive(Clone, Debug)]
enum Asked {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
    /// Not asked by the database: this many commits have returned.
    Committed(u8),
}

/// A file in memory, and a list of all that was asked of it.
#[derive(Clone, Debug, Default)]
struct Recorder {
    file: Arc<InMemoryBackend>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorder {
    fn note(&self, asked: Asked) {
        self.asked.lock().unwrap().push(asked);
    }
}

impl StorageBackend for Recorder {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.note(Asked::Length(len));
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.note(Asked::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(Asked::Write(offset, data.to_vec()));
        self.file.write(offset, data)
    }
}

/// What may be on the disk if the power fails now: all that was asked before the last sync, and of the rest, each sector
/// of each write, and each growth, or not.
fn after_power_failure(asked: &[Asked], mut survives: impl FnMut() -> bool) -> Vec<u8> {
    let synced = asked.iter().rposition(|asked| matches!(asked, Asked::Sync));
    let mut disk = Vec::new();
    for (at, asked) in asked.iter().enumerate() {
        let is_synced = Some(at) < synced;
        match asked {
            Asked::Length(len) => {
                if is_synced || survives() {
                    disk.resize(usize::try_from(*len).unwrap(), 0);
                }
            }
            Asked::Write(offset, data) => {
                let offset = usize::try_from(*offset).unwrap();
                for (sector, bytes) in data.chunks(512).enumerate() {
                    let start = offset + sector * 512;
                    let end = start + bytes.len();
                    // What lies behind the end of a file that has not grown is lost.
                    if (is_synced || survives()) && end <= disk.len() {
                        disk[start..end].copy_from_slice(bytes);
                    }
                }
            }
            Asked::Sync | Asked::Committed(_) => {}
        }
    }
    disk
}

/// Power may fail at any moment, and unsynced sectors arrive in any order or not at all: the store is never refused, and
/// holds all that was committed and, of the commit it fell into, all or nothing.
#[test]
fn a_power_failure_loses_nothing_that_was_committed() {
    let (_folder, path) = nowhere();
    let recorder = Recorder::default();
    let owner: Owner = (FORMAT, identity().cluster, identity().program, vec![N0, N1]);
    let database = file::over(recorder.clone()).unwrap();
    let mut store = Store::filled(&path, database, &owner).unwrap();
    for number in 0..60_u8 {
        recorder.note(Asked::Committed(number));
        // Some of them larger than what the file has room for.
        let size = if number % 16 == 7 { 300_000 } else { 100 };
        store.write(N0, &vec![number; size]);
        if number % 20 == 19 {
            store.compact(N1, &[number]).unwrap();
        } else {
            store.commit().unwrap();
        }
    }
    recorder.note(Asked::Committed(60));
    // It cuts off what it does not need any more.
    drop(store);
    let asked = recorder.asked.lock().unwrap().clone();
    let began = asked
        .iter()
        .position(|asked| matches!(asked, Asked::Committed(0)))
        .unwrap();
    let mut word = 1_u64;
    for end in began..asked.len() {
        // Enough to tell sectors apart, and the same in every run: xorshift.
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        let (seed, mut turn) = (word, 0_u32);
        let survives = || {
            turn += 1;
            match seed % 4 {
                0 => false,
                1 => true,
                _ => seed.rotate_left(turn * 7) & 1 == 0,
            }
        };
        let disk = after_power_failure(&asked[..end], survives);
        fs::write(&path, disk).unwrap();
        let committed = asked[..end].iter().rev().find_map(|asked| match asked {
            Asked::Committed(number) => Some(*number),
            _ => None,
        });
        let committed = usize::from(committed.unwrap_or(0));
        let store = open(&path, Opening::Existing).unwrap_or_else(|error| panic!("{end}: {error}"));
        let writes = store.read(N0, 0).unwrap().writes;
        assert!(
            writes.len() == committed || writes.len() == committed + 1,
            "{end}: {} of {committed}",
            writes.len()
        );
        for (number, write) in (0_u8..).zip(&writes) {
            assert_eq!(write[0], number);
        }
    }
}
