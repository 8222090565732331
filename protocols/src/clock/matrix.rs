//! Matrix clock: what every process is known to know.
//!
//! Source: Wuu and Bernstein, Efficient Solutions to the Replicated Log and Dictionary Problems (1984); Sarin and Lynch
//! (1987). A process keeps a vector for every process: its own row is its vector clock, the others are the last that it
//! has heard of. The smallest count in a column is what everybody is known to know: older things may be forgotten.
//! Cost: up to N² numbers a message.
//! Where it fails: one process that is silent holds the column back for ever.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::vector::VectorTime;
use super::{Clock, Timestamp};

/// The clock of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Matrix(Rows);

/// A vector for each process that was heard of, sorted by process.
type Rows = Vec<(NodeId, VectorTime)>;

/// A matrix, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MatrixTime {
    /// The process.
    pub by: NodeId,
    rows: Rows,
}

impl Matrix {
    /// A clock that has counted nothing.
    #[must_use]
    pub const fn new() -> Self {
        Matrix(Vec::new())
    }

    /// How many events of `node` every process of a group of `nodes` is known to know of: nobody will ask for them again.
    #[must_use]
    pub fn stable(&self, node: NodeId, nodes: u32) -> u32 {
        let known = |by| row(&self.0, by).map_or(0, |row| row.of(node));
        (0..nodes).map(NodeId).map(known).min().unwrap_or(0)
    }

    fn row_mut(&mut self, by: NodeId) -> &mut VectorTime {
        let place = match self.0.binary_search_by_key(&by, |(known, _)| *known) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (by, VectorTime::new()));
                place
            }
        };
        &mut self.0[place].1
    }
}

fn row(rows: &Rows, by: NodeId) -> Option<&VectorTime> {
    let place = rows.binary_search_by_key(&by, |(known, _)| *known).ok()?;
    Some(&rows[place].1)
}

impl MatrixTime {
    /// The vector clock in it.
    fn own(&self) -> Option<&VectorTime> {
        row(&self.rows, self.by)
    }
}

impl Clock for Matrix {
    type Time = MatrixTime;

    fn tick(&mut self, me: NodeId, _: impl FnOnce() -> LocalTime) -> MatrixTime {
        self.row_mut(me).count(me);
        MatrixTime {
            by: me,
            rows: self.0.clone(),
        }
    }

    fn receive(
        &mut self,
        me: NodeId,
        heard: &MatrixTime,
        wall: impl FnOnce() -> LocalTime,
    ) -> MatrixTime {
        if let Some(theirs) = heard.own() {
            self.row_mut(me).merge(theirs);
        }
        for (by, theirs) in &heard.rows {
            self.row_mut(*by).merge(theirs);
        }
        self.tick(me, wall)
    }

    fn accepts(&self, heard: &MatrixTime, nodes: u32) -> bool {
        let sorted = heard.rows.windows(2).all(|two| two[0].0 < two[1].0);
        let fits = |(by, row): &(NodeId, VectorTime)| by.0 < nodes && row.is_of(nodes);
        sorted && heard.rows.iter().all(fits)
    }
}

impl Timestamp for MatrixTime {
    fn claim(&self, other: &MatrixTime) -> Option<Ordering> {
        self.own()?.compare(other.own()?)
    }
}

/// Row by row: `n0[n0:2, n1:1] n1[n1:1]`.
impl fmt::Display for MatrixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (by, row)) in self.rows.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            write!(f, "{gap}{by}{row}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn wall() -> LocalTime {
        LocalTime::default()
    }

    /// 0 tells 1, and 1 answers: then 0 knows that 1 knows.
    #[test]
    fn knows_what_others_know() {
        let (a, b) = (NodeId(0), NodeId(1));
        let (mut at_a, mut at_b) = (Matrix::new(), Matrix::new());
        let told = at_a.tick(a, wall);
        assert_eq!(at_a.stable(a, 2), 0, "nobody has said that it knows");
        let heard = at_b.receive(b, &told, wall);
        assert_eq!(heard.to_string(), "n0[n0:1] n1[n0:1, n1:1]");
        assert_eq!(at_b.stable(a, 2), 1, "both know: one of them is this one");
        let answer = at_b.tick(b, wall);
        at_a.receive(a, &answer, wall);
        assert_eq!((at_a.stable(a, 2), at_a.stable(b, 2)), (1, 2));
        assert_eq!(at_a.stable(a, 3), 0, "a third has said nothing");
    }

    #[test]
    fn its_own_row_is_a_vector_clock() {
        let (mut one, mut two) = (Matrix::new(), Matrix::new());
        let (a, b) = (one.tick(NodeId(0), wall), two.tick(NodeId(1), wall));
        assert_eq!(a.claim(&b), None);
        let c = two.receive(NodeId(1), &a, wall);
        assert_eq!(a.claim(&c), Some(Ordering::Less));
        assert_eq!(b.claim(&c), Some(Ordering::Less));
    }

    #[test]
    fn rows_that_do_not_fit_the_group_are_not_accepted() {
        let mut clock = Matrix::new();
        let mut stamp = clock.tick(NodeId(2), wall);
        assert!(clock.accepts(&stamp, 3) && !clock.accepts(&stamp, 2));
        stamp.rows.push((NodeId(1), VectorTime::new()));
        assert!(!clock.accepts(&stamp, 3), "not sorted");
    }
}
