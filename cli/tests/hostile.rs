//! Datagrams of an attacker who sits on the path, knows the name of the cluster and has no key: what he can do to two nodes
//! that exchange ten thousand messages each way over authenticated links.

mod pair;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use pair::{EACH_WAY, LINKS, assert_exactly_once, figure, first_run, link, scenario, stormglass};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};
use tempfile::TempDir;
use udp::wire::{Bounds, Cluster, DATAGRAM_MAX, Letter, Opener, Packer, To};

/// Hostile datagrams while good ones travel, and to nodes that have nothing else to do.
const BUSY: u64 = 60_000;
const IDLE: u64 = 40_000;
/// Hostile datagrams between two looks at the good ones.
const BURST: u64 = 32;
/// What an attacker keeps of what he has seen.
const SEEN_MAX: usize = 4_096;
/// The longest payload of a UDP datagram over IPv4.
const LONGEST: usize = 65_507;
/// Nothing here takes so long; it only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(100);
const CLUSTER: &str = "besieged";

/// A node in a process of its own; it ends with the test.
struct Node {
    child: Child,
    folder: PathBuf,
    name: String,
}

impl Node {
    fn start(id: usize, peers: &Path, folder: &Path) -> Node {
        let said = fs::File::create(folder.with_extension("said")).expect("a file");
        let child = stormglass()
            .args(["udp", "node", "--fresh", "--drain", "10s", "--id"])
            .arg(id.to_string())
            .arg("--peers")
            .arg(peers)
            .arg("--key")
            .arg(peers.with_file_name(format!("keys/node-{id}.key")))
            .args(link(LINKS[2]))
            // Nodes that run apart do not know when all is quiet: they are asked to end.
            .args(["--set", "stop.when=Never", "-o"])
            .arg(folder)
            .arg(scenario())
            .stdout(said.try_clone().expect("a file"))
            .stderr(said)
            .spawn()
            .expect("the command can be run");
        Node {
            child,
            folder: folder.to_owned(),
            name: format!("n{id}"),
        }
    }

    /// The newest line of its figures.
    fn figures(&self) -> Option<Value> {
        let path = self.folder.join(format!("{}.metrics.jsonl", self.name));
        let text = fs::read_to_string(path).ok()?;
        let whole = text.rsplit_once('\n')?.0;
        serde_json::from_str(whole.lines().last()?).ok()
    }

    /// Bytes of memory that it has in use.
    fn resident(&self) -> u64 {
        let path = format!("/proc/{}/statm", self.child.id());
        let text = fs::read_to_string(path).expect("the node lives");
        let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        pages.unwrap_or(0_u64) * rustix::param::page_size() as u64
    }

