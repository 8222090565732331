//! A node is killed again and again, whatever it is doing, and started again: nothing that it has said is forgotten.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use sim_core::sim::Deed;
use udp::recording::{Entry, Recorded, read};

use crate::stage::{LIMIT, Running, Stage, loopback, pause, until};

/// Whoever is killed.
const VICTIM: u32 = 2;

/// Two nodes that live send to one that is killed, and it to one of them.
fn scenario(seconds: u32) -> String {
    format!(
        r#"Scenario(
    name: "kept",
    nodes: 3,
    protocol: LoggedLink,
    workload: [
        (every: "40ms", from: "1ms", until: "{seconds}s", node: First(2), do: Send(2, "order")),
        (every: "50ms", from: "1ms", until: "{seconds}s", node: 2, do: Send(0, "news")),
    ],
    expect: [
        "always no_duplication",
        "always no_creation",
        "eventually reliable_delivery within {seconds}s",
    ],
    stop: (at: "{seconds}s", when: Never),
)"#
    )
}

struct Cluster {
    stage: Stage,
    since: Instant,
}

impl Cluster {
    fn new(seconds: u32) -> Cluster {
        let stage = Stage::new();
        stage.write("kept.ron", &scenario(seconds));
        stage.write("peers.ron", &loopback("kept", 3));
        Cluster {
            stage,
            since: Instant::now(),
        }
    }

    /// Starts a node, for the first time or again.
    fn start(&self, node: u32, fresh: bool) -> Running {
        let (id, state) = (node.to_string(), format!("state-{node}.redb"));
        let since = format!("{}ms", self.since.elapsed().as_millis());
        let mut words = vec!["udp", "node", "kept.ron", "--peers", "peers.ron"];
        words.extend(["--id", &id, "--state", &state, "-o", "out", "--drain", "3s"]);
        words.push("--quiet");
        if fresh {
            words.push("--fresh");
        } else {
            words.extend(["--since", &since]);
        }
        self.stage.start(&words)
    }

    /// The recordings of the victim, life by life. A life that ended before it did anything has none.
    fn lives(&self) -> Vec<(u32, PathBuf)> {
        let paths = (0..1_000).map(|life| {
            let name = format!("out/n{VICTIM}-{life}.recording");
            (life, self.stage.path(&name))
        });
        paths.filter(|(_, path)| path.exists()).collect()
    }

    /// Has the victim got something in a later life than this one?
    fn is_back(&self, before: Option<u32>) -> bool {
        let last = self.lives().pop();
        last.is_some_and(|(life, path)| {
            let came = |recorded: Recorded| {
                let mut entries = recorded.entries.iter();
                entries.any(|entry| matches!(entry, Entry::Came(..)))
            };
            Some(life) > before && read(&path).is_ok_and(came)
        })
    }
}

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Kills the victim so many times; every fifth time before it has come to anything. Gives the longest time until it was
/// back.
fn kill_again_and_again(cluster: &Cluster, kills: u32, victim: &mut Running) -> Duration {
    let mut dice = Dice(0x5eed_0f1a_57ed_c0de);
    let mut longest = Duration::ZERO;
    let began = until(LIMIT, || cluster.is_back(None) || victim.is_over());
    if !began || victim.is_over() {
        panic!("it never began: {:?}", victim.end_now());
    }
    for kill in 1..=kills {
        let early = kill % 5 == 0;
        let wait = dice.below(if early { 40 } else { 400 });
        if early {
            *victim = cluster.start(VICTIM, false);
        }
        pause(Duration::from_millis(wait));
        victim.signal(Signal::KILL);
        assert!(until(LIMIT, || victim.is_over()));
        if kill % 5 == 4 {
            continue;
        }
        let before = cluster.lives().pop().map(|(life, _)| life);
        let since = Instant::now();
        *victim = cluster.start(VICTIM, false);
        let back = until(LIMIT, || cluster.is_back(before) || victim.is_over());
        assert!(
            back && !victim.is_over(),
            "it is not back after {kill} kills"
        );
        longest = longest.max(since.elapsed());
    }
    if kills % 5 == 4 {
        *victim = cluster.start(VICTIM, false);
    }
    longest
}

