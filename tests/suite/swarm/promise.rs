//! What a port promises, and under which families of faults: the table that the swarm is judged by.
//!
//! A row names a promise by its number in the literature (or by its name where it has none), says when it is asked, and
//! why then. What no row covers is not asked: a protocol that joins the registry runs in the swarm at once, without
//! panics and with its books in order, and is judged as soon as it has its rows.

use scenarios::format::{Entry, Need};

use super::plan::{Family, Plan};

pub struct Promise {
    /// Numbers, or names of properties without one.
    pub of: &'static [&'static str],
    /// How soon, if it is about liveness. The clock begins anew with every repair.
    pub within: Option<&'static str>,
    /// Is it promised in this plan?
    pub holds: fn(&Plan) -> bool,
    /// Why.
    pub because: &'static str,
}

/// Long enough for thirty tries at the longest timeout, of which one gets through.
const SOON: Option<&str> = Some("60s");

pub const TABLE: &[Promise] = &[
    Promise {
        of: &["FLL3", "SL2", "PL3", "LPL3", "FPL3", "BEB3", "RB3", "PB3"],
        within: None,
        holds: honest,
        because: "nobody makes messages up: not a network whose frames are checked, nor a link, however weak, nor a process \
                  that follows its algorithm; crashes, clocks and disks only take away",
    },
    Promise {
        of: &["AL3"],
        within: None,
        holds: |plan| sealed(plan) || honest(plan),
        because: "a seal can be made by its sender alone, and covers every bit: neither traitors nor a network without \
                  checksums get past it",
    },
    Promise {
        of: &["PL2", "FPL2", "LPL2"],
        within: None,
        holds: |plan| honest(plan) && reliable(plan) && remembers(plan),
        because: "a receiver delivers a number once as long as it keeps its record: in memory until it crashes, in a log for \
                  ever, unless its disk loses what it took",
    },
    Promise {
        of: &["AL2"],
        within: None,
        holds: |plan| (sealed(plan) || honest(plan) && reliable(plan)) && remembers(plan),
        because: "the same; and seals keep the numbers from being forged",
    },
    Promise {
        of: &["FPL4"],
        within: None,
        holds: |plan| honest(plan) && plan.promise == Some(Need::Fifo) && !floods(plan),
        because: "numbers are per life of sender and receiver, so the order survives recoveries; an assumed link keeps it a \
                  channel, and a flooded message takes many",
    },
    Promise {
        of: &["PL1", "FPL1"],
        within: SOON,
        holds: |plan| honest(plan) && patient(plan) && !plan.has(Family::Recovery),
        because: "it is repeated until it is acknowledged; a sender that recovers has forgotten it",
    },
    Promise {
        of: &["LPL1"],
        within: SOON,
        holds: |plan| honest(plan) && patient(plan) && trusts_disks(plan),
        because: "the same, to receivers that recover too: what they acknowledged they wrote down",
    },
    Promise {
        of: &["AL1"],
        within: SOON,
        holds: |plan| {
            patient(plan)
                && !plan.has(Family::Recovery)
                && (honest(plan) || sealed(plan) && !floods(plan))
        },
        because: "as PL1; a traitor can neither forge an ack nor stop what two others tell each other directly",
    },
    Promise {
        of: &["FLL2"],
        within: SOON,
        holds: |plan| honest(plan) && !plan.links.contains("Stubborn(every: \"4s\")"),
        because: "only a stubborn link repeats for ever what was sent once",
    },
    Promise {
        of: &["SL1"],
        within: SOON,
        holds: |plan| {
            honest(plan)
                && plan.links == "Stubborn(every: \"4s\")"
                && connected(plan)
                && !plan.has(Family::Recovery)
        },
        because: "it repeats for ever what it has not forgotten",
    },
    Promise {
        of: &["BEB2", "RB2"],
        within: None,
        holds: |plan| honest(plan) && reliable(plan) && !plan.has(Family::Recovery),
        because: "the link below delivers once, or the layer remembers what it has seen; both in memory",
    },
    Promise {
        of: &["PB2"],
        within: None,
        holds: |plan| honest(plan) && !plan.has(Family::Recovery),
        because: "a process remembers what it has heard, however often it hears it again; in memory",
    },
    Promise {
        of: &["BEB1", "RB1"],
        within: SOON,
        holds: |plan| honest(plan) && patient(plan) && !plan.has(Family::Recovery),
        because: "a correct caster sends to everybody over reliable links",
    },
    Promise {
        of: &["RB4"],
        within: SOON,
        holds: |plan| {
            let relays = !plan.configured.contains("relay: false");
            // Who only omits is not crashed, so nobody relays for it.
            let lazy = plan.protocol == "LazyMulticast" && plan.has(Family::Omission);
            honest(plan) && patient(plan) && !plan.has(Family::Recovery) && relays && !lazy
        },
        because: "a correct process that delivers relays over reliable links, at once or when the caster's crash is detected",
    },
    Promise {
        of: &["URB3"],
        within: None,
        holds: honest,
        because: "nobody makes messages up, as with the weaker multicasts",
    },
    Promise {
        of: &["URB2"],
        within: None,
        holds: |plan| honest(plan) && !plan.has(Family::Recovery),
        because: "the layer remembers what it has delivered, in memory, whatever the links do",
    },
    Promise {
        of: &["URB1", "URB4"],
        within: SOON,
        holds: |plan| {
            let some_die = plan.has_any(&[Family::CrashStop, Family::FailingDisk]);
            let detected = plan.protocol == "UniformAllAck" && prompt(plan);
            let some_forget = plan.has_any(&[Family::Recovery, Family::Omission]);
            honest(plan) && patient(plan) && !some_forget && (!some_die || detected)
        },
        because: "everybody relays what it gets, so all are acknowledged by all; of the dead a detector tells, rightly if they \
                  alone do not answer in time, while a majority may die with them",
    },
    Promise {
        of: &["BEB2"],
        within: None,
        holds: |plan| {
            let repairs = plan.protocol == "IpMulticast" && !reliable(plan);
            honest(plan) && repairs && !plan.has(Family::Recovery)
        },
        because: "numbers tell copies apart, whoever made them: the network, or the caster to repair a loss",
    },
    Promise {
        of: &["BEB1"],
        within: SOON,
        holds: |plan| {
            let repairs = plan.protocol == "IpMulticast" && !reliable(plan);
            honest(plan) && repairs && connected(plan) && !plan.has(Family::Recovery)
        },
        because: "a correct caster repeats what was lost until it has arrived",
    },
    Promise {
        of: &["BCB2", "BCB3", "BCB4", "BRB2", "BRB3", "BRB4"],
        within: None,
        holds: |plan| {
            let speaks_for_itself = honest(plan) && plan.promise.is_some() || sealed(plan);
            speaks_for_itself && is_borne(plan) && !plan.has(Family::Recovery)
        },
        because: "two quorums share a correct process, which says one thing about a message and remembers that it has; \
                  whoever only stops, or is not heard, lies to nobody",
    },
    Promise {
        of: &["BCB1", "BRB1"],
        within: SOON,
        holds: everybody_answers,
        because: "the correct processes are a quorum, hear each other in the end, and need nobody else",
    },
    Promise {
        of: &["BRB5"],
        within: SOON,
        holds: |plan| everybody_answers(plan) && !plan.configured.contains("amplify: false"),
        because: "who delivers has heard that more than f correct ones are ready; so does everybody, and is ready too",
    },
    Promise {
        of: &["no_lost_update"],
        within: None,
        holds: |plan| honest(plan) && (!by_the_clock(plan) || true_clocks(plan) && !hurries(plan)),
        because: "version vectors and hybrid clocks follow what was seen; wall clocks do as long as they are right and no two \
                  writes of a process fall on one instant",
    },
    Promise {
        of: &["own_writes"],
        within: None,
        holds: |plan| {
            honest(plan) && (!by_the_clock(plan) || !plan.has(Family::Step) && !hurries(plan))
        },
        because: "the same, and a wall clock that is only off or drifts never goes back",
    },
    Promise {
        of: &["convergence"],
        within: SOON,
        holds: |plan| {
            let everybody_goes_on = !plan.has_any(&[
                Family::CrashStop,
                Family::Recovery,
                Family::FailingDisk,
                Family::Omission,
            ]);
            honest(plan) && patient(plan) && everybody_goes_on
        },
        because: "every update reaches everybody once if nobody stops half-way; nothing is sent again",
    },
    Promise {
        of: &["consistent_with_causality"],
        within: None,
        holds: |plan| {
            honest(plan) && !plan.has(Family::Recovery) && !plan.configured.contains("Wall")
        },
        because: "a logical clock is pushed on by all that it hears, whatever gets lost and whatever the wall clock shows; it \
                  is in memory, and a process that recovers counts anew",
    },
    Promise {
        of: &["characterizes_causality"],
        within: None,
        holds: |plan| {
            let scalar = ["Lamport", "Hybrid", "Wall"];
            honest(plan)
                && !plan.has(Family::Recovery)
                && !scalar.iter().any(|clock| plan.configured.contains(clock))
        },
        because: "the same, and vectors count for each process what is known of it; one number cannot tell who has heard of \
                  whom",
    },
    Promise {
        of: &["ME1"],
        within: None,
        holds: |plan| {
            honest(plan)
                && plan.promise.is_some()
                && !plan.has_any(&[Family::Drift, Family::Pause, Family::Slow])
        },
        because: "a term is counted from when it was asked for, on clocks that run at one rate, and a holder looks at its \
                  clock in time; where the wall clocks stand is all the same",
    },
    Promise {
        of: &["ME2"],
        within: SOON,
        holds: |plan| {
            let nobody_stops = !plan.has_any(&[
                Family::CrashStop,
                Family::Recovery,
                Family::FailingDisk,
                Family::Omission,
            ]);
            let answers_in_time = !plan.has_any(&[
                Family::Far,
                Family::Loss,
                Family::Bursts,
                Family::Corruption,
                Family::Bandwidth,
                Family::Slow,
                Family::Drift,
            ]);
            honest(plan) && patient(plan) && nobody_stops && answers_in_time
        },
        because: "whoever waits is called when its turn comes, by a manager that is up, and is answered within a term",
    },
    Promise {
        of: &["FRB3", "CRB3", "TOB3"],
        within: None,
        holds: honest,
        because: "an order adds no message to those of the multicast below",
    },
    Promise {
        of: &["FRB2", "CRB2", "TOB2"],
        within: None,
        holds: |plan| honest(plan) && reliable(plan) && !plan.has(Family::Recovery),
        because: "the link below delivers once, and so does the multicast; what they remember they remember in memory",
    },
    Promise {
        of: &["FRB1", "CRB1"],
        within: SOON,
        holds: |plan| honest(plan) && goes_on(plan),
        because: "a caster gets its own casts from itself; of those of others it may wait for some that nobody gets if the \
                  multicast below relays nothing and their caster stops half-way",
    },
    Promise {
        of: &["FRB4", "CRB4"],
        within: SOON,
        holds: |plan| honest(plan) && goes_on(plan),
        because: "the multicast below brings the same to all, and what it brings is delivered when all before it is there",
    },
    Promise {
        of: &["FRB5", "CRB5"],
        within: None,
        holds: |plan| honest(plan) && !plan.has(Family::Recovery),
        because: "what comes too early waits, or brings along what it lacks; who recovers counts anew",
    },
    Promise {
        of: &["TOB1", "TOB4"],
        within: SOON,
        holds: |plan| honest(plan) && goes_on(plan),
        because: "everybody is needed for a delivery, the sequencer or all: once a process has stopped, or has forgotten what \
                  it knew, nothing more is sure to be delivered",
    },
    Promise {
        of: &["TOB5"],
        within: None,
        holds: |plan| honest(plan) && ordered_links(plan) && !plan.has(Family::Recovery),
        because: "a place in the order is given once, by one process, by all, or by the clocks of all; links that keep no \
                  order may hide a message from the clocks, and who recovers gives places a second time",
    },
    Promise {
        of: &["PFD1", "EPFD1"],
        within: SOON,
        holds: |plan| honest(plan) && !plan.has_any(&[Family::Slow, Family::Bandwidth]),
        because: "who is down says nothing more, whatever the links do; only a long queue may go on speaking for it",
    },
    Promise {
        of: &["PFD2"],
        within: None,
        holds: |plan| {
            let all_are_up = !plan.has_any(&[Family::Pause, Family::Recovery]);
            honest(plan) && reliable(plan) && answers_promptly(plan) && all_are_up && !cuts(plan)
        },
        because: "a round trip takes less than a period if nothing is lost, held up or far away",
    },
    Promise {
        of: &["EPFD2"],
        within: SOON,
        holds: |plan| {
            let speechless = plan.configured.contains("refute: false");
            let enough = plan.promise.is_some();
            let estimates = plan.protocol == "PhiAccrualDetector";
            let in_time = answers_promptly(plan) && !(estimates && is_heavy_tailed(plan));
            honest(plan) && enough && connected(plan) && in_time && !speechless
        },
        because: "after the last repair every sign of life comes in time, and who was wronged contradicts; what is lost again \
                  and again makes every timeout wrong again and again, and who takes delays for normal is wrong about a long \
                  tail for ever",
    },
    Promise {
        of: &["at_most_once_effect", "linearizability", "single_writer"],
        within: None,
        holds: |plan| honest(plan) && knows_its_calls(plan),
        because: "a call bears one name in all its attempts, and the server knows those that it has carried out, or that it has \
                  forgotten them",
    },
    Promise {
        of: &["honest_outcome"],
        within: None,
        holds: |plan| honest(plan) && (reliable(plan) || !plan.has(Family::Duplication)),
        because: "a client says that it succeeded when it was told so, that it failed when nothing was sent or all was refused, and \
                  else that it does not know; of an attempt that the network doubles one copy may be refused and one not",
    },
    Promise {
        of: &["every_call_answered"],
        within: SOON,
        holds: honest,
        because: "a client counts its attempts, and each of them comes to an end by a timer",
    },
];

