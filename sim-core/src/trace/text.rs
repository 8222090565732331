//! A trace as text: one event a line, in fixed columns. Snapshots hold exactly this.

use std::fmt::{self, Display};

use super::{Record, Trace, What, WhyDropped};

/// One line of a trace, without its number: time in ms, node, kind, what.
#[must_use]
pub fn line<'a>(trace: &'a Trace, record: &'a Record) -> impl Display + 'a {
    Line { trace, record }
}

struct Line<'a> {
    trace: &'a Trace,
    record: &'a Record,
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { trace, record } = *self;
        let kind = match record.what {
            What::Crash(_) => "CRASH",
            What::Recover(_) => "RECOVER",
            What::Fault(_) => "FAULT",
            What::Over(_) => "OVER",
            What::Panic => "PANIC",
            ref what => what.kind(),
        };
        write!(
            f,
            "{:>10}  {:<4} {kind:<9}  ",
            record.at.to_string(),
            record.node.to_string()
        )?;
        match record.what {
            What::Request(text)
            | What::Skip(text)
            | What::Deliver(text)
            | What::Disarm(text)
            | What::Timer(text)
            | What::Persist(text)
            | What::Mark(text) => f.write_str(trace.text(text)),
            What::Arm(text, span) => write!(f, "{} for {span}", trace.text(text)),
            What::Send { msg, to, text } => write!(f, "#{msg} -> {to}  {}", trace.text(text)),
            What::Recv {
                msg, from, text, ..
            } if from == record.node => {
                write!(f, "#{msg} <- itself  {}", trace.text(text))
            }
            What::Recv {
                msg,
                from,
                sent,
                text,
            } => {
                let took = record.at.since(sent).as_nanos();
                write!(
                    f,
                    "#{msg} <- {from}  {}   (+{}.{:03})",
                    trace.text(text),
                    took / 1_000_000,
                    took / 1_000 % 1_000
                )
            }
            What::Duplicate {
                msg,
                to,
                text,
                fault,
            }
            | What::Corrupt {
                msg,
                to,
                text,
                fault,
            }
            | What::Hold {
                msg,
                to,
                text,
                fault,
            } => write!(
                f,
                "#{msg} -> {to}  {}   ({})",
                trace.text(text),
                trace.fault_id(fault)
            ),
            What::Drop {
                msg,
                peer,
                text,
                why,
            } => {
                let arrow = if why.is_at_receiver() { "<-" } else { "->" };
                let text = trace.text(text);
                write!(f, "#{msg} {arrow} {peer}  {text}   (")?;
                match why {
                    WhyDropped::Lost(fault)
                    | WhyDropped::Corrupted(fault)
                    | WhyDropped::NotSent(fault)
                    | WhyDropped::NotReceived(fault) => f.write_str(trace.fault_id(fault))?,
                    WhyDropped::Overflow(fault) => {
                        write!(f, "queue full: {}", trace.fault_id(fault))?
                    }
                    WhyDropped::Refused(fault) => write!(f, "refused: {}", trace.fault_id(fault))?,
                    WhyDropped::Cut(fault) => write!(f, "cut: {}", trace.fault_id(fault))?,
                    WhyDropped::Down(fault) => {
                        write!(f, "{} is down: {}", record.node, trace.fault_id(fault))?
                    }
                    WhyDropped::NoChannel => write!(f, "{peer} is no neighbour")?,
                }
                f.write_str(")")
            }
            What::Crash(fault) | What::Recover(fault) | What::Fault(fault) | What::Over(fault) => {
                f.write_str(trace.fault(fault))
            }
            What::Panic => f.write_str("the protocol broke an invariant of its own"),
        }
    }
}

/// The whole trace, a line an event.
#[must_use]
pub fn render(trace: &Trace) -> String {
    let mut text = String::new();
    for record in &trace.records {
        text.push_str(line(trace, record).to_string().trim_end());
        text.push('\n');
    }
    if trace.left_out > 0 {
        text.push_str(&format!(
            "… and {} more events, not recorded\n",
            trace.left_out
        ));
    }
    text
}
