//! Stable storage in an embedded database: one file for the processes of one loop.
//!
//! A process has a snapshot and, in order, the writes since. Which cluster, program and processes a file belongs to stands
//! in it, and how often each of them has been started. What cannot be what was committed last is refused: a process that
//! has forgotten is worse than one that does not start.
//!
//! **A commit is two transactions**, the second without a change. The database keeps two roots and goes back to the older
//! if the newer does not match its checksum, as after a crash in the middle of a commit. It could not tell that from a
//! byte that has rotted, and would forget the last commit silently. Once the second transaction is on disk, both roots
//! lead to the same data.

mod error;
mod file;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction,
};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::wire::{decode, encode};

pub use error::StoreError;
use error::{Failure, Within};

/// The stable storage of the processes of one loop.
///
/// After an error of a call that changes something, the file may or may not hold the change, and the store refuses all
/// further calls: what a failed sync has left on the disk is not to be guessed. Open it again.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    database: Database,
    rows: BTreeMap<NodeId, Row>,
    /// Written and not committed, in order.
    pending: Vec<(NodeId, Vec<u8>)>,
    failed: bool,
}

/// Whom a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the cluster.
    pub cluster: String,
    /// The name of the protocol that the processes run.
    pub program: String,
}

/// What the caller knows of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// These processes have never run: the file is made, and must not be there yet.
    Fresh,
    /// They may have: the file must be there.
    Existing,
}

/// What a process begins its life with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// How often it has been started before: 0 in its first life.
    pub incarnation: u32,
    /// The last snapshot.
    pub snapshot: Option<Vec<u8>>,
    /// What was written since, in order.
    pub writes: Vec<Vec<u8>>,
}

/// What is known of a process without reading its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    /// How many lives have begun.
    lives: u32,
    /// The number of the first write behind the snapshot.
    first: u64,
    /// The number of the next write.
    next: u64,
    has_snapshot: bool,
}

/// The layout of the tables. Raised whenever a file of before could be misread.
const FORMAT: u32 = 1;

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const OWNER: &str = "owner";
/// By process: lives, first, next, whether there is a snapshot.
const NODES: TableDefinition<u32, (u32, u64, u64, bool)> = TableDefinition::new("nodes");
const SNAPSHOTS: TableDefinition<u32, &[u8]> = TableDefinition::new("snapshots");
/// By process and number.
const WRITES: TableDefinition<(u32, u64), &[u8]> = TableDefinition::new("writes");

/// What stands under [`OWNER`].
type Owner = (u32, String, String, Vec<NodeId>);

