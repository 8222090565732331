//! A clock chosen at run time: one type for all of them, so that a stack above is compiled once.

use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::hybrid::{Hybrid, HybridTime};
use super::lamport::{Lamport, LamportTime};
use super::matrix::{Matrix, MatrixTime};
use super::vector::{Vector, VectorTime};
use super::wall::{Wall, WallTime};
use super::{Clock, Timestamp};

/// Makes the choice, the clock and the stamp out of a list of clocks.
macro_rules! any {
    ($($(#[$doc:meta])* $kind:ident($time:ident)),+ $(,)?) => {
        /// Which clock.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ClockKind { $($(#[$doc])* $kind),+ }

        /// The clock that was chosen.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum AnyClock { $($(#[$doc])* $kind($kind)),+ }

        /// A stamp of one of them.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum AnyTime { $($(#[$doc])* $kind($time)),+ }

        impl AnyClock {
            /// A clock of this kind that has counted nothing.
            #[must_use]
            pub fn new(kind: ClockKind) -> Self {
                match kind { $(ClockKind::$kind => AnyClock::$kind($kind::default())),+ }
            }
        }

        impl Clock for AnyClock {
            type Time = AnyTime;

            fn tick(&mut self, me: NodeId, wall: impl FnOnce() -> LocalTime) -> AnyTime {
                match self { $(AnyClock::$kind(clock) => AnyTime::$kind(clock.tick(me, wall))),+ }
            }

            fn receive(
                &mut self,
                me: NodeId,
                heard: &AnyTime,
                wall: impl FnOnce() -> LocalTime,
            ) -> AnyTime {
                match (self, heard) {
                    $((AnyClock::$kind(clock), AnyTime::$kind(heard)) => {
                        AnyTime::$kind(clock.receive(me, heard, wall))
                    })+
                    // Of another kind: it was not accepted, and tells this clock nothing.
                    (clock, _) => clock.tick(me, wall),
                }
            }

            fn accepts(&self, heard: &AnyTime, nodes: u32) -> bool {
                match (self, heard) {
                    $((AnyClock::$kind(clock), AnyTime::$kind(heard)) => clock.accepts(heard, nodes),)+
                    _ => false,
                }
            }
        }

        impl Timestamp for AnyTime {
            fn claim(&self, other: &AnyTime) -> Option<Ordering> {
                match (self, other) {
                    $((AnyTime::$kind(one), AnyTime::$kind(two)) => one.claim(two),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for AnyTime {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(AnyTime::$kind(time) => time.fmt(f)),+ }
            }
        }
    };
}

any! {
    /// Lamport's scalar clock.
    Lamport(LamportTime),
    /// A vector clock.
    Vector(VectorTime),
    /// A matrix clock.
    Matrix(MatrixTime),
    /// A hybrid logical clock.
    Hybrid(HybridTime),
    /// The wall clock, which is no logical clock.
    Wall(WallTime),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_another_kind_are_not_accepted_and_claim_nothing() {
        let wall = LocalTime::default;
        let mut lamport = AnyClock::new(ClockKind::Lamport);
        let mut vector = AnyClock::new(ClockKind::Vector);
        let (one, two) = (lamport.tick(NodeId(0), wall), vector.tick(NodeId(1), wall));
        assert!(lamport.accepts(&one, 2) && vector.accepts(&two, 2));
        assert!(!lamport.accepts(&two, 2) && !vector.accepts(&one, 2));
        assert_eq!(one.claim(&two), None);
    }
}