/// What is asked of a plan: the promises of its port that hold in it, as sentences.
pub fn asked(plan: &Plan, entry: &dyn Entry) -> Vec<(&'static str, String)> {
    let properties = entry.properties();
    // A port lists what it promises first; what else can be asked bears the numbers of other modules.
    let module = |number: &'static str| number.trim_end_matches(|c: char| c.is_ascii_digit());
    let own = properties.first().map_or("", |first| module(first.number));
    let promised = properties
        .iter()
        .filter(|about| module(about.number) == own && about.name != "quiescent");
    let mut asked = Vec::new();
    for about in promised {
        let id = if about.number.is_empty() {
            about.name
        } else {
            about.number
        };
        let rows = TABLE.iter().filter(|row| row.of.contains(&id));
        for row in rows.filter(|row| (row.holds)(plan)) {
            let name = about.name;
            asked.push((
                id,
                match row.within {
                    None => format!("always {name}"),
                    Some(within) => format!("eventually {name} within {within}"),
                },
            ));
        }
    }
    asked
}

/// The server has keys, and does not lose its table in a crash.
fn knows_its_calls(plan: &Plan) -> bool {
    let keeps = !plan.configured.contains("storage: Volatile") || !plan.has(Family::Recovery);
    !plan.configured.contains("idempotency: Off") && keeps && trusts_disks(plan)
}

