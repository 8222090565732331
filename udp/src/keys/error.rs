//! What can be wrong with keys, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sim_core::kernel::id::NodeId;

use crate::text;

/// Why a key cannot be made, read or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// A secret would be overwritten.
    Exists {
        /// Where it is.
        path: PathBuf,
    },
    /// Others than its owner can read it.
    Readable {
        /// Where it is.
        path: PathBuf,
        /// Who may do what, as chmod takes it.
        mode: u32,
    },
    /// It is a symbolic link.
    Link {
        /// Where it is.
        path: PathBuf,
    },
    /// It holds no secret.
    Malformed {
        /// Where it is.
        path: PathBuf,
    },
    /// The operating system refused something.
    Io {
        /// Where.
        path: PathBuf,
        /// What it said, as a kind.
        kind: io::ErrorKind,
        /// What it said, in words.
        said: String,
    },
    /// The operating system has no randomness.
    Random {
        /// What it said.
        said: String,
    },
    /// The public key of a process is not that of its secret.
    NotTheirs {
        /// The process.
        node: NodeId,
        /// The fingerprint of the secret's public key.
        fingerprint: String,
    },
    /// What is agreed on with this public key is no secret.
    Weak {
        /// Whose key it is.
        node: NodeId,
    },
}

impl KeyError {
    pub(super) fn io(path: &Path, error: &io::Error) -> KeyError {
        KeyError::Io {
            path: path.to_owned(),
            kind: error.kind(),
            said: error.to_string(),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Exists { path } => write!(
                f,
                "{}: there is a key here already, and it is not overwritten. Choose another folder",
                text::path(path)
            ),
            KeyError::Readable { path, mode } => write!(
                f,
                "{0}: others than its owner can read this key (mode {mode:04o}). If nobody has: chmod 600 '{0}'",
                text::path(path)
            ),
            KeyError::Link { path } => write!(
                f,
                "{}: this is a symbolic link. Give the path of the key itself",
                text::path(path)
            ),
            KeyError::Malformed { path } => write!(
                f,
                "{}: this is not a key as keygen makes it",
                text::path(path)
            ),
            KeyError::Io { path, said, .. } => write!(f, "{}: {said}", text::path(path)),
            KeyError::Random { said } => {
                write!(f, "the operating system gives no random bytes: {said}")
            }
            KeyError::NotTheirs { node, fingerprint } => write!(
                f,
                "the key of {node} belongs to another public key (fingerprint {fingerprint}) than the one that its peers \
                 know. Give it its own key, or its peers that public key"
            ),
            KeyError::Weak { node } => write!(
                f,
                "the public key of {node} is one that gives away every secret. keygen does not make such keys"
            ),
        }
    }
}

impl std::error::Error for KeyError {}