impl Store {
    /// Opens the file, or makes it. No other process can have it open at the same time.
    ///
    /// # Errors
    /// If the file is not what the caller expects: missing, already there, damaged, of another cluster, program or set of
    /// processes. It is read and checked as a whole.
    pub fn open(
        path: &Path,
        identity: &Identity,
        nodes: &[NodeId],
        opening: Opening,
    ) -> Result<Store, StoreError> {
        let mut sorted = nodes.to_vec();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), nodes.len(), "a process is named once");
        let owner: Owner = (
            FORMAT,
            identity.cluster.clone(),
            identity.program.clone(),
            sorted,
        );
        let opened = match opening {
            Opening::Fresh => Store::fresh(path, &owner),
            Opening::Existing => Store::existing(path, &owner),
        };
        opened.map_err(|failure| failure.of(path))
    }

    /// Starts the next life of a process: its new incarnation is durable when this returns.
    ///
    /// What was written and not committed is committed with it.
    ///
    /// # Errors
    /// If it cannot be stored, or if there are no further incarnations.
    pub fn begin_life(&mut self, node: NodeId) -> Result<Life, StoreError> {
        let lives = self.begin_lives(&[node])?;
        Ok(lives.into_iter().next().expect("a life was begun"))
    }

    /// The same for several processes, in one commit.
    ///
    /// # Errors
    /// As [`Store::begin_life`]; no life has begun then.
    pub fn begin_lives(&mut self, nodes: &[NodeId]) -> Result<Vec<Life>, StoreError> {
        let incarnations: Vec<u32> = nodes.iter().map(|node| self.row(*node).lives).collect();
        for (node, incarnation) in nodes.iter().zip(&incarnations) {
            if incarnation.checked_add(1).is_none() {
                let (path, node) = (self.path.clone(), *node);
                return Err(StoreError::Exhausted { path, node });
            }
        }
        self.transact(|_, rows| {
            for node in nodes {
                row_of(rows, *node).lives += 1;
            }
            Ok(())
        })?;
        let life = |(node, incarnation): (&NodeId, u32)| {
            self.read(*node, incarnation)
                .map_err(|failure| failure.of(&self.path))
        };
        nodes.iter().zip(incarnations).map(life).collect()
    }

    /// Adds a write of a process to the next commit; it is not durable before.
    pub fn write(&mut self, node: NodeId, bytes: &[u8]) {
        assert!(self.rows.contains_key(&node), "{node} is not stored here");
        self.pending.push((node, bytes.to_vec()));
    }

    /// Makes all writes since the last commit durable, all or none of them. Costs nothing if there are none.
    ///
    /// # Errors
    /// If they cannot be stored.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() && !self.failed {
            return Ok(());
        }
        self.transact(|_, _| Ok(()))
    }

    /// How many writes of a process stand behind its snapshot, committed or not.
    #[must_use]
    pub fn writes(&self, node: NodeId) -> u64 {
        let row = self.row(node);
        let pending = self.pending.iter().filter(|(of, _)| *of == node).count();
        row.next - row.first + u64::try_from(pending).expect("a count fits")
    }

    /// Puts a snapshot in the place of all that a process has written so far, committed or not. Durable on return.
    ///
    /// # Errors
    /// If it cannot be stored.
    pub fn compact(&mut self, node: NodeId, snapshot: &[u8]) -> Result<(), StoreError> {
        self.transact(|tables, rows| {
            tables.forget_writes(node, row_of(rows, node))?;
            tables.snapshots.insert(node.0, snapshot)?;
            row_of(rows, node).has_snapshot = true;
            Ok(())
        })
    }

    /// Forgets what a process has stored, as if its disk had been replaced. It keeps its incarnation. Durable on return.
    ///
    /// # Errors
    /// If that cannot be stored.
    pub fn lose(&mut self, node: NodeId) -> Result<(), StoreError> {
        self.transact(|tables, rows| {
            tables.forget_writes(node, row_of(rows, node))?;
            tables.snapshots.remove(node.0)?;
            row_of(rows, node).has_snapshot = false;
            Ok(())
        })
    }

    fn row(&self, node: NodeId) -> &Row {
        self.rows
            .get(&node)
            .unwrap_or_else(|| panic!("{node} is not stored here"))
    }

    fn fresh(path: &Path, owner: &Owner) -> Within<Store> {
        let file = file::make(path)?;
        let filled = file::fill(file).and_then(|database| Store::filled(path, database, owner));
        let synced = filled.and_then(|store| file::sync_folder(path).map(|()| store));
        if synced.is_err() {
            // It has never been of use, and would be in the way of the next attempt.
            let _ = fs::remove_file(path);
        }
        synced
    }

    /// Makes a store of an empty database.
    fn filled(path: &Path, database: Database, owner: &Owner) -> Within<Store> {
        let nodes = owner.3.iter();
        let rows: BTreeMap<_, _> = nodes.map(|node| (*node, Row::default())).collect();
        let change = begin(&database)?;
        {
            let mut meta = change.open_table(META)?;
            meta.insert(OWNER, encode(owner).as_slice())?;
            let mut tables = Tables::of(&change)?;
            for (node, row) in &rows {
                tables.nodes.insert(node.0, row.stored())?;
            }
        }
        change.commit()?;
        confirm(&database)?;
        Ok(Store::over(path, database, rows))
    }

    fn existing(path: &Path, owner: &Owner) -> Within<Store> {
        let database = file::open(path, |database| stored(database, owner).map(drop))?;
        let rows = stored(&database, owner)?;
        // The crash may have been between the two transactions of a commit.
        confirm(&database)?;
        Ok(Store::over(path, database, rows))
    }

    fn over(path: &Path, database: Database, rows: BTreeMap<NodeId, Row>) -> Store {
        Store {
            path: path.to_owned(),
            database,
            rows,
            pending: Vec::new(),
            failed: false,
        }
    }

    /// Commits what is pending and then `change`, together.
    fn transact(
        &mut self,
        change: impl FnOnce(&mut Tables<'_>, &mut BTreeMap<NodeId, Row>) -> Within<()>,
    ) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Failed {
                path: self.path.clone(),
            });
        }
        self.failed = true;
        let mut rows = self.rows.clone();
        let done = self.changed(&mut rows, change);
        done.map_err(|failure| failure.of(&self.path))?;
        self.failed = false;
        self.rows = rows;
        self.pending.clear();
        Ok(())
    }

    fn changed(
        &self,
        rows: &mut BTreeMap<NodeId, Row>,
        change: impl FnOnce(&mut Tables<'_>, &mut BTreeMap<NodeId, Row>) -> Within<()>,
    ) -> Within<()> {
        let transaction = begin(&self.database)?;
        {
            let mut tables = Tables::of(&transaction)?;
            for (node, bytes) in &self.pending {
                let row = row_of(rows, *node);
                tables.writes.insert((node.0, row.next), bytes.as_slice())?;
                row.next += 1;
            }
            change(&mut tables, rows)?;
            for (node, row) in rows.iter().filter(|(node, row)| self.rows[node] != **row) {
                tables.nodes.insert(node.0, row.stored())?;
            }
        }
        transaction.commit()?;
        confirm(&self.database)
    }

    /// What a process that is started for this time begins with.
    fn read(&self, node: NodeId, incarnation: u32) -> Within<Life> {
        let reading = self.database.begin_read()?;
        let snapshot = reading.open_table(SNAPSHOTS)?.get(node.0)?;
        let snapshot = snapshot.map(|bytes| bytes.value().to_vec());
        let mut writes = Vec::new();
        let row = self.row(node);
        let table = reading.open_table(WRITES)?;
        for entry in table.range((node.0, row.first)..(node.0, row.next))? {
            writes.push(entry?.1.value().to_vec());
        }
        Ok(Life {
            incarnation,
            snapshot,
            writes,
        })
    }
}

