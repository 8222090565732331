//! `stormglass trace`: the trace of a run as text, filtered, or the causal past of one event.

use scenarios::folder::{TraceHeader, read_trace};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::trace::clocks::{Lamport, Time, Vector, of_events};
use sim_core::trace::{Record, Trace, What, causes, jsonl, shiviz, text};

use crate::args::{Clocks, Form, TraceArgs};
use crate::exit::Exit;
use crate::out::Out;

/// Prints a trace.
pub fn trace(out: Out, args: &TraceArgs) -> Exit {
    let usage = |error: String| {
        out.complain(format_args!("error: {error}"));
        Exit::Usage
    };
    if args.clocks.is_some() && args.format != Form::Text {
        return usage("--clocks adds a column to the text form, and to no other".to_owned());
    }
    let filter = match Filter::new(args) {
        Ok(filter) => filter,
        Err(error) => return usage(error),
    };
    let (header, trace) = match read_trace(&args.out, &args.run) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return usage(error.to_string());
        }
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Io;
        }
    };
    let records: Vec<&Record> = match args.why {
        Some(event) => {
            let past = causes::of(&trace, event);
            if past.is_empty() {
                return usage(not_there(&trace, event));
            }
            past
        }
        None => trace.records.iter().collect(),
    };
    let shown: Vec<&Record> = records
        .into_iter()
        .filter(|record| filter.takes(&trace, record))
        .collect();
    if shown.is_empty() {
        out.note("note: no event matches");
    }
    match args.format {
        Form::Text => as_text(out, args, &header, &trace, &shown),
        Form::Jsonl => {
            let mut all = String::new();
            for record in shown {
                // Writing to a String cannot fail.
                let _ = jsonl::write(&mut all, &trace, record);
                all.push('\n');
            }
            out.answer(all);
        }
        Form::Shiviz => {
            if shown.len() > shiviz::EVENTS_MAX {
                let most = shiviz::EVENTS_MAX;
                out.note(format_args!(
                    "note: ShiViz draws no more than some {most} events well (--nodes, --kinds, --from, --until)"
                ));
            }
            let of = |record: &Record| shown.binary_search_by_key(&record.id, |one| one.id).is_ok();
            out.answer(shiviz::render(&trace, of));
        }
    }
    Exit::Held
}

/// Why an event cannot be shown.
pub fn not_there(trace: &Trace, event: u64) -> String {
    let last = trace.records.last().map_or(0, |record| record.id);
    if last == 0 {
        "nothing was recorded of this run".to_owned()
    } else if trace.left_out > 0 && event > last {
        format!(
            "event {event} was not recorded: the trace ends at event {last} (`trace: Full` records more)"
        )
    } else if event > last || event == 0 {
        format!("there is no event {event}: this run has events 1 to {last}")
    } else {
        format!("event {event} was not recorded (run with `--trace full`)")
    }
}

fn as_text(out: Out, args: &TraceArgs, header: &TraceHeader, trace: &Trace, shown: &[&Record]) {
    let params = if header.params.is_empty() {
        String::new()
    } else {
        format!("  {}", header.params)
    };
    let mut all = format!(
        "# {}  seed {}{params}  times in ms\n",
        header.name, header.seed
    );
    let numbers = args.numbers || args.why.is_some();
    let times = args.clocks.map(|clocks| match clocks {
        Clocks::Vector => times::<Vector>(trace, shown),
        Clocks::Lamport => times::<Lamport>(trace, shown),
    });
    let width = times.iter().flatten().map(String::len).max().unwrap_or(0);
    for (place, record) in shown.iter().enumerate() {
        if numbers {
            all.push_str(&format!("{:>6} ", record.id));
        }
        if let Some(times) = &times {
            all.push_str(&format!("{:<width$} ", times[place]));
        }
        all.push_str(text::line(trace, record).to_string().trim_end());
        all.push('\n');
    }
    if trace.left_out > 0 && args.why.is_none() {
        all.push_str(&format!(
            "# {} more events were not recorded (`trace: Full` records up to 2,000,000)\n",
            trace.left_out
        ));
    }
    out.answer(all);
}

/// The logical time of each of these events; nothing for what is no event of a process.
fn times<T: Time>(trace: &Trace, shown: &[&Record]) -> Vec<String> {
    let mut all = of_events::<T>(trace, |_| true);
    let time = |record: &&Record| {
        let (_, time) = all.find(|(one, _)| one.id == record.id)?;
        time.map(|time| time.to_string())
    };
    shown
        .iter()
        .map(time)
        .map(Option::unwrap_or_default)
        .collect()
}

/// Is it of this kind? Faults stand in capitals in a trace, and may be asked for like that.
fn is(record: &Record, kind: &str) -> bool {
    record.what.kind().eq_ignore_ascii_case(kind)
}

/// Which events to show.
struct Filter<'a> {
    args: &'a TraceArgs,
    from: SimTime,
    until: SimTime,
}

impl<'a> Filter<'a> {
    fn new(args: &'a TraceArgs) -> Result<Self, String> {
        for kind in &args.kinds {
            if !What::KINDS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(kind))
            {
                return Err(format!(
                    "there is no kind of event `{kind}`; kinds: {}",
                    What::KINDS.join(", ")
                ));
            }
        }
        let time = |name: &str, text: &Option<String>, default: u64| match text {
            None => Ok(SimTime::from_nanos(default)),
            Some(text) => match text.parse::<Span>() {
                Ok(span) => Ok(SimTime::from_nanos(span.as_nanos())),
                Err(error) => Err(format!("{name} {text}: {error} (units: ns us ms s min h)")),
            },
        };
        Ok(Filter {
            args,
            from: time("--from", &args.from, 0)?,
            until: time("--until", &args.until, u64::MAX)?,
        })
    }

    fn takes(&self, trace: &Trace, record: &Record) -> bool {
        let args = self.args;
        // What befell the whole cluster befell whoever is asked for.
        let of_all = record.node == NodeId::ALL;
        (args.nodes.is_empty() || of_all || args.nodes.contains(&record.node.0))
            && (args.kinds.is_empty() || args.kinds.iter().any(|kind| is(record, kind)))
            && args.after.is_none_or(|after| record.id > after)
            && (self.from..=self.until).contains(&record.at)
            && args.grep.as_ref().is_none_or(|wanted| {
                text::line(trace, record)
                    .to_string()
                    .contains(wanted.as_str())
            })
    }
}
