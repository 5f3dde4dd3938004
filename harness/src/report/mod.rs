//! What a run tells, to whoever listens.

mod event;
mod plain;
mod summary;
mod terminal;
mod words;

pub use event::*;
pub use plain::PlainSink;
pub use summary::Summary;
pub use terminal::TerminalSink;
pub use words::describe;
