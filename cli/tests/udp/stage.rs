//! A folder for each run, and commands that cannot go on for ever.

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// No command of these tests takes nearly as long.
pub const LIMIT: Duration = Duration::from_secs(120);

/// A folder of its own, in which the library is `scenarios/` and runs go to `runs/`.
pub struct Stage {
    folder: TempDir,
}

/// What came of a command.
#[derive(Debug)]
pub struct Came {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A command that is running. Whatever happens, it does not outlive its test.
pub struct Running {
    child: Child,
    out: Option<thread::JoinHandle<String>>,
    err: Option<thread::JoinHandle<String>>,
}

impl Stage {
    pub fn new() -> Stage {
        let folder = TempDir::new().expect("a folder");
        symlink(library(), folder.path().join("scenarios")).expect("a link");
        Stage { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("it can be written");
    }

    /// Starts the command.
    pub fn start<S: AsRef<str>>(&self, words: &[S]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command.args(words.iter().map(AsRef::as_ref));
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command can be run");
        let out = gather(child.stdout.take().expect("it is piped"));
        let err = gather(child.stderr.take().expect("it is piped"));
        Running {
            child,
            out: Some(out),
            err: Some(err),
        }
    }

    /// Runs the command to its end.
    pub fn run<S: AsRef<str>>(&self, words: &[S]) -> Came {
        self.start(words).end(LIMIT)
    }

    /// Runs `udp run --json` with these words more: the exit code and the document of its only run.
    pub fn real<S: AsRef<str>>(&self, words: &[S]) -> (Option<i32>, Value) {
        let words = words.iter().map(AsRef::as_ref);
        let all: Vec<&str> = ["udp", "run", "--json"].into_iter().chain(words).collect();
        let came = self.run(&all);
        let document: Value = serde_json::from_str(&came.out)
            .unwrap_or_else(|error| panic!("{all:?}: {error}\n{came:?}"));
        (came.code, document["runs"][0].clone())
    }

    /// The real run of this scenario that was made last: what is in its folder.
    pub fn latest(&self, name: &str) -> PathBuf {
        self.path("runs/latest").join(name)
    }
}

impl Running {
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("it is a small number");
        // One that has just ended cannot be reached any more.
        let _ = kill_process(Pid::from_raw(id).expect("it is not zero"), signal);
    }

    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// Waits for its end.
    pub fn end(mut self, limit: Duration) -> Came {
        let over = until(limit, || self.is_over());
        let came = self.end_now();
        assert!(over, "still running after {limit:?}: {came:?}");
        came
    }

    /// Ends it, if it is not over yet.
    pub fn end_now(&mut self) -> Came {
        let _ = self.child.kill();
        let code = self.child.wait().expect("it is our child").code();
        let said = |thread: Option<thread::JoinHandle<String>>| {
            let text = thread.map(|thread| thread.join().expect("it only reads"));
            text.unwrap_or_default()
        };
        let (out, err) = (said(self.out.take()), said(self.err.take()));
        Came { code, out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads to the end, so that a command never waits for its reader.
fn gather(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits until something is so, at most for `limit`. Gives whether it is.
pub fn until(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while !is_so() {
        if since.elapsed() > limit {
            return false;
        }
        pause(Duration::from_millis(5));
    }
    true
}

#[expect(
    clippy::disallowed_methods,
    reason = "real processes take real time, and there is nothing to wait on"
)]
pub fn pause(time: Duration) {
    thread::sleep(time);
}

/// Does all of these, a few at a time: they mostly wait. What comes of them is in their order.
pub fn side_by_side<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(0..all.len());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let place = next.lock().expect("nobody panics with it").next();
                    let Some(place) = place else { return };
                    let result = work(&all[place]);
                    done.lock()
                        .expect("nobody panics with it")
                        .push((place, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nobody panics with it");
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The folder of the scenarios that come with Stormglass.
pub fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// A file of peers for so many nodes, on addresses of this host that nobody else uses: a port that is free for a moment
/// could be given to somebody else while its node is down.
pub fn loopback(cluster: &str, nodes: u32) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = std::process::id() % 60_000 * 250 + NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, a, b, c] = number.to_be_bytes();
    let mut text = format!("(\n    cluster: {cluster:?},\n    peers: [\n");
    for node in 0..nodes {
        text += &format!(
            "        (id: {node}, address: \"127.{a}.{b}.{c}:{}\"),\n",
            4_000 + node
        );
    }
    text + "    ],\n)\n"
}
