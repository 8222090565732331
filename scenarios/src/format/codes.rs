//! The kinds of problems, and what `stormglass explain S110` says about each.

use std::fmt;
use std::str::FromStr;

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "each has its explanation below, for people at a terminal"
)]
pub enum Code {
    S001,
    S002,
    S003,
    S004,
    S101,
    S102,
    S103,
    S104,
    S105,
    S106,
    S107,
    S110,
    S111,
    S112,
    S113,
    S120,
    S121,
    S130,
    S131,
    S132,
    S140,
    S141,
    W201,
    W202,
}

/// What a code means.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// In one line.
    pub title: &'static str,
    /// In a paragraph.
    pub text: &'static str,
    /// A part of a scenario that has this problem.
    pub wrong: &'static str,
    /// The same without it.
    pub right: &'static str,
}

impl Code {
    /// All of them, in order.
    pub const ALL: [Code; 24] = [
        Code::S001,
        Code::S002,
        Code::S003,
        Code::S004,
        Code::S101,
        Code::S102,
        Code::S103,
        Code::S104,
        Code::S105,
        Code::S106,
        Code::S107,
        Code::S110,
        Code::S111,
        Code::S112,
        Code::S113,
        Code::S120,
        Code::S121,
        Code::S130,
        Code::S131,
        Code::S132,
        Code::S140,
        Code::S141,
        Code::W201,
        Code::W202,
    ];

