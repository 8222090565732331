//! Plans: scenarios drawn from a number, each with some families of faults and without the others.
//!
//! Groce et al., *Swarm testing* (2012): a test that can do everything does each thing less thoroughly than one that leaves
//! some things out. So every plan first draws which families it has at all, and how readily it takes one.

use std::collections::BTreeSet;

use scenarios::format::{Entry, FieldDoc, Need, describe};
use sim_core::kernel::random::{Key, Purpose};

/// What a plan may have. What a protocol promises depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Loss,
    Bursts,
    Duplication,
    /// Found by the checksum.
    Corruption,
    /// Without a checksum: it is delivered.
    Garbling,
    /// Delays above a tenth of a second.
    Far,
    Fifo,
    Bandwidth,
    Between,
    Gst,
    /// Not everybody is everybody's neighbour.
    Sparse,
    /// The topology is drawn, and may fall into pieces.
    Pieces,
    Flooding,
    /// Flooding over three links at most.
    Short,
    CrashStop,
    Recovery,
    /// Somebody recovers with an empty disk.
    DiskLost,
    Pause,
    Slow,
    Omission,
    Byzantine,
    SlowDisk,
    /// Writes that were said to be durable are lost.
    LyingDisk,
    /// A write fails, and stops its process.
    FailingDisk,
    Skew,
    Drift,
    Step,
    Partition,
    OneWay,
    Bridge,
    MajorityRing,
    Isolate,
    /// A partition that lasts to the end.
    Unhealed,
    Flap,
    /// The protocol has other parameters than usual.
    Parameters,
}

impl Family {
    pub const ALL: [Family; 35] = {
        use Family::*;
        [
            Loss,
            Bursts,
            Duplication,
            Corruption,
            Garbling,
            Far,
            Fifo,
            Bandwidth,
            Between,
            Gst,
            Sparse,
            Pieces,
            Flooding,
            Short,
            CrashStop,
            Recovery,
            DiskLost,
            Pause,
            Slow,
            Omission,
            Byzantine,
            SlowDisk,
            LyingDisk,
            FailingDisk,
            Skew,
            Drift,
            Step,
            Partition,
            OneWay,
            Bridge,
            MajorityRing,
            Isolate,
            Unhealed,
            Flap,
            Parameters,
        ]
    };

    /// What a network that is taken to be perfect does not do.
    const SPOILS_A_PERFECT_NETWORK: [Family; 5] = [
        Family::Loss,
        Family::Bursts,
        Family::Duplication,
        Family::Corruption,
        Family::Garbling,
    ];
}

/// Links as a plan writes them, with what they promise.
#[derive(Clone, Copy, Debug)]
struct Way {
    text: &'static str,
    promise: Need,
    assumed: bool,
}

const WAYS: [Way; 13] = [
    way("FairLoss", Need::FairLoss),
    way("Stubborn(every: \"4s\")", Need::Stubborn),
    way("Stubborn(every: \"1s\", acks: true)", Need::Stubborn),
    way("Reliable", Need::Reliable),
    way("Reliable(rto: \"200ms\")", Need::Reliable),
    way("Reliable(attempts: 4)", Need::Reliable),
    way("Logged", Need::Logged),
    way("Fifo", Need::Fifo),
    way("Fifo(rto: \"150ms\")", Need::Fifo),
    way("Authenticated", Need::Authenticated),
    assumed("Assumed(Reliable)", Need::Reliable),
    assumed("Assumed(Fifo)", Need::Fifo),
    assumed("Assumed(Authenticated)", Need::Authenticated),
];

const fn way(text: &'static str, promise: Need) -> Way {
    Way {
        text,
        promise,
        assumed: false,
    }
}

const fn assumed(text: &'static str, promise: Need) -> Way {
    Way {
        text,
        promise,
        assumed: true,
    }
}

/// A scenario, and what can be said of it without running it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub number: u64,
    pub protocol: &'static str,
    /// As written: `Weaker(FairLoss)`.
    pub links: String,
    /// What they promise; none if they are weaker than the protocol needs.
    pub promise: Option<Need>,
    pub families: BTreeSet<Family>,
    pub nodes: u64,
    /// How many of them turn Byzantine some time.
    pub traitors: u64,
    /// The protocol with its parameters, as written.
    pub configured: String,
    /// Everything but what is expected.
    head: String,
}

