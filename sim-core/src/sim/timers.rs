//! Armed timers: at most one of each tag a process.
//!
//! The queue cannot forget an entry, so a timer that is stopped or armed again leaves a tombstone: its row stays until
//! the entry comes up. The rows of one process form a list, so a process without timers costs four bytes.

/// No row.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Row<T> {
    /// `None` once the timer has been stopped or replaced.
    tag: Option<T>,
    /// The event that armed it, and the length of the chain of messages that led there.
    cause: u64,
    depth: u32,
    /// The next row of the same process.
    next: u32,
}

/// A timer that has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fired<T> {
    pub(super) tag: T,
    pub(super) cause: u64,
    pub(super) depth: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Timers<T> {
    rows: Vec<Row<T>>,
    free: Vec<u32>,
    tombstones: usize,
}

impl<T: Copy + Eq> Timers<T> {
    pub(super) const fn new() -> Self {
        Timers {
            rows: Vec::new(),
            free: Vec::new(),
            tombstones: 0,
        }
    }

    /// How many entries of the queue belong to timers that will not fire.
    pub(super) const fn tombstones(&self) -> usize {
        self.tombstones
    }

    /// Will this timer fire?
    pub(super) fn is_live(&self, place: u32) -> bool {
        self.rows[place as usize].tag.is_some()
    }

    /// Rows in use, tombstones included.
    pub(super) fn rows(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// Arms `tag` in the list that begins at `head`, which changes; replaces a pending timer of this tag.
    pub(super) fn arm(&mut self, head: &mut u32, tag: T, cause: u64, depth: u32) -> u32 {
        self.disarm(head, tag);
        let row = Row {
            tag: Some(tag),
            cause,
            depth,
            next: *head,
        };
        *head = if let Some(place) = self.free.pop() {
            self.rows[place as usize] = row;
            place
        } else {
            self.rows.push(row);
            u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 timers")
        };
        *head
    }

    /// Stops `tag`; true if it was pending.
    pub(super) fn disarm(&mut self, head: &mut u32, tag: T) -> bool {
        let found = self.unlink(head, |row| row.tag == Some(tag));
        if let Some(place) = found {
            self.rows[place as usize].tag = None;
            self.tombstones += 1;
        }
        found.is_some()
    }

    /// Stops all timers of a process.
    pub(super) fn disarm_all(&mut self, head: &mut u32) {
        while *head != NONE {
            let row = &mut self.rows[*head as usize];
            row.tag = None;
            *head = row.next;
            self.tombstones += 1;
        }
    }

    /// The entry of this row has come up: frees it, and gives the timer unless it is a tombstone.
    pub(super) fn fire(&mut self, head: &mut u32, place: u32) -> Option<Fired<T>> {
        let Row {
            tag, cause, depth, ..
        } = self.rows[place as usize];
        self.free.push(place);
        let Some(tag) = tag else {
            self.tombstones -= 1;
            return None;
        };
        self.unlink(head, |row| row.tag == Some(tag));
        Some(Fired { tag, cause, depth })
    }

    /// Takes the first row that `is_it` out of the list; lists are short.
    fn unlink(&mut self, head: &mut u32, is_it: impl Fn(&Row<T>) -> bool) -> Option<u32> {
        let (mut before, mut place) = (NONE, *head);
        while place != NONE {
            let next = self.rows[place as usize].next;
            if is_it(&self.rows[place as usize]) {
                if before == NONE {
                    *head = next
                } else {
                    self.rows[before as usize].next = next
                }
                return Some(place);
            }
            (before, place) = (place, next);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arming_again_replaces_and_leaves_a_tombstone() {
        let (mut timers, mut head) = (Timers::new(), NONE);
        let first = timers.arm(&mut head, 'a', 1, 0);
        let second = timers.arm(&mut head, 'a', 2, 0);
        assert_eq!(timers.tombstones(), 1);
        assert_eq!(timers.fire(&mut head, first), None);
        assert_eq!(
            timers.fire(&mut head, second),
            Some(Fired {
                tag: 'a',
                cause: 2,
                depth: 0
            })
        );
        assert_eq!((head, timers.rows(), timers.tombstones()), (NONE, 0, 0));
    }

    #[test]
    fn stops_one_of_several() {
        let (mut timers, mut head) = (Timers::new(), NONE);
        let rows = ['a', 'b', 'c'].map(|tag| timers.arm(&mut head, tag, 0, 0));
        assert!(timers.disarm(&mut head, 'b') && !timers.disarm(&mut head, 'b'));
        assert_eq!(
            rows.map(|row| timers.fire(&mut head, row).map(|fired| fired.tag)),
            [Some('a'), None, Some('c')]
        );
    }
}
