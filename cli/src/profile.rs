//! `stormglass run --profile`: where the time of the computer went. The simulator shows what it is doing; a second thread
//! looks now and then, and counts.

use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use scenarios::run::Run;
use sim_core::sim::{Doing, Gauge};

/// How long the second thread waits before it looks again.
const EVERY: Duration = Duration::from_micros(100);
/// A run that is quicker is repeated, as it is the same each time: of a few looks the shares would mean little.
const AT_LEAST: Duration = Duration::from_millis(500);

/// How often the simulator was seen doing each thing.
pub struct Profile {
    /// By the number of what it was doing.
    seen: [u64; Doing::ALL.len()],
    /// How long the first run took, with all that comes before and after the simulation.
    pub first: Duration,
    all: Duration,
    runs: u32,
    events: u64,
}

impl Profile {
    /// Runs something that shows what it does on a gauge, and looks at it; more than once if that was too quick.
    pub fn of(mut run: impl FnMut(Gauge) -> Run) -> (Run, Profile) {
        let gauge = Gauge::default();
        let (stop, stopped) = channel::<()>();
        let watched = gauge.clone();
        let watcher = thread::spawn(move || {
            let mut seen = [0; Doing::ALL.len()];
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                seen[watched.read() as usize] += 1;
            }
            seen
        });
        let started = Instant::now();
        let first = run(gauge.clone());
        let took = started.elapsed();
        let mut runs = 1;
        while started.elapsed() < AT_LEAST {
            run(gauge.clone());
            runs += 1;
        }
        drop(stop);
        let profile = Profile {
            seen: watcher.join().unwrap_or_default(),
            first: took,
            all: started.elapsed(),
            runs,
            events: first.metrics.events,
        };
        (first, profile)
    }
}

/// What each of them is, in the words of the report.
fn meaning(doing: Doing) -> (&'static str, &'static str) {
    match doing {
        Doing::Queue => ("queue", "finding out what is next"),
        Doing::Protocol => ("protocol", "handlers"),
        Doing::Network => ("network", "what becomes of each message"),
        Doing::Properties => ("properties", "judging them"),
        Doing::Trace => ("trace", "recording"),
        Doing::Engine => ("engine", "numbers, counters, fingerprint, timers, faults"),
        Doing::Nothing => (
            "around it",
            "setting up, counting steps, the verdict, files",
        ),
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looks: u64 = self.seen.iter().sum();
        let share = |seen: u64| seen as f64 / looks.max(1) as f64;
        let seconds = self.all.as_secs_f64();
        let times = if self.runs == 1 {
            "once".to_owned()
        } else {
            format!("{} times", self.runs)
        };
        writeln!(
            f,
            "where the time went: {seconds:.2} s, run {times}, {looks} samples"
        )?;
        let mut all = Doing::ALL;
        all.sort_by_key(|doing| std::cmp::Reverse(self.seen[*doing as usize]));
        for doing in all {
            let seen = self.seen[doing as usize];
            if seen > 0 {
                let (name, meaning) = meaning(doing);
                writeln!(f, "  {:5.1} %  {name:<10}  {meaning}", 100.0 * share(seen))?;
            }
        }
        let running = seconds * (1.0 - share(self.seen[Doing::Nothing as usize]));
        let events = self.events as f64 * f64::from(self.runs);
        if running > 0.0 && events > 0.0 {
            let (each, a_second) = (running / events * 1e9, events / running / 1e6);
            writeln!(
                f,
                "  {each:.0} ns an event in the simulation, {a_second:.1} million events a second"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_shares_the_largest_first_and_what_an_event_took() {
        let mut seen = [0; Doing::ALL.len()];
        seen[Doing::Nothing as usize] = 50;
        seen[Doing::Queue as usize] = 30;
        seen[Doing::Protocol as usize] = 20;
        let profile = Profile {
            seen,
            first: Duration::from_millis(500),
            all: Duration::from_secs(1),
            runs: 2,
            events: 1_000_000,
        };
        let expected = "\
where the time went: 1.00 s, run 2 times, 100 samples
   50.0 %  around it   setting up, counting steps, the verdict, files
   30.0 %  queue       finding out what is next
   20.0 %  protocol    handlers
  250 ns an event in the simulation, 4.0 million events a second
";
        assert_eq!(profile.to_string(), expected);
    }
}
