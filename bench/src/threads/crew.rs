//! Threads that work on one run, window by window.
//!
//! ```text
//! every thread     its events before the end of the window, into its log
//! ── barrier ──
//! the first one    merges the logs: numbers, fingerprint
//! ── barrier ──
//! every thread     takes from all logs what comes to its nodes, in the order of the numbers
//! ── barrier ──    the next window begins with the earliest event that anybody has, and lasts as long as the shortest delay
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustix::thread::{CpuSet, sched_setaffinity};
use sim_core::kernel::prelude::*;

use crate::measure::thread_cpu_ns;

use super::order::{Log, Order, Sent};
use super::part::Part;

/// What the threads are to do.
pub struct Orders<P: Node> {
    /// No message to another node takes less time.
    pub shortest: u64,
    /// As many events, and the run is over.
    pub limit: u64,
    /// What node 0 is asked for at time zero.
    pub request: Option<Req<P::Offers>>,
    /// Whether to take the time of the stages.
    pub timed: bool,
    /// Whether to survey the windows; of how many nodes.
    pub survey: Option<u32>,
}

/// Nanoseconds of the first thread's CPU time, by stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    pub work: u64,
    pub merge: u64,
    pub exchange: u64,
}

/// Runs the parts, each on a thread of its own.
pub fn run<P: Node>(parts: Vec<Part<P>>, orders: &Orders<P>) -> (Order, Stages)
where
    Part<P>: Send,
    P::Wire: Send + Sync,
    Req<P::Offers>: Sync,
{
    let shared = Shared {
        logs: parts
            .iter()
            .map(|_| RwLock::new(Log::new(parts.len())))
            .collect(),
        next: parts.iter().map(|_| AtomicU64::new(0)).collect(),
        barrier: Barrier::new(parts.len()),
        over: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        let shared = &shared;
        let mut crew = Vec::new();
        for (place, part) in parts.into_iter().enumerate() {
            crew.push(scope.spawn(move || {
                pin(place);
                let mut order = (place == 0).then(|| Order::new(orders.limit, orders.survey));
                let stages = shared.work(place, part, orders, order.as_mut());
                Some((order?, stages))
            }));
        }
        let mut done = crew
            .into_iter()
            .map(|thread| thread.join().expect("a thread works"));
        done.next().flatten().expect("the first one has the order")
    })
}

/// Keeps this thread on one core. Left alone, two threads that mostly wait for each other may share one.
pub fn pin(place: usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut only = CpuSet::new();
    only.set(place % cores);
    // Where that is not allowed, the run is slower, not different.
    let _ = sched_setaffinity(None, &only);
}

/// Runs one part as the engine does: one event after the other, each with its number and its place at once.
pub fn run_alone<P: Node>(mut part: Part<P>, orders: &Orders<P>) -> Order {
    let mut order = Order::new(orders.limit, None);
    let mut logs = [Box::new(Log::new(1))];
    part.boot(&mut logs[0]);
    if let Some(request) = &orders.request {
        part.request(NodeId(0), request.clone(), &mut logs[0]);
    }
    part.work(0, &mut logs[0]);
    loop {
        if !order.merge(&mut logs) {
            return order;
        }
        logs[0].sent.iter().for_each(|sent| part.receive(sent));
        logs[0].clear();
        if part.next_at().is_none() {
            return order;
        }
        part.work_one(&mut logs[0]);
    }
}

struct Shared<W> {
    logs: Vec<RwLock<Log<W>>>,
    /// When the next event of each part is due.
    next: Vec<AtomicU64>,
    barrier: Barrier,
    over: AtomicBool,
}

impl<W: Payload> Shared<W> {
    fn work<P: Node<Wire = W>>(
        &self,
        me: usize,
        mut part: Part<P>,
        orders: &Orders<P>,
        mut order: Option<&mut Order>,
    ) -> Stages {
        let mut clock = Clock::new(orders.timed);
        let mut end = None;
        loop {
            {
                let log = &mut *write(&self.logs[me]);
                log.clear();
                match end {
                    Some(end) => part.work(end, log),
                    None => {
                        part.boot(log);
                        if let Some(request) = &orders.request {
                            part.request(NodeId(0), request.clone(), log);
                        }
                        part.work(0, log);
                    }
                }
            }
            clock.lap(|stages| &mut stages.work);
            self.barrier.wait();
            clock.skip();
            if let Some(order) = &mut order {
                let mut logs: Vec<_> = self.logs.iter().map(write).collect();
                if !order.merge(&mut logs) {
                    self.over.store(true, Ordering::Relaxed);
                }
            }
            clock.lap(|stages| &mut stages.merge);
            self.barrier.wait();
            clock.skip();
            if self.over.load(Ordering::Relaxed) {
                return clock.stages;
            }
            {
                let logs: Vec<_> = self.logs.iter().map(read).collect();
                in_order(&logs, me, |sent| part.receive(sent));
            }
            let next = part.next_at().unwrap_or(u64::MAX);
            self.next[me].store(next, Ordering::Relaxed);
            clock.lap(|stages| &mut stages.exchange);
            self.barrier.wait();
            clock.skip();
            let next = self.next.iter().map(|next| next.load(Ordering::Relaxed));
            match next.min() {
                None | Some(u64::MAX) => return clock.stages,
                Some(start) => end = Some(start + orders.shortest),
            }
        }
    }
}

/// Hands out, in the order of their numbers, the sends of which part `me` gets copies.
fn in_order<W>(logs: &[RwLockReadGuard<'_, Log<W>>], me: usize, mut take: impl FnMut(&Sent<W>)) {
    let sent = |log: &'_ usize, place: usize| {
        let log: &Log<W> = &logs[*log];
        log.out[me]
            .get(place)
            .map(|send| log.sent[*send as usize].number)
    };
    let mut read = vec![0; logs.len()];
    loop {
        let heads = (0..logs.len()).filter_map(|log| Some((sent(&log, read[log])?, log)));
        let Some((_, log)) = heads.min() else {
            return;
        };
        take(&logs[log].sent[logs[log].out[me][read[log]] as usize]);
        read[log] += 1;
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Where threads wait for each other, without sleeping if it is for a short time only.
struct Barrier {
    threads: usize,
    here: AtomicUsize,
    round: AtomicUsize,
}

/// So often a thread looks whether the others have come before it lets somebody else have the core.
const SPINS: u32 = 1_000;

impl Barrier {
    const fn new(threads: usize) -> Barrier {
        Barrier {
            threads,
            here: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
        }
    }

    fn wait(&self) {
        let round = self.round.load(Ordering::Acquire);
        if self.here.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.here.store(0, Ordering::Relaxed);
            self.round.store(round + 1, Ordering::Release);
            return;
        }
        let mut spins = 0;
        while self.round.load(Ordering::Acquire) == round {
            spins += 1;
            if spins % SPINS == 0 {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

/// Counts CPU time of this thread: what others take from it is not its work.
struct Clock {
    last: Option<u64>,
    stages: Stages,
}

impl Clock {
    fn new(timed: bool) -> Clock {
        Clock {
            last: timed.then(thread_cpu_ns),
            stages: Stages::default(),
        }
    }

    /// What has gone by was no stage.
    fn skip(&mut self) {
        if let Some(last) = &mut self.last {
            *last = thread_cpu_ns();
        }
    }

    fn lap(&mut self, stage: impl FnOnce(&mut Stages) -> &mut u64) {
        if let Some(last) = &mut self.last {
            let now = thread_cpu_ns();
            *stage(&mut self.stages) += now - *last;
            *last = now;
        }
    }
}
