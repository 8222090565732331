//! What people script against: file names, the parameter `n`, the JSON, exit codes and streams.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Runs the command in a folder of its own, from which the library is `scenarios/`.
fn stormglass(arguments: &[&str]) -> Output {
    let folder = TempDir::new().expect("a folder");
    let command = env!("CARGO_BIN_EXE_stormglass");
    let output = Command::new(command)
        .args(arguments)
        .arg("-o")
        .arg(folder.path())
        .current_dir(root())
        .output();
    output.expect("the command can be run")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The document that `run --json` prints.
fn json(arguments: &[&str]) -> Value {
    let output = stormglass(&[&["run", "--json"], arguments].concat());
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!(
            "{error} in {text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    })
}

/// The table of failure-free costs, from the shipped files as people script them: any n, any seed.
#[test]
fn shipped_files_cost_what_the_table_says() {
    type Cost = fn(u64) -> (u64, u64);
    let table: [(&str, &[&str], Cost); 3] = [
        ("scenarios/multicast/best-effort.ron", &[], |n| (n - 1, n)),
        ("scenarios/multicast/eager.ron", &[], |n| {
            (n * (n - 1), n * n)
        }),
        (
            "scenarios/multicast/eager.ron",
            &["--variant", "literal"],
            |n| (n * n - 1, n * (n + 1)),
        ),
    ];
    for (file, variant, cost) in table {
        for n in [3, 5, 10, 100] {
            for seed in ["1", "99"] {
                let size = format!("n={n}");
                let arguments = [&[file, "-p", &size, "--seed", seed], variant].concat();
                let document = json(&arguments);
                let run = &document["runs"][0];
                let metrics = &run["metrics"];
                let counted = (
                    metrics["messages"].as_u64(),
                    metrics["messages_with_self"].as_u64(),
                    metrics["steps"].as_u64(),
                );
                let (net, with_self) = cost(n);
                assert_eq!(
                    counted,
                    (Some(net), Some(with_self), Some(1)),
                    "{arguments:?}"
                );
                assert_eq!(run["verdict"], "pass", "{arguments:?}");
            }
        }
    }
}

/// One document with a schema; each run says what people script against.
#[test]
fn json_holds_what_is_promised() {
    let document = json(&[
        "scenarios/multicast/eager-sender-crash.ron",
        "--all-variants",
    ]);
    assert_eq!(document["schema"], "stormglass.run/1");
    let runs = document["runs"].as_array().expect("a list");
    assert_eq!(runs.len(), 2);
    for (run, variant) in runs.iter().zip([Value::Null, "no-relay".into()]) {
        assert_eq!(run["scenario"], "eager-sender-crash");
        assert_eq!(run["variant"], variant);
        assert_eq!(run["seed"], 42);
        assert_eq!(run["params"], serde_json::json!({ "n": 5, "k": 2 }));
        assert_eq!(run["verdict"], "pass");
        assert_eq!(run["faults"][0]["id"], "faults[0]");
        assert_eq!(run["faults"][0]["fired"], 1);
        assert_eq!(run["fingerprint"].as_str().map(str::len), Some(19));
    }
    assert_eq!(runs[0]["metrics"]["messages"], 18);
    let agreement = &runs[1]["properties"][0];
    assert_eq!(
        (&agreement["name"], &agreement["number"]),
        (&"agreement".into(), &"RB4".into())
    );
    assert_eq!(
        (&agreement["verdict"], &agreement["meant_to_break"]),
        (&"violated".into(), &true.into())
    );
    assert_eq!(agreement["violation"]["nodes"], serde_json::json!([3, 4]));
    let why = agreement["violation"]["why"].as_array().expect("reasons");
    let events: Vec<u64> = why
        .iter()
        .filter_map(|reason| reason["event"].as_u64())
        .collect();
    assert!(
        events.is_sorted() && events.len() >= 4,
        "in causal order: {events:?}"
    );
    let crash = why
        .iter()
        .find(|reason| reason["cause"] == "faults[0]")
        .expect("the crash is a reason");
    let file = fs::read_to_string(root().join("scenarios/multicast/eager-sender-crash.ron"))
        .expect("it is there");
    let line = usize::try_from(crash["line"].as_u64().expect("a line")).expect("small");
    assert!(
        file.lines()
            .nth(line - 1)
            .expect("in the file")
            .contains("Crash(node: 0"),
        "line {line}"
    );
}

/// The run is still going on when it is killed: nothing else can make it stop so early.
#[test]
#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
fn a_run_that_was_killed_leaves_what_it_recorded() {
    let folder = TempDir::new().expect("a folder");
    let mut run = Command::new(env!("CARGO_BIN_EXE_stormglass"))
        .args(["run", "scenarios/multicast/eager.ron", "-p", "n=2000"])
        .args(["--trace", "full", "--quiet", "-o"])
        .arg(folder.path())
        .current_dir(root())
        .spawn()
        .expect("the command can be run");
    let size = || {
        let mut runs = fs::read_dir(folder.path().join("eager")).ok()?;
        let part = runs.next()?.ok()?.path().join("trace.part");
        fs::metadata(&part).ok().map(|file| (part, file.len()))
    };
    let part = loop {
        match size() {
            Some((part, length)) if length > 300_000 => break part,
            _ => assert_eq!(run.try_wait().expect("it can be asked"), None),
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    run.kill().expect("it goes on");
    run.wait().expect("it was killed");
    // What is not a whole piece is lost.
    let length = fs::metadata(&part).expect("it is there").len();
    let file = fs::OpenOptions::new().write(true).open(&part);
    let cut = file.and_then(|file| file.set_len(length - 1));
    cut.expect("it can be cut");
    let place = part.parent().expect("a folder").display().to_string();
    let output = stormglass(&["trace", &place, "--numbers", "--after", "8190"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().nth(1).expect("an event");
    assert!(first.trim_start().starts_with("8191 "), "{first}");
    let last = text.lines().last().expect("an event").trim_start();
    let last = last.split(' ').next().expect("its number");
    let warning = String::from_utf8_lossy(&output.stderr);
    let cut_off = format!("the trace is cut off after event {last}, for its run did not come");
    assert!(
        warning.starts_with("warning: ") && warning.contains(&cut_off),
        "{warning}"
    );
    // What needs the whole makes do with it.
    let output = stormglass(&["trace", &place, "--why", "8191"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
