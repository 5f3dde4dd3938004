//! QEMU machines that can be frozen and forked, and the guest image they run. Knows nothing of scenarios.

pub mod accel;
pub mod cache_dir;
pub mod doctor;
pub mod guest;
pub mod image;
pub mod layer;
pub mod machine;
pub mod process;
pub mod qemu;
pub mod store;
