//! Copies of large group sends that are not written down yet.
//!
//! When a copy arrives is a pure function of its sender, its ordinal and its receiver. So where very much is in flight, the
//! copies of a group send need not lie in the queue one by one: it is enough to know the send, and to draw again. Then the
//! queue holds what is due within a *window* only. When it has run dry, the next window begins: every group send that is on
//! its way is gone through once more, and those of its copies that are due within the window are written down.
//!
//! Nothing but memory and time depends on it. What is due at the same time must come in the order in which it was
//! scheduled, though: so while anything is put off, *whatever* is due after the window is put off with it, and written down
//! in that order.
//!
//! A hundred million copies take 40 MiB like this, and 1.5 GiB one by one.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use crate::kernel::id::NodeId;
use crate::kernel::protocol::Node;
use crate::kernel::random::{Draws, Sampler};
use crate::kernel::receivers::Receivers;

use super::engine::{Kind, Sim};
use super::queue::Entry;

/// So many entries of the queue are a window, more or less: 40 MiB.
const WINDOW: u64 = 5 << 19;
/// A smaller group send is not worth the trouble.
const MANY: u64 = 64;
/// So many copies that are put off are looked at to find the end of the next window.
const SAMPLES: u64 = 4_096;

/// What is put off, and until when.
pub(super) struct Later {
    /// All that is due until then, and then, is in the queue, and perhaps more. The largest number while nothing is put off.
    until: u64,
    /// So many entries are a window, if the group sends allow it.
    window: u64,
    /// The group sends that have copies to write down, in the order in which they were sent.
    sends: VecDeque<PutOff>,
    /// How many group sends have been put off so far.
    sent: u64,
    /// How many copies have to be written down.
    copies: u64,
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
    /// How many copies have to be written down: those that are due at `since` or after it.
    left: u32,
    since: u64,
    copies: Copies,
}

/// All copies of a group send, and what tells when each is due.
#[derive(Clone)]
struct Copies {
    from: NodeId,
    sent: u64,
    draws: Draws,
    /// The receivers; the sender may be among them.
    receivers: [Range<u32>; 2],
}

impl Copies {
    /// Names each receiver, with the time at which its copy is due.
    #[inline]
    fn each(&self, latency: &Sampler, mut each: impl FnMut(u32, u64)) {
        for receivers in self.receivers.clone() {
            latency.sample_each(self.draws, receivers, |to, delay| {
                // A message to oneself arrives at once.
                let delay = if to == self.from.0 {
                    0
                } else {
                    delay.as_nanos()
                };
                each(to, self.sent.saturating_add(delay));
            });
        }
    }

    fn count(&self) -> u64 {
        let of = |receivers: &Range<u32>| u64::from(receivers.end - receivers.start);
        self.receivers.iter().map(of).sum()
    }

    /// When the copy at this place is due.
    fn due(&self, latency: &Sampler, place: u64) -> u64 {
        let [first, second] = &self.receivers;
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let in_first = first.end - first.start;
        let to = match place.checked_sub(in_first) {
            None => first.start + place,
            Some(place) => second.start + place,
        };
        let delay = if to == self.from.0 {
            0
        } else {
            latency.sample(self.draws, to).as_nanos()
        };
        self.sent.saturating_add(delay)
    }
}

impl Later {
    pub(super) fn new() -> Later {
        Later {
            until: u64::MAX,
            window: WINDOW,
            sends: VecDeque::new(),
            sent: 0,
            copies: 0,
            entries: BTreeMap::new(),
            put_off: 0,
        }
    }

    /// How much is put off.
    #[inline]
    fn len(&self) -> usize {
        self.entries.len() + usize::try_from(self.copies).unwrap_or(usize::MAX)
    }

