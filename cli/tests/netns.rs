//! Links over a path that really loses, doubles and delays: two network namespaces, a node in each.
//!
//! It needs root, or a kernel that lets everybody make namespaces, and `ip`, `nft`, `python3` and `/dev/net/tun`. Where
//! something is missing it says what was not checked, past the capture of the test harness.

mod pair;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pair::{EACH_WAY, LINKS, assert_exactly_once, figure, first_run, link, scenario, stormglass};
use serde_json::Value;
use tempfile::TempDir;

/// What `path.sh` ends with if the path cannot be built.
const CANNOT: i32 = 77;

/// A path between two namespaces.
#[derive(Clone, Copy, Debug)]
struct Bad {
    /// `veth` or `tun`.
    kind: &'static str,
    /// In percent.
    loss: u64,
    dup: u64,
}

/// Something went over a path, and was collected.
struct Went {
    run: Value,
    code: Option<i32>,
    /// What the path says it did.
    path: String,
}

/// Namespaces of its own for a command: it is the first process in them, and all others end with it.
fn apart(command: &[&std::ffi::OsStr]) -> Option<Output> {
    // Root first; then as a user who is root inside only.
    for flags in ["-nmpf", "-Urnmpf"] {
        let mut unshare = Command::new("unshare");
        unshare.args([flags, "--kill-child", "--mount-proc", "--"]);
        let probe = Command::new("unshare")
            .args([flags, "--mount-proc", "--", "true"])
            .output();
        if probe.is_ok_and(|output| output.status.success()) {
            return Some(unshare.args(command).output().expect("it was just there"));
        }
    }
    None
}

