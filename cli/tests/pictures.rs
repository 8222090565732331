//! Pictures and pages from the command: the same bytes each time, with what a reader looks for.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn stormglass(at: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command.args(arguments).current_dir(at).stdin(Stdio::null());
    command.output().expect("the command runs")
}

fn done(at: &Path, arguments: &[&str]) -> String {
    let output = stormglass(at, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(at: &Path, arguments: &[&str]) -> String {
    let output = stormglass(at, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn library(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    path.join(file).display().to_string()
}

/// Has the file been drawn twice to the same bytes? Gives them.
fn drawn(at: &Path, arguments: &[&str], name: &str) -> Vec<u8> {
    let all = |name| [arguments, &["-o", name]].concat();
    let again = format!("again-{name}");
    done(at, &all(name));
    done(at, &all(&again));
    let bytes = fs::read(at.join(name)).expect("a picture");
    assert!(
        bytes == fs::read(at.join(again)).expect("a picture"),
        "{name} is not the same twice"
    );
    bytes
}

#[test]
fn a_sweep_is_drawn_with_its_theory_and_a_fit() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    let file = library("sweeps/eager-messages.ron");
    done(at, &["sweep", &file, "-s", "n=16,32,64", "--seeds", "3"]);
    let svg = drawn(at, &["plot", "latest", "--log", "--fit"], "plot.svg");
    let svg = String::from_utf8(svg).expect("text");
    for words in [
        "eager-messages: messages against n",
        "n·(n−1)",
        "0.85·n^2.04",
        "95 %",
        ">64<",
    ] {
        assert!(svg.contains(words), "no {words} in {svg}");
    }
    assert!(
        !svg.contains("http://") || svg.matches("http").count() == 1,
        "but for the name of the format"
    );
    let png = drawn(at, &["plot", "latest", "--log-x", "--dark"], "plot.png");
    assert!(png.starts_with(b"\x89PNG"));
    let page = drawn(
        at,
        &["report", "latest", "-y", "messages", "-y", "bytes"],
        "report.html",
    );
    let page = String::from_utf8(page).expect("text");
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(
        !page.contains("<script") && !page.contains("src="),
        "it needs nothing else"
    );
    let file = library("sweeps/best-effort-messages.ron");
    done(at, &["sweep", &file, "--seeds", "2", "--plot", "one.svg"]);
    let one = fs::read_to_string(at.join("one.svg")).expect("a picture");
    assert!(one.contains("n−1") && one.contains("best-effort-messages: messages against n"));
    let error = refused(at, &["plot", "latest", "-y", "mesages"]);
    assert!(error.contains("messages"), "{error}");
    let error = stormglass(at, &["plot", "nowhere"]);
    assert_eq!(error.status.code(), Some(2));
    let said = String::from_utf8_lossy(&error.stderr);
    assert!(said.contains("there is no finished sweep here"), "{said}");
}

#[test]
fn protocols_are_compared_on_the_same_seeds() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    let (eager, push) = (library("multicast/eager.ron"), library("gossip/push.ron"));
    let asked = ["compare", &eager, &push, "-s", "n=8,16,32", "--seeds", "4"];
    let said = done(at, &asked);
    assert!(
        said.contains("more than EagerMulticast, on the same seeds"),
        "{said}"
    );
    assert!(said.contains(" 32             992 "), "{said}");
    assert!(said.contains("fit  EagerMulticast   messages ~ "), "{said}");
    let svg = fs::read_to_string(at.join("compare.svg")).expect("a picture");
    for words in ["EagerMulticast", "PushGossip", "n·(n−1)"] {
        assert!(svg.contains(words), "no {words}");
    }
    let seeds = |name: &str| -> Vec<String> {
        let sweeps = fs::read_dir(at.join("runs").join(name)).expect("a sweep");
        let sweep = sweeps.last().expect("one").expect("a folder").path();
        let runs = fs::read_to_string(sweep.join("runs.csv")).expect("rows");
        let cell = |line: &str| line.split(',').nth(3).expect("a seed").to_owned();
        runs.lines().skip(1).map(cell).collect()
    };
    assert_eq!(seeds("eager"), seeds("push"), "pairs of runs have one seed");
    assert_eq!(done(at, &asked), said, "again, from what is there");
    let latency = [
        &asked[..],
        &["-y", "p99(delivery_latency)", "-o", "latency.png"],
    ]
    .concat();
    assert!(done(at, &latency).contains("delivery_latency_p99 (ms)"));
    assert!(refused(at, &[&asked[..], &["-y", "latencies"]].concat()).contains("latencies"));
    // A second axis is not averaged away, and a sentence that does not hold is the reason for the exit code.
    let reach = library("sweeps/push-gossip-reach.ron");
    let error = refused(
        at,
        &["compare", &reach, &eager, "-s", "n=8,16", "--seeds", "2"],
    );
    assert!(error.contains("varies `fanout`, too"), "{error}");
    let (eager, bracha) = (
        library("sweeps/eager-messages.ron"),
        library("sweeps/bracha-messages.ron"),
    );
    let broken = stormglass(
        at,
        &["compare", &eager, &bracha, "-s", "n=4,5,6", "--seeds", "2"],
    );
    let said = String::from_utf8_lossy(&broken.stdout);
    assert_eq!(broken.status.code(), Some(1), "{said}");
    assert!(
        said.contains("✘ exponent(messages, n) in 1.95 .. 2.05"),
        "{said}"
    );
}

#[test]
fn runs_are_drawn_from_their_traces() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    done(
        at,
        &["run", &library("gossip/rumor-mongering.ron"), "-p", "n=100"],
    );
    let curve = drawn(
        at,
        &["plot", "latest", "--spread", "--round", "50ms"],
        "curve.svg",
    );
    let curve = String::from_utf8(curve).expect("text");
    assert!(
        curve.contains("nodes that have delivered") && curve.contains(">round<"),
        "{curve}"
    );
    let latency = drawn(at, &["plot", "latest", "--latency"], "latency.svg");
    let latency = String::from_utf8(latency).expect("text");
    assert!(
        latency.contains("latency of a delivery at another node (ms)"),
        "{latency}"
    );
    let error = refused(at, &["plot", "nowhere", "--latency"]);
    assert!(error.contains("no such run"), "{error}");
}

/// The pictures of the README are what its commands draw.
#[test]
fn pictures_of_the_readme_are_those_of_its_commands() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../viz/pictures");
    let files = [
        "multicast/best-effort.ron",
        "multicast/eager.ron",
        "gossip/push.ron",
        "byzantine/bracha.ron",
        "order/sequencer.ron",
        "order/isis.ron",
    ];
    let files: Vec<String> = files.iter().map(|file| library(file)).collect();
    let mut compare = vec!["compare", "-s", "n=16,32,64..=256", "-o", "compare.svg"];
    compare.extend(files.iter().map(String::as_str));
    done(at, &compare);
    for (name, axes) in [
        ("demers-counter", ["-x", "k", "-y", "residue", "--log-y"]),
        ("frieze-grimmett", ["-x", "n", "-y", "rounds", "--log-x"]),
    ] {
        done(at, &["sweep", &library(&format!("published/{name}.ron"))]);
        let picture = format!("{name}.svg");
        done(
            at,
            &[&["plot", "latest", "-o", &picture], &axes[..]].concat(),
        );
    }
    for name in ["compare.svg", "demers-counter.svg", "frieze-grimmett.svg"] {
        let drawn = fs::read(at.join(name)).expect("a picture");
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            fs::write(shipped.join(name), &drawn).expect("written");
        }
        let shipped = fs::read(shipped.join(name)).expect("a picture");
        assert!(
            drawn == shipped,
            "{name} is another (INSTA_UPDATE=always replaces it)"
        );
    }
}

/// What the library says was published is what its sweeps find.
#[test]
fn published_figures_stand_beside_what_is_measured() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    let said = done(
        at,
        &[
            "sweep",
            &library("published/demers-counter.ron"),
            "--seeds",
            "100",
        ],
    );
    for words in [
        "residue  theory",
        "0.037",
        "✔ mean(residue) <= 0.040 where k == 2",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    let svg = drawn(
        at,
        &["plot", "latest", "-x", "k", "-y", "residue", "--log-y"],
        "demers.svg",
    );
    let svg = String::from_utf8(svg).expect("text");
    assert!(
        svg.contains("Demers et al. 1987, table 1") && svg.contains(">measured<"),
        "{svg}"
    );
}
