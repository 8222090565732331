//! Files of secrets: made for their owner alone, and read only if that is so.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::error::KeyError;

/// What stands above the digits.
pub(super) const HEAD: &[u8] = b"stormglass secret key 1\n";

/// Far more than a key takes, in bytes.
const LEN_MAX: u64 = 256;

/// All that is in the file, if it is one that only its owner can read.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // Opened first and looked at then, so that nobody puts something else there in between. A pipe does not block.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP) if fs::symlink_metadata(path).is_ok_and(|is| is.is_symlink()) => {
            let path = path.to_owned();
            return Err(KeyError::Link { path });
        }
        Err(error) => return Err(KeyError::io(path, &error.into())),
    };
    let is = file
        .metadata()
        .map_err(|error| KeyError::io(path, &error))?;
    if !is.is_file() || is.len() > LEN_MAX {
        let path = path.to_owned();
        return Err(KeyError::Malformed { path });
    }
    if is.mode() & 0o077 != 0 {
        return Err(KeyError::Readable {
            path: path.to_owned(),
            mode: is.mode() & 0o7777,
        });
    }
    let capacity = usize::try_from(LEN_MAX).expect("a length fits");
    // As large as it can become: what is moved when a vector grows is not wiped.
    let mut text = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(LEN_MAX)
        .read_to_end(&mut text)
        .map_err(|error| KeyError::io(path, &error))?;
    Ok(text)
}

/// Makes a folder for its owner alone, if there is none.
pub(super) fn make_folder(folder: &Path) -> Result<(), KeyError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| KeyError::io(folder, &error))
}

/// Makes durable which files are in a folder.
pub(super) fn sync(folder: &Path) -> Result<(), KeyError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| KeyError::io(folder, &error))
}

/// The files that were made, removed again unless all of them could be.
#[derive(Debug, Default)]
pub(super) struct Made(Vec<PathBuf>);

impl Made {
    /// Makes the file of a secret, of these digits.
    pub(super) fn write(&mut self, path: PathBuf, digits: &str) -> Result<(), KeyError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = match file {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(KeyError::Exists { path });
            }
            Err(error) => return Err(KeyError::io(&path, &error)),
        };
        self.0.push(path.clone());
        file.write_all(HEAD)
            .and_then(|()| file.write_all(digits.as_bytes()))
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .map_err(|error| KeyError::io(&path, &error))
    }

    /// They are complete.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            // What stays is noticed when somebody tries again: it is not overwritten.
            let _ = fs::remove_file(path);
        }
    }
}
