//! Progress of long work, on standard error: a bar on a terminal, elsewhere a plain line now and then.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Off a terminal a line is printed this often, and only for work that takes longer.
const EVERY: Duration = Duration::from_secs(10);

/// Counts pieces of work as they are done.
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    total: u64,
    last: Instant,
    started: Instant,
}

impl Progress {
    /// For `total` pieces of work; silent if `quiet`, or if there is but one.
    pub fn new(total: usize, quiet: bool) -> Progress {
        let total = total as u64;
        let terminal = stderr().is_terminal();
        let shown = !quiet && total > 1;
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        if shown && terminal {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template(
                "[{elapsed_precise}] {bar:30} {pos}/{len} runs   {msg}   eta {eta}",
            ) {
                bar.set_style(style.progress_chars("##-"));
            }
        }
        Progress {
            bar,
            plain: shown && !terminal,
            total,
            last: Instant::now(),
            started: Instant::now(),
        }
    }

    /// Says what is being done now.
    pub fn now(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// One piece is done.
    pub fn done(&mut self) {
        self.bar.inc(1);
        if self.plain && self.last.elapsed() >= EVERY {
            self.last = Instant::now();
            let (done, elapsed) = (self.bar.position().max(1), self.started.elapsed());
            let left = elapsed.as_secs() * self.total.saturating_sub(done) / done;
            let line = format!(
                "{done}/{} runs, {} s, about {left} s left",
                self.total,
                elapsed.as_secs()
            );
            crate::out::Out::new(crate::out::Colour::Never, false).complain(line);
        }
    }

    /// All is done: the bar goes away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Runs `print` while the bar is out of the way.
    pub fn around(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}
