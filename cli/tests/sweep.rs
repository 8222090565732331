//! A sweep that is killed with SIGKILL, and goes on: the bytes are those of one that was left in peace.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const FILES: [&str; 5] = [
    "runs.jsonl",
    "runs.csv",
    "points.csv",
    "sweep.json",
    "part-1-of-1.jsonl",
];

/// So small n have a slope of their own.
const EXPECT: [&str; 2] = [
    "--set",
    "sweep.expect=[\"exponent(messages, n) in 1.9 .. 2.15\"]",
];

fn sweep(out: &Path, more: &[&str]) -> Command {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/sweeps/eager-messages.ron");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command
        .arg("sweep")
        .arg(file)
        .args([
            "-s",
            "n=4,8,16..=64",
            "--seeds",
            "150",
            EXPECT[0],
            EXPECT[1],
            "-o",
        ])
        .arg(out)
        .args(more);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn done(mut command: Command) -> Output {
    let output = command.output().expect("the command runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    output
}

/// The folder of the only sweep below `out`.
fn folder(out: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(out.join("eager-messages")).ok()?;
    let mut folders = entries.map(|entry| entry.expect("a folder").path());
    folders.next()
}

fn files(out: &Path) -> Vec<Vec<u8>> {
    let folder = folder(out).expect("there is a sweep");
    let read =
        |name: &&str| fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    FILES.iter().map(read).collect()
}

/// How many lines the part has so far.
fn lines(out: &Path) -> usize {
    let part = folder(out).map(|folder| folder.join("part-1-of-1.jsonl"));
    let bytes = part
        .and_then(|part| fs::read(part).ok())
        .unwrap_or_default();
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn a_sweep_that_is_killed_goes_on_to_the_same_bytes() {
    let (peace, war) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    done(sweep(peace.path(), &["-j1"]));
    let mut killed = 0;
    for jobs in ["-j1", "-j2", "-j3"] {
        let before = lines(war.path());
        let mut child = sweep(war.path(), &[jobs])
            .spawn()
            .expect("the command runs");
        let deadline = Instant::now() + Duration::from_secs(60);
        while lines(war.path()) < before + 100 && child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "no run was done in a minute");
            std::thread::yield_now();
        }
        let running = child.try_wait().expect("a child").is_none();
        // On Unix this is SIGKILL.
        child.kill().expect("it is ours");
        child.wait().expect("it has ended");
        killed += usize::from(running);
    }
    assert!(killed >= 2, "it was killed at work {killed} times");
    let last = done(sweep(war.path(), &["-j2"]));
    let said = String::from_utf8_lossy(&last.stderr);
    assert!(said.contains("had been done before"), "{said}");
    for ((name, a), b) in FILES.iter().zip(files(peace.path())).zip(files(war.path())) {
        assert!(a == b, "{name} differs");
    }
}

/// Shards in one folder, each killed at some byte by a cut of its file; merged elsewhere.
#[test]
fn shards_merge_to_the_same_bytes_and_what_is_missing_is_told() {
    let (whole, parts, merged) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let few = ["--seeds", "7"];
    let sweep = |out: &Path, more: &[&str]| {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/sweeps/eager-messages.ron");
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command
            .arg("sweep")
            .arg(file)
            .args(few)
            .args(["-s", "n=4,8,16..=64"])
            .args(EXPECT)
            .arg("-o")
            .arg(out)
            .args(more)
            .stdin(Stdio::null());
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.contains("SHARD") || name.contains("TASK"))
        {
            command.env_remove(name);
        }
        command
    };
    let merge = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command
            .arg("merge")
            .arg(folder(parts.path()).expect("parts"))
            .arg("-o")
            .arg(merged.path())
            .args(more);
        command.output().expect("the command runs")
    };
    done(sweep(whole.path(), &[]));
    done(sweep(parts.path(), &["--shard", "2/3"]));
    let mut third = sweep(parts.path(), &["--shard", "auto", "--shards", "3"]);
    third.env("JOB_COMPLETION_INDEX", "2");
    done(third);
    let missing = merge(&["--missing"]);
    assert_eq!(missing.status.code(), Some(3));
    let list = merged.path().join("todo");
    fs::write(&list, &missing.stdout).expect("written");
    let listed = String::from_utf8_lossy(&missing.stdout).lines().count();
    assert_eq!(listed, 12, "every third of 35");
    assert_eq!(merge(&[]).status.code(), Some(3));

    done(sweep(
        parts.path(),
        &["--only", &list.display().to_string()],
    ));
    let output = merge(&[]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (a, b) = (
        folder(whole.path()).expect("there"),
        folder(merged.path()).expect("there"),
    );
    for name in &FILES[..4] {
        assert!(
            fs::read(a.join(name)).unwrap() == fs::read(b.join(name)).unwrap(),
            "{name} differs"
        );
    }
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(
        table.contains("✔ exponent(messages, n) in 1.9 .. 2.15"),
        "{table}"
    );

    let contradiction = sweep(parts.path(), &["--shard", "2/3", "--shards", "4"])
        .output()
        .expect("runs");
    assert_eq!(contradiction.status.code(), Some(2));
    let nothing = sweep(parts.path(), &["--shard", "40/40"])
        .output()
        .expect("runs");
    assert_eq!(nothing.status.code(), Some(4));
}

#[test]
fn the_list_is_the_order_of_the_table_and_one_run_can_be_run_alone() {
    let out = TempDir::new().expect("a folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/sweeps/eager-messages.ron");
    let command = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command
            .arg("sweep")
            .arg(&file)
            .args(["-s", "n=4,5", "--seeds", "3", "-o"])
            .arg(out.path())
            .args(more);
        command.output().expect("the command runs")
    };
    let listed = command(&["--list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let ids: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(ids.len(), 6, "{listed}");
    assert!(
        listed
            .lines()
            .nth(4)
            .expect("a line")
            .contains(" n=5 replicate=1 seed="),
        "{listed}"
    );
    assert_eq!(command(&["--run", ids[4]]).status.code(), Some(0));
    assert_eq!(command(&["--run", "0"]).status.code(), Some(2));
    // The exponent of so small n is not that of the file: it is an expectation that is violated.
    assert_eq!(command(&[]).status.code(), Some(1));
    let table =
        fs::read_to_string(folder(out.path()).expect("there").join("runs.csv")).expect("there");
    let rows: Vec<&str> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(rows, ids);
}
