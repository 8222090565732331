//! SIGTERM and Ctrl-C: the first one ends a run in good order, the second one at once.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::stage::{LIMIT, Running, Stage, pause, until};

/// What it is asked for it sends again and again: this one is never quiet.
const ENDLESS: &str = r#"Scenario(
    name: "endless",
    nodes: 3,
    protocol: StubbornLink,
    links: Stubborn(every: "5ms"),
    workload: [(at: "1ms", node: 0, do: SendToAll("tick"))],
    expect: ["always no_creation"],
    stop: (at: "60s", when: Never),
)"#;

/// The same over links that fall quiet once nobody asks for anything more.
const CALM: &str = r#"Scenario(
    name: "calm",
    nodes: 3,
    protocol: PerfectLink,
    workload: [(every: "20ms", from: "1ms", until: "60s", node: 0, do: SendToAll("tick"))],
    expect: ["always no_creation", "always no_duplication", "eventually reliable_delivery within 30s"],
    stop: (at: "60s", when: Never),
)"#;

/// Starts a run and waits until it is under way.
fn under_way(stage: &Stage, name: &str, text: &str, more: &[&str]) -> Running {
    let file = format!("{name}.ron");
    stage.write(&file, text);
    let words = [&["udp", "run", &file], more].concat();
    let mut running = stage.start(&words);
    let folder = stage.path("runs").join(name).join("udp-1");
    let goes_on = until(LIMIT, || {
        let recordings = ["all-0.recording", "n0-0.recording"];
        let mut sizes = recordings.map(|name| fs::metadata(folder.join(name)));
        sizes
            .iter_mut()
            .any(|size| size.as_ref().is_ok_and(|size| size.len() > 10_000))
            || running.is_over()
    });
    if !goes_on || running.is_over() {
        panic!("it does not go on: {:?}", running.end_now());
    }
    running
}

/// Whoever interrupts a run loses nothing of it.
#[test]
fn a_run_that_is_interrupted_is_whole() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        for more in [&[][..], &["--processes"]] {
            let stage = Stage::new();
            let running = under_way(&stage, "calm", CALM, more);
            running.signal(signal);
            let came = running.end(LIMIT);
            assert_eq!(came.code, Some(code), "{more:?}: {came:?}");
            assert!(came.err.contains("interrupted"), "{more:?}: {came:?}");
            for promise in ["✔ always no_creation", "✔ always no_duplication"] {
                assert!(came.out.contains(promise), "{more:?}: {came:?}");
            }
            for name in ["result.json", "trace.bin", "scenario.resolved.ron"] {
                let size = fs::metadata(stage.latest(name)).map(|file| file.len());
                assert!(size.is_ok_and(|size| size > 100), "{more:?}: {name}");
            }
            let replay = stage.run(&["replay", "latest"]);
            assert_eq!(replay.code, Some(0), "{more:?}: {replay:?}");
            assert!(replay.out.starts_with("SAME "), "{more:?}: {replay:?}");
            assert!(!replay.err.contains("killed"), "{more:?}: {replay:?}");
        }
    }
}

/// What drains is bounded: a run that never falls quiet ends when the time for that is over.
#[test]
fn a_run_that_does_not_fall_quiet_ends_all_the_same() {
    for more in [
        &["--drain", "300ms"][..],
        &["--drain", "300ms", "--processes"],
    ] {
        let stage = Stage::new();
        let running = under_way(&stage, "endless", ENDLESS, more);
        running.signal(Signal::TERM);
        let came = running.end(LIMIT);
        assert_eq!(came.code, Some(143), "{more:?}: {came:?}");
        let replay = stage.run(&["replay", "latest"]);
        assert_eq!(replay.code, Some(0), "{more:?}: {replay:?}");
    }
}

/// Whoever is in a hurry says it twice. Nobody is left behind.
#[test]
fn a_second_signal_ends_a_run_at_once() {
    for more in [&["--drain", "1h"][..], &["--drain", "1h", "--processes"]] {
        for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
            let stage = Stage::new();
            let mut running = under_way(&stage, "endless", ENDLESS, more);
            running.signal(signal);
            // Signals that follow each other too closely are one.
            pause(Duration::from_millis(300));
            if more.len() == 2 {
                assert!(!running.is_over(), "{more:?}: it did not drain");
            }
            running.signal(signal);
            let since = Instant::now();
            let came = running.end(LIMIT);
            assert_eq!(came.code, Some(code), "{more:?}: {came:?}");
            assert!(since.elapsed() < Duration::from_secs(30), "{more:?}");
            let folder = stage.path("runs").display().to_string();
            let alone = until(Duration::from_secs(30), || !is_running(&folder));
            assert!(alone, "{more:?}: a node was left behind");
        }
    }
}

/// Is there a process with these words in its command?
fn is_running(words: &str) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        return false;
    };
    let commands = processes.flatten().map(|entry| {
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).into_owned()
    });
    commands.into_iter().any(|command| command.contains(words))
}
