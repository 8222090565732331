//! What the format promises, tried on a protocol made up for the purpose.

mod broken;
mod codes;
mod examples;
mod messages;
mod reading;
mod sweeps;

use sim_core::kernel::property::{self, Kind};

use super::*;

/// A multicast that needs reliable links, and a gossip that does not.
pub(super) struct Fake(About);

#[derive(Debug)]
#[expect(dead_code, reason = "read by its Debug text")]
struct Configuration {
    relay: bool,
    fanout: u64,
    operations: Vec<String>,
}

pub(super) static EAGER: Fake = Fake(About {
    name: "EagerMulticast",
    what: "relay every first copy",
    needs: Need::Reliable,
    messages: super::Messages::About("n(n-1)"),
    source: "CGR 3.3",
    layers: &["Eager", "Basic"],
});

pub(super) static GOSSIP: Fake = Fake(About {
    name: "PushGossip",
    what: "push a rumour, fixed rounds",
    needs: Need::FairLoss,
    messages: super::Messages::About("fanout n rounds"),
    source: "",
    layers: &["PushGossip"],
});

pub(super) const REGISTRY: [&dyn Entry; 2] = [&EAGER, &GOSSIP];

impl Entry for Fake {
    fn about(&self) -> &About {
        &self.0
    }

    fn properties(&self) -> Vec<property::About> {
        Vec::new()
    }

    fn marks(&self) -> &'static [Mark] {
        &[]
    }

    fn read(&self, args: &mut Fields<'_>) -> Box<dyn Configured> {
        let (mut relay, mut fanout) = (false, 0);
        if self.0.name == "PushGossip" {
            fanout = args.integer(
                "fanout",
                1..=100,
                Some(3),
                "to how many nodes a rumour is pushed",
            );
        } else {
            relay = args.flag("relay", true, "send every first copy on to everybody");
        }
        Box::new(Configuration {
            relay,
            fanout,
            operations: Vec::new(),
        })
    }
}

impl Configured for Configuration {
    fn operation(&mut self, op: &mut Fields<'_>) -> bool {
        op.positional();
        let payload = op.text("payload", None, "what is delivered");
        self.operations.push(payload);
        true
    }

    fn operations(&self) -> &[&'static str] {
        &["Multicast"]
    }

    fn properties(&self) -> Vec<property::About> {
        let property = |name, number, kind| property::About {
            name,
            number,
            kind,
            meaning: "",
        };
        vec![
            property("agreement", "RB4", Kind::Liveness),
            property("no_duplication", "RB2", Kind::Safety),
            property("no_creation", "RB3", Kind::Safety),
        ]
    }

    fn metrics(&self) -> Vec<MetricAbout> {
        let about = |name, unit, sampled| MetricAbout {
            name,
            unit,
            sampled,
            by_kind: name == "messages",
            what: "",
        };
        vec![
            about("messages", Unit::Number, false),
            about("delivery_latency", Unit::Time, true),
            about("delivery_ratio", Unit::Number, false),
        ]
    }

    fn marks(&self) -> Vec<&'static str> {
        vec!["relay_saved_a_node"]
    }
}

/// The first example of the documentation, as far as it exists.
pub(super) const EAGER_SENDER_CRASH: &str = r#"// The sender of an eager (relaying) multicast dies half-way through its send loop.
// Question: do the survivors still agree on what was delivered?
Scenario(
    name: "eager-sender-crash",
    about: "Sender crashes after k of its n-1 sends; relaying must restore agreement.",
    seed: 42,
    params: { "n": 5, "k": 2 },
    nodes: "n",
    topology: Complete,
    network: (latency: Uniform("1ms", "5ms")),
    protocol: EagerMulticast(relay: true),
    links: Assumed(Reliable),                  // textbook counts: nothing lost, no acks
    workload: [(at: "1ms", node: 0, do: Multicast("hello"))],
    faults: [Crash(node: 0, when: AfterSends("k"))],
    expect: [
        "eventually agreement within 1s",      // RB4: if one correct node delivers, all do
        "always no_duplication",
        "always no_creation",
        "eventually quiescent within 1s",
        "messages <= n*(n-1)",
        "sometimes relay_saved_a_node where 0 < k and k < n - 1",
    ],
    stop: (at: "5s"),
    trace: Full,
    variants: {
        // A lesson in one line: without relaying, agreement must break.
        "no-relay": (protocol: EagerMulticast(relay: false), expect_violation: ["agreement"]),
    },
)
"#;

