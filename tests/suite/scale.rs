//! The largest scenarios of the library, which are too large for any build but a release:
//!
//! ```text
//! cargo test --release -p stormglass-tests scale -- --ignored
//! ```

use std::process::Command;

use scenarios::testing::{is_large, runs};

use crate::golden::{all_files, library};

/// No run of a million gossiping nodes needs more.
const PEAK_MAX_KIB: u64 = 256 << 10;

#[test]
#[ignore = "release suite: a million nodes"]
fn the_large_scenarios_hold() {
    let large: Vec<_> = all_files()
        .into_iter()
        .filter(|file| is_large(file))
        .collect();
    assert!(!large.is_empty(), "there is one");
    for file in large {
        assert!(!runs(&file).is_empty(), "{}", file.display());
    }
}

/// Most memory that this process has ever had resident, as Linux tells it.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = line.and_then(|rest| rest.split_whitespace().next());
    peak.and_then(|kib| kib.parse().ok())
        .expect("a number of KiB")
}

/// A process of its own, for its peak is to be that of this run alone.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "release suite: a million nodes"]
fn a_million_nodes_need_little_memory() {
    let suite = std::env::current_exe().expect("this very program");
    let own = "scale::a_million_nodes_and_their_peak";
    let child = Command::new(suite)
        .args([own, "--exact", "--ignored", "--nocapture"])
        .output()
        .expect("it can be started");
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{said}");
    let peak = said.lines().find_map(|line| line.split_once("peak KiB "));
    let peak = peak.and_then(|(_, kib)| kib.trim().parse::<u64>().ok());
    let peak = peak.unwrap_or_else(|| panic!("no peak in {said}"));
    assert!(peak <= PEAK_MAX_KIB, "{peak} KiB");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "release suite: run in a process of its own by the test above"]
#[expect(clippy::print_stdout, reason = "for the test that started it")]
fn a_million_nodes_and_their_peak() {
    let all = runs(library().join("gossip/million.ron"));
    println!("\n{}", all[0].title());
    println!("peak KiB {}", peak_kib());
}