/// Delays far beyond the mean are much more frequent than in a normal law.
fn is_heavy_tailed(plan: &Plan) -> bool {
    let network = plan.text(&[]);
    ["Exponential", "LogNormal", "Pareto"]
        .iter()
        .any(|law| network.contains(law))
}

/// Whoever is up follows its algorithm, and what arrives was sent.
fn honest(plan: &Plan) -> bool {
    !plan.has_any(&[Family::Byzantine, Family::Garbling])
}

/// The links are real ones that seal what they carry.
fn sealed(plan: &Plan) -> bool {
    plan.promise == Some(Need::Authenticated) && !plan.links.starts_with("Assumed")
}

/// The traitors are fewer than a third.
fn is_borne(plan: &Plan) -> bool {
    3 * plan.traitors < plan.nodes
}

/// What all correct processes of a Byzantine broadcast say reaches all others, and only traitors are not correct.
fn everybody_answers(plan: &Plan) -> bool {
    let nobody_stops = !plan.has_any(&[
        Family::CrashStop,
        Family::Recovery,
        Family::FailingDisk,
        Family::Omission,
    ]);
    let unforged = honest(plan) || sealed(plan) && !floods(plan);
    patient(plan) && unforged && nobody_stops && is_borne(plan)
}

/// Whoever is up is heard within a few tenths of a second, unless it is cut off.
fn answers_promptly(plan: &Plan) -> bool {
    !plan.has_any(&[
        Family::Loss,
        Family::Bursts,
        Family::Corruption,
        Family::Far,
        Family::Bandwidth,
        Family::Between,
        Family::Gst,
        Family::Sparse,
        Family::Flooding,
        Family::Slow,
        Family::SlowDisk,
        Family::FailingDisk,
        Family::Drift,
    ])
}

