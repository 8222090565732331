//! Finding and reading scenario files.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A scenario larger than this is refused unread.
const BYTES_MAX: u64 = 64 << 20;

/// The scenario files that `paths` name: files as they are, folders with everything in them that ends in `.ron`, in
/// the order of their names. The same file counts once.
///
/// # Errors
/// What could not be read, with its path.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut found)?
        } else {
            found.push(path.clone())
        }
    }
    let mut once = Vec::with_capacity(found.len());
    for path in found {
        if !once.contains(&path) {
            once.push(path);
        }
    }
    Ok(once)
}

/// What to say of paths that name no scenario.
pub fn none_in(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    format!("there is no scenario file (*.ron) in {}", paths.join(", "))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let trouble = |error: io::Error| format!("{}: {error}", folder.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(trouble)?.collect();
    let mut paths: Vec<PathBuf> = entries
        .map_err(trouble)?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    // The order of a folder is the file system's; this one is ours.
    paths.sort();
    for path in paths {
        // What a link points to is elsewhere, perhaps above; what a run resolved is not part of a library.
        let resolved = path
            .file_name()
            .is_some_and(|name| name == scenarios::folder::RESOLVED);
        if path.is_symlink() || resolved {
            continue;
        } else if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "ron") {
            found.push(path);
        }
    }
    Ok(())
}

/// The text of a file, or of standard input for `-`.
///
/// # Errors
/// What went wrong, with the path, and whether it is the file's fault (`Content`) or the system's.
pub fn text(path: &Path) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    let name = path.display();
    let read = if path.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(BYTES_MAX + 1)
            .read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Trouble::Content(format!("{name}: there is no such file")),
        _ => Trouble::System(format!("{name}: {error}")),
    })?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Trouble::Content(format!(
            "{name}: larger than {} MiB",
            BYTES_MAX >> 20
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..before]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        let start = bytes[..before]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&bytes[start..before])
            .chars()
            .count()
            + 1;
        Trouble::Content(format!(
            "{name}:{line}:{column}: this is not text in UTF-8 (save the file as UTF-8)"
        ))
    })
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is not what it should be: exit 2.
    Content(String),
    /// The system would not: exit 74.
    System(String),
}