impl Row {
    fn stored(self) -> (u32, u64, u64, bool) {
        (self.lives, self.first, self.next, self.has_snapshot)
    }
}

/// The tables that change.
struct Tables<'t> {
    nodes: Table<'t, u32, (u32, u64, u64, bool)>,
    snapshots: Table<'t, u32, &'static [u8]>,
    writes: Table<'t, (u32, u64), &'static [u8]>,
}

impl<'t> Tables<'t> {
    fn of(transaction: &'t WriteTransaction) -> Within<Tables<'t>> {
        Ok(Tables {
            nodes: transaction.open_table(NODES)?,
            snapshots: transaction.open_table(SNAPSHOTS)?,
            writes: transaction.open_table(WRITES)?,
        })
    }

    fn forget_writes(&mut self, node: NodeId, row: &mut Row) -> Within<()> {
        self.writes
            .retain_in((node.0, row.first)..(node.0, row.next), |_, _| false)?;
        row.first = row.next;
        Ok(())
    }
}

fn row_of(rows: &mut BTreeMap<NodeId, Row>, node: NodeId) -> &mut Row {
    rows.get_mut(&node)
        .unwrap_or_else(|| panic!("{node} is not stored here"))
}

fn begin(database: &Database) -> Within<WriteTransaction> {
    let mut transaction = database.begin_write()?;
    transaction
        .set_durability(Durability::Immediate)
        .expect("no savepoint forbids it");
    Ok(transaction)
}

/// Makes the older root of the database lead to the same data as the newer.
fn confirm(database: &Database) -> Within<()> {
    Ok(begin(database)?.commit()?)
}

/// What is known of each process, if the file belongs to `owner` and all that it should hold is there.
fn stored(database: &Database, owner: &Owner) -> Within<BTreeMap<NodeId, Row>> {
    let reading = database.begin_read()?;
    let meta = reading.open_table(META)?.get(OWNER)?;
    let meta = meta.ok_or(Failure::damaged("it does not say whom it belongs to"))?;
    let found = owner_of(meta.value())?;
    if let Some(mistake) = error::foreign(owner, &found) {
        return Err(mistake);
    }
    let mut rows = BTreeMap::new();
    for entry in reading.open_table(NODES)?.iter()? {
        let (node, row) = entry?;
        let (lives, first, next, has_snapshot) = row.value();
        let row = Row {
            lives,
            first,
            next,
            has_snapshot,
        };
        rows.insert(NodeId(node.value()), row);
    }
    if !rows.keys().eq(&owner.3) {
        return Err(Failure::damaged("its list of processes is not complete"));
    }
    let snapshots = reading.open_table(SNAPSHOTS)?;
    let mut held = Vec::new();
    for entry in snapshots.iter()? {
        held.push(NodeId(entry?.0.value()));
    }
    let promised = rows.iter().filter(|(_, row)| row.has_snapshot);
    if !promised.map(|(node, _)| *node).eq(held) {
        return Err(Failure::damaged("a snapshot is missing or too many"));
    }
    let mut numbers = rows
        .iter()
        .flat_map(|(node, row)| (row.first..row.next).map(|number| (node.0, number)));
    for entry in reading.open_table(WRITES)?.iter()? {
        if numbers.next() != Some(entry?.0.value()) {
            return Err(Failure::damaged("a write is missing or too many"));
        }
    }
    match numbers.next() {
        None => Ok(rows),
        Some(_) => Err(Failure::damaged("the last writes are missing")),
    }
}

/// Reads the number of the format first: the rest may look different in another.
fn owner_of(bytes: &[u8]) -> Within<Owner> {
    match decode::<Owner>(bytes) {
        Some(owner) if owner.0 == FORMAT => Ok(owner),
        _ => Err(Failure::damaged(
            "it was made by another version of Stormglass, or is broken",
        )),
    }
}

#[cfg(test)]
mod tests;
