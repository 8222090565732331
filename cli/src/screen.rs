//! The screen of a run: verdict and reasons, for people.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use scenarios::format::{Scenario, Sources};
use scenarios::run::{Finding, Reason, Run, Status, Verdict};
use sim_core::sim::Ended;
use sim_core::trace::fingerprint_text;

use crate::out::{Out, Style};
use crate::plan::quoted;

/// Most faults that are listed with their counts.
const FAULTS_MAX: usize = 12;

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
    /// It left a trace.
    pub traced: bool,
    /// How to ask for its trace.
    pub called: &'a Called,
    /// It was run a second time, and compared.
    pub twice: bool,
    /// How long it took, if that is to be shown.
    pub wall: Option<Duration>,
    /// What kind of time passed: `virtual time`.
    pub time: &'static str,
}

/// What a run is called in commands about it: `latest`, or its folder.
pub struct Called {
    /// The word.
    pub name: String,
    /// What else the command needs: ` -o DIR`, or nothing.
    pub flag: String,
}

/// What the commands that are suggested need to find this run: ` -o DIR`, or nothing.
pub fn folder_flag(root: &Path) -> String {
    if root == Path::new("runs") {
        String::new()
    } else {
        format!(" -o {}", quoted(&root.to_string_lossy()))
    }
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
    /// The screen: whole, or a short form for one of `many` runs that passed, with names of at most so many characters.
    pub fn screen(&self, out: Out, many: Option<usize>, panic_place: Option<&str>) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = match many {
            Some(width) if self.run.verdict == Verdict::Pass => self.short(&mut text, out, width),
            Some(_) => {
                let written = self.whole(&mut text, out, panic_place);
                text.push('\n');
                written
            }
            None => self.whole(&mut text, out, panic_place),
        };
        text
    }

    fn short(&self, text: &mut String, out: Out, width: usize) -> std::fmt::Result {
        let Run {
            metrics,
            findings,
            fingerprint,
            ..
        } = self.run;
        let name = &self.scenario.name;
        let pass = out.style(Style::Good, "PASS");
        let held = findings.iter().filter(|finding| finding.is_fine()).count();
        writeln!(
            text,
            "{pass}   {name:<width$}   {held} of {:<2} {:>9} {:<8}   {}{}",
            findings.len(),
            metrics.counters.messages,
            if metrics.counters.messages == 1 {
                "message"
            } else {
                "messages"
            },
            fingerprint_text(*fingerprint),
            self.broken("   "),
        )
    }

    /// How often each fault fired, a line each.
    fn fired(&self, text: &mut String) -> std::fmt::Result {
        let faults = &self.run.faults;
        let width = faults
            .iter()
            .take(FAULTS_MAX)
            .map(|fault| fault.id.len())
            .max();
        for fault in faults.iter().take(FAULTS_MAX) {
            let times = match fault.fired {
                0 => "never".to_owned(),
                1 => "once".to_owned(),
                n => format!("{n} times"),
            };
            let (width, what) = (width.unwrap_or(0), &fault.what);
            writeln!(text, "  {:<width$}  fired {times:<10}  {what}", fault.id)?;
        }
        match faults.len().saturating_sub(FAULTS_MAX) {
            0 => Ok(()),
            more => writeln!(text, "  … and {more} more faults (in result.json)"),
        }
    }

    /// How much broke that was meant to.
    fn broken(&self, lead: &str) -> String {
        let as_meant = |finding: &&Finding| finding.is_fine() && finding.is_violation();
        match self.run.findings.iter().filter(as_meant).count() {
            0 => String::new(),
            n => format!("{lead}{n} broken as expected"),
        }
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
        for expectation in self
            .scenario
            .expect
            .iter()
            .filter(|expectation| !expectation.is_asked())
        {
            let condition = expectation
                .condition
                .as_ref()
                .map_or("", |(condition, _)| condition);
            let line = format!("  – {}   not asked: where {condition}", expectation.text);
            writeln!(text, "{}", out.style(Style::Dim, line))?;
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
            "  {} {}ms   {}   ",
            self.time,
            sim_core::kernel::time::SimTime::from_nanos(metrics.virtual_time_ns),
            plural(metrics.events, "event")
        )?;
        write!(text, "{}", plural(metrics.counters.messages, "message"))?;
        let counters = &metrics.counters;
        let fates = [
            (counters.received, "received"),
            (counters.to_crashed, "to a crashed node"),
            (counters.lost, "lost"),
            (counters.cut, "cut"),
            (counters.held, "held"),
            (counters.omitted, "omitted"),
            (counters.corrupted, "corrupted"),
            (counters.overflowed, "overflowed"),
            (counters.refused, "refused"),
            (counters.no_channel, "to no neighbour"),
            (counters.duplicated, "doubled"),
        ];
        let fates: Vec<String> = fates
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        if fates.len() > 1 || counters.received == 0 && !fates.is_empty() {
            write!(text, " ({})", fates.join(", "))?;
        }
        if let Some(wall) = self.wall {
            write!(text, "   wall {} ms", wall.as_millis())?;
        }
        text.push('\n');
        self.fired(text)?;
        let limit = match run.ended {
            Ended::Time if scenario.stop.when == scenarios::format::StopWhen::Quiescent => {
                Some(format!(
                    "{} was up (stop.at, {}); `stop: (when: Never)` says that it is meant to go on until then",
                    self.time, scenario.stop.at
                ))
            }
            Ended::Events => Some(format!(
                "the budget of events was used up (stop.events, {}; `--set stop.events=..` gives it more)",
                scenario.stop.events
            )),
            Ended::Memory => Some(format!(
                "more was in flight than the budget of memory allows (stop.memory, {})",
                scenarios::format::bytes_text(scenario.stop.memory)
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
            (_, Status::NotExercised) if finding.waived => {
                write!(text, "   (not owed: this run is meant to break)")?
            }
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
        // `2 of 6 undecided, 1 not exercised`
        let mut told: Vec<String> = vec![];
        for (n, what) in parts.into_iter().filter(|(n, _)| *n > 0) {
            let of = if told.is_empty() {
                format!(" of {all}")
            } else {
                String::new()
            };
            told.push(format!("{n}{of} {what}"));
        }
        let twice = if self.twice { ", twice the same" } else { "" };
        let (word, style, detail) = match run.verdict {
            Verdict::Pass => {
                let broken = self.broken(", ");
                (
                    "PASS",
                    Style::Good,
                    format!("   {fine} of {all}{broken}{twice}"),
                )
            }
            Verdict::Fail => ("FAIL", Style::Bad, format!("   {}", told.join(", "))),
            Verdict::Inconclusive => (
                "INCONCLUSIVE",
                Style::Unsure,
                format!("   {}", told.join(", ")),
            ),
            Verdict::Nondeterministic => ("NONDETERMINISM", Style::Bad, String::new()),
            Verdict::Panicked => ("PANICKED", Style::Bad, String::new()),
        };
        writeln!(
            text,
            "\n{}{detail}   fingerprint {fingerprint}",
            out.style(style, word)
        )?;
        if run.verdict != Verdict::Pass {
            writeln!(text, "again  {}", self.again)?;
            let since = run
                .findings
                .iter()
                .filter(|finding| !finding.is_fine())
                .find_map(|finding| finding.violation.as_ref());
            if let (Some(violation), true) = (since, self.traced) {
                writeln!(
                    text,
                    "why    stormglass explain {}#{}{}",
                    self.called.name, violation.since.event, self.called.flag
                )?;
            }
        }
        Ok(())
    }
}

/// How many runs came out how.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    verdicts: Vec<Verdict>,
}

impl Counts {
    /// Counts one.
    pub fn add(&mut self, verdict: Verdict) {
        self.verdicts.push(verdict);
    }

    /// Blank lines stand around what is told at length: true if the last one was told in a line.
    pub fn line_above(&self) -> bool {
        self.verdicts.last() == Some(&Verdict::Pass)
    }

    /// How many there were.
    pub const fn all(&self) -> usize {
        self.verdicts.len()
    }

    /// The last line of many runs.
    pub fn line(&self, out: Out) -> String {
        let count = |wanted| {
            self.verdicts
                .iter()
                .filter(|verdict| **verdict == wanted)
                .count()
        };
        let lead = if self.line_above() { "\n" } else { "" };
        let passed = format!("{} of {} runs", count(Verdict::Pass), self.all());
        // What is worst gives the word.
        let kinds = [
            (Verdict::Panicked, "PANICKED", Style::Bad, "panicked"),
            (
                Verdict::Nondeterministic,
                "NONDETERMINISM",
                Style::Bad,
                "nondeterministic",
            ),
            (Verdict::Fail, "FAIL", Style::Bad, "failed"),
            (
                Verdict::Inconclusive,
                "INCONCLUSIVE",
                Style::Unsure,
                "inconclusive",
            ),
        ];
        let others: Vec<_> = kinds
            .into_iter()
            .filter(|(verdict, ..)| count(*verdict) > 0)
            .collect();
        let Some((_, word, style, _)) = others.first() else {
            return format!("{lead}{}   {passed}\n", out.style(Style::Good, "PASS"));
        };
        let told: Vec<String> = others
            .iter()
            .map(|(verdict, _, _, what)| format!("{} {what}", count(*verdict)))
            .collect();
        format!(
            "{lead}{}   {passed} passed, {}\n",
            out.style(*style, word),
            told.join(", ")
        )
    }
}