/// What a life said and wrote.
#[derive(Default)]
struct Told {
    said: Vec<Vec<u8>>,
    wrote: Vec<Vec<u8>>,
}

fn told(recorded: &Recorded) -> Told {
    let mut told = Told::default();
    for entry in &recorded.entries {
        let Entry::Did(deeds) = entry else { continue };
        for deed in deeds {
            match deed {
                Deed::Said(_, bytes) => told.said.push(bytes.clone()),
                Deed::Wrote(_, bytes) => told.wrote.push(bytes.clone()),
                _ => (),
            }
        }
    }
    told
}

/// What one life wrote the next one finds, and nobody hears a thing twice.
fn check_lives(lives: &[(u32, PathBuf)]) {
    let mut known: Vec<Vec<u8>> = Vec::new();
    let mut heard: BTreeSet<Vec<u8>> = BTreeSet::new();
    for (life, path) in lives {
        let Ok(recorded) = read(path) else { continue };
        let found = recorded.entries.iter().find_map(|entry| match entry {
            Entry::Started(lives) => lives.first(),
            _ => None,
        });
        let Some(found) = found else { continue };
        assert_eq!(found.incarnation, *life);
        assert_eq!(found.snapshot, None, "so few writes are not put together");
        // It may find more: what was durable when it was killed, and not recorded yet.
        assert!(
            found.writes.starts_with(&known),
            "life {life} finds {} writes, and {} were acknowledged before",
            found.writes.len(),
            known.len()
        );
        let Told { said, wrote } = told(&recorded);
        known.clone_from(&found.writes);
        known.extend(wrote);
        for (place, said) in said.into_iter().enumerate() {
            // The last entry of its log it says again: it cannot know whether it has said it.
            let is_new = heard.insert(said);
            assert!(
                is_new || place == 0 && *life > 0,
                "life {life} says twice what came"
            );
        }
        assert!(
            heard.len() <= known.len(),
            "what was said was written first"
        );
    }
    assert!(heard.len() > 20, "{} deliveries", heard.len());
}

fn lives_through(kills: u32, seconds: u32, back_within: Duration) {
    let cluster = Cluster::new(seconds);
    let others = [0, 1].map(|node| cluster.start(node, true));
    let mut victim = cluster.start(VICTIM, true);
    let longest = kill_again_and_again(&cluster, kills, &mut victim);
    // Whoever sends goes first, so that all that it has sent can arrive.
    for other in &others {
        other.signal(Signal::TERM);
    }
    for other in others {
        let came = other.end(LIMIT);
        assert_eq!(came.code, Some(143), "{came:?}");
    }
    victim.signal(Signal::TERM);
    let came = victim.end(LIMIT);
    assert_eq!(came.code, Some(143), "{came:?}");

    let lives = cluster.lives();
    // Those that were killed at once may have left nothing.
    let least = usize::try_from(kills - kills / 5).expect("it is small");
    assert!(lives.len() > least, "{} lives", lives.len());
    check_lives(&lives);
    let came = cluster.stage.run(&["udp", "collect", "out", "--json"]);
    assert_eq!(came.code, Some(0), "{came:?}");
    let document: Value = serde_json::from_str(&came.out).expect("it is JSON");
    let run = &document["runs"][0];
    assert_eq!(run["verdict"], "pass", "{run}");
    assert!(run["metrics"]["deliveries"].as_u64() > Some(20), "{run}");
    let replay = cluster.stage.run(&["replay", "out"]);
    assert_eq!(replay.code, Some(0), "{replay:?}");
    assert!(
        longest < back_within,
        "{longest:?} until it was back from a kill"
    );
}

/// Ten kills; how soon it is back is for the release suite to say, on a host that is not busy.
#[test]
fn a_node_that_is_killed_forgets_nothing() {
    lives_through(10, 60, Duration::from_secs(30));
}

/// The real thing.
#[test]
#[ignore = "heavy: fifty kills, for the release suite"]
fn a_node_that_is_killed_fifty_times_forgets_nothing_and_is_soon_back() {
    lives_through(50, 120, Duration::from_secs(2));
}
