//! What a node must not forget, who it is and who the others are: a mistake in any of it is told, and nothing begins.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::stage::{Came, Stage, loopback};

/// A short one.
const BRIEF: &str = r#"Scenario(
    name: "brief",
    nodes: 3,
    protocol: LoggedLink,
    workload: [(at: "1ms", node: 0, do: Send(0, "to myself"))],
    expect: ["always no_duplication"],
    stop: (at: "50ms", when: Never),
)"#;

struct Node {
    stage: Stage,
}

impl Node {
    fn new() -> Node {
        let stage = Stage::new();
        stage.write("brief.ron", BRIEF);
        stage.write("peers.ron", &loopback("brief", 3));
        Node { stage }
    }

    /// One that has run, and whose state is in `state.redb`.
    fn with_state() -> Node {
        let node = Node::new();
        let came = node.run(&["--fresh"]);
        assert_eq!(came.code, Some(0), "{came:?}");
        node
    }

    fn state(&self) -> PathBuf {
        self.stage.path("state.redb")
    }

    /// Runs node 0, or whichever is named.
    fn run(&self, more: &[&str]) -> Came {
        let mut words = vec!["udp", "node", "-o", "out"];
        for (flag, value) in [
            ("--peers", "peers.ron"),
            ("--id", "0"),
            ("--state", "state.redb"),
        ] {
            if !more.contains(&flag) {
                words.extend([flag, value]);
            }
        }
        if !more.iter().any(|word| word.ends_with("brief.ron")) {
            words.push("brief.ron");
        }
        words.extend(more);
        self.stage.run(&words)
    }

    /// It does not run with these words: it ends with `code` and says this.
    fn refuses(&self, more: &[&str], code: i32, said: &[&str]) {
        let came = self.run(more);
        assert_eq!(came.code, Some(code), "{more:?}: {came:?}");
        for said in said {
            assert!(came.err.contains(said), "{said:?} for {more:?}: {came:?}");
        }
        assert!(!came.err.contains("panicked"), "{more:?}: {came:?}");
        assert_eq!(came.out, "", "{more:?}: it ran");
    }
}

/// A node that has forgotten is worse than one that does not run.
#[test]
fn state_that_is_missing_or_there_already_is_told() {
    let node = Node::new();
    node.refuses(&[], 74, &["state.redb", "no stable storage", "--fresh"]);
    assert!(!node.state().exists(), "none was made");
    let came = node.run(&["--fresh"]);
    assert_eq!(came.code, Some(0), "{came:?}");
    let before = fs::read(node.state()).expect("it was made");
    node.refuses(&["--fresh"], 74, &["state.redb", "already", "rm "]);
    assert_eq!(fs::read(node.state()).expect("it is there"), before);
    let came = node.run(&[]);
    assert_eq!(came.code, Some(0), "{came:?}");
}

/// Wherever it was cut, and whatever it was replaced by.
#[test]
fn state_that_is_damaged_is_told() {
    let node = Node::with_state();
    let whole = fs::read(node.state()).expect("it was made");
    let cuts = [0, 1, 100, 4_096, whole.len() / 2, whole.len() - 1];
    for cut in cuts {
        fs::write(node.state(), &whole[..cut]).expect("there is room");
        node.refuses(&[], 74, &["state.redb", "is damaged", "from a copy"]);
        let found = fs::read(node.state()).expect("it is there");
        assert_eq!(found, &whole[..cut], "it stays as it was found");
    }
    fs::write(node.state(), vec![b'x'; whole.len()]).expect("there is room");
    node.refuses(&[], 74, &["state.redb", "is damaged", "no database"]);
    fs::write(node.state(), whole).expect("there is room");
    let came = node.run(&[]);
    assert_eq!(came.code, Some(0), "{came:?}");
}

