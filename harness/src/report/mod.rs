//! What a run tells those who listen.

mod event;
mod events;
mod output;
mod plain;
pub mod results;
mod summary;
mod tee;
mod terminal;
pub mod views;
mod words;

pub use event::*;
pub use events::EventsSink;
pub use output::Output;
pub use plain::{PlainSink, Telling};
pub use summary::Summary;
pub use terminal::TerminalSink;
pub use words::describe;