    /// What it means, with a wrong and a right example.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub fn explanation(self) -> Explanation {
        let (title, text, wrong, right) = match self {
            Code::S001 => (
                "a comma is missing",
                "Fields, items of a list and entries of a map are separated by commas. A comma after the last one is \
                 allowed, so that lines can be moved freely.",
                "network: (loss: 0.1 duplicate: 0.1),",
                "network: (loss: 0.1, duplicate: 0.1),",
            ),
            Code::S002 => (
                "curly brackets around fields",
                "Fields stand in round brackets, `(loss: 0.1)`, also after a name, `Crash(node: 0)`. Curly brackets are \
                 for maps, whose keys are texts in quotes: `params: { \"n\": 5 }`.",
                "network: { loss: 0.1 },",
                "network: (loss: 0.1),",
            ),
            Code::S003 => (
                "the text cannot be read",
                "The file is not RON: a bracket or a quote is missing, or something stands where it makes no sense. \
                 Reading stops at the first such place; everything else is reported after it is repaired.",
                "network: (loss: 0.1],",
                "network: (loss: 0.1),",
            ),
            Code::S004 => (
                "the text is too long or too deeply nested",
                "A scenario has at most 256 KiB, 32 levels of brackets, 200 parameters and 50 variants, which is far more than any needs. Beyond that \
                 it is taken for a mistake.",
                "expect: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],",
                "expect: [],",
            ),
            Code::S101 => (
                "there is no such field",
                "Unknown fields are always errors: a misspelt name would otherwise silently leave the default in force. \
                 `stormglass explain scenario` lists all fields with their defaults.",
                "network: (los: 0.1),",
                "network: (loss: 0.1),",
            ),
            Code::S102 => (
                "there is nothing of that name",
                "Protocols, operations, delays, faults and variants are chosen by name. The message lists the names that \
                 there are; `stormglass list` tells more about them.",
                "network: (latency: Unifrom(\"1ms\", \"5ms\")),",
                "network: (latency: Uniform(\"1ms\", \"5ms\")),",
            ),
            Code::S103 => (
                "something is missing",
                "Almost everything has a default. A scenario must say its name, its nodes and its protocol; a fault must \
                 say whom it hits and when; a job must say when, where and what.",
                "faults: [Crash(at: \"1ms\")],",
                "faults: [Crash(node: 0, at: \"1ms\")],",
            ),
            Code::S104 => (
                "a value of another type is due",
                "A number, a text, a list or a name stands where something else is needed. Texts in quotes are \
                 expressions where a number is due, and times where a time is due; names of options have no quotes.",
                "trace: \"Full\",",
                "trace: Full,",
            ),
            Code::S105 => (
                "a value is out of range",
                "The value is of the right type, but too small, too large, or makes no sense where it stands. The \
                 message names the limits.",
                "network: (loss: 1.5),",
                "network: (loss: 0.15),",
            ),
            Code::S106 => (
                "things that exclude each other",
                "A field is given twice, or two fields are given of which only one can be meant.",
                "faults: [Crash(node: 0, at: \"1ms\", when: AfterSends(2))],",
                "faults: [Crash(node: 0, when: AfterSends(2))],",
            ),
            Code::S107 => (
                "there is no such graph",
                "Not every number of nodes makes every graph: a hypercube has 2^k nodes, and a graph of odd degree an even \
                 number. A graph in a file has to name each node, from 0, and its path is relative to the scenario file.",
                "topology: Hypercube,",
                "topology: Ring,",
            ),
            Code::S110 => (
                "a time needs a unit",
                "Times are texts with a unit (ns, us, ms, s, min, h). A bare number is an error, because seconds, \
                 milliseconds and nanoseconds are too easily confused.",
                "faults: [Crash(node: 0, at: 5)],",
                "faults: [Crash(node: 0, at: \"5ms\")],",
            ),
            Code::S111 => (
                "this is not a time",
                "A time is a decimal number and one of the units ns, us, ms, s, min, h. It has no digits below a \
                 nanosecond, is at most some 584 years, and has a sign only where a clock is set back or ahead.",
                "stop: (at: \"5 parsecs\"),",
                "stop: (at: \"5s\"),",
            ),
            Code::S112 => (
                "an expression has no value",
                "A text where a number is due is an expression over `params`, with + - * / %, comparisons, and, or, not, \
                 brackets, and the functions min max abs floor ceil round sqrt log2 ln. It must name only parameters of the \
                 scenario, must not divide by zero, and parameters must not be defined by themselves.",
                "params: { \"k\": \"2 * k\" },",
                "params: { \"f\": 1, \"k\": \"2 * f\" },",
            ),
            Code::S113 => (
                "a size or a rate needs a unit",
                "Sizes are texts with one of the units B, KiB, MiB, GiB, TiB. Rates are texts with one of the units bit/s, \
                 kbit/s, Mbit/s, Gbit/s, or of bytes, B/s, kB/s, MB/s, GB/s, KiB/s, MiB/s, GiB/s.",
                "stop: (memory: 2),",
                "stop: (memory: \"2GiB\"),",
            ),
            Code::S120 => (
                "the node does not exist",
                "Nodes are numbered from 0: of 5 nodes the last is node 4. Where the number of nodes is a parameter, say \
                 nodes relative to it: `\"n - 1\"`, `First(\"f\")`.",
                "faults: [Crash(node: 64, at: \"1ms\")],",
                "faults: [Crash(node: 4, at: \"1ms\")],",
            ),
            Code::S121 => (
                "the links do not fit",
                "A protocol names the links that its promises rest on. `links: Reliable` and the like build them over any \
                 network, `Assumed(Reliable)` takes the network to be perfect, and so cannot stand beside loss, \
                 duplication or corruption. On weaker links the promises need not hold, so that is an error, unless \
                 `links: Weaker(FairLoss)` says that it is meant.",
                "network: (loss: 0.1), links: Assumed(Reliable),",
                "links: Assumed(Reliable),",
            ),
            Code::S130 => (
                "the protocol offers nothing of that name",
                "Expectations name properties, metrics and marks of the protocol. The message lists those that fit; \
                 `stormglass list properties` tells what they mean.",
                "expect: [\"eventually agreemnt within 1s\"],",
                "expect: [\"eventually agreement within 1s\"],",
            ),
            Code::S131 => (
                "the wrong word for the property",
                "A safety property says that nothing bad ever happens: it holds `always`. A liveness property says that \
                 something good happens in the end: it holds `eventually`, `within` a time.",
                "expect: [\"always agreement\"],",
                "expect: [\"eventually agreement within 1s\"],",
            ),
            Code::S132 => (
                "this is not an expectation",
                "An expectation is one of `always P`, `eventually P within T`, `sometimes P` and `METRIC op EXPR`, where \
                 op is one of < <= > >= == != and METRIC is one of `stormglass list metrics`. Of what a \
                 run has many, as of latencies, METRIC is a statistic: min, mean, max or a percentile by nearest rank (p1 .. p99, \
                 p999), as in `p99(delivery_latency) <= 4s`. Any of them may end in `where EXPR`.",
                "expect: [\"messages are few\"],",
                "expect: [\"messages <= 20\"],",
            ),
            Code::S140 => (
                "this is not an axis of a sweep",
                "An axis is a list of values, `[4, 8, 16, 32]`, in which a range goes on with the pattern of the numbers before \
                 it, `[4, 8, 16..=1024]` (here doubling) or `[4, 7, 10..=31]` (here by threes). A pattern needs three terms and has to be \
                 exactly arithmetic or geometric. `0..=7` goes by ones; `Lin(0.0, 0.2, 5)` and `Log(1, 1000, 7)` are so many \
                 values from the first to the last. A range says its last value, which belongs to it.",
                "params: { \"k\": 1 }, sweep: (vary: { \"k\": [1, 2, 5..=9] }),",
                "params: { \"k\": 1 }, sweep: (vary: { \"k\": [1, 3, 5..=9] }),",
            ),
            Code::S141 => (
                "this is not an expectation of a sweep",
                "Of a sweep is expected `exponent(METRIC, PARAMETER) in A .. B`, how a metric grows with a parameter, or a statistic \
                 over the runs of each point, `mean(METRIC) <= EXPR`: mean, min, max, or a percentile by nearest rank (p1 .. p99, p999). \
                 METRIC is one of `stormglass list metrics`; of what a run has many it is itself a statistic, `p99(delivery_latency)`. Any \
                 of them may end in `where EXPR`.",
                "sweep: (seeds: 20, expect: [\"messages <= 20\"]),",
                "sweep: (seeds: 20, expect: [\"mean(messages) <= 20\"]),",
            ),
            Code::W201 => (
                "this never happens",
                "A fault or a job is planned for a time after the end of the run, or a job for nodes that take no requests. \
                 What was meant to be tested is not tested then.",
                "faults: [Crash(node: 0, at: \"50s\")], stop: (at: \"10s\"),",
                "faults: [Crash(node: 0, at: \"5s\")], stop: (at: \"10s\"),",
            ),
            Code::W202 => (
                "a violation that nobody would see",
                "`expect_violation` turns round the sentences of `expect` about the properties that it names. If there \
                 is no such sentence, the property is not judged at all.",
                "expect_violation: [\"agreement\"],",
                "expect: [\"eventually agreement within 1s\"], expect_violation: [\"agreement\"],",
            ),
        };
        Explanation {
            title,
            text,
            wrong,
            right,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// There is no such code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Code, UnknownCode> {
        let same = |code: &Code| code.to_string().eq_ignore_ascii_case(text);
        Code::ALL.into_iter().find(same).ok_or(UnknownCode)
    }
}
