//! A trace as JSON Lines: one object an event, times in integer nanoseconds.
//!
//! Every line has `id`, `cause` (null if the scenario itself was the cause), `t` (virtual ns), `node` and `kind`;
//! further fields depend on the kind: `text`, `msg`, `to`, `from`, `sent`, `why`, `fault`, `span`.

use std::fmt::{self, Write};

use super::{Record, Trace, What};
use crate::kernel::id::NodeId;

/// Writes one event as a JSON object, without the end of line.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, trace: &Trace, record: &Record) -> fmt::Result {
    write!(out, "{{\"id\":{},\"cause\":", record.id)?;
    if record.cause == 0 {
        out.write_str("null")?
    } else {
        write!(out, "{}", record.cause)?
    }
    write!(out, ",\"t\":{},\"node\":", record.at.as_nanos())?;
    if record.node == NodeId::ALL {
        out.write_str("null")?;
    } else {
        write!(out, "{}", record.node.0)?;
    }
    write!(out, ",\"kind\":\"{}\"", record.what.kind())?;
    match record.what {
        What::Request(text)
        | What::Skip(text)
        | What::Deliver(text)
        | What::Disarm(text)
        | What::Timer(text)
        | What::Persist(text)
        | What::Mark(text) => {
            string(out, "text", trace.text(text))?;
        }
        What::Arm(text, span) => {
            string(out, "text", trace.text(text))?;
            write!(out, ",\"span\":{}", span.as_nanos())?;
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
        } => {
            write!(out, ",\"msg\":{msg},\"to\":{}", to.0)?;
            number(out, fault)?;
            string(out, "text", trace.text(text))?;
        }
        What::Send { msg, to, text } => {
            write!(out, ",\"msg\":{msg},\"to\":{}", to.0)?;
            string(out, "text", trace.text(text))?;
        }
        What::Recv {
            msg,
            from,
            sent,
            text,
        } => {
            write!(
                out,
                ",\"msg\":{msg},\"from\":{},\"sent\":{}",
                from.0,
                sent.as_nanos()
            )?;
            string(out, "text", trace.text(text))?;
        }
        What::Drop {
            msg,
            peer,
            text,
            why,
        } => {
            let end = if why.is_at_receiver() { "from" } else { "to" };
            write!(
                out,
                ",\"msg\":{msg},\"{end}\":{},\"why\":\"{}\"",
                peer.0,
                why.word()
            )?;
            if let Some(fault) = why.fault() {
                number(out, fault)?;
            }
            string(out, "text", trace.text(text))?;
        }
        What::Panic => (),
        What::Crash(fault) | What::Recover(fault) | What::Fault(fault) | What::Over(fault) => {
            number(out, fault)?;
            string(out, "text", trace.fault(fault))?;
        }
    }
    out.write_char('}')
}

/// The whole trace, a line an event.
#[must_use]
pub fn render(trace: &Trace) -> String {
    let mut text = String::new();
    for record in &trace.records {
        // Writing to a String cannot fail.
        let _ = write(&mut text, trace, record);
        text.push('\n');
    }
    text
}

/// The number of a fault, if it has one: that of a network that nobody described has none.
fn number(out: &mut impl Write, fault: u32) -> fmt::Result {
    if fault == u32::MAX {
        return Ok(());
    }
    write!(out, ",\"fault\":{fault}")
}

fn string(out: &mut impl Write, name: &str, value: &str) -> fmt::Result {
    write!(out, ",\"{name}\":\"")?;
    for c in value.chars() {
        match c {
            '"' | '\\' => write!(out, "\\{c}")?,
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c))?,
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}
