//! The jobs of a run: when each process is asked again, and for what.
//!
//! With a period, how often a process has been asked before follows from the time. Where gaps are drawn it is remembered,
//! a number for each process and job: the gap before the n-th request is a draw of its own, so that it is the same
//! whatever else happens, in whichever part of the cluster and life of it.

use std::collections::BTreeMap;

use crate::kernel::id::NodeId;
use crate::kernel::random::{Key, Purpose, Sampler};
use crate::kernel::time::Span;

use super::setup::{Every, Job, Repeat};

/// All jobs, by their place in the order in which they were given.
pub(super) struct Jobs<R> {
    list: Vec<Job<R>>,
    key: Key,
    /// Of a job whose gaps are drawn: how often it has asked a process, or would have.
    asked: BTreeMap<(u32, NodeId), u64>,
}

impl<R> Jobs<R> {
    /// None yet, in a run of this seed.
    pub(super) fn new(seed: u64) -> Jobs<R> {
        Jobs {
            list: Vec::new(),
            key: Key::new(seed, Purpose::Workload),
            asked: BTreeMap::new(),
        }
    }

    /// One more. Gives its place, and those whom it asks from `since` on, each with the time of its next request in ns.
    pub(super) fn add(&mut self, job: Job<R>, since: u64) -> (u32, Vec<(NodeId, u64)>) {
        let row = u32::try_from(self.list.len()).expect("fewer than 2^30 jobs");
        let mut due = Vec::with_capacity(job.nodes.len());
        for &node in &job.nodes {
            let Some((n, at)) = self.first(&job, node, since) else {
                continue;
            };
            if job.is_drawn() {
                self.asked.insert((row, node), n);
            }
            due.push((node, at));
        }
        self.list.push(job);
        (row, due)
    }

    /// How many numbers are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.asked.len()
    }

    /// The first request of `job` to `node` that is not before `since`: how many have gone before it, and when it is due.
    fn first(&self, job: &Job<R>, node: NodeId, since: u64) -> Option<(u64, u64)> {
        let begin = job.at.as_nanos();
        let Some(repeat) = &job.repeat else {
            return (begin >= since).then_some((0, begin));
        };
        let (n, at) = match &repeat.every {
            Every::Period(period) => {
                let missed = since.saturating_sub(begin).div_ceil(period.as_nanos());
                let passed = period.saturating_mul(missed);
                (missed, begin.saturating_add(passed.as_nanos()))
            }
            Every::Drawn { law, stream } => {
                let (mut n, mut at) = (0, begin);
                loop {
                    at = at.saturating_add(self.gap(law, *stream, node, n).as_nanos());
                    if at >= since || !repeat.goes_on(n, at) {
                        break (n, at);
                    }
                    n += 1;
                }
            }
        };
        repeat.goes_on(n, at).then_some((n, at))
    }

    /// A job is due at a process: how often it has been asked before, and when it is to be asked again, in ns.
    pub(super) fn due(&mut self, row: u32, node: NodeId, at: u64) -> (u64, Option<u64>) {
        let job = &self.list[row as usize];
        let Some(repeat) = &job.repeat else {
            return (0, None);
        };
        let (n, gap) = match &repeat.every {
            Every::Period(period) => {
                let passed = at - job.at.as_nanos();
                (passed / period.as_nanos(), *period)
            }
            Every::Drawn { law, stream } => {
                let n = self.asked.get(&(row, node)).copied().unwrap_or_default();
                (n, self.gap(law, *stream, node, n + 1))
            }
        };
        let next = at.saturating_add(gap.as_nanos());
        let next = repeat.goes_on(n + 1, next).then_some(next);
        if job.is_drawn() {
            self.asked.insert((row, node), n + 1);
        }
        (n, next)
    }

    /// The gap before the request to a process that `n` have gone before.
    fn gap(&self, law: &Sampler, stream: u64, node: NodeId, n: u64) -> Span {
        // A lane a request; the draws of a process and a job have 2^32 of them.
        let draws = self
            .key
            .at(u64::from(node.0), stream.wrapping_add(n >> u32::BITS));
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
        let lane = n as u32;
        law.sample(draws, lane)
    }
}

impl<R: Clone> Jobs<R> {
    /// What a job asks of a process that it has asked `n` times before.
    pub(super) fn request(&self, row: u32, n: u64) -> R {
        let job = &self.list[row as usize];
        match n {
            0 => job.request.clone(),
            n => (job.again)(&job.request, n),
        }
    }
}

impl<R> Job<R> {
    fn is_drawn(&self) -> bool {
        let every = self.repeat.as_ref().map(|repeat| &repeat.every);
        matches!(every, Some(Every::Drawn { .. }))
    }
}

