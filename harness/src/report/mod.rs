//! What a run tells, to whoever listens.

mod event;

pub use event::*;