/// A reading with the sources that it was made from.
pub(super) struct Attempt {
    pub(super) sources: Sources,
    pub(super) file: SourceId,
    pub(super) overrides: Overrides,
}

impl Attempt {
    pub(super) fn of(text: &str) -> Attempt {
        Attempt::named("test.ron", text)
    }

    pub(super) fn named(name: &str, text: &str) -> Attempt {
        let mut sources = Sources::new();
        let file = sources.add(name, text);
        Attempt {
            sources,
            file,
            overrides: Overrides::default(),
        }
    }

    pub(super) fn variant(mut self, name: &str) -> Attempt {
        self.overrides.variant = Some(self.sources.add("--variant", name));
        self
    }

    pub(super) fn param(mut self, text: &str) -> Attempt {
        self.overrides.params.push(self.sources.add("-p", text));
        self
    }

    pub(super) fn set(mut self, text: &str) -> Attempt {
        self.overrides.sets.push(self.sources.add("--set", text));
        self
    }

    pub(super) fn expect(mut self, text: &str) -> Attempt {
        self.overrides
            .expects
            .push(self.sources.add("--expect", text));
        self
    }

    pub(super) fn read(&self) -> Reading {
        read(&self.sources, self.file, &self.overrides, &REGISTRY)
    }

    /// The scenario; panics with the problems if there is none.
    pub(super) fn scenario(&self) -> Scenario {
        let reading = self.read();
        let problems: Vec<_> = reading
            .problems
            .iter()
            .map(|problem| short(&self.sources, problem))
            .collect();
        reading
            .scenario
            .unwrap_or_else(|| panic!("{}", problems.join("\n")))
    }

    /// All problems of all variants, on one line each.
    pub(super) fn short(&self) -> Vec<String> {
        let problems = validate(&self.sources, self.file, &self.overrides, &REGISTRY);
        problems
            .iter()
            .map(|problem| short(&self.sources, problem))
            .collect()
    }

    /// All problems of what is read, in full.
    pub(super) fn human(&self) -> String {
        let problems: Vec<_> = self
            .read()
            .problems
            .iter()
            .map(|problem| human(&self.sources, problem, Look::Plain))
            .collect();
        problems.join("\n\n")
    }
}

/// What a scenario says, without the places where it says it.
pub(super) fn facts(scenario: &Scenario) -> String {
    let Scenario {
        name,
        about,
        seed,
        params,
        nodes,
        topology,
        routing,
        network,
        timing,
        protocol,
        links,
        stop,
        trace,
        workload,
        faults,
        expect,
        ..
    } = scenario;
    let topology = match topology {
        crate::overlay::Shape::File(text) => format!("File {text}"),
        other => format!("{other:?}"),
    };
    let everywhere = (&network.everywhere, network.checksum);
    let between: Vec<_> = network
        .between
        .iter()
        .map(|entry| {
            (
                entry.index,
                &entry.from,
                &entry.to,
                entry.both,
                &entry.differs,
                &entry.text,
            )
        })
        .collect();
    let jobs: Vec<_> = workload
        .iter()
        .map(|job| (&job.turn, &job.node, job.operation, &job.text))
        .collect();
    let faults: Vec<_> = faults
        .iter()
        .map(|fault| {
            (
                fault.index,
                &fault.kind,
                &fault.trigger,
                fault.end,
                &fault.text,
            )
        })
        .collect();
    let expect: Vec<_> = expect
        .iter()
        .map(|one| (&one.text, &one.sentence, &one.condition))
        .collect();
    format!(
        "{name} {about} {seed} {params:?} {nodes} {topology} {routing:?} {everywhere:?} {between:?} {timing:?} \
         {protocol:?} {links:?} {stop:?} {trace:?} {jobs:?} {faults:?} {expect:?}"
    )
}

/// A sound scenario with `field` as its last field.
pub(super) fn with(field: &str) -> String {
    let protocol =
        if field.contains("fanout") || field.contains("network") && !field.contains("links") {
            "PushGossip"
        } else {
            "EagerMulticast"
        };
    format!("(\n    name: \"test\", nodes: 5, protocol: {protocol},\n    {field}\n)\n")
}