impl Plan {
    /// The plan of this number, for one of the protocols in turn.
    pub fn draw(number: u64, entries: &[&'static dyn Entry]) -> Plan {
        let place = usize::try_from(number % entries.len() as u64).expect("a place in a list");
        Plan::of(entries[place], number)
    }

    /// The plan of this number for this protocol.
    pub fn of(entry: &'static dyn Entry, number: u64) -> Plan {
        Drawing::new(number, entry).plan()
    }

    pub fn has(&self, family: Family) -> bool {
        self.families.contains(&family)
    }

    pub fn has_any(&self, families: &[Family]) -> bool {
        families.iter().any(|family| self.has(*family))
    }

    /// The scenario file, with what it expects.
    pub fn text(&self, expect: &[String]) -> String {
        let expect: Vec<String> = expect.iter().map(|one| format!("{one:?}")).collect();
        format!("{}    expect: [{}],\n)\n", self.head, expect.join(", "))
    }
}

/// Answers of which the n-th to a plan is always the same.
struct Dice {
    key: Key,
    plan: u64,
    asked: u64,
}

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.asked += 1;
        self.key.at(self.plan, self.asked).below(0, n)
    }

    /// From the first to the last.
    fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        let place = usize::try_from(self.below(list.len() as u64)).expect("a place in a list");
        list[place]
    }

    /// A probability of so many hundredths.
    fn hundredths(&mut self, first: u64, last: u64) -> String {
        let p = self.between(first, last);
        format!("{}.{:02}", p / 100, p % 100)
    }

    fn ms(&mut self, first: u64, last: u64) -> String {
        format!("\"{}ms\"", self.between(first, last))
    }
}

struct Drawing {
    number: u64,
    dice: Dice,
    entry: &'static dyn Entry,
    docs: Vec<FieldDoc>,
    /// What this plan may have.
    open: BTreeSet<Family>,
    /// What it has.
    has: BTreeSet<Family>,
    nodes: u64,
    traitors: u64,
}

/// Times in ms: the workload and what goes wrong begin before this.
const BUSY: u64 = 3_000;

impl Drawing {
    fn new(number: u64, entry: &'static dyn Entry) -> Drawing {
        let key = Key::new(0, Purpose::Workload);
        let mut dice = Dice {
            key,
            plan: number,
            asked: 0,
        };
        // Some plans have one family or two, and some half of them.
        let readiness = dice.of(&[4, 8, 15, 30, 50]);
        let open = Family::ALL
            .into_iter()
            .filter(|_| dice.percent(readiness))
            .collect();
        let nodes = dice.between(4, 8);
        Drawing {
            number,
            dice,
            entry,
            docs: describe(&[entry]),
            open,
            has: BTreeSet::new(),
            nodes,
            traitors: 0,
        }
    }

    /// If the plan may have this it has it from now on.
    fn takes(&mut self, family: Family) -> bool {
        let is_open = self.open.contains(&family);
        if is_open {
            self.has.insert(family);
        }
        is_open
    }

    fn plan(mut self) -> Plan {
        let needs = self.entry.about().needs;
        let name = self.entry.about().name;
        let topology = self.topology();
        let configured = self.protocol();
        let way = if self.dice.percent(40) {
            let fitting: Vec<Way> = WAYS
                .into_iter()
                .filter(|way| !way.assumed && way.promise == needs)
                .collect();
            self.dice.of(&fitting)
        } else {
            self.dice.of(&WAYS)
        };
        let is_enough = way.promise.is_at_least(needs);
        let (links, promise, assumed) = match (is_enough, way.assumed) {
            (true, _) => (way.text.to_owned(), Some(way.promise), way.assumed),
            (false, false) => (format!("Weaker({})", way.text), None, false),
            (false, true) => (needs.name().to_owned(), Some(needs), false),
        };
        if assumed {
            for family in Family::SPOILS_A_PERFECT_NETWORK {
                self.open.remove(&family);
            }
        }
        let network = self.network();
        let timing = if self.takes(Family::Gst) {
            let (gst, bound) = (self.dice.ms(0, BUSY), self.dice.ms(1, 80));
            format!("    timing: PartiallySynchronous(gst: {gst}, bound: {bound}),\n")
        } else {
            String::new()
        };
        let workload = self.workload();
        let faults = self.faults();
        let head = format!(
            "Scenario(\n    name: \"swarm-{number}\",\n    seed: {number},\n    nodes: {nodes},\n{topology}    network: \
             ({network}),\n{timing}    protocol: {configured},\n    links: {links},\n    workload: [\n{workload}    ],\n    \
             faults: [\n{faults}    ],\n    stop: (at: \"120s\", events: 40000),\n",
            number = self.number,
            nodes = self.nodes,
        );
        Plan {
            number: self.number,
            protocol: name,
            links,
            promise,
            families: self.has,
            nodes: self.nodes,
            traitors: self.traitors,
            configured,
            head,
        }
    }

