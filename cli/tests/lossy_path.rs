//! Links over a path that loses and doubles: real sockets, and the scenario's network in front of them, seeded.

mod pair;

use std::net::UdpSocket;

use pair::{EACH_WAY, LINKS, assert_exactly_once, figure, first_run, link, scenario, stormglass};
use serde_json::Value;
use tempfile::TempDir;

/// Losses and duplications of the grid.
const LOSSES: [f64; 4] = [0.0, 0.1, 0.3, 0.5];
const DUPLICATIONS: [f64; 2] = [0.0, 0.1];

/// Runs the pair on real sockets with this loss and duplication.
fn run(loss: f64, dup: f64, words: &[String], wanted: i32) -> Value {
    let folder = TempDir::new().expect("a folder");
    let output = stormglass()
        .args(["udp", "run", "--json", "-p"])
        .arg(format!("loss={loss}"))
        .arg("-p")
        .arg(format!("dup={dup}"))
        .args(words)
        .arg("-o")
        .arg(folder.path())
        .arg(scenario())
        .output()
        .expect("the command can be run");
    assert_eq!(
        output.status.code(),
        Some(wanted),
        "{words:?} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    first_run(&output)
}

/// The network did what the scenario says, and every copy that it let travel is accounted for.
fn assert_path(run: &Value, loss: f64, dup: f64, what: &str) {
    let metric = |name: &str| figure(run, &format!("/metrics/{name}"));
    let (messages, lost, doubled) = (metric("messages"), metric("lost"), metric("duplicated"));
    // The draws are seeded, so that these shares are nowhere near their bounds by chance.
    let share = lost as f64 / messages as f64;
    assert!(
        (share - loss).abs() < 0.02,
        "{what}: lost {lost} of {messages}"
    );
    let share = doubled as f64 / messages as f64;
    assert!(
        (share - dup * (1.0 - loss)).abs() < 0.02,
        "{what}: doubled {doubled} of {messages}"
    );
    let parts = run["datagrams"].as_array().expect("a list");
    let sum = |name: &str| -> u64 {
        let counts = parts.iter().map(|part| figure(part, name));
        counts.sum()
    };
    assert_eq!(
        sum("/messages/sent"),
        messages + doubled - lost,
        "{what}: what was sent and not lost has left"
    );
    let refused = sum("/messages/came") - sum("/messages/taken");
    assert_eq!(refused, 0, "{what}: what came was taken");
}

/// One cell of the grid.
fn cell(loss: f64, dup: f64, link_of: (&str, Option<&str>), more: &[&str]) {
    let mut words = link(link_of);
    words.extend(more.iter().map(|word| (*word).to_owned()));
    let what = format!("{} loss {loss} duplication {dup} {more:?}", link_of.0);
    let run = run(loss, dup, &words, 0);
    assert_exactly_once(&run, &what);
    assert_path(&run, loss, dup, &what);
}

fn has_ipv6() -> bool {
    UdpSocket::bind("[::1]:0").is_ok()
}

/// The worst of the grid over every link, in one process and in two, over both versions of IP.
#[test]
fn ten_thousand_each_way_arrive_once_over_a_lossy_path() {
    cell(0.5, 0.1, LINKS[0], &[]);
    cell(0.3, 0.1, LINKS[1], &["--processes"]);
    let bind = if has_ipv6() { "::1" } else { "127.0.0.1" };
    cell(0.1, 0.1, LINKS[2], &["--bind", bind]);
}

/// A control: the bare network fails the same test, so that the test can fail.
#[test]
fn without_a_link_they_are_lost_and_doubled() {
    let bare = ["--set".to_owned(), "links=Weaker(FairLoss)".to_owned()];
    let run = run(0.3, 0.1, &bare, 1);
    let verdict = |name: &str| {
        let properties = run["properties"].as_array().expect("a list");
        let found = properties.iter().find(|property| property["name"] == name);
        found.map(|property| property["verdict"].clone())
    };
    assert_eq!(verdict("reliable_delivery"), Some("violated".into()));
    assert_eq!(verdict("no_duplication"), Some("violated".into()));
    assert_eq!(verdict("no_creation"), Some("held".into()));
    assert!(figure(&run, "/metrics/deliveries") < 2 * EACH_WAY);
}

/// The whole grid over every link, by turns in one process and in two: minutes.
#[test]
#[ignore = "minutes: cargo test --release -p stormglass-cli --test lossy_path -- --ignored"]
fn the_whole_grid() {
    let mut together = [&[][..], &["--processes"][..]].into_iter().cycle();
    for loss in LOSSES {
        for dup in DUPLICATIONS {
            for link in LINKS {
                let sites = together.next().expect("it begins again");
                cell(loss, dup, link, sites);
            }
        }
    }
}
