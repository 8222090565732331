//! `stormglass trace`: the trace of a run as text, filtered, or the causal past of one event.
//!
//! What is printed event by event is read so, too, however long it is. Logical time and causal pasts need the whole trace.

use std::fmt::Write;
use std::io;
use std::path::Path;

use scenarios::folder::{OpenTrace, open_trace, read_trace, unreadable};
use scenarios::trace::{Header, TraceError, Whole};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::trace::clocks::{Lamport, Time, Vector, of_events};
use sim_core::trace::{Record, Trace, What, causes, jsonl, shiviz, text};

use crate::args::{Clocks, Form, TraceArgs};
use crate::exit::Exit;
use crate::out::Out;

/// Prints a trace.
pub fn trace(out: Out, args: &TraceArgs) -> Exit {
    let printed = if args.clocks.is_some() && args.format != Form::Text {
        let error = "--clocks adds a column to the text form, and to no other";
        Err((error.to_owned(), Exit::Usage))
    } else {
        let filter = Filter::new(args).map_err(|error| (error, Exit::Usage));
        filter.and_then(|filter| {
            let together = args.why.is_some() || args.clocks.is_some();
            if together || args.format == Form::Shiviz {
                print_whole(out, args, &filter)
            } else {
                print_pieces(out, args, &filter)
            }
        })
    };
    match printed {
        Ok(()) => Exit::Held,
        Err((error, exit)) => {
            out.complain(format_args!("error: {error}"));
            exit
        }
    }
}

/// Reads a whole trace; says so if it is cut off. An error comes with how the program ends.
pub fn whole(out: Out, root: &Path, run: &str) -> Result<(Header, Trace), (String, Exit)> {
    let (read, path) = read_trace(root, run).map_err(refused)?;
    let Whole {
        header,
        trace,
        cut_off,
    } = read;
    if let Some(cut_off) = cut_off {
        warn(out, &path, cut_off);
    }
    Ok((header, trace))
}

/// A trace that is not there is a mistake of whoever asked for it.
fn refused(error: io::Error) -> (String, Exit) {
    let exit = match error.kind() {
        io::ErrorKind::NotFound => Exit::Usage,
        _ => Exit::Io,
    };
    (error.to_string(), exit)
}

/// What there is of a trace that is cut off is good, and not all.
fn warn(out: Out, path: &Path, cut_off: TraceError) {
    out.complain(format_args!("warning: {}", unreadable(path, cut_off)));
}

/// Prints a trace while it is read.
fn print_pieces(out: Out, args: &TraceArgs, filter: &Filter<'_>) -> Result<(), (String, Exit)> {
    let OpenTrace { mut reader, path } = open_trace(&args.out, &args.run).map_err(refused)?;
    if args.format == Form::Text {
        out.answer(title(reader.header()));
    }
    let mut lines = String::new();
    let mut any = false;
    let cut_off = loop {
        let piece = match reader.piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => break None,
            Err(cut_off @ TraceError::CutOff { .. }) => break Some(cut_off),
            Err(error) => return Err(refused(unreadable(&path, error))),
        };
        lines.clear();
        for record in piece.records.iter().filter(|one| filter.takes(piece, one)) {
            if args.format == Form::Jsonl {
                // Writing to a String cannot fail.
                let _ = jsonl::write(&mut lines, piece, record);
                lines.push('\n');
            } else {
                line(&mut lines, args.numbers, None, piece, record);
            }
        }
        any |= !lines.is_empty();
        out.answer(&lines);
    };
    if !any {
        out.note("note: no event matches");
    }
    let left_out = reader.ending().map_or(0, |ending| ending.left_out);
    if args.format == Form::Text {
        out.answer(left_out_line(left_out));
    }
    if let Some(cut_off) = cut_off {
        warn(out, &path, cut_off);
    }
    Ok(())
}

/// Prints what takes the whole trace.
fn print_whole(out: Out, args: &TraceArgs, filter: &Filter<'_>) -> Result<(), (String, Exit)> {
    let (header, trace) = whole(out, &args.out, &args.run)?;
    let records: Vec<&Record> = match args.why {
        Some(event) => {
            let past = causes::of(&trace, event);
            if past.is_empty() {
                return Err((not_there(&trace, event), Exit::Usage));
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
    Ok(())
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

/// The first line of a trace as text.
fn title(header: &Header) -> String {
    let params = if header.params.is_empty() {
        String::new()
    } else {
        format!("  {}", header.params)
    };
    format!(
        "# {}  seed {}{params}  times in ms\n",
        header.name, header.seed
    )
}

/// One event as text.
fn line(all: &mut String, numbers: bool, time: Option<&str>, trace: &Trace, record: &Record) {
    // Writing to a String cannot fail.
    if numbers {
        let _ = write!(all, "{:>6} ", record.id);
    }
    if let Some(time) = time {
        let _ = write!(all, "{time} ");
    }
    let _ = write!(all, "{}", text::line(trace, record));
    all.truncate(all.trim_end().len());
    all.push('\n');
}

/// The last line, if there were more events.
fn left_out_line(left_out: u64) -> String {
    match left_out {
        0 => String::new(),
        more => format!(
            "# {more} more events were not recorded (of a simulation `stormglass run --trace full` records all, without `--twice`)\n"
        ),
    }
}

fn as_text(out: Out, args: &TraceArgs, header: &Header, trace: &Trace, shown: &[&Record]) {
    let mut all = title(header);
    let numbers = args.numbers || args.why.is_some();
    let times = args.clocks.map(|clocks| match clocks {
        Clocks::Vector => times::<Vector>(trace, shown),
        Clocks::Lamport => times::<Lamport>(trace, shown),
    });
    let width = times.iter().flatten().map(String::len).max().unwrap_or(0);
    for (place, record) in shown.iter().enumerate() {
        let time = times
            .as_ref()
            .map(|times| format!("{:<width$}", times[place]));
        line(&mut all, numbers, time.as_deref(), trace, record);
    }
    if args.why.is_none() {
        all.push_str(&left_out_line(trace.left_out));
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
