//! Who may import whom: the layers of the project are what ARCHITECTURE.md says they are.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a folder, with their text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).expect("it can be read");
            found.push((path, text));
        }
    }
    found
}

/// The code of a file: no comments, no documentation.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn none_says(folder: &str, words: &[&str], why: &str) {
    let all = sources(&root().join(folder));
    assert!(!all.is_empty(), "{folder} has files");
    for (path, text) in all {
        for line in code(&text) {
            for word in words {
                assert!(!line.contains(word), "{}: {why}: {line}", path.display());
            }
        }
    }
}

/// The dependencies of each crate on crates of this project.
#[test]
fn crates_depend_only_downwards() {
    let ours = [
        "stormglass-cli",
        "sim-core",
        "protocols",
        "scenarios",
        "stats",
        "viz",
        "udp",
    ];
    let allowed: [(&str, &[&str]); 7] = [
        ("sim-core", &[]),
        ("protocols", &["sim-core"]),
        ("stats", &["sim-core"]),
        ("scenarios", &["sim-core", "protocols", "stats"]),
        ("udp", &["sim-core", "protocols"]),
        ("viz", &["sim-core", "stats"]),
        (
            "cli",
            &["sim-core", "protocols", "stats", "scenarios", "viz", "udp"],
        ),
    ];
    for (name, allowed) in allowed {
        let manifest =
            fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a manifest");
        let dependencies = manifest
            .split("[dependencies]")
            .nth(1)
            .expect("dependencies");
        let dependencies = dependencies.split("\n[").next().expect("a section");
        for line in dependencies.lines().filter(|line| !line.trim().is_empty()) {
            let dependency = line.split(['.', ' ', '=']).next().expect("a name");
            if ours.contains(&dependency) {
                assert!(
                    allowed.contains(&dependency),
                    "{name} may not depend on {dependency}"
                );
            }
        }
    }
}

#[test]
fn the_core_is_small() {
    let manifest = fs::read_to_string(root().join("sim-core/Cargo.toml")).expect("a manifest");
    let section = manifest
        .split("[dependencies]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("dependencies");
    let count = section
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count();
    assert!(
        count <= 3,
        "the core has at most three dependencies, not {count}"
    );
}

#[test]
fn the_kernel_never_imports_the_engine() {
    none_says(
        "sim-core/src/kernel",
        &["sim::", "trace::", "std::net", "std::fs"],
        "the kernel knows no engine",
    );
}

#[test]
fn the_trace_never_imports_the_engine() {
    none_says(
        "sim-core/src/trace",
        &["crate::sim"],
        "a trace is read without the simulator",
    );
}

#[test]
fn protocols_know_no_driver() {
    none_says(
        "protocols/src",
        &["sim::", "trace::", "std::"],
        "a protocol names no driver",
    );
    let text = fs::read_to_string(root().join("protocols/src/lib.rs")).expect("it is there");
    assert!(text.contains("#![no_std]"));
}

#[test]
fn only_the_command_prints() {
    let words = ["println!", "print!(", "std::env", "stdout()"];
    for folder in [
        "sim-core/src",
        "protocols/src",
        "scenarios/src",
        "stats/src",
        "viz/src",
    ] {
        none_says(folder, &words, "a library prints nothing");
    }
    // The tests of stable storage talk to a child.
    for (path, text) in sources(&root().join("udp/src")) {
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        for line in code(&text).filter(|_| !is_test) {
            let said = words.iter().find(|word| line.contains(**word));
            assert_eq!(said, None, "{}: a library prints nothing", path.display());
        }
    }
}

#[test]
fn only_the_driver_and_the_command_know_sockets() {
    for folder in [
        "sim-core/src",
        "protocols/src",
        "scenarios/src",
        "stats/src",
        "viz/src",
    ] {
        none_says(
            folder,
            &["std::net", "SocketAddr", "UdpSocket"],
            "only `udp` opens sockets",
        );
    }
}

#[test]
fn no_crate_has_unsafe_code() {
    for (name, file) in [
        ("sim-core", "lib.rs"),
        ("protocols", "lib.rs"),
        ("scenarios", "lib.rs"),
        ("udp", "lib.rs"),
        ("cli", "main.rs"),
    ] {
        let text =
            fs::read_to_string(root().join(name).join("src").join(file)).expect("it is there");
        assert!(text.contains("#![forbid(unsafe_code)]"), "{name}");
    }
}