    /// The protocol, now and then with other values of what has names to choose from.
    fn protocol(&mut self) -> String {
        let name = self.entry.about().name;
        if !self.takes(Family::Parameters) {
            return name.to_owned();
        }
        let prefix = format!("scenario.protocol.{name}.");
        let mut parameters = Vec::new();
        for doc in self.docs.clone() {
            let Some(field) = doc.path.strip_prefix(&prefix) else {
                continue;
            };
            if field.contains('.') || field == "do" || doc.positional {
                continue;
            }
            let value = match doc.kind.as_str() {
                "node" => self.dice.below(self.nodes).to_string(),
                "true or false" => self.dice.percent(50).to_string(),
                _ if doc.options.is_empty() => continue,
                _ => {
                    // A name that takes arguments is more than is known here.
                    let plain = |option: &&String| {
                        let inside = format!("{}.{option}.", doc.path);
                        !self
                            .docs
                            .iter()
                            .any(|other| other.path.starts_with(&inside))
                    };
                    let plain: Vec<&String> = doc.options.iter().filter(plain).collect();
                    if plain.is_empty() {
                        continue;
                    }
                    self.dice.of(&plain).clone()
                }
            };
            parameters.push(format!("{field}: {value}"));
        }
        if parameters.is_empty() {
            self.has.remove(&Family::Parameters);
            return name.to_owned();
        }
        format!("{name}({})", parameters.join(", "))
    }

    fn topology(&mut self) -> String {
        let mut text = String::new();
        if self.takes(Family::Sparse) {
            let drawn = self.takes(Family::Pieces);
            let shape = match self.dice.below(if drawn { 10 } else { 7 }) {
                0 => format!("Star(centre: {})", self.dice.below(self.nodes)),
                1 => "Ring".to_owned(),
                2 => "Line".to_owned(),
                3 => format!("Tree(arity: {})", self.dice.between(1, 3)),
                4 => "Grid".to_owned(),
                5 => {
                    self.nodes = self.dice.of(&[4, 8]);
                    "Hypercube".to_owned()
                }
                6 => "ScaleFree(m: 1)".to_owned(),
                7 => "RandomRegular(degree: 2)".to_owned(),
                8 => "SmallWorld(k: 2, p: 0.2)".to_owned(),
                _ => "ErdosRenyi(p: 0.6)".to_owned(),
            };
            text = format!("    topology: {shape},\n");
        } else if self.dice.percent(15) {
            text = "    topology: Bus,\n".to_owned();
        }
        if self.takes(Family::Flooding) {
            let ttl = match self.takes(Family::Short) {
                true => "(ttl: 3)",
                false => "",
            };
            text.push_str(&format!("    routing: Flooding{ttl},\n"));
        }
        text
    }

    fn network(&mut self) -> String {
        let latency = self.delay();
        let mut fields = vec![format!("latency: {latency}")];
        fields.extend(self.conduct());
        if self.has.contains(&Family::Garbling) {
            fields.push("checksum: false".to_owned());
        }
        if self.takes(Family::Between) {
            let mut entries = Vec::new();
            for _ in 0..self.dice.between(1, 3) {
                let (from, to) = (self.set(), self.set());
                let mut entry = vec![format!("from: {from}, to: {to}, latency: {}", self.delay())];
                if self.dice.percent(50) {
                    entry.push("both: true".to_owned());
                }
                entry.extend(self.conduct());
                entries.push(format!("({})", entry.join(", ")));
            }
            fields.push(format!("between: [{}]", entries.join(", ")));
        }
        fields.join(", ")
    }

