//! A table of things that come and go, each named by its row for as long as it is there.

/// A table in one piece of memory. The row that was freed last is used next, so that in the steady state nothing is
/// allocated, and what is touched was touched a moment ago.
#[derive(Clone, Debug)]
pub(super) struct Rows<T> {
    rows: Vec<Row<T>>,
    /// First of the free rows, which form a list, or [`NONE`].
    free: u32,
}

/// Where `T` leaves a value unused, this takes no more than `T`.
#[derive(Clone, Debug)]
enum Row<T> {
    Taken(T),
    /// The next free row.
    Free(u32),
}

/// No row.
pub(super) const NONE: u32 = u32::MAX;

impl<T> Rows<T> {
    pub(super) const fn new() -> Self {
        Rows {
            rows: Vec::new(),
            free: NONE,
        }
    }

    /// Rows, taken or not.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Puts something in and gives its row.
    #[inline]
    pub(super) fn insert(&mut self, what: T) -> u32 {
        let place = self.free;
        if let Some(row) = self.rows.get_mut(place as usize) {
            if let Row::Free(next) = *row {
                self.free = next;
            }
            *row = Row::Taken(what);
            return place;
        }
        let place = u32::try_from(self.rows.len()).expect("fewer than 2^32 rows");
        self.rows.push(Row::Taken(what));
        place
    }

    /// What is in a row.
    ///
    /// # Panics
    /// If it is free: whoever names a row has it in its keeping.
    #[inline]
    pub(super) fn get(&self, place: u32) -> &T {
        match &self.rows[place as usize] {
            Row::Taken(what) => what,
            Row::Free(_) => missing(),
        }
    }

    /// The same, to change it.
    ///
    /// # Panics
    /// As [`Rows::get`].
    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> &mut T {
        match &mut self.rows[place as usize] {
            Row::Taken(what) => what,
            Row::Free(_) => missing(),
        }
    }

    /// Takes out what is in a row, and frees it.
    ///
    /// # Panics
    /// As [`Rows::get`].
    #[inline]
    pub(super) fn take(&mut self, place: u32) -> T {
        let row = &mut self.rows[place as usize];
        let Row::Taken(what) = std::mem::replace(row, Row::Free(self.free)) else {
            missing()
        };
        self.free = place;
        what
    }
}

#[cold]
#[inline(never)]
fn missing() -> ! {
    panic!("a row that is named is taken")
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZeroU32;

    #[test]
    fn rows_are_used_again_the_last_first() {
        let mut rows = Rows::new();
        let [a, b, c] = ['a', 'b', 'c'].map(|what| rows.insert(what));
        assert_eq!((rows.take(a), rows.take(c)), ('a', 'c'));
        *rows.get_mut(b) = 'B';
        let again = ['d', 'e', 'f'].map(|what| rows.insert(what));
        assert_eq!(again, [c, a, 3]);
        assert_eq!([b, c, a, 3].map(|row| *rows.get(row)), ['B', 'd', 'e', 'f']);
        assert_eq!(rows.len(), 4);
    }

    #[test]
    fn a_row_is_no_larger_than_what_is_in_it() {
        assert_eq!(size_of::<Row<(NonZeroU32, u32)>>(), 8);
    }

    #[test]
    #[should_panic(expected = "a row that is named is taken")]
    fn a_free_row_has_no_name() {
        let mut rows = Rows::new();
        let row = rows.insert(1);
        rows.take(row);
        rows.get(row);
    }
}
