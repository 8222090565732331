//! Stable storage: what a process still knows after a crash.

use core::fmt::Debug;
use core::hash::Hash;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::either::{Either, Never};
use super::port::Payload;

/// The stable storage of a layer: a value that changes by typed writes only.
///
/// The driver owns it. A protocol sees it once, at [`Boot`], and changes it by [`Effect::Persist`], which is a
/// barrier: nothing that follows it is visible before the write is durable. `()` is no storage at all. It is serialised
/// where a database keeps a snapshot instead of every write, and where a recording says what a process booted with.
///
/// [`Effect::Persist`]: super::protocol::Effect::Persist
pub trait Disk:
    Clone + Default + Eq + Hash + Debug + Serialize + DeserializeOwned + 'static
{
    /// One durable change.
    type Write: Payload;

    /// Carries out one write. The driver calls this, in the order in which the writes were asked for.
    fn apply(&mut self, write: Self::Write);
}

impl Disk for () {
    type Write = Never;

    fn apply(&mut self, write: Never) {
        match write {}
    }
}

/// The disks of two stacked layers side by side; a write goes to one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pair<U, L> {
    /// The disk of the upper layer.
    pub upper: U,
    /// The disk of the lower layer.
    pub lower: L,
}

impl<U: Disk, L: Disk> Disk for Pair<U, L> {
    type Write = Either<U::Write, L::Write>;

    fn apply(&mut self, write: Self::Write) {
        match write {
            Either::Left(write) => self.upper.apply(write),
            Either::Right(write) => self.lower.apply(write),
        }
    }
}

/// The first event of a process in each of its lives: `<Init>`, or `<Recovery>` with what was stored (CGR 2.2.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Boot<D> {
    /// What the disk holds; the default value in the first life.
    pub disk: D,
    /// How often the process has been started before: 0 in its first life.
    pub incarnation: u32,
}

impl<D> Boot<D> {
    /// True if the process has crashed before and now recovers.
    #[must_use]
    pub const fn is_recovery(&self) -> bool {
        self.incarnation > 0
    }
}
