//! What a run tells, to whoever listens.

mod document;
mod event;
mod github;
mod html;
mod json;
mod junit;
mod markup;
mod plain;
mod summary;
mod tee;
mod terminal;
mod words;

pub use document::DocumentSink;
pub use event::*;
pub use github::GithubSink;
pub use json::JsonSink;
pub use plain::PlainSink;
pub(crate) use plain::count;
pub use summary::Summary;
pub use tee::Tee;
pub use terminal::TerminalSink;
pub use words::describe;
