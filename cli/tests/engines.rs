//! The shards of a sweep under the engines that people have, and its tables in the readers that people use.
//!
//! What is not installed is not checked, and that is said. `.ci/run` installs all of it. `STORMGLASS_PYTHON` names a Python
//! that has `hyperqueue`, `pandas` and `polars`; else it is `python3`.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const COMMAND: &str = env!("CARGO_BIN_EXE_stormglass");
const FILES: [&str; 4] = ["runs.jsonl", "runs.csv", "points.csv", "sweep.json"];
const SHARDS: u32 = 5;

/// Past the harness, which keeps what a test that passes has printed.
fn skip(what: &str, why: &str) {
    let mut line = String::new();
    let _ = writeln!(line, "\nNOT CHECKED: {what}\n        why: {why}");
    let _ = io::stderr().write_all(line.as_bytes());
}

fn scenario() -> String {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/sweeps/push-gossip-reach.ron");
    file.display().to_string()
}

fn stormglass(arguments: &[&str]) -> Command {
    let mut command = Command::new(COMMAND);
    command.args(arguments).stdin(Stdio::null());
    command
}

fn done(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{command:?}: {said}");
    output
}

/// The folder of the only sweep below `out`.
fn folder(out: &Path) -> PathBuf {
    let mut entries = fs::read_dir(out.join("push-gossip-reach")).expect("a sweep");
    entries.next().expect("one").expect("a folder").path()
}

/// Shards that an engine has run, merged, are the bytes of the sweep that one process does.
fn merges_to_the_whole(parts: &Path) {
    let (whole, merged) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let (to, from) = (
        whole.path().display().to_string(),
        folder(parts).display().to_string(),
    );
    done(&mut stormglass(&[
        "sweep",
        &scenario(),
        "--seeds",
        "4",
        "-o",
        &to,
    ]));
    let to = merged.path().display().to_string();
    done(&mut stormglass(&["merge", &from, "-o", &to]));
    let (whole, merged) = (folder(whole.path()), folder(merged.path()));
    for name in FILES {
        let bytes = |folder: &Path| fs::read(folder.join(name)).expect("written");
        assert!(bytes(&whole) == bytes(&merged), "{name} differs");
    }
}

fn is_there(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.output().is_ok_and(|output| output.status.success())
}

fn python() -> String {
    std::env::var("STORMGLASS_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

#[test]
fn gnu_parallel_runs_the_shards() {
    if !is_there("parallel", &["--version"]) {
        return skip("shards under GNU parallel", "there is no `parallel`");
    }
    let parts = TempDir::new().expect("a folder");
    let mut command = Command::new("parallel");
    command
        .args([
            "--will-cite",
            "-j2",
            COMMAND,
            "sweep",
            &scenario(),
            "--seeds",
            "4",
            "-o",
        ])
        .arg(parts.path())
        .args(["--shard", &format!("{{}}/{SHARDS}"), ":::"])
        .args((1..=SHARDS).map(|shard| shard.to_string()))
        .stdin(Stdio::null());
    done(&mut command);
    merges_to_the_whole(parts.path());
}

/// One task for each shard, numbered from 1 by HyperQueue itself; the task 0 does nothing.
const HYPERQUEUE: &str = r#"
import sys
from hyperqueue import Job
from hyperqueue.cluster import LocalCluster, WorkerConfig
command, scenario, out, shards = sys.argv[1:]
with LocalCluster() as cluster:
    cluster.start_worker(WorkerConfig(cores=2))
    client = cluster.client()
    job = Job(max_fails=0)
    job.program(["true"])
    for _ in range(int(shards)):
        job.program([command, "sweep", scenario, "--seeds", "4", "-o", out, "--shard", "auto", "--shards", shards],
                    stdout="/dev/null", stderr="/dev/null")
    client.wait_for_jobs([client.submit(job)])
"#;

#[test]
fn hyperqueue_runs_the_shards() {
    let python = python();
    if !is_there(&python, &["-c", "import hyperqueue"]) {
        return skip("shards under HyperQueue", "Python has no `hyperqueue`");
    }
    let (work, parts) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let mut command = Command::new(python);
    command
        .args(["-c", HYPERQUEUE, COMMAND, &scenario()])
        .arg(parts.path())
        .arg(SHARDS.to_string())
        .current_dir(work.path())
        .stdin(Stdio::null());
    done(&mut command);
    merges_to_the_whole(parts.path());
}

/// The means of `points.csv` from the rows of `runs.csv` and `runs.jsonl`, by a reader that is not ours.
const PANDAS: &str = r#"
import sys, pandas as pd
folder = sys.argv[1]
runs, lines, points = (pd.read_csv(folder + "/runs.csv"), pd.read_json(folder + "/runs.jsonl", lines=True, dtype={"run": str}),
                       pd.read_csv(folder + "/points.csv"))
assert len(runs) == len(lines) == 36 and list(runs.columns) == list(lines.columns)
for metric in ["messages", "delivery_ratio"]:
    said = points[points.metric == metric].set_index("point")
    for table in [runs, lines]:
        found = table.groupby("point")[metric]
        assert ((found.mean() - said["mean"]).abs() < 1e-9).all()
        assert ((found.std() - said["deviation"]).abs() < 1e-9).all()
        assert (found.count() == said["runs"]).all()
"#;
const POLARS: &str = r#"
import sys, polars as pl
folder = sys.argv[1]
points = pl.read_csv(folder + "/points.csv", infer_schema_length=None)
for table in [pl.read_csv(folder + "/runs.csv", infer_schema_length=None), pl.read_ndjson(folder + "/runs.jsonl", infer_schema_length=None)]:
    assert table.height == 36
    for metric in ["messages", "delivery_ratio"]:
        found = table.group_by("point").agg(pl.col(metric).mean().alias("found"))
        both = found.join(points.filter(pl.col("metric") == metric), on="point")
        assert both.height == 9 and (both["found"] - both["mean"]).abs().max() < 1e-9
"#;

#[test]
fn tables_load_in_pandas_and_polars() {
    let python = python();
    let out = TempDir::new().expect("a folder");
    let to = out.path().display().to_string();
    done(&mut stormglass(&[
        "sweep",
        &scenario(),
        "--seeds",
        "4",
        "-o",
        &to,
    ]));
    for (library, script) in [("pandas", PANDAS), ("polars", POLARS)] {
        if !is_there(&python, &["-c", &format!("import {library}")]) {
            skip(
                &format!("tables in {library}"),
                &format!("Python has no `{library}`"),
            );
            continue;
        }
        let mut command = Command::new(&python);
        command.args(["-c", script]).arg(folder(out.path()));
        done(&mut command);
    }
}
