//! The screen of a run: verdict and reasons, for people.

use std::fmt::Write;
use std::time::Duration;

use scenarios::format::{Scenario, Sources};
use scenarios::run::{Finding, Reason, Run, Status, Verdict};
use sim_core::sim::Ended;
use sim_core::trace::fingerprint_text;

use crate::out::{Out, Style};

/// A run and what is needed to show it.
pub struct Shown<'a> {
    /// The files and arguments that places point into.
    pub sources: &'a Sources,
    /// What was run.
    pub scenario: &'a Scenario,
    /// How it came out.
    pub run: &'a Run,
    /// The command that repeats it.
    pub again: &'a str,
    /// How long it took, if that is to be shown.
    pub wall: Option<Duration>,
}

/// `n=5 k=2`.
pub fn params(scenario: &Scenario) -> String {
    scenario
        .params
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

impl Shown<'_> {
    /// The screen: whole, or a short form for one of many runs that passed.
    pub fn screen(&self, out: Out, whole: bool, panic_place: Option<&str>) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = if whole || self.run.verdict != Verdict::Pass {
            self.whole(&mut text, out, panic_place)
        } else {
            self.short(&mut text, out)
        };
        text
    }

    fn short(&self, text: &mut String, out: Out) -> std::fmt::Result {
        let Run {
            metrics,
            findings,
            fingerprint,
            ..
        } = self.run;
        let name = &self.scenario.name;
        let pass = out.style(Style::Good, "PASS");
        let broken = findings
            .iter()
            .filter(|finding| finding.meant_to_break)
            .count();
        let broken = if broken > 0 {
            format!("   {broken} broken as expected")
        } else {
            String::new()
        };
        let held = findings.iter().filter(|finding| finding.is_fine()).count();
        writeln!(
            text,
            "{pass}   {name:<36} {held} of {}   {} messages   {}{broken}",
            findings.len(),
            metrics.messages,
            fingerprint_text(*fingerprint)
        )
    }

    fn whole(&self, text: &mut String, out: Out, panic_place: Option<&str>) -> std::fmt::Result {
        self.head(text, out)?;
        if let Some(panicked) = &self.run.panicked {
            let (at, event) = (panicked.at.at, panicked.at.event);
            writeln!(
                text,
                "\n  {} the protocol panicked after event {event}, at {at}ms: {}",
                out.style(Style::Bad, "✘"),
                panicked.message
            )?;
            if let Some(place) = panic_place {
                writeln!(text, "    at {place}")?;
            }
        }
        let width = self
            .run
            .findings
            .iter()
            .map(|finding| finding.sentence.chars().count())
            .max()
            .unwrap_or(0);
        if !self.run.findings.is_empty() {
            text.push('\n');
        }
        for finding in &self.run.findings {
            self.finding(text, out, finding, width)?;
        }
        if let Some(difference) = &self.run.difference {
            let [first, second] = difference.fingerprints.map(fingerprint_text);
            writeln!(
                text,
                "\n  {} two runs were different: {first} and {second}",
                out.style(Style::Bad, "✘")
            )?;
            for (which, line) in ["first ", "second"].into_iter().zip(&difference.lines) {
                writeln!(
                    text,
                    "    {which} {}",
                    line.as_deref()
                        .unwrap_or("(nothing recorded here)")
                        .trim_end()
                )?;
            }
        }
        self.foot(text, out)
    }

    fn head(&self, text: &mut String, out: Out) -> std::fmt::Result {
        let Shown { scenario, run, .. } = self;
        let params = params(scenario);
        let params = if params.is_empty() {
            String::new()
        } else {
            format!("   {params}")
        };
        let name = out.style(Style::Strong, &scenario.name);
        writeln!(
            text,
            "{name}   seed {}{params}   {} over {}",
            scenario.seed, scenario.protocol_text, scenario.links
        )?;
        let metrics = &run.metrics;
        let plural = |n: u64, word: &str| {
            if n == 1 {
                format!("{n} {word}")
            } else {
                format!("{n} {word}s")
            }
        };
        write!(
            text,
            "  virtual time {}ms   {}   ",
            sim_core::kernel::time::SimTime::from_nanos(metrics.virtual_time_ns),
            plural(metrics.events, "event")
        )?;
        write!(text, "{}", plural(metrics.messages, "message"))?;
        let fates = [
            (metrics.received, "received"),
            (metrics.to_crashed, "to a crashed node"),
            (metrics.lost, "lost"),
        ];
        let fates: Vec<String> = fates
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        if fates.len() > 1 {
            write!(text, " ({})", fates.join(", "))?;
        }
        let fired: u64 = run.faults.iter().map(|fault| fault.fired).sum();
        if !run.faults.is_empty() {
            write!(text, "   {} fired", plural(fired, "fault"))?;
        }
        if let Some(wall) = self.wall {
            write!(text, "   wall {} ms", wall.as_millis())?;
        }
        text.push('\n');
        let limit = match run.ended {
            Some(Ended::Time) if scenario.stop.when == scenarios::format::StopWhen::Quiescent => {
                Some(format!(
                    "virtual time was up (stop.at, {})",
                    scenario.stop.at
                ))
            }
            Some(Ended::Events) => Some(format!(
                "the budget of events was used up (stop.events, {})",
                scenario.stop.events
            )),
            Some(Ended::Memory) => Some(format!(
                "more was in flight than the budget of memory allows (stop.memory, {} bytes)",
                scenario.stop.memory
            )),
            _ => None,
        };
        if let Some(limit) = limit {
            writeln!(
                text,
                "  {} {limit}",
                out.style(Style::Unsure, "ended early:")
            )?;
        }
        Ok(())
    }

    fn finding(
        &self,
        text: &mut String,
        out: Out,
        finding: &Finding,
        width: usize,
    ) -> std::fmt::Result {
        let (sign, style) = match finding.status {
            Status::Held => ("✔", Style::Good),
            Status::Violated => ("✘", Style::Bad),
            Status::Pending | Status::NotExercised => ("?", Style::Unsure),
        };
        let style = if finding.is_fine() && finding.status == Status::Violated {
            Style::Good
        } else {
            style
        };
        let pad = width - finding.sentence.chars().count();
        write!(
            text,
            "  {} {}{:pad$}   {}",
            out.style(style, sign),
            finding.sentence,
            "",
            finding.said
        )?;
        if finding.status != Status::Held && !finding.number.is_empty() {
            write!(text, "      {}", finding.number)?;
        }
        match (finding.meant_to_break, finding.status) {
            (true, Status::Violated) => write!(text, "   (as expected)")?,
            (true, Status::Held) => write!(
                text,
                "   {}",
                out.style(Style::Bad, "but it was meant to break")
            )?,
            _ => (),
        }
        text.push('\n');
        if let Some(violation) = &finding.violation {
            writeln!(text, "        {}", violation.what)?;
            for (place, reason) in finding.why.iter().enumerate() {
                self.reason(text, out, reason, place == 0)?;
            }
        }
        Ok(())
    }

    fn reason(
        &self,
        text: &mut String,
        out: Out,
        reason: &Reason,
        first: bool,
    ) -> std::fmt::Result {
        let lead = if first { "why" } else { "   " };
        write!(text, "        {lead}  {}", reason.text)?;
        let line = reason
            .place
            .map(|place| format!("line {}", self.sources.line(place)));
        let cause: Vec<String> = reason.cause.iter().cloned().chain(line).collect();
        if !cause.is_empty() {
            write!(text, "       {}", out.style(Style::Dim, cause.join(", ")))?;
        }
        text.push('\n');
        Ok(())
    }

    fn foot(&self, text: &mut String, out: Out) -> std::fmt::Result {
        let run = self.run;
        let count = |status| {
            run.findings
                .iter()
                .filter(|finding| finding.status == status && !finding.is_fine())
                .count()
        };
        let fine = run
            .findings
            .iter()
            .filter(|finding| finding.is_fine())
            .count();
        let all = run.findings.len();
        let fingerprint = fingerprint_text(run.fingerprint);
        let parts = [
            (count(Status::Violated), "violated"),
            (count(Status::Held), "not broken"),
            (count(Status::Pending), "undecided"),
            (count(Status::NotExercised), "not exercised"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        let (word, style, detail) = match run.verdict {
            Verdict::Pass => ("PASS", Style::Good, format!("{fine} of {all}")),
            Verdict::Fail => (
                "FAIL",
                Style::Bad,
                format!("{fine} of {all} as they should be, {}", parts.join(", ")),
            ),
            Verdict::Inconclusive => (
                "INCONCLUSIVE",
                Style::Unsure,
                format!("{fine} of {all}, {}", parts.join(", ")),
            ),
            Verdict::Nondeterministic => ("NONDETERMINISM", Style::Bad, String::new()),
            Verdict::Panicked => ("PANICKED", Style::Bad, String::new()),
        };
        writeln!(
            text,
            "\n{}   {detail}   fingerprint {fingerprint}",
            out.style(style, word)
        )?;
        if run.verdict != Verdict::Pass {
            writeln!(text, "again  {}", self.again)?;
            let since = run
                .findings
                .iter()
                .filter(|finding| !finding.is_fine())
                .find_map(|finding| finding.violation.as_ref());
            if let (Some(violation), true) = (since, run.trace.is_some()) {
                writeln!(
                    text,
                    "why    stormglass explain latest#{}",
                    violation.since.event
                )?;
            }
        }
        Ok(())
    }
}

/// How many runs came out how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    all: usize,
    passed: usize,
}

impl Counts {
    /// Counts one.
    pub fn add(&mut self, verdict: Verdict) {
        self.all += 1;
        self.passed += usize::from(verdict == Verdict::Pass);
    }

    /// How many there were.
    pub const fn all(self) -> usize {
        self.all
    }

    /// The last line of many runs.
    pub fn line(self, out: Out) -> String {
        let (word, style) = if self.passed == self.all {
            ("PASS", Style::Good)
        } else {
            ("FAIL", Style::Bad)
        };
        format!(
            "\n{}   {} of {} runs\n",
            out.style(style, word),
            self.passed,
            self.all
        )
    }
}
