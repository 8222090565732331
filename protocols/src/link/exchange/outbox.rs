//! What a sender keeps for one receiver: what is not acknowledged yet, and what waits for its turn.

use alloc::collections::VecDeque;

use sim_core::kernel::time::LocalTime;

use super::estimate::Estimate;
use super::frame::Stamp;
use super::window::WINDOW;

/// The sending side toward one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Outbox<M> {
    /// The lowest number that is waited for: that of the first of `window`.
    base: u64,
    /// By number from `base`; an empty place is acknowledged, or has been given up. The first is never empty.
    window: VecDeque<Option<Pending<M>>>,
    /// What the window has no room for.
    backlog: VecDeque<M>,
    pub(super) estimate: Estimate,
    /// When the receiver last answered something new.
    pub(super) heard: Option<LocalTime>,
    /// Nothing in the window is due before.
    pub(super) wake: LocalTime,
}

/// A message that is not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pending<M> {
    pub(super) msg: M,
    /// Its latest transmission.
    pub(super) attempt: u32,
    /// How often its wait has doubled.
    pub(super) doublings: u32,
    /// When it was transmitted first, and last.
    pub(super) first: LocalTime,
    pub(super) last: LocalTime,
    /// When it is to be transmitted again.
    pub(super) due: LocalTime,
}

/// The list of what waits for its turn is full.
pub(super) struct Full;

impl<M> Outbox<M> {
    pub(super) const fn new() -> Self {
        Outbox {
            base: 0,
            window: VecDeque::new(),
            backlog: VecDeque::new(),
            estimate: Estimate(None),
            heard: None,
            wake: LocalTime::from_nanos(i64::MAX),
        }
    }

    /// Puts a message at the end of the line.
    pub(super) fn queue(&mut self, msg: M, longest: u32) -> Result<(), Full> {
        // What the window takes at once does not wait.
        if self.has_room() && self.backlog.is_empty() || self.backlog.len() < longest as usize {
            self.backlog.push_back(msg);
            Ok(())
        } else {
            Err(Full)
        }
    }

    /// The next message whose turn has come.
    pub(super) fn next(&mut self) -> Option<M> {
        if self.has_room() {
            self.backlog.pop_front()
        } else {
            None
        }
    }

    /// The span of the window counts, not how many of it are missing: the receiver's window is no wider.
    fn has_room(&self) -> bool {
        (self.window.len() as u64) < WINDOW
    }

    /// Begins to wait for the ack of a message; its number.
    pub(super) fn push(&mut self, pending: Pending<M>) -> u64 {
        self.wake = self.wake.min(pending.due);
        self.window.push_back(Some(pending));
        self.base + self.window.len() as u64 - 1
    }

    pub(super) const fn base(&self) -> u64 {
        self.base
    }

    /// Takes an ack at `now`; true if it is the first of this message.
    pub(super) fn acked(&mut self, stamp: Stamp, now: LocalTime) -> bool {
        let Some(pending) = self.slot(stamp.seq).and_then(Option::take) else {
            return false;
        };
        // The time of the first and of the last transmission is known: only these give a round trip (Karn 1987).
        if stamp.attempt == 0 {
            self.estimate.sample(now.since(pending.first));
        } else if stamp.attempt == pending.attempt {
            self.estimate.sample(now.since(pending.last));
        }
        self.heard = Some(now);
        self.shrink();
        true
    }

    fn slot(&mut self, seq: u64) -> Option<&mut Option<Pending<M>>> {
        let place = usize::try_from(seq.checked_sub(self.base)?).ok()?;
        self.window.get_mut(place)
    }

    fn shrink(&mut self) {
        while let Some(None) = self.window.front() {
            self.window.pop_front();
            self.base += 1;
        }
    }

    /// Gives up what is due at `now` and has been transmitted `attempts` times; how many there were.
    pub(super) fn give_up(&mut self, now: LocalTime, attempts: u32) -> u32 {
        let mut gone = 0;
        for slot in &mut self.window {
            let over = |pending: &Pending<M>| pending.due <= now && pending.attempt + 1 >= attempts;
            if slot.as_ref().is_some_and(over) {
                *slot = None;
                gone += 1;
            }
        }
        self.shrink();
        gone
    }

    /// What is due at `now`, by number; each is to be given a later due time.
    pub(super) fn due(&mut self, now: LocalTime) -> impl Iterator<Item = (u64, &mut Pending<M>)> {
        let waiting = (self.base..).zip(&mut self.window);
        waiting
            .filter_map(|(seq, slot)| Some((seq, slot.as_mut()?)))
            .filter(move |(_, pending)| pending.due <= now)
    }

    /// Looks anew when the next is due.
    pub(super) fn set_wake(&mut self) {
        let dues = self.window.iter().flatten().map(|pending| pending.due);
        self.wake = dues.min().unwrap_or(LocalTime::from_nanos(i64::MAX));
    }
}
