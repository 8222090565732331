//! Copies of large group sends that are not written down yet.
//!
//! When a copy arrives is a pure function of its sender, its ordinal and its receiver. So where very much is in flight, the
//! copies of a group send need not lie in the queue one by one: it is enough to know the send, and to draw again. Then the
//! queue holds what is due within a *window* only. When it has run dry, the next window begins, and the copies that are due
//! within it are written down.
//!
//! To draw all again for each window would take too long. So several windows are a *stretch*: at its beginning all is drawn
//! again, and the copies that are due within it are marked, a bit each. A window looks at what is marked.
//!
//! Nothing but memory and time depends on it. What is due at the same time must come in the order in which it was
//! scheduled, though: so while anything is put off, *whatever* is due after the window is put off with it, and written down
//! in that order.
//!
//! A hundred million copies take 50 MiB like this, and 1.5 GiB one by one. A limit on memory counts them all the same.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use crate::kernel::id::NodeId;
use crate::kernel::protocol::Node;
use crate::kernel::random::{Draws, Sampler, Within};

use super::engine::{Kind, Sim};
use super::gauge::Doing;
use super::queue::Entry;

/// So many entries of the queue are a window, more or less: 32 MiB.
const WINDOW: u64 = 1 << 21;
/// So many windows are a stretch, more or less.
const STRETCH: u64 = 8;
/// A smaller group send is not worth the trouble.
const MANY: u64 = 64;
/// So many copies that are put off are looked at to find the end of the next window.
const SAMPLES: u64 = 4_096;

/// What is put off, and until when.
pub(super) struct Later {
    /// All that is due until then, and then, is in the queue, and perhaps more. The largest number while nothing is put off.
    until: u64,
    /// All copies that are due until then, and then, are marked or in the queue.
    marked_until: u64,
    /// So many entries are a window, if the group sends allow it.
    window: u64,
    /// The group sends that have copies to write down, in the order in which they were sent.
    sends: VecDeque<PutOff>,
    /// How many group sends have been put off so far.
    sent: u64,
    /// How many copies have to be written down, and how many of them are marked.
    copies: u64,
    marked: u64,
    /// Everything else that is due after the window, by its time and by how many there were before it; and how many group
    /// sends had been put off by then.
    entries: BTreeMap<(u64, u64), (Entry, u64)>,
    put_off: u64,
}

/// A group send of which copies have to be written down.
struct PutOff {
    /// How many had been put off before.
    number: u64,
    row: u32,
    /// How many copies have to be written down.
    left: u32,
    sent: u64,
    draws: Draws,
    /// The receivers but the sender itself.
    receivers: [Range<u32>; 2],
    /// A bit for each of them: its copy is due within the stretch, and not written down yet.
    marks: Box<[u64]>,
}

impl PutOff {
    /// How many receivers there are.
    fn count(&self) -> u32 {
        self.receivers
            .iter()
            .map(|nodes| nodes.end - nodes.start)
            .sum()
    }

    /// The receiver at a place.
    #[inline]
    fn receiver(&self, place: u32) -> u32 {
        let [first, second] = &self.receivers;
        let in_first = first.end - first.start;
        if place < in_first {
            first.start + place
        } else {
            second.start + (place - in_first)
        }
    }

    /// When the copy of a receiver is due.
    #[inline]
    fn due(&self, latency: &Sampler, receiver: u32) -> u64 {
        let delay = latency.sample(self.draws, receiver);
        self.sent.saturating_add(delay.as_nanos())
    }

    /// Asks which copies are due at `from`, at `until` or in between.
    fn within<'a>(&self, latency: &'a Sampler, from: u64, until: u64) -> Within<'a> {
        let most = match until {
            u64::MAX => u64::MAX, // However long the delay.
            _ => until - self.sent,
        };
        latency.within(self.draws, from - self.sent..=most)
    }

    /// Marks the copies that are due at `from`, at `until` or in between, and says how many there are. None of them was.
    fn mark(&mut self, latency: &Sampler, from: u64, until: u64) -> u64 {
        let within = self.within(latency, from, until);
        let (count, in_first) = (
            self.count(),
            self.receivers[0].end - self.receivers[0].start,
        );
        let mut marked = 0;
        for (start, marks) in (0..count).step_by(64).zip(&mut self.marks) {
            let end = count.min(start + 64);
            let middle = in_first.clamp(start, end);
            let lanes = |places: Range<u32>, of: &Range<u32>, first: u32| {
                if places.is_empty() {
                    return 0;
                }
                within.lanes(of.start + (places.start - first), places.end - places.start)
            };
            let front = lanes(start..middle, &self.receivers[0], 0);
            let back = lanes(middle..end, &self.receivers[1], in_first);
            let found = front | back.checked_shl(middle - start).unwrap_or(0);
            *marks |= found;
            marked += u64::from(found.count_ones());
        }
        marked
    }

    /// Hands out the marked copies that are due by `until`, in the order of the receivers, and takes their marks away.
    fn take_marked(&mut self, latency: &Sampler, until: u64, mut each: impl FnMut(u32, u64)) {
        let within = self.within(latency, self.sent, until);
        for word in 0..self.marks.len() {
            let mut rest = self.marks[word];
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                let place = 64 * u32::try_from(word).unwrap_or(u32::MAX) + bit;
                let receiver = self.receiver(place);
                if let Some(delay) = within.delay(receiver) {
                    self.marks[word] ^= 1 << bit;
                    each(receiver, self.sent.saturating_add(delay));
                }
            }
        }
    }
}

