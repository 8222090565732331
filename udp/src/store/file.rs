//! The file of a database: made, locked, and looked through before anything in it is believed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{Builder, Database, StorageBackend};

use super::error::{Failure, Within};

/// How much of a database is kept in memory, in bytes. It is written to far more than it is read.
const CACHE: usize = 8 << 20;

/// Makes an empty file where none is.
pub(super) fn make(path: &Path) -> Within<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path);
    file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Exists,
        _ => Failure::Io(error),
    })
}

/// Makes a database in an empty file.
pub(super) fn fill(file: File) -> Within<Database> {
    lock(&file)?;
    over(FileBackend::new(file)?)
}

/// A database in what `bytes` holds, or a new one if that is nothing.
pub(super) fn over(bytes: impl StorageBackend) -> Within<Database> {
    Ok(builder().create_with_backend(Steady(bytes))?)
}

/// Opens a database of which every page matches its checksum and which `checked` approves of.
///
/// Opening a database after a crash changes its file. So all is tried first on what would become of it, in memory: a file
/// that is refused stays as it was found.
pub(super) fn open(path: &Path, checked: impl Fn(&Database) -> Within<()>) -> Within<Database> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::Missing,
        _ => Failure::Io(error),
    })?;
    lock(&file)?;
    look_at_head(&file)?;
    // A handle of its own: one that is leaked below must not keep the lock.
    let aside = Aside::of(File::open(path)?)?;
    shielded(|| {
        let mut database = builder().create_with_backend(aside)?;
        // That it repaired what a crash has left is well; what cannot be repaired is an error.
        if let Err(error) = database.check_integrity() {
            // It would try to commit when it is dropped, and panic about its state.
            std::mem::forget(database);
            return Err(error.into());
        }
        checked(&database)
    })?;
    shielded(|| over(FileBackend::new(file)?))
}

/// The database takes what it reads for what it wrote, and panics if that makes no sense.
fn shielded<T>(read: impl FnOnce() -> Within<T>) -> Within<T> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(Failure::damaged("what it says makes no sense")))
}

/// Makes durable that there is a file of this name.
pub(super) fn sync_folder(path: &Path) -> Within<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    Ok(File::open(folder)?.sync_all()?)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

/// Before the first look: what another program is changing cannot be judged.
fn lock(file: &File) -> Within<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Failure::InUse),
        Err(TryLockError::Error(error)) => Err(Failure::Io(error)),
    }
}

/// What the database has no checksum of, and would panic about: the first bytes of the file, and its length.
///
/// Numbers are little-endian: at 12 the bytes of a page, at 16 the pages before each region, at 20 the pages of a full
/// region, at 24 how many of those there are, at 28 the pages of the last one, which is not full.
fn look_at_head(file: &File) -> Within<()> {
    const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
    const PAGE: u64 = 4096;
    const REGION_PAGES: u64 = 1 << 20;
    let len = file.metadata()?.len();
    if len == 0 {
        return Err(Failure::damaged("it is empty"));
    }
    let mut head = [0; 32];
    if len < PAGE {
        return Err(Failure::damaged("its end is missing"));
    }
    file.read_exact_at(&mut head, 0)?;
    if !head.starts_with(MAGIC) {
        return Err(Failure::damaged("it is no database"));
    }
    let number = |at: usize| {
        let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
        u64::from(u32::from_le_bytes(bytes))
    };
    if (number(12), number(16), number(20)) != (PAGE, 0, REGION_PAGES) {
        return Err(Failure::damaged("what it says of its pages makes no sense"));
    }
    // Numbers of 32 bits: this stays below 2^64.
    let pages = 1 + number(24) * REGION_PAGES + number(28);
    if pages > len.div_ceil(PAGE) || len % PAGE != 0 {
        return Err(Failure::damaged("its end is missing"));
    }
    Ok(())
}

/// A file of which the length is on disk before anything is written that relies on it.
///
/// The database writes its new length into its head first and syncs both together. If only the head arrives, it takes
/// the file for cut.
#[derive(Debug)]
struct Steady<B>(B);

impl<B: StorageBackend> StorageBackend for Steady<B> {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)?;
        self.0.sync_data()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

/// A file that is only read: what is written to it stays in memory.
#[derive(Debug)]
struct Aside {
    file: File,
    changed: Mutex<Changed>,
}

/// What would be in a file by now.
#[derive(Debug)]
struct Changed {
    len: u64,
    /// The pages that were written to, by their number.
    pages: BTreeMap<u64, Vec<u8>>,
}

/// The unit in which changes are kept, in bytes.
const UNIT: u64 = 4096;

impl Aside {
    fn of(file: File) -> io::Result<Aside> {
        let len = file.metadata()?.len();
        let changed = Mutex::new(Changed {
            len,
            pages: BTreeMap::new(),
        });
        Ok(Aside { file, changed })
    }

    /// A panic in between is a refusal of the whole file anyway.
    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page as the file has it; behind its end are zeros.
    fn page(&self, number: u64) -> io::Result<Vec<u8>> {
        let mut page = vec![0; usize::try_from(UNIT).expect("a page fits")];
        let mut filled = 0;
        while filled < page.len() {
            let offset = number * UNIT + u64::try_from(filled).expect("a page fits");
            match self.file.read_at(&mut page[filled..], offset)? {
                0 => break,
                more => filled += more,
            }
        }
        Ok(page)
    }
}

/// The parts of a range of bytes, by page: its number, where in the page, where in the range.
fn parts(
    offset: u64,
    len: usize,
) -> impl Iterator<Item = (u64, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let unit = usize::try_from(UNIT).expect("a page fits");
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + u64::try_from(done).expect("a length fits");
        let start = usize::try_from(at % UNIT).expect("a page fits");
        let count = (unit - start).min(len - done);
        let part = (at / UNIT, start..start + count, done..done + count);
        done += count;
        (count > 0).then_some(part)
    })
}

impl StorageBackend for Aside {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changed().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changed = self.changed();
        let end = offset.checked_add(u64::try_from(out.len()).expect("a length fits"));
        if end.is_none_or(|end| end > changed.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, here, there) in parts(offset, out.len()) {
            match changed.pages.get(&number) {
                Some(page) => out[there].copy_from_slice(&page[here]),
                None => out[there].copy_from_slice(&self.page(number)?[here]),
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.changed().len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changed = self.changed();
        for (number, here, there) in parts(offset, data.len()) {
            let page = match changed.pages.entry(number) {
                Entry::Occupied(page) => page.into_mut(),
                Entry::Vacant(place) => place.insert(self.page(number)?),
            };
            page[here].copy_from_slice(&data[there]);
        }
        Ok(())
    }
}