/// What another node, another cluster or another protocol has written means something else.
#[test]
fn state_of_somebody_else_is_told() {
    let node = Node::with_state();
    node.refuses(
        &["--id", "1"],
        74,
        &["another set of nodes", "`n0`", "`n1`"],
    );
    node.stage.write("others.ron", &loopback("others", 3));
    node.refuses(
        &["--peers", "others.ron"],
        74,
        &["another cluster", "`brief`", "`others`"],
    );
    let other = BRIEF.replace("LoggedLink", "PerfectLink");
    node.stage.write("other-brief.ron", &other);
    node.refuses(
        &["other-brief.ron"],
        74,
        &["another program", "PerfectLink"],
    );
}

/// Two processes of one node would both be right.
#[test]
fn a_node_that_runs_already_is_told() {
    let node = Node::new();
    let long = BRIEF.replace("50ms", "60s");
    node.stage.write("long-brief.ron", &long);
    let words = [
        "udp",
        "node",
        "long-brief.ron",
        "--id",
        "0",
        "--peers",
        "peers.ron",
    ];
    let running = node.stage.start(
        &[
            &words[..],
            &["--state", "state.redb", "--fresh", "-o", "out"],
        ]
        .concat(),
    );
    let recording = node.stage.path("out/n0-0.recording");
    assert!(crate::stage::until(crate::stage::LIMIT, || recording.exists()));
    node.refuses(&[], 74, &["127.", ":4000", "in use"]);
    // The same state at another address.
    node.stage.write("elsewhere.ron", &loopback("brief", 3));
    node.refuses(
        &["--peers", "elsewhere.ron"],
        74,
        &["state.redb", "another program has this open"],
    );
    drop(running);
}

/// Who is where has to be right before anybody is sent anything.
#[test]
fn peers_that_make_no_sense_are_told() {
    let node = Node::new();
    let fresh = |peers: &'static str| ["--fresh", "--peers", peers];
    node.refuses(&fresh("nowhere.ron"), 2, &["nowhere.ron", "No such file"]);
    node.stage.write("words.ron", "peers: everybody");
    node.refuses(&fresh("words.ron"), 2, &["words.ron:1:"]);
    node.stage.write("two.ron", &loopback("brief", 2));
    node.refuses(&fresh("two.ron"), 2, &["two.ron has 2 peers", "3 nodes"]);
    let same = loopback("brief", 3).replace(":4001", ":4000");
    node.stage.write("same.ron", &same);
    node.refuses(&fresh("same.ron"), 2, &["same.ron", "peers[1].address"]);
    node.refuses(&["--fresh", "--id", "3"], 2, &["--id 3", "0 to 2"]);
    node.refuses(&["--fresh", "--id", "all"], 2, &["--id"]);
    assert!(!node.state().exists(), "none of them began");
}

/// A key is what a node is known by.
#[test]
fn keys_of_others_are_told() {
    let node = Node::new();
    let came = node
        .stage
        .run(&["keygen", "keys", "--nodes", "3", "--cluster", "brief"]);
    assert_eq!(came.code, Some(0), "{came:?}");
    let came = node
        .stage
        .run(&["keygen", "other", "--nodes", "3", "--cluster", "brief"]);
    assert_eq!(came.code, Some(0), "{came:?}");
    let with = |key: &'static str| ["--fresh", "--peers", "keys/peers.ron", "--key", key];
    node.refuses(
        &with("keys/node-1.key"),
        2,
        &["the key of n1", "this is n0"],
    );
    node.refuses(
        &with("other/node-0.key"),
        2,
        &["other/node-0.key", "no node with this key"],
    );
    node.refuses(&with("nowhere.key"), 2, &["nowhere.key", "No such file"]);
    node.refuses(&with("peers.ron"), 2, &["peers.ron"]);
    node.refuses(
        &["--fresh", "--peers", "keys/peers.ron"],
        2,
        &["--key FILE"],
    );
    let key = node.stage.path("keys/node-0.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("it is ours");
    node.refuses(
        &with("keys/node-0.key"),
        2,
        &["can read this key", "chmod 600"],
    );
    assert!(!node.state().exists(), "none of them began");
}