/// Somebody cannot reach somebody for a while.
fn cuts(plan: &Plan) -> bool {
    plan.has_any(&[
        Family::Partition,
        Family::OneWay,
        Family::Bridge,
        Family::MajorityRing,
        Family::Isolate,
        Family::Unhealed,
        Family::Flap,
    ])
}

/// The links are what the protocol needs, and at least reliable.
fn reliable(plan: &Plan) -> bool {
    plan.promise
        .is_some_and(|promise| promise.is_at_least(Need::Reliable))
}

/// A receiver keeps its record of what it has delivered.
fn remembers(plan: &Plan) -> bool {
    let logs = plan.links.starts_with("Logged") && trusts_disks(plan);
    !plan.has(Family::Recovery) || logs
}

fn trusts_disks(plan: &Plan) -> bool {
    !plan.has_any(&[Family::DiskLost, Family::LyingDisk])
}

/// What goes from one correct process to another gets there in the end, if it is sent again and again.
fn connected(plan: &Plan) -> bool {
    let cut = plan.has_any(&[Family::Unhealed, Family::Short, Family::Pieces]);
    let others_matter = plan.has_any(&[Family::Sparse, Family::Flooding]);
    let others_fail = plan.has_any(&[
        Family::CrashStop,
        Family::Recovery,
        Family::FailingDisk,
        Family::Omission,
        Family::Byzantine,
    ]);
    let no_way = plan.has(Family::Sparse) && !plan.has(Family::Flooding);
    !(cut || no_way || others_matter && others_fail)
}