    /// How much of that takes memory.
    #[inline]
    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Is anything put off?
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
        due.sort_unstable_by_key(|((_, number), _)| *number);
        due.into_iter().map(|(_, entry)| entry).collect()
    }

    /// When the next window had better end, so that `room` copies come into it: a quantile of a sample of those that have to
    /// be written down.
    fn next_end(&self, latency: &Sampler, room: u64) -> u64 {
        let all: u64 = self.sends.iter().map(|send| send.copies.count()).sum();
        let step = (all / SAMPLES).max(1);
        let mut sample = Vec::new();
        let mut place = 0;
        for send in &self.sends {
            let count = send.copies.count();
            while place < count {
                let due = send.copies.due(latency, place);
                if due >= send.since {
                    sample.push(due);
                }
                place += step;
            }
            place -= count;
        }
        sample.sort_unstable();
        let share = sample.len() as u64 * room / self.copies.max(1);
        let end = usize::try_from(share).ok().and_then(|at| sample.get(at));
        // One at least comes into the window.
        end.or(sample.last()).copied().unwrap_or(u64::MAX)
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

    /// Sends a copy to each of the receivers, over channels that do nothing but delay it, if it is better not to write
    /// all of them down. Says whether it did.
    #[inline]
    pub(super) fn put_off(
        &mut self,
        from: NodeId,
        receivers: &Receivers,
        row: u32,
        ordinal: u32,
    ) -> bool {
        let places = receivers.places();
        let count = u64::from(places.end - places.start);
        let much = self.queue.len() as u64 + count > self.later.window;
        if !self.direct || count < MANY || (!much && self.later.is_idle()) {
            return false;
        }
        let Some(receivers) = receivers.spans() else {
            return false;
        };
        let send = PutOff {
            number: self.later.sent,
            row,
            left: places.end - places.start,
            since: 0,
            copies: Copies {
                from,
                sent: self.now.as_nanos(),
                draws: self.fate.delay.at(u64::from(from.0), u64::from(ordinal)),
                receivers,
            },
        };
        self.put_off_copies(send);
        true
    }

    fn put_off_copies(&mut self, mut send: PutOff) {
        let later = &mut self.later;
        let count = u64::from(send.left);
        later.copies += count;
        later.sent += 1;
        if later.is_idle() {
            // Nothing is known of what will follow: a short window.
            later.sends.push_back(send);
            later.until = later.next_end(&self.network.law.latency, count / 16);
            send = later.sends.pop_back().expect("it was put in above");
        } else if self.queue.len() as u64 > 2 * later.window {
            // More has come into this window than was thought: it ends sooner.
            let now = self.now.as_nanos();
            later.until = now + (later.until - now) / 2;
        }
        let until = later.until;
        self.write_down(&mut send, until);
        if send.left > 0 {
            self.later.sends.push_back(send);
        }
    }

    /// Writes down the copies that are due by `until`.
    fn write_down(&mut self, send: &mut PutOff, until: u64) {
        let queue = &mut self.queue;
        let before = queue.len();
        let handle = Kind::Arrival.handle(send.row);
        let (since, latency) = (send.since, &self.network.law.latency);
        send.copies.each(latency, |node, at| {
            if (since..=until).contains(&at) {
                queue.push(Entry { at, node, handle });
            }
        });
        // Of an earlier window that ended sooner than was thought, more may be written down.
        send.since = since.max(until.saturating_add(1));
        let count = (self.queue.len() - before) as u64;
        self.later.copies -= count;
        send.left -= u32::try_from(count).expect("no more than there were");
    }

    #[cold]
    fn next_window(&mut self) {
        let later = &self.later;
        let room = later.window.saturating_sub(self.queue.len() as u64);
        let room = room.max(later.window / 4).max(1);
        let until = if later.copies <= room {
            u64::MAX
        } else {
            later.next_end(&self.network.law.latency, room)
        };
        self.begin_window(until.max(later.until.saturating_add(1)));
    }

    /// Writes down what is due by `until`, in the order in which it was scheduled.
    fn begin_window(&mut self, until: u64) {
        self.later.until = until;
        let mut entries = self.later.due_entries(until).into_iter().peekable();
        let mut sends = std::mem::take(&mut self.later.sends);
        for send in &mut sends {
            while let Some((entry, _)) = entries.next_if(|(_, before)| *before <= send.number) {
                self.queue.push(entry);
            }
            self.write_down(send, until);
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
