//! What images and layers are both kept with: locks between processes, directories in the making, the content of large
//! sparse files, and room.

mod content;
mod files;
mod lock;
mod sparse;
mod work_dir;

pub(crate) use content::Unfit;
pub use content::{FileRecord, Stamp, now_s};
pub use files::{allocated_bytes, available_memory_mib, free_bytes};
pub(crate) use files::{file_limit_bytes, make_private, open_regular, read_bounded, write_whole};
pub use lock::{FileLock, Held};
pub(crate) use lock::{LockTable, is_at};
pub(crate) use sparse::{copy_sparse, punch_zeros};
#[cfg(test)]
pub(crate) use work_dir::tests::make_pipe;
pub(crate) use work_dir::{WorkDir, is_private, remove_tree, retire, sweep, sweep_shared, sync};