    fn is_over(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    fn end(&mut self) -> ExitStatus {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("the node lives");
        self.child.wait().expect("it can be waited for")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.with_extension("said")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Numbers of a seed.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("it is below a usize")
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// What is sent to one node.
#[derive(Default)]
struct Sent {
    datagrams: u64,
    bytes: u64,
}

/// Whoever sits between the nodes: he passes on all that they say to each other, and adds what he likes.
struct Attacker {
    /// `path[i]` is where node i believes that the other one is.
    path: [UdpSocket; 2],
    nodes: [SocketAddr; 2],
    /// Hostile datagrams come from here.
    own: UdpSocket,
    draws: Draws,
    /// Good datagrams, and who sent them.
    seen: Vec<(usize, Vec<u8>)>,
    passed: u64,
    passed_bytes: u64,
    /// To each node, hostile ones and good ones.
    sent: [Sent; 2],
    hostile: BTreeMap<&'static str, u64>,
    hostile_bytes: u64,
    number: u64,
    buffer: Vec<u8>,
}

impl Attacker {
    /// Takes the two places on the path.
    fn new() -> (Attacker, [UdpSocket; 2]) {
        let socket = || UdpSocket::bind("127.0.0.1:0").expect("a socket");
        // Held until the nodes start, so that nobody else gets these ports.
        let held = [socket(), socket()];
        let nodes = [0, 1].map(|node: usize| held[node].local_addr().expect("it is bound"));
        let path = [socket(), socket()];
        let own = socket();
        for socket in &path {
            socket.set_nonblocking(true).expect("a socket");
        }
        let moment = Some(Duration::from_millis(1));
        own.set_read_timeout(moment).expect("a socket");
        let attacker = Attacker {
            path,
            nodes,
            own,
            draws: Draws(7),
            seen: Vec::new(),
            passed: 0,
            passed_bytes: 0,
            sent: Default::default(),
            hostile: BTreeMap::new(),
            hostile_bytes: 0,
            number: 0,
            buffer: vec![0; 2 * DATAGRAM_MAX],
        };
        (attacker, held)
    }

    fn peers(&self, of: usize, keys: &str) -> String {
        let at = |node: usize| {
            if node == of {
                self.nodes[node]
            } else {
                self.path[of].local_addr().expect("it is bound")
            }
        };
        // As `keygen` made it, with the places on the path.
        keys.replace("127.0.0.1:41000", &at(0).to_string())
            .replace("127.0.0.1:41001", &at(1).to_string())
    }

    /// Passes on what has come. Gives how many datagrams that were.
    fn pass_on(&mut self) -> u64 {
        let before = self.passed;
        for from in [0, 1] {
            for _ in 0..BURST {
                let (length, source) = match self.path[from].recv_from(&mut self.buffer) {
                    Ok(received) => received,
                    Err(error) => {
                        assert!(is_empty(&error), "{error}");
                        break;
                    }
                };
                assert_eq!(source, self.nodes[from], "only nodes speak here");
                let datagram = self.buffer[..length].to_vec();
                self.passed += 1;
                self.passed_bytes += length as u64;
                let (other, socket) = (1 - from, &self.path[1 - from]);
                send(socket, self.nodes[other], &datagram, &mut self.sent[other]);
                if self.seen.len() < SEEN_MAX {
                    self.seen.push((from, datagram));
                } else {
                    let place = self.draws.below(SEEN_MAX);
                    self.seen[place] = (from, datagram);
                }
            }
        }
        self.passed - before
    }

    /// Waits a moment, and hears that nobody speaks to an attacker.
    fn pause(&mut self) {
        let heard = self.own.recv_from(&mut self.buffer);
        assert!(heard.is_err(), "an attacker is answered: {heard:?}");
    }

    /// A burst of hostile datagrams, and a moment now and then, so that the nodes can follow.
    fn burst(&mut self, sealed: bool) {
        for _ in 0..BURST {
            self.attack(sealed);
        }
        if self.number.is_multiple_of(4 * BURST) {
            self.pause();
        }
    }

    /// One hostile datagram. `sealed`: some of them bear the seal of the cluster.
    fn attack(&mut self, sealed: bool) {
        self.number += 1;
        let (kind, target, datagram) = self.hostile_one(sealed);
        *self.hostile.entry(kind).or_default() += 1;
        self.hostile_bytes += datagram.len() as u64;
        let to = self.nodes[target];
        send(&self.own, to, &datagram, &mut self.sent[target]);
    }

    fn hostile_one(&mut self, sealed: bool) -> (&'static str, usize, Vec<u8>) {
        let (number, draws) = (self.number, &mut self.draws);
        let victim = draws.below(2);
        let (sender, mut good) = match self.seen.len() {
            0 => (0, draws.bytes(64)),
            some => self.seen[draws.below(some)].clone(),
        };
        let round = usize::try_from(number / 10 % 1_501).expect("it is small");
        match number % if sealed { 10 } else { 5 } {
            0 => {
                let length = draws.below(1_501);
                ("random", victim, draws.bytes(length))
            }
            1 => {
                // Every length, with a header that looks good.
                let mut bytes = draws.bytes(round);
                let header = [0x6D, 1, 0, 0];
                let known = round.min(4);
                bytes[..known].copy_from_slice(&header[..known]);
                ("every length", victim, bytes)
            }
            2 => {
                let place = draws.below(good.len());
                match draws.below(3) {
                    0 => good[place] ^= 1 << draws.below(8),
                    1 => good.truncate(place),
                    _ => good.push(0),
                }
                ("mutated", 1 - sender, good)
            }
            3 => {
                let letters = opened(&good);
                (
                    "another cluster's",
                    1 - sender,
                    packed("another", letters, draws),
                )
            }
            4 => match number % 100 {
                4 => ("oversize", victim, draws.bytes(LONGEST)),
                _ => {
                    let length = DATAGRAM_MAX + 1 + draws.below(1_000);
                    ("too long", victim, draws.bytes(length))
                }
            },
            5 => ("replayed", 1 - sender, good),
            6 => ("reflected", sender, good),
            7 => {
                let mut letters = opened(&good);
                for letter in &mut letters {
                    forge(letter, draws);
                }
                ("forged", 1 - sender, packed(CLUSTER, letters, draws))
            }
            8 => {
                // Good seal, frames of noise.
                let mut bytes = vec![0x6D, 1, 0, 0];
                bytes.extend(draws.bytes(1 + round % 1_100));
                let tag = Cluster::new(CLUSTER).tag(&bytes);
                bytes.extend(tag);
                ("sealed noise", victim, bytes)
            }
            _ => {
                // The first part of a letter that never ends, from anybody.
                let pick = draws.next();
                let letter = Letter {
                    from: NodeId(u32::try_from(pick % 10_000).expect("it is small")),
                    to: To::One(NodeId(u32::try_from(victim).expect("it is small"))),
                    incarnation: 0,
                    number: pick,
                    event: pick,
                    depth: 0,
                    sent: SimTime::ZERO,
                    delay: Span::ZERO,
                    body: draws.bytes(2_000),
                };
                let first = packed(CLUSTER, vec![letter], draws);
                ("never finished", victim, first)
            }
        }
    }
}

/// The letters of a good datagram.
fn opened(datagram: &[u8]) -> Vec<Letter> {
    let mut opener = Opener::new(&Cluster::new(CLUSTER), &Bounds::STANDARD);
    let mut letters = Vec::new();
    let _ = opener.open(datagram, SimTime::ZERO, |letter| {
        letters.push(letter.clone())
    });
    letters
}

/// The first datagram of these letters, in the name of a cluster.
fn packed(cluster: &str, letters: Vec<Letter>, draws: &mut Draws) -> Vec<u8> {
    let mut packer = Packer::new(&Cluster::new(cluster), &Bounds::STANDARD);
    let mut first = None;
    let mut keep = |bytes: &[u8]| {
        first.get_or_insert_with(|| bytes.to_vec());
    };
    for letter in letters {
        let _ = packer.push(&letter, &mut keep);
    }
    packer.flush(&mut keep);
    first.unwrap_or_else(|| draws.bytes(64))
}

/// Something in a letter is not as it was sent.
fn forge(letter: &mut Letter, draws: &mut Draws) {
    match draws.below(8) {
        0 => letter.from = NodeId(2 + letter.from.0),
        1 => letter.from = NodeId(u32::MAX),
        // In the name of its receiver.
        2 => {
            if let To::One(to) = letter.to {
                letter.from = to;
            }
        }
        3 => letter.to = To::Many((0..100).map(NodeId).collect()),
        4 => letter.body = draws.bytes(letter.body.len()),
        5 => letter.body.clear(),
        // What only looks like news: the message is old, what is around it is absurd.
        6 => {
            (letter.number, letter.event, letter.depth) = (u64::MAX, u64::MAX, u32::MAX);
            letter.sent = SimTime::from_nanos(u64::MAX);
            letter.incarnation = u32::MAX;
        }
        _ => {
            let place = draws.below(letter.body.len());
            if let Some(byte) = letter.body.get_mut(place) {
                *byte ^= 1 << draws.below(8);
            }
        }
    }
}

fn is_empty(error: &io::Error) -> bool {
    // Timeouts, and what a node that is not there any more sends back.
    use io::ErrorKind::{ConnectionRefused, Interrupted, TimedOut, WouldBlock};
    matches!(
        error.kind(),
        WouldBlock | TimedOut | Interrupted | ConnectionRefused
    )
}

fn send(socket: &UdpSocket, to: SocketAddr, datagram: &[u8], sent: &mut Sent) {
    if socket.send_to(datagram, to).is_ok() {
        sent.datagrams += 1;
        sent.bytes += datagram.len() as u64;
    }
}

/// Passes on until both nodes say so.
fn until(
    what: &str,
    attacker: &mut Attacker,
    nodes: &mut [Node; 2],
    done: impl Fn(&Value, usize) -> bool,
) {
    let begun = Instant::now();
    loop {
        for _ in 0..20 {
            if attacker.pass_on() == 0 {
                attacker.pause();
            }
        }
        let figures = [0, 1].map(|node: usize| nodes[node].figures());
        let is_done = |node: usize| figures[node].as_ref().is_some_and(|now| done(now, node));
        if is_done(0) && is_done(1) {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE && !nodes.iter_mut().any(Node::is_over),
            "{what}: {figures:?}\n{}\n{}",
            nodes[0].said(),
            nodes[1].said()
        );
    }
}

/// A hundred thousand hostile datagrams while ten thousand messages travel each way, and after them.
#[test]
fn nothing_that_an_attacker_sends_is_delivered_answered_or_kept() {
    let folder = TempDir::new().expect("a folder");
    let (mut attacker, held) = Attacker::new();
    let keys = folder.path().join("keys");
    let made = stormglass()
        .args(["keygen", "-n", "2", "--cluster", CLUSTER])
        .arg(&keys)
        .output()
        .expect("the command can be run");
    assert!(made.status.success(), "{made:?}");
    let secret = |id: usize| folder.path().join(format!("keys/node-{id}.key"));
    let list = keys.join("peers.ron");
    let keys = fs::read_to_string(&list).expect("it was made");
    let start = |id: usize| {
        let peers = folder.path().join(format!("peers-{id}.ron"));
        fs::write(&peers, attacker.peers(id, &keys)).expect("a file");
        Node::start(id, &peers, &folder.path().join(format!("n{id}")))
    };
    drop(held);
    let mut nodes = [start(0), start(1)];

    // What is sent to a node that does not listen yet is counted nowhere.
    let begun = Instant::now();
    while nodes
        .iter()
        .any(|node| !node.said().contains(" at 127.0.0.1:"))
    {
        assert!(begun.elapsed() < PATIENCE, "{}", nodes[0].said());
        attacker.pause();
    }

    // While good ones travel. The first good ones are waited for, or there is nothing to mutate.
    while attacker.seen.len() < 8 {
        attacker.pass_on();
        assert!(begun.elapsed() < PATIENCE, "{}", nodes[0].said());
    }
    let mut with_news = 0;
    while attacker.number < BUSY {
        with_news += u64::from(attacker.pass_on() > 0);
        attacker.burst(true);
    }
    let took =
        |now: &Value| figure(now, "/counts/sockets/received") + figure(now, "/counts/kernel_drops");
    until("all is delivered", &mut attacker, &mut nodes, |now, _| {
        figure(now, "/deliveries") >= EACH_WAY
    });
    let so_far = |attacker: &Attacker| [0, 1].map(|node: usize| attacker.sent[node].datagrams);
    let wanted = so_far(&attacker);
    until("all is read", &mut attacker, &mut nodes, |now, node| {
        took(now) >= wanted[node]
    });
    let answered = attacker.passed_bytes;

    // Replays to nodes that are at rest: what they answer goes to each other, and is no more than what came.
    let (before, caused) = (attacker.passed_bytes, attacker.hostile_bytes);
    for _ in 0..100 {
        let (sender, datagram) =
            attacker.seen[attacker.draws.below(SEEN_MAX.min(attacker.seen.len()))].clone();
        attacker.hostile_bytes += datagram.len() as u64;
        *attacker.hostile.entry("replayed, at rest").or_default() += 1;
        let to = attacker.nodes[1 - sender];
        send(&attacker.own, to, &datagram, &mut attacker.sent[1 - sender]);
        attacker.pass_on();
    }
    let wanted = so_far(&attacker);
    until(
        "replays are read",
        &mut attacker,
        &mut nodes,
        |now, node| took(now) >= wanted[node],
    );
    let (replies, causes) = (
        attacker.passed_bytes - before,
        attacker.hostile_bytes - caused,
    );
    assert!(replies <= causes, "{replies} B answer {causes} B");

    // What has no seal is answered by nothing at all, and kept nowhere.
    let memory = [0, 1].map(|node: usize| nodes[node].resident());
    let quiet = attacker.passed;
    let end = attacker.number + IDLE;
    while attacker.number < end {
        attacker.burst(false);
        attacker.pass_on();
    }
    let wanted = so_far(&attacker);
    until(
        "the rest is read",
        &mut attacker,
        &mut nodes,
        |now, node| took(now) >= wanted[node],
    );
    assert_eq!(attacker.passed, quiet, "nobody has answered");
    let grown = [0, 1].map(|node: usize| nodes[node].resident().saturating_sub(memory[node]));
    assert!(
        grown.iter().all(|bytes| *bytes <= 2 << 20),
        "{grown:?} bytes of memory"
    );

    for node in &mut nodes {
        let status = node.end();
        assert_eq!(
            status.code(),
            Some(143),
            "it was asked to end: {}",
            node.said()
        );
    }
    let mut dropped = 0;
    for (node, sent) in nodes.iter().zip(&attacker.sent) {
        let figures = node.figures().expect("it has said how it was");
        let count = |path: &str| figure(&figures, &format!("/counts/{path}"));
        assert_eq!(figure(&figures, "/deliveries"), EACH_WAY);
        // Every datagram is in one place, and every message. The rules between are asserted by the node itself.
        dropped += count("kernel_drops");
        assert_eq!(
            count("sockets/received") + count("kernel_drops"),
            sent.datagrams,
            "{figures}"
        );
        assert_eq!(
            count("sockets/received"),
            count("datagrams/datagrams") + count("sockets/truncated")
        );
        for refused in ["too_short", "too_long", "bad_magic", "bad_tag", "malformed"] {
            assert!(
                count(&format!("datagrams/{refused}")) > 0,
                "{refused}: {figures}"
            );
        }
        for refused in ["not_here", "strangers", "unreadable"] {
            assert!(
                count(&format!("messages/{refused}")) > 0,
                "{refused}: {figures}"
            );
        }
        assert!(count("sockets/truncated") > 0, "{figures}");
        assert!(
            count("table_bytes") <= Bounds::STANDARD.table_bytes_max,
            "{figures}"
        );
    }
    let collected = stormglass()
        .args(["udp", "collect", "--json", "-o"])
        .arg(folder.path().join("runs"))
        .args([&nodes[0].folder, &nodes[1].folder])
        .args(["--peers".as_ref(), list.as_os_str()])
        .args(["--key".as_ref(), secret(0).as_os_str()])
        .args(["--key".as_ref(), secret(1).as_os_str()])
        .output()
        .expect("the command can be run");
    let run = first_run(&collected);
    assert_exactly_once(&run, "besieged");
    assert!(run["marks"]["forged_refused"]["count"].as_u64() > Some(0));
    tell(&format!(
        "{:?}; {} good datagrams; hostile ones met good ones in {with_news} of {} looks; \
         {dropped} dropped by the kernel; {answered} B out before the rest; replays at rest: {replies} B answer {causes} B; \
         memory grown by {grown:?} B",
        attacker.hostile,
        attacker.passed,
        BUSY / BURST,
    ));
}

/// Figures for whoever runs it with --nocapture.
#[expect(clippy::print_stderr, reason = "the harness keeps it")]
fn tell(text: &str) {
    eprintln!("{text}");
}
