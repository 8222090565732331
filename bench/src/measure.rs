//! What a child process measures of itself.

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// One run of one load by one subject, in a process of its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    /// CPU time of the whole process while it built the nodes, and while it ran; in nanoseconds.
    pub setup_ns: u64,
    pub run_ns: u64,
    /// Messages from one node to another that were handled.
    pub deliveries: u64,
    /// Most events that were pending at once; 0 if the subject does not tell.
    pub pending_max: u64,
    /// Resident bytes before anything was built, with all nodes built, and at most (`VmHWM`).
    pub bytes_start: u64,
    pub bytes_ready: u64,
    pub bytes_peak: u64,
    /// Of the order of events; 0 if the subject has none.
    pub fingerprint: u64,
}

/// What a run tells of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub deliveries: u64,
    pub pending_max: u64,
    pub fingerprint: u64,
}

/// Builds with `build`, runs with `run`, and measures both.
pub fn measure<S>(build: impl FnOnce() -> S, run: impl FnOnce(S) -> Told) -> Sample {
    let bytes_start = status("VmRSS:");
    let start = cpu_ns();
    let built = build();
    let ready = cpu_ns();
    let bytes_ready = status("VmRSS:");
    let run_start = cpu_ns();
    let told = run(built);
    Sample {
        setup_ns: ready - start,
        run_ns: cpu_ns() - run_start,
        deliveries: told.deliveries,
        pending_max: told.pending_max,
        bytes_start,
        bytes_ready,
        bytes_peak: status("VmHWM:"),
        fingerprint: told.fingerprint,
    }
}

/// CPU time of this process so far, its threads together.
pub fn cpu_ns() -> u64 {
    ns(ClockId::ProcessCPUTime)
}

/// CPU time of this thread so far.
pub fn thread_cpu_ns() -> u64 {
    ns(ClockId::ThreadCPUTime)
}

/// Time that goes by whoever has the core.
pub fn wall_ns() -> u64 {
    ns(ClockId::Monotonic)
}

fn ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A line of `/proc/self/status`, in bytes; 0 where there is none.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