    /// What happens on a channel besides the delay. Loss leaves room for liveness: 30 tries always do.
    fn conduct(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        if self.takes(Family::Bursts) {
            let (to_bad, to_good) = (self.dice.hundredths(1, 20), self.dice.hundredths(50, 90));
            fields.push(format!(
                "loss: GilbertElliott(to_bad: {to_bad}, to_good: {to_good})"
            ));
        } else if self.takes(Family::Loss) {
            fields.push(format!("loss: {}", self.dice.hundredths(1, 20)));
        }
        if self.takes(Family::Duplication) {
            fields.push(format!("duplicate: {}", self.dice.hundredths(1, 50)));
        }
        // A network has a checksum or none: both at once are one.
        if self.takes(Family::Garbling) {
            self.open.remove(&Family::Corruption);
        }
        if self.has.contains(&Family::Garbling) || self.takes(Family::Corruption) {
            fields.push(format!("corrupt: {}", self.dice.hundredths(1, 15)));
        }
        if self.takes(Family::Fifo) {
            fields.push("fifo: true".to_owned());
        }
        if self.takes(Family::Bandwidth) {
            let (rate, queue) = (
                self.dice
                    .of(&["\"256kbit/s\"", "\"1Mbit/s\"", "\"1GiB/s\""]),
                self.dice.of(&["\"2KiB\"", "\"64KiB\""]),
            );
            fields.push(format!("bandwidth: {rate}, queue: {queue}"));
        }
        fields
    }

    fn delay(&mut self) -> String {
        let most = if self.takes(Family::Far) { 1_500 } else { 40 };
        let (low, high) = (
            self.dice.between(0, most / 4),
            self.dice.between(most / 4 + 1, most),
        );
        match self.dice.below(7) {
            0 => format!("Fixed(\"{low}ms\")"),
            1 => format!("Uniform(\"{low}ms\", \"{high}ms\")"),
            2 => format!("Exponential(mean: \"{}ms\", max: \"{most}ms\")", low + 1),
            3 => format!(
                "Normal(mean: \"{low}ms\", sd: \"{}ms\", max: \"{most}ms\")",
                low / 2 + 1
            ),
            4 => format!(
                "LogNormal(median: \"{}ms\", p99: \"{}ms\", max: \"{}ms\")",
                low + 1,
                high + 1,
                most + 2
            ),
            5 => format!(
                "Pareto(scale: \"{}ms\", shape: {}.5, max: \"{}ms\")",
                low + 1,
                self.dice.between(0, 3),
                most + 2
            ),
            _ => format!("Empirical([\"{low}ms\", \"{high}ms\", \"1us\"])"),
        }
    }

    /// Some nodes, at least one.
    fn set(&mut self) -> String {
        let (one, other) = (self.dice.below(self.nodes), self.dice.below(self.nodes));
        match self.dice.below(9) {
            0..=3 => one.to_string(),
            4 => format!("{}..={}", one.min(other), one.max(other)),
            5 if one != other => format!("[{one}, {other}]"),
            6 => "First(2)".to_owned(),
            7 => "Random(count: 2)".to_owned(),
            8 => "Random(fraction: 0.3)".to_owned(),
            _ => format!("[{one}]"),
        }
    }

    /// One or two nodes: a plan in which nobody is left says little.
    fn few(&mut self) -> String {
        let (one, other) = (self.dice.below(self.nodes), self.dice.below(self.nodes));
        match self.dice.below(4) {
            0 if one != other => format!("[{one}, {other}]"),
            1 => "Random(count: 1)".to_owned(),
            _ => one.to_string(),
        }
    }

