//! What can be wrong with a layer or the store.

use std::io;
use std::path::PathBuf;

use crate::layer::LayerKey;
use crate::store::Held;

/// Why a layer cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The store could not be read or written.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done, ending before the path.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The layer is not what was frozen. It has been removed.
    #[error("layer {key} is damaged and was removed: {what}")]
    Damaged {
        /// The layer.
        key: LayerKey,
        /// What does not match.
        what: String,
    },
    /// Another process uses the layer.
    #[error("layer {key} is in use: {held}")]
    InUse {
        /// The layer.
        key: LayerKey,
        /// Its lock.
        held: Held,
    },
    /// Another process is changing what is kept, and does not end with it.
    #[error("what is kept is being changed: {held}")]
    Busy {
        /// The lock of all layers.
        held: Held,
    },
    /// Other layers stand on this one.
    #[error("layer {key} carries {children} other layers")]
    HasChildren {
        /// The layer.
        key: LayerKey,
        /// How many.
        children: usize,
    },
    /// The disk is full.
    #[error("no space is left at {}", path.display())]
    NoSpace {
        /// Where.
        path: PathBuf,
    },
}

impl LayerError {
    /// Wraps what the operating system said about `path`.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { path },
            _ => Self::Io {
                doing,
                path,
                source,
            },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Io { .. } => {
                "the cache directory must be writable; SWITCHPROOF_CACHE_DIR names another"
            }
            Self::Damaged { .. } => {
                "run again: it is made anew; if that happens again, SWITCHPROOF_ACCEL=tcg runs it without hardware \
                 virtualisation"
            }
            Self::InUse { .. } | Self::Busy { .. } => "wait for the other run to end",
            Self::HasChildren { .. } => "remove those first, or run `switchproof cache clear`",
            Self::NoSpace { .. } => {
                "`switchproof cache gc --free 2` makes room for 2 GiB; SWITCHPROOF_CACHE_DIR moves the cache to another disk"
            }
        };
        Some(text.to_owned())
    }
}