/// Reliable links that do not give up. An assumed one sends once, so nothing may stand in the way of that.
fn patient(plan: &Plan) -> bool {
    let gives_up = plan.links.contains("attempts");
    let assumed = plan.links.starts_with("Assumed");
    let dropped = assumed && plan.has_any(&[Family::Bandwidth, Family::Flooding]);
    reliable(plan) && connected(plan) && !gives_up && !dropped
}

/// Whoever is up answers within a second, over links that hold nothing back.
fn prompt(plan: &Plan) -> bool {
    !plan.has_any(&[
        Family::Loss,
        Family::Bursts,
        Family::Corruption,
        Family::Far,
        Family::Bandwidth,
        Family::Gst,
        Family::Pause,
        Family::Slow,
        Family::SlowDisk,
        Family::Drift,
        Family::Partition,
        Family::OneWay,
        Family::Bridge,
        Family::MajorityRing,
        Family::Isolate,
        Family::Flap,
    ])
}

/// Reliable links between processes that all go on, with nothing forgotten.
fn goes_on(plan: &Plan) -> bool {
    let stops = plan.has_any(&[
        Family::CrashStop,
        Family::Recovery,
        Family::FailingDisk,
        Family::Omission,
    ]);
    patient(plan) && !stops
}

/// The links keep the order, if the protocol asked for that.
fn ordered_links(plan: &Plan) -> bool {
    reliable(plan) && !(floods(plan) && plan.promise == Some(Need::Fifo))
}

fn floods(plan: &Plan) -> bool {
    plan.has(Family::Flooding)
}

fn by_the_clock(plan: &Plan) -> bool {
    !plan.configured.contains("Hybrid") && !plan.configured.contains("Versions")
}

fn true_clocks(plan: &Plan) -> bool {
    !plan.has_any(&[Family::Skew, Family::Drift, Family::Step])
}

/// A process may be asked for two things at one instant: for what waited while it did nothing.
fn hurries(plan: &Plan) -> bool {
    plan.has_any(&[Family::Pause, Family::Slow])
}