impl Later {
    pub(super) fn new() -> Later {
        Later {
            until: u64::MAX,
            marked_until: u64::MAX,
            window: WINDOW,
            sends: VecDeque::new(),
            sent: 0,
            copies: 0,
            marked: 0,
            entries: BTreeMap::new(),
            put_off: 0,
        }
    }

    /// How much is put off.
    #[inline]
    fn len(&self) -> usize {
        self.entries.len() + usize::try_from(self.copies).unwrap_or(usize::MAX)
    }

    /// Is nothing put off?
    #[inline]
    fn is_idle(&self) -> bool {
        self.until == u64::MAX
    }

    fn put_off(&mut self, entry: Entry) {
        self.put_off += 1;
        let key = (entry.at, self.put_off);
        self.entries.insert(key, (entry, self.sent));
    }

    /// Everything but copies that is due by `until`, in the order in which it was put off.
    fn due_entries(&mut self, until: u64) -> Vec<(Entry, u64)> {
        let after = self.entries.split_off(&(until, u64::MAX));
        let due = std::mem::replace(&mut self.entries, after);
        let mut due: Vec<_> = due.into_iter().collect();
        due.sort_by_key(|((_, number), _)| *number);
        due.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Where to end, so that of the copies that are due after `after`, `until` at the latest, and are so many, there is room
    /// for those that come before: a quantile of a sample.
    fn end_of(&self, latency: &Sampler, [after, until]: [u64; 2], copies: u64, room: u64) -> u64 {
        if copies <= room {
            return until;
        }
        let all: u64 = self.sends.iter().map(|send| u64::from(send.count())).sum();
        let step = (all / SAMPLES).max(1);
        let mut sample = Vec::new();
        let mut place = 0;
        for send in &self.sends {
            let count = u64::from(send.count());
            while place < count {
                let receiver = send.receiver(u32::try_from(place).unwrap_or(u32::MAX));
                let due = send.due(latency, receiver);
                if after < due && due <= until {
                    sample.push(due);
                }
                place += step;
            }
            place -= count;
        }
        sample.sort();
        let share = sample.len() as u64 * room / copies;
        let end = usize::try_from(share).ok().and_then(|at| sample.get(at));
        // One at least comes before the end.
        end.or(sample.last()).copied().unwrap_or(until)
    }
}

impl<P: Node> Sim<'_, P> {
    /// Puts an entry into the queue, or keeps it for later.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        if entry.at <= self.later.until {
            self.queue.push(entry);
        } else {
            self.keep_for_later(entry);
        }
    }

    #[cold]
    fn keep_for_later(&mut self, entry: Entry) {
        self.later.put_off(entry);
        // What is no group send takes more here than it would in the queue.
        if self.later.entries.len() as u64 > self.later.window {
            self.later.window *= 2;
            self.begin_stretch(u64::MAX);
            self.begin_window(u64::MAX);
        }
    }

    /// When the next entry of the queue is due. Begins the next window where this one is over.
    #[inline]
    pub(super) fn next_at(&mut self) -> Option<u64> {
        loop {
            let at = self.queue.next_at();
            if self.later.is_idle() || at.is_some_and(|at| at <= self.later.until) {
                return at;
            }
            self.next_window();
        }
    }

    /// How many entries there are, those included that are not written down.
    #[inline]
    pub(super) fn pending(&self) -> usize {
        self.queue.len() + self.later.len()
    }

    /// Sends a copy to each of the receivers, who are given as two runs of numbers, over channels that do nothing but delay
    /// it. Where that is very much, some are written down later.
    pub(super) fn send_directly(&mut self, from: NodeId, receivers: [Range<u32>; 2], row: u32) {
        let ordinal = self.messages.get(row).ordinal;
        let draws = self.fate.delay.at(u64::from(from.0), u64::from(ordinal));
        let count: u64 = receivers.iter().map(|run| run.len() as u64).sum();
        let much = self.queue.len() as u64 + count > self.later.window;
        self.gauge.set(Doing::Queue);
        if count >= MANY && (much || !self.later.is_idle()) {
            return self.put_off(from, receivers, row, draws);
        }
        let network = Rc::clone(&self.network);
        for run in receivers {
            network.law.latency.sample_each(draws, run, |node, delay| {
                // A message to oneself is not the network's business.
                let at = if node == from.0 {
                    self.now
                } else {
                    self.now.after(delay)
                };
                self.push(Entry {
                    at: at.as_nanos(),
                    node,
                    handle: Kind::Arrival.handle(row),
                });
            });
        }
    }

    fn put_off(&mut self, from: NodeId, [first, second]: [Range<u32>; 2], row: u32, draws: Draws) {
        let own = first.contains(&from.0);
        let receivers = if own {
            [first.start..from.0, from.0 + 1..first.end]
        } else {
            [first, second]
        };
        let now = self.now.as_nanos();
        let mut send = PutOff {
            number: self.later.sent,
            row,
            left: 0,
            sent: now,
            draws,
            receivers,
            marks: [].into(),
        };
        send.left = send.count();
        send.marks = vec![0; send.left.div_ceil(64) as usize].into();
        let (later, copies) = (&mut self.later, u64::from(send.left));
        let latency = &self.network.law.latency;
        later.sent += 1;
        later.copies += copies;
        if later.is_idle() {
            // Nothing is known of what will follow: a short window.
            later.sends.push_back(send);
            later.until = later.end_of(latency, [now, u64::MAX - 1], copies, copies / 16);
            later.marked_until = later.until;
            send = later.sends.pop_back().expect("it was put in above");
        } else if self.queue.len() as u64 > 2 * later.window {
            // More has come into this window than was thought: it ends sooner.
            later.until = now + (later.until - now) / 2;
        }
        later.marked += send.mark(latency, now, later.marked_until);
        // A copy to oneself arrives at once; it is pushed in its turn.
        let own = own.then_some(Entry {
            at: now,
            node: from.0,
            handle: Kind::Arrival.handle(row),
        });
        self.write_down(&mut send, own);
        if send.left > 0 {
            self.later.sends.push_back(send);
        }
    }

    /// Writes down the copies that are due in this window, and the entry for the sender itself in its place.
    fn write_down(&mut self, send: &mut PutOff, mut own: Option<Entry>) {
        let (queue, latency) = (&mut self.queue, &self.network.law.latency);
        let handle = Kind::Arrival.handle(send.row);
        let mut written = 0;
        send.take_marked(latency, self.later.until, |node, at| {
            if let Some(own) = own.take_if(|own| own.node < node) {
                queue.push(own);
            }
            queue.push(Entry { at, node, handle });
            written += 1;
        });
        if let Some(own) = own {
            queue.push(own);
        }
        send.left -= written;
        self.later.copies -= u64::from(written);
        self.later.marked -= u64::from(written);
    }

    #[cold]
    fn next_window(&mut self) {
        let (later, latency) = (&self.later, &self.network.law.latency);
        let room = later.window.saturating_sub(self.queue.len() as u64);
        let room = room.max(later.window / 4).max(1);
        if later.until == later.marked_until {
            let rest = [later.until, u64::MAX];
            let end = later.end_of(latency, rest, later.copies, room.saturating_mul(STRETCH));
            self.begin_stretch(end);
        }
        let (later, latency) = (&self.later, &self.network.law.latency);
        let rest = [later.until, later.marked_until];
        let end = later.end_of(latency, rest, later.marked, room);
        self.begin_window(end);
    }

    /// Marks what is due by `until`.
    fn begin_stretch(&mut self, until: u64) {
        let (later, latency) = (&mut self.later, &self.network.law.latency);
        if until > later.marked_until {
            for send in &mut later.sends {
                later.marked += send.mark(latency, later.marked_until + 1, until);
            }
            later.marked_until = until;
        }
    }

    /// Writes down what is marked and due by `until`, and all else that is, in the order in which it was scheduled.
    fn begin_window(&mut self, until: u64) {
        self.later.until = until;
        let mut entries = self.later.due_entries(until).into_iter().peekable();
        let mut sends = std::mem::take(&mut self.later.sends);
        for send in &mut sends {
            while let Some((entry, _)) = entries.next_if(|(_, before)| *before <= send.number) {
                self.queue.push(entry);
            }
            self.write_down(send, None);
        }
        for (entry, _) in entries {
            self.queue.push(entry);
        }
        sends.retain(|send| send.left > 0);
        self.later.sends = sends;
    }
}

#[cfg(test)]
mod tests;
