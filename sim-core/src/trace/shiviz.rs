//! A trace for ShiViz (Beschastnikh et al. 2016), which draws space-time diagrams in a browser.
//!
//! The first line is the regular expression by which ShiViz reads the rest, the second would part several runs and is
//! empty. Then come two lines an event: the process with its vector clock, and what happened. ShiViz wants the clock of a
//! process to count the events that it sees one by one, so clocks count those that are printed and no others.

use super::clocks::{self, Vector};
use super::{Record, Trace, text};

/// More events than this make no diagram that anybody could read.
pub const EVENTS_MAX: usize = 2_000;

/// How ShiViz is to read the lines.
const PATTERN: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

/// Those events of processes that are `shown`.
#[must_use]
pub fn render(trace: &Trace, shown: impl Fn(&Record) -> bool) -> String {
    let mut all = format!("{PATTERN}\n\n");
    for (record, vector) in clocks::of_events::<Vector>(trace, &shown) {
        let Some(vector) = vector.filter(|_| shown(record)) else {
            continue;
        };
        let counts = vector
            .counts()
            .map(|(node, count)| format!("\"{node}\":{count}"));
        let counts: Vec<String> = counts.collect();
        let line = text::line(trace, record).to_string();
        let words: Vec<&str> = line.split_whitespace().collect();
        all.push_str(&format!("{} {{{}}}\n", record.node, counts.join(",")));
        all.push_str(&words.join(" "));
        all.push('\n');
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::NodeId;
    use crate::kernel::time::SimTime;
    use crate::trace::{TextId, What};

    #[test]
    fn two_lines_an_event_after_the_pattern() {
        let record = |id, node, what| Record {
            id,
            cause: 0,
            at: SimTime::ZERO,
            node: NodeId(node),
            what,
        };
        let text = TextId(0);
        let (from, to, sent) = (NodeId(0), NodeId(1), SimTime::ZERO);
        let trace = Trace {
            records: vec![
                record(1, 0, What::Request(text)),
                record(2, 0, What::Send { msg: 1, to, text }),
                record(3, 0, What::Fault(0)),
                record(
                    4,
                    1,
                    What::Recv {
                        msg: 1,
                        from,
                        sent,
                        text,
                    },
                ),
            ],
            texts: vec!["hello".into()],
            ..Trace::default()
        };
        let all = "(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)\n\n\
                   n0 {\"n0\":1}\n0.000 n0 request hello\n\
                   n0 {\"n0\":2}\n0.000 n0 send #1 -> n1 hello\n\
                   n1 {\"n0\":2,\"n1\":1}\n0.000 n1 recv #1 <- n0 hello (+0.000)\n";
        assert_eq!(render(&trace, |_| true), all);
        let receipts = render(&trace, |record| record.id == 4);
        assert!(receipts.contains("\nn1 {\"n1\":1}\n"), "{receipts}");
    }
}
