//! Two nodes that exchange ten thousand messages each way, and what is asked of the result.

#![allow(dead_code, reason = "every test that includes it uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Messages each way.
pub const EACH_WAY: u64 = 10_000;

/// A link, and what it promises beside delivery exactly once.
pub const LINKS: [(&str, Option<&str>); 3] = [
    ("PerfectLink", None),
    ("FifoLink", Some("always fifo_delivery")),
    ("AuthenticatedLink", Some("always authenticity")),
];

/// The scenario.
pub fn scenario() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pair/pair.ron")
}

/// The command.
pub fn stormglass() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command.stdin(Stdio::null());
    command
}

/// What chooses this link.
pub fn link((protocol, promise): (&str, Option<&str>)) -> Vec<String> {
    let mut words = vec!["--set".to_owned(), format!("protocol={protocol}")];
    if let Some(promise) = promise {
        words.extend(["--expect".to_owned(), promise.to_owned()]);
    }
    words
}

/// The first run of the document that was printed.
pub fn first_run(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout);
    let document: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}\n{said}"));
    document["runs"][0].clone()
}

/// A figure of a document, by its path.
pub fn figure(document: &Value, path: &str) -> u64 {
    let found = document.pointer(path).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("{path} is a figure of {document}"))
}

/// Every property held, and every message was delivered.
pub fn assert_exactly_once(run: &Value, what: &str) {
    let broken: Vec<String> = run["properties"]
        .as_array()
        .unwrap_or_else(|| panic!("{what}: a list of properties"))
        .iter()
        .filter(|property| property["fine"] != true)
        .map(|property| format!("{} {}", property["expect"], property["detail"]))
        .collect();
    assert_eq!(
        (run["verdict"].as_str(), broken.as_slice()),
        (Some("pass"), [].as_slice()),
        "{what}"
    );
    let asked = figure(run, "/metrics/requests");
    let delivered = figure(run, "/metrics/deliveries");
    assert_eq!((asked, delivered), (2 * EACH_WAY, 2 * EACH_WAY), "{what}");
}
