//! What the README shows of real sockets, done as it stands there.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("it is there")
}

/// A folder of its own, in which the library is `scenarios/`.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let library = fs::canonicalize(root().join("scenarios")).expect("it is there");
    symlink(library, folder.path().join("scenarios")).expect("a link");
    folder
}

/// A line of a document as a command.
fn command(folder: &Path, line: &str) -> Command {
    let mut words = line.split_whitespace();
    assert_eq!(words.next(), Some("stormglass"), "{line}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command.args(words).current_dir(folder);
    command
}

fn run(folder: &Path, line: &str) -> Output {
    command(folder, line).output().expect("it can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A screen without its figures: those of a real run are never the same twice.
fn shape(screen: &str) -> Vec<String> {
    let figure = |word: &str| {
        let mut shape = String::new();
        for c in word.chars() {
            match c {
                '0'..='9' | '.' if shape.ends_with('#') => (),
                '0'..='9' => shape.push('#'),
                c => shape.push(c),
            }
        }
        shape
    };
    let line = |line: &str| {
        if line.starts_with("PASS") {
            return "PASS".to_owned();
        }
        line.split_whitespace()
            .map(figure)
            .collect::<Vec<_>>()
            .join(" ")
    };
    screen.trim_end().lines().map(line).collect()
}

/// The README's screen of `udp run` is what is printed, figures aside, and the run replays.
#[test]
fn a_scenario_runs_on_real_sockets() {
    let readme = readme();
    let shown = readme
        .split("```text\n$ ")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the README shows a real run");
    let (line, screen) = shown.split_once('\n').expect("a command and a screen");
    let folder = folder();
    let output = run(folder.path(), line);
    assert_eq!(shape(&text(&output.stdout)), shape(screen));
    let replayed = run(folder.path(), "stormglass replay latest");
    assert_eq!(
        replayed.status.code(),
        Some(0),
        "{}",
        text(&replayed.stdout)
    );
}

/// The lines of the README's demonstration in two terminals: keys, nodes, and what is done afterwards.
fn demonstration() -> Vec<String> {
    let readme = readme();
    let section = readme.split("### Two terminals").nth(1).expect("a section");
    let section = section.split("\n### ").next().expect("its text");
    let lines = section
        .lines()
        .filter(|line| line.starts_with("stormglass "));
    lines.map(str::to_owned).collect()
}

/// Puts free ports into a list of peers, in place of those that `keygen` wrote.
fn with_free_ports(peers: &Path) {
    let mut list = fs::read_to_string(peers).expect("keygen made it");
    let sockets: Vec<UdpSocket> = (0..2)
        .map(|_| UdpSocket::bind("127.0.0.1:0").expect("a port"))
        .collect();
    for (usual, socket) in ["127.0.0.1:41000", "127.0.0.1:41001"].iter().zip(&sockets) {
        let free = socket.local_addr().expect("an address").to_string();
        assert!(list.contains(usual), "{list}");
        list = list.replace(usual, &free);
    }
    fs::write(peers, list).expect("it can be written");
}

/// What a node has delivered, as of its last line of metrics.
fn deliveries(metrics: &Path) -> u64 {
    let text = fs::read_to_string(metrics).unwrap_or_default();
    let last = text.lines().last().unwrap_or_default();
    let line: Value = serde_json::from_str(last).unwrap_or_default();
    line["deliveries"].as_u64().unwrap_or_default()
}

fn interrupt(node: &Child) {
    let pid = Pid::from_child(node);
    kill_process(pid, Signal::INT).expect("it lives");
}

/// Two nodes, each a program of its own, with keys: they begin at different times, are interrupted, judged and replayed.
#[test]
fn the_demonstration_in_two_terminals_works() {
    let lines = demonstration();
    let [keygen, first, second, collect, replay] = &lines[..] else {
        panic!("the demonstration has five commands: {lines:?}");
    };
    let folder = folder();
    let here = folder.path();
    assert!(run(here, keygen).status.success());
    with_free_ports(&here.join("keys/peers.ron"));
    let begin = |line: &str| -> Child {
        let mut command = command(here, line);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it can be run")
    };
    let zero = begin(first);
    let since = Instant::now();
    // The second is a while behind.
    while !here.join("runs/node/n0-0.recording").exists() && since.elapsed().as_secs() < 20 {
        std::thread::yield_now();
    }
    let one = begin(second);
    let metrics = here.join("runs/node/n1.metrics.jsonl");
    while deliveries(&metrics) < 6 && since.elapsed().as_secs() < 60 {
        std::thread::park_timeout(Duration::from_millis(50));
    }
    // The last acks.
    std::thread::park_timeout(Duration::from_secs(2));
    for node in [&zero, &one] {
        interrupt(node);
    }
    for node in [zero, one] {
        let output = node.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    }
    let collected = run(here, collect);
    let said = text(&collected.stdout);
    assert_eq!(
        collected.status.code(),
        Some(0),
        "{said}{}",
        text(&collected.stderr)
    );
    assert!(said.contains("deliveries == 6"), "{said}");
    let replayed = run(here, replay);
    let said = text(&replayed.stdout);
    assert_eq!(replayed.status.code(), Some(0), "{said}");
    // Without the keys that were used it cannot be done.
    let without = run(here, "stormglass replay runs/node");
    assert_eq!(without.status.code(), Some(2), "{}", text(&without.stdout));
}

/// A key that others can read is refused, and the message says what to do.
#[test]
fn a_key_that_others_can_read_is_none() {
    let folder = folder();
    let (here, lines) = (folder.path(), demonstration());
    assert!(run(here, &lines[0]).status.success());
    let key = here.join("keys/node-0.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let refused = run(here, &lines[1]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("chmod 600"), "{said}");
}