impl Repeat {
    /// Is a request made at `at` that `n` have gone before?
    fn goes_on(&self, n: u64, at: u64) -> bool {
        n < self.count && at < self.until.as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::Delay;

    const N0: NodeId = NodeId(0);
    const N1: NodeId = NodeId(1);
    const BEGIN: u64 = 5_000_000;

    fn exponential(mean: Span) -> Sampler {
        let (min, max) = (Span::ZERO, None);
        let law = Delay::Exponential { mean, min, max };
        law.sampler().unwrap()
    }

    fn drawn(law: Sampler, stream: u64, count: u64, until: Span) -> Job<u64> {
        let every = Every::Drawn { law, stream };
        Job {
            at: Span::from_nanos(BEGIN),
            repeat: Some(Repeat {
                every,
                until,
                count,
            }),
            nodes: vec![N0, N1],
            request: 0,
            again: |_, n| n,
        }
    }

    /// When each process is asked, in ns, and for what, if the job is known from `since` on.
    fn asked(seed: u64, job: Job<u64>, since: u64) -> [Vec<(u64, u64)>; 2] {
        let mut jobs = Jobs::new(seed);
        let (row, due) = jobs.add(job, since);
        let mut asked = [Vec::new(), Vec::new()];
        for (node, first) in due {
            let mut next = Some(first);
            while let Some(at) = next {
                let (n, again) = jobs.due(row, node, at);
                asked[node.index()].push((at, jobs.request(row, n)));
                next = again;
            }
        }
        asked
    }

    /// The gaps before the requests, in ns.
    fn gaps(asked: &[(u64, u64)]) -> Vec<f64> {
        let mut last = BEGIN;
        let gap = |(at, _): &(u64, u64)| (at - std::mem::replace(&mut last, *at)) as f64;
        asked.iter().map(gap).collect()
    }

    /// Of 10^5 exponential gaps mean and standard deviation are the mean of the law, to four standard errors; and the
    /// gap before a request tells nothing of the next.
    #[test]
    fn exponential_gaps_make_a_poisson_process() {
        let mean = Span::from_millis(10);
        for seed in [1, 2] {
            let job = drawn(exponential(mean), 7, 100_000, Span::MAX);
            for asked in asked(seed, job, 0) {
                let numbers = asked.iter().map(|(_, n)| *n);
                assert!(numbers.eq(0..100_000), "every request has its number");
                let gaps = gaps(&asked);
                let (count, expected) = (gaps.len() as f64, mean.as_nanos() as f64);
                let average = gaps.iter().sum::<f64>() / count;
                // The mean of n gaps spreads by 1 / sqrt(n), their variance by sqrt(8 / n), neighbours by 1 / sqrt(n).
                let error = 4.0 / count.sqrt();
                assert!(
                    (average / expected - 1.0).abs() < error,
                    "{seed}: {average}"
                );
                let off = |gap: &f64| gap - average;
                let variance = gaps.iter().map(|gap| off(gap) * off(gap)).sum::<f64>() / count;
                let relative = variance / (expected * expected);
                assert!((relative - 1.0).abs() < error * 8_f64.sqrt(), "{relative}");
                let pairs = gaps.windows(2).map(|pair| off(&pair[0]) * off(&pair[1]));
                let correlation = pairs.sum::<f64>() / count / variance;
                assert!(correlation.abs() < error, "{seed}: {correlation}");
            }
        }
    }

    /// The gaps depend on the seed, the process and the job, and on nothing else.
    #[test]
    fn every_process_of_a_job_has_gaps_of_its_own() {
        let run = |seed, stream, count| {
            let job = drawn(exponential(Span::from_millis(1)), stream, count, Span::MAX);
            asked(seed, job, 0)
        };
        let [first, second] = run(3, 9, 50);
        assert_ne!(first, second);
        assert_eq!([first.clone(), second.clone()], run(3, 9, 50));
        assert_eq!(run(3, 9, 20), [&first[..20], &second[..20]]);
        assert_ne!(run(4, 9, 50)[0], first);
        assert_ne!(run(3, 10, 50)[0], first);
    }

    /// A part of a cluster that starts later goes on where an earlier life of it would be, with the same numbers.
    #[test]
    fn who_comes_later_misses_what_was_before() {
        let (ms, until) = (Span::from_millis(1), Span::from_millis(45));
        let period = Job {
            repeat: Some(Repeat {
                count: 30,
                ..Repeat::period(ms, until)
            }),
            ..drawn(exponential(ms), 0, 0, until)
        };
        for job in [drawn(exponential(ms), 1, 30, until), period] {
            let whole = asked(6, job.clone(), 0);
            for since in [0, BEGIN, BEGIN + 1, 17_000_000, 17_500_000, 44_999_999] {
                let rest = whole.clone().map(|asked| {
                    let rest = asked.into_iter().filter(|(at, _)| *at >= since);
                    rest.collect::<Vec<_>>()
                });
                assert_eq!(asked(6, job.clone(), since), rest, "{since}");
            }
        }
    }

    #[test]
    fn a_job_ends_at_its_count_or_before_its_end() {
        let ms = Span::from_millis(1);
        let fixed = Delay::Fixed(ms).sampler().unwrap();
        let asked_of = |repeat: Repeat| {
            let job = drawn(fixed.clone(), 0, 0, ms);
            let [first, _] = asked(
                1,
                Job {
                    repeat: Some(repeat),
                    ..job
                },
                0,
            );
            first
                .iter()
                .map(|(at, _)| at / 1_000_000)
                .collect::<Vec<_>>()
        };
        let count = |count, repeat| Repeat { count, ..repeat };
        let period = Repeat::period(ms, Span::from_millis(8));
        assert_eq!(asked_of(period.clone()), [5, 6, 7]);
        assert_eq!(asked_of(count(2, period.clone())), [5, 6]);
        // A drawn gap, though it is always the same, comes before the first request as well.
        let every = Every::Drawn {
            law: fixed.clone(),
            stream: 0,
        };
        let drawn = Repeat { every, ..period };
        assert_eq!(asked_of(drawn.clone()), [6, 7]);
        assert_eq!(asked_of(count(1, drawn)), [6]);
        assert_eq!(asked_of(Repeat::period(ms, Span::from_millis(5))), []);
    }
}