    /// Jobs at times of their own, so that no process has two at one instant.
    fn workload(&mut self) -> String {
        let name = self.entry.about().name;
        let path = format!("scenario.protocol.{name}.do");
        let operations: Vec<String> = self
            .docs
            .iter()
            .find(|doc| doc.path == path)
            .map(|doc| doc.options.clone())
            .unwrap_or_default();
        // A failure detector cannot be asked for anything.
        if operations.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        for job in 0..self.dice.between(2, 6) {
            let place = usize::try_from(self.dice.below(operations.len() as u64));
            let operation = &operations[place.expect("a place in a list")];
            let what = self.operation(&path, operation, job);
            let node = match self.dice.percent(80) {
                true => self.dice.below(self.nodes).to_string(),
                false => self.set(),
            };
            // Odd microseconds of its own keep a job off the others' instants.
            let at = self.dice.below(BUSY) * 1_000 + 10 * job + 1;
            let turn = if self.dice.percent(25) {
                let every = self.dice.between(20, 400) * 1_000;
                let until = at + self.dice.between(1, 4) * every;
                format!("every: \"{every}us\", from: \"{at}us\", until: \"{until}us\"")
            } else {
                format!("at: \"{at}us\"")
            };
            text.push_str(&format!("        ({turn}, node: {node}, do: {what}),\n"));
        }
        text
    }

    /// `operation` of those at `path`, with arguments.
    fn operation(&mut self, path: &str, operation: &str, job: u64) -> String {
        let inside = format!("{path}.{operation}.");
        let mut arguments = Vec::new();
        for doc in self.docs.clone() {
            let Some(field) = doc.path.strip_prefix(&inside) else {
                continue;
            };
            if field.contains('.') || !doc.positional && doc.default.is_some() {
                continue;
            }
            let value = match doc.kind.as_str() {
                "text" => format!("\"v{job}\""),
                "time" => "\"300ms\"".to_owned(),
                "node" => self.dice.below(self.nodes).to_string(),
                kind if kind.starts_with("whole number") => job.to_string(),
                "one of" => {
                    let options: Vec<&str> = doc.options.iter().map(String::as_str).collect();
                    let option = self.dice.of(&options);
                    self.operation(&doc.path, option, job)
                }
                _ if doc.default.is_some() => continue,
                kind => panic!("{inside}{field}: how to draw a {kind} is not known"),
            };
            arguments.push(match doc.positional {
                true => value,
                false => format!("{field}: {value}"),
            });
        }
        match arguments.is_empty() {
            true => operation.to_owned(),
            false => format!("{operation}({})", arguments.join(", ")),
        }
    }

    /// When a fault of a process strikes; `early` if it may last from the start.
    fn trigger(&mut self, early: bool) -> String {
        let at = self.dice.below(BUSY);
        match self.dice.below(if early { 10 } else { 8 }) {
            0 | 1 => format!(", at: \"{at}ms\""),
            2 => format!(
                ", between: (\"{at}ms\", \"{}ms\")",
                at + self.dice.below(500)
            ),
            3 => format!(", when: AfterSends({})", self.dice.below(20)),
            4 => format!(", when: AfterReceipts({})", self.dice.below(20)),
            5 => format!(", when: AfterEffects({})", self.dice.below(40)),
            6 => match self.dice.below(3) {
                0 => format!(", when: AfterWrites({})", self.dice.below(6)),
                _ => format!(", when: {}", self.of_anybody()),
            },
            7 => format!(", at: \"{at}us\""),
            _ => String::new(),
        }
    }

    /// What a fault of many can wait for.
    fn of_anybody(&mut self) -> String {
        let count = self.dice.between(1, 4);
        if self.dice.percent(50) {
            let kind = self
                .dice
                .of(&["Data", "Ack", "Update", "Ask", "Grant", "Seal"]);
            return format!("AfterRecv(\"{kind}\", {count})");
        }
        let own = self.entry.marks().iter();
        let marks: Vec<&str> = own
            .chain(scenarios::marks::COMMON)
            .map(|mark| mark.name)
            .collect();
        let mark = self.dice.of(&marks);
        format!("Mark(\"{mark}\", {count})")
    }

    /// So long a fault lasts. It ends while the run goes on, whenever it strikes.
    fn end(&mut self) -> String {
        format!(", for: {}", self.dice.ms(1, 3_000))
    }

