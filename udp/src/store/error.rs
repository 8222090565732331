//! What can be wrong with a store, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sim_core::kernel::id::NodeId;

use super::Owner;
use crate::text;

/// Why a store cannot be opened or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// There is no file, and the processes are said to have run before.
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// There is a file, and the processes are said to have never run.
    Exists {
        /// Where it is.
        path: PathBuf,
    },
    /// Another program has it open.
    InUse {
        /// Where it is.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    Foreign {
        /// Where it is.
        path: PathBuf,
        /// What differs: the cluster, the program or the processes.
        what: &'static str,
        /// What the caller wanted.
        expected: String,
        /// What the file says.
        found: String,
    },
    /// It does not hold what was committed.
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// What was noticed first.
        why: String,
    },
    /// The operating system refused something.
    Io {
        /// Where it is.
        path: PathBuf,
        /// What it said, as a kind.
        kind: io::ErrorKind,
        /// What it said, in words.
        said: String,
    },
    /// A process has been started as often as can be counted.
    Exhausted {
        /// Where its storage is.
        path: PathBuf,
        /// The process.
        node: NodeId,
    },
    /// An earlier call has failed, and nothing is certain since.
    Failed {
        /// Where it is.
        path: PathBuf,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Missing { path } => write!(
                f,
                "{}: there is no stable storage here. If these nodes have never run, say --fresh; if they have, they must \
                 not forget it: give the path of their storage",
                text::path(path)
            ),
            StoreError::Exists { path } => write!(
                f,
                "{0}: there is stable storage here already. Without --fresh the nodes go on with it; to let them forget \
                 all, remove it first: rm '{0}'",
                text::path(path)
            ),
            StoreError::InUse { path } => write!(
                f,
                "{}: another program has this open. Stop it, or give another path",
                text::path(path)
            ),
            StoreError::Foreign {
                path,
                what,
                expected,
                found,
            } => write!(
                f,
                "{}: this is the storage of another {what}: of {found}, not of {expected}. Give the path of the right one",
                text::path(path)
            ),
            StoreError::Damaged { path, why } => write!(
                f,
                "{}: this storage is damaged: {why}. Bring it back from a copy; if there is none, remove it, and say --fresh \
                 where the protocol allows its nodes to forget",
                text::path(path)
            ),
            StoreError::Io { path, said, .. } => write!(f, "{}: {said}", text::path(path)),
            StoreError::Exhausted { path, node } => write!(
                f,
                "{}: {node} has been started {} times, which is as far as incarnations are counted",
                text::path(path),
                u32::MAX
            ),
            StoreError::Failed { path } => write!(
                f,
                "{}: an earlier error left open what is stored. Start again",
                text::path(path)
            ),
        }
    }
}

impl std::error::Error for StoreError {}

/// An error of a call inside, which does not know the path.
#[derive(Debug)]
pub(super) enum Failure {
    Missing,
    Exists,
    InUse,
    Foreign {
        what: &'static str,
        expected: String,
        found: String,
    },
    Damaged(String),
    Io(io::Error),
}

/// What a call inside gives.
pub(super) type Within<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn damaged(why: &str) -> Failure {
        Failure::Damaged(why.to_owned())
    }

    /// The same, with the path.
    pub(super) fn of(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Failure::Missing => StoreError::Missing { path },
            Failure::Exists => StoreError::Exists { path },
            Failure::InUse => StoreError::InUse { path },
            Failure::Foreign {
                what,
                expected,
                found,
            } => StoreError::Foreign {
                path,
                what,
                expected,
                found,
            },
            Failure::Damaged(why) => StoreError::Damaged { path, why },
            Failure::Io(error) => StoreError::Io {
                path,
                kind: error.kind(),
                said: error.to_string(),
            },
        }
    }
}

/// What differs first between the owner that is wanted and the one that a file names.
pub(super) fn foreign(expected: &Owner, found: &Owner) -> Option<Failure> {
    let names = |nodes: &[NodeId]| {
        let names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    let all = [
        ("cluster", expected.1.clone(), found.1.clone()),
        ("program", expected.2.clone(), found.2.clone()),
        ("set of nodes", names(&expected.3), names(&found.3)),
    ];
    let (what, expected, found) = all
        .into_iter()
        .find(|(_, expected, found)| expected != found)?;
    let shown = |text: &str| format!("`{}`", text::shown(text));
    Some(Failure::Foreign {
        what,
        expected: shown(&expected),
        found: shown(&found),
    })
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl From<redb::Error> for Failure {
    fn from(error: redb::Error) -> Failure {
        match error {
            redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Failure::damaged("it is empty, or no database")
            }
            // What should be there lies behind the end of the file.
            redb::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Failure::damaged("its end is missing")
            }
            redb::Error::Io(error) => Failure::Io(error),
            redb::Error::DatabaseAlreadyOpen => Failure::InUse,
            other => Failure::Damaged(text::shown(&other.to_string())),
        }
    }
}

/// The errors of single calls are all parts of [`redb::Error`].
macro_rules! through {
    ($($part:ident)*) => {
        $(impl From<redb::$part> for Failure {
            fn from(error: redb::$part) -> Failure {
                Failure::from(redb::Error::from(error))
            }
        })*
    };
}

through! { DatabaseError TransactionError TableError StorageError CommitError }
