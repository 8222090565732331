//! The lines that a run writes of itself while it goes on.

use std::fs;
use std::path::Path;

use serde_json::Value;
use udp::counts::Counts;

use crate::stage::Stage;

/// Reads the lines of a file, each with its counts.
fn lines(path: &Path) -> Vec<(Value, Counts)> {
    let text = fs::read_to_string(path).expect("it is there");
    assert!(text.ends_with('\n'), "whole lines");
    let lines = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let counts = serde_json::from_value(line["counts"].clone());
        (line, counts.expect("it has counts"))
    });
    lines.collect()
}

/// Every line adds up, and nothing counts backwards.
fn check(lines: &[(Value, Counts)]) {
    assert!(!lines.is_empty());
    for (line, counts) in lines {
        assert_eq!(counts.broken_rule(), None, "{line}");
        let messages = &counts.messages;
        let refused = [
            messages.not_here,
            messages.strangers,
            messages.too_late,
            messages.unreadable,
            messages.inbox_full,
        ];
        let fates = messages.taken + refused.iter().sum::<u64>();
        assert_eq!(messages.came, fates, "{line}");
        assert!(line["memory_bytes"].as_u64() > Some(0), "{line}");
    }
    let of = |pick: fn(&(Value, Counts)) -> u64| lines.iter().map(pick).collect::<Vec<_>>();
    for grows in [
        of(|(line, _)| line["at_ns"].as_u64().unwrap_or_default()),
        of(|(line, _)| line["messages"].as_u64().unwrap_or_default()),
        of(|(_, counts)| counts.sockets.received),
        of(|(_, counts)| counts.messages.sent),
    ] {
        assert!(grows.is_sorted(), "{grows:?}");
    }
}

/// A run of more than a second tells of itself more than once, and at last what its result says.
#[test]
fn lines_of_metrics_add_up() {
    let stage = Stage::new();
    let words = [
        "scenarios/links/stubborn.ron",
        "--set",
        r#"stop.at="2200ms""#,
    ];
    let (code, run) = stage.real(&words);
    assert_eq!(code, Some(0), "{run}");
    let lines = lines(&stage.latest("all.metrics.jsonl"));
    assert!(lines.len() >= 3, "{} lines", lines.len());
    check(&lines);
    let (last, _) = &lines[lines.len() - 1];
    assert_eq!(last["counts"], run["datagrams"][0]);
    for name in ["messages", "received", "deliveries", "writes"] {
        assert_eq!(last[name], run["metrics"][name], "{name}");
    }
}

/// Each process has lines of its own, and what one sends another gets, for nothing is lost here.
#[test]
fn lines_of_all_processes_add_up_to_the_run() {
    let stage = Stage::new();
    let (code, run) = stage.real(&["scenarios/multicast/eager.ron", "-p", "n=4", "--processes"]);
    assert_eq!(code, Some(0), "{run}");
    let (mut messages, mut sent, mut came) = (0, 0, 0);
    for node in 0..4 {
        let lines = lines(&stage.latest(&format!("n{node}.metrics.jsonl")));
        check(&lines);
        let (last, counts) = &lines[lines.len() - 1];
        messages += last["messages"].as_u64().expect("a number");
        sent += counts.messages.sent;
        came += counts.messages.came;
    }
    assert_eq!(Some(messages), run["metrics"]["messages"].as_u64());
    assert_eq!((sent, came), (messages, messages));
}