    fn faults(&mut self) -> String {
        let mut all = Vec::new();
        // Twice now and then, so that faults of one kind overlap.
        for _ in 0..self.dice.of(&[1, 1, 2]) {
            self.faults_of_processes(&mut all);
            self.faults_of_disks_and_clocks(&mut all);
            self.partitions(&mut all);
        }
        all.into_iter()
            .map(|fault| format!("        {fault},\n"))
            .collect()
    }

    fn faults_of_processes(&mut self, all: &mut Vec<String>) {
        if self.takes(Family::CrashStop) {
            let (node, when) = (self.few(), self.trigger(false));
            all.push(format!("Crash(node: {node}{when})"));
        }
        if self.takes(Family::Recovery) {
            for _ in 0..self.dice.between(1, 3) {
                let (node, when, end) = (self.few(), self.trigger(false), self.end());
                let disk = if self.takes(Family::DiskLost) {
                    ", disk: Lost"
                } else {
                    ""
                };
                all.push(format!("Crash(node: {node}{when}{end}{disk})"));
            }
        }
        if self.takes(Family::Pause) {
            let (node, when, end) = (self.few(), self.trigger(false), self.end());
            all.push(format!("Pause(node: {node}{when}{end})"));
        }
        if self.takes(Family::Slow) {
            let (node, when) = (self.few(), self.trigger(true));
            let most = self.dice.between(1, 5);
            let law = self.dice.of(&["Fixed", "Uniform", "Exponential"]);
            let law = match law {
                "Fixed" => format!("Fixed(\"{most}ms\")"),
                "Uniform" => format!("Uniform(\"0s\", \"{most}ms\")"),
                _ => format!("Exponential(mean: \"{most}ms\", max: \"1s\")"),
            };
            let end = if self.dice.percent(50) {
                self.end()
            } else {
                String::new()
            };
            all.push(format!("Slow(node: {node}, processing: {law}{when}{end})"));
        }
        if self.takes(Family::Omission) {
            let (node, when) = (self.few(), self.trigger(true));
            let (send, receive) = (self.dice.hundredths(1, 100), self.dice.hundredths(0, 100));
            let end = if self.dice.percent(50) {
                self.end()
            } else {
                String::new()
            };
            all.push(format!(
                "Omission(node: {node}, send: {send}, receive: {receive}{when}{end})"
            ));
        }
        if self.takes(Family::Byzantine) {
            let (node, when) = (self.few(), self.trigger(true));
            self.traitors = if node.starts_with('[') { 2 } else { 1 };
            let behaviours: Vec<String> = (0..self.dice.between(1, 3))
                .map(|_| self.behaviour())
                .collect();
            all.push(format!(
                "Byzantine(node: {node}, behaviour: [{}]{when})",
                behaviours.join(", ")
            ));
        }
    }

    fn behaviour(&mut self) -> String {
        let kinds = self.dice.of(&["", "", "kinds: [\"Data\"]"]);
        let to = self.set();
        let and = |kinds: &str| {
            if kinds.is_empty() {
                String::new()
            } else {
                format!("{kinds}, ")
            }
        };
        match self.dice.below(7) {
            0 => format!("Silent({}to: {to})", and(kinds)),
            1 => format!("Equivocate({}values: [\"x\", \"y\"], to: {to})", and(kinds)),
            2 => format!("Mutate({kinds})"),
            3 => format!("Replay({kinds})"),
            4 => format!("Delay(by: {})", self.dice.ms(1, 900)),
            5 => format!("Forge(sender: {})", self.dice.below(self.nodes)),
            _ => format!("Flood({}copies: {})", and(kinds), self.dice.between(2, 4)),
        }
    }