/// Past the harness, which keeps what a test that passes has printed.
fn skip(what: &str, why: &str) {
    let mut line = String::new();
    let _ = writeln!(line, "\nNOT CHECKED: {what}\n        why: {why}");
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Who is where, with keys of their own. Gives the file.
fn peers(folder: &Path) -> PathBuf {
    let keys = folder.join("keys");
    let made = stormglass()
        .args(["keygen", "-n", "2"])
        .arg(&keys)
        .output()
        .expect("the command can be run");
    assert!(made.status.success(), "{made:?}");
    let file = keys.join("peers.ron");
    let text = fs::read_to_string(&file).expect("it was made");
    let text = text
        .replace("127.0.0.1:41000", "10.98.0.1:9000")
        .replace("127.0.0.1:41001", "10.98.0.2:9000");
    fs::write(&file, text).expect("it can be written");
    file
}

/// Ten thousand messages each way over this path; `None`, and said so, where that is not possible.
fn go(bad: Bad, words: &[String]) -> Option<Went> {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    let peers = peers(at);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/netns/path.sh");
    let numbers = [bad.loss, bad.dup, EACH_WAY].map(|number| number.to_string());
    let scenario = scenario();
    let key = at.join("keys/node-{i}.key");
    let mut command = vec![script.as_os_str(), bad.kind.as_ref()];
    command.extend([numbers[0].as_ref(), numbers[1].as_ref()] as [&std::ffi::OsStr; 2]);
    command.extend([env!("CARGO_BIN_EXE_stormglass").as_ref(), at.as_os_str()]);
    command.extend([numbers[2].as_ref(), scenario.as_os_str()]);
    command.extend(["--peers".as_ref(), peers.as_os_str()]);
    command.extend(["--key".as_ref(), key.as_os_str()]);
    // The path delays, or nobody does. Nodes that run apart do not know when all is quiet: they are asked to end.
    for set in ["network.latency=Fixed(\"0s\")", "stop.when=Never"] {
        command.extend(["--set".as_ref(), set.as_ref()] as [&std::ffi::OsStr; 2]);
    }
    command.extend(words.iter().map(std::ffi::OsStr::new));
    let what = format!("{bad:?} {words:?}, {EACH_WAY} messages each way");
    let Some(output) = apart(&command) else {
        skip(
            &what,
            "no namespaces: unshare is not there or not permitted",
        );
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(CANNOT) {
        skip(&what, said.trim());
        return None;
    }
    let read = |name: &str| fs::read_to_string(at.join(name)).unwrap_or_default();
    assert!(
        output.status.success(),
        "{what}: {said}\n{}\n{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        read("said-0"),
        read("said-1")
    );
    let collected = stormglass()
        .args(["udp", "collect", "--json", "--peers"])
        .arg(&peers)
        .arg("--key")
        .arg(at.join("keys/node-0.key"))
        .arg("--key")
        .arg(at.join("keys/node-1.key"))
        .arg("-o")
        .arg(at.join("runs"))
        .args([at.join("n0"), at.join("n1")])
        .output()
        .expect("the command can be run");
    Some(Went {
        run: first_run(&collected),
        code: collected.status.code(),
        path: read("path"),
    })
}

/// The figures behind `word` in what a path says, added up.
fn did(path: &str, word: &str) -> u64 {
    let lines = path.lines().filter(|line| line.contains(word));
    let figures = lines.map(|line| {
        let tail = line.split(word).nth(1).unwrap_or_default();
        let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().unwrap_or_default()
    });
    figures.sum()
}

/// Each message once, over a path that did what it was there for.
fn assert_once(bad: Bad, link_of: (&str, Option<&str>)) {
    let Some(went) = go(bad, &link(link_of)) else {
        return;
    };
    let what = format!("{} over {bad:?}: {}", link_of.0, went.path);
    assert_exactly_once(&went.run, &what);
    assert_eq!(went.code, Some(0), "{what}");
    let (lost, doubled) = match bad.kind {
        "tun" => (did(&went.path, "lost="), did(&went.path, "doubled=")),
        _ => {
            let of = |end: &str| -> u64 {
                let lines = went.path.lines().filter(|line| line.contains(end));
                lines.map(|line| did(line, "counter packets ")).sum()
            };
            (of(" drop"), of(" dup to"))
        }
    };
    assert_eq!(
        (lost > 0, doubled > 0),
        (bad.loss > 0, bad.dup > 0),
        "{what}"
    );
}

const VETH: Bad = Bad {
    kind: "veth",
    loss: 30,
    dup: 10,
};
const TUN: Bad = Bad {
    kind: "tun",
    ..VETH
};

/// The kernel itself loses and doubles.
#[test]
fn ten_thousand_each_way_arrive_once_over_devices_that_lose_and_double() {
    assert_once(VETH, LINKS[2]);
}

/// A router loses, doubles, and lets copies overtake each other.
#[test]
fn ten_thousand_each_way_arrive_once_and_in_order_behind_a_router_that_delays() {
    assert_once(TUN, LINKS[1]);
}

/// A control: the bare network fails the same test, so that the test can fail.
#[test]
fn without_a_link_they_are_lost_and_doubled() {
    let words = ["links=Weaker(FairLoss)", "stop.at=4s"];
    let mut words: Vec<String> = words
        .iter()
        .flat_map(|word| ["--set".to_owned(), (*word).to_owned()])
        .collect();
    // The link that needs no key.
    words.extend(link(LINKS[0]));
    let Some(went) = go(VETH, &words) else {
        return;
    };
    let properties = went.run["properties"].as_array().expect("a list");
    let twice = properties
        .iter()
        .find(|property| property["name"] == "no_duplication");
    assert_eq!(
        twice.map(|property| &property["verdict"]),
        Some(&"violated".into()),
        "{}",
        went.path
    );
    assert!(figure(&went.run, "/metrics/deliveries") < 2 * EACH_WAY);
}

/// Every loss and duplication, over the links by turns: minutes.
#[test]
#[ignore = "minutes: cargo test --release -p stormglass-cli --test netns -- --ignored"]
fn the_whole_grid() {
    let mut links = LINKS.into_iter().cycle();
    for kind in ["veth", "tun"] {
        for loss in [0, 10, 30, 50] {
            for dup in [0, 10] {
                let link = links.next().expect("it begins again");
                assert_once(Bad { kind, loss, dup }, link);
            }
        }
    }
}
