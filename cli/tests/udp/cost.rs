//! Without faults a protocol costs over UDP what it costs in the simulator: the same messages, one by one.

use scenarios::protocols::shipped;
use serde_json::Value;

use crate::library::{of_each, small_files};
use crate::stage::{Stage, side_by_side};

/// What is compared.
const FIGURES: [&str; 4] = ["messages", "messages_with_self", "deliveries", "received"];

/// What takes the faults out of a file, and the patience that a busy host needs: nothing is sent again because an
/// acknowledgement is a little late.
fn without_faults(protocol: &str) -> Vec<&'static str> {
    let mut words = vec![
        "--set",
        "faults=[]",
        "--set",
        r#"network=(latency: Fixed("2ms"))"#,
        "--set",
        r#"expect=["requests > 0"]"#,
    ];
    let links = match protocol {
        "PerfectLink" => r#"links=Reliable(rto: "5s")"#,
        "LoggedLink" => r#"links=Logged(rto: "5s")"#,
        "FifoLink" => r#"links=Fifo(rto: "5s")"#,
        "AuthenticatedLink" => r#"links=Authenticated(rto: "5s")"#,
        // Sent twice, with half a period to spare at the end.
        "StubbornLink" => r#"links=Stubborn(every: "1s")"#,
        _ => return words,
    };
    words.extend(["--set", links]);
    if protocol == "StubbornLink" {
        words.extend(["--set", r#"stop=(at: "1600ms", when: Never)"#]);
    }
    words
}

fn figures(metrics: &Value) -> Vec<Option<u64>> {
    FIGURES.iter().map(|name| metrics[*name].as_u64()).collect()
}

/// Do the counts of this protocol follow from the scenario alone? Those of gossip depend on whom nodes pick, and those of a
/// failure detector on the moment at which the run ends.
fn is_fixed(protocol: &str) -> bool {
    let mut entries = shipped().entries().iter();
    let entry = entries.find(|entry| entry.about().name == protocol);
    let promised = entry.expect("it is shipped").properties();
    let drawn = ["PB", "PFD", "EPFD"];
    !drawn
        .iter()
        .any(|module| promised[0].number.starts_with(module))
}

/// The published counts are those of the real thing too.
#[test]
fn without_faults_the_counts_are_those_of_the_simulator() {
    let mut files = small_files();
    files.retain(|shipped| shipped.nodes <= 10);
    let mut chosen = of_each(&files, 1);
    assert_eq!(chosen.len(), shipped().entries().len());
    chosen.retain(|protocol, _| is_fixed(protocol));
    let mut runs = Vec::new();
    for (protocol, files) in &chosen {
        for shipped in files {
            let mut words = without_faults(protocol);
            words.push(&shipped.file);
            runs.push(words.clone());
            if shipped.nodes <= 6 {
                words.push("--processes");
                runs.push(words);
            }
        }
    }
    let compared = side_by_side(&runs, |words| {
        let (code, run) = Stage::new().real(words);
        (
            code,
            figures(&run["metrics"]),
            figures(&run["simulated"]["metrics"]),
        )
    });
    for (words, (code, real, simulated)) in runs.iter().zip(compared) {
        assert_eq!(code, Some(0), "{words:?}");
        assert_eq!(real, simulated, "{FIGURES:?} of {words:?}");
        assert!(real[0] > Some(0), "{words:?} sends nothing");
    }
}