    fn faults_of_disks_and_clocks(&mut self, all: &mut Vec<String>) {
        let sign = |negative: bool| if negative { "-" } else { "" };
        if self.takes(Family::SlowDisk) {
            let (node, when) = (self.set(), self.trigger(true));
            let law = self.dice.of(&[
                "Uniform(\"0s\", \"20ms\")",
                "Fixed(\"3ms\")",
                "Fixed(\"0s\")",
            ]);
            let end = if self.dice.percent(50) {
                self.end()
            } else {
                String::new()
            };
            all.push(format!("SlowDisk(node: {node}, latency: {law}{when}{end})"));
        }
        if self.takes(Family::LyingDisk) {
            let (node, when) = (self.set(), self.trigger(true));
            let end = if self.dice.percent(50) {
                self.end()
            } else {
                String::new()
            };
            all.push(match self.dice.percent(50) {
                true => format!(
                    "LostWrites(node: {node}, count: {}{when}{end})",
                    self.dice.between(1, 4)
                ),
                false => format!("TornWrite(node: {node}{when}{end})"),
            });
        }
        if self.takes(Family::FailingDisk) {
            let (node, when) = (self.few(), self.trigger(true));
            all.push(match self.dice.percent(50) {
                true => format!(
                    "FullDisk(node: {node}, capacity: \"{}B\"{when})",
                    self.dice.below(200)
                ),
                false => format!(
                    "FailingDisk(node: {node}, p: {}{when})",
                    self.dice.hundredths(1, 30)
                ),
            });
        }
        if self.takes(Family::Skew) {
            let node = self.set();
            let negative = self.dice.percent(50);
            all.push(match self.dice.percent(50) {
                true => format!(
                    "Skew(node: {node}, by: \"{}{}ms\")",
                    sign(negative),
                    self.dice.between(1, 5_000)
                ),
                false => format!("Skew(node: {node}, within: {})", self.dice.ms(1, 5_000)),
            });
        }
        if self.takes(Family::Drift) {
            let (node, when) = (self.set(), self.trigger(true));
            let end = if self.dice.percent(50) {
                self.end()
            } else {
                String::new()
            };
            let negative = self.dice.percent(50);
            all.push(match self.dice.percent(50) {
                true => format!(
                    "Drift(node: {node}, ppm: {}{}{when}{end})",
                    sign(negative),
                    self.dice.between(1, 200_000)
                ),
                false => format!(
                    "Drift(node: {node}, within: {}{when}{end})",
                    self.dice.between(1, 200_000)
                ),
            });
        }
        if self.takes(Family::Step) {
            let (node, when) = (self.set(), self.trigger(false));
            let negative = self.dice.percent(50);
            all.push(format!(
                "Step(node: {node}, by: \"{}{}ms\"{when})",
                sign(negative),
                self.dice.between(1, 2_000)
            ));
        }
    }

    fn partitions(&mut self, all: &mut Vec<String>) {
        let unhealed = self.open.contains(&Family::Unhealed);
        for family in [
            Family::Partition,
            Family::OneWay,
            Family::Bridge,
            Family::MajorityRing,
            Family::Isolate,
        ] {
            if !self.takes(family) {
                continue;
            }
            let nodes = self.nodes;
            let (one, middle) = (self.dice.below(nodes), self.dice.between(1, nodes - 2));
            let kind = match family {
                Family::Partition => format!(
                    "Partition(groups: [0..={}, {middle}..={}]",
                    middle - 1,
                    nodes - 1
                ),
                Family::OneWay => format!("OneWay(from: {}, to: {}", self.set(), self.set()),
                Family::Bridge => format!("Bridge(node: {one}"),
                Family::MajorityRing => "MajorityRing(".to_owned(),
                _ => format!("Isolate(node: {}", self.few()),
            };
            let at = self.dice.below(BUSY);
            let when = match self.dice.below(4) {
                0 => format!("when: {}", self.of_anybody()),
                1 => format!("between: (\"{at}ms\", \"{}ms\")", at + 300),
                _ => format!("at: \"{at}ms\""),
            };
            let comma = if kind.ends_with('(') { "" } else { ", " };
            let end = match unhealed && self.dice.percent(70) {
                true => {
                    self.has.insert(Family::Unhealed);
                    String::new()
                }
                false => self.end(),
            };
            let flap = match self.takes(Family::Flap) {
                true => {
                    let (down, up) = (self.dice.ms(1, 500), self.dice.ms(1, 500));
                    format!(", flap: (down: {down}, up: {up})")
                }
                false => String::new(),
            };
            all.push(format!("{kind}{comma}{when}{end}{flap})"));
        }
    }
}
